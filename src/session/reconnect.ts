import { typeName } from "../headers.ts";
import { LONGEST, requireOptions, resolveDeadline } from "./settings.ts";

/** How long to wait before connecting again. Times in milliseconds, up to 2,147,483,647, or `Infinity`. */
export interface ReconnectOptions {
  /** The first delay is less than this. 5000. */
  readonly first?: number | undefined;
  /** No delay is longer. 300,000. */
  readonly longest?: number | undefined;
  /** Gives a number from 0 on and less than 1. `Math.random`. */
  readonly random?: (() => number) | undefined;
}

const NAMES: ReadonlySet<string> = new Set(["first", "longest", "random"]);

/**
 * How long to wait before connecting again, in whole milliseconds: a random part of a time that doubles with each
 * attempt that has failed, so that clients that lost their server together do not come back together (RFC 6455, 7.2.3).
 * @param attempt how many attempts have failed since there was a connection: 0 before the first
 * @throws TypeError, RangeError for arguments of the wrong type or out of their range
 */
export function reconnectDelay(attempt: number, options: ReconnectOptions = {}): number {
  requireCount(attempt);
  requireOptions(options, NAMES);
  requireRandom(options.random);
  const first = resolveDeadline("first", options.first, 5000);
  const longest = resolveDeadline("longest", options.longest, 300_000);
  const { random = Math.random } = options;
  // A power beyond the range of numbers would make NaN of a `first` of 0.
  const most = Math.min(first * 2 ** Math.min(attempt, 100), longest, LONGEST);
  return Math.floor(random() * most);
}

function requireCount(attempt: number): void {
  if (typeof attempt !== "number") {
    throw new TypeError(`attempt must be a number, not ${typeName(attempt)}`);
  }
  if (Number.isInteger(attempt) && attempt >= 0) return;
  throw new RangeError(`attempt must be a whole number from 0 on, but is ${attempt}`);
}

function requireRandom(random: unknown): void {
  if (random === undefined || typeof random === "function") return;
  throw new TypeError(`random must be a function, not ${typeName(random)}`);
}
