import { once } from "node:events";
import { createServer as createHttpServer, type RequestListener, type Server } from "node:http";
import { connect as connectTcp, type Server as NetServer, type Socket } from "node:net";
import { readFileSync } from "node:fs";
import path from "node:path";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { afterEach, beforeEach, expect } from "vitest";
import {
  type ClientOptions,
  connect,
  type Handler,
  type ListenOptions,
  type NodeConnection,
  serve,
  type ServerOptions,
  type WebSocketServer,
} from "../../../src/node/index.ts";
import { RawPeer } from "./raw-peer.ts";

/*
 * What runs during a test, and is gone after it. A test fails if anything escapes: an error that nobody takes, or a
 * rejection.
 */

const cleanups: (() => unknown)[] = [];
let strays: unknown[] = [];
const stray = (error: unknown): void => {
  strays.push(error);
};

beforeEach(() => {
  strays = [];
  process.on("uncaughtException", stray).on("unhandledRejection", stray);
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  // What is rejected in this turn is reported behind its microtasks.
  await new Promise((resolve) => setImmediate(resolve));
  process.off("uncaughtException", stray).off("unhandledRejection", stray);
  // oxlint-disable-next-line vitest/no-standalone-expect -- of every test that uses this
  expect(strays).toEqual([]);
});

/** Has something done after the test; the last first. */
export function after(cleanup: () => unknown): void {
  cleanups.push(cleanup);
}

/** What the error hook was told. */
export class Reports {
  readonly errors: unknown[] = [];
  readonly onError = (error: unknown): void => {
    this.errors.push(error);
    this.#tell();
  };
  #tell: () => void = () => {};

  /** Settles with the first error. */
  async first(): Promise<unknown> {
    while (this.errors.length === 0) {
      await new Promise<void>((resolve) => {
        this.#tell = resolve;
      });
    }
    return this.errors[0];
  }
}

/** Echoes messages. */
export const echo: Handler = async (socket) => {
  for await (const message of socket) await socket.send(message);
};

export interface Running {
  readonly server: WebSocketServer;
  readonly port: number;
  readonly url: string;
  /** The error hook's, if the test has none of its own. */
  readonly reports: Reports;
}

/** A server on a free port of 127.0.0.1, with TLS if the options have it. */
export async function running(
  options: ServerOptions & ListenOptions = {},
  handler: Handler = echo,
): Promise<Running> {
  const reports = new Reports();
  const { onError } = reports;
  const server = await serve({ port: 0, host: "127.0.0.1", onError, ...options }, handler);
  after(() => end(server));
  const port = server.port ?? 0;
  const url = `${options.tls === undefined ? "ws" : "wss"}://localhost:${port}/`;
  return { server, port, url, reports };
}

/** Closes a server at once, whatever its clock says. */
export async function end(server: WebSocketServer): Promise<void> {
  const closed = server.close();
  for (const connection of server.connections) connection.terminate();
  await closed;
}

/** Has a server listen on a free port, whichever it is. */
export async function listening(server: NetServer): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** A server of node:http that answers what is no upgrade with 200. */
export async function httpServer(
  listener: RequestListener = (_request, response) => response.end("plain"),
): Promise<{ readonly http: Server; readonly port: number }> {
  const http = createHttpServer(listener);
  return { http, port: await listening(http) };
}

/** A raw connection to a server, cut after the test. */
export async function rawPeer(
  where: { readonly port: number } | { readonly path: string },
): Promise<RawPeer<Socket>> {
  const peer = await RawPeer.to(where);
  after(async () => {
    peer.stream.destroy();
    await peer.closed;
  });
  return peer;
}

/** A raw connection with TLS to a server for `localhost`, cut after the test. */
export function securePeer(port: number): RawPeer<TLSSocket> {
  const carrier = connectTcp({ port, host: "127.0.0.1", allowHalfOpen: true });
  const socket = connectTls({ socket: carrier, servername: "localhost", ...trusted });
  after(() => socket.destroy());
  return new RawPeer(socket);
}

/** Repeats an attempt until it succeeds: the other end does not hear at once of what has happened here. */
export async function eventually(attempt: () => Promise<boolean>): Promise<void> {
  while (!(await attempt()));
}

/** A connection of ours to a server, cut after the test. */
export async function client(
  url: string | URL,
  options: ClientOptions = {},
): Promise<NodeConnection> {
  const socket = await connect(url, options);
  after(() => socket.terminate());
  return socket;
}

/** A certificate or a key of tests/fixtures/tls. */
export function pem(name: string): string {
  return readFileSync(path.resolve("tests/fixtures/tls", name), "utf8");
}

/** TLS for `localhost`, signed by the authority that `trusted` trusts. */
export const serverTls = { cert: pem("server.pem"), key: pem("server.key") };
export const trusted = { ca: pem("authority.pem") };

/** A promise that is settled from outside. */
export function deferred<Value = void>(): {
  readonly promise: Promise<Value>;
  readonly resolve: (value: Value) => void;
} {
  let resolve: (value: Value) => void = () => {};
  const promise = new Promise<Value>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
