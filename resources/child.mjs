// Runs one probe: child.mjs NAME FULL. Its process is that of our end; raw peers have their own.

import { PROBES } from "./probes.mjs";

const [name, full] = process.argv.slice(2);
const errors = [];
process.on("uncaughtException", (error) => errors.push(error));

async function answer() {
  try {
    const figures = await PROBES[name]({ full: full === "true" });
    if (errors.length === 0) return { figures };
  } catch (error) {
    errors.push(error);
  }
  return { error: errors.map((error) => error.stack ?? String(error)).join("; ") };
}

process.send(await answer(), () => process.exit());
