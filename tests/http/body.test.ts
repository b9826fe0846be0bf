import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LocalProtocolError } from "../../src/errors.ts";
import { BodyWriter, createBodyReader } from "../../src/http/body.ts";
import { HttpFault } from "../../src/http/fault.ts";
import type { Framing } from "../../src/http/framing.ts";
import { bytewise, cutAt, latin1, textOf } from "../helpers/handshake.ts";

const CHUNKED: Framing = { kind: "chunked" };
const UNTIL_CLOSE: Framing = { kind: "until close" };

interface Reading {
  readonly pieces: readonly string[];
  readonly complete: boolean;
  readonly fault: HttpFault | null;
}

/** Reads until the body is complete or at fault; null ends the stream. */
function read(framing: Framing, chunks: readonly (Uint8Array | null)[], limit = 256): Reading {
  const reader = createBodyReader(framing, limit);
  const pieces: string[] = [];
  try {
    for (const chunk of chunks) {
      if (reader.complete) break;
      if (chunk === null) reader.end();
      else reader.read(chunk, 0, (piece) => pieces.push(textOf(piece)));
    }
  } catch (error) {
    if (!(error instanceof HttpFault)) throw error;
    return { pieces, complete: false, fault: error };
  }
  return { pieces, complete: reader.complete, fault: null };
}

describe("a body with a length", () => {
  const five: Framing = { kind: "length", length: 5 };

  test("F65: ends there, in the pieces in which it comes", () => {
    expect(read(five, [latin1("He"), latin1("llo there")])).toEqual({
      pieces: ["He", "llo"],
      complete: true,
      fault: null,
    });
  });

  test("F65: of 0 is complete at once", () => {
    expect(read({ kind: "length", length: 0 }, [])).toMatchObject({ complete: true });
  });

  test("F66: is at fault when the stream ends before", () => {
    const { pieces, fault } = read(five, [latin1("Hel"), null]);
    expect(pieces).toEqual(["Hel"]);
    expect(fault).toMatchObject({
      code: "ERR_STREAM_ENDED",
      message: "the stream ended, expected 2 more octets of the body",
    });
  });

  test("F65: is read from any place of a chunk, into views of it", () => {
    const chunk = latin1("headHello");
    const reader = createBodyReader(five, 256);
    reader.read(chunk, 4, (piece) => expect(piece.buffer).toBe(chunk.buffer));
    expect(reader.complete).toBe(true);
  });
});

test("F65: a body without a length ends with the stream", () => {
  expect(read(UNTIL_CLOSE, [latin1("Hel"), latin1(""), latin1("lo"), null])).toEqual({
    pieces: ["Hel", "lo"],
    complete: true,
    fault: null,
  });
  expect(read(UNTIL_CLOSE, [latin1("Hel")])).toMatchObject({ complete: false });
});

describe("a chunked body", () => {
  test.each([
    ["one chunk", "5\r\nHello\r\n0\r\n\r\n", ["Hello"]],
    ["two chunks", "5\r\nHello\r\n7\r\n, world\r\n0\r\n\r\n", ["Hello", ", world"]],
    ["none", "0\r\n\r\n", []],
    ["several zeros", "000\r\n\r\n", []],
    [
      "a size in capitals and small letters",
      `aF\r\n${"x".repeat(175)}\r\n0\r\n\r\n`,
      ["x".repeat(175)],
    ],
    ["zeros before the size", "000000000000000000005\r\nHello\r\n0\r\n\r\n", ["Hello"]],
    ["extensions", '5;a=b;c="d;e"\r\nHello\r\n0;x\r\n\r\n', ["Hello"]],
    ["white space before an extension", "5 \t;a\r\nHello\r\n0\r\n\r\n", ["Hello"]],
    ["trailers", "5\r\nHello\r\n0\r\nX: a\r\nY: b\r\n\r\n", ["Hello"]],
    ["data that looks like chunks", "5\r\n0\r\n\r\n\r\n0\r\n\r\n", ["0\r\n\r\n"]],
    ["something behind it", "0\r\n\r\nmore", []],
  ])("R9112-7.1-01: %s", (_, text, pieces) => {
    expect(read(CHUNKED, [latin1(text)])).toEqual({ pieces, complete: true, fault: null });
    expect(read(CHUNKED, bytewise(latin1(text)))).toMatchObject({ complete: true, fault: null });
  });

  test.each([
    ["CVE-2025-43859: two octets other than CR LF behind the data", "5\r\nHelloXX0\r\n\r\n"],
    ["CVE-2025-43859: CR and another octet behind the data", "5\r\nHello\rX"],
    ["CVE-2025-22871: a bare LF behind the size", "5\nHello\r\n0\r\n\r\n"],
    ["CVE-2025-22871: a bare LF behind an extension", "5;a\n\r\nHello\r\n0\r\n\r\n"],
    ["CVE-2025-22871: a bare LF behind the data", "5\r\nHello\n0\r\n\r\n"],
    ["a bare CR behind the size", "5\rHello"],
    ["a control character in an extension", "5;\0\r\n"],
    ["no size", "\r\nHello"],
    ["a size that is no number", "xyz\r\nHello"],
    ["a size with a sign", "+5\r\nHello"],
    ["a size with 0x", "0x5\r\nHello"],
    ["a size with a letter behind it", "5g\r\nHello"],
    ["an extension alone", ";a\r\n"],
    ["white space in front", " 5\r\nHello"],
    ["white space behind the size alone", "5 \r\nHello"],
    ["a size of 2^53", "20000000000000\r\n"],
    ["a size of sixteen digits", "ffffffffffffffff\r\n"],
  ])("R9112-7.1-01: %s is refused", (_, text) => {
    expect(read(CHUNKED, [latin1(text)]).fault).toMatchObject({ code: "ERR_BODY", status: 400 });
  });

  test("R9112-7.1-01: a size of 2^53-1 is taken", () => {
    expect(read(CHUNKED, [latin1("1fffffffffffff\r\nHello")])).toEqual({
      pieces: ["Hello"],
      complete: false,
      fault: null,
    });
  });

  test("CVE-2025-43859: two octets other than CR LF behind the last chunk never end the body", () => {
    expect(read(CHUNKED, [latin1("0\r\nXX\r\n")]).fault).toMatchObject({ code: "ERR_HTTP" });
    expect(read(CHUNKED, [latin1("0\r\nXX"), null]).fault).toMatchObject({
      code: "ERR_STREAM_ENDED",
    });
  });

  test.each(["X : a\r\n\r\n", "X: a\n\r\n", " X: a\r\n\r\n", "X: a\r\n b\r\n\r\n", "X\r\n\r\n"])(
    "CVE-2025-53643: the trailers %j are refused",
    (trailers) => {
      expect(read(CHUNKED, [latin1(`0\r\n${trailers}`)]).fault).toMatchObject({ code: "ERR_HTTP" });
    },
  );

  test("F66: is at fault when the stream ends before its last chunk", () => {
    for (const text of ["5", "5\r\nHello", "5\r\nHello\r\n0\r\n"]) {
      expect(read(CHUNKED, [latin1(text), null]).fault).toMatchObject({ code: "ERR_STREAM_ENDED" });
    }
  });

  describe("limits.chunkLine", () => {
    test.each([
      ["CVE-2024-22019: an extension", "5;abc\r\nHello\r\n0\r\n\r\n", 5],
      ["white space", "5  ;a\r\nHello\r\n0\r\n\r\n", 5],
      ["a size", "00005\r\nHello\r\n0\r\n\r\n", 5],
      ["CVE-2025-53643: trailers, their lines together", "0\r\nX: a\r\nY: b\r\n\r\n", 12],
    ])("%s", (_, text, size) => {
      for (const chunks of [[latin1(text)], bytewise(latin1(text))]) {
        expect(read(CHUNKED, chunks, size)).toMatchObject({ complete: true });
        const { fault } = read(CHUNKED, chunks, size - 1);
        expect(fault).toMatchObject({ code: "ERR_BODY" });
        expect(fault?.message).toContain(`limits.chunkLine, ${size - 1} octets`);
      }
    });

    test("CVE-2024-22019, R9112-7.1-01: endless lines are refused at 257 octets", () => {
      const line = `5;${"a".repeat(300)}`;
      expect(read(CHUNKED, [latin1(line.slice(0, 256))]).fault).toBeNull();
      expect(read(CHUNKED, [latin1(line.slice(0, 257))]).fault).toMatchObject({ code: "ERR_BODY" });
    });
  });

  const texts = [
    "5\r\nHello\r\n7;a=b\r\n, world\r\n0\r\nX: a\r\n\r\ntail",
    "5 ;a\r\nHello\r\n0\r\n\r\n",
    "5\r\nHelloX",
    "0\r\nX : a\r\n\r\n",
  ];
  const mutated = fc
    .tuple(fc.constantFrom(...texts), fc.nat(50), fc.nat(1), fc.uint8Array({ maxLength: 1 }))
    .map(([text, at, remove, add]) => {
      const octets = [...latin1(text)];
      return Uint8Array.from([...octets.slice(0, at), ...add, ...octets.slice(at + remove)]);
    });

  test("R9112-7.1-01: however it is split, the same comes of it", () => {
    fc.assert(
      fc.property(mutated, fc.array(fc.nat(50)), fc.constantFrom(3, 256), (octets, cuts, limit) => {
        const whole = read(CHUNKED, [octets], limit);
        for (const chunks of [cutAt(octets, cuts), bytewise(octets)]) {
          const { pieces, ...rest } = read(CHUNKED, chunks, limit);
          expect({ ...rest, text: pieces.join("") }).toEqual({
            complete: whole.complete,
            fault: whole.fault,
            text: whole.pieces.join(""),
          });
        }
      }),
    );
  });
});

describe("writing", () => {
  test("F52: a body with a length goes out as it is, copied", () => {
    const writer = new BodyWriter({ kind: "length", length: 5 });
    const data = Buffer.from("Hel");
    const sent = writer.write(data, { last: false });
    data.fill(0);
    expect(textOf(sent)).toBe("Hel");
    expect(textOf(writer.write(latin1("lo"), { last: true }))).toBe("lo");
  });

  test("F52: the last piece of a length may be empty", () => {
    const writer = new BodyWriter({ kind: "length", length: 5 });
    writer.write(latin1("Hello"), { last: false });
    expect(writer.write(latin1(""), { last: true })).toEqual(latin1(""));
  });

  test.each([
    ["too much", "Hello!", false],
    ["too much at the end", "Hello!", true],
    ["too little", "Hell", true],
  ])("D6, F52: %s is refused, and nothing has changed", (_, text, last) => {
    const writer = new BodyWriter({ kind: "length", length: 5 });
    expect(() => writer.write(latin1(text), { last })).toThrow(
      expect.objectContaining({ constructor: LocalProtocolError, code: "ERR_BODY" }),
    );
    expect(textOf(writer.write(latin1("Hello"), { last: true }))).toBe("Hello");
  });

  test("F52: chunks, without an empty one before the end", () => {
    const writer = new BodyWriter(CHUNKED);
    const sent = ["Hello", "", "x".repeat(300)].map((text) =>
      textOf(writer.write(latin1(text), { last: false })),
    );
    expect(sent).toEqual(["5\r\nHello\r\n", "", `12c\r\n${"x".repeat(300)}\r\n`]);
    expect(textOf(writer.write(latin1("!"), { last: true }))).toBe("1\r\n!\r\n0\r\n\r\n");
    expect(textOf(new BodyWriter(CHUNKED).write(latin1(""), { last: true }))).toBe("0\r\n\r\n");
  });

  test("F52: until the stream ends, anything goes", () => {
    const writer = new BodyWriter(UNTIL_CLOSE);
    expect(textOf(writer.write(latin1("Hello"), { last: false }))).toBe("Hello");
    expect(textOf(writer.write(latin1(""), { last: true }))).toBe("");
  });

  test("what is written is read", () => {
    const pieces = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 5 });
    fc.assert(
      fc.property(pieces, fc.constantFrom("length", "chunked", "until close"), (parts, kind) => {
        const length = parts.reduce((size, part) => size + part.length, 0);
        const framing: Framing = kind === "length" ? { kind, length } : { kind };
        const writer = new BodyWriter(framing);
        const sent = [...parts, new Uint8Array(0)].map((part, index) =>
          writer.write(part, { last: index === parts.length }),
        );
        const reading = read(framing, [...sent, null]);
        expect(reading).toMatchObject({ complete: true, fault: null });
        expect(reading.pieces.join("")).toBe(parts.map(textOf).join(""));
      }),
    );
  });
});
