// npm run bench -- [--quick] [--filter REGEXP] [--rounds N] [--python INTERPRETER]

/* oxlint-disable no-await-in-loop -- one group after the other */

import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { goalRows, goalTable, spreadRows } from "./goals.mjs";
import { measureGroup } from "./measure.mjs";
import { plan, pythonColumn, QUICK } from "./plan.mjs";
import { groupTable, linearTable } from "./report.mjs";

const RESULTS = fileURLToPath(new URL("../.cache/bench/", import.meta.url));
/** Rounds, and microseconds of CPU time for each case: to warm up, and in a round. See `effortFor` in measure.mjs. */
const FULL = { rounds: 5, small: [30_000, 20_000], large: [100_000, 30_000] };
const FAST = { rounds: 2, small: [20_000, 5_000], large: [20_000, 10_000] };

function options() {
  const { values } = parseArgs({
    options: {
      quick: { type: "boolean", default: false },
      filter: { type: "string", default: "" },
      rounds: { type: "string" },
      python: { type: "string" },
    },
  });
  const effort = values.quick ? FAST : FULL;
  const rounds = values.rounds === undefined ? effort.rounds : Number(values.rounds);
  if (!Number.isSafeInteger(rounds) || rounds < 1) {
    throw new RangeError(`--rounds must be a whole number from 1, not ${values.rounds}`);
  }
  return { ...values, effort: { ...effort, rounds } };
}

/** The groups with the cases that are asked for. */
function chosenGroups({ quick, filter, python }) {
  const wanted = new RegExp(filter);
  const groups = plan();
  for (const group of groups) {
    group.columns = withPython(group, python);
    group.cases = group.cases.filter(({ id }) => wanted.test(id) && (!quick || QUICK.test(id)));
  }
  return groups.filter(({ cases }) => cases.length > 0);
}

function withPython({ columns, cases, per }, interpreter) {
  const comparable = per === undefined && !cases.some(({ deflate }) => deflate);
  return interpreter !== undefined && comparable
    ? [...columns, pythonColumn(interpreter)]
    : columns;
}

function print(text) {
  process.stdout.write(`${text}\n\n`);
}

const { effort, ...chosen } = options();
const machine = { node: process.version, cpu: cpus()[0]?.model ?? "unknown", load: loadavg() };
print(
  `wsproto, CPU time per message, medians of ${effort.rounds} rounds\n` +
    `Node ${machine.node}, ${cpus().length} × ${machine.cpu}, load ${machine.load[0].toFixed(1)}`,
);
const started = new Date();
const results = [];
for (const group of chosenGroups(chosen)) {
  const medians = await measureGroup(group, effort);
  results.push({ group, medians });
  print(group.per === undefined ? groupTable(group, medians) : linearTable(group, medians));
}
const goals = goalRows(results);
if (goals.length > 0) print(goalTable(goals));

mkdirSync(RESULTS, { recursive: true });
const file = `${RESULTS}${started.toISOString().replaceAll(":", "-").slice(0, 19)}.json`;
const medians = Object.assign({}, ...results.map((result) => result.medians));
const record = {
  date: started.toISOString(),
  ...machine,
  effort,
  goals,
  spreads: spreadRows(results),
  medians,
};
writeFileSync(file, `${JSON.stringify(record, null, 2)}\n`);
print(`${((Date.now() - started.getTime()) / 1000).toFixed(0)} s, every median in ${file}`);
