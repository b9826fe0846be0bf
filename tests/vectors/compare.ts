import { isDeepStrictEqual } from "node:util";
import { LocalProtocolError, RemoteProtocolError } from "../../src/index.ts";
import { coalesce, compareCutOff } from "./coalesced.ts";
import { hasten } from "./hasten.ts";
import { compareCompressed } from "./compressed.ts";
import {
  bytesOf,
  type ErrorValue,
  type ExtensionOutcome,
  firstFreeStep,
  type Scenario,
  type Step,
} from "./format.ts";
import { keptWording } from "./messages.ts";
import { actualEvent, expectedEvent, plainBytes, type PlainEvent } from "./plain.ts";
import type { Outcome, Thrown } from "./replay.ts";

/** What the comparison of a scenario came to. */
export interface Verdict {
  /** Where the engine differs from the reference; empty: it agrees. */
  readonly problems: readonly string[];
  /** The number of steps in which it had to agree. */
  readonly compared: number;
}

/** Compares what the engine did with what was recorded, as far as the scenario binds it. */
export function compare(scenario: Scenario, outcomes: readonly Outcome[]): Verdict {
  const compared = firstFreeStep(scenario);
  const bound = scenario.steps.slice(0, compared);
  const problems = [
    ...outcomes.flatMap((outcome, index) =>
      forbiddenErrors(scenario, scenario.steps[index]!, outcome).map(at(index)),
    ),
    ...bound.flatMap((step, index) => compareStep(step, outcomes[index]!).map(at(index))),
    ...compareEvents(scenario, bound, outcomes),
    ...compareCompressed(bound, outcomes),
  ];
  return { problems, compared };
}

function at(index: number): (problem: string) => string {
  return (problem) => `step ${index}: ${problem}`;
}

function differ(what: string, expected: unknown, actual: unknown): string[] {
  if (isDeepStrictEqual(expected, actual)) return [];
  return [`${what}: expected ${show(expected)}, got ${show(actual)}`];
}

function show(value: unknown): string {
  if (value === undefined) return "undefined";
  const text = value instanceof Error ? `${value.name}: ${value.message}` : JSON.stringify(value);
  return text.length <= 500 ? text : `${text.slice(0, 500)}…`;
}

/** D1 and D6: which errors may be thrown by what, in every step of every scenario. */
function forbiddenErrors(scenario: Scenario, step: Step, { thrown }: Outcome): string[] {
  if (thrown === null) return [];
  if (thrown.by === "events") return [`events() threw ${show(thrown.error)}`];
  const { error } = thrown;
  if (error instanceof LocalProtocolError) return [];
  const allowed =
    step.op === "send"
      ? error instanceof TypeError
      : error instanceof RemoteProtocolError && scenario.type !== "Connection";
  return allowed ? [] : [`${step.op} must not throw ${show(error)}`];
}

/** All but the events. */
function compareStep(step: Step, outcome: Outcome): string[] {
  const problems = compareErrors(step.error, outcome.thrown);
  if ("errorIn" in step && outcome.thrown !== null) {
    const by = step.errorIn === "receive" ? "operation" : "events";
    problems.push(...differ("thrown by", by, outcome.thrown.by));
  }
  if (step.op === "call") {
    problems.push(...compareExtensions([step.extension], outcome));
  } else if (step.op === "serverExtensionsHandshake" || step.op === "clientExtensionsHandshake") {
    problems.push(...compareExtensions(step.after, outcome));
  } else {
    problems.push(...differ("state", step.state, outcome.state));
  }
  if ("result" in step) problems.push(...differ("result", step.result, outcome.result ?? null));
  if (step.op === "send" && step.semantic === undefined) {
    const expected = step.bytes === undefined ? null : plainBytes(bytesOf(step.bytes));
    const actual = outcome.bytes === null ? null : plainBytes(outcome.bytes);
    problems.push(...differ("bytes", expected, actual));
  }
  return problems;
}

function compareExtensions(expected: readonly ExtensionOutcome[], outcome: Outcome): string[] {
  return differ("extensions", expected, outcome.extensions);
}

/** The class of a protocol error, its hint and its wording; of any other, that there is one. */
function compareErrors(expected: ErrorValue | undefined, thrown: Thrown | null): string[] {
  if (expected === undefined) {
    return thrown === null ? [] : [`must not throw, but threw ${show(thrown.error)}`];
  }
  if (thrown === null) return [`expected ${expected.class}: ${expected.message}`];
  const { error } = thrown;
  const message = error instanceof Error ? error.message : "";
  const problems = differ("message", keptWording(expected.message), keptWording(message));
  if (expected.class === "LocalProtocolError" && !(error instanceof LocalProtocolError)) {
    problems.push(`expected a LocalProtocolError, got ${show(error)}`);
  }
  if (expected.class === "RemoteProtocolError") {
    if (error instanceof RemoteProtocolError) {
      const hint = expected.eventHint === undefined ? null : expectedEvent(expected.eventHint);
      const actual = error.eventHint === null ? null : actualEvent(error.eventHint);
      problems.push(...differ("eventHint", hint, actual));
    } else {
      problems.push(`expected a RemoteProtocolError, got ${show(error)}`);
    }
  }
  return problems;
}

/** The events that were recorded at each step. */
export function recordedEvents(steps: readonly Step[]): readonly (readonly PlainEvent[])[] {
  return steps.map((step) => ("events" in step ? step.events.map(expectedEvent) : []));
}

function compareEvents(
  scenario: Scenario,
  bound: readonly Step[],
  outcomes: readonly Outcome[],
): string[] {
  const expected = recordedEvents(bound);
  const actual = bound.map((_, index) => outcomes[index]!.events);
  if (scenario.compare !== "coalesced") return compareEach(hasten(expected, actual), actual);
  const recorded = coalesce(expected);
  const seen = coalesce(actual);
  return [
    ...compareEach(recorded.steps, seen.steps),
    ...compareCutOff(recorded.cutOff, seen.cutOff),
  ];
}

function compareEach(
  expected: readonly (readonly PlainEvent[])[],
  actual: readonly (readonly PlainEvent[])[],
): string[] {
  return expected.flatMap((events, index) =>
    differ("events", events, actual[index]).map(at(index)),
  );
}
