import { describe, expect, test } from "vitest";
import { BytesMessage } from "../../src/events.ts";
import {
  arriving,
  expectOctets,
  frame,
  hex,
  leaving,
  open,
  receive,
  received,
  ROLES,
  summary,
  toHex,
} from "../helpers/wire.ts";

const OPCODES = [0, 1, 2, 8, 9, 10] as const;
const RESERVED_OPCODES = [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] as const;
const RSV = [1, 2, 3, 4, 5, 6, 7] as const;

describe.each(ROLES)("5.2, %s", (role) => {
  test.each(RSV.flatMap((rsv) => OPCODES.map((opcode) => ({ rsv, opcode }))))(
    "R6455-5.2-01, F82: reserved bits fail (F-rsv, F-ping-rsv): bits $rsv, opcode $opcode",
    ({ rsv, opcode }) => {
      const before = opcode === 0 ? [frame({ opcode: 1, fin: false, payload: "x" })] : [];
      const lines = received(role, [...before, frame({ opcode, rsv, payload: "1234" })]);
      expect(lines).toEqual([
        "fail 1002 ERR_RSV Reserved bit set unexpectedly",
        ...(opcode === 0 ? ["text… x"] : []),
      ]);
    },
  );

  test.each(RESERVED_OPCODES.flatMap((opcode) => [0, 1].map((fin) => ({ opcode, fin }))))(
    "R6455-5.2-02, F82: a reserved opcode fails (F-op): $opcode, FIN $fin",
    ({ opcode, fin }) => {
      expect(received(role, [frame({ opcode, fin: fin === 1 })])).toEqual([
        `fail 1002 ERR_OPCODE Invalid opcode 0x${opcode.toString(16)}`,
      ]);
    },
  );

  test.each([0x8000_0000_0000_0000n, 0x8000_0000_0001_0000n, 0xffff_ffff_ffff_ffffn])(
    "R6455-5.2-03, F82: a 64-bit length has its top bit 0 (F-len-msb): %s",
    (length) => {
      expect(received(role, [frame({ opcode: 2, length })])).toEqual([
        "fail 1002 ERR_LENGTH_ENCODING 8-byte payload length with non-zero MSB",
      ]);
    },
  );

  test.each([
    ["126 octets", "82 7e 007e", 126],
    ["256 octets, as in 5.7", "82 7e 0100", 256],
    ["258 octets", "82 7e 0102", 258],
    ["65,535 octets", "82 7e ffff", 65_535],
    ["65,536 octets, as in 5.7", "82 7f 0000000000010000", 65_536],
    ["66,051 octets", "82 7f 0000000000010203", 66_051],
  ])("R6455-5.2-03: lengths are big endian, both ways: %s", (_name, header, size) => {
    const data = Uint8Array.from({ length: size }, (_, index) => index % 251);
    const octets = new Uint8Array([...hex(header), ...data]);
    expect(received(role, [octets])).toEqual([`bytes ${toHex(data)}`]);
    expectOctets(open(role).send(new BytesMessage({ data })), leaving(role, octets));
  });

  test.each([0, 1, 124, 125])(
    "R6455-5.2-04, F82: a 16-bit length below 126 fails (F-nonmin-16): %d",
    (length) => {
      const header = Uint8Array.of(0x82, role === "server" ? 0xfe : 0x7e, 0, length);
      expect(summary(receive(open(role), header))).toEqual([
        "fail 1002 ERR_LENGTH_ENCODING Payload length used 2 bytes when 1 would have sufficed",
      ]);
    },
  );

  test.each([0, 1, 125, 126, 255, 256, 65_534, 65_535])(
    "R6455-5.2-04, F82: a 64-bit length below 65,536 fails (F-nonmin-64): %d",
    (length) => {
      const mask = role === "server" ? 0x80 : 0;
      const header = Uint8Array.of(0x82, mask | 127, 0, 0, 0, 0, 0, 0, length >> 8, length & 0xff);
      expect(summary(receive(open(role), header))).toEqual([
        "fail 1002 ERR_LENGTH_ENCODING Payload length used 8 bytes when 2 would have sufficed",
      ]);
    },
  );

  test.each([
    [0, 2],
    [125, 2],
    [126, 4],
    [65_535, 4],
    [65_536, 10],
    [65_537, 10],
  ])("R6455-5.2-04, F91: %d octets are sent with a header of %d, and a key", (size, header) => {
    const key = role === "client" ? 4 : 0;
    const sent = open(role).send(new BytesMessage({ data: new Uint8Array(size) }));
    expect(sent).toHaveLength(header + key + size);
    expectOctets(sent, leaving(role, frame({ opcode: 2, payload: new Uint8Array(size) })));
  });

  test("F82: a fault shows as soon as the octet with it has come", () => {
    const mask = role === "server" ? 0x80 : 0;
    const connection = open(role);
    expect(summary(receive(connection, Uint8Array.of(0x83)))).toEqual([]);
    expect(summary(receive(connection, Uint8Array.of(mask)))).toEqual([
      "fail 1002 ERR_OPCODE Invalid opcode 0x3",
    ]);
  });
});

/** Each header has the fault named and all those of the lines below it that it can have at once. */
const ORDER: readonly [fault: string, first: number, second: number, rest: string, code: string][] =
  [
    ["an unknown opcode", 0x7b, 127, "8000000000000000", "ERR_OPCODE"],
    ["a control frame without FIN", 0x79, 127, "8000000000000000", "ERR_CONTROL_FRAGMENTED"],
    ["a control frame of 126", 0xf9, 126, "0001", "ERR_CONTROL_LENGTH"],
    ["a long length for a short one", 0xf0, 126, "0001", "ERR_LENGTH_ENCODING"],
    ["a top bit in the length", 0xf0, 127, "8000000000000000", "ERR_LENGTH_ENCODING"],
    ["reserved bits", 0xf0, 127, "7fffffffffffffff", "ERR_RSV"],
    ["the mask", 0x80, 127, "7fffffffffffffff", "ERR_MASK"],
  ];

describe.each(ROLES)("5.2, the order of the checks, %s", (role) => {
  test.each(ORDER)(
    "F82: %s comes before what else is wrong",
    (_fault, first, second, rest, code) => {
      const wrongMask = role === "client" ? 0x80 : 0;
      const header = new Uint8Array([first, wrongMask | second, ...hex(rest)]);
      expect(summary(receive(open(role), header)).join()).toMatch(
        new RegExp(`^fail 1002 ${code} `),
      );
    },
  );

  test("F82, D10: the order of frames comes after the mask and before the limits", () => {
    const octets = arriving(role, frame({ opcode: 0, length: 0x7fff_ffff_ffff_ffffn }));
    expect(summary(receive(open(role), octets))).toEqual([
      "fail 1002 ERR_CONTINUATION unexpected CONTINUATION",
    ]);
  });
});
