import { isMessage, type PlainEvent, type PlainMessage } from "./plain.ts";

/** The events of each step, with every message in one piece where it ended, and what never ended. */
interface Coalesced {
  readonly steps: readonly (readonly PlainEvent[])[];
  readonly cutOff: PlainMessage | null;
}

/**
 * How much of a compressed message a decompressor hands out after each piece is its own affair: joins the pieces.
 * Control frames may stand between them.
 */
export function coalesce(steps: readonly (readonly PlainEvent[])[]): Coalesced {
  let cutOff: PlainMessage | null = null;
  const joined: PlainEvent[][] = [];
  for (const events of steps) {
    const whole: PlainEvent[] = [];
    for (const event of events) {
      if (!isMessage(event)) {
        whole.push(event);
        continue;
      }
      const message = append(cutOff, event);
      if (event.messageFinished) whole.push(message);
      cutOff = event.messageFinished ? null : message;
    }
    joined.push(whole);
  }
  return { steps: joined, cutOff };
}

function append(before: PlainMessage | null, piece: PlainMessage): PlainMessage {
  if (before === null) return piece;
  if (before.type !== piece.type) throw new Error(`a ${piece.type} inside a ${before.type}`);
  return { ...piece, data: before.data + piece.data };
}

/** A message cut off by a failure may be known to a greater or lesser part. */
export function compareCutOff(
  expected: PlainMessage | null,
  actual: PlainMessage | null,
): string[] {
  if (expected === null || actual === null) return [];
  const agree =
    expected.type === actual.type &&
    (expected.data.startsWith(actual.data) || actual.data.startsWith(expected.data));
  return agree ? [] : [`cut off: expected ${expected.data}, got ${actual.data}`];
}
