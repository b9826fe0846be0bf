import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { applyMask, rotateKey } from "../../src/bytes/mask.ts";
import { anyKey, keyOf, KEYS, maskedByTheBook, someOctets } from "./octets.ts";

const HELLO = new Uint8Array(Buffer.from("Hello"));
const GUARD = 0xa5;

describe("applyMask", () => {
  test("R6455-5.3-02: the sample of 5.7", () => {
    const masked = Uint8Array.of(0x7f, 0x9f, 0x4d, 0x51, 0x58);
    const key = keyOf(0x37, 0xfa, 0x21, 0x3d);
    const target = new Uint8Array(5);
    expect(applyMask(HELLO, 0, 5, key, target, 0)).toBe(false);
    expect(target).toEqual(masked);
    expect(applyMask(masked, 0, 5, key, target, 0)).toBe(true);
    expect(target).toEqual(HELLO);
  });

  /** What was wrong with masking from one place to another, or null: the result, what is said of it, what else changed. */
  function fault(octets: Uint8Array, key: number, start: number, offset: number): string | null {
    const name = `${octets.length} octets with key ${key} from ${start} to ${offset}`;
    const { length } = octets;
    const source = new Uint8Array(start + length + 3).fill(GUARD);
    source.set(octets, start);
    const before = source.slice();
    const target = new Uint8Array(offset + length + 3).fill(GUARD);
    const ascii = applyMask(source, start, start + length, key, target, offset);
    const expected = maskedByTheBook(octets, key);
    const whole = new Uint8Array(offset + length + 3).fill(GUARD);
    whole.set(expected, offset);
    if (Buffer.compare(target, whole) !== 0) return `${name} went wrong`;
    if (Buffer.compare(source, before) !== 0) return `${name} changed the source`;
    return ascii === expected.every((octet) => octet < 0x80) ? null : `${name} gave ${ascii}`;
  }

  test.each(KEYS)("R6455-5.3-02: offsets 0 to 3, lengths 0 to 300: key %i", (key) => {
    const faults: (string | null)[] = [];
    for (let length = 0; length <= 300; length++) {
      const octets = someOctets(length);
      for (let start = 0; start < 4; start++) {
        for (let offset = 0; offset < 4; offset++) faults.push(fault(octets, key, start, offset));
      }
    }
    expect(faults.filter((found) => found !== null)).toEqual([]);
  });

  test.each([65_535, 65_536, 65_537, 131_072, 200_003])("R6455-5.3-02: %i octets", (length) => {
    for (const key of KEYS) expect(fault(someOctets(length), key, 1, 2)).toBeNull();
  });

  test.each([1, 4, 5, 96, 97, 1000, 65_536, 140_000])(
    "all ASCII is told, and one octet beyond it is found in any part: %i octets",
    (length) => {
      expect(fault(new Uint8Array(length).fill(0x7f), 0, 0, 0)).toBeNull();
      for (const place of [0, length >> 1, length - 1]) {
        const octets = new Uint8Array(length).fill(0x7f);
        octets[place] = 0x80;
        expect(fault(octets, 0, 0, 0)).toBeNull();
      }
    },
  );

  test("R6455-5.3-02: in place it is the same, and twice is nothing", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), anyKey, fc.nat(5), (octets, key, start) => {
        const padded = new Uint8Array(start + octets.length);
        padded.set(octets, start);
        applyMask(padded, start, padded.length, key, padded, start);
        expect(padded.subarray(start)).toEqual(maskedByTheBook(octets, key));
        applyMask(padded, start, padded.length, key, padded, start);
        expect(padded.subarray(start)).toEqual(octets);
      }),
    );
  });
});

describe("rotateKey", () => {
  test.each([
    [0, 0x44_33_22_11],
    [1, 0x11_44_33_22],
    [2, 0x22_11_44_33],
    [3, 0x33_22_11_44],
    [4, 0x44_33_22_11],
    [2 ** 32 + 1, 0x11_44_33_22],
  ])("after %i octets", (count, expected) => {
    expect(rotateKey(0x44_33_22_11, count)).toBe(expected);
  });

  test("R6455-5.3-02: a payload may be masked in pieces", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.array(fc.nat(300), { maxLength: 5 }),
        anyKey,
        (octets, cuts, key) => {
          const target = new Uint8Array(octets.length);
          let from = 0;
          let turnedKey = key;
          for (const cut of [...cuts.sort((a, b) => a - b), octets.length]) {
            const end = Math.max(from, Math.min(cut, octets.length));
            applyMask(octets, from, end, turnedKey, target, from);
            turnedKey = rotateKey(turnedKey, end - from);
            from = end;
          }
          expect(target).toEqual(maskedByTheBook(octets, key));
        },
      ),
    );
  });
});
