// npm run bench:growth -- [--quick] [--filter REGEXP] [--rounds N]

/* oxlint-disable no-await-in-loop -- one group after the other */

import { measureGroup } from "./measure.mjs";
import { measureConnections } from "./node/growth.mjs";
import { planOfGrowth } from "./plan-growth.mjs";
import { begin, chosen, options, print, save } from "./program.mjs";
import { nameOfSize, table } from "./text.mjs";

/** The smallest amount costs at least all that does not grow. From this many times its cost on a point counts. */
const COUNTS_FROM = 10;
/** The goal: cost grows with the amount to the power of 1. */
const EXPONENT = 1;
const TOLERANCE = 0.05;
/** The cases of `--quick`. */
const QUICK = /\/(1|10|100|1000|1024|65536|1048576)$/;

/**
 * The power of the amount with which the cost grows: the slope of the line of least squares through the logarithms, over the
 * points that count; null if fewer than two do.
 * @param points `[{ amount, total }]`, from the smallest amount on
 */
function exponentOf(points) {
  const counted = points.filter(({ total }) => total >= COUNTS_FROM * points[0].total);
  if (counted.length < 2) return null;
  const xs = counted.map(({ amount }) => Math.log(amount));
  const ys = counted.map(({ total }) => Math.log(total));
  const meanX = mean(xs);
  const meanY = mean(ys);
  const covariance = mean(xs.map((x, i) => (x - meanX) * (ys[i] - meanY)));
  const variance = mean(xs.map((x) => (x - meanX) ** 2));
  return { exponent: covariance / variance, from: counted[0].amount, points: counted.length };
}

function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** What the whole amount costs in nanoseconds, of a case whose cost is measured per message. */
function totalOf({ perChunk = 1, connections = 1 }, cost) {
  return cost * perChunk * connections;
}

/** `{ [column]: [{ amount, total }] }` */
function pointsOf(group, medians) {
  return Object.fromEntries(
    group.columns.map(({ id }) => [
      id,
      group.cases.map((testCase) => ({
        amount: testCase.amount,
        total: totalOf(testCase, medians[testCase.id][id].cpu),
      })),
    ]),
  );
}

/** The cost of one of the amount at every point, and how it grows. */
function growthTable({ title, of, columns }, points, growth) {
  const name = of === "octet" ? nameOfSize : (amount) => amount.toLocaleString("en");
  const header = [title, ...columns.map(({ id }) => `${id}, ns per ${of}`)];
  const rows = points[columns[0].id].map(({ amount }, i) => [
    name(amount),
    ...columns.map(({ id }) => unitCost(points[id][i].total / amount)),
  ]);
  const exponents = columns.map((column) => exponentText(column, growth[column.id], name));
  return table([header, ...rows, [`exponent (goal ${EXPONENT} ± ${TOLERANCE})`, ...exponents]]);
}

function unitCost(value) {
  return value < 100 ? value.toPrecision(3) : value.toFixed(0);
}

function exponentText({ own = false }, grown, name) {
  if (grown === null) return "too few points";
  const mark = own && !isReached(grown) ? " NO" : "";
  return `${grown.exponent.toFixed(2)}${mark} from ${name(grown.from)}`;
}

function isReached({ exponent }) {
  return Math.abs(exponent - EXPONENT) <= TOLERANCE;
}

function report(group, points) {
  const growth = Object.fromEntries(
    Object.entries(points).map(([column, of]) => [column, exponentOf(of)]),
  );
  print(growthTable(group, points, growth));
  return { id: group.id, points, growth };
}

const given = options();
const { effort } = given;
const machine = begin(
  `wsproto, how cost grows, CPU time, medians of ${effort.rounds} rounds\n` +
    `The exponent is the slope of log(cost of the whole amount) by log(amount), least squares, over the points\n` +
    `that cost at least ${COUNTS_FROM} times as much as the smallest: before, what does not grow has its part.`,
  ["ws", "bufferutil"],
);
const results = [];
for (const group of chosen(planOfGrowth(), given, QUICK)) {
  results.push(report(group, pointsOf(group, await measureGroup(group, effort))));
}
for (const group of chosen([measureConnections.group], given, QUICK)) {
  results.push(report(group, await measureConnections(group, effort.rounds)));
}
save("growth-", machine, { effort, results });
