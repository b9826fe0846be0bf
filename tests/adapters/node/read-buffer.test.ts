import { once } from "node:events";
import { connect as connectTcp, createServer, type Socket } from "node:net";
import { PassThrough } from "node:stream";
import { afterEach, expect, test, vi } from "vitest";
import { receiveBuffer } from "../../../src/bytes/receive-buffer.ts";
import { DuplexTransport, type TransportListener } from "../../../src/node/duplex-transport.ts";
import type { MessageData } from "../../../src/node/index.ts";
import { keysOf, readInto } from "../../../src/node/read-buffer.ts";
import { isPlain } from "../../helpers/plain.ts";
import { untyped } from "../../helpers/rig.ts";
import { after, client, end, listening, running } from "./running.ts";

afterEach(() => vi.unstubAllEnvs());

/** Keeps what it is told. */
class Told implements TransportListener {
  chunks: Uint8Array[] = [];
  ends: number = 0;
  closed: boolean = false;
  received(chunk: Uint8Array): void {
    this.chunks.push(chunk);
  }
  ended(): void {
    this.ends += 1;
  }
  transportClosed(): void {
    this.closed = true;
  }
  /** Settles when so many octets have come; gives them. */
  async octets(count: number): Promise<Buffer> {
    const whole = (): Buffer => Buffer.concat(this.chunks);
    await vi.waitUntil(() => whole().length >= count, { interval: 1 });
    return whole();
  }
}

/** Both ends of a TCP connection: a server's, as it is made by Node, and the peer's. */
async function socketPair(): Promise<{ socket: Socket; peer: Socket }> {
  const server = createServer({ allowHalfOpen: true });
  const accepted = once(server, "connection");
  const peer = connectTcp(await listening(server), "127.0.0.1");
  await once(peer, "connect");
  // oxlint-disable-next-line typescript/no-unsafe-assignment -- of events nobody knows the types
  const [socket]: Socket[] = await accepted;
  after(() => {
    peer.destroy();
    socket!.destroy();
  });
  return { socket: socket!, peer };
}

const listener = (): boolean => true;

/** What the next "data" of a socket brings. */
function nextChunk(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    socket.once("data", (chunk: Buffer) => resolve(chunk.toString()));
  });
}

test.skipIf(isPlain)(
  "a socket's octets come without its event, in their order, and then its end",
  async () => {
    const { socket, peer } = await socketPair();
    const events: string[] = [];
    socket.on("data", () => events.push("data"));
    const told = new Told();
    new DuplexTransport(socket).listen(told);
    const sent = Buffer.from(Uint8Array.from({ length: 500_000 }, (_, index) => index % 251));
    peer.end(sent);
    expect((await told.octets(sent.length)).equals(sent)).toBe(true);
    await vi.waitUntil(() => told.ends === 1, { interval: 1 });
    expect([events, socket.bytesRead]).toEqual([[], sent.length]);
  },
);

test.skipIf(isPlain)("who takes it lent gets it where it was read, without a copy", async () => {
  const { socket, peer } = await socketPair();
  const lent = new Promise((resolve) => {
    new DuplexTransport(socket).listen({
      received: () => {},
      receivedLent: (chunk) => resolve([chunk.buffer === receiveBuffer().buffer, chunk.slice()]),
      ended: () => {},
      transportClosed: () => {},
    });
  });
  peer.write("octets");
  expect(await lent).toEqual([true, Uint8Array.from(Buffer.from("octets"))]);
});

test("what comes while nobody listens is nobody's", async () => {
  const { socket, peer } = await socketPair();
  const transport = new DuplexTransport(socket);
  peer.write("before");
  await vi.waitUntil(() => socket.bytesRead === 6, { interval: 1 });
  const told = new Told();
  transport.listen(told);
  peer.write("after");
  expect((await told.octets(5)).toString()).toBe("after");
});

test("what is received stays as it is, whatever comes later, at both ends", async () => {
  const kept: MessageData[] = [];
  const { server, url } = await running({}, (socket) => {
    socket.on("message", (data) => {
      kept.push(data);
      void socket.send(data);
    });
  });
  const echoed: MessageData[] = [];
  const sizes = [1, 40, 64, 65, 1000, 1025, 70_000, 300_000];
  for (const size of sizes) {
    const peers = await Promise.all([client(url), client(url)]);
    await Promise.all(
      peers.map(async (peer, index) => {
        await peer.send(new Uint8Array(size).fill(index + 1));
        echoed.push((await peer.receive())!);
        await peer.close();
      }),
    );
  }
  for (const messages of [kept, echoed]) {
    const found = messages.map((data) => `${data.length}: ${[...new Set<unknown>(data)].join()}`);
    const expected = sizes.flatMap((size) => [`${size}: 1`, `${size}: 2`]);
    expect(found.sort()).toEqual(expected.sort());
  }
  await end(server);
});

test("a transport that is paused reads nothing until it goes on", async () => {
  const { socket, peer } = await socketPair();
  const told = new Told();
  const transport = new DuplexTransport(socket);
  transport.listen(told);
  peer.write("before");
  await told.octets(6);
  transport.pause();
  peer.write("after");
  const other = await socketPair();
  const later = new Told();
  new DuplexTransport(other.socket).listen(later);
  other.peer.write("later");
  await later.octets(5);
  expect(Buffer.concat(told.chunks).toString()).toBe("before");
  transport.resume();
  expect((await told.octets(11)).toString()).toBe("beforeafter");
});

test("where the inside of sockets is another, they are left as they are", async () => {
  expect(keysOf({ buffer: new Uint8Array(1), callback: listener })).not.toBeNull();
  // Node does not take it for a buffer.
  expect(keysOf({ buffer: untyped("none"), callback: listener })).toBeNull();
  const { socket, peer } = await socketPair();
  expect(readInto(socket, listener, null)).toBe(false);
  peer.write("octets");
  expect(await nextChunk(socket)).toBe("octets");
});

test.each<[string, unknown]>([
  ["no handle at all", new PassThrough()],
  ["none any more", { _handle: null }],
  ["one that takes no buffer", { _handle: {} }],
  ["one that has something else under this name", { _handle: { useUserBuffer: true } }],
])("a stream that has %s is left as it is", (_what, stream) => {
  expect(readInto(untyped(stream), listener)).toBe(false);
});

test("a socket that was made with a buffer of its own keeps it", async () => {
  const server = createServer((socket) => socket.write("octets"));
  const port = await listening(server);
  const read = new Promise((resolve) => {
    const socket = connectTcp({
      port,
      host: "127.0.0.1",
      onread: {
        buffer: new Uint8Array(100),
        callback: (size, buffer) => {
          resolve(Buffer.from(buffer.subarray(0, size)).toString());
          return true;
        },
      },
    });
    after(() => socket.destroy());
    socket.once("connect", () => readInto(socket, listener));
  });
  expect(await read).toBe("octets");
});

test.skipIf(isPlain)("of Node's sockets each is given the buffer once", async () => {
  const { socket } = await socketPair();
  vi.resetModules();
  const fresh = await import("../../../src/node/read-buffer.ts");
  const used = [fresh.readInto(socket, listener), fresh.readInto(socket, listener)];
  expect(used).toEqual([true, false]);
});

test.each([
  ["WSPROTO_PLAIN=1", () => vi.stubEnv("WSPROTO_PLAIN", "1")],
  ["Bun", () => vi.stubGlobal("process", { versions: { bun: "1" }, env: {} })],
  ["Deno", () => vi.stubGlobal("process", { versions: { deno: "2" } })],
])("with %s sockets are read as they come", async (_name, change) => {
  const { socket, peer } = await socketPair();
  vi.resetModules();
  change();
  const fresh = await import("../../../src/node/read-buffer.ts");
  const used = [fresh.readInto(socket, listener), fresh.readInto(socket, listener)];
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  expect(used).toEqual([false, false]);
  peer.write("octets");
  expect(await nextChunk(socket)).toBe("octets");
});
