// Measures a group: every implementation in its own process, rounds interleaved, medians.

/* oxlint-disable no-await-in-loop -- one after the other is what interleaving means */

import { turnOfChunks, turnOfMessages } from "./batch.mjs";
import { toOctets } from "./messages.mjs";
import { startWorker } from "./pool.mjs";

/** From so many octets on a case is large: it takes longer until memory that was used comes back from the collector. */
const LARGE = 16 * 1024;

/**
 * The medians of a group in nanoseconds per message: `{ [case]: { [column]: { cpu, wall } } }`.
 * @param effort as in run.mjs
 */
export async function measureGroup(group, effort) {
  const workers = group.columns.map((column) => ({ column, worker: startWorker(column) }));
  try {
    const samples = new Map();
    await Promise.all(workers.map((each) => prepare(group, each)));
    await round(group, workers, (testCase) => effortFor(testCase, effort)[0], null);
    for (let i = 0; i < effort.rounds; i++) {
      await round(group, workers, (testCase) => effortFor(testCase, effort)[1], samples);
    }
    return medians(group, samples);
  } finally {
    await Promise.all(workers.map(({ worker }) => worker.end()));
  }
}

async function prepare(group, { column, worker }) {
  for (const testCase of group.cases) {
    const input = column.interpreter === undefined ? undefined : encodedInput(testCase);
    await worker.ask({ command: "prepare", testCase, input });
  }
}

/** The input of a case for a worker that is not JavaScript, and so does not make its own. */
function encodedInput(testCase) {
  const messages = turnOfMessages(testCase);
  const chunks = testCase.direction === "parse" ? turnOfChunks(testCase, messages) : [];
  return {
    messages: messages.map((message) => toOctets(message).toString("base64")),
    chunks: chunks.map((chunk) => chunk.toString("base64")),
  };
}

function effortFor({ size }, { small, large }) {
  return size < LARGE ? small : large;
}

/** Each case once, by one implementation after the other. */
async function round(group, workers, microsecondsFor, samples) {
  for (const testCase of group.cases) {
    const microseconds = microsecondsFor(testCase);
    for (const { column, worker } of workers) {
      const sample = await worker.ask({ command: "measure", id: testCase.id, microseconds });
      if (samples === null) continue;
      const key = `${testCase.id} ${column.id}`;
      samples.set(key, [...(samples.get(key) ?? []), sample]);
    }
  }
}

function medians(group, samples) {
  const result = {};
  for (const { id } of group.cases) {
    result[id] = {};
    for (const column of group.columns) {
      const taken = samples.get(`${id} ${column.id}`);
      result[id][column.id] = {
        cpu: median(taken.map(({ cpu }) => cpu)),
        wall: median(taken.map(({ wall }) => wall)),
      };
    }
  }
  return result;
}

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
