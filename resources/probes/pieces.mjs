import { KIB, memory, MIB, resident } from "../measure.mjs";
import { serving } from "../serving.mjs";

/** Connections just under the limit of fragments, none of which ends its message. */
async function fragments({ count, times, octets }) {
  const { peer, port } = await serving();
  await peer.do("open", { port, count });
  // What the heap takes for new objects, whatever becomes of them, is not what the messages hold.
  await peer.do("send", { before: FIRST, octets, times: WARM_UP });
  await peer.do("send", { before: LAST, octets: "89810000000079" });
  await peer.do("receives", { octets: "8a0179" });
  const before = await resident();
  for (let step = 0; step < STEPS; step++) {
    /* oxlint-disable no-await-in-loop -- one step after the other */
    await peer.do("send", { before: step === 0 ? FIRST : "", octets, times: times / STEPS });
    // The last of it was read when the pong is there.
    await peer.do("send", { octets: "8981000000007a" });
    await peer.do("receives", { octets: "8a017a" });
    // Nor what was read, and is not collected yet.
    await memory();
  }
  return (await resident()) - before;
}

/** One less than a message may have, with the first. */
const FRAGMENTS = 131_072 - 2;
const STEPS = 10;
const OCTET = "00810000000061";
const FIRST = "01810000000061";
const LAST = "80810000000061";
/** Fragments of a message that ends. */
const WARM_UP = 2000;
const EMPTY = "008000000000";

async function growth(count, octets, bound) {
  const figure = (await fragments({ count, times: FRAGMENTS, octets })) / MIB;
  return [{ what: "growth of the resident memory", figure, bound, unit: "MiB" }];
}

async function trickle() {
  const count = 100;
  const { peer, port } = await serving();
  await peer.do("open", { port, count });
  const before = await memory();
  const head = "82ff000000000010000000000000";
  await peer.do("trickle", { before: head, octets: "61".repeat(8), times: 500 });
  const figure = ((await memory()) - before) / count / KIB;
  // Twice the payload and a block of 4 KiB; and 2 KiB for all else.
  const bound = (2 * 4000) / KIB + 4 + 2;
  return [{ what: "memory of each", figure, bound, unit: "KiB" }];
}

export const pieces = {
  "CVE-2026-62389: 200 connections, each with 131,071 fragments of an octet and no end": () =>
    growth(200, OCTET, 64),
  "20 connections, each with 131,071 fragments, empty but one, and no end": () =>
    growth(20, EMPTY, 8),
  "100 connections, each with 4,000 octets of a frame of 1 MiB, by eights": trickle,
};
