import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeBase64, encodeBase64 } from "../../src/bytes/base64.ts";

/** RFC 4648, 10. */
const SAMPLES: readonly [octets: string, text: string][] = [
  ["", ""],
  ["f", "Zg=="],
  ["fo", "Zm8="],
  ["foo", "Zm9v"],
  ["foob", "Zm9vYg=="],
  ["fooba", "Zm9vYmE="],
  ["foobar", "Zm9vYmFy"],
];

function octetsOf(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text));
}

test.each(SAMPLES)("the samples of RFC 4648, 10: %j", (octets, text) => {
  expect(encodeBase64(octetsOf(octets))).toBe(text);
  expect(decodeBase64(text)).toEqual(octetsOf(octets));
});

test("any octets are encoded as Buffer encodes them, and come back", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 50 }), (octets) => {
      const text = encodeBase64(octets);
      expect(text).toBe(Buffer.from(octets).toString("base64"));
      expect(decodeBase64(text)).toEqual(octets);
    }),
  );
});

describe("decodeBase64", () => {
  test.each([
    ["a character outside the alphabet", "Zm9v!m9v"],
    ["the alphabet for URLs", "Zm9v-_=="],
    ["a character beyond ASCII", "Zm9\u{1f600}"],
    ["a blank", "Zm9v Zg=="],
    ["a line end at its end", "Zm9v\n"],
    ["one character too many", "Zm9vZ"],
    ["no padding", "Zm9vZg"],
    ["too little padding", "Zm9vZg="],
    ["too much padding", "Zm9vZ==="],
    ["nothing but padding", "===="],
    ["padding inside", "Zg==Zm9v"],
    ["something after the padding", "Zg==="],
  ])("refuses %s", (_name, text) => {
    expect(decodeBase64(text)).toBeNull();
  });

  test.each([
    ["AQIDBAUGBwgJCgsMDQ4PEC==", "0102030405060708090a0b0c0d0e0f10"],
    ["Zh==", "66"],
    ["Zm9=", "666f"],
  ])("R6455-4.2.1-05: bits in the padding are ignored: %s", (text, hex) => {
    expect(decodeBase64(text)).toEqual(new Uint8Array(Buffer.from(hex, "hex")));
  });
});
