// npm run bench -- [--quick] [--filter REGEXP] [--rounds N] [--python INTERPRETER]

/* oxlint-disable no-await-in-loop -- one group after the other */

import { goalRows, goalTable } from "./goals.mjs";
import { measureGroup } from "./measure.mjs";
import { plan, pythonColumn, QUICK } from "./plan.mjs";
import { begin, chosen, options, print, save } from "./program.mjs";
import { groupTable } from "./report.mjs";

const given = options({ python: { type: "string" } });
const { effort, python } = given;
const machine = begin(
  `wsproto, CPU time per message, medians of ${effort.rounds} rounds`,
  ["ws", "bufferutil", "undici", "websocket-driver"],
  python,
);
const results = [];
for (const group of chosen(plan(), given, QUICK)) {
  if (python !== undefined) group.columns = [...group.columns, pythonColumn(python)];
  const medians = await measureGroup(group, effort);
  results.push({ group, medians });
  print(groupTable(group, medians));
}
const goals = goalRows(results);
if (goals.length > 0) print(goalTable(goals));
save("", machine, {
  effort,
  goals,
  medians: Object.assign({}, ...results.map(({ medians }) => medians)),
});
