import { LocalProtocolError } from "../errors.ts";
import type { HeaderList } from "../headers.ts";
import { HttpFault } from "./fault.ts";
import { fieldValues, listElements, quoted, trimSpace } from "./fields.ts";
import type { StatusLine } from "./start-line.ts";

/*
 * Where the body of a response ends (RFC 9112, 6.3): after a number of octets, at the last chunk, or with the stream.
 */
export type Framing =
  | { readonly kind: "length"; readonly length: number }
  | { readonly kind: "chunked" }
  | { readonly kind: "until close" };

const UNTIL_CLOSE: Framing = { kind: "until close" };
const CHUNKED: Framing = { kind: "chunked" };
const DIGITS = /^[0-9]+$/;

/**
 * The octets that Content-Length announces, null without one. Equal repeats count once (RFC 9110, 8.6).
 * @throws HttpFault if it is no number below 2^53, or not one
 */
export function readContentLength(headers: HeaderList): number | null {
  return contentLength(headers, (message) => new HttpFault(message, "ERR_BODY"));
}

function contentLength(
  headers: HeaderList,
  createError: (message: string) => HttpFault | LocalProtocolError,
): number | null {
  const values = fieldValues(headers, "content-length");
  if (values.length === 0) return null;
  const numbers = new Set(values.flatMap((value) => value.split(",")).map(trimSpace));
  const text = [...numbers].join();
  const length = Number(text);
  if (DIGITS.test(text) && Number.isSafeInteger(length)) return length;
  throw createError(`Content-Length ${quoted(values.join(", "))}, expected one number below 2^53`);
}

/** `headers`, with a repeated Content-Length, which `readContentLength` has read, made a single one (RFC 9110, 8.6). */
export function mergeContentLength(headers: HeaderList): HeaderList {
  const values = fieldValues(headers, "content-length");
  if (values.length < 2 && !values.join().includes(",")) return headers;
  let seen = false;
  return headers.flatMap(([name, value]) => {
    if (name !== "content-length") return [[name, value] as const];
    if (seen) return [];
    seen = true;
    return [[name, trimSpace(value.split(",", 1).join())] as const];
  });
}

/**
 * Where the body of a received final response ends.
 * @throws HttpFault if the head contradicts itself
 */
export function readFraming(line: StatusLine, headers: HeaderList): Framing {
  const length = readContentLength(headers);
  const codings = fieldValues(headers, "transfer-encoding");
  if (line.status === 204 || line.status === 304) return { kind: "length", length: 0 };
  if (codings.length > 0) return readTransferEncoding(line, codings);
  return length === null ? UNTIL_CLOSE : { kind: "length", length };
}

/** Overrides a Content-Length; without "chunked" at its end, the body ends with the stream (RFC 9112, 6.1 and 6.3). */
function readTransferEncoding(line: StatusLine, values: readonly string[]): Framing {
  const codings = listElements(values).map((coding) => coding.toLowerCase());
  const chunked = codings.indexOf("chunked");
  const misplaced = chunked !== -1 && chunked !== codings.length - 1;
  if (line.version === "1.0" || codings.length === 0 || misplaced) {
    throw new HttpFault(
      `Transfer-Encoding ${quoted(values.join(", "))} with HTTP/${line.version}, expected "chunked" once and at the end`,
      "ERR_BODY",
    );
  }
  return chunked === -1 ? UNTIL_CLOSE : CHUNKED;
}

/** How a response is to be sent: its fields, and where its body ends. */
export interface OutgoingFraming {
  readonly headers: HeaderList;
  readonly framing: Framing;
}

/**
 * Adds to the checked `headers` of a response without a body what shows that it has none.
 * @throws LocalProtocolError if they announce a body
 */
export function frameWithoutBody(status: number, headers: HeaderList): OutgoingFraming {
  const framing: Framing = { kind: "length", length: 0 };
  if (fieldValues(headers, "transfer-encoding").length > 0) {
    throw new LocalProtocolError("Transfer-Encoding without a body", "ERR_BODY");
  }
  const length = ownContentLength(headers);
  if (status === 204) {
    if (length === null) return { headers, framing };
    throw new LocalProtocolError("Content-Length with status 204, which has none", "ERR_BODY");
  }
  if (length === null) return { headers: [...headers, ["content-length", "0"]], framing };
  if (length === 0 || status === 304) return { headers, framing };
  throw new LocalProtocolError(`Content-Length ${length} without a body, expected 0`, "ERR_BODY");
}

/**
 * How the body of a response is to be delimited: by the Content-Length that was given, else by chunks, else, for a peer
 * that may not know them (RFC 9112, 6.1), by the end of the stream.
 * @throws LocalProtocolError for a status without a body, and for headers that contradict each other
 */
export function frameWithBody(
  status: number,
  headers: HeaderList,
  peer: { readonly knowsChunks: boolean },
): OutgoingFraming {
  if (status === 204 || status === 304) {
    throw new LocalProtocolError(`status ${status} with a body, which it cannot have`, "ERR_BODY");
  }
  const codings = listElements(fieldValues(headers, "transfer-encoding"));
  const length = ownContentLength(headers);
  if (codings.length > 0 && (length !== null || codings.join().toLowerCase() !== "chunked")) {
    throw new LocalProtocolError(
      `Transfer-Encoding ${quoted(codings.join(", "))}, expected "chunked" alone and no Content-Length`,
      "ERR_BODY",
    );
  }
  if (length !== null) return { headers, framing: { kind: "length", length } };
  if (!peer.knowsChunks) {
    const others = headers.filter(([name]) => name.toLowerCase() !== "transfer-encoding");
    return { headers: others, framing: UNTIL_CLOSE };
  }
  const announced = codings.length > 0;
  return {
    headers: announced ? headers : [...headers, ["Transfer-Encoding", "chunked"]],
    framing: CHUNKED,
  };
}

/** As `readContentLength`, for headers of our own. */
function ownContentLength(headers: HeaderList): number | null {
  return contentLength(headers, (message) => new LocalProtocolError(message, "ERR_BODY"));
}
