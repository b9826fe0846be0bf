import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Fault } from "./faults/faulty-peer.ts";
import { PHASES, type Phase } from "./faults/phases.ts";
import { clientScene, type Scene, serverScene, type Side } from "./faults/scene.ts";

/*
 * A peer that goes, however it goes and whenever: everything that waits for an end gets exactly one, in time, nothing
 * else is told, and nothing is left. (That no error and no rejection escapes is seen to by `running.ts`.)
 */

interface Case {
  readonly side: Side;
  readonly tls: boolean;
  readonly phase: Phase;
  readonly fault: Fault;
}

const SIDES: readonly Side[] = ["server", "client"];
const FAULTS: readonly Fault[] = [
  "FIN",
  "RST",
  "silence",
  "half-close",
  "killed process",
  "missing close_notify",
  "TLS alert",
];

/**
 * Whether there can be such a case. There is no alert without TLS, nor when our server has ended its side: nothing comes
 * from it any more that an alert could answer. There is no close_notify before TLS stands.
 */
function exists({ side, tls, phase, fault }: Case): boolean {
  if (fault === "TLS alert") return tls && !(side === "server" && phase.clean);
  if (fault === "missing close_notify") return tls && phase.stage !== "connecting";
  return true;
}

const CASES: readonly Case[] = SIDES.flatMap((side) =>
  [false, true].flatMap((tls) =>
    PHASES.flatMap((phase) => FAULTS.map((fault) => ({ side, tls, phase, fault }))),
  ),
).filter(exists);

/** How many TCP sockets this process has, those that listen included. */
function openSockets(): number {
  return process.getActiveResourcesInfo().filter((name) => name.startsWith("TCP")).length;
}

async function reached({ side, tls, phase, fault }: Case): Promise<Scene> {
  const scene = await (side === "server" ? serverScene : clientScene)({
    tls,
    secured: tls && phase.stage !== "connecting",
    undecided: phase.name === "accept pending",
    inOwnProcess: fault === "killed process",
  });
  if (phase.stage === "standing") await scene.opens();
  await phase.reach(scene);
  return scene;
}

/** The deadlines that pass one after the other until a silent peer is given up. */
function patience({ phase, side, tls }: Case): readonly number[] {
  const first = phase.patience[side];
  // What a server refuses it leaves to its peer to take; before TLS stands, it cannot refuse.
  const refused =
    side === "server" && phase.stage !== "standing" && !(tls && phase.stage === "connecting");
  return refused ? [first, 10_000] : [first];
}

/** A silent peer is given up when its deadlines have passed, not before. */
async function waits({ clock, outcomes }: Scene, each: Case): Promise<void> {
  for (const delay of patience(each)) {
    const before = { ...outcomes.seen };
    clock.advance(delay - 1);
    await setImmediate();
    expect(outcomes.seen).toEqual(before);
    expect(clock.delays).not.toEqual([]);
    clock.advance(1);
    await setImmediate();
  }
}

/** Settles when a condition holds, to which nothing leads but what is under way. */
async function until(condition: () => boolean): Promise<void> {
  for (let turns = 0; !condition(); turns++) {
    if (turns === 100_000) throw new Error(`it does not come to pass: ${String(condition)}`);
    await setImmediate();
  }
}

let socketsBefore = 0;
beforeEach(() => {
  socketsBefore = openSockets();
});
afterEach(async () => {
  await until(() => openSockets() === socketsBefore);
});

/** What the peer's end leads to: for whatever has waited for an end, the one it gets. */
function expected({ side, tls, phase, fault }: Case): Readonly<Record<string, unknown>> {
  if (phase.stage === "standing") {
    const handler = side === "server" ? { handler: "called" } : {};
    const error = `ConnectionClosedError ${phase.clean ? "1000 clean" : "1006"}`;
    return phase.clean
      ? { ...handler, closed: "1000 clean", ping: error, reader: "null" }
      : { ...handler, closed: "1006", ping: error, reader: error };
  }
  if (side === "server") return phase.name === "accept pending" ? { accept: "AbortError" } : {};
  if (fault === "silence") return { connect: "TimeoutError" };
  if (fault === "TLS alert") return { connect: expect.stringMatching(/^ERR_SSL_\w+_ALERT_/) };
  // TLS that breaks off before it stands is a broken stream, however it does. With RST, and what the kernel makes of
  // octets that nobody has read, Node reports an end in order if something else arrives in the same moment.
  if (tls && phase.stage === "connecting") return { connect: "ECONNRESET" };
  return { connect: expect.stringMatching(/^(ECONNRESET|EPIPE|RemoteProtocolError)$/) };
}

test.each(
  CASES.map((each) => ({ ...each, carrier: each.tls ? "TLS" : "TCP", when: each.phase.name })),
)("our $side over $carrier, $when: $fault", async (each) => {
  const scene = await reached(each);
  const { peer, clock, outcomes, reports } = scene;
  peer.break(each.fault);
  if (each.fault === "silence") await waits(scene, each);
  // From here on the clock stands still: what is still to come needs no deadline.
  await peer.over();
  await until(() => clock.delays.length === 0);
  await setImmediate();
  peer.destroy();
  await scene.finished();
  expect(outcomes.seen).toEqual(expected(each));
  expect(reports.errors).toEqual([]);
  expect(clock.delays).toEqual([]);
});
