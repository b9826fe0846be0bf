import { expect, test, vi } from "vitest";
import { randomness } from "../../src/bytes/random.ts";

const POOL = 8192;
const platform = vi.hoisted(() => ({ filled: new Array<number>(), value: 0 }));

vi.mock(import("#platform"), async (original) => ({
  ...(await original()),
  /** The numbers 0, 1, 2 and so on, four octets each. */
  fillRandom: (target) => {
    platform.filled.push(target.length);
    const view = new DataView(target.buffer, target.byteOffset, target.length);
    for (let offset = 0; offset < target.length; offset += 4) {
      view.setUint32(offset, platform.value, true);
      platform.value++;
    }
  },
}));

test("CVE-2025-10148, D24: each octet of the pool is used once, and the pool is filled anew when it is used up", () => {
  const random = randomness(undefined);
  expect(platform.filled).toEqual([]);
  const keys = Array.from({ length: 3 * (POOL / 4) }, () => random.maskingKey());
  expect(keys).toEqual(Array.from(keys.keys()));
  expect(platform.filled).toEqual([POOL, POOL, POOL]);
});

test("D24: all connections of a thread take from one pool", () => {
  const key = randomness(undefined).maskingKey();
  expect(randomness(undefined).maskingKey()).toBe(key + 1);
});

test("D24: a nonce is filled by itself", () => {
  const before = platform.filled.length;
  const next = platform.value;
  expect(new DataView(randomness(undefined).nonce().buffer).getUint32(0, true)).toBe(next);
  expect(platform.filled.slice(before)).toEqual([16]);
});
