/**
 * What every server of the benchmark tells its parent: its port, and on "mark" the CPU time and the memory used so far.
 */
export function report(port) {
  process.send({ port });
  process.on("message", (request) => {
    if (request !== "mark") return;
    globalThis.gc?.();
    globalThis.gc?.();
    const { user, system } = process.cpuUsage();
    const { heapUsed, external } = process.memoryUsage();
    process.send({ cpu: (user + system) / 1e6, memory: heapUsed + external });
  });
  process.on("disconnect", () => process.exit());
}

/** A message of one octet asks for a broadcast of this many. */
export const BROADCAST_SIZE = 512;
