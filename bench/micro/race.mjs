// Measures small functions against each other, each in a process of its own: in one process the optimising compiler
// shares what it learns of one between all of them. Prints the first one's CPU nanoseconds, of the others how many times
// as long they take: medians of rounds in which one process after the other runs.

import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const ROUNDS = 5;
/** Nanoseconds of CPU time for which a function is run: before it is measured, until the compiler is done, and then. */
const WARM_UP = 60e6;
const SPAN = 20e6;

/**
 * @param {string} url of the calling module, which is run once more for every candidate
 * @param {string[]} cases what is measured
 * @param {Record<string, (name: string) => (() => unknown)>} candidates each makes the function for a case
 */
export function race(url, cases, candidates) {
  const [role, chosen] = process.argv.slice(2);
  if (role === "--candidate") {
    const make = candidates[chosen];
    console.log(JSON.stringify(cases.map((name) => measure(make(name)))));
    return;
  }
  const names = Object.keys(candidates);
  const samples = new Map(names.map((name) => [name, cases.map(() => [])]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const name of names) {
      const output = execFileSync(process.execPath, [fileURLToPath(url), "--candidate", name]);
      for (const [index, sample] of JSON.parse(output.toString()).entries()) {
        samples.get(name)[index].push(sample);
      }
    }
  }
  print(cases, names, (name, index) => median(samples.get(name)[index]));
}

function print(cases, names, result) {
  const rows = cases.map((title, index) => {
    const [first, ...others] = names.map((name) => result(name, index));
    const ratios = others.map((other) => `${(other / first).toFixed(2)} x`);
    return [title, `${first < 100 ? first.toFixed(1) : Math.round(first)} ns`, ...ratios];
  });
  const table = [["", ...names], ...rows];
  const widths = table[0].map((_, column) => Math.max(...table.map((row) => row[column].length)));
  for (const row of table) {
    console.log(row.map((cell, column) => cell.padStart(widths[column])).join("  "));
  }
}

/** The CPU time of one call in nanoseconds. */
function measure(run) {
  let calls = 64;
  let warmed = 0;
  for (;;) {
    const spent = time(run, calls);
    warmed += spent;
    if (warmed >= WARM_UP && spent >= SPAN / 2) break;
    if (spent < SPAN / 2) calls *= 2;
  }
  return time(run, calls) / calls;
}

let kept;

function time(run, calls) {
  const before = process.cpuUsage();
  for (let call = 0; call < calls; call++) kept = run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) * 1000;
}

/** What the last call gave: results must not be dead to the compiler. */
export function lastResult() {
  return kept;
}

function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}
