import { describe, expect, test } from "vitest";
import {
  arriving,
  concat,
  frame,
  hex,
  open,
  receive,
  received,
  ROLES,
  summary,
  toHex,
  utf8,
} from "../helpers/wire.ts";

const VALID: readonly [name: string, text: string][] = [
  ["F-utf8-ascii", "Hello\u0000\u007f"],
  ["F-utf8-two", "\u0080\u07ff"],
  ["F-utf8-three", "\u0800\ud7ff\ue000\uffff"],
  ["F-utf8-four", "\u{10000}\u{10ffff}"],
  ["F-utf8-bom", "\ufeffa\ufeff"],
  ["F-utf8-nonchar", "\ufdd0\ufffe\uffff\u{1fffe}\u{10ffff}"],
];

/** Octets that no text has, with how many of them are enough to tell. */
const INVALID: readonly [name: string, octets: string, enough: number][] = [
  ["F-utf8-lone-continuation", "80", 1],
  ["F-utf8-overlong-2", "c0", 1],
  ["F-utf8-overlong-2b", "c1bf", 1],
  ["F-utf8-overlong-3", "e09f80", 2],
  ["F-utf8-overlong-4", "f08f8080", 2],
  ["F-utf8-surrogate-low", "eda080", 2],
  ["F-utf8-surrogate-high", "edbfbf", 2],
  ["F-utf8-above-10ffff", "f4908080", 2],
  ["F-utf8-f5", "f5808080", 1],
  ["F-utf8-ff", "ff", 1],
  ["F-utf8-cut-2", "c341", 2],
  ["F-utf8-cut-3", "e28241", 3],
  ["F-utf8-cut-4", "f09f9141", 4],
];

/** Sequences that end too early. */
const UNFINISHED: readonly [name: string, octets: string][] = [
  ["one of two", "c3"],
  ["one of three", "e2"],
  ["two of three", "e282"],
  ["one of four", "f0"],
  ["two of four", "f09f"],
  ["three of four", "f09f91"],
];

describe.each(ROLES)("8.1 and 5.6, %s", (role) => {
  test.each(VALID)("R6455-5.6-01, W-20: valid text is kept as it is: %s", (_name, text) => {
    expect(received(role, [frame({ opcode: 1, payload: text })])).toEqual([`text ${text}`]);
  });

  test.each(VALID)(
    "R6455-5.6-01, F85: a sequence may straddle frames and chunks: %s",
    (_name, text) => {
      const octets = utf8(text);
      const frames = Array.from(octets, (octet, index) =>
        frame({ opcode: index === 0 ? 1 : 0, fin: false, payload: Uint8Array.of(octet) }),
      );
      const end = frame({ opcode: 0 });
      expect(received(role, [...frames, end])).toEqual([`text ${text}`]);
      const whole = arriving(role, frame({ opcode: 1, payload: octets }));
      const chunks = Array.from(whole, (octet) => Uint8Array.of(octet));
      expect(summary(receive(open(role), ...chunks))).toEqual([`text ${text}`]);
    },
  );

  test.each(INVALID)("R6455-8.1-01, F85: invalid text fails with 1007: %s", (_name, octets) => {
    const lines = received(role, [frame({ opcode: 1, payload: concat(utf8("ok"), hex(octets)) })]);
    expect(lines.join()).toMatch(/^fail 1007 ERR_UTF8 invalid UTF-8: met 0x[0-9a-f]{2}, expected /);
  });

  test.each(INVALID)(
    "R6455-8.1-01, F85: it fails at the first octet that cannot be (F-utf8-failfast): %s",
    (_name, octets, enough) => {
      // Neither the message nor its frame is at its end.
      const start = frame({ opcode: 1, fin: false, length: 100, payload: hex(octets) });
      const header = role === "server" ? 6 : 2;
      const connection = open(role);
      const all = arriving(role, start);
      const before = summary(receive(connection, all.slice(0, header + enough - 1)));
      expect(before.join()).not.toMatch(/fail/);
      const after = summary(receive(connection, all.slice(header + enough - 1, header + enough)));
      expect(after.join()).toMatch(/^fail 1007 ERR_UTF8 /);
    },
  );

  test.each(UNFINISHED)(
    "R6455-8.1-01, F85: a sequence that the message's end cuts fails: %s",
    (_name, octets) => {
      const whole = received(role, [frame({ opcode: 1, payload: hex(octets) })]);
      expect(whole.join()).toMatch(
        /^fail 1007 ERR_UTF8 invalid UTF-8: the text ends where an octet /,
      );
      const fragments = received(role, [
        frame({ opcode: 1, fin: false, payload: hex(octets) }),
        frame({ opcode: 0 }),
      ]);
      expect(fragments).toEqual([...whole, "text… "]);
    },
  );

  test("R6455-5.6-01, F85: a control frame inside a straddling sequence changes nothing", () => {
    const lines = received(role, [
      frame({ opcode: 1, fin: false, payload: hex("e2") }),
      frame({ opcode: 9, payload: hex("ff") }),
      frame({ opcode: 0, fin: false, payload: hex("82") }),
      frame({ opcode: 10, payload: hex("80") }),
      frame({ opcode: 0, payload: hex("ac") }),
      frame({ opcode: 1, payload: "next" }),
    ]);
    expect(lines).toEqual(["ping ff", "pong 80", "text €", "text next"]);
  });

  test("R6455-8.1-01: a failure is the same in one piece and octet by octet", () => {
    for (const [, octets] of INVALID) {
      const frames = arriving(role, frame({ opcode: 1, payload: concat(utf8("é"), hex(octets)) }));
      const [whole] = summary(receive(open(role), frames));
      const chunks = Array.from(frames, (octet) => Uint8Array.of(octet));
      const [trickled] = summary(receive(open(role), ...chunks));
      expect(trickled).toBe(whole);
    }
  });

  test("R6455-5.6-01: what is no text is taken as octets", () => {
    for (const [, octets] of INVALID) {
      expect(received(role, [frame({ opcode: 2, payload: hex(octets) })])).toEqual([
        `bytes ${toHex(hex(octets))}`,
      ]);
    }
  });
});
