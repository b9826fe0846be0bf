import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

const running = new Set();
// Whatever happens to this process, none of its children outlives it.
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, () => process.exit(1));

/**
 * Starts a program. `onLine` gets each line of its standard output.
 * @returns `{ write(text), kill(signal), exited }`; `exited` settles with `{ code, signal, errors }`, `errors` being what
 *   it wrote to standard error
 */
export function startProgram(command, args, { onLine = () => {}, ...options } = {}) {
  const child = spawn(command, args, { stdio: "pipe", ...options });
  running.add(child);
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text) => (errors += text));
  child.stdin.on("error", () => {}); // it is gone; `exited` tells
  createInterface({ input: child.stdout }).on("line", onLine);
  const exited = new Promise((resolve) => {
    child.on("error", (error) => {
      running.delete(child);
      resolve({ code: null, signal: null, errors: error.message });
    });
    child.on("close", (code, signal) => {
      running.delete(child);
      resolve({ code, signal, errors });
    });
  });
  return {
    write: (text) => child.stdin.write(text),
    async kill(signal = "SIGKILL") {
      child.kill(signal);
      return exited;
    },
    exited,
  };
}

/** An error for a program that ended when it should have gone on, or was not there. */
export function endedEarly(name, { code, signal, errors }) {
  const how =
    code === null && signal === null ? "could not be started" : `ended (${signal ?? code})`;
  return new Error(`${name} ${how}: ${errors.trim() || "no message"}`);
}
