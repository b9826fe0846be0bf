import {
  PerMessageDeflate,
  type PerMessageDeflateOptions,
} from "../extensions/permessage-deflate.ts";
import { typeName } from "../headers.ts";
import { isToken } from "../http/fields.ts";
import type { Limits } from "../limits.ts";
import type { Clock } from "../session/clock.ts";
import type { KeepAliveSettings, SessionDeadlines } from "../session/settings.ts";

/** What `serve` and `connect` have in common. Times in milliseconds, sizes in octets. */
export interface CommonOptions {
  /** The subprotocols that this end speaks, the preferred first. */
  readonly subprotocols?: readonly string[] | undefined;
  /** Whether to use permessage-deflate, and how. A server does not unless told to, a client offers it. */
  readonly deflate?: boolean | PerMessageDeflateOptions | undefined;
  /** Pings to a silent peer: after 30 s, and given up 20 s later. */
  readonly keepAlive?: KeepAliveSettings | false | undefined;
  /** Queued output from which `send` waits. 64 KiB. */
  readonly highWaterMark?: number | undefined;
  /** Queued output from which `send` rejects. 4 MiB. */
  readonly maxQueued?: number | undefined;
  /**
   * Told of exceptions of hooks, handlers and listeners, and of the socket that listens. By default they are printed to
   * standard error.
   */
  readonly onError?: ((error: unknown) => void) | undefined;
  /** The source of time; for tests. */
  readonly clock?: Clock | undefined;
}

/** Limits of the engine; each has its default. */
export type EngineLimits = { readonly [Name in keyof Limits]?: Limits[Name] | undefined };

/** Deadlines of the opening handshake, and those of the session. */
export interface Deadlines extends SessionDeadlines {
  /** From the beginning to the end of the opening request's head, on a client to the connection. 10,000. */
  readonly open?: number | undefined;
}

/** The names of the options of a kind; the compiler sees that none is missing. */
export type OptionNames<Options> = Readonly<Record<keyof Options, true>>;

export const COMMON_NAMES: OptionNames<CommonOptions> = {
  subprotocols: true,
  deflate: true,
  keepAlive: true,
  highWaterMark: true,
  maxQueued: true,
  onError: true,
  clock: true,
};

export const KEEP_ALIVE_NAMES: OptionNames<KeepAliveSettings> = { interval: true, timeout: true };

export const DEADLINE_NAMES: OptionNames<Deadlines> = { open: true, close: true, write: true };

export const LIMIT_NAMES: OptionNames<EngineLimits> = {
  message: true,
  frame: true,
  fragments: true,
  head: true,
  headerLines: true,
  requestLine: true,
  earlyData: true,
  chunkLine: true,
};

/** @throws TypeError for what is no object */
export function requireObject(what: string, value: unknown): asserts value is object {
  if (typeof value === "object" && value !== null) return;
  throw new TypeError(`${what} must be an object, not ${typeName(value)}`);
}

/**
 * A limit with a slip in its name would hold nothing.
 * @throws TypeError for what is no object, or a name that is not known
 */
export function requireNames(
  what: string,
  options: unknown,
  ...known: readonly Readonly<Record<string, true>>[]
): void {
  requireObject(what, options);
  for (const name of Object.keys(options)) {
    if (known.some((names) => Object.hasOwn(names, name))) continue;
    throw new TypeError(`${what} has a member ${JSON.stringify(name)}, which is not known`);
  }
}

/** @throws TypeError for what is neither undefined nor a function */
export function requireFunction(name: string, value: unknown): void {
  if (value === undefined || typeof value === "function") return;
  throw new TypeError(`${name} must be a function, not ${typeName(value)}`);
}

/** @throws TypeError for what is neither undefined nor of the type */
export function requireType(
  name: string,
  value: unknown,
  type: "string" | "number" | "boolean",
): void {
  // oxlint-disable-next-line valid-typeof -- a type of the three above
  if (value === undefined || typeof value === type) return;
  throw new TypeError(`${name} must be a ${type}, not ${typeName(value)}`);
}

/** @throws TypeError for what is no AbortSignal */
export function requireSignal(signal: unknown): void {
  if (signal === undefined || signal instanceof AbortSignal) return;
  throw new TypeError(`signal must be an AbortSignal, not ${typeName(signal)}`);
}

/** @throws TypeError unless they are tokens, each of them once (RFC 6455, 4.1) */
export function resolveSubprotocols(given: readonly string[] = []): readonly string[] {
  const names: readonly unknown[] = Array.isArray(given) ? given : [null];
  const right = names.every((name) => typeof name === "string" && isToken(name));
  if (right && new Set(names).size === names.length) return [...given];
  throw new TypeError("subprotocols must be an array of tokens, each of them once");
}

/**
 * `deflate`, checked.
 * @throws TypeError, RangeError for settings that it cannot have
 */
export function resolveDeflate(
  given: boolean | PerMessageDeflateOptions | undefined,
  byDefault: boolean,
): boolean | PerMessageDeflateOptions {
  const deflate: unknown = given === undefined ? byDefault : given;
  if (typeof deflate !== "boolean" && (typeof deflate !== "object" || deflate === null)) {
    throw new TypeError(`deflate must be a boolean or an object, not ${typeName(deflate)}`);
  }
  deflateFor(deflate);
  return deflate;
}

/** The extension for one connection, or none. */
export function deflateFor(
  deflate: boolean | PerMessageDeflateOptions,
): readonly PerMessageDeflate[] {
  if (deflate === false) return [];
  return [new PerMessageDeflate(deflate === true ? {} : deflate)];
}

/**
 * The error hook; printing where there is none. What it gives does not throw.
 * @throws TypeError for what is no function
 */
export function resolveErrorHook(
  onError: ((error: unknown) => void) | undefined,
): (error: unknown) => void {
  requireFunction("onError", onError);
  if (onError === undefined) return print;
  return (error) => {
    try {
      onError(error);
    } catch (second) {
      print(error);
      print(second);
    }
  };
}

function print(error: unknown): void {
  // oxlint-disable-next-line no-console -- where errors go unless the application takes them
  console.error(error);
}
