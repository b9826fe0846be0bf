import { IncomingMessage, Server as HttpServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { Socket } from "node:net";
import { duplexPair, PassThrough } from "node:stream";
import { connect as connectTls } from "node:tls";
import { describe, expect, test } from "vitest";
import { type Handler, WebSocketServer } from "../../../src/node/index.ts";
import { requestHead } from "../../helpers/handshake.ts";
import { untyped } from "../../helpers/rig.ts";
import { RawPeer } from "./raw-peer.ts";
import {
  after,
  client,
  deferred,
  echo,
  end,
  httpServer,
  listening,
  rawPeer,
  running,
  serverTls,
  trusted,
} from "./running.ts";

const nowhere = { port: undefined, host: undefined };

/** Sends its name. */
const named =
  (name: string): Handler =>
  async (socket) =>
    socket.send(name);

test("an attached server takes upgrades of an HTTP server, and leaves it running when it is closed", async () => {
  const { http, port } = await httpServer();
  const { server } = await running({ ...nowhere, server: http });
  expect([server.address, server.port]).toEqual([null, null]);
  const socket = await client(`ws://127.0.0.1:${port}/`);
  await socket.send("here");
  expect(await socket.receive()).toBe("here");
  await server.close();
  expect(await socket.closed).toMatchObject({ code: 1001, wasClean: true });
  expect(http.listening).toBe(true);
  expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe("plain");
});

test("an attached server on https", async () => {
  const https = createHttpsServer(serverTls);
  const port = await listening(https);
  const seen = deferred<boolean>();
  await running({ ...nowhere, server: https }, (socket, request) => {
    seen.resolve(request.tls !== null && request.tls.encrypted);
    return echo(socket, request);
  });
  const socket = await client(`wss://localhost:${port}/`, { tls: trusted });
  await socket.send("here");
  expect(await socket.receive()).toBe("here");
  expect(await seen.promise).toBe(true);
});

test("several attachments, by path and by a function: the first for which an upgrade is gets it", async () => {
  const { http, port } = await httpServer();
  const attach = { ...nowhere, server: http };
  await running({ ...attach, match: "/a" }, named("a"));
  await running({ ...attach, match: ({ query }) => query.has("b") }, named("b"));
  await running({ ...attach, match: "/c" }, named("c"));
  await running({ ...attach, match: "/c" }, named("second c"));
  const names = [];
  for (const target of ["a", "a?b", "x?b", "c", "c?d"]) {
    const socket = await client(`ws://127.0.0.1:${port}/${target}`);
    names.push(await socket.receive());
  }
  expect(names).toEqual(["a", "a", "b", "c", "c"]);
  const nobody = await rawPeer({ port });
  nobody.send(requestHead({ line: "GET /nobody HTTP/1.1" }));
  await nobody.end();
  expect(nobody.text).toMatch(/^HTTP\/1\.1 404 /);
});

test("upgrades that are for no attachment are left to the other listeners, untouched", async () => {
  const { http, port } = await httpServer();
  await running({ ...nowhere, server: http, match: "/ours" }, named("ours"));
  await running(
    { ...nowhere, server: http, match: ({ path }) => path === "/picked" },
    named("picked"),
  );
  http.on("upgrade", (request: IncomingMessage, socket: Socket) => {
    if (request.url === "/ours" || request.url === "/picked") return;
    socket.end(`HTTP/1.1 101 \r\nUpgrade: other\r\n\r\n${request.url}`);
  });
  const sockets = [];
  for (const target of ["ours", "picked"]) {
    sockets.push(await (await client(`ws://127.0.0.1:${port}/${target}`)).receive());
  }
  expect(sockets).toEqual(["ours", "picked"]);
  const other = await rawPeer({ port });
  other.send(requestHead({ line: "GET /other HTTP/1.1" }));
  await other.end();
  expect(other.text).toBe("HTTP/1.1 101 \r\nUpgrade: other\r\n\r\n/other");
  // To what the engine would refuse nobody's function is asked.
  const faulty = await rawPeer({ port });
  faulty.send(requestHead({ line: "GET /faulty HTTP/1.1", fields: { "Sec-WebSocket-Key": null } }));
  await faulty.end();
  expect(faulty.text).toBe("HTTP/1.1 101 \r\nUpgrade: other\r\n\r\n/faulty");
});

test("WebSocket-Node-1.0.31: closed servers leave no listener behind, and the HTTP server is as before", async () => {
  const { http, port } = await httpServer();
  for (let round = 0; round < 3; round++) {
    const first = await running({ ...nowhere, server: http, match: "/a" });
    const second = await running({ ...nowhere, server: http, match: "/b" });
    expect(http.listenerCount("upgrade")).toBe(1);
    await first.server.close();
    expect(http.listenerCount("upgrade")).toBe(1);
    const socket = await client(`ws://127.0.0.1:${port}/b`);
    await socket.close();
    await second.server.close();
    expect(http.listenerCount("upgrade")).toBe(0);
  }
  // Without a listener node:http answers an upgrade as any request.
  const peer = await rawPeer({ port });
  peer.send(requestHead());
  await peer.has("plain");
});

test.each([
  [
    "throws",
    () => {
      throw new Error("broken");
    },
    "broken",
  ],
  ["gives a promise", async () => Promise.resolve(false), "match must give a boolean, not Promise"],
])(
  "a function to match that %s: 500, and the error hook hears of it",
  async (_, match, message) => {
    const { http, port: httpPort } = await httpServer();
    const options = { match: untyped(match) };
    const attached = await running({ ...nowhere, server: http, ...options });
    const own = await running(options);
    for (const [port, { reports }] of [
      [httpPort, attached],
      [own.port, own],
    ] as const) {
      const peer = await rawPeer({ port });
      peer.send(requestHead());
      await peer.end();
      expect(peer.text).toMatch(/^HTTP\/1\.1 500 /);
      expect(reports.errors).toEqual([expect.objectContaining({ message })]);
    }
  },
);

test("the function to match is asked once", async () => {
  let asked = 0;
  const match = (): boolean => {
    asked += 1;
    return true;
  };
  const { http, port: httpPort } = await httpServer();
  await running({ ...nowhere, server: http, match });
  await client(`ws://127.0.0.1:${httpPort}/`);
  expect(asked).toBe(1);
  const { url } = await running({ match });
  await client(url);
  expect(asked).toBe(2);
});

test("what no function picks gets 404 on a socket of our own", async () => {
  const { port } = await running({ match: () => false });
  const peer = await rawPeer({ port });
  peer.send(requestHead());
  await peer.end();
  expect(peer.text).toMatch(/^HTTP\/1\.1 404 /);
});

test("an upgrade that something else took: upgrade(request, socket, head)", async () => {
  const server = new WebSocketServer({ match: "/chat" }, echo);
  after(() => end(server));
  const { http, port } = await httpServer();
  http.on("upgrade", (request, socket, head) => {
    // As is done while a database is asked, say.
    socket.pause();
    setImmediate(() => server.upgrade(request, socket, head));
  });
  const peer = await rawPeer({ port });
  peer.send(requestHead({ rest: "\x81\x82\0\0\0\0" }));
  peer.send("hi");
  await peer.has("\x81\x02hi");
  const other = await rawPeer({ port });
  other.send(requestHead({ line: "GET /other HTTP/1.1" }));
  await other.end();
  expect(other.text).toMatch(/^HTTP\/1\.1 404 /);
});

describe("an upgrade to something else than WebSocket", () => {
  /** As those of Node from 22.21 and 24.9 on are. */
  class AskingServer extends HttpServer {
    readonly asked: unknown[] = [];
    shouldUpgradeCallback: unknown;

    constructor() {
      super();
      const { asked } = this;
      this.shouldUpgradeCallback = function given(this: HttpServer, message: IncomingMessage) {
        asked.push(message);
        return this.listenerCount("upgrade") > 0;
      };
    }

    upgrades(upgrade: string): unknown {
      const message = new IncomingMessage(new Socket());
      message.headers = { upgrade };
      const callback = this.shouldUpgradeCallback;
      return typeof callback === "function" && Reflect.apply(callback, this, [message]);
    }
  }

  test("is answered as if it had not asked for one, where Node asks; with 400 elsewhere", async () => {
    const { http, port } = await httpServer();
    await running({ ...nowhere, server: http });
    const peer = await rawPeer({ port });
    peer.send(requestHead({ fields: { Upgrade: "h2c" } }));
    const asks = "shouldUpgradeCallback" in http;
    await peer.has(asks ? "plain" : "\r\n\r\n");
    expect(peer.text.slice(0, 13)).toBe(asks ? "HTTP/1.1 200 " : "HTTP/1.1 400 ");
  });

  test("is left to the other listeners of the HTTP server", async () => {
    const http = new AskingServer();
    await running({ ...nowhere, server: http });
    expect(http.upgrades("h2c")).toBe(false);
    http.on("upgrade", () => {});
    expect(http.upgrades("h2c")).toBe(true);
  });

  test.each([
    ["websocket", true],
    ["WebSocket", true],
    ["h2c, websocket", true],
    ["h2c", false],
    ["websockets", false],
    ["", false],
  ])("Upgrade: %j is taken: %s", async (upgrade, expected) => {
    const http = new AskingServer();
    await running({ ...nowhere, server: http });
    expect(http.upgrades(upgrade)).toBe(expected);
  });

  test("what the HTTP server decided itself stays, and all is as before when the server is closed", async () => {
    const http = new AskingServer();
    const before = http.shouldUpgradeCallback;
    const servers = [
      await running({ ...nowhere, server: http, match: "/a" }),
      await running({ ...nowhere, server: http, match: "/b" }),
    ];
    expect(http.upgrades("websocket")).toBe(true);
    expect(http.asked).toHaveLength(1);
    await servers[0]!.server.close();
    expect(http.upgrades("h2c")).toBe(false);
    await servers[1]!.server.close();
    expect(http.shouldUpgradeCallback).toBe(before);
    http.shouldUpgradeCallback = () => false;
    const third = await running({ ...nowhere, server: http });
    expect(http.upgrades("websocket")).toBe(false);
    const later = (): boolean => true;
    http.shouldUpgradeCallback = later;
    await third.server.close();
    expect(http.shouldUpgradeCallback).toBe(later);
  });

  test("a callback that is none is left alone", async () => {
    const http = new AskingServer();
    http.shouldUpgradeCallback = null;
    const { server } = await running({ ...nowhere, server: http });
    expect(http.shouldUpgradeCallback).toBeNull();
    await server.close();
    expect(http.shouldUpgradeCallback).toBeNull();
  });
});

test("an upgrade whose sender has gone is nothing", async () => {
  const server = new WebSocketServer({}, echo);
  const socket = new PassThrough();
  socket.destroy(new Error("gone"));
  server.upgrade(untyped({}), socket, Buffer.alloc(0));
  await new Promise((resolve) => {
    socket.once("close", resolve);
  });
  expect(server.connections.size).toBe(0);
  await server.close();
});

test("an upgrade of a message that has neither method nor target", async () => {
  const { http, port } = await httpServer();
  http.prependListener("upgrade", (request) => {
    Object.assign(request, { method: undefined, url: undefined });
  });
  await running({ ...nowhere, server: http, match: "/chat" });
  await running({ ...nowhere, server: http });
  const peer = await rawPeer({ port });
  peer.send(requestHead());
  await peer.end();
  expect(peer.text).toMatch(/^HTTP\/1\.1 400 /);
});

test("an upgrade to a server that is closed gets 503", async () => {
  const server = new WebSocketServer({}, echo);
  await server.close();
  const { http, port } = await httpServer();
  http.on("upgrade", (request, socket, head) => server.upgrade(request, socket, head));
  const peer = await rawPeer({ port });
  peer.send(requestHead());
  await peer.end();
  expect(peer.text).toMatch(/^HTTP\/1\.1 503 /);
});

test("the idle timer of the HTTP server does not go on", async () => {
  const { http, port } = await httpServer();
  http.timeout = 123_456;
  const sockets: Socket[] = [];
  http.on("connection", (socket: Socket) => sockets.push(socket));
  await running({ ...nowhere, server: http });
  await client(`ws://127.0.0.1:${port}/`);
  expect(sockets.map(({ timeout }) => timeout)).toEqual([0]);
});

test("an HTTP server of TLS whose client speaks half a request", async () => {
  const https = createHttpsServer(serverTls);
  const port = await listening(https);
  const { reports } = await running({ ...nowhere, server: https });
  const peer = new RawPeer(
    connectTls({ port, host: "127.0.0.1", servername: "localhost", ...trusted }),
  );
  after(() => peer.stream.destroy());
  peer.send(requestHead({ fields: { "Sec-WebSocket-Key": null } }));
  await peer.end();
  expect(peer.text).toMatch(/^HTTP\/1\.1 400 /);
  expect(reports.errors).toEqual([]);
});

test("an upgrade on a stream that is no socket", async () => {
  const server = new WebSocketServer({}, echo);
  after(() => end(server));
  const [stream, other] = duplexPair();
  const { http, port } = await httpServer();
  http.on("upgrade", (request) => server.upgrade(request, stream, Buffer.alloc(0)));
  const sender = await rawPeer({ port });
  sender.send(requestHead());
  const peer = new RawPeer(other);
  await peer.has("HTTP/1.1 101 ");
  const [connection] = server.connections;
  expect(connection!.request).toMatchObject({
    remoteAddress: undefined,
    remotePort: undefined,
    tls: null,
  });
});
