/** What is measured. `inFlight`: messages that each connection has under way; `kind`: of the payload; `burst`: broadcasts in a row. */
const KIB = 1024;

export function echo(connections, inFlight, size, kind = "binary") {
  const name = `echo/${connections}x${inFlight}/${kind}/${size}`;
  return { type: "echo", name, connections, inFlight, size, kind };
}

const CONNECTIONS = [1, 10, 100];

export const echoCases = [
  ...CONNECTIONS.flatMap((connections) =>
    [16, KIB, 64 * KIB, KIB * KIB].map((size) => echo(connections, 1, size)),
  ),
  ...CONNECTIONS.flatMap((connections) => [16, KIB].map((size) => echo(connections, 64, size))),
  echo(10, 64, 16, "text"),
  echo(10, 64, KIB, "text"),
  echo(1, 64, 64 * KIB),
  echo(10, 64, 64 * KIB),
  echo(1, 4, KIB * KIB),
  echo(10, 4, KIB * KIB),
];

export const otherCases = [
  { type: "broadcast", name: "broadcast/1000/512", connections: 1000, size: 512, burst: 1 },
  { type: "broadcast", name: "broadcast/1000x16/512", connections: 1000, size: 512, burst: 16 },
  { type: "handshakes", name: "handshakes/32", parallel: 32 },
  { type: "idle", name: "idle/2000", connections: 2000 },
];

/**
 * The goals of the project, as how many times faster than `ws`, and than a bare `node:net` echo without any protocol.
 * For "idle" it is the share of `ws`'s memory, at most.
 */
export const goals = {
  "echo/100x1/binary/16": { ws: 1.6, net: 0.9 },
  "echo/100x1/binary/1024": { ws: 1.3, net: 0.9 },
  "echo/100x1/binary/65536": { ws: 1.3 },
  "echo/10x64/binary/16": { ws: 15 },
  "echo/10x64/binary/1024": { ws: 6 },
  "echo/10x64/text/16": { ws: 12 },
  "echo/10x64/text/1024": { ws: 5 },
  "echo/10x64/binary/65536": { ws: 1 },
  "echo/10x4/binary/1048576": { ws: 1 },
  "broadcast/1000/512": { ws: 4, net: 0.95 },
  "broadcast/1000x16/512": { ws: 4, net: 0.95 },
  "handshakes/32": { ws: 1.25 },
  "idle/2000": { ws: 0.8 },
};
