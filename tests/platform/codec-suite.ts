import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Codec } from "../../src/platform/codec.ts";
import type { DeflaterOptions } from "../../src/platform/contract.ts";
import { fixedBlockMessage, storedMessage } from "../helpers/deflate-blocks.ts";
import { noise } from "../helpers/deflate-frames.ts";
import { readDeflate } from "../helpers/deflate-tokens.ts";
import { concat, hex, toHex, utf8 } from "../helpers/wire.ts";

const HELLO = utf8("Hello");
/** RFC 7692, 7.2.3.1: "Hello", flushed. */
const FLUSHED = hex("f248cdc9c90700 0000ffff");
/** RFC 7692, 7.2.3.4: "Hello" in a final block. */
const FINAL = hex("f348cdc9c90700");
const TAIL = hex("0000ffff");

/** The most that is put out before anything else is looked at. */
const STEP = 16 * 1024;

const WINDOWS = [8, 9, 10, 11, 12, 13, 14, 15];
const LEVELS = [-1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

function options({ windowBits = 15, level = -1, memLevel = 8 } = {}): DeflaterOptions {
  return { windowBits, level, memLevel };
}

/** As often noise as something to compress: runs, repetitions near and far. */
const anyData = fc.oneof(
  fc.uint8Array({ maxLength: 400 }),
  fc
    .array(
      fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 60 })),
      {
        maxLength: 8,
      },
    )
    .map((runs) =>
      concat(...runs.flatMap(([octets, count]) => Array<Uint8Array>(count).fill(octets))),
    ),
);

/** Cuts `data` at those of `cuts` that lie within. */
function cut(data: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const within = Uint32Array.from(cuts.filter((at) => at < data.length)).sort();
  return [0, ...within].map((start, index) => data.subarray(start, within[index] ?? data.length));
}

/** What both codecs promise, whichever zlib is beneath. */
export function codecSuite({ createInflater, createDeflater }: Codec): void {
  /** One message after the other, on one deflater. */
  function deflated(messages: readonly Uint8Array[], settings = options()): Uint8Array[] {
    const deflater = createDeflater(settings);
    const all = messages.map((message) => deflater.deflate(message, true));
    deflater.close();
    return all;
  }

  /** What a fresh inflater makes of all of `data` at once. */
  function inflated(data: Uint8Array, { windowBits = 15, budget = Infinity } = {}): string {
    const inflater = createInflater(windowBits);
    const result = inflater.inflate(data, budget);
    inflater.close();
    return typeof result === "string" ? result : toHex(result);
  }

  describe("compression", () => {
    test("R7692-7.2.1-01: the samples of RFC 7692, 7.2.3.1 and 7.2.3.2", () => {
      const [first, second] = deflated([HELLO, HELLO]);
      expect(toHex(first!)).toBe("f248cdc9c907000000ffff");
      expect(toHex(second!)).toBe("f2001100000000ffff");
    });

    test("R7692-7.2.1-01: a flush with nothing new gives nothing, at first and later", () => {
      const deflater = createDeflater(options());
      const nothing = new Uint8Array(0);
      expect(deflater.deflate(nothing, true)).toHaveLength(0);
      expect(deflater.deflate(nothing, false)).toHaveLength(0);
      expect(toHex(deflater.deflate(HELLO, true))).toBe(toHex(FLUSHED));
      expect(deflater.deflate(nothing, true)).toHaveLength(0);
      expect(deflater.deflate(nothing, false)).toHaveLength(0);
      deflater.close();
    });

    test("R7692-7.2.1-02: without a flush the codec holds back what it likes; the flush gives it all", () => {
      const deflater = createDeflater(options());
      const pieces = [
        deflater.deflate(HELLO.subarray(0, 2), false),
        deflater.deflate(HELLO.subarray(2), false),
        deflater.deflate(new Uint8Array(0), true),
      ];
      deflater.close();
      expect(inflated(concat(...pieces))).toBe(toHex(HELLO));
    });

    test("R7692-7.1.2.1-02, R7692-7.2.1-03, R7692-7.2.1-04: in every window, on every level, no distance is too far and no block is final", () => {
      for (const windowBits of WINDOWS) {
        let farthest = 0;
        for (const level of LEVELS) {
          // References of all distances: noise that comes again after up to 1.1 windows.
          const window = 2 ** windowBits;
          const period = Math.floor(
            window * [0.4, 0.48, 0.6, 0.9, 0.98, 1, 1.1][level < 0 ? 0 : level % 7]!,
          );
          const data = concat(...Array<Uint8Array>(4).fill(noise(period, windowBits + level)));
          const messages = cut(data, [1, 300, Math.floor(1.5 * period)]);
          const memLevel = 1 + ((level + 1) % 9);
          const { blocks, output } = readDeflate(
            concat(...deflated(messages, options({ windowBits, level, memLevel }))),
          );
          expect(isEqual(output, data)).toBe(true);
          expect(blocks.some(({ final }) => final)).toBe(false);
          farthest = Math.max(farthest, ...blocks.map(({ maxDistance }) => maxDistance));
        }
        expect(farthest).toBeLessThanOrEqual(2 ** windowBits);
        // Otherwise nothing has been shown.
        expect(farthest).toBeGreaterThan(2 ** windowBits * 0.45);
      }
    });

    test("R7692-7.2.1-01: each flush ends with one empty stored block, however large the output", () => {
      // On level 0 the output is as long as the input and some, so that it fills the codec's buffer to the last octet.
      const deflater = createDeflater(options({ level: 0 }));
      const data = noise(300_000);
      const around = (size: number): number[] =>
        Array.from({ length: 60 }, (_, index) => size - 55 + index);
      for (const size of [1, 5, ...around(98_304), ...around(131_072), 300_000]) {
        const octets = deflater.deflate(data.subarray(0, size), true);
        expect(toHex(octets.subarray(-4))).toBe("0000ffff");
        expect(toHex(octets.subarray(-9))).not.toBe("0000ffff000000ffff");
        deflater.reset();
      }
      deflater.close();
    });

    test("R7692-7.2.1-01: many octets without a flush, then the flush", () => {
      const data = concat(noise(150_000), new Uint8Array(200_000), noise(70_000, 2));
      for (const level of [0, 1, 6]) {
        const deflater = createDeflater(options({ level, memLevel: 9 }));
        const pieces = cut(data, [100, 140_000, 160_000]).map((piece) =>
          deflater.deflate(piece, false),
        );
        const last = deflater.deflate(new Uint8Array(0), true);
        deflater.close();
        const whole = concat(...pieces, last);
        expect(inflated(whole)).toBe(toHex(data));
        const { blocks } = readDeflate(whole);
        expect(blocks.filter(({ type, size }) => type === "stored" && size === 0)).toHaveLength(1);
      }
    });

    test("R7692-7.1.1.1-01: after a reset a message is compressed as the first one", () => {
      fc.assert(
        fc.property(anyData, anyData, fc.boolean(), (before, message, flush) => {
          const deflater = createDeflater(options());
          deflater.deflate(before, flush);
          deflater.reset();
          const octets = deflater.deflate(message, true);
          deflater.close();
          expect(toHex(octets)).toBe(toHex(deflated([message])[0]!));
        }),
      );
    });

    test("a reset forgets what was not flushed", () => {
      const deflater = createDeflater(options());
      deflater.deflate(HELLO, false);
      deflater.reset();
      expect(deflater.deflate(new Uint8Array(0), true)).toHaveLength(0);
      deflater.close();
    });
  });

  describe("decompression", () => {
    test.each([
      ["7.2.3.1: one block", "f248cdc9c90700 0000ffff"],
      ["7.2.3.3: a stored block", "000500faff48656c6c6f 00 0000ffff"],
      ["7.2.3.4: a final block", "f348cdc9c90700 00 0000ffff"],
      ["7.2.3.5: two blocks", "f24805000000ffff cac9c90700 0000ffff"],
    ])("R7692-7.2.2-01: the sample of RFC 7692, %s", (_, octets) => {
      expect(inflated(hex(octets))).toBe(toHex(HELLO));
    });

    test("R7692-7.2.2-03: a message may refer to the one before, until a reset", () => {
      const inflater = createInflater(15);
      const again = hex("f200110000 0000ffff");
      expect(inflater.inflate(FLUSHED, 5)).toEqual(HELLO);
      expect(inflater.inflate(again, 5)).toEqual(HELLO);
      inflater.reset();
      expect(inflater.inflate(FLUSHED, 5)).toEqual(HELLO);
      inflater.reset();
      expect(inflater.inflate(again, 5)).toBe("corrupt");
      inflater.close();
    });

    test("R7692-7.2.2-04: a reference may go 32,768 octets back, into another message", () => {
      const inflater = createInflater(15);
      const before = noise(32_768);
      const farthest = concat(fixedBlockMessage([{ back: 32_768 }]), TAIL);
      inflater.inflate(concat(storedMessage(before), TAIL), before.length);
      expect(inflater.inflate(farthest, 3)).toEqual(before.subarray(0, 3));
      inflater.reset();
      inflater.inflate(concat(storedMessage(before.subarray(1)), TAIL), before.length);
      expect(inflater.inflate(farthest, 3)).toBe("corrupt");
      inflater.close();
    });

    test("R7692-7.2.1-02, R7692-7.2.2-01, R7692-7.2.2-03: what one codec has written the other reads, however it is split", () => {
      fc.assert(
        fc.property(
          fc.array(fc.tuple(anyData, fc.array(fc.nat(400), { maxLength: 4 })), { maxLength: 5 }),
          fc.array(fc.nat(2000), { maxLength: 20 }),
          fc.constantFrom(...WINDOWS),
          fc.constantFrom(...LEVELS),
          fc.integer({ min: 1, max: 9 }),
          (messages, splits, windowBits, level, memLevel) => {
            const deflater = createDeflater({ windowBits, level, memLevel });
            const inflater = createInflater(windowBits);
            for (const [message, cuts] of messages) {
              const pieces = cut(message, cuts);
              const parts = pieces.map((piece, index) =>
                deflater.deflate(piece, index === pieces.length - 1),
              );
              const arriving = cut(concat(...parts), splits);
              const read = arriving.map((octets) => inflater.inflate(octets, message.length));
              expect(isEqual(concat(...read.map(octetsOf)), message)).toBe(true);
            }
            deflater.close();
            inflater.close();
          },
        ),
      );
    });

    test("R7692-7.1.2.1-02: what was compressed in a window is read with that window", () => {
      for (const windowBits of WINDOWS) {
        const data = concat(noise(3000), new Uint8Array(3000), noise(3000), noise(70_000, 2));
        const deflater = createDeflater(options({ windowBits }));
        const inflater = createInflater(windowBits);
        for (const piece of cut(data, [1, 5000, 6100, 20_000])) {
          const octets = inflater.inflate(deflater.deflate(piece, true), Infinity);
          expect(isEqual(octetsOf(octets), piece)).toBe(true);
        }
        deflater.close();
        inflater.close();
      }
    });

    test.each([0, 1, STEP - 1, STEP, STEP + 1, 2 * STEP, 5 * STEP + 7, 300_000])(
      "CVE-2018-1000518, CVE-2026-54490: %d octets, compressed and stored, within the budget and beyond",
      (size) => {
        for (const data of [new Uint8Array(size), noise(size)]) {
          const [octets] = deflated([data]);
          expect(inflated(octets!, { budget: size })).toBe(toHex(data));
          expect(inflated(octets!, { budget: Infinity })).toBe(toHex(data));
          if (size > 0) expect(inflated(octets!, { budget: size - 1 })).toBe("too-big");
          if (size > 0) expect(inflated(octets!, { budget: 0 })).toBe("too-big");
        }
      },
    );

    test.each([
      ["the type that does not exist", "07"],
      ["nothing but ones", "ffffff"],
      ["a stored block whose lengths do not match", "00 0500 0500"],
      ["a reference to before the beginning", toHex(fixedBlockMessage([0x61, { back: 9 }]))],
      ["a code that is not complete", "0400fe1f"],
      ["a code with too many words", "04009204"],
      ["too many symbols", "fdffff"],
    ])(
      "R7692-7.2.2-02, GHSA-3wwx-pv8p-q78v: %s is corrupt, at once and behind valid data",
      (_, octets) => {
        expect(inflated(hex(octets))).toBe("corrupt");
        expect(inflated(concat(FLUSHED, hex(octets)))).toBe("corrupt");
        expect(inflated(concat(FINAL, hex(octets)))).toBe("corrupt");
        const inflater = createInflater(15);
        expect(inflater.inflate(FLUSHED, 5)).toEqual(HELLO);
        expect(inflater.inflate(hex(octets), 5)).toBe("corrupt");
        inflater.close();
        // Another one is not touched by that.
        expect(inflated(FLUSHED)).toBe(toHex(HELLO));
      },
    );

    test("GHSA-3wwx-pv8p-q78v: any octets are data, corrupt, or too big; nothing is thrown", () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 100 }), fc.array(fc.nat(100)), (octets, splits) => {
          const inflater = createInflater(15);
          for (const part of cut(octets, splits)) {
            const result = inflater.inflate(part, 1000);
            if (typeof result === "string") break;
            expect(result.length).toBeLessThanOrEqual(1000);
          }
          inflater.close();
        }),
        { numRuns: 500 },
      );
    });
  });

  describe("final blocks", () => {
    const EMPTY_FINAL = hex("0300");
    const EMPTY_BLOCK = concat(hex("00"), TAIL);

    test.each([
      ["alone", [[FINAL]], "Hello"],
      ["and an empty block behind it", [[FINAL, EMPTY_BLOCK]], "Hello"],
      ["twice", [[FINAL, FINAL]], "HelloHello"],
      ["twice, in two calls", [[FINAL], [FINAL]], "HelloHello"],
      ["then an empty call, then another", [[FINAL], [], [FINAL]], "HelloHello"],
      [
        "cut within, then another",
        [[FINAL.subarray(0, 3)], [FINAL.subarray(3), FINAL]],
        "HelloHello",
      ],
      ["then a flushed block", [[FINAL], [EMPTY_BLOCK], [FLUSHED]], "HelloHello"],
      ["behind a flushed block", [[FLUSHED, FINAL, FLUSHED]], "HelloHelloHello"],
      [
        "empty ones around",
        [[EMPTY_FINAL, EMPTY_FINAL, FINAL, EMPTY_FINAL], [FLUSHED]],
        "HelloHello",
      ],
      ["stored", [[hex("010500faff48656c6c6f"), FLUSHED]], "HelloHello"],
    ] as const)("R7692-7.2.1-03, R7692-7.2.2-01, B3: %s", (_, calls, text) => {
      const inflater = createInflater(15);
      const results = calls.map((octets) => octetsOf(inflater.inflate(concat(...octets), 100)));
      expect(new TextDecoder().decode(concat(...results))).toBe(text);
      inflater.close();
    });

    test("B3: what follows a final block does not reach what was before it", () => {
      expect(inflated(concat(FINAL, hex("f200110000 0000ffff")))).toBe("corrupt");
    });

    test("B3: a stream that ends where an output step ends", () => {
      for (const size of [STEP - 1, STEP, STEP + 1, 2 * STEP]) {
        const stored = storedMessage(noise(size));
        stored[0] = 1;
        const final = stored.subarray(0, -1);
        const expected = toHex(concat(noise(size), HELLO));
        expect(inflated(concat(final, FLUSHED))).toBe(expected);
        const inflater = createInflater(15);
        expect(octetsOf(inflater.inflate(final, size))).toHaveLength(size);
        expect(inflater.inflate(FLUSHED, 5)).toEqual(HELLO);
        inflater.close();
      }
    });

    test("aiohttp-13362: ten thousand of them, empty or with an octet each", () => {
      const octet = hex("4b0400");
      expect(readDeflate(octet).blocks[0]?.final).toBe(true);
      const many = (block: Uint8Array): Uint8Array =>
        concat(...Array<Uint8Array>(10_000).fill(block));
      expect(inflated(many(EMPTY_FINAL))).toBe("");
      expect(inflated(concat(many(EMPTY_FINAL), FLUSHED), { budget: 5 })).toBe(toHex(HELLO));
      expect(inflated(many(octet))).toBe("61".repeat(10_000));
      expect(inflated(many(octet), { budget: 9999 })).toBe("too-big");
    });
  });

  describe("arrays", () => {
    function expectOwn(octets: Uint8Array | string): void {
      expect(Object.getPrototypeOf(octets)).toBe(Uint8Array.prototype);
    }

    test("D15: what is handed out is a plain array that later calls leave alone", () => {
      const deflater = createDeflater(options());
      const inflater = createInflater(15);
      const kept: [Uint8Array, string][] = [];
      for (const size of [0, 1, 5, 64, 65, 500, STEP, STEP + 1, 100_000]) {
        const message = noise(size, size);
        const octets = deflater.deflate(message, true);
        const back = octetsOf(inflater.inflate(octets, size));
        expectOwn(octets);
        expectOwn(back);
        kept.push([octets, toHex(octets)], [back, toHex(message)]);
      }
      for (const [octets, content] of kept) expect(toHex(octets)).toBe(content);
      deflater.close();
      inflater.close();
    });

    test("D15: what was handed in is not kept or changed, and may be a view or a Buffer", () => {
      const deflater = createDeflater(options());
      const inflater = createInflater(15);
      const buffer = Buffer.from("..Hello..").subarray(2, 7);
      const octets = Buffer.concat([
        deflater.deflate(buffer, false),
        deflater.deflate(buffer, true),
      ]);
      expect(buffer.toString()).toBe("Hello");
      const before = octets.toString("hex");
      const back = inflater.inflate(octets.subarray(0, 4), 10);
      expect(octets.toString("hex")).toBe(before);
      const rest = Buffer.from(octets.subarray(4));
      octets.fill(0xff);
      buffer.fill(0xff);
      expect(concat(octetsOf(back), octetsOf(inflater.inflate(rest, 10)))).toEqual(
        utf8("HelloHello"),
      );
      expectOwn(back);
      deflater.close();
      inflater.close();
    });
  });

  describe("the end", () => {
    test("CVE-2026-54278: close can come at any time, and twice; afterwards nothing works", () => {
      const deflater = createDeflater(options());
      const inflater = createInflater(15);
      deflater.deflate(noise(10_000), false);
      inflater.inflate(FLUSHED.subarray(0, 3), 5);
      for (const codec of [deflater, inflater]) {
        codec.close();
        codec.close();
        expect(() => {
          codec.reset();
        }).toThrow("this codec is closed");
      }
      expect(() => deflater.deflate(HELLO, true)).toThrow("this codec is closed");
      expect(() => inflater.inflate(FLUSHED, 5)).toThrow("this codec is closed");
    });

    test("GHSA-3wwx-pv8p-q78v: a failure has closed the inflater already", () => {
      for (const [octets, budget, failure] of [
        [hex("ffffff"), 5, "corrupt"],
        [concat(FLUSHED, hex("ffffff")), 4, "corrupt"],
        [concat(deflated([new Uint8Array(1 << 20)])[0]!, hex("ffffff")), 1 << 18, "too-big"],
      ] as const) {
        const inflater = createInflater(15);
        expect(inflater.inflate(octets, budget)).toBe(failure);
        expect(() => inflater.inflate(FLUSHED, 5)).toThrow("this codec is closed");
        inflater.close();
      }
    });
  });
}

function octetsOf(result: Uint8Array | string): Uint8Array {
  if (typeof result === "string") throw new Error(result);
  return result;
}

/** `toEqual` takes a second for 64 KiB. */
function isEqual(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}
