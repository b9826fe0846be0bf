import type { PlainEvent } from "./plain.ts";

type Steps = readonly (readonly PlainEvent[])[];

/**
 * The recorded events, with a failure moved to the step in which the engine failed, if that is earlier. To fail as soon
 * as the fault is in sight is fine: the reference waits for the rest of a header, and for the rest of a UTF-8 sequence
 * that cannot become one. Nothing but the empty text of such a sequence may be lost thereby.
 */
export function hasten(expected: Steps, actual: Steps): Steps {
  const step = actual.findIndex((events) => events.some(isFailure));
  if (step === -1) return expected;
  const position = actual[step]!.findIndex(isFailure);
  const before = expected[step]!.slice(0, position);
  const after = [expected[step]!.slice(position), ...expected.slice(step + 1)];
  const lost = after.flat();
  const failure = lost.findIndex(isFailure);
  if (failure === -1 || !lost.slice(0, failure).every(isEmptyText)) return expected;
  const dropped = new Set(lost.slice(0, failure + 1));
  const [same, ...later] = after.map((events) => events.filter((event) => !dropped.has(event)));
  return [...expected.slice(0, step), [...before, lost[failure]!, ...same!], ...later];
}

function isFailure(event: PlainEvent): boolean {
  return event.type === "CloseConnection" && event.failure;
}

function isEmptyText(event: PlainEvent): boolean {
  return event.type === "TextMessage" && event.data === "" && !event.messageFinished;
}
