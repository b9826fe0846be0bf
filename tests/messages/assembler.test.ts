import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BytesMessage, type Message, Ping, TextMessage } from "../../src/events.ts";
import { MessageAssembler } from "../../src/messages/assembler.ts";
import { concat, toHex, wrong } from "../helpers/wire.ts";

/** The message that pieces make; every one but the last gives null. */
function assemble(pieces: readonly Message[], assembler = new MessageAssembler()): Message {
  const results = pieces.map((piece) => assembler.push(piece));
  expect(results.slice(0, -1).every((result) => result === null)).toBe(true);
  const whole = results.at(-1);
  if (whole === null || whole === undefined) throw new Error("the last piece gave nothing");
  return whole;
}

function textPieces(texts: readonly string[]): TextMessage[] {
  return texts.map(
    (data, index) => new TextMessage({ data, messageFinished: index === texts.length - 1 }),
  );
}

function bytesPieces(parts: readonly Uint8Array[]): BytesMessage[] {
  return parts.map(
    (data, index) => new BytesMessage({ data, messageFinished: index === parts.length - 1 }),
  );
}

/** Pieces of all the sizes that are treated differently. */
const pieceSize = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 40 }) },
  { weight: 2, arbitrary: fc.integer({ min: 900, max: 1200 }) },
  { weight: 1, arbitrary: fc.integer({ min: 3000, max: 70_000 }) },
);

describe("MessageAssembler", () => {
  test("R6455-5.4-04: pieces of text joined are the whole text", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: "grapheme", maxLength: 20 }), { minLength: 1, maxLength: 400 }),
        (texts) => {
          expect(assemble(textPieces(texts))).toStrictEqual(
            texts.length === 1
              ? new TextMessage({ data: texts[0]! })
              : new TextMessage({ data: texts.join("") }),
          );
        },
      ),
    );
  });

  test("R6455-5.4-04: pieces of octets joined are all octets, whatever their sizes and buffers", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(pieceSize, fc.boolean()), { minLength: 1, maxLength: 60 }),
        (sizes) => {
          let next = 0;
          const parts = sizes.map(([size, isView]) => {
            const room = new Uint8Array(isView ? 3 * size + 8 : size);
            const part = room.subarray(isView ? 5 : 0, (isView ? 5 : 0) + size);
            for (let index = 0; index < size; index++) part[index] = next++ % 251;
            return part;
          });
          const whole = assemble(bytesPieces(parts));
          if (!(whole instanceof BytesMessage)) throw new Error("not octets");
          expect(Buffer.compare(whole.data, concat(...parts))).toBe(0);
        },
      ),
    );
  });

  test("D10: a message of one piece is passed on as it is, the same object", () => {
    const assembler = new MessageAssembler();
    const text = new TextMessage({ data: "whole" });
    const bytes = new BytesMessage({ data: new Uint8Array(5000) });
    expect(assembler.push(text)).toBe(text);
    expect(assembler.push(bytes)).toBe(bytes);
    expect(assembler.push(text)).toBe(text);
  });

  test("messages follow one another, each from its own pieces", () => {
    const assembler = new MessageAssembler();
    const first = assemble(textPieces(["a", "", "b"]), assembler);
    const second = assemble(bytesPieces([Uint8Array.of(1), Uint8Array.of(2)]), assembler);
    const third = assemble(textPieces(["", ""]), assembler);
    const fourth = assemble(bytesPieces([new Uint8Array(0), new Uint8Array(0)]), assembler);
    expect([first, second, third, fourth]).toStrictEqual([
      new TextMessage({ data: "ab" }),
      new BytesMessage({ data: Uint8Array.of(1, 2) }),
      new TextMessage({ data: "" }),
      new BytesMessage({ data: new Uint8Array(0) }),
    ]);
  });

  test("small pieces are copied: what came may be overwritten afterwards", () => {
    const assembler = new MessageAssembler();
    const chunk = new Uint8Array(100).fill(1);
    assembler.push(new BytesMessage({ data: chunk, messageFinished: false }));
    chunk.fill(2);
    const whole = assembler.push(new BytesMessage({ data: chunk }));
    expect(whole).toStrictEqual(
      new BytesMessage({ data: concat(new Uint8Array(100).fill(1), chunk) }),
    );
  });

  test("many tiny pieces, across the ends of all blocks", () => {
    const count = 200_000;
    const octets = Uint8Array.from({ length: count }, (_, index) => index & 0xff);
    const whole = assemble(bytesPieces(Array.from(octets, (octet) => Uint8Array.of(octet))));
    if (!(whole instanceof BytesMessage)) throw new Error("not octets");
    expect(toHex(whole.data) === toHex(octets)).toBe(true);
    const text = assemble(textPieces(Array.from({ length: count }, (_, index) => `${index % 10}`)));
    expect(text.data === "0123456789".repeat(count / 10)).toBe(true);
  });

  test("large pieces among many small ones keep their place", () => {
    const texts = Array.from({ length: 1000 }, (_, index) =>
      index % 150 === 149 ? String(index % 10).repeat(2000) : String(index % 10),
    );
    expect(assemble(textPieces(texts)).data === texts.join("")).toBe(true);
    const parts = texts.map((text) => Buffer.from(text));
    const whole = assemble(bytesPieces(parts));
    if (!(whole instanceof BytesMessage)) throw new Error("not octets");
    expect(Buffer.compare(whole.data, concat(...parts))).toBe(0);
  });

  test.each([
    ["a Ping", new Ping()],
    ["null", null],
    ["text", "text"],
    ["a plain object", { data: "", messageFinished: true }],
  ])("D6: %s is a TypeError, and nothing is lost", (_name, value) => {
    const assembler = new MessageAssembler();
    assembler.push(new TextMessage({ data: "a", messageFinished: false }));
    expect(() => assembler.push(wrong(value))).toThrow(TypeError);
    expect(assembler.push(new TextMessage({ data: "b" }))).toStrictEqual(
      new TextMessage({ data: "ab" }),
    );
  });
});
