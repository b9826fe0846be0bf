import { endedEarly, startProgram } from "../child.mjs";
import { accepted } from "../ports.mjs";
import { within } from "../waiting.mjs";

/** Starts a program that listens on `port`. */
export async function startProxy(name, { command, args, port }) {
  const child = startProgram(command, args);
  const failed = child.exited.then((exit) => Promise.reject(endedEarly(name, exit)));
  failed.catch(() => {});
  await within(10_000, name, Promise.race([accepted(port), failed]));
  return { stop: () => child.kill() };
}
