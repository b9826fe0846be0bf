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
  for (let round = 0; round < 2; round++) collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/**
 * Expects that `make`, and what it returns, make memory grow by less than `bound` octets. If they do not, it is done
 * again: what is compiled or set up at the first use shows once, what is held shows each time.
 */
export function expectGrowthBelow<Result>(bound: number, make: () => Result): Result {
  let least = Infinity;
  for (let attempt = 0; ; attempt++) {
    const before = used();
    const result = make();
    least = Math.min(least, used() - before);
    if (least < bound || attempt === 3) {
      expect(least).toBeLessThan(bound);
      return result;
    }
  }
}

export const KIBIBYTE = 1024;
export const MEBIBYTE = 1024 * 1024;
