import { describe, expect, test } from "vitest";
import { compare, type Verdict } from "./compare.ts";
import { readScenarios, type Scenario, SCENARIO_MEMBERS, STEP_MEMBERS } from "./format.ts";
import { replay } from "./replay.ts";

const scenarios = readScenarios();
const verdicts = new Map<string, Verdict>();

function verdictOf(scenario: Scenario): Verdict {
  const known = verdicts.get(scenario.id);
  if (known !== undefined) return known;
  const verdict = compare(scenario, replay(scenario));
  verdicts.set(scenario.id, verdict);
  return verdict;
}

describe("golden vectors", () => {
  for (const scenario of scenarios) {
    test(scenario.id, () => {
      const { problems } = verdictOf(scenario);
      expect(problems, problems.join("\n")).toEqual([]);
    });
  }
});

describe("the file of golden vectors", () => {
  test("all 2140 scenarios are run, each under its own id", () => {
    expect(new Set(scenarios.map(verdictOf)).size).toBe(2140);
    expect(verdicts.size).toBe(2140);
  });

  test("without a mark, a scenario is compared to its last step", () => {
    const unmarked = scenarios.filter(({ deviation }) => deviation === undefined);
    expect(unmarked).toHaveLength(1883);
    for (const scenario of unmarked) {
      expect(verdictOf(scenario).compared, scenario.id).toBe(scenario.steps.length);
      expect(scenario.steps.length, scenario.id).toBeGreaterThan(0);
    }
  });

  test("with a mark, a scenario is compared up to the step that the mark names", () => {
    const marked = scenarios.filter(({ deviation }) => deviation !== undefined);
    expect(marked).toHaveLength(257);
    for (const scenario of marked) {
      expect(verdictOf(scenario).compared, scenario.id).toBe(scenario.deviationFrom ?? 0);
      expect(scenario.steps.length, scenario.id).toBeGreaterThan(scenario.deviationFrom ?? 0);
    }
  });

  test("it has no member that the interpreter does not read", () => {
    const scenarioMembers = new Set<string>(SCENARIO_MEMBERS);
    for (const scenario of scenarios) {
      expect(Object.keys(scenario).filter((name) => !scenarioMembers.has(name))).toEqual([]);
      for (const step of scenario.steps) {
        const stepMembers = STEP_MEMBERS[step.op];
        expect(Object.keys(step).filter((name) => !stepMembers.includes(name))).toEqual([]);
      }
    }
  });
});
