import { describe, expect, test } from "vitest";
import { randomness } from "../../src/bytes/random.ts";

const KEYS = 1_000_000;

describe("the platform's randomness", () => {
  const keys = Int32Array.from({ length: KEYS }, () => randomness(undefined).maskingKey());

  test("CVE-2025-10148: in 10^6 keys no run of two comes back, as it would from a pool used twice", () => {
    const runs = new BigUint64Array(KEYS - 1);
    for (let index = 0; index < runs.length; index++) {
      // Of 2^64 runs, 10^6 by chance have one twice in 3 of 10^8 tests.
      runs[index] = BigInt(keys[index]! >>> 0) * 0x1_0000_0000n + BigInt(keys[index + 1]! >>> 0);
    }
    runs.sort();
    expect(runs.findIndex((run, index) => run === runs[index + 1])).toBe(-1);
  });

  test("R6455-5.3-01: the octets of 10^6 keys are evenly distributed", () => {
    const counts = new Uint32Array(256);
    for (const octet of new Uint8Array(keys.buffer)) counts[octet]!++;
    const expected = (KEYS * 4) / 256;
    const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    // 255 degrees of freedom: mean 255, standard deviation 22.6; six of them on either side are 1 in 10^8.
    expect(chiSquare).toBeGreaterThan(140);
    expect(chiSquare).toBeLessThan(410);
  });

  test("R6455-5.3-01: each bit of a key is set in half of them", () => {
    for (let bit = 0; bit < 32; bit++) {
      let set = 0;
      for (const key of keys) set += (key >>> bit) & 1;
      // The standard deviation is 500.
      expect(Math.abs(set - KEYS / 2)).toBeLessThan(3500);
    }
  });

  test("D24: a nonce has 16 octets, other ones each time", () => {
    const nonces = Array.from({ length: 1000 }, () => randomness(undefined).nonce());
    expect(nonces.every((nonce) => nonce.length === 16)).toBe(true);
    expect(new Set(nonces.map((nonce) => Buffer.from(nonce).toString("hex"))).size).toBe(1000);
  });
});

describe("an injected source", () => {
  test("D24: is asked for 16 octets for each nonce and for 4 for each key, and nothing beforehand", () => {
    const asked: number[] = [];
    const random = randomness((size) => {
      asked.push(size);
      return Uint8Array.from({ length: size }, (_, index) => 16 * asked.length + index);
    });
    expect(asked).toEqual([]);
    expect(random.maskingKey()).toBe(0x13_12_11_10);
    expect(random.nonce()).toEqual(Uint8Array.from({ length: 16 }, (_, index) => 32 + index));
    expect(random.maskingKey()).toBe(0x33_32_31_30);
    expect(asked).toEqual([4, 16, 4]);
  });

  test("D24: the first octet of a key is its lowest", () => {
    expect(randomness(() => Uint8Array.of(1, 2, 3, 0xff)).maskingKey()).toBe(0xff_03_02_01 | 0);
  });

  test.each<[string, unknown]>([
    ["too few octets", new Uint8Array(3)],
    ["too many octets", new Uint8Array(17)],
    ["an array", [1, 2, 3, 4]],
    ["nothing", undefined],
  ])("D24: a source that gives %s is refused", (_name, given) => {
    // @ts-expect-error -- as a caller in JavaScript may
    const random = randomness(() => given);
    const name = "must return a Uint8Array of";
    expect(() => random.maskingKey()).toThrow(new TypeError(`random(4) ${name} 4 octets`));
    expect(() => random.nonce()).toThrow(new TypeError(`random(16) ${name} 16 octets`));
  });
});
