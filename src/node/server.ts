import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { encodeUtf8 } from "../bytes/utf8.ts";
import { typeName } from "../headers.ts";
import { attachTo } from "./attachment.ts";
import { IncomingUpgrade } from "./incoming-upgrade.ts";
import { Listener, type ListenOptions, requireListenOptions } from "./listener.ts";
import { type Handler, Reception } from "./reception.ts";
import type { NodeConnection } from "./server-opening.ts";
import { resolveServerOptions, type ServerOptions } from "./server-settings.ts";

/** Octets of a Close's reason (RFC 6455, 5.5.1). */
const MAX_REASON = 123;

/** A server of WebSocket connections, on sockets of its own or on those of HTTP servers. */
export class WebSocketServer {
  readonly #reception: Reception;
  readonly #listeners: Listener[] = [];
  /** What undoes the attachments, and the listening to signals. */
  readonly #detach: (() => void)[] = [];
  #closed: Promise<void> | null = null;

  /** @throws TypeError, RangeError for wrong options, which they name */
  constructor(options: ServerOptions, handler: Handler) {
    const settings = resolveServerOptions(options);
    if (typeof handler !== "function") {
      throw new TypeError(`the handler must be a function, not ${typeName(handler)}`);
    }
    this.#reception = new Reception(settings, handler);
  }

  /** The connections whose streams are open. */
  get connections(): ReadonlySet<NodeConnection> {
    return this.#reception.connections;
  }

  /** Where it listens itself, as `net.Server.address()` has it; null where it does not. */
  get address(): AddressInfo | string | null {
    return this.#listeners[0]?.address ?? null;
  }

  /** The TCP port it listens on; null where it does not. */
  get port(): number | null {
    const { address } = this;
    return typeof address === "object" && address !== null ? address.port : null;
  }

  /**
   * Begins to listen, or attaches itself; `serve` calls it once. May be called again for another place.
   *
   * Rejects with TypeError for wrong options, which it names; with what `node:net` says if it cannot listen; with
   * `signal.reason`.
   */
  async listen(options: ListenOptions): Promise<void> {
    requireListenOptions(options);
    const { server, port, path, tls, signal } = options;
    this.#requireOpen(signal);
    if (signal !== undefined) this.#follow(signal);
    if (port !== undefined || path !== undefined) {
      const listener = new Listener(tls, this.#reception);
      this.#listeners.push(listener);
      await listener.start(options);
      this.#requireOpen(signal);
    }
    if (server !== undefined) this.#detach.push(attachTo(server, this.#reception));
  }

  #requireOpen(signal: AbortSignal | undefined): void {
    signal?.throwIfAborted();
    if (this.#closed !== null) throw new Error("the server is closed");
  }

  #follow(signal: AbortSignal): void {
    const abort = (): void => void this.close();
    signal.addEventListener("abort", abort);
    this.#detach.push(() => signal.removeEventListener("abort", abort));
  }

  /**
   * Takes an upgrade that something else has got: the arguments of an "upgrade" event of `node:http`. Who gives it no
   * longer uses the socket.
   */
  upgrade(message: IncomingMessage, socket: Duplex, head: Uint8Array): void {
    this.#reception.upgrade(new IncomingUpgrade(message, socket, head));
  }

  /**
   * Stops listening, refuses handshakes in flight with 503, closes all connections with 1001, and settles when all have
   * ended, each of them by its close deadline. An HTTP server that it was attached to goes on.
   * @param reason of the Close
   * @throws TypeError if it is no string, RangeError if it has more than 123 octets of UTF-8
   */
  close(reason: string = ""): Promise<void> {
    if (typeof reason !== "string") {
      throw new TypeError(`a close reason must be a string, not ${typeName(reason)}`);
    }
    if (encodeUtf8(reason).length > MAX_REASON) {
      throw new RangeError(`a close reason has at most ${MAX_REASON} octets of UTF-8`);
    }
    this.#closed ??= this.#close(reason);
    return this.#closed;
  }

  async #close(reason: string): Promise<void> {
    const stopped = this.#listeners.map((listener) => listener.close());
    for (const detach of this.#detach.splice(0)) detach();
    await Promise.all([...stopped, this.#reception.close(reason)]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/**
 * Starts a server of WebSocket connections; `handler` gets each of them.
 *
 * Rejects with TypeError or RangeError for wrong options, which they name; with what `node:net` says if it cannot
 * listen; with `signal.reason`.
 */
export async function serve(
  options: ServerOptions & ListenOptions,
  handler: Handler,
): Promise<WebSocketServer> {
  const server = new WebSocketServer(options, handler);
  try {
    await server.listen(options);
  } catch (error) {
    await server.close();
    throw error;
  }
  return server;
}
