import { Agent } from "node:http";
import { createServer } from "node:net";
import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { connect, serve, WebSocketServer } from "../../../src/node/index.ts";
import { untyped } from "../../helpers/rig.ts";
import { echo, listening, rawPeer } from "./running.ts";

/** Options as a program without types may have them. */
type Options = Readonly<Record<string, unknown>>;

const common: [name: string, options: Options][] = [
  ["prot", { prot: 1 }],
  ["subprotocols", { subprotocols: "chat" }],
  ["subprotocols", { subprotocols: [1] }],
  ["subprotocols", { subprotocols: ["a b"] }],
  ["subprotocols", { subprotocols: ["a", "a"] }],
  ["deflate", { deflate: 1 }],
  ["deflate", { deflate: null }],
  ["clientMaxWindowBits", { deflate: { clientMaxWindowBits: 7 } }],
  ["keepAlive", { keepAlive: true }],
  ["keepAlive", { keepAlive: { every: 1 } }],
  ["keepAlive.interval", { keepAlive: { interval: 0 } }],
  ["keepAlive.timeout", { keepAlive: { timeout: "1" } }],
  ["highWaterMark", { highWaterMark: 0 }],
  ["maxQueued", { maxQueued: -1 }],
  ["onError", { onError: 1 }],
  ["limits", { limits: 1 }],
  ["limits", { limits: { mesage: 1 } }],
  ["limits.message", { limits: { message: -1 } }],
  ["limits.head", { limits: { head: "1" } }],
  ["deadlines", { deadlines: null }],
  ["deadlines", { deadlines: { opened: 1 } }],
  ["deadlines.open", { deadlines: { open: -1 } }],
  ["deadlines.open", { deadlines: { open: 2 ** 31 } }],
  ["deadlines.close", { deadlines: { close: NaN } }],
  ["deadlines.write", { deadlines: { write: "1" } }],
  ["signal", { signal: {} }],
  ["path", { path: 1 }],
];

const ofServers: [name: string, options: Options][] = [
  ["port", { port: "80" }],
  ["port", { port: 65_536 }],
  ["port and path", { port: 0, path: "/tmp/wsproto-unused" }],
  ["host", { port: 0, host: 1 }],
  ["host", { host: "127.0.0.1" }],
  ["backlog", { port: 0, backlog: "1" }],
  ["backlog", { backlog: 1 }],
  ["readableAll", { path: "/tmp/wsproto-unused", readableAll: 1 }],
  ["readableAll", { port: 0, readableAll: true }],
  ["writableAll", { path: "/tmp/wsproto-unused", writableAll: "yes" }],
  ["writableAll", { writableAll: false }],
  ["tls", { tls: {} }],
  ["tls", { port: 0, tls: true }],
  ["server", { server: {} }],
  ["server", { server: new Agent() }],
  ["match", { match: 1 }],
  ["match", { match: "chat" }],
  ["match", { match: "/chat?room=1" }],
  ["origin", { origin: "https://example.com" }],
  ["origin", { origin: ["example.com"] }],
  ["origin", { origin: ["mailto:somebody"] }],
  ["origin", { origin: [1] }],
  ["origin", { origin: 1 }],
  ["accept", { accept: true }],
  ["limits.connections", { limits: { connections: "1" } }],
  ["limits.connectionsPerAddress", { limits: { connectionsPerAddress: -1 } }],
  ["limits.handshakes", { limits: { handshakes: NaN } }],
  ["deadlines.accept", { deadlines: { accept: -1 } }],
];

test.each([...common, ...ofServers])(
  "serve with a wrong option throws at once, with its name: %s, row %#",
  async (name, options) => {
    const error = await serve(options, echo).catch((reason: unknown) => reason);
    expect(String(error)).toMatch(/^(Type|Range)Error\b/);
    expect(String(error)).toContain(name);
  },
);

const ofClients: [name: string, options: Options][] = [
  ["port", { port: 80 }],
  ["tls", { tls: 1 }],
  ["proxyTls", { proxyTls: 1 }],
  ["proxy", { proxy: "socks://127.0.0.1" }],
  ["proxy", { proxy: "127.0.0.1" }],
  ["proxy", { proxy: 1 }],
  ["path and proxy", { path: "/tmp/wsproto-unused", proxy: "http://127.0.0.1" }],
  ["headers", { headers: 1 }],
  ["header", { headers: [["a"]] }],
  ["transport", { transport: {} }],
  ["transport", { transport: new PassThrough(), path: "/tmp/wsproto-unused" }],
  ["transport", { transport: new PassThrough(), proxy: "http://127.0.0.1" }],
  ["redirects", { redirects: "1" }],
  ["serializeConnects", { serializeConnects: 1 }],
];

test.each([...common, ...ofClients])(
  "connect with a wrong option throws at once, with its name: %s, row %#",
  async (name, options) => {
    const error = await connect("ws://127.0.0.1:9/", options).catch((reason: unknown) => reason);
    expect(String(error)).toMatch(/^(Type|Range)Error\b/);
    expect(String(error)).toContain(name);
  },
);

test("options that are no object, a handler that is no function", async () => {
  await expect(serve(untyped(undefined), echo)).rejects.toThrow("the options must be an object");
  await expect(connect("ws://127.0.0.1:9/", untyped(null))).rejects.toThrow("the options must be");
  await expect(serve({}, untyped(undefined))).rejects.toThrow("the handler must be a function");
  expect(() => new WebSocketServer({}, untyped(null))).toThrow(TypeError);
});

test.each([
  ["a field of the handshake", { headers: { "Sec-WebSocket-Protocol": "chat" } }],
  ["Host", { headers: { Host: "example.com" } }],
  ["a line break in a value", { headers: { A: "b\r\nC: d" } }],
  ["a name that is no token", { headers: { "a b": "c" } }],
])(
  "CVE-2020-35678: %s among the headers fails before anything is connected",
  async (_, options) => {
    let connections = 0;
    const listener = createServer(() => {
      connections += 1;
    });
    const port = await listening(listener);
    await expect(connect(`ws://127.0.0.1:${port}/`, options)).rejects.toMatchObject({
      name: "LocalProtocolError",
      code: "ERR_HEADER",
    });
    const peer = await rawPeer({ port });
    peer.stream.destroy();
    await peer.closed;
    expect(connections).toBe(1);
  },
);
