import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect } from "vitest";

/* What is held in memory, measured after the garbage was collected. */

setFlagsFromString("--expose_gc");
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the flag above provides
const collect = runInNewContext("gc") as () => void;

/** Octets in use: objects, and what array buffers hold. */
export function used(): number {
  // Array buffers are freed behind the first collection; what they held up, behind the second.
  collect();
  let least = Infinity;
  // Now and then a reading is 300 KiB too high, and the next one is not.
  for (let round = 0; round < 3; round++) {
    collect();
    const { heapUsed, external } = process.memoryUsage();
    least = Math.min(least, heapUsed + external);
  }
  return least;
}

/**
 * Expects a figure of memory below `bound` octets. If it is not, it is measured again: what is compiled or set up at the
 * first use shows once, what is held shows each time.
 */
export function expectBelow(bound: number, measure: () => number): void {
  let least = Infinity;
  for (let attempt = 0; attempt < 4 && least >= bound; attempt++) {
    least = Math.min(least, measure());
  }
  expect(least).toBeLessThan(bound);
}

/** Expects that `make`, and what it returns, make memory grow by less than `bound` octets. */
export function expectGrowthBelow<Result>(bound: number, make: () => Result): Result {
  // All are kept: an earlier one that is let go of would hide what a later one holds.
  const results: Result[] = [];
  expectBelow(bound, () => {
    const before = used();
    results.push(make());
    return used() - before;
  });
  return results.at(-1)!;
}

export const KIBIBYTE = 1024;
export const MEBIBYTE = 1024 * 1024;
