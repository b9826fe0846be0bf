// Starts servers, each in a process of its own, and has the load measure one of them.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** Starts a program on one core, where the system can do that. */
function start(file, core, flags = []) {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const options = { stdio: ["ignore", "inherit", "inherit", "ipc"] };
  return process.platform === "linux"
    ? spawn("taskset", ["-c", core, process.execPath, ...flags, path], options)
    : spawn(process.execPath, [...flags, path], options);
}

/** A server, in a process of its own that stays for all cases: it is warm, as one that has run for a while. */
export async function startServer(name) {
  const child = start(`servers/${name}.mjs`, "0", ["--expose-gc"]);
  const [{ port }] = await once(child, "message");
  return { name, child, port };
}

export async function stop({ child }) {
  child.disconnect();
  await once(child, "exit");
}

/**
 * One figure: messages, or what else is counted, per second of the server's CPU time; octets for an idle connection.
 * @param span `{ milliseconds, warmUp }`
 */
export async function measure({ name, child, port }, test, span) {
  const load = start("load.mjs", "1");
  const ended = once(load, "exit");
  const result = new Promise((resolve, reject) => {
    load.on("message", async (message) => {
      if (message.result !== undefined) return resolve(message.result);
      child.send(message.ask);
      const [answer] = await once(child, "message");
      load.send(answer);
    });
    load.on("exit", () => reject(new Error(`${test.name}: the load of ${name} gave no result`)));
  });
  load.send({ port, test, span, masked: name === "net" });
  const measured = await result;
  await ended;
  return measured.bytes ?? measured.count / measured.cpu;
}
