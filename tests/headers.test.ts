import { describe, expect, test } from "vitest";
import { toHeaderList, typeName } from "../src/headers.ts";
import { wrong } from "./helpers/wire.ts";

describe("toHeaderList", () => {
  test("F4: an ordered list of pairs, repeats kept", () => {
    const headers = [
      ["b", "1"],
      ["a", "2"],
      ["b", "1"],
      ["B", ""],
    ] as const;
    const list = toHeaderList(headers);
    expect(list).toEqual(headers);
    expect(list).not.toBe(headers);
    expect(list[0]).not.toBe(headers[0]);
  });

  test("F4: any iterable of pairs, or a record", () => {
    const pairs = [
      ["a", "1"],
      ["b", "2"],
    ] as const;
    expect(toHeaderList(new Map(pairs))).toEqual(pairs);
    expect(toHeaderList(new Set(pairs).values())).toEqual(pairs);
    expect(toHeaderList(new Headers({ a: "1", b: "2" }))).toEqual(pairs);
    expect(toHeaderList({ a: "1", b: "2" })).toEqual(pairs);
    expect(toHeaderList(undefined)).toEqual([]);
    expect(toHeaderList([])).toEqual([]);
  });

  test("F4: a record's names are its own, __proto__ is one as any other", () => {
    const record: unknown = JSON.parse('{"__proto__": "1", "constructor": "2"}');
    expect(toHeaderList(wrong(record))).toEqual([
      ["__proto__", "1"],
      ["constructor", "2"],
    ]);
  });

  test.each([
    ["a string", "a: b"],
    ["null", null],
    ["a number", 5],
    ["a list of strings", ["a", "b"]],
    ["a list of octets", new Uint8Array(2)],
    ["a pair without a value", [["a"]]],
    ["a pair of three", [["a", "b", "c"]]],
    ["a value that is no string", [["a", 1]]],
    ["a name that is no string", [[1, "a"]]],
    ["a record of lists", { a: ["b"] }],
  ])("D6: %s is a TypeError", (_name, value) => {
    expect(() => toHeaderList(wrong(value))).toThrow(TypeError);
  });
});

describe("typeName", () => {
  test.each([
    [null, "null"],
    [undefined, "undefined"],
    ["a", "string"],
    [1, "number"],
    [[], "Array"],
    [{}, "Object"],
    [new Map(), "Map"],
    [Object.create(null), "object"],
    [{ constructor: undefined }, "object"],
    [() => 0, "function"],
  ])("D6: how a message names %o", (value, name) => {
    expect(typeName(value)).toBe(name);
  });
});
