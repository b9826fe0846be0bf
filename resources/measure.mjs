import { setTimeout as sleep } from "node:timers/promises";

export const KIB = 1024;
export const MIB = 1024 * 1024;

/** Octets that this process holds on to, those outside of the heap included. */
export async function memory() {
  let least = Infinity;
  // What is being read at the moment, or was not swept yet, is not held on to.
  for (let round = 0; round < 4; round++) {
    await sleep(20);
    globalThis.gc();
    const { heapUsed, external } = process.memoryUsage();
    least = Math.min(least, heapUsed + external);
  }
  return least;
}

/** Octets of memory that are resident. */
export async function resident() {
  await memory();
  return process.memoryUsage.rss();
}

/** By how many octets what this process holds on to was above its beginning at most, after each of some steps. */
export async function peakGrowth(steps, step) {
  const before = await memory();
  let peak = before;
  for (let count = 0; count < steps; count++) {
    await step();
    peak = Math.max(peak, await memory());
  }
  return peak - before;
}

/** The share of a core that this process, or the one that `usage` asks, takes for some milliseconds from now. */
export async function load(milliseconds, usage = async () => process.cpuUsage()) {
  const before = await usage();
  const begin = performance.now();
  await sleep(milliseconds);
  const after = await usage();
  const used = after.user - before.user + (after.system - before.system);
  return used / 1000 / (performance.now() - begin);
}
