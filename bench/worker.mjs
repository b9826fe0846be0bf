// A child process that measures one implementation. It is told what to do in lines of JSON, and answers in such lines.
// node worker.mjs MODULE OPTIONS

/* oxlint-disable no-await-in-loop -- one request after the other */

import { createInterface } from "node:readline";
import v8 from "node:v8";
import vm from "node:vm";
import { parseBatch, serialiseBatch, turnOfChunks, turnOfMessages } from "./batch.mjs";

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
  /** What each of so many connections holds that has received and sent a message. */
  memory: ({ testCase, connections }) => memory(testCase, connections),
};

async function memory(testCase, count) {
  const settings = { ...testCase, ...given };
  const [message] = turnOfMessages(testCase);
  const [chunk] = turnOfChunks({ ...testCase, direction: "parse" }, [message]);
  let received = 0;
  let written = 0;
  const open = async () => {
    const parser = peer.parser(settings, () => received++);
    const serialiser = peer.serialiser(settings, () => written++);
    parser.feed(Buffer.from(chunk));
    serialiser.send(message);
    await Promise.all([parser.idle?.(), serialiser.idle?.()]);
    return [parser, serialiser];
  };
  const kept = [];
  // The first ones are for what all of them share.
  for (let i = 0; i < count; i++) kept.push(await open());
  const before = await residentSet();
  for (let i = 0; i < count; i++) kept.push(await open());
  const octets = ((await residentSet()) - before) / count;
  if (received !== kept.length || written < kept.length) throw new Error("a message is missing");
  return { octets };
}

async function residentSet() {
  v8.setFlagsFromString("--expose-gc");
  const collect = vm.runInNewContext("gc");
  for (let i = 0; i < 3; i++) {
    await turn();
    collect();
  }
  return process.memoryUsage.rss();
}

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
