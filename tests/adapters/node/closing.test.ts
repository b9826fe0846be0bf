import { createServer, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { expect, test } from "vitest";
import {
  connect,
  ConnectionClosedError,
  type NodeConnection,
  serve,
} from "../../../src/node/index.ts";
import { requestHead } from "../../helpers/handshake.ts";
import { untyped } from "../../helpers/rig.ts";
import { ManualClock } from "./manual-clock.ts";
import { RawPeer } from "./raw-peer.ts";
import {
  after,
  client,
  deferred,
  echo,
  httpServer,
  listening,
  rawPeer,
  running,
  securePeer,
  serverTls,
  trusted,
} from "./running.ts";
import { acceptRequest } from "./raw-server.ts";

const transports = [
  ["TCP", undefined],
  ["TLS", serverTls],
] as const;

/** A masked Close with 1000, and one without a mask. */
const MASKED_CLOSE = "\x88\x82\0\0\0\0\x03\xe8";
const CLOSE = "\x88\x02\x03\xe8";

test.each(transports)(
  "R6455-5.5.1-03, R6455-5.5.1-04, R6455-7.1.1-01, R6455-7.1.1-02: a server answers a Close and ends the stream first, in order: %s",
  async (_, tls) => {
    const { port } = await running({ tls });
    const peer: RawPeer = tls === undefined ? await rawPeer({ port }) : securePeer(port);
    peer.send(requestHead());
    await peer.has("\r\n\r\n");
    peer.send(MASKED_CLOSE);
    await peer.end();
    expect(peer.text.endsWith(`\r\n\r\n${CLOSE}`)).toBe(true);
    // What comes behind the Close is of no interest, and harms nothing.
    peer.send("trailing");
    peer.stream.end();
    await peer.closed;
    expect(peer.error).toBeNull();
  },
);

test.each(transports)(
  "R6455-5.5.1-04, R6455-7.1.1-02: a client waits for the server to end the stream: %s",
  async (_, tls) => {
    const clock = new ManualClock();
    const accepted = deferred<RawPeer>();
    const server =
      tls === undefined
        ? createServer({ allowHalfOpen: true }, (socket) => accepted.resolve(new RawPeer(socket)))
        : createTlsServer({ ...tls }, (socket) => {
            socket.allowHalfOpen = true;
            accepted.resolve(new RawPeer(socket));
          });
    const scheme = tls === undefined ? "ws" : "wss";
    const connecting = connect(`${scheme}://localhost:${await listening(server)}/`, {
      clock,
      tls: trusted,
    });
    const peer = await accepted.promise;
    await acceptRequest(peer);
    const socket = await connecting;
    const closed = socket.close(4001, "done");
    await peer.has("\x88");
    peer.send(CLOSE);
    // The ping that follows is not answered; nothing else comes.
    peer.send("\x89\0");
    await clock.set(10_000);
    expect(peer.ended).toBe(false);
    peer.stream.end();
    expect(await closed).toEqual({ code: 1000, reason: "", wasClean: true });
    await peer.closed;
    expect([peer.ended, peer.error]).toEqual([true, null]);
    expect(clock.delays).toEqual([]);
  },
);

test("a client does not wait for ever for the server to end the stream", async () => {
  const clock = new ManualClock();
  const accepted = deferred<RawPeer>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    accepted.resolve(new RawPeer(socket));
  });
  const connecting = connect(`ws://127.0.0.1:${await listening(server)}/`, { clock });
  const peer = await accepted.promise;
  await acceptRequest(peer);
  const socket = await connecting;
  const closed = socket.close();
  peer.send(CLOSE);
  // That both Closes are there ends the reading, and leaves the deadline.
  expect(await socket.receive()).toBeNull();
  clock.advance(10_000);
  expect(await closed).toEqual({ code: 1000, reason: "", wasClean: true });
  await peer.over();
});

test.each(transports)(
  "CVE-2026-77358: a Close behind much that waits leaves before the stream ends: %s",
  async (_, tls) => {
    const { url } = await running({ tls, maxQueued: Infinity }, (socket) => {
      void socket.send(new Uint8Array(8 * 1024 * 1024));
      void socket.close(4000, "last");
    });
    const socket = await client(url, { tls: trusted });
    expect((await socket.receive())!.length).toBe(8 * 1024 * 1024);
    expect(await socket.receive()).toBeNull();
    expect(await socket.closed).toEqual({ code: 4000, reason: "last", wasClean: true });
  },
);

test("R6455-7.2.1-01: a reset, and the end of the stream without a Close, are 1006 at both ends", async () => {
  const opened: NodeConnection[] = [];
  const { port, server, url } = await running({}, async (socket) => {
    opened.push(socket);
    for await (const message of socket) await socket.send(message);
  });
  for (const leave of [
    (peer: RawPeer<Socket>) => peer.stream.end(),
    (peer: RawPeer<Socket>) => peer.stream.destroy(),
    (peer: RawPeer<Socket>) => peer.stream.resetAndDestroy(),
  ]) {
    const peer = await rawPeer({ port });
    peer.send(requestHead());
    await peer.has("\r\n\r\n");
    leave(peer);
    expect(await opened.pop()!.closed).toEqual({ code: 1006, reason: "", wasClean: false });
  }
  const socket = await client(url);
  for (const connection of server.connections) connection.terminate();
  await expect(socket.receive()).rejects.toBeInstanceOf(ConnectionClosedError);
  expect(await socket.closed).toMatchObject({ code: 1006, wasClean: false });
});

test("R6455-7.1.7-01: who breaks the protocol gets a Close and the end", async () => {
  const opened = deferred<NodeConnection>();
  const { port, reports } = await running({}, async (socket) => {
    opened.resolve(socket);
    for await (const message of socket) await socket.send(message);
  });
  const peer = await rawPeer({ port });
  peer.send(requestHead());
  await peer.has("\r\n\r\n");
  // Without a mask.
  peer.send("\x81\x02hi");
  await peer.end();
  const frames = peer.text.split("\r\n\r\n")[1]!;
  expect([frames[0], frames.slice(2, 4)]).toEqual(["\x88", "\x03\xea"]);
  peer.stream.end();
  const socket = await opened.promise;
  expect(await socket.closed).toMatchObject({ code: 1006, wasClean: false });
  await expect(socket.receive()).rejects.toMatchObject({ cause: { code: "ERR_MASK" } });
  // It is the peer's fault: nobody's hook hears of it.
  expect(reports.errors).toEqual([]);
});

test("R6455-7.3-01: nobody closes without cause: a connection at rest stays", async () => {
  const clock = new ManualClock();
  const { server, url } = await running({ clock });
  const socket = await client(url, { clock });
  const [peer] = [...server.connections];
  for (let time = 0; time < 600; time += 10) {
    clock.advance(10_000);
    // A round trip, so that what the clock has caused has been done.
    await socket.ping();
    await peer!.ping();
  }
  expect([socket.state, peer!.state]).toEqual([1, 1]);
});

test("R6455-5.5.1-07: the reason is nowhere in what the library says of itself", async () => {
  const { url, reports } = await running({}, async (socket) => {
    await socket.close(4000, "a secret");
    throw new Error("after the end");
  });
  const socket = await client(url);
  const end = await socket.closed;
  expect(end.reason).toBe("a secret");
  await expect(socket.send("late")).rejects.toThrow(/^(?!.*secret)/);
  await reports.first();
  expect(String(reports.errors)).not.toContain("secret");
  expect(String(new ConnectionClosedError(end, undefined))).not.toContain("secret");
});

// close() of a server

test("close() sends 1001 to all, waits for them, and happens once", async () => {
  const { server, port, url } = await running();
  const sockets = [await client(url), await client(url)];
  const reading = sockets.map(async (socket) => {
    for await (const _ of socket) expect.unreachable();
  });
  const closed = server.close("restart");
  expect(server.close("again")).toBe(closed);
  await closed;
  for (const socket of sockets) {
    expect(await socket.closed).toEqual({ code: 1001, reason: "restart", wasClean: true });
  }
  await Promise.all(reading);
  expect([server.connections.size, server.address]).toEqual([0, null]);
  await expect(connect(`ws://127.0.0.1:${port}/`)).rejects.toMatchObject({ code: "ECONNREFUSED" });
});

test("close() cuts at the deadline those that do not answer", async () => {
  const clock = new ManualClock();
  const { server, port } = await running({ clock });
  const peer = await rawPeer({ port });
  peer.send(requestHead());
  await peer.has("\r\n\r\n");
  const closed = server.close();
  await peer.has("\x88\x02\x03\xe9");
  clock.advance(10_000);
  await closed;
  await peer.over();
});

test("R6455-7.2.2-01: close() refuses handshakes in flight with 503", async () => {
  const asked = deferred<AbortSignal>();
  const { server, port } = await running({
    accept: async (_request, { signal }) => {
      asked.resolve(signal);
      return new Promise(() => {});
    },
  });
  const half = await rawPeer({ port });
  half.send("GET / HTTP/1.1\r\n");
  const waiting = await rawPeer({ port });
  waiting.send(requestHead());
  const signal = await asked.promise;
  const closed = server.close();
  expect(signal.aborted).toBe(true);
  for (const peer of [half, waiting]) {
    await peer.end();
    expect(peer.text).toMatch(/^HTTP\/1\.1 503 /);
    peer.stream.end();
  }
  await closed;
});

test("close() cuts what is in its TLS handshake", async () => {
  const clock = new ManualClock();
  const { server, port } = await running({ tls: serverTls, clock });
  const half = await rawPeer({ port });
  half.send("\x16\x03\x01");
  await clock.set(10_000);
  await server.close();
  await half.over();
  expect(clock.delays).toEqual([]);
});

test("close() of an attached server waits for its streams as well", async () => {
  const clock = new ManualClock();
  const { http, port } = await httpServer();
  const { server } = await running({ port: undefined, host: undefined, server: http, clock });
  const peer = await rawPeer({ port });
  peer.send(requestHead());
  await peer.has("\r\n\r\n");
  const order: string[] = [];
  const closed = server.close().then(() => order.push("closed"));
  await peer.has("\x88\x02\x03\xe9");
  order.push("waited");
  peer.send("\x88\x82\0\0\0\0\x03\xe9");
  await peer.end();
  peer.stream.end();
  await closed;
  expect(order).toEqual(["waited", "closed"]);
});

test("await using closes a server, and a connection", async () => {
  const closed = deferred<unknown>();
  {
    await using server = await serve({ port: 0, host: "127.0.0.1" }, async (socket) => {
      closed.resolve(await socket.closed);
    });
    await using socket = await connect(`ws://127.0.0.1:${server.port}/`);
    after(() => socket.terminate());
  }
  expect(await closed.promise).toEqual({ code: 1000, reason: "", wasClean: true });
});

test("a reason that cannot be sent throws, and the server goes on", async () => {
  const { server, url } = await running();
  expect(() => server.close(untyped(1))).toThrow("a close reason must be a string, not number");
  expect(() => server.close("ü".repeat(62))).toThrow(RangeError);
  const socket = await client(url);
  await socket.send("still here");
  expect(await socket.receive()).toBe("still here");
  await server.close("ü".repeat(61));
  expect((await socket.closed).reason).toBe("ü".repeat(61));
});

test("connections holds those whose streams are open", async () => {
  const opened = deferred<NodeConnection>();
  const { server, url } = await running({}, async (socket) => {
    opened.resolve(socket);
    await echo(socket, socket.request);
  });
  const socket = await client(url);
  expect([...server.connections]).toEqual([await opened.promise]);
  await socket.close();
  await (
    await opened.promise
  ).closed;
  expect(server.connections.size).toBe(0);
});
