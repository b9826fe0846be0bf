import { targetAuthority } from "./authority.ts";
import { HttpFault } from "./fault.ts";
import { isToken, isTokenOctet, isValueOctet, isVisibleOctet, quoted } from "./fields.ts";

/*
 * The first line of a message (RFC 9112, 3 and 4): three parts, with one space between them.
 *
 *   request-line = method SP request-target SP HTTP-version
 *   status-line  = HTTP-version SP status-code SP [ reason-phrase ]
 *   HTTP-version = "HTTP/" DIGIT "." DIGIT
 */

/** One of the three parts. */
interface Part {
  /** What belongs there, for messages. */
  readonly expected: string;
  /** Octets that it has at least. */
  readonly least: number;
  /** Whether `octet` may stand in it, at `position` from its start. */
  readonly accepts: (octet: number, position: number) => boolean;
}

export interface StartLineGrammar<Start> {
  readonly name: string;
  readonly parts: readonly [Part, Part, Part];
  /**
   * Reads a line that consists of the three parts.
   * @throws HttpFault if what it says cannot be used
   */
  readonly read: (line: string) => Start;
}

/** How the head of one kind of message is built. */
export interface HeadGrammar<Start> {
  /** Null for trailers. */
  readonly startLine: StartLineGrammar<Start> | null;
  /** Empty lines that may stand in front (2.2). */
  readonly emptyLines: number;
  /** Whether a value may go on in the next line (obs-fold, 5.2). */
  readonly folding: boolean;
}

export interface RequestLine {
  readonly method: string;
  readonly target: string;
  /** `1.1`, say. */
  readonly version: string;
}

export interface StatusLine {
  readonly version: string;
  /** 100 to 999. */
  readonly status: number;
}

const VERSION_FORM = "HTTP/#.#";

const version: Part = {
  expected: `${VERSION_FORM}, # being a digit`,
  least: VERSION_FORM.length,
  accepts: (octet, position) => {
    const form = VERSION_FORM.charAt(position);
    return form === "#" ? isDigit(octet) : String.fromCharCode(octet) === form;
  },
};

const requestLine: StartLineGrammar<RequestLine> = {
  name: "request line",
  parts: [
    { expected: "a method", least: 1, accepts: isTokenOctet },
    { expected: "a target in visible ASCII", least: 1, accepts: isVisibleOctet },
    version,
  ],
  read: (line) => {
    const methodEnd = line.indexOf(" ");
    const targetEnd = line.lastIndexOf(" ");
    return checkRequestLine({
      method: line.slice(0, methodEnd),
      target: line.slice(methodEnd + 1, targetEnd),
      version: line.slice(targetEnd + " HTTP/".length),
    });
  },
};

const statusLine: StartLineGrammar<StatusLine> = {
  name: "status line",
  parts: [
    version,
    {
      expected: "a status of three digits, from 100",
      least: 3,
      accepts: (octet, position) =>
        isDigit(octet) && position < 3 && !(position === 0 && octet === 0x30),
    },
    { expected: "a reason", least: 0, accepts: isValueOctet },
  ],
  read: (line) => checkStatusLine({ version: line.slice(5, 8), status: Number(line.slice(9, 12)) }),
};

function isDigit(octet: number): boolean {
  return octet >= 0x30 && octet <= 0x39;
}

/**
 * @throws HttpFault unless it is a request line of HTTP/1.1 or a later minor version, with a target of an http, https,
 * ws or wss resource: hint 505 for another major version
 */
export function checkRequestLine(line: RequestLine): RequestLine {
  const { method, target, version: given } = line;
  if (given !== "1.1") requireHttp1(given);
  if (!isToken(method)) throw new HttpFault(`method ${quoted(method)}, expected a token`);
  if (targetAuthority(target) === undefined) {
    throw new HttpFault(
      `target ${quoted(target)}, expected "/..." or an absolute http, https, ws or wss URI`,
      "ERR_TARGET",
    );
  }
  return line;
}

function requireHttp1(given: string): void {
  const [, major, minor] = /^([0-9])\.([0-9])$/.exec(given) ?? [];
  if (major === "1" && minor !== "0") return;
  const status = major === undefined || major === "1" ? 400 : 505;
  throw new HttpFault(`HTTP version ${quoted(given)}, expected 1.1`, "ERR_HTTP_VERSION", status);
}

/** RFC 9110, 15.2: interim responses, and 101 among them, belong to HTTP/1.1. */
function checkStatusLine(line: StatusLine): StatusLine {
  if (line.version === "1.1" || (line.version === "1.0" && line.status >= 200)) return line;
  throw new HttpFault(
    `HTTP version ${line.version} with status ${line.status}, expected 1.1`,
    "ERR_HTTP_VERSION",
  );
}

/** A request's head. One or two empty lines may stand before it (RFC 9112, 2.2); a folded line is refused (5.2). */
export const REQUEST_HEAD: HeadGrammar<RequestLine> = {
  startLine: requestLine,
  emptyLines: 2,
  folding: false,
};

/** A response's head. A folded line is unfolded (RFC 9112, 5.2). */
export const RESPONSE_HEAD: HeadGrammar<StatusLine> = {
  startLine: statusLine,
  emptyLines: 0,
  folding: true,
};

/** The trailers behind a body in the chunked coding. */
export const TRAILERS: HeadGrammar<null> = { startLine: null, emptyLines: 0, folding: false };
