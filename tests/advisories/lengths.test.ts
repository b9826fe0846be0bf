import { describe, expect, test } from "vitest";
import { arriving, concat, frame, hex, open, receive, ROLES, summary } from "../helpers/wire.ts";

const MEBIBYTE = 1024 * 1024;
const LENGTH = "fail 1002 ERR_LENGTH_ENCODING 8-byte payload length with non-zero MSB";

describe.each(ROLES)("lengths, %s", (role) => {
  const limit = (role === "server" ? 1 : 16) * MEBIBYTE;
  const tooBig = `fail 1009 ERR_MESSAGE_SIZE frame of more than ${limit} octets`;

  const DECLARED: readonly [title: string, length: bigint, line: string][] = [
    [
      "CVE-2020-27813: just below 2^63 (F-len-2^62)",
      0x7fff_ffff_ffff_ffffn,
      `fail 1009 ERR_MESSAGE_SIZE frame of more than ${Number.MAX_SAFE_INTEGER} octets`,
    ],
    ["CVE-2020-13935, CVE-2026-43678: 2^63 (F-len-msb)", 1n << 63n, LENGTH],
    ["CVE-2026-1528, CVE-2026-27889: all ones (C-F-len-allff)", (1n << 64n) - 1n, LENGTH],
    ["noPoll-84: negative as 64 bits with a sign", -1n & 0xffff_ffff_ffff_fff0n, LENGTH],
    ["noPoll-84: negative as 32 bits with a sign", 0x8000_0000n, tooBig],
    ["noPoll-84: all ones as 32 bits", 0xffff_ffffn, tooBig],
    ["noPoll-84: 2^32, which is 0 in 32 bits", 1n << 32n, tooBig],
    [
      "CVE-2026-1528: 2^53",
      1n << 53n,
      `fail 1009 ERR_MESSAGE_SIZE frame of more than ${2 ** 53 - 1} octets`,
    ],
    ["CVE-2026-1528: 2^53 - 1", (1n << 53n) - 1n, tooBig],
    ["CVE-2016-10542: 256 MiB", 256n * 1024n * 1024n, tooBig],
    ["CVE-2018-21035: one octet above the small default", BigInt(limit) + 1n, tooBig],
  ];

  test.each(DECLARED)(
    "%s: decided at the header, and nothing is parsed behind it",
    (_title, length, line) => {
      for (const opcode of [1, 2]) {
        const connection = open(role);
        const octets = arriving(role, frame({ opcode, length }));
        const header = role === "server" ? octets.subarray(0, -4) : octets;
        expect(summary(receive(connection, header))).toEqual([line]);
        expect(receive(connection, hex("00000000"), arriving(role, frame({ opcode: 9 })))).toEqual(
          [],
        );
      }
    },
  );

  test("CVE-2020-27813, D10: with every limit lifted a length above 2^53-1 is still too much", () => {
    const lifted = { limits: { message: Infinity, frame: Infinity } };
    const above = arriving(role, frame({ opcode: 2, length: 1n << 53n }));
    expect(summary(receive(open(role, lifted), above))).toEqual([
      `fail 1009 ERR_MESSAGE_SIZE frame of more than ${2 ** 53 - 1} octets`,
    ]);
    const largest = arriving(role, frame({ opcode: 2, length: (1n << 53n) - 1n, payload: "abc" }));
    expect(summary(receive(open(role, lifted), largest))).toEqual(["bytes… 616263"]);
  });

  test("CVE-2020-27813: two lengths that add up above 2^53 are refused, not rounded", () => {
    const connection = open(role, { limits: { message: 2 ** 53 - 1, frame: 2 ** 53 - 1 } });
    const first = arriving(role, frame({ opcode: 2, fin: false, payload: "abc" }));
    const second = arriving(role, frame({ opcode: 0, length: (1n << 53n) - 1n }));
    expect(summary(receive(connection, concat(first, second)))).toEqual([
      `fail 1009 ERR_MESSAGE_SIZE message of more than ${2 ** 53 - 1} octets`,
      "bytes… 616263",
    ]);
  });

  test.each([
    ["an unknown opcode (F-op3-big)", 0x83, "ERR_OPCODE"],
    ["a control frame", 0x89, "ERR_CONTROL_LENGTH"],
    ["a fragmented control frame", 0x09, "ERR_CONTROL_FRAGMENTED"],
  ])("CVE-2026-19204: %s fails at the second octet, before any length", (_name, first, code) => {
    const second = role === "server" ? 0xff : 0x7f;
    const lines = summary(receive(open(role), Uint8Array.of(first), Uint8Array.of(second)));
    expect(lines.join()).toMatch(new RegExp(`^fail 1002 ${code} `));
  });

  test.each([
    ["a reserved bit", frame({ opcode: 2, rsv: 2, length: 1n << 40n }), "ERR_RSV"],
    ["a continuation of nothing", frame({ opcode: 0, length: 1n << 40n }), "ERR_CONTINUATION"],
  ])("CVE-2026-19204, D10: %s is judged before the length is believed", (_name, octets, code) => {
    const lines = summary(receive(open(role), arriving(role, octets)));
    expect(lines.join()).toMatch(new RegExp(`^fail 1002 ${code} `));
  });

  test.each([
    ["left out", {}],
    ["undefined", { limits: undefined }],
    ["an empty object", { limits: {} }],
    ["another limit", { limits: { fragments: 5 } }],
  ])("CVE-2026-0716: limits that are %s are the defaults", (_name, options) => {
    const octets = arriving(role, frame({ opcode: 2, length: limit + 1 }));
    expect(summary(receive(open(role, options), octets))).toEqual([tooBig]);
    const largest = arriving(role, frame({ opcode: 2, length: limit, payload: "a" }));
    expect(summary(receive(open(role, options), largest))).toEqual(["bytes… 61"]);
  });
});
