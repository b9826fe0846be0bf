import * as fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { OutputBuffer } from "../../src/bytes/output.ts";
import { concat, toHex } from "../helpers/wire.ts";

const BLOCK = 64 * 1024;

/** What may be done with an OutputBuffer, and how many octets with it. */
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ act: fc.constant("append" as const), size: fc.nat(200) }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constant("reserve" as const), size: fc.nat(5000) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      act: fc.constant("append" as const),
      size: fc.integer({ min: BLOCK - 5, max: 3 * BLOCK }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ act: fc.constant("take" as const), size: fc.constant(0) }) },
  { weight: 3, arbitrary: fc.record({ act: fc.constant("cut" as const), size: fc.constant(0) }) },
  {
    weight: 3,
    arbitrary: fc.record({ act: fc.constantFrom("lend", "cutLent"), size: fc.constant(0) }),
  },
  { weight: 3, arbitrary: fc.record({ act: fc.constant("give back" as const), size: fc.nat(5) }) },
  {
    weight: 1,
    arbitrary: fc.record({ act: fc.constant("discard" as const), size: fc.constant(0) }),
  },
);

describe("OutputBuffer", () => {
  test("R6455-10.3-01: what is taken is what was written, and is not changed afterwards, unless it was given back", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(step, fc.nat(1)), { maxLength: 120 }), (steps) => {
        const outputs = [new OutputBuffer(), new OutputBuffer()];
        const pendings: Uint8Array[][] = [[], []];
        const lent: { octets: Uint8Array; copy: string }[] = [];
        const taken: { octets: Uint8Array; copy: string }[] = [];
        let next = 0;
        for (const [{ act, size }, which] of steps) {
          const output = outputs[which]!;
          let pending = pendings[which]!;
          if (act === "take" || act === "cut" || act === "lend" || act === "cutLent") {
            const octets = output[act]();
            expect(toHex(octets) === toHex(concat(...pending))).toBe(true);
            (act === "lend" || act === "cutLent" ? lent : taken).push({
              octets,
              copy: toHex(octets),
            });
            pending = [];
          } else if (act === "give back") {
            for (const { octets, copy } of lent.splice(size, 1)) {
              expect(toHex(octets) === copy).toBe(true);
              output.giveBack(octets);
              octets.fill(0xee);
            }
          } else if (act === "discard") {
            output.discard();
            pending = [];
          } else {
            next += 1;
            const octets = new Uint8Array(size).fill(next);
            if (act === "append") output.append(octets);
            else {
              // Room is asked for, and only a part of it is used.
              const target = output.reserve(2 * size);
              target.set(octets, output.position);
              output.commit(size);
            }
            pending.push(octets);
          }
          pendings[which] = pending;
          expect(output.length).toBe(pending.reduce((sum, part) => sum + part.length, 0));
        }
        for (const { octets, copy } of [...taken, ...lent])
          expect(toHex(octets) === copy).toBe(true);
      }),
    );
  });

  describe("what was lent and given back", () => {
    const octets = new Uint8Array(1000).fill(1);
    const lend = (output: OutputBuffer): Uint8Array => {
      output.append(octets);
      return output.lend();
    };

    /** Of a module that nobody has used: which blocks are left over makes a difference. */
    async function fresh(): Promise<typeof OutputBuffer> {
      vi.resetModules();
      const module = await import("../../src/bytes/output.ts");
      return module.OutputBuffer;
    }

    test("is written over, when nothing else of its block is in use", async () => {
      const output = new (await fresh())();
      const [first, second] = [lend(output), lend(output)];
      output.giveBack(first);
      const third = lend(output);
      expect(third.byteOffset - second.byteOffset).toBe(1000);
      output.giveBack(second);
      output.giveBack(third);
      expect(lend(output).byteOffset).toBe(first.byteOffset);
    });

    test("makes room in a block that was full, whichever buffer takes it back", async () => {
      const Output = await fresh();
      const output = new Output();
      const many = Array.from({ length: Math.floor(BLOCK / octets.length) }, () => lend(output));
      expect(new Set(many.map(({ buffer }) => buffer)).size).toBe(1);
      const [first, ...others] = many;
      for (const each of others) output.giveBack(each);
      expect(lend(output).buffer).not.toBe(first!.buffer);
      new Output().giveBack(first!);
      const again = many.map(() => lend(output).buffer);
      expect(again).toContain(first!.buffer);
    });

    test("of a block that is being written to leaves what is written there", async () => {
      const output = new (await fresh())();
      const one = lend(output);
      output.append(octets);
      output.giveBack(one);
      expect(toHex(output.take())).toBe(toHex(octets));
    });

    test("is not written over, where something of the block was taken for good", async () => {
      const output = new (await fresh())();
      output.append(octets);
      const kept = output.take();
      const lent = lend(output);
      expect(lent.buffer).toBe(kept.buffer);
      output.giveBack(lent);
      expect(lend(output).byteOffset).toBeGreaterThan(lent.byteOffset);
    });

    test("may be of a block that is gone", async () => {
      const output = new (await fresh())();
      const blocks = Array.from({ length: 20 }, () => {
        output.append(new Uint8Array(BLOCK));
        return output.lend();
      });
      for (const each of blocks) output.giveBack(each);
      expect(output.lend()).toHaveLength(0);
    });

    test("of a buffer that holds on to its memory is written over there", async () => {
      const Output = await fresh();
      const output = new Output();
      const lendOn = (): Uint8Array => {
        output.append(octets);
        return output.cutLent();
      };
      const [first, second] = [lendOn(), lendOn()];
      expect(second.byteOffset - first.byteOffset).toBe(1000);
      // Nobody else gets the block meanwhile.
      expect(lend(new Output()).buffer).not.toBe(first.buffer);
      output.giveBack(first);
      output.append(octets);
      output.giveBack(second);
      expect(toHex(output.cutLent())).toBe(toHex(octets));
      const third = lendOn();
      expect(third.byteOffset - second.byteOffset).toBe(2000);
    });

    test("begins at the front of a block that is held, once all of it is back", async () => {
      const output = new (await fresh())();
      const places = Array.from({ length: 200 }, () => {
        output.append(octets);
        const lent = output.cutLent();
        output.giveBack(lent);
        return `${lent.byteOffset} of ${lent.buffer.byteLength}`;
      });
      expect(new Set(places).size).toBe(1);
    });

    test("is not held if it is very large", async () => {
      const output = new (await fresh())();
      output.append(new Uint8Array(40 * BLOCK));
      const large = output.cutLent();
      output.giveBack(large);
      expect(lend(output).buffer).not.toBe(large.buffer);
    });

    test("of a large message is used for the next large one", async () => {
      const output = new (await fresh())();
      output.append(new Uint8Array(20 * BLOCK));
      const large = output.lend();
      output.giveBack(large);
      output.append(new Uint8Array(20 * BLOCK));
      expect(output.lend().buffer).toBe(large.buffer);
    });
  });

  test("nothing written is nothing taken, each time an array of its own", () => {
    const output = new OutputBuffer();
    expect(output.take()).toStrictEqual(new Uint8Array(0));
    output.append(Uint8Array.of(1));
    expect(output.take()).toStrictEqual(Uint8Array.of(1));
    expect(output.take()).not.toBe(output.take());
    expect(output.length).toBe(0);
  });

  test("small messages share a block, one behind the other", () => {
    const output = new OutputBuffer();
    const taken = [1, 2, 3].map((octet) => {
      output.append(new Uint8Array(100).fill(octet));
      return output.take();
    });
    expect(new Set(taken.map(({ buffer }) => buffer)).size).toBe(1);
    expect(taken.map(({ byteOffset }) => byteOffset - taken[0]!.byteOffset)).toEqual([0, 100, 200]);
  });

  test("a large message has a block of its own, of its size, which goes with it", () => {
    const output = new OutputBuffer();
    output.append(new Uint8Array(100));
    output.take();
    for (const take of [() => output.take(), () => output.cut()]) {
      output.append(new Uint8Array(10 * BLOCK).fill(5));
      const large = take();
      expect(large.buffer.byteLength).toBe(10 * BLOCK);
      output.append(new Uint8Array(100).fill(6));
      const small = take();
      expect(small.buffer).not.toBe(large.buffer);
      expect(large.every((octet) => octet === 5)).toBe(true);
    }
  });

  test("few octets are a copy, so that they hold nothing else", () => {
    const output = new OutputBuffer();
    for (const take of [() => output.take(), () => output.cut()]) {
      output.append(new Uint8Array(64).fill(1));
      const taken = take();
      expect(taken.buffer.byteLength).toBe(64);
      output.append(new Uint8Array(64).fill(2));
      take();
      expect(taken.every((octet) => octet === 1)).toBe(true);
    }
  });

  test("a buffer that is empty leaves its block to others, and none is written by two", () => {
    const [one, other] = [new OutputBuffer(), new OutputBuffer()];
    one.append(new Uint8Array(100).fill(1));
    const first = one.take();
    other.append(new Uint8Array(100).fill(2));
    one.append(new Uint8Array(100).fill(3));
    const [second, third] = [other.take(), one.take()];
    expect(second.buffer).toBe(first.buffer);
    expect(third.buffer).not.toBe(second.buffer);
    for (const [index, octets] of [first, second, third].entries()) {
      expect(octets.every((octet) => octet === index + 1)).toBe(true);
    }
  });

  test.each(["take", "cut"] as const)(
    "the memory of what was given by %s() may be transferred away; the buffer goes on",
    (give) => {
      const output = new OutputBuffer();
      output.append(new Uint8Array(100).fill(1));
      const taken = output[give]();
      const { buffer } = taken;
      if (!(buffer instanceof ArrayBuffer)) throw new Error("not an ArrayBuffer");
      const moved = structuredClone(taken, { transfer: [buffer] });
      expect(moved.every((octet) => octet === 1)).toBe(true);
      expect(taken.length).toBe(0);
      expect(output[give]()).toHaveLength(0);
      output.append(Uint8Array.of(2, 3));
      expect(output[give]()).toStrictEqual(Uint8Array.of(2, 3));
    },
  );

  test("what is discarded is not taken", () => {
    const output = new OutputBuffer();
    output.append(Uint8Array.of(1));
    const first = output.take();
    output.append(Uint8Array.of(2));
    output.discard();
    expect(output.length).toBe(0);
    output.append(Uint8Array.of(3));
    expect(output.take()).toStrictEqual(Uint8Array.of(3));
    expect(first).toStrictEqual(Uint8Array.of(1));
  });

  test("a large message leaves the block that others share to the next ones", () => {
    const take = (size: number): Uint8Array => {
      const output = new OutputBuffer();
      output.append(new Uint8Array(size));
      return output.take();
    };
    const before = take(100);
    expect(take(BLOCK + 1).buffer).not.toBe(before.buffer);
    expect(take(100).buffer).toBe(before.buffer);
  });

  test("of many blocks that were left only a few are kept", () => {
    const writeAll = (): ArrayBufferLike[] => {
      const outputs = Array.from({ length: 10 }, () => new OutputBuffer());
      for (const output of outputs) output.append(new Uint8Array(100));
      return outputs.map((output) => output.take().buffer);
    };
    const before = new Set(writeAll());
    expect(before.size).toBe(10);
    expect(writeAll().filter((buffer) => before.has(buffer))).toHaveLength(8);
  });
});
