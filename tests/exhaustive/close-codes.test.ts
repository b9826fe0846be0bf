import { describe, expect, test } from "vitest";
import { LocalProtocolError, ParseFailed } from "../../src/errors.ts";
import { CloseConnection } from "../../src/events.ts";
import { CloseCode, readClose, writeClose } from "../../src/frames/close.ts";
import { ConnectionState } from "../../src/states.ts";
import { hex, leaving, open, type Role, ROLES, toHex, withoutStacks } from "../helpers/wire.ts";

/** RFC 6455, 7.4, with the registry of 11.7 as it stands: what may be on the wire, by its first and last code. */
const ON_THE_WIRE: readonly (readonly [first: number, last: number])[] = [
  [1000, 1003],
  [1007, 1014],
  [3000, 4999],
];
/** Known, and never on the wire (7.4.1). */
const LOCAL_ONLY = [1005, 1006, 1015];

function isOnTheWire(code: number): boolean {
  return ON_THE_WIRE.some(([first, last]) => code >= first && code <= last);
}

function refusal(code: number): string {
  if (code < 1000 || code > 4999) return "CLOSE with invalid code";
  if (LOCAL_ONLY.includes(code)) return "remote CLOSE with local-only reason";
  return "CLOSE with unknown reserved code";
}

function closeFrame(role: Role, code: number): Uint8Array {
  return role === "client"
    ? Uint8Array.of(0x88, 2, code >> 8, code & 0xff)
    : Uint8Array.of(0x88, 0x82, 0, 0, 0, 0, code >> 8, code & 0xff);
}

/** The codes for which `isRight` is false, of those below `end`. */
function wrongCodes(end: number, isRight: (code: number) => boolean): number[] {
  return withoutStacks(() =>
    Array.from({ length: end }, (_, code) => code).filter((code) => !isRight(code)),
  );
}

describe("all 65,536 close codes", () => {
  const ALL = 65_536;

  test("R6455-7.4.1-01, R6455-7.4.2-01, F87, D5: read", () => {
    const wrong = wrongCodes(ALL, (code) => {
      const payload = Uint8Array.of(code >> 8, code & 0xff, 0x61);
      const read = attempt(() => JSON.stringify(readClose(payload)));
      return read === (isOnTheWire(code) ? JSON.stringify({ code, reason: "a" }) : refusal(code));
    });
    expect(wrong).toEqual([]);
  });

  test("R6455-7.4.1-01, F93, D5: written", () => {
    const wrong = wrongCodes(ALL, (code) => {
      const payload = attempt(() => toHex(writeClose(code, null)));
      if (code === 1005) return payload === "";
      if (!isOnTheWire(code)) return payload === "ERR_CLOSE_CODE";
      return payload === toHex(Uint8Array.of(code >> 8, code & 0xff));
    });
    expect(wrong).toEqual([]);
  });
});

/** Beyond the last code that may be on the wire. */
const MOST = 5100;

describe.each(ROLES)("close codes, %s", (role) => {
  test("R6455-7.4.1-01, R6455-7.4.2-01, F8, F9, F87, D5: received (F-close-*)", () => {
    const wrong = wrongCodes(MOST, (code) => {
      const connection = open(role);
      connection.receiveData(closeFrame(role, code));
      const event = connection.events().next().value;
      if (!(event instanceof CloseConnection)) return false;
      if (isOnTheWire(code)) {
        const moved = connection.state === ConnectionState.REMOTE_CLOSING;
        return moved && event.code === code && event.reason === "" && event.failure === null;
      }
      return (
        connection.state === ConnectionState.OPEN &&
        event.code === CloseCode.PROTOCOL_ERROR &&
        event.failure?.code === "ERR_CLOSE_CODE" &&
        event.reason === refusal(code)
      );
    });
    expect(wrong).toEqual([]);
  });

  test("R6455-7.4.1-01, R6455-7.4.1-02, R7692-5.1-01, F93, D5, F72: sent", () => {
    const wrong = wrongCodes(MOST, (code) => {
      const connection = open(role);
      const sent = attempt(() => toHex(connection.send(new CloseConnection({ code }))));
      const closing = connection.state === ConnectionState.LOCAL_CLOSING;
      if (code === 1005) return closing && sent === toHex(leaving(role, hex("8800")));
      if (!isOnTheWire(code)) return !closing && sent === "ERR_CLOSE_CODE";
      return (
        closing && sent === toHex(leaving(role, Uint8Array.of(0x88, 2, code >> 8, code & 255)))
      );
    });
    expect(wrong).toEqual([]);
  });

  test("R11, D5: what fail() takes is what may be sent", () => {
    const wrong = wrongCodes(MOST, (code) => {
      const connection = open(role);
      const sent = attempt(() => toHex(connection.fail(code)));
      const isTaken = isOnTheWire(code) || code === 1005;
      return connection.closeExpected === isTaken && (sent !== "ERR_CLOSE_CODE") === isTaken;
    });
    expect(wrong).toEqual([]);
  });

  test.each([-1, 65_536, 66_536, 1000.5, Number.NaN, Infinity, 2 ** 32 + 1000])(
    "D5, D6: %d is no close code that may be sent",
    (code) => {
      const connection = open(role);
      expect(attempt(() => toHex(connection.send(new CloseConnection({ code }))))).toBe(
        "ERR_CLOSE_CODE",
      );
      expect(connection.state).toBe(ConnectionState.OPEN);
    },
  );

  test("F93, D5: 1005 cannot have a reason; an empty one is none", () => {
    const connection = open(role);
    const withReason = new CloseConnection({ code: 1005, reason: "bye" });
    expect(() => connection.send(withReason)).toThrow(
      expect.objectContaining({
        constructor: LocalProtocolError,
        message: "cannot specify a reason without a code",
      }),
    );
    expect(connection.state).toBe(ConnectionState.OPEN);
    expect(connection.send(new CloseConnection({ code: 1005, reason: "" }))).toEqual(
      leaving(role, hex("8800")),
    );
  });
});

/** What `action` gives, or the code of its LocalProtocolError, or the message of its ParseFailed. */
function attempt(action: () => string): string {
  try {
    return action();
  } catch (error) {
    if (error instanceof LocalProtocolError) return error.code;
    if (error instanceof ParseFailed) return error.message;
    throw error;
  }
}

describe("the vocabulary", () => {
  test("F8, D5: the codes have their names", () => {
    expect(CloseCode).toEqual({
      NORMAL_CLOSURE: 1000,
      GOING_AWAY: 1001,
      PROTOCOL_ERROR: 1002,
      UNSUPPORTED_DATA: 1003,
      NO_STATUS_RCVD: 1005,
      ABNORMAL_CLOSURE: 1006,
      INVALID_FRAME_PAYLOAD_DATA: 1007,
      POLICY_VIOLATION: 1008,
      MESSAGE_TOO_BIG: 1009,
      MANDATORY_EXT: 1010,
      INTERNAL_ERROR: 1011,
      SERVICE_RESTART: 1012,
      TRY_AGAIN_LATER: 1013,
      BAD_GATEWAY: 1014,
      TLS_HANDSHAKE_FAILED: 1015,
    });
    expect(Object.isFrozen(CloseCode)).toBe(true);
  });

  test("F9: every code with a name is on the wire, but those that are local only", () => {
    const named = Object.values(CloseCode);
    expect(named.filter((code) => !isOnTheWire(code))).toEqual(LOCAL_ONLY);
    for (const local of LOCAL_ONLY) expect(isOnTheWire(local)).toBe(false);
  });
});
