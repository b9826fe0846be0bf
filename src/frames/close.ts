import { encodeUtf8, Utf8Decoder, utf8Prefix } from "../bytes/utf8.ts";
import { LocalProtocolError, ParseFailed } from "../errors.ts";

/*
 * The payload of a Close frame (RFC 6455, 5.5.1): nothing, or
 *
 *   +--------+--------+----------------...
 *   |   code (16)     | reason in UTF-8
 *   +--------+--------+----------------...
 */

const closeCodes = {
  NORMAL_CLOSURE: 1000,
  GOING_AWAY: 1001,
  PROTOCOL_ERROR: 1002,
  UNSUPPORTED_DATA: 1003,
  /** A Close without a code; never on the wire. */
  NO_STATUS_RCVD: 1005,
  /** The stream ended without a Close; never on the wire. */
  ABNORMAL_CLOSURE: 1006,
  INVALID_FRAME_PAYLOAD_DATA: 1007,
  POLICY_VIOLATION: 1008,
  MESSAGE_TOO_BIG: 1009,
  MANDATORY_EXT: 1010,
  INTERNAL_ERROR: 1011,
  SERVICE_RESTART: 1012,
  TRY_AGAIN_LATER: 1013,
  BAD_GATEWAY: 1014,
  /** Never on the wire. */
  TLS_HANDSHAKE_FAILED: 1015,
} as const;

/** The close codes of RFC 6455, 7.4.1, and of its registry (11.7). 3000 to 4999 are for libraries and applications. */
export const CloseCode: typeof closeCodes = Object.freeze(closeCodes);
export type CloseCode = (typeof closeCodes)[keyof typeof closeCodes];

const assigned: ReadonlySet<number> = new Set(Object.values(closeCodes));
const localOnly: ReadonlySet<number> = new Set([
  CloseCode.NO_STATUS_RCVD,
  CloseCode.ABNORMAL_CLOSURE,
  CloseCode.TLS_HANDSHAKE_FAILED,
]);

/** A control frame has 125 octets at most (5.5), two of which are the code. */
const MAX_REASON = 123;

/**
 * Reads the payload of a received Close frame.
 * @throws ParseFailed if it has one octet, a code that must not be received, or a reason that is not UTF-8.
 */
export function readClose(payload: Uint8Array): { code: number; reason: string } {
  if (payload.length === 0) return { code: CloseCode.NO_STATUS_RCVD, reason: "" };
  if (payload.length === 1) {
    throw new ParseFailed(
      "CLOSE with 1 byte payload",
      "ERR_CLOSE_PAYLOAD",
      CloseCode.PROTOCOL_ERROR,
    );
  }
  const code = payload[0]! * 256 + payload[1]!;
  const problem = closeCodeProblem(code);
  if (problem !== null) {
    throw new ParseFailed(problem, "ERR_CLOSE_CODE", CloseCode.PROTOCOL_ERROR);
  }
  const decoder = new Utf8Decoder();
  const reason = decoder.decode(payload, 2, payload.length, 0, true);
  if (reason === null) {
    throw new ParseFailed(
      `Error decoding CLOSE reason: ${decoder.problem}`,
      "ERR_UTF8",
      CloseCode.INVALID_FRAME_PAYLOAD_DATA,
    );
  }
  return { code, reason };
}

/** Why a code must not come from a peer (7.4), or null. */
function closeCodeProblem(code: number): string | null {
  if (code < 1000 || code > 4999) return "CLOSE with invalid code";
  if (localOnly.has(code)) return "remote CLOSE with local-only reason";
  if (code <= 2999 && !assigned.has(code)) return "CLOSE with unknown reserved code";
  return null;
}

/**
 * Writes the payload of a Close frame: empty for 1005, else the code and the reason, cut at a character to 123 octets.
 * @throws LocalProtocolError for a code that must not be sent (7.4), and for a reason without a code.
 */
export function writeClose(code: number, reason: string | null): Uint8Array {
  if (code === CloseCode.NO_STATUS_RCVD) {
    if (reason === null || reason === "") return new Uint8Array(0);
    throw new LocalProtocolError("cannot specify a reason without a code", "ERR_CLOSE_CODE");
  }
  if (!Number.isInteger(code) || closeCodeProblem(code) !== null) {
    throw new LocalProtocolError(
      `close code ${code} must not be sent: expected 1000 to 1003, 1007 to 1014, 3000 to 4999, or 1005 for none`,
      "ERR_CLOSE_CODE",
    );
  }
  const text = utf8Prefix(encodeUtf8(reason ?? ""), MAX_REASON);
  const payload = new Uint8Array(2 + text.length);
  payload[0] = code >>> 8;
  payload[1] = code & 0xff;
  payload.set(text, 2);
  return payload;
}
