// npm run test:interop [-- --filter REGEXP] [--list]

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { makeCertificate } from "./certificate.mjs";
import { CELLS } from "./matrix.mjs";
import { Started } from "./started.mjs";
import { within } from "./waiting.mjs";

const DEADLINE = 60_000; // for a cell

/** Errors that nobody has caught; they fail the cell in which they come up. */
const uncaught = [];
process.on("uncaughtException", (error) => uncaught.push(error));

/** Settles with what to say about the cell, which has passed. */
async function passed({ run }, setting) {
  const what = await within(DEADLINE, "the cell", run(setting));
  const [error] = uncaught.splice(0);
  if (error !== undefined) throw error;
  return what;
}

async function runCell(cell, setting) {
  const begin = performance.now();
  const [word, what] = await passed(cell, setting).then(
    (text) => ["ok", text],
    (error) => ["FAILED", error.message],
  );
  const seconds = ((performance.now() - begin) / 1000).toFixed(1);
  console.log(`${word}  ${cell.name}: ${what.replaceAll("\n", "\n    ")} [${seconds} s]`);
  return word === "ok";
}

/** The names of what the cells need and this machine has not. */
function findMissing(cells) {
  const parties = new Set(cells.flatMap(({ needs = [] }) => needs));
  return new Set([...parties].filter((party) => !party.isInstalled()).map(({ NAME }) => NAME));
}

/** Those of the cells that can be run. Says what is missing for the others. */
function withoutMissing(cells) {
  const missing = findMissing(cells);
  return cells.filter(({ name, needs = [] }) => {
    const names = needs.map(({ NAME }) => NAME).filter((each) => missing.has(each));
    if (names.length > 0) console.log(`skipped  ${name}: ${names.join(", ")} not installed`);
    return names.length === 0;
  });
}

async function runAll(cells) {
  const runnable = withoutMissing(cells);
  const skipped = cells.length - runnable.length;
  const folder = mkdtempSync(join(tmpdir(), "wsproto-interop-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  const shared = new Started();
  const setting = { folder, shared, certificate: makeCertificate(folder) };
  let good = 0;
  for (const cell of runnable) if (await runCell(cell, setting)) good += 1;
  await shared.stop();
  // What is missing fails the run where everything has to be there.
  const bad = runnable.length - good + (process.env.CI === undefined ? 0 : skipped);
  console.log(`${good} passed, ${bad} failed, ${skipped} skipped`);
  return bad === 0 && good > 0;
}

const { values } = parseArgs({
  options: {
    filter: { type: "string", default: "" },
    list: { type: "boolean", default: false },
  },
});
const wanted = new RegExp(values.filter);
const cells = CELLS.filter(({ name }) => wanted.test(name));

if (values.list) for (const { name } of cells) console.log(name);
else process.exit((await runAll(cells)) ? 0 : 1);
