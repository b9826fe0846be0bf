import * as fc from "fast-check";
import { expect, test } from "vitest";
import { joinBytes } from "../../src/bytes/join.ts";
import { encodeLatin1 } from "../../src/bytes/latin1.ts";

test("joinBytes gives all octets in order, in an array of their own", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array()), (pieces) => {
      const expected = pieces.flatMap((piece) => Array.from(piece));
      const joined = joinBytes(pieces, expected.length);
      expect(Array.from(joined)).toEqual(expected);
      for (const piece of pieces) piece.fill(0);
      expect(Array.from(joined)).toEqual(expected);
    }),
  );
});

test("encodeLatin1 gives one octet for each character", () => {
  const octets = Uint8Array.from({ length: 256 }, (_, index) => index);
  expect(encodeLatin1(String.fromCharCode(...octets))).toEqual(octets);
  expect(encodeLatin1("")).toEqual(new Uint8Array(0));
});
