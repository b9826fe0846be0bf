import { expect, test } from "vitest";
import { BytesMessage, CLIENT, Connection, SERVER, TextMessage } from "../../src/index.ts";

/** So many UTF-16 units are encoded at once, longer text in parts. */
const PART = 21_845;

const texts: readonly (readonly [name: string, text: string])[] = [
  ["ASCII", "x".repeat(200_001)],
  ["two octets a character", "é".repeat(100_000)],
  ["ASCII that ends otherwise", `${"x".repeat(150_000)}€`],
  ["surrogate pairs at the cuts", `x${"😀".repeat(70_000)}`],
  ["surrogate pairs between the cuts", "😀".repeat(70_000)],
  ["a lone surrogate at a cut", `${"x".repeat(PART - 1)}\ud83d${"y".repeat(10)}`],
  ["a surrogate pair at a cut", `${"x".repeat(PART - 1)}😀${"y".repeat(10)}`],
  ["one part, the most octets", "€".repeat(PART)],
  ["two parts, the most octets", "€".repeat(PART + 1)],
  ["two parts, the shorter form of the length", "x".repeat(65_535)],
  ["two parts, the longer form of the length", "x".repeat(65_536)],
  ["two parts that need the longer form for their octets", "é".repeat(40_000)],
  ["one part that needs the longer form for its octets", `${"x".repeat(100)}${"é".repeat(20)}`],
];

test.each(texts)("R6455-5.6-01: a long text is sent as its UTF-8, %s", (_name, text) => {
  const random = (size: number): Uint8Array =>
    Uint8Array.from({ length: size }, (_, index) => 0x35 * (index + 1));
  const data = new TextEncoder().encode(text);
  for (const role of [CLIENT, SERVER]) {
    const sender = new Connection(role, [], new Uint8Array(0), { random });
    const octets = sender.send(new TextMessage({ data: text }));
    const expected = new Connection(role, [], new Uint8Array(0), { random })
      .send(new BytesMessage({ data }))
      .slice();
    expected[0] = 0x81;
    expect(Buffer.compare(octets, expected)).toBe(0);
  }
});
