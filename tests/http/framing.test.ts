import { describe, expect, test } from "vitest";
import type { HeaderList } from "../../src/headers.ts";
import { HttpFault } from "../../src/http/fault.ts";
import {
  frameWithBody,
  frameWithoutBody,
  mergeContentLength,
  readContentLength,
  readFraming,
} from "../../src/http/framing.ts";
import { thrownBy } from "../helpers/handshake.ts";

const LENGTH = "content-length";
const CODING = "transfer-encoding";

function lengths(...values: string[]): HeaderList {
  return values.map((value) => [LENGTH, value] as const);
}

function codings(...values: string[]): HeaderList {
  return values.map((value) => [CODING, value] as const);
}

const localError = { name: "LocalProtocolError", code: "ERR_BODY" };

describe("a received Content-Length", () => {
  test.each([
    [[], null],
    [["0"], 0],
    [["005"], 5],
    [["5", "5"], 5],
    [["5, 5"], 5],
    [["9007199254740991"], 9_007_199_254_740_991],
    [[`${"0".repeat(100)}1`], 1],
  ])("R9112-6.3-01: of %j is %s", (values, expected) => {
    expect(readContentLength(lengths(...values))).toBe(expected);
  });

  test.each([
    [[""]],
    [["x"]],
    [["-1"]],
    [["+5"]],
    [["5x"]],
    [["5.0"]],
    [["0x5"]],
    [["1e3"]],
    [["5 5"]],
    [["5,"]],
    [["5", ""]],
    [["5", "6"]],
    [["5, 6"]],
    [["5", "05"]],
    [["9007199254740992"]],
    [["9".repeat(400)]],
    [["\u0665"]],
  ])("R9112-6.3-01, CVE-2026-1525, CVE-2023-47627: of %j is refused", (values) => {
    expect(() => readContentLength(lengths(...values))).toThrow(
      expect.objectContaining({ constructor: HttpFault, status: 400, code: "ERR_BODY" }),
    );
  });

  test("R9112-6.3-01: repeats become one field, where the first one stood", () => {
    expect(
      mergeContentLength([
        ["a", "b"],
        [LENGTH, "5 , 5"],
        ["c", "d"],
        [LENGTH, "5"],
        ["a", "e"],
      ]),
    ).toEqual([
      ["a", "b"],
      [LENGTH, "5"],
      ["c", "d"],
      ["a", "e"],
    ]);
  });
});

describe("where the body of a received response ends", () => {
  const until = { kind: "until close" };
  const chunked = { kind: "chunked" };

  test.each([
    ["a length", 400, lengths("5"), { kind: "length", length: 5 }],
    ["no field: with the stream", 400, [], until],
    ["chunks", 400, codings("chunked"), chunked],
    ["chunks, in any case", 400, codings("ChunKed"), chunked],
    ["chunks before a length", 400, [...lengths("3"), ...codings("chunked")], chunked],
    ["chunks behind another coding", 400, codings("gzip, chunked"), chunked],
    ["chunks behind another coding, two lines", 400, codings("gzip", "chunked"), chunked],
    ["another coding: with the stream", 400, [...lengths("3"), ...codings("gzip")], until],
    ["204: none", 204, [...lengths("3"), ...codings("gzip")], { kind: "length", length: 0 }],
    ["304: none", 304, lengths("3"), { kind: "length", length: 0 }],
  ])("F65: %s", (_, status, headers, expected) => {
    expect(readFraming({ version: "1.1", status }, headers)).toEqual(expected);
  });

  test.each([
    ["chunked twice", "1.1", codings("chunked", "chunked")],
    ["chunked not at the end", "1.1", codings("chunked, gzip")],
    ["an empty list", "1.1", codings("")],
    ["R9112-6.1-01: a coding in HTTP/1.0", "1.0", codings("chunked")],
    ["a bad length, whatever else there is", "1.1", [...lengths("x"), ...codings("chunked")]],
  ])("%s is refused", (_, version, headers) => {
    expect(() => readFraming({ version, status: 400 }, headers)).toThrow(
      expect.objectContaining({ constructor: HttpFault, code: "ERR_BODY" }),
    );
  });
});

describe("a response without a body", () => {
  test.each([
    [400, [], [["content-length", "0"]]],
    [304, [], [["content-length", "0"]]],
    [204, [], []],
    [400, [["Content-Length", "0"]], [["Content-Length", "0"]]],
    [304, [["Content-Length", "5"]], [["Content-Length", "5"]]],
  ] as const)("F51, D6: with %i and %j is sent with %j", (status, given, headers) => {
    expect(frameWithoutBody(status, given)).toEqual({
      headers,
      framing: { kind: "length", length: 0 },
    });
  });

  test.each([
    [400, [["Content-Length", "5"]]],
    [400, [["Content-Length", "x"]]],
    [304, [["Content-Length", "x"]]],
    [204, [["Content-Length", "0"]]],
    [400, [["Transfer-Encoding", "chunked"]]],
    [204, [["Transfer-Encoding", "chunked"]]],
  ] as const)("D6: with %i and %j is refused", (status, given) => {
    expect(thrownBy(() => frameWithoutBody(status, given))).toMatchObject(localError);
  });
});

describe("a response with a body", () => {
  const knows = { knowsChunks: true };
  const unknown = { knowsChunks: false };

  test.each([
    [
      [["X", "y"]],
      [
        ["X", "y"],
        ["Transfer-Encoding", "chunked"],
      ],
      { kind: "chunked" },
    ],
    [[["Transfer-Encoding", "Chunked"]], [["Transfer-Encoding", "Chunked"]], { kind: "chunked" }],
    [[["Content-Length", "5"]], [["Content-Length", "5"]], { kind: "length", length: 5 }],
  ] as const)("F51: with %j is sent with %j", (given, headers, framing) => {
    expect(frameWithBody(400, given, knows)).toEqual({ headers, framing });
  });

  test.each([
    [[["X", "y"]], [["X", "y"]], { kind: "until close" }],
    [
      [
        ["X", "y"],
        ["Transfer-Encoding", "chunked"],
      ],
      [["X", "y"]],
      { kind: "until close" },
    ],
    [[["Content-Length", "5"]], [["Content-Length", "5"]], { kind: "length", length: 5 }],
  ] as const)(
    "R9112-6.1-01: with %j is sent with %j to a peer that may not know chunks",
    (given, headers, framing) => {
      expect(frameWithBody(400, given, unknown)).toEqual({ headers, framing });
    },
  );

  test.each([
    [204, []],
    [304, []],
    [400, [["Transfer-Encoding", "gzip"]]],
    [400, [["Transfer-Encoding", "gzip, chunked"]]],
    [
      400,
      [
        ["Content-Length", "5"],
        ["Transfer-Encoding", "chunked"],
      ],
    ],
    [
      400,
      [
        ["Content-Length", "5"],
        ["Content-Length", "6"],
      ],
    ],
    [400, [["Content-Length", "-5"]]],
  ] as const)("D6: with %i and %j is refused", (status, given) => {
    expect(thrownBy(() => frameWithBody(status, given, knows))).toMatchObject(localError);
  });
});
