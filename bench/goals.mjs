// The goals, and where one run stands beside them.

import { nameOfSize, table } from "./text.mjs";

const KIBIBYTE = 1024;
const isSmall = ({ size }) => size <= KIBIBYTE;
const isLarge = ({ size }) => size >= 16 * KIBIBYTE;
const isPlain = ({ kind }) => kind === "binary" || kind === "ascii";
const isMasked = ({ direction, role }) => (direction === "parse") === (role === "server");

const isDeflated = ({ deflate }) => deflate === true;

const small = (testCase) => isPlain(testCase) && isSmall(testCase);
const large = (testCase) => isPlain(testCase) && isLarge(testCase);
const parsing = ({ direction }) => direction === "parse";
const isSplit = ({ pieceLength }) => pieceLength !== undefined;

/**
 * `mean` and `worst`: how many times faster than `peer` at least; without them the row is for comparison only. `ours`:
 * which of our columns, where a case has one of them. NODE is the way in which `wsproto/node` uses the engine: the chunks
 * are its own, messages pass as their data, and those of a turn are written into one memory, which is used again.
 */
const NODE = ["data", "sendDataInto"];
const PIECES = ["pieces"];
const GOALS = [
  { name: "up to 1 KiB, ws", peer: "ws", of: small, mean: 2, worst: 1.3 },
  { name: "  as wsproto/node", peer: "ws", of: small, ours: NODE, mean: 2, worst: 1.3 },
  { name: "    whole chunks", peer: "ws", of: (c) => small(c) && !isSplit(c), ours: NODE },
  { name: "    parsing", peer: "ws", of: (c) => small(c) && parsing(c), ours: NODE },
  { name: "    serialising", peer: "ws", of: (c) => small(c) && !parsing(c), ours: NODE },
  { name: "    the limit", peer: "limit", of: small, ours: NODE },
  { name: "  parsing", peer: "ws", of: (c) => small(c) && parsing(c) },
  { name: "    in pieces", peer: "ws", of: (c) => small(c) && isSplit(c), ours: PIECES },
  { name: "  serialising", peer: "ws", of: (c) => small(c) && !parsing(c) },
  { name: "16 KiB and above, ws", peer: "ws", of: large, mean: 0.8, worst: 0.6 },
  { name: "  as wsproto/node", peer: "ws", of: large, ours: NODE, mean: 0.8, worst: 0.6 },
  { name: "    parsing", peer: "ws", of: (c) => large(c) && parsing(c), ours: NODE },
  { name: "    serialising", peer: "ws", of: (c) => large(c) && !parsing(c), ours: NODE },
  { name: "  parsing", peer: "ws", of: (c) => large(c) && parsing(c) },
  { name: "  serialising", peer: "ws", of: (c) => large(c) && !parsing(c) },
  {
    name: "16 KiB and above, masked, ws-js",
    peer: "ws-js",
    of: (c) => large(c) && isMasked(c),
    mean: 8,
  },
  {
    name: "  as wsproto/node",
    peer: "ws-js",
    of: (c) => large(c) && isMasked(c),
    ours: NODE,
    mean: 8,
  },
  { name: "multi-byte text, ws", peer: "ws", of: (c) => c.kind === "multibyte", mean: 1.5 },
  { name: "all, undici", peer: "undici", of: () => true },
  { name: "all, websocket-driver", peer: "websocket-driver", of: () => true },
  { name: "all, Python's wsproto", peer: "python", of: () => true, mean: 25 },
  { name: "  as wsproto/node", peer: "python", of: () => true, ours: NODE, mean: 25 },
  { name: "inflating, ws", peer: "ws", of: (c) => isDeflated(c) && parsing(c), mean: 1, worst: 1 },
  {
    name: "deflating, ws",
    peer: "ws",
    of: (c) => isDeflated(c) && !parsing(c),
    mean: 1,
    worst: 1,
  },
];

/** The goals that hold for a case: `{ [peer]: { mean, worst } }`. */
export function cellGoals(testCase) {
  const own = GOALS.filter(({ mean, ours, of }) => mean !== undefined && !ours && of(testCase));
  return Object.fromEntries(own.map(({ peer, mean, worst }) => [peer, { mean, worst }]));
}

/**
 * The column that stands for us: `send`, but `sendParts` where a server sends octets, which ws, too, does not copy.
 */
export function ourColumn({ direction, role, kind, deflate }) {
  const vectored = direction === "serialise" && role === "server" && kind === "binary" && !deflate;
  return vectored ? "sendParts" : "wsproto";
}

/** @param results `[{ group, medians }]` as measured */
export function goalRows(results) {
  const cells = results.flatMap(toCells);
  return GOALS.map((goal) => evaluate(goal, cells)).filter((row) => row !== null);
}

function toCells({ group, medians }) {
  return group.cases.map((testCase) => ({ testCase, columns: medians[testCase.id] }));
}

function evaluate(goal, cells) {
  const ratios = [];
  for (const { testCase, columns } of cells) {
    const name = goal.ours?.find((column) => column in columns) ?? ourColumn(testCase);
    const ours = columns[name];
    const peer = columns[goal.peer];
    if (ours === undefined || peer === undefined || !goal.of(testCase)) continue;
    ratios.push({ id: testCase.id, cpu: peer.cpu / ours.cpu, wall: peer.wall / ours.wall });
  }
  if (ratios.length === 0) return null;
  const worst = ratios.reduce((least, ratio) => (ratio.cpu < least.cpu ? ratio : least));
  const mean = geometricMean(ratios.map(({ cpu }) => cpu));
  const { mean: meanGoal = null, worst: worstGoal = null } = goal;
  return {
    name: goal.name,
    cells: ratios.length,
    meanGoal,
    worstGoal,
    mean,
    wall: geometricMean(ratios.map(({ wall }) => wall)),
    worst: worst.cpu,
    worstCell: worst.id,
    reached:
      meanGoal === null ? null : mean >= meanGoal && (worstGoal === null || worst.cpu >= worstGoal),
  };
}

function geometricMean(values) {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

function number(value) {
  return value === null ? "" : value.toFixed(2);
}

export function goalTable(rows) {
  const header = [
    "how many times faster we are",
    "cells",
    "goal",
    "mean",
    "(wall)",
    "worst goal",
    "worst",
    "reached",
    "worst cell",
  ];
  const lines = rows.map((row) => [
    row.name,
    String(row.cells),
    number(row.meanGoal),
    number(row.mean),
    number(row.wall),
    number(row.worstGoal),
    number(row.worst),
    row.reached === null ? "" : row.reached ? "yes" : "NO",
    readable(row.worstCell),
  ]);
  return table([header, ...lines]);
}

function readable(id) {
  const [size, ...names] = id.split("/").toReversed();
  return `${names.toReversed().join(" ")} ${nameOfSize(Number(size))}`;
}
