import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { Duplex, duplexPair, PassThrough } from "node:stream";
import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { DuplexTransport, type TransportListener } from "../../../src/node/duplex-transport.ts";
import { WebSocketServer } from "../../../src/node/index.ts";
import { Turn } from "../../../src/session/turn.ts";
import { ManualClock } from "../../helpers/manual-clock.ts";
import { after, client, echo, end } from "./running.ts";

/** A stream of which the test decides when a write has left. */
class SlowStream extends Duplex {
  readonly writes: number[] = [];
  finals = 0;
  #left: (() => void) | null = null;

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, left: () => void): void {
    this.writes.push(chunk.length);
    this.#left = left;
  }

  override _final(done: () => void): void {
    this.finals += 1;
    done();
  }

  /** What was written last leaves. */
  async leave(): Promise<void> {
    const left = this.#left!;
    this.#left = null;
    left();
    await setImmediate();
  }
}

/** A socket of which the test decides whether a write leaves at once, or when. */
class SlowSocket {
  readonly stream: Socket = new Socket();
  readonly writes: number[] = [];
  flows: boolean = true;
  #left: (() => void) | null = null;

  constructor() {
    const take = (sizes: readonly number[], left: () => void): void => {
      this.writes.push(...sizes);
      if (this.flows) left();
      else this.#left = left;
    };
    Object.assign(this.stream, {
      _write: (chunk: Buffer, _encoding: string, left: () => void) => take([chunk.length], left),
      _writev: (chunks: readonly { readonly chunk: Buffer }[], left: () => void) =>
        take(
          chunks.map(({ chunk }) => chunk.length),
          left,
        ),
    });
  }

  /** What was written last leaves. */
  async leave(): Promise<void> {
    const left = this.#left!;
    this.#left = null;
    left();
    await setImmediate();
  }
}

/** Writes down what it is told. */
class Told implements TransportListener {
  readonly events: unknown[] = [];
  received(chunk: Uint8Array): void {
    this.events.push(Buffer.from(chunk).toString());
  }
  ended(): void {
    this.events.push("ended");
  }
  progressed(): void {
    this.events.push("progressed");
  }
  transportClosed(error?: unknown): void {
    this.events.push(["closed", error]);
  }
}

function transportOf<Stream extends Duplex>(
  stream: Stream,
): { stream: Stream; transport: DuplexTransport; told: Told } {
  const transport = new DuplexTransport(stream);
  const told = new Told();
  transport.listen(told);
  return { stream, transport, told };
}

const KIB = 1024;

test("a small write goes to the stream as it is; what has left is told", async () => {
  const { stream, transport, told } = transportOf(new SlowStream());
  transport.write(new Uint8Array(10));
  transport.write(new Uint8Array(20));
  expect([stream.writes, transport.queued(), transport.progressMark()]).toEqual([[10], 30, "0"]);
  await stream.leave();
  expect([stream.writes, transport.queued(), transport.progressMark()]).toEqual([
    [10, 20],
    20,
    "10",
  ]);
  await stream.leave();
  expect([transport.queued(), transport.progressMark()]).toEqual([0, "30"]);
  expect(told.events).toEqual(["progressed", "progressed"]);
});

test("a small write to a socket is told of only if it does not leave at once, however many follow", async () => {
  const socket = new SlowSocket();
  const { transport, told } = transportOf(socket.stream);
  expect(transport.write(new Uint8Array(10))).toBe(true);
  await setImmediate();
  expect([socket.writes, told.events]).toEqual([[10], []]);
  socket.flows = false;
  for (const size of [20, 30, 40]) {
    expect(transport.write(new Uint8Array(size))).toBe(false);
  }
  expect([transport.queued(), transport.progressMark()]).toEqual([90, "10"]);
  await socket.leave();
  expect([transport.progressMark(), told.events]).toEqual(["30", []]);
  await socket.leave();
  expect([transport.queued(), transport.progressMark()]).toEqual([0, "100"]);
  expect(told.events).toEqual(["progressed"]);
  expect(socket.writes.reduce((sum, size) => sum + size)).toBe(100);
});

test("what was written behind a write to a socket that is told of is told of as well", async () => {
  const socket = new SlowSocket();
  const { transport, told } = transportOf(socket.stream);
  socket.flows = false;
  transport.write(new Uint8Array(20 * KIB));
  transport.write(new Uint8Array(20));
  await socket.leave();
  expect([transport.queued(), told.events.length]).toEqual([20, 1]);
  await socket.leave();
  expect(transport.queued()).toBe(0);
  socket.flows = true;
  await socket.leave();
  expect(told.events).toEqual(["progressed", "progressed"]);
  transport.write(new Uint8Array(30));
  transport.end();
  await setImmediate();
  expect(socket.writes.filter((size) => size > 0)).toEqual([20 * KIB, 20, 30]);
});

test("behind the end of a socket nothing is written to be told of", async () => {
  const socket = new SlowSocket();
  const { transport } = transportOf(socket.stream);
  socket.flows = false;
  transport.write(new Uint8Array(20 * KIB));
  transport.write(new Uint8Array(20));
  transport.end();
  await socket.leave();
  await socket.leave();
  expect(socket.writes).toEqual([20 * KIB, 20]);
});

test("a large write goes in shares, so that a slow peer is seen to take some of it", async () => {
  const { stream, transport, told } = transportOf(new SlowStream());
  transport.write(new Uint8Array(300 * KIB));
  transport.write(new Uint8Array(5));
  expect([stream.writes, transport.queued()]).toEqual([[128 * KIB], 300 * KIB + 5]);
  await stream.leave();
  expect([stream.writes.at(-1), transport.progressMark()]).toEqual([128 * KIB, String(128 * KIB)]);
  await stream.leave();
  await stream.leave();
  await stream.leave();
  expect(stream.writes).toEqual([128 * KIB, 128 * KIB, 44 * KIB, 5]);
  expect([transport.queued(), told.events.length]).toEqual([0, 4]);
});

/** A stream that can write many chunks at once, which leave at once. */
class VectorStream extends Duplex {
  readonly vectors: number[][] = [];
  override _read(): void {}
  override _write(chunk: Buffer, _encoding: string, left: () => void): void {
    this.vectors.push([chunk.length]);
    left();
  }
  override _writev(chunks: readonly { chunk: Buffer }[], left: () => void): void {
    this.vectors.push(chunks.map(({ chunk }) => chunk.length));
    left();
  }
}

test("two arrays leave in one write; of what is more than a share the rest follows at once", () => {
  const { stream, transport } = transportOf(new VectorStream());
  transport.writeBoth(new Uint8Array(10), new Uint8Array(64 * KIB));
  transport.writeBoth(new Uint8Array(10), new Uint8Array(300 * KIB));
  expect(stream.vectors).toEqual([[10, 64 * KIB], [10, 128 * KIB], [128 * KIB], [44 * KIB]]);
  expect([transport.queued(), transport.progressMark()]).toEqual([0, String(364 * KIB + 20)]);
});

test.each([20, 20 * KIB])(
  "two arrays to a socket that does not take them, of which the second has %d octets, are told of once",
  async (size) => {
    const socket = new SlowSocket();
    const { transport, told } = transportOf(socket.stream);
    socket.flows = false;
    transport.writeBoth(new Uint8Array(10), new Uint8Array(size));
    expect(transport.queued()).toBe(10 + size);
    while (told.events.length === 0) await socket.leave();
    await setImmediate();
    expect([told.events, transport.queued()]).toEqual([["progressed"], 0]);
    expect(socket.writes.reduce((sum, part) => sum + part)).toBe(10 + size);
  },
);

test("two arrays behind what waits, and of a stream that is gone", async () => {
  const { stream, transport } = transportOf(new SlowStream());
  transport.write(new Uint8Array(200 * KIB));
  transport.writeBoth(new Uint8Array(10), new Uint8Array(20));
  expect(transport.queued()).toBe(200 * KIB + 30);
  while (transport.queued() > 0) await stream.leave();
  expect(stream.writes).toEqual([128 * KIB, 72 * KIB, 10, 20]);
  stream.destroy();
  transport.writeBoth(new Uint8Array(10), new Uint8Array(20));
  expect([stream.writes.length, transport.queued()]).toEqual([4, 0]);
});

test("octets whose memory somebody has transferred away while they waited end the stream", async () => {
  const { stream, transport, told } = transportOf(new SlowStream());
  const octets = new Uint8Array(300 * KIB);
  transport.write(octets);
  structuredClone(octets, { transfer: [octets.buffer] });
  await stream.leave();
  expect(told.events.at(-1)).toEqual([
    "closed",
    new Error("octets were transferred away before they had left"),
  ]);
});

test("what is written at the end of a turn leaves in front of everything, and once", async () => {
  const clock = new ManualClock();
  const turn = new Turn(clock);
  const [alone, joined, ending, cut, gone] = Array.from({ length: 5 }, () =>
    transportOf(new SlowStream()),
  );
  for (const each of [alone!, joined!, ending!, cut!, gone!]) {
    each.transport.writeAtEnd(new Uint8Array(10), turn);
    expect(each.stream.writes).toEqual([]);
  }
  expect(joined!.transport.write(new Uint8Array(5))).toBe(true);
  ending!.transport.end();
  cut!.transport.destroy();
  gone!.stream.destroy();
  await clock.endTurn();
  const writes = [alone!, joined!, ending!, cut!, gone!].map(({ stream }) => stream.writes);
  expect(writes).toEqual([[10], [15], [10], [10], []]);
  await alone!.stream.leave();
  expect([alone!.transport.progressMark(), alone!.told.events]).toEqual(["10", []]);
});

test("more than the stream should hold is written in shares at the end of a turn too", async () => {
  const clock = new ManualClock();
  const { stream, transport } = transportOf(new SlowStream());
  transport.writeAtEnd(new Uint8Array(200 * KIB), new Turn(clock));
  await clock.endTurn();
  await stream.leave();
  expect(stream.writes).toEqual([128 * KIB, 72 * KIB]);
});

test("many small writes beyond what the stream should hold wait, in their order", async () => {
  const { stream, transport } = transportOf(new SlowStream());
  for (let size = 1; size <= 5; size++) transport.write(new Uint8Array(size * 40 * KIB));
  expect(transport.queued()).toBe(15 * 40 * KIB);
  while (transport.queued() > 0) await stream.leave();
  const whole = stream.writes.reduce((sum, size) => sum + size, 0);
  expect(whole).toBe(15 * 40 * KIB);
  expect(stream.writes.slice(0, 2)).toEqual([40 * KIB, 80 * KIB]);
});

test("the order of octets is kept", async () => {
  const [own, other] = duplexPair();
  const { transport } = transportOf(own);
  const received: Buffer[] = [];
  other.on("data", (chunk: Buffer) => received.push(chunk));
  const sent: Uint8Array[] = [];
  for (let index = 0; index < 40; index++) {
    const octets = new Uint8Array((index % 7) * 30_000 + 1).fill(index);
    sent.push(octets);
    transport.write(octets);
  }
  transport.end();
  await new Promise((resolve) => {
    other.on("end", resolve);
  });
  expect(Buffer.concat(received).equals(Buffer.concat(sent))).toBe(true);
});

test("the end comes behind what waits, once, and nothing after it", async () => {
  const { stream, transport } = transportOf(new SlowStream());
  transport.write(new Uint8Array(200 * KIB));
  transport.end();
  transport.end();
  transport.write(new Uint8Array(7));
  await stream.leave();
  expect(stream.finals).toBe(0);
  await stream.leave();
  expect([stream.writes, stream.finals]).toEqual([[128 * KIB, 72 * KIB], 1]);
});

test("an end with nothing before it, and one of a stream that has ended itself", () => {
  const { stream, transport } = transportOf(new SlowStream());
  transport.end();
  expect(stream.writableEnded).toBe(true);
  const other = transportOf(new SlowStream());
  other.stream.end();
  other.transport.write(new Uint8Array(1));
  other.transport.end();
  expect([other.stream.writes, other.transport.queued()]).toEqual([[], 0]);
});

test("a stream that is destroyed takes nothing any more, and what waited is let go", async () => {
  const { stream, transport, told } = transportOf(new SlowStream());
  transport.write(new Uint8Array(300 * KIB));
  transport.destroy();
  transport.write(new Uint8Array(7));
  transport.end();
  await setImmediate();
  expect(stream.writes).toEqual([128 * KIB]);
  expect(transport.queued()).toBeLessThanOrEqual(128 * KIB);
  expect(told.events.filter((event) => event !== "progressed")).toEqual([["closed", undefined]]);
});

test("octets, the end, an error: each is told once, and the end of all last", async () => {
  const { stream, told } = transportOf(new PassThrough());
  stream.write("a");
  stream.write("b");
  await setImmediate();
  stream.end();
  await setImmediate();
  const error = new Error("cable");
  const broken = transportOf(new PassThrough());
  broken.stream.emit("error", error);
  broken.stream.destroy(new Error("second"));
  await setImmediate();
  expect(told.events).toEqual(["a", "b", "ended", ["closed", undefined]]);
  expect(broken.told.events).toEqual([["closed", error]]);
});

test("who comes when the stream is closed already is told so, but not at once", async () => {
  const stream = new PassThrough();
  const transport = new DuplexTransport(stream);
  const error = new Error("cable");
  stream.destroy(error);
  await setImmediate();
  const told = new Told();
  transport.listen(told);
  expect(told.events).toEqual([]);
  await setImmediate();
  expect(told.events).toEqual([["closed", error]]);
});

test("a stream that somebody has paused goes on; pause and resume", async () => {
  const stream = new PassThrough();
  stream.pause();
  stream.write("before");
  const { transport, told } = transportOf(stream);
  await setImmediate();
  transport.pause();
  stream.write("while");
  await setImmediate();
  expect(told.events).toEqual(["before"]);
  transport.resume();
  await setImmediate();
  expect(told.events).toEqual(["before", "while"]);
});

test("any Duplex is a transport: two ends in memory", async () => {
  const server = new WebSocketServer({ deflate: true }, echo);
  after(() => end(server));
  const [transport, other] = duplexPair();
  other.once("data", (head: Buffer) => server.upgrade(messageOf(head), other, Buffer.alloc(0)));
  const socket = await client("ws://example.com/", { transport });
  for (const data of ["text", Uint8Array.of(1, 2, 3), "x".repeat(500_000)]) {
    await socket.send(data);
    expect(await socket.receive()).toEqual(data);
  }
  expect(await socket.close(4000, "done")).toEqual({ code: 4000, reason: "done", wasClean: true });
});

/** What node:http would have made of a request's head. */
function messageOf(head: Buffer): IncomingMessage {
  const message = new IncomingMessage(new Socket());
  const [line, ...fields] = head.toString("latin1").trimEnd().split("\r\n");
  const [method, url] = line!.split(" ");
  return Object.assign(message, {
    method,
    url,
    httpVersion: "1.1",
    rawHeaders: fields.flatMap((field) => field.split(": ", 2)),
  });
}
