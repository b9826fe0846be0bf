import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Connection } from "../../src/connection.ts";
import { LocalProtocolError } from "../../src/errors.ts";
import { CloseConnection, type Event, TextMessage } from "../../src/events.ts";
import type { Extension } from "../../src/extensions/extension.ts";
import { PerMessageDeflate } from "../../src/extensions/permessage-deflate.ts";
import { Opcode } from "../../src/frames/opcode.ts";
import { MessageAssembler } from "../../src/messages/assembler.ts";
import { QueueFullError } from "../../src/session/outbox.ts";
import type { SendOptions } from "../../src/session/sender.ts";
import type { Piece, Source } from "../../src/session/source.ts";
import { Turn } from "../../src/session/turn.ts";
import { CLIENT, type ConnectionType, SERVER } from "../../src/states.ts";
import { FaultyExtension } from "../helpers/faulty-extension.ts";
import { ManualClock } from "../helpers/manual-clock.ts";
import { outcomeOf, Rig, type RigOptions, untyped } from "../helpers/rig.ts";

/** What a session and its peer have agreed upon. */
function agreement(
  deflates: boolean,
  type: ConnectionType,
): { readonly extensions: readonly Extension[]; readonly peer: Connection } {
  const peerType = type === SERVER ? CLIENT : SERVER;
  if (!deflates) return { extensions: [], peer: new Connection(peerType) };
  const [own, other] = [new PerMessageDeflate(), new PerMessageDeflate()];
  const [client, server] = type === CLIENT ? [own, other] : [other, own];
  server.accept("permessage-deflate");
  client.finalize("permessage-deflate");
  return { extensions: [own], peer: new Connection(peerType, [other]) };
}

/** The whole messages among events. */
function messagesOf(events: readonly Event[]): (string | Uint8Array)[] {
  const assembler = new MessageAssembler();
  return events.flatMap((event) => {
    if (event.type !== "TextMessage" && event.type !== "BytesMessage") return [];
    return assembler.push(event)?.data ?? [];
  });
}

/** A source that gives a piece when the test does. */
class Tap implements AsyncIterableIterator<Piece> {
  returned: number = 0;
  asked: number = 0;
  #give: (step: IteratorResult<Piece, undefined>) => void = () => {};
  #fail: (error: unknown) => void = () => {};

  next(): Promise<IteratorResult<Piece, undefined>> {
    this.asked += 1;
    return new Promise((resolve, reject) => {
      this.#give = resolve;
      this.#fail = reject;
    });
  }

  return(): Promise<IteratorResult<Piece, undefined>> {
    this.returned += 1;
    return Promise.resolve({ done: true, value: undefined });
  }

  give(value: Piece): void {
    this.#give({ done: false, value });
  }

  end(): void {
    this.#give({ done: true, value: undefined });
  }

  fail(error: unknown): void {
    this.#fail(error);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

const octets = (size: number, fill: number = 1): Uint8Array<ArrayBuffer> =>
  new Uint8Array(size).fill(fill);

describe.each([
  ["server", SERVER],
  ["client", CLIENT],
] as const)("a %s sends", (_name, type) => {
  const bytes = Uint8Array.of(1, 2, 3, 4);

  test.each<[string, Parameters<Rig["connection"]["send"]>[0], string | Uint8Array]>([
    ["text", "héllo", "héllo"],
    ["empty text", "", ""],
    ["a Uint8Array", bytes, bytes],
    ["a part of one", bytes.subarray(1, 3), Uint8Array.of(2, 3)],
    ["an ArrayBuffer", bytes.slice().buffer, bytes],
    ["a DataView", new DataView(bytes.slice().buffer, 1, 2), Uint8Array.of(2, 3)],
    ["a Uint16Array", new Uint16Array(bytes.slice().buffer), bytes],
    ["an array of text", ["a", "", "b"], "ab"],
    [
      "an array of octets",
      [bytes, bytes.buffer, new DataView(bytes.buffer)],
      Uint8Array.of(1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4),
    ],
    ["a Set", new Set(["a", "b"]), "ab"],
    [
      "an asynchronous generator",
      (async function* () {
        yield "a";
        yield "b";
      })(),
      "ab",
    ],
    [
      "a generator of promises",
      (function* () {
        yield "a";
        yield "b";
      })(),
      "ab",
    ],
    [
      "a ReadableStream",
      new Blob(["stream"]).stream() as AsyncIterable<Uint8Array>,
      new TextEncoder().encode("stream"),
    ],
  ])("%s", async (_what, data, expected) => {
    const rig = new Rig({ type });
    const sent = outcomeOf(rig.connection.send(data));
    await rig.endTurn();
    // A stream may take its time.
    while (sent.state === "pending") await rig.endTurn();
    expect(sent).toMatchObject({ state: "fulfilled", value: undefined });
    expect(messagesOf(rig.read())).toEqual([expected]);
  });

  test.each<[string, unknown]>([
    ["CVE-2016-10518: a number", 5],
    ["undefined", undefined],
    ["null", null],
    ["a boolean", true],
    ["an object", {}],
    ["a function", () => {}],
    ["a SharedArrayBuffer", new SharedArrayBuffer(4)],
    ["pieces, one of which is a number", ["a", 5]],
  ])("no message of %s: TypeError", async (_what, data) => {
    const rig = new Rig({ type });
    await expect(rig.connection.send(untyped(data))).rejects.toThrow(TypeError);
  });

  test("whether to compress must be a boolean", async () => {
    const rig = new Rig({ type });
    const compress = untyped("yes");
    await expect(rig.connection.send("a", { compress })).rejects.toThrow(TypeError);
    await expect(rig.connection.send(["a"], { compress })).rejects.toThrow(TypeError);
    await expect(rig.connection.send("a", {})).resolves.toBeUndefined();
  });

  test("whether to copy must be a boolean", async () => {
    const rig = new Rig({ type });
    const copy = untyped(0);
    await expect(rig.connection.send(octets(1), { copy })).rejects.toThrow(
      new TypeError("copy must be a boolean, not number"),
    );
    await expect(rig.connection.send(["a"], { copy })).rejects.toThrow(TypeError);
    await expect(rig.connection.send("a", { copy: undefined })).resolves.toBeUndefined();
  });

  test("copied or not, the same messages arrive in the same order, whatever the queue", async () => {
    const size = fc.constantFrom(0, 10, 16_383, 16_384, 20_000);
    const message = fc.record({
      data: fc.oneof(
        size.map((length) => octets(length, length % 251)),
        size.map((length) => "x".repeat(length)),
        fc.constant(["piece ", "by ", "piece"]),
      ),
      options: fc.record({ copy: fc.boolean(), compress: fc.boolean() }, { requiredKeys: [] }),
      leaving: fc.nat(60_000),
      endsTurn: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(message, { maxLength: 8 }), fc.boolean(), async (all, deflates) => {
        const { extensions, peer } = agreement(deflates, type);
        const rig = new Rig({ type, extensions });
        for (const { data, options, leaving, endsTurn } of all) {
          rig.transport.flow = leaving;
          void rig.connection.send(data, options);
          if (endsTurn) await rig.endTurn();
        }
        rig.transport.flow = Infinity;
        await rig.endTurn();
        rig.drain();
        // The pieces of a message come one after the other.
        for (let turn = 0; turn < 50; turn++) await rig.endTurn();
        for (const written of rig.transport.writes) peer.receiveData(written);
        const expected = all.map(({ data }) =>
          typeof data === "string" || data instanceof Uint8Array ? data : data.join(""),
        );
        const arrived = messagesOf([...peer.events()]);
        // `toEqual` looks at every octet, and takes its time.
        expect(arrived.map((data) => Buffer.from(data).toString("latin1"))).toEqual(
          expected.map((data) => Buffer.from(data).toString("latin1")),
        );
        expect(arrived.map((data) => typeof data)).toEqual(expected.map((data) => typeof data));
        expect(rig.transport.faults).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });
});

describe("without a copy", () => {
  const LARGE = 20_000;

  test("a server's large message leaves from its own memory, behind a head, whatever is queued", async () => {
    const rig = new Rig();
    const [first, second, third] = [octets(LARGE), octets(LARGE), octets(LARGE)];
    void rig.connection.send("before");
    void rig.connection.send(first, { copy: false });
    expect(rig.transport.memory.slice(2)).toEqual([first.buffer]);
    expect(rig.transport.memory[2]).toBe(first.buffer);
    rig.transport.flow = 0;
    void rig.connection.send(second, { copy: false });
    void rig.connection.send(third, { copy: false });
    expect(rig.transport.memory[4]).toBe(second.buffer);
    expect(rig.transport.memory[6]).toBe(third.buffer);
    expect(rig.connection.bufferedAmount).toBe(2 * (LARGE + 4));
    rig.drain();
    expect(rig.connection.bufferedAmount).toBe(0);
    expect(messagesOf(rig.read())).toEqual(["before", first, second, third]);
  });

  test("nor is it copied while it waits behind a message in pieces", async () => {
    const rig = new Rig();
    const tap = new Tap();
    const data = octets(LARGE);
    void rig.connection.send(tap);
    void rig.connection.send(data, { copy: false });
    await rig.endTurn();
    tap.give("a");
    await rig.endTurn();
    tap.end();
    await rig.endTurn();
    expect(rig.transport.memory).toContain(data.buffer);
    expect(messagesOf(rig.read())).toEqual(["a", data]);
  });

  test.each<[string, RigOptions, number, SendOptions]>([
    ["of a client, which masks", { type: CLIENT }, LARGE, {}],
    ["that is small", {}, 1000, {}],
    ["that an extension changes", { extensions: agreement(true, SERVER).extensions }, LARGE, {}],
    ["that may be changed", {}, LARGE, { copy: true }],
    ["of which nothing was said", {}, LARGE, { copy: undefined }],
  ])("not one %s", async (_what, how, size, options) => {
    const rig = new Rig(how);
    const data = octets(size);
    void rig.connection.send(data, { copy: false, ...options });
    await rig.endTurn();
    expect(rig.transport.memory).toHaveLength(1);
    expect(rig.transport.memory).not.toContain(data.buffer);
  });

  test("one that an extension leaves alone", () => {
    const rig = new Rig({ extensions: agreement(true, SERVER).extensions });
    const data = octets(LARGE);
    void rig.connection.send(data, { copy: false, compress: false });
    expect(rig.transport.memory[1]).toBe(data.buffer);
  });

  test("what the engine refuses, and what comes after the end, rejects and is not written", async () => {
    const rig = new Rig();
    void rig.connection.close();
    await rig.endTurn();
    rig.transport.writes = [];
    const refused = rig.connection.send(octets(LARGE), { copy: false });
    await expect(refused).rejects.toThrow(LocalProtocolError);
    expect(rig.transport.writes).toEqual([]);
  });
});

test("CVE-2012-4929: a message can be sent uncompressed, whole or in pieces", async () => {
  const pmd = new PerMessageDeflate({ threshold: 0 });
  pmd.accept("permessage-deflate");
  const rig = new Rig({ extensions: [pmd] });
  const first = async (data: string | string[], compress: boolean | undefined): Promise<number> => {
    await rig.connection.send(data, { compress });
    await rig.endTurn();
    const [written] = rig.transport.writes.splice(0);
    return written![0]!;
  };
  expect(await first("a", undefined)).toBe(0xc1);
  expect(await first("a", true)).toBe(0xc1);
  expect(await first("a", false)).toBe(0x81);
  expect(await first(["a", "b"], true)).toBe(0x41);
  expect(await first(["a", "b"], false)).toBe(0x01);
});

describe("R6455-10.3-01: a payload is taken at once", () => {
  test.each([SERVER, CLIENT])("from connection type %i", async (type) => {
    const rig = new Rig({ type });
    const data = octets(8);
    void rig.connection.send(data);
    data.fill(2);
    await rig.endTurn();
    expect(messagesOf(rig.read())).toEqual([octets(8)]);
  });

  test("behind a message in pieces too, and whatever becomes of its memory", async () => {
    const rig = new Rig();
    const tap = new Tap();
    void rig.connection.send(tap);
    const data = octets(8);
    void rig.connection.send(data);
    data.fill(2);
    structuredClone(data, { transfer: [data.buffer] });
    await rig.endTurn();
    tap.give("a");
    await rig.endTurn();
    tap.end();
    await rig.endTurn();
    expect(messagesOf(rig.read())).toEqual(["a", octets(8)]);
  });
});

describe("one write", () => {
  test("for all that is sent in one turn", async () => {
    const rig = new Rig();
    for (let count = 0; count < 100; count++) void rig.connection.send(`message ${count}`);
    expect(rig.transport.writes).toEqual([]);
    await rig.endTurn();
    expect(rig.transport.writes).toHaveLength(1);
    expect(messagesOf(rig.read())).toHaveLength(100);
  });

  test("for all answers to one chunk", async () => {
    const rig = new Rig();
    const echo = (async () => {
      for await (const message of rig.connection) await rig.connection.send(message);
    })();
    const messages = Array.from(
      { length: 64 },
      (_, index) => new TextMessage({ data: `${index}` }),
    );
    rig.arrive(...messages);
    await rig.endTurn();
    expect(rig.transport.writes).toHaveLength(1);
    expect(messagesOf(rig.read())).toEqual(messages.map(({ data }) => data));
    rig.arrive(new CloseConnection({ code: 1000 }));
    await echo;
  });

  test("for each 64 KiB or so: long before the end of the turn", () => {
    const rig = new Rig();
    for (let count = 0; count < 1000; count++) void rig.connection.send(octets(1000));
    expect(rig.transport.writes).toHaveLength(15);
    for (const { length } of rig.transport.writes) expect(length).toBeLessThan(66 * 1024);
  });

  test("for what sessions send by turns, each to its own transport", async () => {
    const clock = new ManualClock();
    const turn = new Turn(clock);
    const rigs = Array.from({ length: 3 }, () => new Rig({ clock, turn }));
    for (let count = 0; count < 4; count++) {
      for (const [index, { connection }] of rigs.entries())
        void connection.send(`${index}-${count}`);
    }
    await clock.endTurn();
    for (const [index, rig] of rigs.entries()) {
      expect(rig.transport.writes).toHaveLength(1);
      expect(messagesOf(rig.read())).toEqual([0, 1, 2, 3].map((count) => `${index}-${count}`));
    }
  });

  test("of its own for a large message, behind what was sent before", async () => {
    const rig = new Rig();
    void rig.connection.send("a");
    void rig.connection.send(octets(20_000));
    void rig.connection.send("b");
    void rig.connection.send("c".repeat(20_000));
    expect(rig.transport.writes.map(({ length }) => length)).toEqual([3, 20_007]);
    await rig.endTurn();
    expect(messagesOf(rig.read()).map(({ length }) => length)).toEqual([1, 20_000, 1, 20_000]);
  });

  test("what waits holds no memory that others have written to", async () => {
    const clock = new ManualClock();
    const turn = new Turn(clock);
    const [slow, quick] = [new Rig({ clock, turn }), new Rig({ clock, turn })];
    slow.transport.flow = 0;
    void slow.connection.send("first");
    await clock.endTurn();
    void slow.connection.send("second");
    void quick.connection.send("third");
    await clock.endTurn();
    const [, held] = slow.transport.writes;
    expect(held!.buffer.byteLength).toBe(held!.length);
    expect(messagesOf(slow.read())).toEqual(["first", "second"]);
    expect(messagesOf(quick.read())).toEqual(["third"]);
  });

  test("none for a connection that ended in the same turn, and nothing of it in those of others", async () => {
    const clock = new ManualClock();
    const turn = new Turn(clock);
    const [gone, other] = [new Rig({ clock, turn }), new Rig({ clock, turn })];
    void other.connection.send("a");
    void gone.connection.send("lost");
    gone.connection.terminate();
    void other.connection.send("b");
    await clock.endTurn();
    expect(gone.transport.writes).toEqual([]);
    expect(messagesOf(other.read())).toEqual(["a", "b"]);
  });
});

describe("back-pressure", () => {
  test("send settles when less than the high-water mark is queued", async () => {
    const rig = new Rig();
    rig.transport.flow = 0;
    const first = outcomeOf(rig.connection.send(octets(65_000)));
    await rig.endTurn();
    expect(first.state).toBe("fulfilled");
    expect(rig.connection.writable).toBe(true);
    const second = outcomeOf(rig.connection.send(octets(65_000)));
    const drained = outcomeOf(rig.connection.drained());
    await rig.endTurn();
    expect(rig.connection.bufferedAmount).toBe(130_008);
    expect(rig.connection.writable).toBe(false);
    rig.drain(130_008 - 65_536);
    await rig.endTurn();
    expect([second.state, drained.state]).toEqual(["pending", "pending"]);
    rig.drain(1);
    await rig.endTurn();
    expect([second.state, drained.state]).toEqual(["fulfilled", "fulfilled"]);
    expect(rig.connection.writable).toBe(true);
    await expect(rig.connection.drained()).resolves.toBeUndefined();
    expect(rig.connection.bufferedAmount).toBe(65_535);
    rig.drain();
    expect(rig.connection.bufferedAmount).toBe(0);
    const again = [
      outcomeOf(rig.connection.send(octets(70_000))),
      outcomeOf(rig.connection.drained()),
    ];
    await rig.endTurn();
    expect(again.map(({ state }) => state)).toEqual(["pending", "pending"]);
    rig.drain();
    await rig.endTurn();
    expect(again.map(({ state }) => state)).toEqual(["fulfilled", "fulfilled"]);
  });

  test("with a low mark, send settles when what was sent has left in the write of the turn", async () => {
    const rig = new Rig({ highWaterMark: 1 });
    const sent = outcomeOf(rig.connection.send("a"));
    const drained = outcomeOf(rig.connection.drained());
    await rig.clock.settle();
    expect([sent.state, drained.state]).toEqual(["pending", "pending"]);
    expect(rig.connection.bufferedAmount).toBe(3);
    await rig.endTurn();
    expect([sent.state, drained.state]).toEqual(["fulfilled", "fulfilled"]);
    expect(rig.connection.bufferedAmount).toBe(0);
  });

  test("CVE-2020-35896: with maxQueued queued, sending rejects; one message of any size is taken", async () => {
    const rig = new Rig({ maxQueued: 100_000 });
    rig.transport.flow = 0;
    void rig.connection.send(octets(99_989));
    void rig.connection.send(octets(1_000_000));
    const error = await rig.connection.send("no").catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(QueueFullError);
    expect(error).toMatchObject({
      name: "QueueFullError",
      message: "1100009 octets are queued, expected fewer than maxQueued, 100000",
    });
    await expect(rig.connection.send(["no"])).rejects.toThrow(QueueFullError);
    await expect(rig.connection.ping()).rejects.toThrow(QueueFullError);
    expect(rig.connection.sendEncoded(octets(2))).toBe("full");
    rig.drain(1_000_009);
    await expect(rig.connection.send("no")).rejects.toThrow(QueueFullError);
    rig.drain(1);
    void rig.connection.send("yes");
    rig.drain();
    await expect(rig.connection.send(["yes"])).resolves.toBeUndefined();
    await rig.endTurn();
    expect(messagesOf(rig.read()).map(({ length }) => length)).toEqual([99_989, 1_000_000, 3, 3]);
  });

  test("a queue that grows rejects what exceeds it, and nothing is written of that", async () => {
    const rig = new Rig();
    rig.transport.flow = 0;
    const sent = Array.from({ length: 100 }, () => outcomeOf(rig.connection.send(octets(65_536))));
    await rig.endTurn();
    expect(sent.filter(({ state }) => state === "rejected")).toHaveLength(36);
    expect(rig.connection.bufferedAmount).toBeLessThanOrEqual(4_194_304 + 65_546);
  });

  test("messages behind one in pieces count as queued", async () => {
    const rig = new Rig({ maxQueued: 1000 });
    const tap = new Tap();
    void rig.connection.send(tap);
    void rig.connection.send("x".repeat(300));
    void rig.connection.send(octets(700));
    expect(rig.connection.bufferedAmount).toBe(1000);
    await expect(rig.connection.send("no")).rejects.toThrow(QueueFullError);
    await expect(rig.connection.send(["no"])).rejects.toThrow(QueueFullError);
    tap.give("piece");
    await rig.endTurn();
    tap.end();
    await rig.endTurn();
    expect(rig.connection.bufferedAmount).toBe(0);
    expect(messagesOf(rig.read())).toEqual(["piece", "x".repeat(300), octets(700)]);
  });

  test("what waits behind a message in pieces does not keep its pieces from leaving", async () => {
    const rig = new Rig({ highWaterMark: 100 });
    const sent = outcomeOf(rig.connection.send(["a", "b", "c"]));
    const behind = outcomeOf(rig.connection.send(octets(200)));
    const drained = outcomeOf(rig.connection.drained());
    expect(rig.connection.writable).toBe(false);
    await rig.endTurn();
    expect([sent.state, behind.state, drained.state]).toEqual(Array(3).fill("fulfilled"));
    expect(messagesOf(rig.read())).toEqual(["abc", octets(200)]);
  });

  test("pieces are asked for as long as there is room for more", async () => {
    const rig = new Rig();
    rig.transport.flow = 0;
    const tap = new Tap();
    const sent = outcomeOf(rig.connection.send(tap));
    tap.give(octets(60_000));
    await rig.endTurn();
    expect(tap.asked).toBe(2);
    tap.give(octets(60_000));
    await rig.endTurn();
    expect(tap.asked).toBe(2);
    rig.drain();
    await rig.endTurn();
    expect(tap.asked).toBe(3);
    tap.end();
    await rig.endTurn();
    expect(sent.state).toBe("fulfilled");
    expect(messagesOf(rig.read()).map(({ length }) => length)).toEqual([120_000]);
  });
});

describe("messages in pieces", () => {
  test("R6455-5.4-01: each piece leaves as a fragment as soon as it is there, an empty one ends the message", async () => {
    const rig = new Rig();
    const tap = new Tap();
    void rig.connection.send(tap);
    for (const piece of ["a", "bc"]) {
      tap.give(piece);
      await rig.endTurn();
      expect(rig.read()).toEqual([
        expect.objectContaining({ data: piece, messageFinished: false }),
      ]);
    }
    tap.end();
    await rig.endTurn();
    expect(rig.read()).toEqual([expect.objectContaining({ data: "", messageFinished: true })]);
  });

  test("R6455-5.4-03: messages sent meanwhile follow in their order, whole or in pieces", async () => {
    const rig = new Rig();
    const taps = [new Tap(), new Tap()] as const;
    const sent = [taps[0], "a", octets(2), taps[1], "b"].map((data: string | Uint8Array | Tap) =>
      outcomeOf(rig.connection.send(data)),
    );
    const states = (): string[] => sent.map(({ state }) => state);
    taps[0].give("first");
    await rig.endTurn();
    taps[0].end();
    await rig.endTurn();
    expect(states()).toEqual(["fulfilled", "fulfilled", "fulfilled", "pending", "pending"]);
    taps[1].give(octets(3));
    await rig.endTurn();
    taps[1].end();
    await rig.endTurn();
    expect(states()).toEqual(Array(5).fill("fulfilled"));
    expect(messagesOf(rig.read())).toEqual(["first", "a", octets(2), octets(3), "b"]);
    const after = outcomeOf(rig.connection.send("c"));
    await rig.endTurn();
    expect(after.state).toBe("fulfilled");
    expect(messagesOf(rig.read())).toEqual(["c"]);
  });

  test("R6455-5.4-02: pings go between the pieces", async () => {
    const rig = new Rig();
    const tap = new Tap();
    void rig.connection.send(tap);
    tap.give("a");
    await rig.endTurn();
    void rig.connection.ping();
    tap.give("b");
    await rig.endTurn();
    expect(rig.read().map(({ type }) => type)).toEqual(["TextMessage", "Ping", "TextMessage"]);
  });

  const fault = new Error("source");

  test("a source that throws before its first piece sends nothing, and the connection goes on", async () => {
    const rig = new Rig();
    const tap = new Tap();
    const sent = outcomeOf(rig.connection.send(tap));
    const behind = outcomeOf(rig.connection.send("behind"));
    tap.fail(fault);
    await rig.endTurn();
    expect(sent.error).toBe(fault);
    expect(behind.state).toBe("fulfilled");
    expect(messagesOf(rig.read())).toEqual(["behind"]);
  });

  test.each<[string, Source]>([
    ["no pieces", []],
    ["no pieces, asynchronously", (async function* (): AsyncGenerator<string> {})()],
    ["a first piece of no type", [untyped(5)]],
  ])("%s: TypeError, nothing is sent, and the connection goes on", async (_name, source) => {
    const rig = new Rig();
    const sent = outcomeOf(rig.connection.send(source));
    await rig.endTurn();
    expect(sent.error).toBeInstanceOf(TypeError);
    expect(rig.transport.writes).toEqual([]);
    expect(rig.connection.writable).toBe(true);
  });

  test("a source that cannot even begin rejects, and the connection goes on", async () => {
    const rig = new Rig();
    const source = {
      [Symbol.asyncIterator]: () => {
        throw fault;
      },
    };
    await expect(rig.connection.send(source)).rejects.toBe(fault);
    expect(rig.connection.writable).toBe(true);
  });

  test("a source that throws midway fails the connection with 1011; what waited behind has failed too", async () => {
    const rig = new Rig();
    const tap = new Tap();
    const sent = outcomeOf(rig.connection.send(tap));
    const behind = outcomeOf(rig.connection.send("behind"));
    tap.give("a");
    await rig.endTurn();
    tap.fail(fault);
    await rig.endTurn();
    expect(sent.error).toBe(fault);
    expect(behind.error).toMatchObject({ name: "LocalProtocolError", code: "ERR_STATE" });
    expect(rig.read()).toEqual([
      expect.objectContaining({ data: "a" }),
      expect.objectContaining({ type: "CloseConnection", code: 1011 }),
    ]);
    expect(rig.reported).toEqual([]);
    rig.lose();
    expect(await rig.connection.closed).toEqual({ code: 1006, reason: "", wasClean: false });
    await expect(rig.connection.receive()).rejects.toMatchObject({ cause: fault });
  });

  test.each<[string, Piece]>([
    ["of another type", octets(1)],
    ["of no type", untyped(5)],
  ])("a piece %s fails it as well, and the source is told", async (_name, piece) => {
    const rig = new Rig();
    const tap = new Tap();
    const sent = outcomeOf(rig.connection.send(tap));
    tap.give("a");
    await rig.endTurn();
    tap.give(piece);
    await rig.endTurn();
    expect(sent.error).toBeInstanceOf(TypeError);
    expect(tap.returned).toBe(1);
    expect(rig.read().at(-1)).toMatchObject({ type: "CloseConnection", code: 1011 });
  });

  test("a close while a message is in pieces: it is given up, the closing handshake is not", async () => {
    const rig = new Rig();
    const tap = new Tap();
    const sent = outcomeOf(rig.connection.send(tap));
    const behind = outcomeOf(rig.connection.send("behind"));
    tap.give("a");
    await rig.endTurn();
    const closed = outcomeOf(rig.connection.close());
    await rig.endTurn();
    for (const { error } of [sent, behind]) {
      expect(error).toMatchObject({
        name: "LocalProtocolError",
        message: "the connection is closing",
      });
    }
    expect(tap.returned).toBe(1);
    expect(rig.connection.bufferedAmount).toBe(0);
    tap.give("b");
    tap.fail(fault);
    await rig.endTurn();
    expect(rig.read().map(({ type }) => type)).toEqual(["TextMessage", "CloseConnection"]);
    rig.arrive(new CloseConnection({ code: 1000 }));
    rig.lose();
    await rig.endTurn();
    expect(closed.value).toEqual({ code: 1000, reason: "", wasClean: true });
  });

  test("a source that fails after the connection has begun to close changes nothing", async () => {
    const rig = new Rig();
    const tap = new Tap();
    void rig.connection.send(tap);
    tap.give("a");
    await rig.endTurn();
    void rig.connection.close();
    tap.fail(fault);
    await rig.endTurn();
    rig.arrive(new CloseConnection({ code: 1000 }));
    rig.lose();
    expect(await rig.connection.closed).toMatchObject({ wasClean: true });
  });
});

describe("the end of sending", () => {
  test.each<[string, (rig: Rig) => void, string]>([
    ["close", (rig) => void rig.connection.close(), "LocalProtocolError"],
    [
      "a received Close",
      (rig) => rig.arrive(new CloseConnection({ code: 1000 })),
      "LocalProtocolError",
    ],
    ["terminate", (rig) => rig.connection.terminate(), "ConnectionClosedError"],
    ["the loss of the stream", (rig) => rig.lose(), "ConnectionClosedError"],
  ])("after %s sending rejects, and nothing is written", async (_name, end, name) => {
    const rig = new Rig();
    end(rig);
    await rig.endTurn();
    rig.read();
    for (const data of ["a", octets(1), ["a"]]) {
      await expect(rig.connection.send(data)).rejects.toMatchObject({ name });
    }
    await expect(rig.connection.ping()).rejects.toMatchObject({ name });
    expect(rig.connection.sendEncoded(octets(2))).toBe("closed");
    expect(rig.connection.writable).toBe(false);
    await rig.endTurn();
    expect(rig.transport.writes).toEqual([]);
    expect(rig.transport.faults).toEqual([]);
  });

  test("what waits for room settles at the end, whatever it waits for", async () => {
    const rig = new Rig();
    rig.transport.flow = 0;
    const tap = new Tap();
    const waiting = [
      rig.connection.send(octets(70_000)),
      rig.connection.drained(),
      rig.connection.send(tap),
      rig.connection.send("behind"),
      rig.connection.ping(),
    ].map((promise: Promise<unknown>) => outcomeOf(promise));
    await rig.endTurn();
    expect(waiting.map(({ state }) => state)).toEqual(Array(5).fill("pending"));
    rig.connection.terminate();
    await rig.endTurn();
    for (const { error } of waiting) expect(error).toMatchObject({ name: "ConnectionClosedError" });
    expect(tap.returned).toBe(1);
  });

  test.each([true, false])(
    "a large message (copied: %s) before which the stream breaks, while it takes what was sent before",
    async (copy) => {
      const rig = new Rig();
      void rig.connection.send("before");
      rig.transport.during = () => rig.lose();
      const sent = rig.connection.send(octets(20_000), { copy });
      await expect(sent).rejects.toMatchObject({ code: 1006 });
      await rig.endTurn();
      expect(rig.transport.faults).toEqual([]);
    },
  );

  test("a message that followed one in pieces and waits for room rejects as well", async () => {
    const rig = new Rig();
    rig.transport.flow = 0;
    const pieces = outcomeOf(rig.connection.send(["a"]));
    const behind = outcomeOf(rig.connection.send(octets(70_000)));
    await rig.endTurn();
    expect([pieces.state, behind.state]).toEqual(["fulfilled", "pending"]);
    rig.lose();
    await rig.endTurn();
    expect(behind.error).toMatchObject({ name: "ConnectionClosedError" });
  });

  test.each<[string, object]>([
    ["does not mind", {}],
    [
      "throws",
      {
        return: () => {
          throw new Error("return");
        },
      },
    ],
    ["rejects", { return: () => Promise.reject(new Error("return")) }],
  ])(
    "a source that never gives its piece, and %s when it is told of the end",
    async (_name, rest) => {
      const rig = new Rig();
      const iterator = { next: () => new Promise<never>(() => {}), ...rest };
      const sent = outcomeOf(rig.connection.send({ [Symbol.asyncIterator]: () => iterator }));
      rig.connection.terminate();
      await rig.endTurn();
      expect(sent.state).toBe("rejected");
    },
  );

  test("a piece that comes after the end is not written, and the source hears no more", async () => {
    const rig = new Rig();
    const tap = new Tap();
    void rig.connection.send(tap);
    rig.lose();
    tap.give("late");
    await rig.endTurn();
    expect(rig.transport.faults).toEqual([]);
    expect(tap.asked).toBe(1);
  });

  test("rejections that nobody looks at are no unhandled ones", async () => {
    const rig = new Rig({ maxQueued: 10 });
    rig.transport.flow = 0;
    void rig.connection.send(untyped(5));
    void rig.connection.send(octets(100_000));
    void rig.connection.send("full");
    void rig.connection.send([untyped(5)]);
    void rig.connection.ping();
    void rig.connection.ping(octets(126));
    void rig.connection.drained();
    rig.connection.terminate();
    void rig.connection.send("ended");
    void rig.connection.drained();
    void rig.connection.ping();
    await rig.endTurn();
    expect(rig.transport.writes).toHaveLength(1);
  });

  test("an extension that throws rejects the message; nothing of it is written, and the connection goes on", async () => {
    const fault = new Error("extension");
    const extension = new FaultyExtension();
    const rig = new Rig({ extensions: [extension] });
    extension.outbound.set(Opcode.TEXT, fault);
    const tap = new Tap();
    const refused = ["a", ["a"]].map((data) => outcomeOf(rig.connection.send(data)));
    await rig.endTurn();
    const before = outcomeOf(rig.connection.send(tap));
    const behind = outcomeOf(rig.connection.send("a"));
    tap.give(octets(2));
    await rig.endTurn();
    tap.end();
    await rig.endTurn();
    for (const { error } of [...refused, behind]) expect(error).toBe(fault);
    expect(before.state).toBe("fulfilled");
    expect(messagesOf(rig.read())).toEqual([octets(2)]);
  });
});
