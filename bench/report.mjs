// Prints the medians of a group as a table: nanoseconds, how many times faster we are than each peer, and the goal.

import { cellGoals, ourColumn } from "./goals.mjs";
import { nameOfSize, nanoseconds, table } from "./text.mjs";

/** One row for each case. `!` marks what is below the least that is the goal of every single case. */
export function groupTable(group, medians) {
  const header = [
    group.title,
    ...group.columns.flatMap(({ id, own }) => (own ? [`${id}, ns`] : [`${id}, ns`, "ratio"])),
    "goal",
  ];
  const rows = group.cases.map((testCase) => {
    const cells = medians[testCase.id];
    const goals = cellGoals(testCase);
    const ours = cells[ourColumn(testCase)].cpu;
    const values = group.columns.flatMap(({ id, own }) => {
      const { cpu } = cells[id];
      return own ? [nanoseconds(cpu)] : [nanoseconds(cpu), ratioText(cpu / ours, goals[id])];
    });
    return [`${testCase.kind} ${nameOfSize(testCase.size)}`, ...values, goalText(group, goals)];
  });
  return table([header, ...rows]);
}

function ratioText(ratio, goal) {
  const mark = goal?.worst !== undefined && ratio < goal.worst ? "!" : " ";
  return `${ratio.toFixed(2)} ×${mark}`;
}

/** Of those peers that stand in the table. A goal for the mean is none for a single case. */
function goalText({ columns }, goals) {
  return columns
    .filter(({ id }) => goals[id] !== undefined)
    .map(({ id }) => {
      const { mean, worst } = goals[id];
      return worst === undefined ? `mean ≥ ${mean} ${id}` : `≥ ${worst}, mean ≥ ${mean} ${id}`;
    })
    .join("; ");
}
