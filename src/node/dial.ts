import { connect as connectTcp, isIP, type LookupFunction } from "node:net";
import type { Duplex } from "node:stream";
import { connect as connectTls, type ConnectionOptions as TlsOptions } from "node:tls";
import { Deferred, ignore } from "../session/deferred.ts";
import type { ClientTarget } from "./client-target.ts";
import type { DialSettings } from "./dial-settings.ts";
import { openTunnel } from "./tunnel.ts";

/**
 * Connects to the server, through the proxy if there is one, with TLS where the URL asks for it. Nothing of the opening
 * handshake is sent before TLS stands (RFC 6455, 4.1).
 * @param lookup what the name of the server was found to stand for, in place of Node's own lookup
 */
export async function dial(
  target: ClientTarget,
  settings: DialSettings,
  signal: AbortSignal,
  lookup?: LookupFunction,
): Promise<Duplex> {
  const { path, proxy, tls, proxyTls } = settings;
  let stream: Duplex;
  if (proxy !== null) {
    const carrier = await connectedTo(proxy, signal);
    const open = proxy.secure ? await secured(carrier, proxy, proxyTls, signal) : carrier;
    stream = await openTunnel(open, target, proxy.credentials, signal);
  } else if (path !== null) {
    stream = await connected(connectTcp({ path, allowHalfOpen: true }), "connect", signal);
  } else {
    stream = await connectedTo(target, signal, lookup);
  }
  return target.secure ? secured(stream, target, tls, signal) : stream;
}

function connectedTo(
  { hostname: host, port }: ClientTarget,
  signal: AbortSignal,
  lookup?: LookupFunction,
): Promise<Duplex> {
  const socket = connectTcp({ host, port, lookup, noDelay: true, allowHalfOpen: true });
  return connected(socket, "connect", signal);
}

/** TLS over `stream`, verified for the host of `target`. */
export function secured(
  stream: Duplex,
  target: ClientTarget,
  tls: TlsOptions,
  signal: AbortSignal,
): Promise<Duplex> {
  const { hostname: host } = target;
  // A name, not an address (RFC 6066, 3).
  const name = isIP(host) === 0 ? { servername: host } : {};
  stream.on("error", ignore);
  const secure = connectTls({ ...name, host, ALPNProtocols: ["http/1.1"], ...tls, socket: stream });
  secure.once("close", () => stream.destroy());
  return connected(secure, "secureConnect", signal);
}

/** Settles with `stream` at `event`; destroys it if it fails or `signal` is aborted before. */
function connected(
  stream: Duplex,
  event: "connect" | "secureConnect",
  signal: AbortSignal,
): Promise<Duplex> {
  // There is never nobody who hears of an error.
  stream.on("error", ignore);
  const result = new Deferred<Duplex>();
  const settle = (): void => {
    stream.off(event, succeed).off("error", fail).off("close", closed);
    signal.removeEventListener("abort", abort);
  };
  const succeed = (): void => {
    settle();
    result.resolve(stream);
  };
  const fail = (error: unknown): void => {
    settle();
    stream.destroy();
    result.reject(error);
  };
  const closed = (): void => fail(new Error(`the stream was closed before "${event}"`));
  const abort = (): void => fail(signal.reason);
  stream.on(event, succeed).on("error", fail).on("close", closed);
  signal.addEventListener("abort", abort);
  if (signal.aborted) abort();
  return result.promise;
}
