import { decodeLatin1 } from "#platform";
import { type HeaderList, type HeadersInput, toHeaderList, typeName } from "../headers.ts";
import { HttpFault } from "../http/fault.ts";
import { readFields } from "../http/fields.ts";
import { checkRequestLine, type RequestLine } from "../http/start-line.ts";
import type { Limits } from "../limits.ts";

/** The rest of the request line of a request that something else has parsed. */
export interface UpgradeRequestLine {
  /** GET by default. */
  readonly method?: string | undefined;
  /** Without the name: `1.1`, the default. */
  readonly httpVersion?: string | undefined;
}

/** Octets around the parts of a line: two spaces and `HTTP/`; a colon, a space, CR LF. */
const REQUEST_LINE_EXTRA = 7;
const FIELD_LINE_EXTRA = 4;

/** The parts of a request that something else has parsed, unchecked. */
export interface ParsedRequest {
  readonly line: RequestLine;
  readonly headers: HeaderList;
}

/** @throws TypeError for an argument of the wrong type */
export function parsedRequest(
  headers: HeadersInput,
  path: string | Uint8Array,
  { method = "GET", httpVersion = "1.1" }: UpgradeRequestLine,
): ParsedRequest {
  const target =
    path instanceof Uint8Array ? decodeLatin1(path, 0, path.length) : requireString("path", path);
  const line = {
    method: requireString("method", method),
    target,
    version: requireString("httpVersion", httpVersion),
  };
  return { line, headers: toHeaderList(headers) };
}

/**
 * The request as if its octets had been read.
 * @throws HttpFault where the reader of octets would throw it
 */
export function checkParsedRequest(
  { line, headers }: ParsedRequest,
  limits: Limits,
): ParsedRequest {
  checkSize(line, headers, limits);
  return { line: checkRequestLine(line), headers: readFields(headers) };
}

function checkSize(line: RequestLine, headers: HeaderList, limits: Limits): void {
  const { method, target, version } = line;
  const lineSize = method.length + target.length + version.length + REQUEST_LINE_EXTRA;
  if (lineSize > limits.requestLine) {
    throw new HttpFault(
      `a request line of ${lineSize} octets, expected ${limits.requestLine} at most`,
      "ERR_HEAD_SIZE",
      414,
    );
  }
  if (headers.length > limits.headerLines) {
    throw new HttpFault(
      `${headers.length} headers, expected ${limits.headerLines} at most`,
      "ERR_HEAD_SIZE",
      431,
    );
  }
  let size = lineSize + 4;
  for (const [name, value] of headers) size += name.length + value.length + FIELD_LINE_EXTRA;
  if (size > limits.head) {
    throw new HttpFault(
      `a head of ${size} octets, expected ${limits.head} at most`,
      "ERR_HEAD_SIZE",
      431,
    );
  }
}

function requireString(name: string, value: unknown): string {
  if (typeof value === "string") return value;
  throw new TypeError(`${name} must be a string, not ${typeName(value)}`);
}
