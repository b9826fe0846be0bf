import { typeName } from "./headers.ts";
import { type ConnectionType, SERVER } from "./states.ts";

/** Bounds on what a peer can make the engine hold or do (RFC 6455, 10.4). `Infinity` lifts one. */
export interface Limits {
  /** Octets of a message, after inflation. 1 MiB on a server, 16 MiB on a client. Exceeded: 1009. */
  readonly message: number;
  /** Octets of a frame's payload, after inflation. As `message`. Exceeded: 1009. */
  readonly frame: number;
  /** Frames of one message, empty ones included. 131,072. Exceeded: 1008. */
  readonly fragments: number;
  /** Octets of a request's or a response's head. 16 KiB. Exceeded: hint 431. */
  readonly head: number;
  /** Header lines of a head. 100. Exceeded: hint 431. */
  readonly headerLines: number;
  /** Octets of the request line or the status line. 8 KiB. Exceeded: hint 414. */
  readonly requestLine: number;
  /** Octets that a client sent before its request was accepted. 64 KiB. Exceeded: hint 400. */
  readonly earlyData: number;
  /** Octets of a line of the chunked coding in a refusal's body, and of all its trailers. 256. Exceeded: fails. */
  readonly chunkLine: number;
}

const SERVER_MESSAGE = 1024 * 1024;
const CLIENT_MESSAGE = 16 * 1024 * 1024;

/** Limits that were checked: every connection of a server has the same, and checks them no more. */
class ResolvedLimits implements Limits {
  readonly message: number;
  readonly frame: number;
  readonly fragments: number;
  readonly head: number;
  readonly headerLines: number;
  readonly requestLine: number;
  readonly earlyData: number;
  readonly chunkLine: number;

  constructor(
    byDefault: number,
    given: Partial<{ [Name in keyof Limits]: Limits[Name] | undefined }>,
  ) {
    this.message = limit("message", given.message, byDefault);
    this.frame = limit("frame", given.frame, this.message);
    this.fragments = limit("fragments", given.fragments, 131_072);
    this.head = limit("head", given.head, 16 * 1024);
    this.headerLines = limit("headerLines", given.headerLines, 100);
    this.requestLine = limit("requestLine", given.requestLine, 8 * 1024);
    this.earlyData = limit("earlyData", given.earlyData, 64 * 1024);
    this.chunkLine = limit("chunkLine", given.chunkLine, 256);
    Object.freeze(this);
  }
}

/**
 * The limits in force: `given` over the defaults; a member that is undefined counts as left out.
 * @throws TypeError for a limit that is no number, RangeError for one that is no whole number from 0, or Infinity.
 */
export function resolveLimits(
  connectionType: ConnectionType,
  given: Partial<{ [Name in keyof Limits]: Limits[Name] | undefined }> = {},
): Limits {
  if (given instanceof ResolvedLimits) return given;
  if (typeof given !== "object" || given === null) {
    throw new TypeError(`limits must be an object, not ${typeName(given)}`);
  }
  return new ResolvedLimits(connectionType === SERVER ? SERVER_MESSAGE : CLIENT_MESSAGE, given);
}

function limit(name: keyof Limits, given: number | undefined, byDefault: number): number {
  if (given === undefined) return byDefault;
  if (typeof given !== "number") {
    throw new TypeError(`limits.${name} must be a number, not ${typeName(given)}`);
  }
  if (given === Infinity || (Number.isSafeInteger(given) && given >= 0)) return given;
  throw new RangeError(`limits.${name} must be a whole number from 0, or Infinity, not ${given}`);
}
