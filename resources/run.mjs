// npm run test:resources [-- --full] [--filter REGEXP] [--list]

import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { PROBES } from "./probes.mjs";

const CHILD = fileURLToPath(new URL("child.mjs", import.meta.url));
/** Milliseconds that a probe may take; more of them for the full sizes. */
const DEADLINE = { usual: 90_000, full: 900_000 };

/** Runs a probe in a process of its own, and settles with its figures; rejects if it has none. */
function figuresOf(name, full) {
  return new Promise((resolve, reject) => {
    const options = { stdio: ["ignore", "inherit", "inherit", "ipc"], detached: true };
    const child = spawn(process.execPath, ["--expose-gc", CHILD, name, String(full)], options);
    const kill = () => {
      try {
        // Those that it has started as well.
        process.kill(-child.pid, "SIGKILL");
      } catch {
        // They have gone.
      }
    };
    process.once("exit", kill);
    const deadline = full ? DEADLINE.full : DEADLINE.usual;
    const timer = setTimeout(kill, deadline);
    let answer = { error: `no figures after ${deadline} ms` };
    child.once("message", (message) => {
      answer = message;
    });
    child.once("exit", (code, signal) => {
      clearTimeout(timer);
      kill();
      process.off("exit", kill);
      if (answer.error !== undefined) reject(new Error(answer.error));
      else if (code !== 0) reject(new Error(`ended with ${code ?? signal}`));
      else resolve(answer.figures);
    });
  });
}

/** A number of something with a few digits. */
function show(value, unit) {
  const digits = Math.abs(value) < 10 ? 2 : 0;
  return `${Number(value.toFixed(digits)).toLocaleString("en")} ${unit}`.trimEnd();
}

/** A figure beside its bound. One without a figure is what went wrong. */
function describe({ what, figure, bound, unit, least = false }) {
  if (figure === undefined) return what;
  return `${what}: ${show(figure, unit)}, ${least ? "at least" : "at most"} ${show(bound, unit)}`;
}

function isGood({ figure, bound, least = false }) {
  return least ? figure >= bound : figure <= bound;
}

/** Settles with whether each of the figures is within its bound. */
async function runProbe(name, full) {
  const begin = performance.now();
  const figures = await figuresOf(name, full).catch((error) => [{ what: error.message }]);
  const seconds = ((performance.now() - begin) / 1000).toFixed(1);
  return figures.map((figure) => {
    const good = isGood(figure);
    console.log(`${good ? "ok" : "FAILED"}  ${name}: ${describe(figure)} [${seconds} s]`);
    return good;
  });
}

const { values } = parseArgs({
  options: {
    full: { type: "boolean", default: false },
    filter: { type: "string", default: "" },
    list: { type: "boolean", default: false },
  },
});
const wanted = new RegExp(values.filter);
const names = Object.keys(PROBES).filter((name) => wanted.test(name));

if (values.list) {
  for (const name of names) console.log(name);
} else {
  process.on("SIGINT", () => process.exit(1)).on("SIGTERM", () => process.exit(1));
  const results = [];
  for (const name of names) results.push(...(await runProbe(name, values.full)));
  const good = results.filter(Boolean).length;
  console.log(`${good} passed, ${results.length - good} failed`);
  process.exitCode = good === results.length && good > 0 ? 0 : 1;
}
