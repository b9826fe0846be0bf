import { once } from "node:events";
import { lookup } from "node:dns/promises";
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { connect as connectTcp, Server } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test, vi } from "vitest";
import { serve, WebSocketServer } from "../../../src/node/index.ts";
import { requestHead } from "../../helpers/handshake.ts";
import { after, client, echo, end, rawPeer, running, serverTls, trusted } from "./running.ts";

/** The path of a socket file, in a folder that is removed after the test. */
function socketFile(): string {
  const folder = mkdtempSync(path.join(tmpdir(), "wsproto-"));
  after(() => rmSync(folder, { recursive: true }));
  return path.join(folder, "socket");
}

/** The socket that was told to listen. */
function listenerOf(listen: { readonly mock: { readonly contexts: readonly unknown[] } }): Server {
  const [listener] = listen.mock.contexts;
  if (listener instanceof Server) return listener;
  throw new Error("nothing was told to listen");
}

test("port 0 takes a free port, which the server tells, and host its address", async () => {
  const { server, port } = await running({ port: 0, host: "127.0.0.1" });
  expect(port).toBeGreaterThan(0);
  expect(server.address).toEqual({ address: "127.0.0.1", family: "IPv4", port });
  const socket = await client(`ws://127.0.0.1:${port}/`);
  await socket.send("here");
  expect(await socket.receive()).toBe("here");
});

test("without host it listens on all addresses", async () => {
  const { server, port } = await running({ port: 0, host: undefined });
  expect(server.address).toMatchObject({ port });
  expect(JSON.stringify(server.address)).toMatch(/"address":"(::|0\.0\.0\.0)"/);
  const socket = await client(`ws://127.0.0.1:${port}/`);
  await socket.send("here");
  expect(await socket.receive()).toBe("here");
});

test("port, host and backlog reach the system, and nothing else of the options does", async () => {
  const listen = vi.spyOn(Server.prototype, "listen");
  after(() => listen.mockRestore());
  await running({ port: 0, host: "127.0.0.1", backlog: 7, match: "/", limits: {} });
  expect(listen.mock.calls[0]![0]).toEqual({ port: 0, host: "127.0.0.1", backlog: 7 });
});

test.each([
  ["without TLS", undefined],
  ["with TLS", serverTls],
])("a Unix socket, %s", async (_, tls) => {
  const file = socketFile();
  const { server } = await running({ port: undefined, host: undefined, path: file, tls });
  expect(server.address).toBe(file);
  expect(server.port).toBeNull();
  const scheme = tls === undefined ? "ws" : "wss";
  const socket = await client(`${scheme}://localhost/`, { path: file, tls: trusted });
  await socket.send("here");
  expect(await socket.receive()).toBe("here");
  const [connection] = server.connections;
  expect(connection!.request).toMatchObject({
    host: "localhost",
    remoteAddress: undefined,
    remotePort: undefined,
  });
  await socket.close();
  await server.close();
  expect(existsSync(file)).toBe(false);
});

const rights = [
  [undefined, undefined, 0o000],
  [false, false, 0o000],
  [true, undefined, 0o044],
  [undefined, true, 0o022],
  [true, true, 0o066],
] as const;
test.each(rights)(
  "a Unix socket with readableAll %s and writableAll %s gives others the rights %i",
  async (readableAll, writableAll, mode) => {
    const file = socketFile();
    const before = process.umask(0o077);
    after(() => process.umask(before));
    await running({ port: undefined, host: undefined, path: file, readableAll, writableAll });
    expect((statSync(file).mode & 0o066).toString(8)).toBe(mode.toString(8));
  },
);

test("without port, path and server it listens nowhere", async () => {
  const { server } = await running({ port: undefined, host: undefined });
  expect([server.address, server.port]).toEqual([null, null]);
});

test("a port that is taken rejects, and leaves nothing behind", async () => {
  const { port } = await running();
  const { signal } = new AbortController();
  const off = vi.spyOn(signal, "removeEventListener");
  const failed = serve({ port, host: "127.0.0.1", signal }, echo);
  await expect(failed).rejects.toMatchObject({ code: "EADDRINUSE" });
  expect(off).toHaveBeenCalledTimes(1);
});

test("TLS options that Node refuses reject", async () => {
  await expect(serve({ port: 0, tls: { cert: "none" } }, echo)).rejects.toThrow("PEM");
});

test("a server may listen in several places", async () => {
  const server = new WebSocketServer({}, echo);
  after(() => end(server));
  const file = socketFile();
  await server.listen({ port: 0, host: "127.0.0.1" });
  await server.listen({ path: file });
  for (const options of [{}, { path: file }]) {
    const socket = await client(`ws://127.0.0.1:${server.port}/`, options);
    await socket.send("here");
    expect(await socket.receive()).toBe("here");
  }
});

test("signal closes the server", async () => {
  const controller = new AbortController();
  const { server, port } = await running({ signal: controller.signal });
  const socket = await client(`ws://127.0.0.1:${port}/`);
  controller.abort();
  expect(await socket.closed).toEqual({ code: 1001, reason: "", wasClean: true });
  await server.close();
  const late = connectTcp(port, "127.0.0.1");
  await expect(once(late, "connect")).rejects.toMatchObject({ code: "ECONNREFUSED" });
});

test("a closed server no longer listens to the signal", async () => {
  const { signal } = new AbortController();
  const on = vi.spyOn(signal, "addEventListener");
  const off = vi.spyOn(signal, "removeEventListener");
  const { server } = await running({ signal });
  await server.close();
  expect(off.mock.calls).toEqual(on.mock.calls);
});

test("a signal that is aborted already rejects", async () => {
  const reason = new Error("enough");
  await expect(serve({ port: 0, signal: AbortSignal.abort(reason) }, echo)).rejects.toBe(reason);
});

test.each([[undefined], ["127.0.0.1"], ["localhost"]])(
  "a signal that is aborted while it begins to listen rejects, and nothing listens (host %j)",
  async (host) => {
    const listen = vi.spyOn(Server.prototype, "listen");
    after(() => listen.mockRestore());
    const reason = new Error("enough");
    const controller = new AbortController();
    const starting = serve({ port: 0, host, signal: controller.signal }, echo);
    controller.abort(reason);
    await expect(starting).rejects.toBe(reason);
    const listener = listenerOf(listen);
    // The name is looked up, so or so; another lookup is behind it.
    await lookup("localhost");
    if (listener.listening) await once(listener, "close");
    expect(listener.listening).toBe(false);
  },
);

test("a server that is closed, or is being closed, does not begin to listen", async () => {
  const server = new WebSocketServer({}, echo);
  const starting = server.listen({ port: 0 });
  const closed = server.close();
  await expect(starting).rejects.toThrow("the server is closed");
  await closed;
  await expect(server.listen({ port: 0 })).rejects.toThrow("the server is closed");
});

test("an error of the listening socket is told, and the server goes on", async () => {
  const listen = vi.spyOn(Server.prototype, "listen");
  after(() => listen.mockRestore());
  const { port, reports } = await running();
  const listener = listenerOf(listen);
  const error = new Error("accept EMFILE");
  listener.emit("error", error);
  expect(reports.errors).toEqual([error]);
  const socket = await client(`ws://127.0.0.1:${port}/`);
  await socket.send("here");
  expect(await socket.receive()).toBe("here");
});

test.each([
  ["without TLS", undefined],
  ["with TLS", serverTls],
])("TCP is told not to wait for more to send, %s", async (_, tls) => {
  const listen = vi.spyOn(Server.prototype, "listen");
  after(() => listen.mockRestore());
  await running({ tls });
  expect(listen.mock.contexts[0]).toMatchObject({ noDelay: true });
});

test("a request may come octet by octet", async () => {
  const { port } = await running();
  const peer = await rawPeer({ port });
  for (const octet of requestHead()) peer.send(Uint8Array.of(octet));
  await peer.has("HTTP/1.1 101 ");
});

test("a listener that never came to listen can be closed", async () => {
  const { port } = await running();
  const server = new WebSocketServer({}, echo);
  await expect(server.listen({ port, host: "127.0.0.1" })).rejects.toThrow("EADDRINUSE");
  expect(server.address).toBeNull();
  await server.close();
});
