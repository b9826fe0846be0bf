import type { Duplex } from "node:stream";
import type { HeaderList } from "../headers.ts";
import { HeadReader, writeHead } from "../http/head.ts";
import { RESPONSE_HEAD, type StatusLine } from "../http/start-line.ts";
import { type Limits, resolveLimits } from "../limits.ts";
import { Deferred } from "../session/deferred.ts";
import { CLIENT } from "../states.ts";
import { authorityOf, basicAuthorization, type ClientTarget } from "./client-target.ts";

/** The proxy did not make the tunnel. */
export class ProxyError extends Error {
  static {
    Object.defineProperty(this.prototype, "name", {
      value: "ProxyError",
      configurable: true,
      writable: true,
    });
  }

  /** The status of its answer. */
  readonly status: number;
  /** Names in lower case. */
  readonly headers: HeaderList;

  constructor(status: number, headers: HeaderList) {
    super(`the proxy answered CONNECT with status ${status}, expected 2xx`);
    this.status = status;
    this.headers = headers;
  }
}

const LIMITS: Limits = resolveLimits(CLIENT);

/**
 * Has a proxy, to which `stream` is connected, connect it to `target` (RFC 9110, 9.3.6; RFC 6455, 4.1). Rejects, and
 * destroys the stream, with ProxyError if the proxy refuses.
 */
export function openTunnel(
  stream: Duplex,
  target: ClientTarget,
  credentials: string | null,
  signal: AbortSignal,
): Promise<Duplex> {
  const answer = new ProxyAnswer();
  const result = new Deferred<Duplex>();
  const settle = (): void => {
    stream.off("data", read).off("end", ended).off("error", fail).off("close", ended).pause();
    signal.removeEventListener("abort", abort);
  };
  const fail = (error: unknown): void => {
    settle();
    stream.destroy();
    result.reject(error);
  };
  const read = (chunk: Uint8Array): void => {
    try {
      if (!answer.read(chunk)) return;
    } catch (error) {
      fail(error);
      return;
    }
    settle();
    result.resolve(stream);
  };
  const ended = (): void => fail(new Error("the proxy closed the stream before its answer"));
  const abort = (): void => fail(signal.reason);
  stream.on("data", read).on("end", ended).on("error", fail).on("close", ended);
  signal.addEventListener("abort", abort);
  if (signal.aborted) abort();
  else stream.write(writeConnect(authorityOf(target), credentials));
  return result.promise;
}

function writeConnect(authority: string, credentials: string | null): Uint8Array {
  const headers: [string, string][] = [["Host", authority]];
  if (credentials !== null) headers.push(["Proxy-Authorization", basicAuthorization(credentials)]);
  return writeHead(`CONNECT ${authority} HTTP/1.1`, headers);
}

/** The head of the answer to CONNECT; a tunnel's has no body. */
class ProxyAnswer {
  #head: HeadReader<StatusLine> = new HeadReader(RESPONSE_HEAD, LIMITS);

  /**
   * Reads on; tells whether the tunnel stands.
   * @throws ProxyError if it is refused, HttpFault for what is no answer
   */
  read(chunk: Uint8Array): boolean {
    let offset = 0;
    while (offset < chunk.length) {
      offset = this.#head.read(chunk, offset);
      if (!this.#head.complete) return false;
      // A complete head has a start line.
      const { status } = this.#head.start!;
      if (status >= 200) return this.#judge(status, chunk.length - offset);
      // An interim response (RFC 9110, 15.2).
      this.#head = new HeadReader(RESPONSE_HEAD, LIMITS);
    }
    return false;
  }

  #judge(status: number, rest: number): true {
    if (status > 299) throw new ProxyError(status, this.#head.headers);
    // The server at the other end has not been asked anything yet.
    if (rest === 0) return true;
    throw new Error(`${rest} octets behind the proxy's answer to CONNECT, expected none`);
  }
}
