import { describe, expect, test } from "vitest";
import { RemoteProtocolError } from "../../src/errors.ts";
import { CloseConnection } from "../../src/events.ts";
import { ConnectionState } from "../../src/states.ts";
import {
  arriving,
  concat,
  expectOctets,
  frame,
  hex,
  leaving,
  open,
  receive,
  ROLES,
  summary,
  utf8,
} from "../helpers/wire.ts";

const close = (code: string, reason = "") =>
  frame({ opcode: 8, payload: concat(hex(code), utf8(reason)) });
const text = frame({ opcode: 1, payload: "x" });

/** What a peer may do wrong, with the code that answers it. */
const FAULTS: readonly [name: string, octets: Uint8Array, code: number][] = [
  ["an unknown opcode", frame({ opcode: 3 }), 1002],
  ["a reserved bit", frame({ opcode: 1, rsv: 2 }), 1002],
  ["a fragmented control frame", frame({ opcode: 9, fin: false }), 1002],
  ["a long control frame", frame({ opcode: 9, length: 126 }), 1002],
  ["a length with its top bit", frame({ opcode: 2, length: 1n << 63n }), 1002],
  ["a continuation of nothing", frame({ opcode: 0 }), 1002],
  ["a Close of one octet", frame({ opcode: 8, payload: "x" }), 1002],
  ["a Close with 1006", close("03ee"), 1002],
  ["text that is none", frame({ opcode: 1, payload: hex("ff") }), 1007],
  ["a reason that is no text", concat(frame({ opcode: 8, payload: hex("03e8ff") })), 1007],
  ["too long a frame", frame({ opcode: 2, length: 1n << 40n }), 1009],
];

describe.each(ROLES)("7.1, %s", (role) => {
  test("R6455-7.1.2-01: the closing handshake begins with a Close", () => {
    const connection = open(role);
    expectOctets(
      connection.send(new CloseConnection({ code: 1000, reason: "bye" })),
      leaving(role, close("03e8", "bye")),
    );
    expect(connection.state).toBe(ConnectionState.LOCAL_CLOSING);
  });

  test.each([
    [
      "we, then the peer",
      (connection: ReturnType<typeof open>) => {
        connection.send(new CloseConnection({ code: 1000 }));
        receive(connection, arriving(role, close("03e8")));
      },
    ],
    [
      "the peer, then we",
      (connection: ReturnType<typeof open>) => {
        receive(connection, arriving(role, close("03e8")));
        connection.send(new CloseConnection({ code: 1000 }));
      },
    ],
  ])("R6455-7.1.4-01, D2: clean: no 1006 comes after the handshake: %s", (_name, closeBoth) => {
    const connection = open(role);
    closeBoth(connection);
    expect(connection.state).toBe(ConnectionState.CLOSED);
    expect(connection.closeExpected).toBe(true);
    expect(receive(connection, null)).toEqual([]);
  });

  test.each([
    ["nothing was closed", () => {}],
    [
      "our Close alone",
      (connection: ReturnType<typeof open>) => {
        connection.send(new CloseConnection({ code: 1000 }));
      },
    ],
    [
      "the peer's Close alone",
      (connection: ReturnType<typeof open>) => {
        receive(connection, arriving(role, close("03e9")));
      },
    ],
    [
      "the connection failed",
      (connection: ReturnType<typeof open>) => {
        receive(connection, hex("ffff"));
      },
    ],
    [
      "it failed and we closed",
      (connection: ReturnType<typeof open>) => {
        receive(connection, hex("ffff"));
        connection.send(new CloseConnection({ code: 1002 }));
      },
    ],
  ])(
    "R6455-7.1.4-01, R6455-7.1.5-01, R6455-7.2.1-01, F76, D2: not clean: 1006 once: %s",
    (_name, before) => {
      const connection = open(role);
      before(connection);
      expect(receive(connection, null)).toEqual([new CloseConnection({ code: 1006 })]);
      expect(connection.state).toBe(ConnectionState.CLOSED);
      expect(connection.closeExpected).toBe(true);
      expect(receive(connection, null, null)).toEqual([]);
    },
  );

  test("R6455-7.1.5-01, R6455-7.1.6-01: code and reason are those of the first Close", () => {
    const octets = arriving(role, close("03e9", "first"), close("03e8", "second"));
    expect(summary(receive(open(role), octets))).toEqual(["close 1001 first"]);
  });

  test("R6455-7.1.5-01, R6455-7.1.6-01: without a code it is 1005, without a reason ''", () => {
    expect(summary(receive(open(role), arriving(role, frame({ opcode: 8 }))))).toEqual([
      "close 1005 ",
    ]);
    expect(summary(receive(open(role), arriving(role, close("03e8"))))).toEqual(["close 1000 "]);
  });

  test("R6455-7.2.1-01, F77, D2: the end comes after all that came before it", () => {
    const connection = open(role);
    connection.receiveData(arriving(role, text, text));
    connection.receiveData(null);
    expect(connection.state).toBe(ConnectionState.OPEN);
    expect(summary(connection.events())).toEqual(["text x", "text x", "close 1006 null"]);
    expect(connection.state).toBe(ConnectionState.CLOSED);
  });

  test("F77, D2: after a Close that came before the end the state never goes back", () => {
    const connection = open(role);
    connection.receiveData(arriving(role, text, close("03e9")));
    connection.receiveData(null);
    const states = Array.from(connection.events(), () => connection.state);
    expect(states).toEqual([
      ConnectionState.OPEN,
      ConnectionState.REMOTE_CLOSING,
      ConnectionState.CLOSED,
    ]);
  });

  test.each(FAULTS)(
    "R6455-7.1.7-02, R6455-10.7-01, F78, F20, D3: a fault has a Close that answers it: %s",
    (_name, octets, code) => {
      const connection = open(role);
      const events = receive(connection, arriving(role, text, octets));
      expect(events).toHaveLength(2);
      const failing = events[1];
      if (!(failing instanceof CloseConnection)) throw new Error("no CloseConnection");
      expect(failing.code).toBe(code);
      expect(failing.failure).toBeInstanceOf(RemoteProtocolError);
      expect(failing.failure?.message).toBe(failing.reason);
      expect(failing.failure?.eventHint).toEqual(failing.response());
      expect(failing.response().failure).toBeNull();
      expect(connection.state).toBe(ConnectionState.OPEN);
      const sent = connection.send(failing.response());
      const reason = failing.reason!;
      expect(reason.length).toBeLessThanOrEqual(123);
      expectOctets(sent, leaving(role, close(code.toString(16).padStart(4, "0"), reason)));
      expect(connection.state).toBe(ConnectionState.LOCAL_CLOSING);
      expect(connection.closeExpected).toBe(true);
    },
  );

  test.each(FAULTS)(
    "R6455-7.1.7-03, F78, D3: after a fault no input is processed, not even a Close (F-after-error): %s",
    (_name, octets) => {
      for (const closing of [false, true]) {
        const connection = open(role);
        if (closing) connection.send(new CloseConnection({ code: 1000 }));
        const rest = arriving(role, text, close("03e8"));
        expect(receive(connection, concat(arriving(role, octets), rest))).toHaveLength(1);
        const { state } = connection;
        expect(receive(connection, rest, hex("ff"), hex(""))).toEqual([]);
        expect(connection.state).toBe(state);
        expect(connection.closeExpected).toBe(closing);
        expect(summary(receive(connection, null))).toEqual(["close 1006 null"]);
      }
    },
  );
});
