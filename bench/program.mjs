// What the programs have in common: their options, the first lines that they print, and where the results go.

import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const RESULTS = fileURLToPath(new URL("../.cache/bench/", import.meta.url));
/** Rounds, and microseconds of CPU time for each case: to warm up, and in a round. See `effortFor` in measure.mjs. */
const FULL = { rounds: 5, small: [30_000, 20_000], large: [100_000, 30_000] };
const FAST = { rounds: 2, small: [20_000, 5_000], large: [20_000, 10_000] };

/**
 * The options of the command line: those of all programs, and `more`.
 * @param full the effort without `--quick`
 */
export function options(more = {}, full = FULL) {
  const { values } = parseArgs({
    options: {
      quick: { type: "boolean", default: false },
      filter: { type: "string", default: "" },
      rounds: { type: "string" },
      ...more,
    },
  });
  const effort = values.quick ? FAST : full;
  const rounds = values.rounds === undefined ? effort.rounds : wholeNumber("rounds", values.rounds);
  return { ...values, filter: new RegExp(values.filter), effort: { ...effort, rounds } };
}

/** An option that is a whole number from 1. */
export function wholeNumber(name, text) {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 1) return number;
  throw new RangeError(`--${name} must be a whole number from 1, not ${text}`);
}

/** The groups with those of their cases whose names match, and without those that have none. */
export function chosen(groups, { filter, quick }, quickCases) {
  const wanted = ({ id }) => filter.test(id) && (!quick || quickCases.test(id));
  return groups
    .map((group) => ({ ...group, cases: group.cases.filter(wanted) }))
    .filter(({ cases }) => cases.length > 0);
}

export function print(text) {
  process.stdout.write(`${text}\n\n`);
}

/**
 * Prints what is measured on which machine, how busy it is, and against which versions; gives the record of it.
 * @param peers names of packages
 */
export function begin(title, peers, python) {
  const machine = {
    date: new Date().toISOString(),
    node: process.version,
    cpu: cpus()[0]?.model ?? "unknown",
    load: loadavg(),
    peers: Object.fromEntries(peers.map((peer) => [peer, versionOf(peer)])),
  };
  if (python !== undefined) machine.peers["Python's wsproto"] = versionOfPython(python);
  const versions = Object.entries(machine.peers).map(([peer, version]) => `${peer} ${version}`);
  const loads = machine.load.map((load) => load.toFixed(1)).join(" ");
  print(
    `${title}\n` +
      `Node ${machine.node}, ${cpus().length} × ${machine.cpu}, load of the last 1, 5, 15 minutes: ${loads}\n` +
      `Beside ${versions.join(", ")}`,
  );
  return machine;
}

function versionOf(peer) {
  const file = new URL(`node_modules/${peer}/package.json`, import.meta.url);
  return JSON.parse(readFileSync(file, "utf8")).version;
}

function versionOfPython(interpreter) {
  const program = "import importlib.metadata; print(importlib.metadata.version('wsproto'))";
  return execFileSync(interpreter, ["-c", program], { encoding: "utf8" }).trim();
}

/** Writes a record to a file of its own in .cache/bench. */
export function save(prefix, machine, results) {
  mkdirSync(RESULTS, { recursive: true });
  const time = machine.date.replaceAll(":", "-").slice(0, 19);
  const file = `${RESULTS}${prefix}${time}.json`;
  writeFileSync(file, `${JSON.stringify({ ...machine, ...results }, null, 2)}\n`);
  const seconds = (Date.now() - Date.parse(machine.date)) / 1000;
  print(`${seconds.toFixed(0)} s, every median in ${file}`);
}
