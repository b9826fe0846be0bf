// npm run bench:deflate -- [--quick] [--filter REGEXP] [--rounds N]

/* oxlint-disable no-await-in-loop -- one after the other */

import { goalRows, goalTable } from "./goals.mjs";
import { measureGroup } from "./measure.mjs";
import { planOfDeflate, planOfMemory, QUICK } from "./plan-deflate.mjs";
import { startWorker } from "./pool.mjs";
import { begin, chosen, options, print, save } from "./program.mjs";
import { groupTable } from "./report.mjs";
import { table } from "./text.mjs";

/** So many connections are opened to see what one holds. */
const CONNECTIONS = 200;
/** As in program.mjs. Messages are few in the time that they take, so the compiler needs longer. */
const EFFORT = { rounds: 5, small: [400_000, 40_000], large: [400_000, 40_000] };
/** The goal: no more than ws. */
const MEMORY_GOAL = 1;

/** Octets of resident memory that a connection of each implementation takes, each in a process of its own. */
async function measureMemory({ testCase, columns }) {
  const octets = {};
  for (const column of columns) {
    const worker = startWorker(column);
    try {
      const request = { command: "memory", testCase, connections: CONNECTIONS };
      ({ octets: octets[column.id] } = await worker.ask(request));
    } finally {
      await worker.end();
    }
  }
  return octets;
}

function kibibytes(octets) {
  return (octets / 1024).toFixed(0);
}

function memoryTable(rows) {
  const header = ["memory of a connection, KiB", "wsproto", "ws", "share", "goal", "reached"];
  const lines = rows.map(({ title, octets }) => {
    const share = octets.wsproto / octets.ws;
    return [
      title,
      kibibytes(octets.wsproto),
      kibibytes(octets.ws),
      share.toFixed(2),
      `≤ ${MEMORY_GOAL.toFixed(2)}`,
      share <= MEMORY_GOAL ? "yes" : "NO",
    ];
  });
  return table([header, ...lines]);
}

const given = options({}, EFFORT);
const { effort, filter } = given;
const machine = begin(
  `wsproto, permessage-deflate, CPU time per message with all threads, medians of ${effort.rounds} rounds`,
  ["ws", "bufferutil"],
);
const results = [];
for (const group of chosen(planOfDeflate(), given, QUICK)) {
  const medians = await measureGroup(group, effort);
  results.push({ group, medians });
  print(groupTable(group, medians));
}
const memory = [];
for (const group of planOfMemory().filter(({ id }) => filter.test(id))) {
  memory.push({ id: group.id, title: group.title, octets: await measureMemory(group) });
}
if (memory.length > 0) print(memoryTable(memory));
const goals = goalRows(results);
if (goals.length > 0) print(goalTable(goals));
save("deflate-", machine, {
  effort,
  goals,
  memory,
  medians: Object.assign({}, ...results.map(({ medians }) => medians)),
});
