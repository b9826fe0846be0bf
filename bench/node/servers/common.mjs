/**
 * What every server of the benchmark tells its parent: its port, on "cpu" the CPU time in seconds used so far, on "memory"
 * the octets in use after a full collection. That one takes long and throws compiled code away: not while time counts.
 */
export function report(port) {
  process.send({ port });
  process.on("message", (request) => {
    const { user, system } = process.cpuUsage();
    if (request === "cpu") process.send((user + system) / 1e6);
    if (request !== "memory") return;
    globalThis.gc();
    globalThis.gc();
    const { heapUsed, external } = process.memoryUsage();
    process.send(heapUsed + external);
  });
  process.on("disconnect", () => process.exit());
}

/** A message of one octet asks for as many broadcasts, one right behind the other, as that octet says; of this size. */
export const BROADCAST_SIZE = 512;
