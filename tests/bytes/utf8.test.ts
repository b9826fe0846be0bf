import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { rotateKey } from "../../src/bytes/mask.ts";
import { encodeUtf8, Utf8Decoder, utf8Prefix } from "../../src/bytes/utf8.ts";
import { anyKey, keyOf, maskedByTheBook } from "./octets.ts";
import { almostUtf8, BORDER_OCTETS, judge, textInRuns, toUtf8 } from "./utf8-grammar.ts";

const KEY = keyOf(0x37, 0xfa, 0x81, 0xbd);

/** Octets to be decoded, in pieces that end at `cuts`, masked with `key`. */
interface Pieces {
  readonly octets: Uint8Array;
  readonly cuts?: readonly number[];
  readonly key?: number;
}

/** What a decoder makes of the pieces: the texts, and the problem that it met. Each piece lies amid other octets. */
function decode({ octets, cuts = [], key = 0 }: Pieces, decoder = new Utf8Decoder()): string[] {
  const ends = [...cuts.map((cut) => Math.min(cut, octets.length)), octets.length];
  const texts: string[] = [];
  let from = 0;
  for (const [index, end] of ends.sort((a, b) => a - b).entries()) {
    const source = new Uint8Array(end - from + 5).fill(0xff);
    source.set(maskedByTheBook(octets.subarray(from, end), rotateKey(key, from)), 2);
    const before = source.slice();
    const last = index === ends.length - 1;
    const text = decoder.decode(source, 2, 2 + end - from, rotateKey(key, from), last);
    if (Buffer.compare(source, before) !== 0) throw new Error("the source was changed");
    if (text === null) return [...texts, `problem: ${decoder.problem}`];
    texts.push(text);
    from = end;
  }
  return texts;
}

function whole(pieces: Pieces): string {
  return decode(pieces).join("");
}

function everyPlace(octets: Uint8Array): number[] {
  return Array.from(octets.keys());
}

/** How many octets, one after the other, a decoder takes before it fails. */
function takes(octets: Uint8Array): number {
  const decoder = new Utf8Decoder();
  for (let index = 0; index < octets.length; index++) {
    if (decoder.decode(octets, index, index + 1, 0, false) === null) return index;
  }
  return octets.length;
}

const anyCuts = fc.array(fc.nat(300), { maxLength: 6 });

describe("Utf8Decoder", () => {
  test.each<[string, string]>([
    ["nothing", ""],
    ["ASCII with controls", "Hello\u0000\u007f"],
    ["two octets", "\u0080\u07ff"],
    ["three octets", "\u0800\ud7ff\ue000\uffff"],
    ["four octets", "\u{10000}\u{10ffff}"],
    ["a byte order mark", "\ufeffa\ufeff"],
    ["noncharacters", "\ufdd0\ufffe\uffff\u{1fffe}"],
    ["a longer text of ASCII", "0123456789".repeat(20)],
    ["a longer text", "Grüße, мир – 世界 😀 ".repeat(20)],
  ])("R6455-5.6-01: valid text is kept as it is: %s", (_name, text) => {
    const octets = toUtf8(text);
    expect(whole({ octets })).toBe(text);
    expect(whole({ octets, key: KEY })).toBe(text);
    expect(whole({ octets, cuts: everyPlace(octets), key: KEY })).toBe(text);
  });

  test("R6455-5.6-01: any text, in any pieces, masked with any key", () => {
    fc.assert(
      fc.property(textInRuns, anyCuts, anyKey, (text, cuts, key) => {
        expect(whole({ octets: toUtf8(text), cuts, key })).toBe(text);
      }),
    );
  });

  test("R6455-8.1-01: any octets, in any pieces, give the text that they are or the same problem", () => {
    fc.assert(
      fc.property(
        fc.oneof(almostUtf8, fc.uint8Array({ maxLength: 40 })),
        anyCuts,
        anyKey,
        (octets, cuts, key) => {
          const { whole: complete, wrong } = judge(octets);
          const text = decode({ octets, cuts, key });
          if (complete === octets.length) {
            expect(text.join("")).toBe(Buffer.from(octets).toString());
          } else {
            expect(text.at(-1)).toMatch(
              wrong < 0 ? /^problem: .* the text ends / : /^problem: .* met /,
            );
            expect(text.at(-1)).toBe(decode({ octets }).at(-1));
            expect(Buffer.from(octets).toString().startsWith(text.slice(0, -1).join(""))).toBe(
              true,
            );
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  test("R6455-8.1-01: it fails at the first octet that cannot stand where it stands", () => {
    const wrongPlaces: string[] = [];
    for (const first of BORDER_OCTETS) {
      for (const second of BORDER_OCTETS) {
        for (const third of [0x7f, 0x80, 0xbf, 0xc2]) {
          const octets = Uint8Array.of(0x61, first, second, third, 0x80, 0x80);
          const { wrong } = judge(octets);
          const expected = wrong < 0 ? octets.length : wrong;
          if (takes(octets) !== expected) wrongPlaces.push(Buffer.from(octets).toString("hex"));
        }
      }
    }
    expect(wrongPlaces).toEqual([]);
  });

  test("R6455-8.1-01: and in the middle of a long piece as well, before the message's end", () => {
    for (const run of ["a", "ё", "世", "😀"]) {
      for (const length of [1, 50, 500, 100_000]) {
        const octets = toUtf8(`${run.repeat(length)}?${run.repeat(length)}`);
        octets[octets.indexOf(0x3f)] = 0xff;
        const decoder = new Utf8Decoder();
        expect(decoder.decode(octets, 0, octets.length, 0, false)).toBeNull();
        expect(decoder.problem).toBe(
          "invalid UTF-8: met 0xff, expected the first octet of a character",
        );
      }
    }
  });

  test.each([
    ["80", "met 0x80, expected the first octet of a character"],
    ["c1bf", "met 0xc1, expected the first octet of a character"],
    ["f5", "met 0xf5, expected the first octet of a character"],
    ["c30a", "met 0x0a, expected an octet from 0x80 to 0xbf"],
    ["e09f80", "met 0x9f, expected an octet from 0xa0 to 0xbf"],
    ["eda080", "met 0xa0, expected an octet from 0x80 to 0x9f"],
    ["f08f", "met 0x8f, expected an octet from 0x90 to 0xbf"],
    ["f490", "met 0x90, expected an octet from 0x80 to 0x8f"],
    ["f48fc0", "met 0xc0, expected an octet from 0x80 to 0xbf"],
    ["e6", "the text ends where an octet from 0x80 to 0xbf was expected"],
    ["ed", "the text ends where an octet from 0x80 to 0x9f was expected"],
    ["f090", "the text ends where an octet from 0x80 to 0xbf was expected"],
  ])("R6455-8.1-01: the problem says what was met and what was expected: %s", (hex, problem) => {
    const octets = new Uint8Array(Buffer.from(hex, "hex"));
    const expected = [`problem: invalid UTF-8: ${problem}`];
    expect(decode({ octets })).toEqual(expected);
    expect(decode({ octets, cuts: everyPlace(octets) }).at(-1)).toBe(expected[0]);
  });

  test("F85: an incomplete character is held back, and an empty piece changes nothing", () => {
    const octets = toUtf8("😀é");
    expect(decode({ octets, cuts: [0, 1, 1, 2, 3, 3, 4, 5, 5] })).toEqual([
      "",
      "",
      "",
      "",
      "",
      "",
      "😀",
      "",
      "",
      "é",
    ]);
  });

  test("R6455-5.6-01: after the last piece the decoder is ready for the next text", () => {
    const decoder = new Utf8Decoder();
    for (const text of ["é", "", "plain", "世界"]) {
      expect(decode({ octets: toUtf8(text), cuts: [1], key: KEY }, decoder).join("")).toBe(text);
    }
    expect(decode({ octets: Uint8Array.of(0x80) }, decoder).at(-1)).toMatch(/^problem/);
  });

  test("R6455-5.6-01: two decoders share nothing", () => {
    const [one, other] = [new Utf8Decoder(), new Utf8Decoder()];
    const octets = toUtf8("世");
    expect(one.decode(octets, 0, 2, 0, false)).toBe("");
    expect(other.decode(octets, 0, 1, 0, false)).toBe("");
    expect(other.decode(octets, 1, 3, 0, true)).toBe("世");
    expect(one.decode(octets, 2, 3, 0, true)).toBe("世");
  });

  test.each(["a", "ё", "世", "😀", "a世", "aaё", "a😀"])(
    "R6455-5.6-01: a piece of any size, far beyond what is worked on at once: %s",
    (run) => {
      for (const shift of [0, 1, 2, 3]) {
        const text = "x".repeat(shift) + run.repeat(200_000 / run.length);
        const octets = toUtf8(text);
        expect(whole({ octets, cuts: [shift + 1], key: KEY }) === text).toBe(true);
      }
    },
  );
});

/** Texts with surrogates that belong to none. */
const anyUnits = fc
  .uint16Array({ maxLength: 30 })
  .map((units) => String.fromCharCode(...units, ...units.map((unit) => 0xd800 | (unit & 0x7ff))));

describe("encodeUtf8", () => {
  test("gives the octets that TextEncoder gives, in an array of their own", () => {
    fc.assert(
      fc.property(fc.oneof(anyUnits, textInRuns), (text) => {
        const octets = encodeUtf8(text);
        expect(Buffer.compare(octets, new TextEncoder().encode(text))).toBe(0);
        encodeUtf8("?".repeat(octets.length));
        expect(Buffer.compare(octets, new TextEncoder().encode(text))).toBe(0);
      }),
    );
  });

  test("a lone surrogate becomes U+FFFD", () => {
    expect(encodeUtf8("a\ud800b\udc00")).toEqual(toUtf8("a\ufffdb\ufffd"));
  });
});

describe("utf8Prefix", () => {
  test("F93: the longest prefix that ends at a character", () => {
    fc.assert(
      fc.property(textInRuns, fc.nat(200), (text, limit) => {
        const octets = toUtf8(text);
        const characters = Array.from(text);
        while (Buffer.byteLength(characters.join("")) > limit) characters.pop();
        expect(Buffer.from(utf8Prefix(octets, limit)).toString()).toBe(characters.join(""));
      }),
    );
  });
});
