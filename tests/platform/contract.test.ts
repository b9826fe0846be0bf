import { createHash } from "node:crypto";
import { Writable } from "node:stream";
import * as fc from "fast-check";
import { afterEach, describe, expect, inject, test, vi } from "vitest";
import {
  allocate,
  decodeLatin1,
  decodeUtf16,
  decodeUtf8,
  domainToAscii,
  encodeUtf8Into,
  fillRandom,
  instantiateWasm,
  platformName,
  sha1Base64,
  viewForStreams,
} from "#platform";
import { isPlain } from "../helpers/plain.ts";
import { expectOctets, hex, toHex, utf8 } from "../helpers/wire.ts";

/** Whether it is a Uint8Array and no subclass, such as Buffer, whose `slice` makes a view. */
function isPlainArray(octets: Uint8Array): boolean {
  return Object.getPrototypeOf(octets) === Uint8Array.prototype;
}

afterEach(() => {
  vi.unstubAllGlobals();
});

test("the tests run on the implementation that they are meant for", () => {
  expect(platformName).toBe(inject("platform"));
});

describe("sha1Base64", () => {
  test.each([
    ["", "da39a3ee5e6b4b0d3255bfef95601890afd80709"],
    ["abc", "a9993e364706816aba3e25717850c26c9cd0d89d"],
    [
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "84983e441c3bd26ebaae4aa1f95129e5e54670f1",
    ],
    ["a".repeat(1_000_000), "34aa973cd4c4daa4f61eeb2bdbad27316534016f"],
    [
      "dGhlIHNhbXBsZSBub25jZQ==258EAFA5-E914-47DA-95CA-C5AB0DC85B11",
      "b37a4f2cc0624f1690f64606cf385945b2bec4ea",
    ],
  ])("of %j, as in FIPS 180 and RFC 6455, 1.3", (text, digest) => {
    expect(toHex(Buffer.from(sha1Base64(utf8(text)), "base64"))).toBe(digest);
  });

  test("of any octets", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (data) => {
        expect(sha1Base64(data)).toBe(createHash("sha1").update(data).digest("base64"));
      }),
    );
  });
});

describe("fillRandom", () => {
  test.each([16, 8192, 65_536, 65_537, 200_000])(
    "D24: gives %d octets, no run of them twice",
    (size) => {
      const twice = new Uint8Array(2 * size);
      fillRandom(twice.subarray(0, size));
      fillRandom(twice.subarray(size));
      const words = new BigUint64Array(twice.buffer, 0, twice.length >> 3);
      expect(new Set(words).size).toBe(words.length);
    },
  );

  test("D24: every octet occurs, about as often as any other", () => {
    const counts = new Float64Array(256);
    const octets = new Uint8Array(256 * 1000);
    fillRandom(octets);
    for (const octet of octets) counts[octet]!++;
    // Chi-square with 255 degrees of freedom: above 390 once in ten million times.
    const chiSquare = counts.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    expect(chiSquare).toBeLessThan(390);
  });

  test("fills the view and nothing beside it", () => {
    const octets = new Uint8Array(200);
    fillRandom(octets.subarray(50, 150));
    expect(octets.subarray(0, 50).every((octet) => octet === 0)).toBe(true);
    expect(octets.subarray(150).every((octet) => octet === 0)).toBe(true);
    expect(octets.subarray(50, 150).some((octet) => octet !== 0)).toBe(true);
    fillRandom(octets.subarray(0, 0));
    expect(octets[0]).toBe(0);
  });
});

describe("viewForStreams", () => {
  test("is a view of the octets, with methods as of any Uint8Array: `slice` copies", () => {
    const octets = Uint8Array.of(0, 1, 2, 3, 4, 5);
    const view = viewForStreams(octets.buffer, 1, 4);
    expectOctets(view, hex("01 02 03 04"));
    octets[2] = 9;
    expectOctets(view, hex("01 09 03 04"));
    const copies = [view.slice(), view.slice(1), view.slice(1, -1)];
    const part = view.subarray(1);
    octets[3] = 8;
    expect(copies.map(toHex)).toEqual(["01090304", "090304", "0903"]);
    expectOctets(part, hex("09 08 04"));
  });

  test.runIf(platformName === "node" && !isPlain)("a stream of Node takes it as it is", () => {
    const view = viewForStreams(new ArrayBuffer(8), 2, 4);
    const taken: unknown[] = [];
    const stream = new Writable({
      write: (chunk, _encoding, done) => done(void taken.push(chunk)),
    });
    stream.write(view);
    expect(taken[0]).toBe(view);
  });
});

describe("domainToAscii", () => {
  test.each([
    ["bücher.example", "xn--bcher-kva.example"],
    ["BÜCHER.Example", "xn--bcher-kva.example"],
    ["faß.example", "xn--fa-hia.example"],
    ["例え.テスト", "xn--r8jz45g.xn--zckzah"],
    ["bücher。example", "xn--bcher-kva.example"],
    ["bücher.example.", "xn--bcher-kva.example."],
    ["ｅｘａｍｐｌｅ.com", "example.com"],
    ["a\u00adb.example", "ab.example"],
    ["é_x.example", "xn--_x-9ia.example"],
  ])("R6455-11.1-01, D22: %s is %s", (domain, ascii) => {
    expect(domainToAscii(domain)).toBe(ascii);
  });

  test.each([
    ["no name at all", ""],
    ["nothing but what is left out", "\u00ad"],
    ["a lone surrogate", "\ud800.example"],
    ["a character that is forbidden", "℀.example"],
    ["a joiner at a wrong place", "ab\u200dc"],
    ["no Punycode", "xn--é"],
    ["a number at the end that is no address", "é.256"],
    // What a URL has beside a domain.
    ...Array.from(" \t\n\0!\"#$%&'()*+,/:;<=>?@[\\]^`{|}~\x7f").map(
      (character): [string, string] => [JSON.stringify(character), `é${character}x`],
    ),
    ["a port", "é:80"],
    ["a user", "é@x"],
    ["a percent-escape", "é%41"],
  ])("R6455-11.1-01, D22: %s has no such form", (_, domain) => {
    expect(domainToAscii(domain)).toBeNull();
  });

  test("D22: without URL no domain has one", () => {
    vi.stubGlobal("URL", undefined);
    expect(domainToAscii("bücher.example")).toBeNull();
  });
});

describe("allocate", () => {
  const SIZES = [0, 1, 63, 64, 65, 72, 100, 1000, 1023, 1024, 1025, 4088, 4096, 65_536, 100_000];

  test("arrays of the size, plain ones, none over another", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...SIZES), { maxLength: 60 }), (sizes) => {
        const arrays = sizes.map(allocate);
        for (const [index, octets] of arrays.entries()) octets.fill(index);
        for (const [index, octets] of arrays.entries()) {
          expect(octets.length).toBe(sizes[index]);
          expect(octets.every((octet) => octet === index)).toBe(true);
          expect(isPlainArray(octets)).toBe(true);
        }
      }),
      { numRuns: 30 },
    );
  });

  test.each(SIZES)("%d octets keep no more than 8 KiB beside them in memory", (size) => {
    for (let count = 0; count < 100; count++) {
      expect(allocate(size).buffer.byteLength).toBeLessThanOrEqual(Math.max(size, 8192));
    }
  });
});

/** Lengths on both sides of every threshold. */
const LENGTHS = [...Array.from({ length: 40 }, (_, length) => length), 4095, 4096, 4097, 70_000];

function octetsOf(length: number, octet: (index: number) => number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => octet(index));
}

function latin1(octets: Uint8Array): string {
  return Array.from(octets, (octet) => String.fromCharCode(octet)).join("");
}

describe("decodeLatin1", () => {
  test.each([
    ["all octets in turn", (index: number) => index],
    ["ASCII", (index: number) => index % 128],
    ["what is special in windows-1252", (index: number) => 0x80 + (index % 32)],
    ["a replacement character in UTF-8", (index: number) => [0xef, 0xbf, 0xbd][index % 3]!],
    ["valid UTF-8", (index: number) => [0xc3, 0xa9][index % 2]!],
    ["one octet that is not ASCII", (index: number) => (index === 3 ? 0xff : 0x41)],
  ])("%s, of every length, at the beginning, within and at the end of an array", (_, octet) => {
    for (const length of LENGTHS) {
      const octets = octetsOf(length, octet);
      const expected = latin1(octets);
      expect(decodeLatin1(octets, 0, length)).toBe(expected);
      const within = new Uint8Array(length + 100).fill(0x58);
      within.set(octets, 50);
      expect(decodeLatin1(within, 50, 50 + length)).toBe(expected);
      expect(decodeLatin1(within.subarray(50, 50 + length), 0, length)).toBe(expected);
    }
  });

  test("any octets", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(100), (octets, cut) => {
        const start = Math.min(cut, octets.length);
        expect(decodeLatin1(octets, start, octets.length)).toBe(latin1(octets.subarray(start)));
      }),
    );
  });
});

/** Characters of one to four octets, as often one as the other. */
const anyText = fc
  .array(
    fc.oneof(
      fc.integer({ min: 0, max: 0x7f }),
      fc.integer({ min: 0x80, max: 0x7ff }),
      fc.integer({ min: 0x800, max: 0xd7ff }),
      fc.integer({ min: 0xe000, max: 0xffff }),
      fc.integer({ min: 0x1_0000, max: 0x10_ffff }),
    ),
    { maxLength: 60 },
  )
  .map((characters) => String.fromCodePoint(...characters));

describe("decodeUtf8", () => {
  test("R6455-8.1-01: any text, with its byte order mark", () => {
    fc.assert(
      fc.property(anyText, fc.nat(9), (text, offset) => {
        const marked = `\ufeff${text}\ufeff`;
        const octets = utf8(marked);
        const within = new Uint8Array(octets.length + 20).fill(0xff);
        within.set(octets, offset);
        expect(decodeUtf8(within, offset, offset + octets.length)).toBe(marked);
      }),
    );
  });

  test.each([0, 1, 16, 17, 70_000, 150_000])("%d characters of each length", (length) => {
    for (const character of ["a", "é", "漢", "😀"]) {
      const text = character.repeat(length);
      const octets = utf8(text);
      expect(decodeUtf8(octets, 0, octets.length)).toBe(text);
    }
  });
});

describe("decodeUtf16", () => {
  function utf16(text: string): Uint8Array {
    return new Uint8Array(Buffer.from(text, "utf16le"));
  }

  test("any text, with its byte order mark, wherever the array begins", () => {
    fc.assert(
      fc.property(anyText, fc.nat(3), fc.nat(3), (text, before, evenStart) => {
        const marked = `\ufeff${text}\ufffe`;
        const octets = utf16(marked);
        const start = 2 * evenStart;
        const within = new Uint8Array(before + start + octets.length + 7)
          .fill(0xd8)
          .subarray(before);
        within.set(octets, start);
        expect(decodeUtf16(within, start, start + octets.length)).toBe(marked);
      }),
    );
  });

  test.each([0, 1, 17, 70_000, 150_000])("%d characters", (length) => {
    for (const character of ["a", "漢", "😀"]) {
      const text = character.repeat(length);
      const octets = utf16(text);
      expect(decodeUtf16(octets, 0, octets.length)).toBe(text);
    }
  });
});

describe("encodeUtf8Into", () => {
  /** What it writes, in hex, once it is clear that it wrote nowhere else. */
  function encoded(text: string, offset: number): string {
    const room = 3 * text.length;
    const target = new Uint8Array(offset + room + 8).fill(0xee);
    const end = offset + encodeUtf8Into(text, target, offset);
    const beside = [...target.subarray(0, offset), ...target.subarray(offset + room)];
    expect(beside.every((octet) => octet === 0xee)).toBe(true);
    return toHex(target.subarray(offset, end));
  }

  test("R6455-5.6-01: any text; a lone surrogate becomes U+FFFD", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(0xffff), { maxLength: 60 }), fc.nat(9), (units, offset) => {
        const text = String.fromCharCode(...units);
        expect(encoded(text, offset)).toBe(toHex(utf8(text)));
      }),
    );
  });

  test.each([
    ["a lone high surrogate", "a\ud800"],
    ["a lone low surrogate", "\udc00b"],
    ["surrogates in the wrong order", "\udc00\ud800"],
    ["a pair", "\ud83d\ude00"],
    ["a pair and a half", "\ud83d\ude00\ud83d"],
    ["a byte order mark", "\ufeffx"],
  ])("R6455-5.6-01: %s, in texts of every length", (_, text) => {
    for (const length of LENGTHS) {
      for (const whole of [
        text + "a".repeat(length),
        "a".repeat(length) + text,
        "é".repeat(length) + text,
      ]) {
        expect(encoded(whole, length % 4)).toBe(toHex(utf8(whole)));
      }
    }
  });

  test("R6455-5.6-01: ASCII of every length, into exactly as much room", () => {
    for (const length of LENGTHS) {
      const text = latin1(octetsOf(length, (index) => index % 128));
      const target = new Uint8Array(length);
      expect(encodeUtf8Into(text, target, 0)).toBe(length);
      expectOctets(target, utf8(text));
    }
  });
});

describe.skipIf(isPlain)("instantiateWasm", () => {
  /** (module (memory (export "memory") 2) (func (export "add") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add)) */
  const MODULE = hex(`
    0061736d 01000000
    01 07 01 60 02 7f 7f 01 7f
    03 02 01 00
    05 03 01 00 02
    07 10 02 06 6d656d6f7279 02 00 03 616464 00 00
    0a 09 01 07 00 20 00 20 01 6a 0b`);

  test("gives the functions and the whole memory", () => {
    const kernel = instantiateWasm(MODULE);
    expect(kernel?.functions["add"]?.(40, 2)).toBe(42);
    expect(Object.keys(kernel?.functions ?? {})).toEqual(["add"]);
    expect(kernel?.memory.length).toBe(2 * 65_536);
    expect(kernel !== null && isPlainArray(kernel.memory)).toBe(true);
  });

  test("each call makes a memory of its own", () => {
    const [one, other] = [instantiateWasm(MODULE), instantiateWasm(MODULE)];
    one?.memory.fill(1);
    expect(other?.memory[0]).toBe(0);
  });

  test("gives null for what is no module", () => {
    expect(instantiateWasm(MODULE.subarray(0, 20))).toBeNull();
  });

  test("gives null where there is no WebAssembly, or it may not compile", () => {
    vi.stubGlobal("WebAssembly", undefined);
    expect(instantiateWasm(MODULE)).toBeNull();
    vi.stubGlobal("WebAssembly", {
      Module: function refused() {
        throw new Error("code generation disallowed by embedder");
      },
    });
    expect(instantiateWasm(MODULE)).toBeNull();
  });
});
