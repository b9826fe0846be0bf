import { describe, expect, test } from "vitest";
import { kernel, RECEIVE, RECEIVE_SIZE } from "../../src/bytes/kernel.ts";
import { unmaskReceived } from "../../src/bytes/mask.ts";
import {
  isReceived,
  partOfReceived,
  received,
  receiveBuffer,
} from "../../src/bytes/receive-buffer.ts";
import { Utf8Decoder } from "../../src/bytes/utf8.ts";
import { KEYS, maskedByTheBook, someOctets } from "./octets.ts";

const GUARD = 0xa5;

describe("the receive buffer", () => {
  test("there is one of a thread, in the memory of its kernel", () => {
    expect(receiveBuffer()).toBe(receiveBuffer());
    expect(receiveBuffer()).toHaveLength(RECEIVE_SIZE);
    receiveBuffer().set([1, 2, 3], 100);
    expect(kernel().memory.slice(RECEIVE + 100, RECEIVE + 103)).toEqual(Uint8Array.of(1, 2, 3));
    expect(partOfReceived(101, 103)).toEqual(Uint8Array.of(2, 3));
  });

  test("what was received last is known, and no other array is taken for it", () => {
    const first = received(5);
    expect(first).toHaveLength(5);
    expect([isReceived(first), isReceived(first.slice())]).toEqual([true, false]);
    expect(received(5)).toBe(first);
    const second = received(6);
    expect([isReceived(second), isReceived(first)]).toEqual([true, false]);
    expect(received(RECEIVE_SIZE)).toHaveLength(RECEIVE_SIZE);
  });
});

describe("unmaskReceived", () => {
  /** What was wrong, or null: the result, what is said of it, what else changed. */
  function fault(octets: Uint8Array, key: number, start: number, offset: number): string | null {
    const name = `${octets.length} octets with key ${key} from ${start} to ${offset}`;
    const end = start + octets.length;
    const whole = receiveBuffer().fill(GUARD);
    whole.set(octets, start);
    const target = new Uint8Array(offset + octets.length + 3).fill(GUARD);
    const ascii = unmaskReceived(start, end, key, target, offset);
    const expected = maskedByTheBook(octets, key);
    const around = target.slice();
    around.fill(GUARD, offset, offset + octets.length);
    if (Buffer.compare(target.subarray(offset, -3), expected) !== 0) return `${name} went wrong`;
    if (around.some((octet) => octet !== GUARD)) return `${name} changed what is around`;
    whole.fill(GUARD, start, end);
    if (whole.some((octet) => octet !== GUARD)) return `${name} changed what is not read yet`;
    return ascii === expected.every((octet) => octet < 0x80) ? null : `${name} gave ${ascii}`;
  }

  test.each([65, 66, 79, 80, 81, 1000, 65_537, 262_000])("R6455-5.3-02: %i octets", (length) => {
    const places = [0, 1, 14, RECEIVE_SIZE - length];
    const faults = KEYS.flatMap((key) =>
      places.map((start) => fault(someOctets(length), key, start, start & 3)),
    );
    expect(faults.filter((found) => found !== null)).toEqual([]);
    expect(fault(new Uint8Array(length).fill(0x7f), 0, 5, 0)).toBeNull();
  });
});

describe("decodeReceived", () => {
  test.each([
    ["ASCII", "ASCII alone. ".repeat(10)],
    ["two octets a character", "æøå".repeat(30)],
    ["some of each", "a ё 世 👋 ".repeat(2000)],
    ["more than is worked on at once", "世".repeat(80_000)],
  ])("R6455-5.6-01: text in pieces, wherever it is cut: %s", (_name, text) => {
    const octets = new Uint8Array(Buffer.from(text));
    for (const key of KEYS) {
      const masked = maskedByTheBook(octets, key);
      for (const cut of [octets.length, 65, 66, 67, 68]) {
        const decoder = new Utf8Decoder();
        receiveBuffer().set(masked, 10);
        const first = decoder.decodeReceived(10, 10 + cut, key, cut === octets.length);
        const rest = decoder.decode(octets, cut, octets.length, 0, true);
        expect([first, rest].join("") === text).toBe(true);
      }
    }
  });

  test("R6455-8.1-01: what is no UTF-8 is found, and said as elsewhere", () => {
    const octets = new Uint8Array(100).fill(0x61);
    octets[70] = 0xff;
    receiveBuffer().set(octets);
    const decoder = new Utf8Decoder();
    expect(decoder.decodeReceived(0, 100, 0, true)).toBeNull();
    expect(decoder.problem).toBe(
      "invalid UTF-8: met 0xff, expected the first octet of a character",
    );
  });
});
