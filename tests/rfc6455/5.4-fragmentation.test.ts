import { describe, expect, test } from "vitest";
import { LocalProtocolError } from "../../src/errors.ts";
import { BytesMessage, type Event, Ping, Pong, TextMessage } from "../../src/events.ts";
import {
  arriving,
  concat,
  frame,
  leaving,
  open,
  receive,
  received,
  ROLES,
  toHex,
} from "../helpers/wire.ts";

const text = (payload: string, fin = true) => frame({ opcode: 1, fin, payload });
const bytes = (payload: string, fin = true) => frame({ opcode: 2, fin, payload });
const more = (payload: string, fin = true) => frame({ opcode: 0, fin, payload });
const ping = (payload = "") => frame({ opcode: 9, payload });
const pong = (payload = "") => frame({ opcode: 10, payload });

const RECEIVED: readonly [name: string, frames: Uint8Array[], lines: string[]][] = [
  [
    "R6455-5.4-01, F83: a continuation without a message fails (F-cont-nostart)",
    [more("x")],
    ["fail 1002 ERR_CONTINUATION unexpected CONTINUATION"],
  ],
  [
    "R6455-5.4-01, F83: so does one after a whole message",
    [text("a"), more("b")],
    ["text a", "fail 1002 ERR_CONTINUATION unexpected CONTINUATION"],
  ],
  [
    "R6455-5.4-01, F83: so does one after the last fragment",
    [text("a", false), more("b"), more("c")],
    ["text ab", "fail 1002 ERR_CONTINUATION unexpected CONTINUATION"],
  ],
  [
    "R6455-5.4-01, F83: an empty continuation without FIN is none the better",
    [more("", false)],
    ["fail 1002 ERR_CONTINUATION unexpected CONTINUATION"],
  ],
  [
    "R6455-5.4-01, F83: text inside a message fails (F-text-in-frag)",
    [text("a", false), text("b")],
    ["fail 1002 ERR_CONTINUATION expected CONTINUATION, got TEXT", "text… a"],
  ],
  [
    "R6455-5.4-01, F83: octets inside a message fail",
    [bytes("a", false), bytes("b", false)],
    ["fail 1002 ERR_CONTINUATION expected CONTINUATION, got BINARY", "bytes… 61"],
  ],
  [
    "R6455-5.4-01, F83: a message of the other type is no better",
    [text("a", false), more("b", false), bytes("c")],
    ["fail 1002 ERR_CONTINUATION expected CONTINUATION, got BINARY", "text… ab"],
  ],
  [
    "R6455-5.4-02, F86: control frames between fragments are handled (F-frag-ping)",
    [text("a", false), ping("1"), more("b", false), pong("2"), ping(), more("c")],
    ["ping 31", "pong 32", "ping ", "text abc"],
  ],
  [
    "R6455-5.4-02, F82: a control frame is never fragmented (F-ping-frag)",
    [frame({ opcode: 9, fin: false, payload: "1" })],
    ["fail 1002 ERR_CONTROL_FRAGMENTED Invalid attempt to fragment control frame"],
  ],
  [
    "R6455-5.4-02, F82: not a Pong either",
    [frame({ opcode: 10, fin: false })],
    ["fail 1002 ERR_CONTROL_FRAGMENTED Invalid attempt to fragment control frame"],
  ],
  [
    "R6455-5.4-02, F82: nor a Close",
    [frame({ opcode: 8, fin: false })],
    ["fail 1002 ERR_CONTROL_FRAGMENTED Invalid attempt to fragment control frame"],
  ],
  [
    "R6455-5.4-02: a Close between fragments ends the message unfinished",
    [text("a", false), frame({ opcode: 8 }), more("b")],
    ["close 1005 ", "text… a"],
  ],
  [
    "R6455-5.4-04: a message in one frame",
    [text("abc"), bytes("abc")],
    ["text abc", "bytes 616263"],
  ],
  [
    "R6455-5.4-04, F84: fragments of any size, none too (F-frag-zero)",
    [text("", false), more("", false), more("a", false), more("", false), more("")],
    ["text a"],
  ],
  [
    "R6455-5.4-04, F84: a message of empty fragments alone",
    [bytes("", false), more("", false), more("")],
    ["bytes "],
  ],
  ["R6455-5.4-04, F84: an empty message", [text(""), bytes("")], ["text ", "bytes "]],
  [
    "R6455-5.4-05: the first frame gives the type",
    [bytes("a", false), more("b"), text("c", false), more("d")],
    ["bytes 6162", "text cd"],
  ],
];

describe.each(ROLES)("5.4, receiving, %s", (role) => {
  test.each(RECEIVED)("%s", (_title, frames, lines) => {
    expect(received(role, frames)).toEqual(lines);
  });

  test("F84: pieces tell where frame and message end", () => {
    const octets = arriving(role, text("abc", false), more("", false), more("de"));
    const header = role === "server" ? 6 : 2;
    const events = receive(
      open(role),
      octets.slice(0, header),
      octets.slice(header, header + 2),
      octets.slice(header + 2),
    );
    expect(events).toEqual([
      new TextMessage({ data: "ab", frameFinished: false, messageFinished: false }),
      new TextMessage({ data: "c", frameFinished: true, messageFinished: false }),
      new TextMessage({ data: "", frameFinished: true, messageFinished: false }),
      new TextMessage({ data: "de", frameFinished: true, messageFinished: true }),
    ]);
  });

  test("F84: a header whose payload has not come gives no event, an empty frame gives one", () => {
    const connection = open(role);
    const octets = arriving(role, frame({ opcode: 2, payload: "ab" }));
    expect(receive(connection, octets.slice(0, -2))).toEqual([]);
    expect(receive(connection, octets.slice(-2, -1))).toEqual([
      new BytesMessage({
        data: Uint8Array.of(0x61),
        frameFinished: false,
        messageFinished: false,
      }),
    ]);
    expect(receive(connection, octets.slice(-1))).toEqual([
      new BytesMessage({ data: Uint8Array.of(0x62) }),
    ]);
    expect(receive(connection, arriving(role, text("")))).toEqual([new TextMessage({ data: "" })]);
  });

  test("F84: a control frame comes whole, however its octets come", () => {
    const octets = arriving(role, ping("0123456789"));
    const connection = open(role);
    const events = Array.from(octets, (octet) => receive(connection, Uint8Array.of(octet)));
    expect(events.slice(0, -1).flat()).toEqual([]);
    expect(events.at(-1)).toEqual([new Ping({ payload: new TextEncoder().encode("0123456789") })]);
  });

  test("R6455-5.4-06: where frames are cut changes no message", () => {
    const message = "grüße, 世界 👋";
    const octets = new TextEncoder().encode(message);
    for (let cut = 0; cut <= octets.length; cut++) {
      const frames = [
        frame({ opcode: 1, fin: false, payload: octets.slice(0, cut) }),
        frame({ opcode: 0, payload: octets.slice(cut) }),
      ];
      expect(received(role, frames)).toEqual([`text ${message}`]);
      frames[0] = frame({ opcode: 2, fin: false, payload: octets.slice(0, cut) });
      expect(received(role, frames)).toEqual([`bytes ${toHex(octets)}`]);
    }
  });
});

const textPiece = (data: string, messageFinished = false) =>
  new TextMessage({ data, messageFinished });
const bytesPiece = (data: string, messageFinished = false) =>
  new BytesMessage({ data: new TextEncoder().encode(data), messageFinished });

const SENT: readonly [name: string, events: Event[], frames: Uint8Array[]][] = [
  [
    "R6455-5.4-01, F90: the first fragment has the opcode, the others 0, the last FIN",
    [textPiece("a"), textPiece("b"), textPiece("c", true)],
    [text("a", false), more("b", false), more("c")],
  ],
  [
    "R6455-5.4-01, F90: octets as well",
    [bytesPiece("a"), bytesPiece("b", true)],
    [bytes("a", false), more("b")],
  ],
  [
    "R6455-5.4-02, F90: control frames may go between fragments",
    [textPiece("a"), new Ping(), new Pong(), textPiece("b", true)],
    [text("a", false), ping(), pong(), more("b")],
  ],
  [
    "R6455-5.4-03: messages follow one another",
    [textPiece("a"), textPiece("b", true), bytesPiece("c", true), textPiece("d", true)],
    [text("a", false), more("b"), bytes("c"), text("d")],
  ],
  [
    "R6455-5.4-04: empty pieces are frames too",
    [textPiece(""), textPiece(""), textPiece("", true)],
    [text("", false), more("", false), more("")],
  ],
];

describe.each(ROLES)("5.4, sending, %s", (role) => {
  test.each(SENT)("%s", (_title, events, frames) => {
    const connection = open(role);
    expect(concat(...events.map((event) => connection.send(event)))).toEqual(
      leaving(role, ...frames),
    );
  });

  test("F90: whether a piece ends its frame does not matter when it is sent", () => {
    const piece = new TextMessage({ data: "a", frameFinished: false, messageFinished: true });
    expect(open(role).send(piece)).toEqual(leaving(role, text("a")));
  });

  test.each([
    ["text in a message of octets", bytesPiece("a"), textPiece("b", true), bytesPiece("c", true)],
    ["octets in a message of text", textPiece("a"), bytesPiece("b", true), textPiece("c", true)],
  ])(
    "R6455-5.4-03, F90, F72, D6: another type inside a message is refused, and changes nothing: %s",
    (_name, first, other, last) => {
      const connection = open(role);
      connection.send(first);
      for (const send of [() => connection.send(other), () => connection.sendParts(other)]) {
        expect(send).toThrow(
          expect.objectContaining({
            constructor: LocalProtocolError,
            code: "ERR_MESSAGE_TYPE",
            message: "Data type mismatch inside message",
          }),
        );
      }
      expect(connection.send(last)).toEqual(leaving(role, more("c")));
      expect(connection.send(other)).toEqual(
        leaving(role, other instanceof TextMessage ? text("b") : bytes("b")),
      );
    },
  );
});
