import { describe, expect, test } from "vitest";
import { LocalProtocolError } from "../../src/errors.ts";
import { CloseConnection, Ping, Pong, TextMessage } from "../../src/events.ts";
import { ConnectionState } from "../../src/states.ts";
import {
  arriving,
  frame,
  leaving,
  open,
  receive,
  received,
  ROLES,
  summary,
  toHex,
} from "../helpers/wire.ts";

const payload = (size: number) => Uint8Array.from({ length: size }, (_, index) => index * 2);

describe.each(ROLES)("5.5, %s", (role) => {
  test.each([
    ["F-ping-126", 9, 126],
    ["F-close-126", 8, 126],
    ["a Pong of 126", 10, 126],
    ["a Ping of 65,536", 9, 65_536],
  ])("R6455-5.5-01, F82: more than 125 octets fail: %s", (_name, opcode, size) => {
    expect(received(role, [frame({ opcode, length: size })])).toEqual([
      "fail 1002 ERR_CONTROL_LENGTH Control frame with payload len > 125",
    ]);
  });

  test("R6455-5.5-01: the first two octets tell", () => {
    const second = (role === "server" ? 0x80 : 0) | 126;
    expect(summary(receive(open(role), Uint8Array.of(0x89, second)))).toEqual([
      "fail 1002 ERR_CONTROL_LENGTH Control frame with payload len > 125",
    ]);
  });

  test.each([0, 1, 64, 65, 124, 125])(
    "R6455-5.5-01, R6455-5.5.3-01: up to 125 octets are fine, both ways (F-ping-125): %d",
    (size) => {
      const data = payload(size);
      const lines = received(role, [
        frame({ opcode: 9, payload: data }),
        frame({ opcode: 10, payload: data }),
      ]);
      expect(lines).toEqual([`ping ${toHex(data)}`, `pong ${toHex(data)}`]);
      expect(open(role).send(new Ping({ payload: data }))).toEqual(
        leaving(role, frame({ opcode: 9, payload: data })),
      );
    },
  );

  test.each([
    ["Ping", new Ping({ payload: payload(126) })],
    ["Pong", new Pong({ payload: payload(126) })],
    ["Ping of 64 KiB", new Ping({ payload: payload(65_536) })],
  ])("R6455-5.5-01, F92, F72: a longer %s is not sent", (_name, event) => {
    const connection = open(role);
    expect(() => connection.send(event)).toThrow(
      expect.objectContaining({
        constructor: LocalProtocolError,
        code: "ERR_CONTROL_LENGTH",
        message: "payload too long for control frame",
      }),
    );
    expect(connection.state).toBe(ConnectionState.OPEN);
    expect(connection.send(new Ping())).toEqual(leaving(role, frame({ opcode: 9 })));
  });

  test("R6455-5.5.2-01, R6455-5.5.3-01, F17: a Ping's response is the Pong with its payload", () => {
    const connection = open(role);
    const [ping] = receive(connection, arriving(role, frame({ opcode: 9, payload: payload(125) })));
    const answer = ping instanceof Ping ? ping.response() : null;
    expect(answer).toEqual(new Pong({ payload: payload(125) }));
    expect(connection.send(answer!)).toEqual(
      leaving(role, frame({ opcode: 10, payload: payload(125) })),
    );
  });

  test("R6455-5.5.2-02: a Ping may be sent while the connection is open, and not after our Close", () => {
    const connection = open(role);
    connection.send(new TextMessage({ data: "a", messageFinished: false }));
    expect(connection.send(new Ping())).toEqual(leaving(role, frame({ opcode: 9 })));
    connection.send(new CloseConnection({ code: 1000 }));
    expect(() => connection.send(new Ping())).toThrow(LocalProtocolError);
  });

  test("R6455-5.5.3-03: an unsolicited Pong is an event and changes nothing (F-pong-unsol)", () => {
    const connection = open(role);
    const octets = arriving(role, frame({ opcode: 10, payload: "unasked" }));
    expect(receive(connection, octets)).toEqual([
      new Pong({ payload: new TextEncoder().encode("unasked") }),
    ]);
    expect(connection.state).toBe(ConnectionState.OPEN);
  });
});
