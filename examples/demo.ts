/*
 * A conversation over TCP between two processes, each an engine and a socket, nothing else. Prints every event on each
 * side, the state after it and the octets on the wire, and compares them with what must happen.
 */
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { playClient } from "./demo/client.ts";
import { scenes, type ServerNews } from "./demo/conversation.ts";
import type { Line } from "./demo/report.ts";

type Side = "client" | "server";

const DEADLINE = 10_000;

const records = scenes.map(() => ({ client: [] as Line[], server: [] as Line[] }));
let differences = 0;

function differs(message: string): void {
  differences++;
  console.error(`DIFFERENCE: ${message}`);
}

function print(title: string, lines: readonly (readonly [Side, Line])[]): void {
  console.log(`\n${title}`);
  console.log(
    `  ${"side".padEnd(6)}   ${"event".padEnd(76)} ${"state after".padEnd(14)} ${"octets".padStart(8)} ${"in all".padStart(9)}`,
  );
  for (const [side, { way, text, state, octets, total }] of lines) {
    const what = text.length > 76 ? `${text.slice(0, 73)}...` : text.padEnd(76);
    console.log(
      `  ${side} ${way} ${what} ${state.padEnd(14)} ${String(octets).padStart(8)} ${String(total).padStart(9)}`,
    );
  }
}

function compare(scene: number, side: Side, seen: readonly Line[]): void {
  const expected = scenes[scene]![side];
  const met = seen
    .filter((line) => line.expected)
    .map(({ way, text, state }) => `${way} ${text} | ${state}`);
  for (let index = 0; index < Math.max(expected.length, met.length); index++) {
    if (expected[index] === met[index]) continue;
    const where = `scene ${scene + 1}, ${side}, line ${index + 1}`;
    differs(`${where}: expected ${expected[index] ?? "nothing"}, met ${met[index] ?? "nothing"}`);
  }
}

function highest(lines: readonly Line[], way: string): number {
  return lines
    .filter((line) => line.way === way)
    .reduce((most, line) => Math.max(most, line.total), 0);
}

/** What one side has sent the other has received. */
function compareOctets(scene: number, from: readonly Line[], to: readonly Line[]): void {
  const sent = highest(from, ">");
  const received = highest(to, "<");
  if (sent !== received) differs(`scene ${scene + 1}: ${sent} octets sent, ${received} received`);
}

function report(scene: number): void {
  const { client, server } = records[scene]!;
  const lines = [
    ...client.map((line) => ["client", line] as const),
    ...server.map((line) => ["server", line] as const),
  ].sort(([, first], [, second]) => (BigInt(first.time) < BigInt(second.time) ? -1 : 1));
  print(`${scene + 1}. ${scenes[scene]!.title}`, lines);
  compare(scene, "client", client);
  compare(scene, "server", server);
  compareOctets(scene, client, server);
  compareOctets(scene, server, client);
}

const deadline = setTimeout(() => {
  differs(`not done after ${DEADLINE} ms`);
  process.exit(1);
}, DEADLINE);

const server = fork(fileURLToPath(new URL("demo/server.js", import.meta.url)));
const end: (() => void)[] = [];
const ended = scenes.map((_, index) => new Promise<void>((resolve) => (end[index] = resolve)));

async function play(port: number): Promise<void> {
  for (const index of scenes.keys()) {
    await playClient(index, port, (line) => records[index]!.client.push(line));
    await ended[index];
    report(index);
  }
  server.disconnect();
  clearTimeout(deadline);
  console.log(
    differences === 0 ? "\nAll as it must be." : `\n${differences} differences from what must be.`,
  );
  process.exitCode = differences === 0 ? 0 : 1;
}

server.on("message", (news: ServerNews) => {
  if ("port" in news) {
    play(news.port).catch((error: unknown) => {
      differs(String(error));
      process.exit(1);
    });
  } else if ("line" in news) {
    records[news.connection - 1]?.server.push(news.line);
  } else {
    end[news.connection - 1]?.();
  }
});
