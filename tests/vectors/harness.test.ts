import { isDeepStrictEqual } from "node:util";
import { describe, expect, test } from "vitest";
import { alterations } from "./alterations.ts";
import { coalesce, compareCutOff } from "./coalesced.ts";
import { compare, recordedEvents } from "./compare.ts";
import { firstFreeStep, readScenarios, type Scenario, STEP_MEMBERS, type Step } from "./format.ts";
import { hasten } from "./hasten.ts";
import { keptWording } from "./messages.ts";
import type { PlainEvent, PlainMessage } from "./plain.ts";
import { type Outcome, replay } from "./replay.ts";

const scenarios = readScenarios();
const outcomes = new Map(scenarios.map((scenario) => [scenario, replay(scenario)]));

function scenarioNamed(id: string): Scenario {
  const found = scenarios.find((scenario) => scenario.id === id);
  if (found === undefined) throw new Error(`no scenario ${id}`);
  return found;
}

/** Whether the engine, failing earlier, gives other events at a step than were recorded: those are not bound. */
function isHastened({ steps }: Scenario, outcome: readonly Outcome[], index: number): boolean {
  const expected = recordedEvents(steps);
  const actual = outcome.map(({ events }) => events);
  return !isDeepStrictEqual(hasten(expected, actual)[index], expected[index]);
}

function problemsOf(scenario: Scenario, outcome: readonly Outcome[]): readonly string[] {
  return compare(scenario, outcome).problems;
}

describe("the comparison notices", () => {
  const parts = new Map<string, [op: string, group: string]>();
  for (const { group, steps } of scenarios) {
    for (const { op } of steps) parts.set(`${op} ${group}`, [op, group]);
  }

  test.each([...parts.values()])("every altered expectation of %s in %s", (op, group) => {
    const unnoticed: string[] = [];
    let altered = 0;
    let bound = 0;
    for (const [scenario, outcome] of outcomes) {
      if (scenario.group !== group) continue;
      for (const [index, step] of scenario.steps.slice(0, firstFreeStep(scenario)).entries()) {
        if (step.op !== op) continue;
        bound++;
        for (const alteration of alterations(scenario, index)) {
          altered++;
          const { where, from } = alteration;
          const seen = outcome.slice(from, from + alteration.scenario.steps.length);
          if (problemsOf(alteration.scenario, seen).length > 0) continue;
          if (!isHastened(scenario, outcome, index)) unnoticed.push(where);
        }
      }
    }
    expect(unnoticed).toEqual([]);
    expect(altered).toBeGreaterThanOrEqual(2 * bound);
  });

  test("each operation has expectations to alter", () => {
    expect(new Set([...parts.values()].map(([op]) => op))).toEqual(
      new Set(Object.keys(STEP_MEMBERS)),
    );
  });

  const thrown = new Error("none of the engine's own");
  test.each(Object.keys(STEP_MEMBERS))("a foreign error of %s, even after a mark", (op) => {
    const scenario = scenarios.find(({ steps }) => steps.some((step) => step.op === op));
    expect(scenario).toBeDefined();
    const free: Scenario = { ...scenario!, deviation: "all of it", deviationFrom: 0 };
    const crashed = outcomes
      .get(scenario!)!
      .map((outcome): Outcome => ({ ...outcome, thrown: { error: thrown, by: "operation" } }));
    expect(problemsOf(free, outcomes.get(scenario!)!)).toEqual([]);
    expect(problemsOf(free, crashed)).toHaveLength(crashed.length);
  });

  test("D1: an error thrown while events are read", () => {
    const scenario = scenarioNamed("receive/text-0/client");
    const crashed = outcomes.get(scenario)!.map((outcome): Outcome => ({
      ...outcome,
      thrown: { error: new TypeError(), by: "events" },
    }));
    expect(problemsOf({ ...scenario, deviation: "all of it" }, crashed)).toHaveLength(1);
  });

  test("a state in which the engine is not", () => {
    const scenario = scenarioNamed("receive/text-0/client");
    const closed = outcomes.get(scenario)!.map((outcome) => ({ ...outcome, state: "CLOSED" }));
    expect(problemsOf(scenario, closed)).toHaveLength(1);
  });
});

describe("compressed messages", () => {
  function withSemantic(scenario: Scenario, change: Partial<Semantic>): Scenario {
    const steps = scenario.steps.map((step): Step => {
      if (step.op !== "send" || step.semantic === undefined) return step;
      return { ...step, semantic: { ...step.semantic, ...change } };
    });
    return { ...scenario, steps };
  }

  test("a reference beyond the window is noticed", () => {
    const scenario = scenarioNamed("deflate-send/bits-15-takeover/client");
    const narrow = withSemantic(scenario, { windowBits: 9 });
    expect(problemsOf(narrow, outcomes.get(scenario)!)).not.toEqual([]);
  });

  test("a reference to an earlier message is noticed where there is no takeover", () => {
    const scenario = scenarioNamed("deflate-send/same-again/client");
    const fresh = withSemantic(scenario, { takeover: false });
    expect(problemsOf(fresh, outcomes.get(scenario)!)).not.toEqual([]);
  });
});

type Semantic = NonNullable<Extract<Step, { op: "send" }>["semantic"]>;

describe("coalesced messages", () => {
  const piece = (data: string, messageFinished: boolean): PlainMessage => ({
    type: "TextMessage",
    data,
    frameFinished: messageFinished,
    messageFinished,
  });
  const ping: PlainEvent = { type: "Ping", payload: "" };

  test("pieces are joined where the message ends, around control frames and over steps", () => {
    expect(
      coalesce([
        [piece("a", false), ping],
        [piece("b", true), piece("c", true)],
      ]),
    ).toEqual({
      steps: [[ping], [piece("ab", true), piece("c", true)]],
      cutOff: null,
    });
  });

  test("a message cut off may be known to a greater or lesser part", () => {
    const { cutOff } = coalesce([[piece("a", false), piece("b", false)]]);
    expect(cutOff?.data).toBe("ab");
    expect(compareCutOff(cutOff, piece("abc", false))).toEqual([]);
    expect(compareCutOff(piece("a", false), cutOff)).toEqual([]);
    expect(compareCutOff(null, cutOff)).toEqual([]);
    expect(compareCutOff(piece("b", false), cutOff)).toHaveLength(1);
  });
});

describe("a failure that comes earlier than recorded", () => {
  const text = (data: string): PlainEvent => ({
    type: "TextMessage",
    data,
    frameFinished: false,
    messageFinished: false,
  });
  const close = (code: number, failure: boolean): PlainEvent => ({
    type: "CloseConnection",
    code,
    reason: null,
    failure,
  });
  const failure = close(1007, true);
  const end = close(1006, false);

  test("is moved to where the engine failed, without the empty text before it", () => {
    const expected = [[text("a")], [text("")], [failure], [], [end]];
    const actual = [[text("a"), failure], [], [], [], [end]];
    expect(hasten(expected, actual)).toEqual(actual);
    expect(hasten([[], [failure]], [[failure], []])).toEqual([[failure], []]);
  });

  test("is left where it is if something would be lost, if there is none, and if it comes in time", () => {
    const lossy = [[text("a")], [failure]];
    expect(hasten(lossy, [[failure], []])).toBe(lossy);
    const none = [[text("")], [end]];
    expect(hasten(none, [[failure], []])).toBe(none);
    expect(hasten(none, none)).toBe(none);
    expect(hasten(lossy, lossy)).toEqual(lossy);
  });

  test("is not moved to a later step", () => {
    const expected = [[failure], []];
    expect(hasten(expected, [[], [failure]])).toEqual(expected);
  });
});

test("D6: wording that is kept is told from the engine's own", () => {
  expect(keptWording("Bad HTTP message")).toBe("Bad HTTP message");
  expect(keptWording("Bad HTTP message: too long")).toBeNull();
  expect(keptWording("Event Ping(payload=b'') cannot be sent in state ConnectionState.OPEN.")).toBe(
    "Event … cannot be sent in state …OPEN.",
  );
  expect(keptWording("expected CONTINUATION, got <Opcode.TEXT: 1>")).toBe(
    keptWording("expected CONTINUATION, got TEXT"),
  );
});
