// A child process that measures one implementation. It is told what to do in lines of JSON, and answers in such lines.
// node worker.mjs MODULE OPTIONS

/* oxlint-disable no-await-in-loop -- one request after the other */

import { createInterface } from "node:readline";
import { parseBatch, serialiseBatch } from "./batch.mjs";

const [, , module, options] = process.argv;
const peer = await import(`./peers/${module}`);
const given = JSON.parse(options);
const batches = new Map();

const commands = {
  /** Makes a case ready, and proves that the implementation reads and writes what it should. */
  async prepare({ testCase }) {
    const batch =
      testCase.direction === "parse"
        ? parseBatch(testCase, (settings, deliver) =>
            peer.parser({ ...settings, ...given }, deliver),
          )
        : serialiseBatch(testCase, (settings, write) =>
            peer.serialiser({ ...settings, ...given }, write),
          );
    await batch.check();
    batches.set(testCase.id, batch);
    return {};
  },
  /** Repeats a case until it has used `microseconds` of CPU time. */
  measure: ({ id, microseconds }) => measure(batches.get(id), microseconds),
};

async function measure(batch, microseconds) {
  let cpu = 0;
  let wall = 0;
  let messages = 0;
  while (cpu < microseconds) {
    batch.refresh();
    const wallBefore = performance.now();
    const cpuBefore = process.cpuUsage();
    const pending = batch.run();
    if (pending !== undefined) await pending;
    const used = process.cpuUsage(cpuBefore);
    wall += performance.now() - wallBefore;
    cpu += used.user + used.system;
    messages += batch.messages;
    batch.verify();
    await turn();
  }
  return { cpu: (cpu * 1e3) / messages, wall: (wall * 1e6) / messages };
}

/** Lets pass what an implementation has put off to the end of the tick. */
function turn() {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

for await (const line of createInterface({ input: process.stdin })) {
  const { command, ...parameters } = JSON.parse(line);
  const answer = await commands[command](parameters);
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
