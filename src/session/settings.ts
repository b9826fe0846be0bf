import { typeName } from "../headers.ts";

/** When a session pings a silent peer, and when it takes it for dead. Milliseconds. */
export interface KeepAliveSettings {
  /** Silence before a ping. 30,000. `Infinity`: never. */
  readonly interval?: number | undefined;
  /** More silence before the connection is given up, with 1006. 20,000. `Infinity`: never. */
  readonly timeout?: number | undefined;
}

/** How long a session waits. Milliseconds; `Infinity` for ever. */
export interface SessionDeadlines {
  /** From the first Close to the end of the stream. 10,000. Passed: the stream is cut. */
  readonly close?: number | undefined;
  /** A write without progress. 30,000. Passed: the stream is cut. */
  readonly write?: number | undefined;
}

/** What a session may be told. Sizes in octets. */
export interface SessionSettings {
  readonly keepAlive?: KeepAliveSettings | false | undefined;
  readonly deadlines?: SessionDeadlines | undefined;
  /** Queued output from which `send` waits. 65,536, or `maxQueued` where that is less. */
  readonly highWaterMark?: number | undefined;
  /** Queued output from which `send` rejects; counts what was queued before the call. 4,194,304. */
  readonly maxQueued?: number | undefined;
}

/** The settings in force. */
export interface ResolvedSettings {
  /** `Infinity` where there is no keep-alive. */
  readonly keepAliveInterval: number;
  readonly keepAliveTimeout: number;
  readonly closeDeadline: number;
  readonly writeDeadline: number;
  readonly highWaterMark: number;
  readonly maxQueued: number;
}

/** The longest time that timers can be set for, some 24 days. Milliseconds. */
export const LONGEST: number = 2 ** 31 - 1;

/**
 * @throws TypeError for a setting of the wrong type, RangeError for one out of its range; both name it
 */
export function resolveSettings(settings: SessionSettings = {}): ResolvedSettings {
  requireObject("settings", settings);
  const { keepAlive = {}, deadlines = {} } = settings;
  const alive = keepAlive === false ? { interval: Infinity } : keepAlive;
  requireObject("keepAlive", alive);
  requireObject("deadlines", deadlines);
  const maxQueued = resolveSize("maxQueued", settings.maxQueued, 4 * 1024 * 1024);
  const highWaterMark = Math.min(64 * 1024, maxQueued);
  return {
    keepAliveInterval: resolvePeriod("keepAlive.interval", alive.interval, 30_000),
    keepAliveTimeout: resolvePeriod("keepAlive.timeout", alive.timeout, 20_000),
    closeDeadline: resolveDeadline("deadlines.close", deadlines.close, 10_000),
    writeDeadline: resolveDeadline("deadlines.write", deadlines.write, 30_000),
    highWaterMark: resolveSize("highWaterMark", settings.highWaterMark, highWaterMark),
    maxQueued,
  };
}

/**
 * A number of milliseconds, octets or the like: `given`, or the default where it is undefined.
 * @throws TypeError, RangeError
 */
export function resolveNumber(name: string, given: number | undefined, byDefault: number): number {
  if (given === undefined) return byDefault;
  if (typeof given !== "number") {
    throw new TypeError(`${name} must be a number, not ${typeName(given)}`);
  }
  if (given >= 0) return given;
  throw new RangeError(`${name} must not be negative or NaN, but is ${given}`);
}

/**
 * A time to wait in milliseconds: up to 2,147,483,647, or `Infinity`.
 * @throws TypeError, RangeError
 */
export function resolveDeadline(
  name: string,
  given: number | undefined,
  byDefault: number,
): number {
  const delay = resolveNumber(name, given, byDefault);
  if (delay <= LONGEST || delay === Infinity) return delay;
  throw new RangeError(`${name} must be at most ${LONGEST} milliseconds, or Infinity: ${delay}`);
}

/** A time after which something is done again; without a pause in between it would be done for ever. */
function resolvePeriod(name: string, given: number | undefined, byDefault: number): number {
  const delay = resolveDeadline(name, given, byDefault);
  if (delay > 0) return delay;
  throw new RangeError(`${name} must be more than 0`);
}

/** Octets; with none at all nothing could ever be sent. */
function resolveSize(name: string, given: number | undefined, byDefault: number): number {
  const size = resolveNumber(name, given, byDefault);
  if (size >= 1) return size;
  throw new RangeError(`${name} must be 1 octet or more, but is ${size}`);
}

/**
 * The options of a call.
 * @throws TypeError for what is no object, or a name that is not known
 */
export function requireOptions(options: unknown, known: ReadonlySet<string>): void {
  requireObject("the options", options);
  // A list of the keys would be made for every message that is sent with options.
  for (const name in options) {
    if (known.has(name) || !Object.hasOwn(options, name)) continue;
    throw new TypeError(`the options have a member ${JSON.stringify(name)}, which is not known`);
  }
}

function requireObject(name: string, value: unknown): asserts value is object {
  if (typeof value === "object" && value !== null) return;
  throw new TypeError(`${name} must be an object, not ${typeName(value)}`);
}
