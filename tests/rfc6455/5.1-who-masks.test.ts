import { describe, expect, test } from "vitest";
import {
  BytesMessage,
  CloseConnection,
  type Event,
  Ping,
  Pong,
  TextMessage,
} from "../../src/events.ts";
import {
  arriving,
  concat,
  frame,
  hex,
  KEY,
  leaving,
  masked,
  open,
  receive,
  ROLES,
  summary,
  utf8,
} from "../helpers/wire.ts";

const EVENTS: readonly [name: string, event: () => Event, sent: Uint8Array][] = [
  ["text", () => new TextMessage({ data: "Hello" }), frame({ opcode: 1, payload: "Hello" })],
  ["empty text", () => new TextMessage({ data: "" }), frame({ opcode: 1 })],
  [
    "bytes",
    () => new BytesMessage({ data: hex("00ff10") }),
    frame({ opcode: 2, payload: hex("00ff10") }),
  ],
  ["ping", () => new Ping({ payload: utf8("p") }), frame({ opcode: 9, payload: "p" })],
  ["pong", () => new Pong({ payload: utf8("q") }), frame({ opcode: 10, payload: "q" })],
  [
    "close",
    () => new CloseConnection({ code: 1000, reason: "bye" }),
    frame({ opcode: 8, payload: concat(hex("03e8"), utf8("bye")) }),
  ],
];

describe("5.1, sending", () => {
  test.each(EVENTS)("R6455-5.1-01: a client masks every frame: %s", (_name, event, sent) => {
    expect(open("client").send(event())).toEqual(masked(sent, KEY));
  });

  test.each(EVENTS)("R6455-5.1-03: a server masks no frame: %s", (_name, event, sent) => {
    expect(open("server").send(event())).toEqual(sent);
  });

  test.each(ROLES)("R6455-5.1-01, R6455-5.1-03: fragments are no exception: %s", (role) => {
    const connection = open(role);
    const pieces = [
      new TextMessage({ data: "He", messageFinished: false }),
      new TextMessage({ data: "llo" }),
    ];
    expect(concat(...pieces.map((piece) => connection.send(piece)))).toEqual(
      leaving(
        role,
        frame({ opcode: 1, fin: false, payload: "He" }),
        frame({ opcode: 0, payload: "llo" }),
      ),
    );
  });
});

/** The first frame of each kind, with what comes before it. */
const FRAMES: readonly [name: string, before: Uint8Array, sent: Uint8Array][] = [
  ["text", hex(""), frame({ opcode: 1, payload: "Hello" })],
  ["bytes", hex(""), frame({ opcode: 2, payload: "Hello" })],
  ["an empty one", hex(""), frame({ opcode: 2 })],
  ["ping", hex(""), frame({ opcode: 9, payload: "p" })],
  ["pong", hex(""), frame({ opcode: 10 })],
  ["close", hex(""), frame({ opcode: 8, payload: hex("03e8") })],
  [
    "a continuation",
    frame({ opcode: 1, fin: false, payload: "x" }),
    frame({ opcode: 0, payload: "y" }),
  ],
  ["one of 126 octets", hex(""), frame({ opcode: 2, payload: new Uint8Array(126) })],
  ["one of 65,536 octets", hex(""), frame({ opcode: 2, payload: new Uint8Array(65_536) })],
];

describe("5.1, receiving", () => {
  test.each(FRAMES)(
    "R6455-5.1-02, F82: a server fails on an unmasked frame with 1002 (F-wrongmask): %s",
    (_name, before, sent) => {
      const server = open("server");
      receive(server, arriving("server", before));
      expect(summary(receive(server, sent))).toEqual([
        "fail 1002 ERR_MASK server received unexpected unmasked frame",
      ]);
    },
  );

  test.each(FRAMES)(
    "R6455-5.1-04, F82: a client fails on a masked frame with 1002 (C-F-wrongmask): %s",
    (_name, before, sent) => {
      const client = open("client");
      receive(client, before);
      expect(summary(receive(client, masked(sent)))).toEqual([
        "fail 1002 ERR_MASK client received unexpected masked frame",
      ]);
    },
  );

  test("F82: the mask is judged with the header, before a key or a payload has come", () => {
    expect(summary(receive(open("client"), hex("81 85")))).toEqual([
      "fail 1002 ERR_MASK client received unexpected masked frame",
    ]);
    expect(summary(receive(open("server"), hex("81 05")))).toEqual([
      "fail 1002 ERR_MASK server received unexpected unmasked frame",
    ]);
    expect(summary(receive(open("server"), hex("82 7e 01 00")))).toEqual([
      "fail 1002 ERR_MASK server received unexpected unmasked frame",
    ]);
  });
});
