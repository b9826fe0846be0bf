import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { instantiateWasm } from "#platform";
import {
  INPUT,
  type Kernel,
  kernel,
  makeKernel,
  MEMORY_SIZE,
  OUTPUT,
  RECEIVE,
  RECEIVE_SIZE,
  WINDOW,
} from "../../src/bytes/kernel.ts";
import { PlainKernel } from "../../src/bytes/plain-kernel.ts";
import { isPlain } from "../helpers/plain.ts";
import { anyKey, KEYS, maskedByTheBook, someOctets } from "./octets.ts";
import { almostUtf8, BORDER_OCTETS, judge, toUtf8 } from "./utf8-grammar.ts";

const KERNELS: readonly [name: string, kernel: Kernel][] = [
  ["WebAssembly", makeKernel(instantiateWasm)],
  ["plain", new PlainKernel(MEMORY_SIZE)],
];

/** Octets beyond its input and output that a kernel may overwrite. */
const OVERRUN = 32;
const GUARD = 0xa5;
/** The octets of a character that may come before the window's. */
const CARRY = 3;

/** One of each length in UTF-8. */
const CHARACTERS: readonly string[] = ["a", "ё", "世", "😀"];

test("WebAssembly where it is allowed, JavaScript elsewhere; made once", () => {
  expect(makeKernel(instantiateWasm) instanceof PlainKernel).toBe(isPlain);
  expect(makeKernel(() => null)).toBeInstanceOf(PlainKernel);
  expect(kernel()).toBe(kernel());
});

test.each(KERNELS)(
  "the memory has room for the window, all its output and what is received: %s",
  (_name, each) => {
    expect(each.memory.length).toBe(MEMORY_SIZE);
    expect(WINDOW % 4).toBe(0);
    expect(CARRY).toBeLessThanOrEqual(INPUT);
    expect(INPUT + WINDOW + INPUT + OVERRUN).toBeLessThanOrEqual(OUTPUT);
    expect(OUTPUT + 2 * (WINDOW + CARRY) + OVERRUN).toBeLessThanOrEqual(RECEIVE);
    expect(RECEIVE + RECEIVE_SIZE + OVERRUN).toBeLessThanOrEqual(MEMORY_SIZE);
  },
);

describe.each(KERNELS)("mask, %s", (_name, each) => {
  const { memory } = each;

  /** What was wrong with masking `octets` at `start`, or null: the result, what is said of it, what else it changed. */
  function fault(octets: Uint8Array, start: number, key: number): string | null {
    const name = `${octets.length} octets at ${start} with key ${key}`;
    const end = start + octets.length;
    memory.fill(GUARD, 0, start);
    memory.fill(GUARD, end, end + OVERRUN + 16);
    memory.set(octets, start);
    const seen = each.mask(start, end, key);
    const expected = maskedByTheBook(octets, key);
    if (Buffer.compare(memory.subarray(start, end), expected) !== 0) return `${name} went wrong`;
    if ((seen === 0) !== isAscii(expected)) return `${name} gave ${seen}`;
    if (!isGuarded(memory, 0, start)) return `${name} changed what is before`;
    return isGuarded(memory, end, end + OVERRUN + 16) ? null : `${name} overran`;
  }

  test.each(KEYS)("R6455-5.3-02: any start from 0 to 15, any length to 300: key %i", (key) => {
    const faults: (string | null)[] = [];
    for (let length = 0; length <= 300; length++) {
      const octets = someOctets(length);
      for (let start = 0; start < 16; start++) faults.push(fault(octets, start, key));
    }
    expect(faults.filter((found) => found !== null)).toEqual([]);
  });

  test.each([4095, 4096, 4097, WINDOW - 15, WINDOW])("R6455-5.3-02: %i octets", (length) => {
    for (const key of KEYS) expect(fault(someOctets(length), 0, key)).toBeNull();
  });

  test.each([1, 3, 15, 16, 17, 63, 64, 65, 100])(
    "one octet beyond ASCII is seen, wherever it is: %i octets",
    (length) => {
      expect(fault(new Uint8Array(length).fill(0x7f), 0, 0)).toBeNull();
      for (let place = 0; place < length; place++) {
        const octets = new Uint8Array(length).fill(0x7f);
        octets[place] = 0x80;
        expect(fault(octets, 0, 0)).toBeNull();
      }
    },
  );

  test("R6455-5.3-02: any octets, any key", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(15), anyKey, (octets, start, key) => {
        expect(fault(octets, start, key)).toBeNull();
      }),
    );
  });
});

describe.each(KERNELS)("transcode, %s", (_name, each) => {
  const { memory } = each;

  /** What was wrong with the transcoding of `octets`, or null: its text, where it stopped, what else it changed. */
  function fault(octets: Uint8Array, start: number = 0): string | null {
    const end = start + octets.length;
    const outputEnd = OUTPUT + 2 * octets.length + OVERRUN;
    memory.fill(GUARD, OUTPUT - 16, OUTPUT);
    memory.fill(GUARD, outputEnd, outputEnd + 16);
    memory.fill(GUARD, end, end + 16);
    memory.set(octets, start);
    const stop = each.transcode(start, end, OUTPUT) - start;
    const { whole } = judge(octets);
    const name = Buffer.from(octets).toString("hex");
    if (stop !== whole) return `${name} stopped at ${stop}, not at ${whole}`;
    const output = memory.subarray(OUTPUT, OUTPUT + 2 * each.transcoded());
    const expected = Buffer.from(Buffer.from(octets.subarray(0, whole)).toString(), "utf16le");
    if (Buffer.compare(output, expected) !== 0) return `${name} became other characters`;
    if (Buffer.compare(memory.subarray(start, end), octets) !== 0) return `${name} was changed`;
    const guarded =
      isGuarded(memory, OUTPUT - 16, OUTPUT) && isGuarded(memory, outputEnd, outputEnd + 16);
    return guarded ? null : `${name} overran`;
  }

  function faults(cases: Iterable<Uint8Array>): string[] {
    const all: string[] = [];
    for (const octets of cases) {
      const found = fault(octets);
      if (found !== null) all.push(found);
    }
    return all;
  }

  test("R6455-8.1-01: all sequences of one and two octets, alone and with continuations", () => {
    expect(faults(pairs())).toEqual([]);
  });

  test("R6455-8.1-01: all sequences of three and four octets of every kind", () => {
    expect(faults(longSequences())).toEqual([]);
  });

  test.each(CHARACTERS)("R6455-8.1-01: every kind of octets after a run of %s", (character) => {
    expect(faults(afterRuns(character))).toEqual([]);
  });

  test("R6455-8.1-01: any text with or without a fault in it, at any place", () => {
    fc.assert(
      fc.property(almostUtf8, fc.nat(15), (octets, start) => {
        expect(fault(octets, start)).toBeNull();
      }),
      { numRuns: 500 },
    );
  });

  test.each(CHARACTERS)("a full window of %s", (character) => {
    expect(fault(toUtf8(character.repeat(WINDOW)).subarray(0, WINDOW + CARRY))).toBeNull();
  });
});

/** Characters at the borders of their kinds, and what is none. */
const SEQUENCES: readonly (readonly number[])[] = [
  [],
  [0x00],
  [0x80],
  [0xc1, 0xbf],
  [0xc2, 0x80],
  [0xdf, 0xbf],
  [0xdf],
  [0xdf, 0x7f],
  [0xe0, 0x9f, 0xbf],
  [0xe0, 0xa0, 0x80],
  [0xed, 0x9f, 0xbf],
  [0xed, 0xa0, 0x80],
  [0xee, 0x80, 0x80],
  [0xef, 0xbf, 0xbf],
  [0xef, 0xbf],
  [0xef, 0xbf, 0xc0],
  [0xf0, 0x8f, 0xbf, 0xbf],
  [0xf0, 0x90, 0x80, 0x80],
  [0xf4, 0x8f, 0xbf, 0xbf],
  [0xf4, 0x90, 0x80, 0x80],
  [0xf4, 0x8f, 0xbf],
  [0xf5, 0x80, 0x80, 0x80],
  [0xff],
];

function* pairs(): Generator<Uint8Array> {
  for (let first = 0; first < 256; first++) {
    yield Uint8Array.of(first);
    for (let second = 0; second < 256; second++) {
      yield Uint8Array.of(first, second);
      yield Uint8Array.of(first, second, 0x80, 0xbf);
    }
  }
}

function* longSequences(): Generator<Uint8Array> {
  for (const first of BORDER_OCTETS.filter((octet) => octet >= 0xc0)) {
    for (const second of BORDER_OCTETS) {
      for (const third of BORDER_OCTETS) {
        yield Uint8Array.of(first, second, third);
        for (const fourth of [0x7f, 0x80, 0xbf, 0xc0]) {
          yield Uint8Array.of(first, second, third, fourth);
        }
      }
    }
  }
}

function* afterRuns(character: string): Generator<Uint8Array> {
  for (let count = 0; count <= 18; count++) {
    const run = toUtf8(character.repeat(count));
    for (const sequence of SEQUENCES) {
      for (const next of ["", ...CHARACTERS]) {
        yield Uint8Array.from([...run, ...sequence, ...toUtf8(next.repeat(9))]);
      }
    }
  }
}

function isAscii(octets: Uint8Array): boolean {
  return octets.every((octet) => octet < 0x80);
}

function isGuarded(memory: Uint8Array, start: number, end: number): boolean {
  for (let index = start; index < end; index++) if (memory[index] !== GUARD) return false;
  return true;
}
