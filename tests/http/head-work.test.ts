import { beforeEach, expect, test, vi } from "vitest";
import { HttpFault } from "../../src/http/fault.ts";
import { HeadReader } from "../../src/http/head.ts";
import { REQUEST_HEAD, RESPONSE_HEAD } from "../../src/http/start-line.ts";
import { bytewise, latin1 } from "../helpers/handshake.ts";

/*
 * Work is counted, not timed: the octets that are decoded, and those that are copied to be kept for the next chunk. An
 * octet that is in neither was looked at in its own chunk and nowhere else.
 */

const work = vi.hoisted(() => ({ decoded: 0, copied: 0 }));

vi.mock("#platform", async (importOriginal) => {
  const platform = await importOriginal<typeof import("#platform")>();
  return {
    ...platform,
    decodeLatin1: (source: Uint8Array, start: number, end: number): string => {
      work.decoded += end - start;
      return platform.decodeLatin1(source, start, end);
    },
    allocate: (size: number): Uint8Array => new CountingArray(size),
  };
});

class CountingArray extends Uint8Array {
  override set(source: Uint8Array, offset?: number): void {
    work.copied += source.length;
    super.set(source, offset);
  }
}

beforeEach(() => {
  work.decoded = 0;
  work.copied = 0;
});

const LIMITS = { head: 16_384, headerLines: 100, requestLine: 8192 };

test.each([
  ["one long value", `X: ${"a".repeat(16_000)}`],
  ["one long name", `${"a".repeat(16_000)}: X`],
  ["many lines", Array.from({ length: 99 }, () => `X: ${"a".repeat(150)}`).join("\r\n")],
  ["white space alone", `X: ${" ".repeat(16_000)}`],
])("CVE-2023-43669: 16 KiB octet by octet cost work in proportion: %s", (_, lines) => {
  const octets = latin1(`GET / HTTP/1.1\r\n${lines}\r\n\r\n`);
  const reader = new HeadReader(REQUEST_HEAD, LIMITS);
  for (const chunk of bytewise(octets)) reader.read(chunk, 0);
  expect(reader.complete).toBe(true);
  expect(work.decoded).toBeLessThanOrEqual(octets.length);
  expect(work.copied).toBeLessThanOrEqual(3 * octets.length);
});

test("CVE-2023-43669: a head of one chunk is decoded once and not copied", () => {
  const octets = latin1(`GET / HTTP/1.1\r\nX: ${"a".repeat(16_000)}\r\n\r\n`);
  new HeadReader(REQUEST_HEAD, LIMITS).read(octets, 0);
  expect(work.decoded).toBeLessThanOrEqual(octets.length);
  expect(work.copied).toBe(0);
});

test("CVE-2023-43669: 64 KiB octet by octet are refused at the limit", () => {
  const octets = bytewise(latin1(`GET / HTTP/1.1\r\nX: ${"a".repeat(65_536)}`));
  const reader = new HeadReader(REQUEST_HEAD, LIMITS);
  let taken = 0;
  expect(() => {
    for (const chunk of octets) taken += reader.read(chunk, 0);
  }).toThrow(HttpFault);
  expect(taken).toBe(16_384);
  expect(work.copied).toBeLessThanOrEqual(3 * taken);
});

test("folded lines of a response cost work in proportion", () => {
  const octets = latin1(`HTTP/1.1 200 OK\r\nX: a\r\n${` ${"b".repeat(150)}\r\n`.repeat(99)}\r\n`);
  const reader = new HeadReader(RESPONSE_HEAD, LIMITS);
  for (const chunk of bytewise(octets)) reader.read(chunk, 0);
  expect(reader.headers).toHaveLength(1);
  expect(work.decoded).toBeLessThanOrEqual(octets.length);
});
