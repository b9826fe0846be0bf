import type { Server as HttpServer } from "node:http";
import type { Server as HttpsServer } from "node:https";
import { createServer as createTcpServer, Server as TcpServer, type Socket } from "node:net";
import { createServer as createTlsServer, type TlsOptions, type TLSSocket } from "node:tls";
import type { Clock } from "../session/clock.ts";
import { ignore } from "../session/deferred.ts";
import type { Place } from "./admission.ts";
import { Deadline } from "./deadline.ts";
import type { NodeConnection } from "./server-opening.ts";
import { requireObject, requireSignal, requireType } from "./options.ts";

/** Where a server listens. With none of `port`, `path` and `server` it waits for `upgrade`. */
export interface ListenOptions {
  /** A TCP port; 0 for any that is free. */
  readonly port?: number | undefined;
  /** With `port`: the address to listen on; by default all of them. */
  readonly host?: string | undefined;
  /** With `port` or `path`: how many connections may wait to be accepted. 511. */
  readonly backlog?: number | undefined;
  /** The file of a Unix socket. */
  readonly path?: string | undefined;
  /** With `path`: whether all users of the system may read and write the file, beyond what the umask leaves. False. */
  readonly readableAll?: boolean | undefined;
  readonly writableAll?: boolean | undefined;
  /** With `port` or `path`: TLS, with these options of `node:tls`. */
  readonly tls?: TlsOptions | undefined;
  /** A server of HTTP, of which the matching upgrades are taken. It keeps its others. */
  readonly server?: HttpServer | HttpsServer | undefined;
  /** Closes the server when it is aborted. */
  readonly signal?: AbortSignal | undefined;
}

/** @throws TypeError for an option of the wrong type, or one that goes without its companion */
export function requireListenOptions(options: ListenOptions): void {
  const { port, host, backlog, path, readableAll, writableAll, tls, server } = options;
  requireType("port", port, "number");
  requireType("host", host, "string");
  requireType("backlog", backlog, "number");
  requireType("path", path, "string");
  requireType("readableAll", readableAll, "boolean");
  requireType("writableAll", writableAll, "boolean");
  requireSignal(options.signal);
  if (tls !== undefined) requireObject("tls", tls);
  if (server !== undefined && !(server instanceof TcpServer)) {
    throw new TypeError("server must be a server of node:http or node:https");
  }
  if (port !== undefined && path !== undefined) {
    throw new TypeError("port and path were given, expected one of them");
  }
  if (host !== undefined && port === undefined) throw new TypeError("host was given without port");
  requirePath("readableAll", readableAll, path);
  requirePath("writableAll", writableAll, path);
  const own = port !== undefined || path !== undefined;
  if (backlog !== undefined && !own) throw new TypeError("backlog was given without port or path");
  if (tls !== undefined && !own) throw new TypeError("tls was given without port or path");
}

function requirePath(name: string, option: unknown, path: string | undefined): void {
  if (option === undefined || path !== undefined) return;
  throw new TypeError(`${name} was given without path`);
}

/** What a listener needs of its server. */
export interface ListenerHost {
  readonly settings: { readonly clock: Clock; readonly openDeadline: number };
  /** A place for a new socket, or null if it has to be cut. */
  enter(socket: Socket): Place<NodeConnection> | null;
  /** Takes a socket that is ready, with what is left of the opening deadline. */
  begin(socket: Socket, place: Place<NodeConnection>, timeLeft: number): void;
  report(error: unknown): void;
}

/** A socket that is in its TLS handshake. */
interface TlsHandshake {
  readonly socket: Socket;
  readonly place: Place<NodeConnection>;
  readonly started: number;
  readonly deadline: Deadline;
}

/** A listening socket, with TLS or without. */
export class Listener {
  readonly #host: ListenerHost;
  readonly #server: TcpServer;
  readonly #tlsHandshakes: Map<unknown, TlsHandshake> = new Map();

  constructor(tls: TlsOptions | undefined, host: ListenerHost) {
    this.#host = host;
    this.#server = tls === undefined ? this.#plain() : this.#secure(tls);
  }

  get address(): ReturnType<TcpServer["address"]> {
    return this.#server.address();
  }

  /** Begins to listen, unless it is closed before. Rejects with what `node:net` says if it cannot. */
  start(options: ListenOptions): Promise<void> {
    const { port, host, backlog, path, readableAll, writableAll } = options;
    const place =
      path === undefined ? { port, host, backlog } : { path, backlog, readableAll, writableAll };
    const server = this.#server;
    return new Promise((resolve, reject) => {
      server.once("error", reject).once("close", resolve);
      server.listen(place, () => {
        server.off("error", reject);
        // Such as exhausted file descriptors: it accepts again when there are some.
        server.on("error", (error) => this.#host.report(error));
        resolve();
      });
    });
  }

  /** Takes no more sockets. Settles when all that it has taken are closed. */
  close(): Promise<void> {
    for (const { socket } of this.#tlsHandshakes.values()) socket.destroy();
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  #plain(): TcpServer {
    return createTcpServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      const place = this.#host.enter(socket);
      if (place === null) socket.destroy();
      else this.#host.begin(socket, place, this.#host.settings.openDeadline);
    });
  }

  #secure(tls: TlsOptions): TcpServer {
    const protocols = tls.ALPNCallback === undefined ? { ALPNProtocols: ["http/1.1"] } : {};
    // Half-open sockets only behind the handshake: a peer that ends inside of it is to be cut.
    const options = { ...protocols, ...tls, allowHalfOpen: false, noDelay: true };
    return createTlsServer(options, (socket) => this.#secured(socket)).on(
      "connection",
      (socket: Socket) => this.#beginTls(socket),
    );
  }

  /** The deadline of the opening, and its place, begin with the first octet of TLS. */
  #beginTls(socket: Socket): void {
    // The TLS socket, or the end of this one, tells the same.
    socket.on("error", ignore);
    const place = this.#host.enter(socket);
    if (place === null) {
      socket.destroy();
      return;
    }
    const { clock, openDeadline } = this.#host.settings;
    const deadline = new Deadline(clock);
    deadline.set(openDeadline, () => socket.destroy());
    this.#tlsHandshakes.set(socket, { socket, place, started: clock.now(), deadline });
    socket.once("close", () => {
      deadline.clear();
      this.#tlsHandshakes.delete(socket);
      place.leave();
    });
  }

  #secured(socket: TLSSocket): void {
    socket.allowHalfOpen = true;
    const carrier = carrierOf(socket);
    const { place, started, deadline } = this.#tlsHandshakes.get(carrier)!;
    this.#tlsHandshakes.delete(carrier);
    deadline.clear();
    const { clock, openDeadline } = this.#host.settings;
    this.#host.begin(socket, place, Math.max(0, openDeadline - (clock.now() - started)));
  }
}

/** The socket that a TLS socket was made over. Node tells nowhere else which of those accepted has become secure. */
function carrierOf(socket: TLSSocket): unknown {
  return Reflect.get(socket, "_parent");
}
