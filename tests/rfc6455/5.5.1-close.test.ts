import { describe, expect, test } from "vitest";
import { BytesMessage, CloseConnection, Ping, Pong, TextMessage } from "../../src/events.ts";
import { LocalProtocolError } from "../../src/errors.ts";
import { ConnectionState } from "../../src/states.ts";
import {
  arriving,
  concat,
  frame,
  hex,
  leaving,
  open,
  receive,
  received,
  ROLES,
  summary,
  utf8,
} from "../helpers/wire.ts";

const close = (...payload: Uint8Array[]) => frame({ opcode: 8, payload: concat(...payload) });
const text = frame({ opcode: 1, payload: "x" });

const RECEIVED: readonly [name: string, payload: Uint8Array, line: string][] = [
  ["R6455-5.5.1-01, F87: no payload is 1005 (F-close-empty)", hex(""), "close 1005 "],
  [
    "R6455-5.5.1-01, F87: one octet fails (F-close-1byte)",
    hex("03"),
    "fail 1002 ERR_CLOSE_PAYLOAD CLOSE with 1 byte payload",
  ],
  ["R6455-5.5.1-01, F87: a code alone", hex("03e8"), "close 1000 "],
  [
    "R6455-5.5.1-01, F87: a code and a reason",
    concat(hex("03e9"), utf8("grüße 👋")),
    "close 1001 grüße 👋",
  ],
  [
    "R6455-5.5.1-01, F87: a reason of 123 octets",
    concat(hex("0fa0"), utf8("a".repeat(123))),
    `close 4000 ${"a".repeat(123)}`,
  ],
  [
    "R6455-5.5.1-01, F87: a reason that is not UTF-8 fails (F-close-badutf8)",
    hex("03e8 61ff"),
    "fail 1007 ERR_UTF8 Error decoding CLOSE reason: invalid UTF-8: met 0xff, expected the first octet of a character",
  ],
  [
    "R6455-5.5.1-01, F87: a reason cut inside a character fails",
    hex("03e8 c3"),
    "fail 1007 ERR_UTF8 Error decoding CLOSE reason: invalid UTF-8: the text ends where an octet from 0x80 to 0xbf was expected",
  ],
  [
    "R6455-5.5.1-01, F87: the code is judged before the reason",
    hex("03e7 ff"),
    "fail 1002 ERR_CLOSE_CODE CLOSE with invalid code",
  ],
];

describe.each(ROLES)("5.5.1, %s", (role) => {
  test.each(RECEIVED)("%s", (_title, payload, line) => {
    expect(received(role, [close(payload)])).toEqual([line]);
  });

  test("R6455-5.5.1-02: no frame follows our Close", () => {
    const connection = open(role);
    connection.send(new CloseConnection({ code: 1000 }));
    for (const event of [
      new TextMessage({ data: "" }),
      new BytesMessage({ data: hex("") }),
      new Ping(),
      new Pong(),
      new CloseConnection({ code: 1000 }),
    ]) {
      expect(() => connection.send(event)).toThrow(LocalProtocolError);
      expect(() => connection.sendParts(event)).toThrow(LocalProtocolError);
    }
  });

  test("R6455-5.5.1-03, F15, F75: a Close is answered with its code and reason (F-close-1000)", () => {
    const connection = open(role);
    const [event] = receive(connection, arriving(role, close(hex("03e8"), utf8("bye"))));
    expect(event).toEqual(new CloseConnection({ code: 1000, reason: "bye" }));
    expect(connection.state).toBe(ConnectionState.REMOTE_CLOSING);
    const answer = event instanceof CloseConnection ? event.response() : null;
    expect(connection.send(answer!)).toEqual(leaving(role, close(hex("03e8"), utf8("bye"))));
    expect(connection.state).toBe(ConnectionState.CLOSED);
  });

  test("R6455-5.5.1-03, F93: an empty Close is answered with an empty one", () => {
    const connection = open(role);
    const [event] = receive(connection, arriving(role, close()));
    const answer = event instanceof CloseConnection ? event.response() : null;
    expect(connection.send(answer!)).toEqual(leaving(role, close()));
  });

  test("R6455-5.5.1-03: before the Close is read, the current message may be finished", () => {
    const connection = open(role);
    connection.send(new TextMessage({ data: "a", messageFinished: false }));
    connection.receiveData(arriving(role, close()));
    expect(connection.send(new TextMessage({ data: "b" }))).toEqual(
      leaving(role, frame({ opcode: 0, payload: "b" })),
    );
  });

  test("R6455-5.5.1-05, F81: Closes that cross make the connection closed", () => {
    const connection = open(role);
    connection.receiveData(arriving(role, close(hex("03e9"))));
    connection.send(new CloseConnection({ code: 1000 }));
    expect(connection.state).toBe(ConnectionState.LOCAL_CLOSING);
    expect(summary(connection.events())).toEqual(["close 1001 "]);
    expect(connection.state).toBe(ConnectionState.CLOSED);
  });

  test("R6455-5.5.1-06, F80: what comes after the peer's Close is ignored (F-after-close)", () => {
    const connection = open(role);
    const octets = arriving(role, close(hex("03e8")), text, hex("ffff"));
    expect(summary(receive(connection, octets))).toEqual(["close 1000 "]);
    expect(receive(connection, arriving(role, text), hex("ff ff ff"))).toEqual([]);
    expect(connection.state).toBe(ConnectionState.REMOTE_CLOSING);
  });
});
