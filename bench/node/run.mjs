/**
 * The Node server beside `ws` and beside a `node:net` echo without any protocol: messages per second of the server's CPU
 * time. The server runs on one core and the load on the other, rounds are interleaved, medians count, ratios are printed.
 *
 *   npm run bench:node -- [--rounds N] [--milliseconds N] [--filter REGEXP]
 */

/* oxlint-disable no-await-in-loop -- one after the other is what interleaving means */

import { median } from "../measure.mjs";
import { begin, options, print, save, wholeNumber } from "../program.mjs";
import { table } from "../text.mjs";
import { echoCases, goals, otherCases } from "./cases.mjs";
import { measure, startServer, stop } from "./driver.mjs";

const NAMES = ["wsproto", "wsproto-iterate", "ws", "net"];
const HEADER = ["case", ...NAMES, "of ws", "of net", "goal", "reached"];

const given = options({ milliseconds: { type: "string", default: "1000" } }, { rounds: 3 });
const { rounds } = given.effort;
const milliseconds = wholeNumber("milliseconds", given.milliseconds);

function applies(name, test) {
  return name !== "wsproto-iterate" || test.type === "echo";
}

/** The figures of one case: each server in its turn, round after round. */
async function measureAll(servers, test) {
  const figures = Object.fromEntries(NAMES.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const server of servers) {
      if (!applies(server.name, test)) continue;
      // A process that has served others before would give memory back that they have used.
      const own = test.type === "idle" ? await startServer(server.name) : server;
      const span = { milliseconds, warmUp: round === 0 ? 3 * milliseconds : 100 };
      figures[server.name].push(await measure(own, test, span));
      if (own !== server) await stop(own);
    }
  }
  return Object.fromEntries(
    NAMES.map((name) => [name, figures[name].length > 0 ? median(figures[name]) : null]),
  );
}

function row(test, medians) {
  const figures = NAMES.map((name) =>
    medians[name] === null ? "-" : Math.round(medians[name]).toLocaleString("en"),
  );
  const isMemory = test.type === "idle";
  const goal = Object.entries(goals[test.name] ?? {});
  const wanted = goal.map(([peer, factor]) => `${isMemory ? "≤" : "≥"} ${factor} ${peer}`);
  const reached = goal.map(([peer, factor]) => {
    const ratio = medians.wsproto / medians[peer];
    return (isMemory ? ratio <= factor : ratio >= factor) ? "yes" : `NO (${peer})`;
  });
  const missed = reached.filter((text) => text !== "yes");
  return [
    test.name,
    ...figures,
    (medians.wsproto / medians.ws).toFixed(2),
    (medians.wsproto / medians.net).toFixed(2),
    wanted.join(", "),
    missed.length > 0 ? missed.join(", ") : goal.length > 0 ? "yes" : "",
  ];
}

const machine = begin(
  `wsproto/node, messages (deliveries, handshakes) per second of the server's CPU time; idle: octets per connection\n` +
    `Medians of ${rounds} rounds of ${milliseconds} ms`,
  ["ws", "bufferutil"],
);
const cases = [...echoCases, ...otherCases].filter(({ name }) => given.filter.test(name));
const servers = await Promise.all(NAMES.map((name) => startServer(name)));
const medians = {};
for (const [index, test] of cases.entries()) {
  process.stderr.write(`${index + 1} of ${cases.length}: ${test.name}\n`);
  medians[test.name] = await measureAll(servers, test);
}
await Promise.all(servers.map((server) => stop(server)));
print(table([HEADER, ...cases.map((test) => row(test, medians[test.name]))]));
const missed = cases.filter((test) => row(test, medians[test.name]).at(-1).startsWith("NO"));
const withGoal = cases.filter(({ name }) => name in goals);
print(`${withGoal.length - missed.length} of ${withGoal.length} goals reached`);
save("node-", machine, { rounds, milliseconds, cases: medians });
