import { setTimeout as sleep } from "node:timers/promises";
import { KIB, MIB, peakGrowth } from "../measure.mjs";
import { echo, serving } from "../serving.mjs";

/** A ping with 125 octets, masked with zeros. */
const PING = `89fd00000000${"61".repeat(125)}`;

/** A text of up to 125 octets, as a client and as a server send it. */
const text = (octets) => `81${(0x80 | octets.length).toString(16)}00000000${hex(octets)}`;
const echoed = (octets) => `81${octets.length.toString(16).padStart(2, "0")}${hex(octets)}`;
const hex = (octets) => Buffer.from(octets).toString("hex");

/** A binary message of 126 octets or more. */
const binary = (size) => `82fe${size.toString(16).padStart(4, "0")}00000000${"61".repeat(size)}`;

/** In how many steps a flood comes; after each it is measured. */
const STEPS = 12;

/** What a flood by a peer that reads nothing makes the server hold. The connection must go on when the peer reads. */
async function flood(handle, octets, size, prepare = async () => {}) {
  let opened;
  const connection = new Promise((resolve) => {
    opened = resolve;
  });
  const serve = async (socket) => {
    opened(socket);
    await handle(socket);
  };
  // However long it takes: what is measured is memory.
  const { peer, port } = await serving(serve, { deadlines: { write: 600_000 } });
  const times = Math.floor(size / STEPS / (octets.length / 2));
  await peer.do("open", { port });
  // Once with a peer that reads, for what is only made once.
  await peer.do("send", { octets, times });
  await peer.do("send", { octets: text("warm") });
  await peer.do("receives", { octets: echoed("warm") });
  await peer.do("pause");
  const socket = await connection;
  await prepare(socket);
  let queued = 0;
  const growth = await peakGrowth(STEPS, async () => {
    await peer.do("send", { octets, times });
    queued = Math.max(queued, socket.bufferedAmount);
  });
  await peer.do("resume");
  await goesOn(peer, socket);
  return [
    { what: "growth", figure: growth / KIB, unit: "KiB" },
    { what: "queued", figure: queued / KIB, unit: "KiB" },
  ];
}

/** Sends until the kernel, which takes more and more from who is read quickly, takes nothing. */
async function fill(socket) {
  for (let stuck = 0; stuck < 2; stuck = socket.bufferedAmount > 0 ? stuck + 1 : 0) {
    void socket.send(new Uint8Array(256 * KIB));
    await sleep(50);
  }
}

/** What was queued leaves; then there is room for an echo again. */
async function goesOn(peer, socket) {
  const answer = peer.do("receives", { octets: echoed("go on") }).then(() => true);
  do {
    await socket.drained();
    await peer.do("send", { octets: text("go on") });
  } while (!(await Promise.race([answer, sleep(100, false)])));
}

/** Echoes, and waits for no send. What there is no room for is lost. */
async function impatient(socket) {
  socket.on("message", (data) => void socket.send(data));
  await socket.closed;
}

/** The hard cap of what is queued, `maxQueued`, in KiB. */
const CAP = 4 * KIB;

async function impatientFlood(octets, size) {
  const [growth, queued] = await flood(impatient, octets, size, fill);
  return [
    { ...growth, bound: CAP + KIB },
    { ...queued, bound: CAP + 2 },
    { ...queued, bound: CAP - 64, least: true },
  ];
}

async function pingFlood() {
  const [growth] = await flood(echo, PING, 48 * MIB);
  return [{ ...growth, bound: KIB }];
}

/** No pong can leave. */
async function stuckPingFlood() {
  const [growth, queued] = await flood(echo, PING, 48 * MIB, fill);
  return [
    { ...growth, bound: KIB },
    { ...queued, bound: 64, least: true },
  ];
}

export const floods = {
  "ping flood, 48 MiB, the peer reads nothing": pingFlood,
  "ping flood, 48 MiB, and no pong can leave": stuckPingFlood,
  "CVE-2020-35896: echo flood, 48 MiB by KiB, sends not awaited, the peer reads nothing": () =>
    impatientFlood(binary(1024), 48 * MIB),
  "CVE-2020-35896: echo flood, 8 MiB by 32 octets, sends not awaited, the peer reads nothing": () =>
    impatientFlood(text("a".repeat(32)), 8 * MIB),
};
