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

async function runAll(cells) {
  const folder = mkdtempSync(join(tmpdir(), "wsproto-interop-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  const shared = new Started();
  const setting = { folder, shared, certificate: makeCertificate(folder) };
  let good = 0;
  for (const cell of cells) if (await runCell(cell, setting)) good += 1;
  await shared.stop();
  console.log(`${good} passed, ${cells.length - good} failed`);
  return good === cells.length && good > 0;
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
