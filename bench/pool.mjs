// The processes that measure: one for each implementation in a group, spoken to in lines of JSON.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { createInterface } from "node:readline";

const WORKER = fileURLToPath(new URL("worker.mjs", import.meta.url));
const PEERS = fileURLToPath(new URL("peers/", import.meta.url));

/** Starts the process of an implementation: `{ ask, end }`. */
export function startWorker({ id, module, interpreter, options = {}, environment = {} }) {
  const [command, ...parameters] =
    interpreter === undefined
      ? [process.execPath, WORKER, module, JSON.stringify(options)]
      : [interpreter, PEERS + module];
  const child = spawn(command, parameters, {
    env: { ...process.env, ...environment },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    /** Has a request answered; one at a time. */
    async ask(request) {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      const { value, done } = await lines.next();
      if (done) {
        const [code, signal] = await ended;
        throw new Error(`the process of ${id} has ended early: ${signal ?? `exit code ${code}`}`);
      }
      return JSON.parse(value);
    },
    async end() {
      child.stdin.end();
      await ended;
    },
  };
}
