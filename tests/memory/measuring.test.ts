import { expect, test } from "vitest";
import { expectBelow, expectGrowthBelow, KIBIBYTE, MEBIBYTE, used } from "../helpers/memory.ts";

const fill = (kept: Uint8Array[]) => kept.push(new Uint8Array(MEBIBYTE));

test.each<[string, () => object]>([
  ["octets", () => new Uint8Array(MEBIBYTE)],
  ["objects", () => Array.from({ length: 50_000 }, (_, index) => ({ index }))],
])("what is held each time is seen, however often it is measured: %s", (_name, make) => {
  expect(() => expectGrowthBelow(512 * KIBIBYTE, make)).toThrow(/expected \d+ to be less than/);
});

test("what is held at the first use alone is not", () => {
  const kept: Uint8Array[] = [];
  const made = expectGrowthBelow(512 * KIBIBYTE, () => {
    if (kept.length === 0) fill(kept);
    return kept;
  });
  expect(made).toBe(kept);
});

test("what was let go of is a figure below zero", () => {
  const kept: Uint8Array[] = [];
  expectBelow(-512 * KIBIBYTE, () => {
    fill(kept);
    const before = used();
    kept.length = 0;
    return used() - before;
  });
});
