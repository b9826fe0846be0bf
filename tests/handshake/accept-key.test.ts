import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { decodeBase64 } from "../../src/bytes/base64.ts";
import { generateAcceptToken, generateNonce } from "../../src/handshake/accept-key.ts";
import { ACCEPT, KEY, latin1, sampleRandom } from "../helpers/handshake.ts";

test("F101, R6455-4.2.2-07: the digest of the sample key of RFC 6455", () => {
  expect(generateAcceptToken(KEY)).toBe(ACCEPT);
});

test("F101: the digest is SHA-1 in Base64, 28 characters, whatever the key", () => {
  fc.assert(
    fc.property(fc.string(), (key) => {
      const token = generateAcceptToken(key);
      expect(token).toHaveLength(28);
      expect(decodeBase64(token)).toHaveLength(20);
    }),
  );
});

test.each([
  ["another key", "MTIzNDU2Nzg5MGFiY2RlZg=="],
  ["24 characters beyond ASCII", "\u00fc".repeat(24)],
  ["24 characters beyond Latin-1", "\u20ac".repeat(24)],
  ["another length", "key"],
  ["the key of RFC 6455 again", KEY],
])("F101: the digest is that of the key and the GUID in UTF-8: %s", (_name, key) => {
  const text = `${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
  expect(generateAcceptToken(key)).toBe(createHash("sha1").update(text).digest("base64"));
});

test("R6455-4.1-11: keys are 24 characters of 16 octets, 10,000 of them all different", () => {
  const keys = Array.from({ length: 10_000 }, () => generateNonce());
  expect(new Set(keys).size).toBe(10_000);
  expect(keys.every((key) => key.length === 24 && decodeBase64(key)?.length === 16)).toBe(true);
});

test("D24, F101: a source of random octets is asked for 16 of them", () => {
  const asked: number[] = [];
  const key = generateNonce((size) => {
    asked.push(size);
    return sampleRandom(size);
  });
  expect(key).toBe(KEY);
  expect(asked).toEqual([16]);
});

test("D24: a source that gives another number of octets is a TypeError", () => {
  expect(() => generateNonce(() => latin1("short"))).toThrow(TypeError);
});
