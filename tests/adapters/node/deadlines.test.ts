import { once } from "node:events";
import { connect as connectTcp, createServer, type Socket } from "node:net";
import { duplexPair } from "node:stream";
import { setImmediate, setTimeout } from "node:timers/promises";
import { connect as connectTls } from "node:tls";
import { expect, test } from "vitest";
import {
  type AcceptContext,
  connect,
  ConnectionClosedError,
  HandshakeRefusedError,
  type NodeConnection,
} from "../../../src/node/index.ts";
import { requestHead } from "../../helpers/handshake.ts";
import { ManualClock } from "./manual-clock.ts";
import { RawPeer } from "./raw-peer.ts";
import {
  client,
  deferred,
  echo,
  listening,
  rawPeer,
  running,
  securePeer,
  serverTls,
  trusted,
} from "./running.ts";

test("a head that is not complete after 10 s gets 408 and the end", async () => {
  const clock = new ManualClock();
  const { server, port } = await running({ clock });
  const peer = await rawPeer({ port });
  await clock.set(10_000);
  peer.send("GET / HTTP/1.1\r\n");
  clock.advance(9_999);
  expect(peer.text).toBe("");
  clock.advance(1);
  await peer.end();
  expect(peer.text).toMatch(/^HTTP\/1\.1 408 [^]*\r\nConnection: close\r\n/);
  peer.stream.end();
  await peer.closed;
  expect(peer.error).toBeNull();
  await server.close();
  expect(clock.delays).toEqual([]);
});

test("trickled octets do not move the deadline", async () => {
  const clock = new ManualClock();
  const { port } = await running({ clock, deadlines: { open: 100 } });
  const peer = await rawPeer({ port });
  await clock.set(100);
  for (const letter of "GET ") {
    peer.send(letter);
    clock.advance(20);
  }
  clock.advance(20);
  await peer.has("HTTP/1.1 408 ");
});

test.each<[what: string, wait: (signal: AbortSignal) => Promise<unknown>]>([
  [
    "throws the reason",
    async (signal) => {
      await once(signal, "abort");
      signal.throwIfAborted();
    },
  ],
  ["throws an error because of it", async (signal) => setTimeout(1_000_000, null, { signal })],
])(
  "a hook that does not answer within 30 s: 503, the end, and its signal is aborted; it %s",
  async (_, wait) => {
    const clock = new ManualClock();
    const context = deferred<AcceptContext>();
    const { port, reports } = await running({
      clock,
      accept: async (_request, given) => {
        const waiting = wait(given.signal);
        context.resolve(given);
        await waiting;
        return true;
      },
    });
    const peer = await rawPeer({ port });
    peer.send(requestHead());
    const { signal } = await context.promise;
    clock.advance(29_999);
    expect([peer.text, signal.aborted]).toEqual(["", false]);
    clock.advance(1);
    expect(signal.aborted).toBe(true);
    await peer.end();
    expect(peer.text).toMatch(/^HTTP\/1\.1 503 /);
    // That it was aborted is no news.
    expect(reports.errors).toEqual([]);
  },
);

test.each([
  ["an answer", () => true, []],
  [
    "an error",
    () => {
      throw new Error("broken");
    },
    [new Error("broken")],
  ],
])(
  "%s that comes after the deadline changes nothing; the hook's errors are told",
  async (_, late, errors) => {
    const clock = new ManualClock();
    const context = deferred<AcceptContext>();
    const go = deferred();
    const finished = deferred();
    const { server, port, reports } = await running({
      clock,
      deadlines: { accept: 5 },
      accept: async (_request, given) => {
        context.resolve(given);
        await go.promise;
        void setImmediate().then(finished.resolve);
        return late();
      },
    });
    const peer = await rawPeer({ port });
    peer.send(requestHead());
    const { signal } = await context.promise;
    clock.advance(5);
    await peer.end();
    go.resolve();
    await finished.promise;
    peer.stream.end();
    await peer.closed;
    expect(peer.text).toMatch(/^HTTP\/1\.1 503 /);
    expect(peer.text.match(/HTTP/g)).toHaveLength(1);
    expect(signal.aborted).toBe(true);
    expect(reports.errors).toEqual(errors);
    expect(server.connections.size).toBe(0);
  },
);

test("a hook that asks for the signal only after the deadline gets one that is aborted", async () => {
  const clock = new ManualClock();
  const context = deferred<AcceptContext>();
  const { port } = await running({
    clock,
    accept: async (_request, given) => {
      context.resolve(given);
      return new Promise(() => {});
    },
  });
  const peer = await rawPeer({ port });
  peer.send(requestHead());
  const given = await context.promise;
  clock.advance(30_000);
  expect(given.signal.aborted).toBe(true);
});

test("a refused stream that is not ended by its peer is cut after the close deadline", async () => {
  const clock = new ManualClock();
  const { server, port } = await running({ clock, deadlines: { close: 700 } });
  const peer = await rawPeer({ port });
  peer.send("nonsense\r\n\r\n");
  await peer.end();
  const closed = server.close();
  peer.send("more");
  clock.advance(699);
  expect(peer.stream.closed).toBe(false);
  clock.advance(1);
  await closed;
  peer.send("more");
  await peer.closed;
  expect(clock.delays).toEqual([]);
});

test("CVE-2024-23672, ws-3f9ffc68: data does not move the deadline of the closing handshake", async () => {
  const clock = new ManualClock();
  const opened = deferred<NodeConnection>();
  const { port } = await running({ clock, deadlines: { close: 500 } }, (socket) => {
    opened.resolve(socket);
  });
  const peer = await rawPeer({ port });
  peer.send(requestHead());
  const socket = await opened.promise;
  const closed = socket.close(4000);
  for (let time = 0; time < 500; time += 100) {
    peer.send("\x81\x80\0\0\0\0");
    clock.advance(100);
  }
  expect(await closed).toEqual({ code: 1006, reason: "", wasClean: false });
  await peer.over();
  expect(clock.delays).toEqual([]);
});

test("CVE-2026-79677: a peer that reads nothing for 30 s is cut, and the sender hears of it", async () => {
  const clock = new ManualClock();
  const opened = deferred<NodeConnection>();
  const { port } = await running({ clock, keepAlive: false, maxQueued: Infinity }, (socket) => {
    opened.resolve(socket);
  });
  const peer = await rawPeer({ port });
  peer.stream.pause();
  peer.send(requestHead());
  const socket = await opened.promise;
  const sent = socket.send(new Uint8Array(64 * 1024 * 1024));
  await clock.set(30_000);
  clock.advance(30_000);
  await expect(sent).rejects.toBeInstanceOf(ConnectionClosedError);
  expect(await socket.closed).toEqual({ code: 1006, reason: "", wasClean: false });
  expect(clock.delays).toEqual([]);
});

test.each([
  ["without TLS", undefined],
  ["with TLS", serverTls],
])(
  "a peer that reads slowly is not cut, though one message takes it longer than the deadline, %s",
  async (_, tls) => {
    const clock = new ManualClock();
    const opened = deferred<NodeConnection>();
    const { port } = await running({ clock, tls, keepAlive: false }, (socket) => {
      opened.resolve(socket);
    });
    const peer: RawPeer = tls === undefined ? await rawPeer({ port }) : securePeer(port);
    peer.send(requestHead());
    const socket = await opened.promise;
    const size = 64 * 1024 * 1024;
    const sent = socket.send(new Uint8Array(size));
    await clock.set(30_000);
    for (let received = 0; received < size; received += size / 8) {
      await peer.hasOctets(received);
      clock.advance(20_000);
    }
    await sent;
    expect(socket.state).toBe(1);
  },
);

test("the deadline of a head includes the handshake of TLS", async () => {
  const clock = new ManualClock();
  const { server, port } = await running({ clock, tls: serverTls });
  const half = await rawPeer({ port });
  half.send("\x16\x03\x01");
  await clock.set(10_000);
  clock.advance(10_000);
  await half.over();
  expect(half.text).toBe("");
  half.stream.destroy();

  const carrier = connectTcp(port, "127.0.0.1");
  await clock.set(10_000);
  clock.advance(4_000);
  const secure = new RawPeer(connectTls({ socket: carrier, servername: "localhost", ...trusted }));
  await clock.set(6_000);
  clock.advance(6_000);
  await secure.end();
  expect(secure.text).toMatch(/^HTTP\/1\.1 408 /);
  secure.stream.destroy();
  await server.close();
  expect(clock.delays).toEqual([]);
});

test("Infinity sets no deadline", async () => {
  const clock = new ManualClock();
  const deadlines = { open: Infinity, accept: Infinity, close: Infinity, write: Infinity };
  const opened = deferred<NodeConnection>();
  const { port } = await running({ clock, deadlines, keepAlive: false }, (socket) => {
    opened.resolve(socket);
  });
  const peer = await rawPeer({ port });
  peer.send(requestHead());
  const socket = await opened.promise;
  void socket.close();
  await peer.has("\x88\x02\x03\xe8");
  expect(clock.delays).toEqual([]);
});

// The client

/** A server that accepts connections and says nothing. */
async function silent(): Promise<{ readonly url: string; readonly socket: Promise<Socket> }> {
  const accepted = deferred<Socket>();
  const server = createServer((socket) => {
    socket.on("error", () => {});
    accepted.resolve(socket);
  });
  return { url: `127.0.0.1:${await listening(server)}/`, socket: accepted.promise };
}

test.each(["ws", "wss"])("a client gives a server that says nothing 10 s: %s", async (scheme) => {
  const clock = new ManualClock();
  const { url, socket } = await silent();
  const failed = connect(`${scheme}://${url}`, { clock });
  const peer = new RawPeer(await socket);
  await peer.hasOctets(1);
  clock.advance(9_999);
  expect(peer.stream.closed).toBe(false);
  clock.advance(1);
  await expect(failed).rejects.toMatchObject({
    name: "TimeoutError",
    message: "no connection within deadlines.open, 10000 ms",
  });
  await peer.closed;
  expect(clock.delays).toEqual([]);
});

test("deadlines.open passes while the body of a refusal is on its way: the refusal is what is told", async () => {
  const clock = new ManualClock();
  const [transport, other] = duplexPair();
  const failed = connect("ws://example.com/", { clock, transport, deadlines: { open: 50 } });
  const peer = new RawPeer(other);
  await peer.has("\r\n\r\n");
  peer.send("HTTP/1.1 503 \r\nRetry-After: 5\r\nContent-Length: 10\r\n\r\nhalf ");
  // A pair in memory hands on in the same turn of the event loop.
  await setImmediate();
  clock.advance(50);
  const error = await failed.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(HandshakeRefusedError);
  expect(error).toMatchObject({
    status: 503,
    body: new TextEncoder().encode("half "),
    headers: [
      ["retry-after", "5"],
      ["content-length", "10"],
    ],
  });
});

test("a connection that stands is under no deadline of the handshake", async () => {
  const clock = new ManualClock();
  const { url } = await running({ keepAlive: false }, echo);
  const socket = await client(url, { clock, keepAlive: false });
  expect(clock.delays).toEqual([]);
  clock.advance(100_000);
  await socket.send("still here");
  expect(await socket.receive()).toBe("still here");
});
