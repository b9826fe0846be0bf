import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LocalProtocolError } from "../../src/errors.ts";
import { HttpFault } from "../../src/http/fault.ts";
import {
  checkFields,
  fieldValues,
  hasElement,
  isToken,
  isTokenOctet,
  isValueOctet,
  isVisible,
  isVisibleOctet,
  listElements,
  quoted,
  readFields,
  trimSpace,
} from "../../src/http/fields.ts";

const OCTETS = Array.from({ length: 256 }, (_, octet) => octet);

describe("octets", () => {
  test("R9110-5.1-01: a token has letters, digits and fifteen other characters", () => {
    const tokens = OCTETS.filter(isTokenOctet).map((octet) => String.fromCharCode(octet));
    expect(tokens.join("")).toBe(
      "!#$%&'*+-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ^_`abcdefghijklmnopqrstuvwxyz|~",
    );
  });

  test("R9110-5.5-01: a value has no control character but the tab", () => {
    expect(OCTETS.filter((octet) => !isValueOctet(octet))).toEqual(
      OCTETS.filter((octet) => (octet < 0x20 && octet !== 0x09) || octet === 0x7f),
    );
  });

  test("visible are 0x21 to 0x7e", () => {
    expect(OCTETS.filter(isVisibleOctet)).toEqual(
      OCTETS.filter((octet) => octet > 0x20 && octet < 0x7f),
    );
  });
});

test.each([
  ["chat", true],
  ["__proto__", true],
  ["", false],
  ["a b", false],
  ["a,b", false],
  ["caf\u00e9", false],
  ["\u0161", false],
  ["\u{1f600}", false],
])("R9110-5.1-01: %j is a token: %s", (text, expected) => {
  expect(isToken(text)).toBe(expected);
});

test("text with characters beyond Latin-1 is not visible ASCII", () => {
  expect([isVisible("/a?b"), isVisible("/a b"), isVisible("/\u0121")]).toEqual([
    true,
    false,
    false,
  ]);
});

describe("R9112-5.1-02: white space around a value", () => {
  test.each([
    [" \t a \t b\t ", "a \t b"],
    ["", ""],
    [" \t", ""],
    ["\u000ba\u00a0", "\u000ba\u00a0"],
  ])("of %j, %j is left", (text, expected) => {
    expect(trimSpace(text)).toBe(expected);
  });
});

describe("lists", () => {
  test.each([
    [["a, b"], ["a", "b"]],
    [
      ["a", "b,c"],
      ["a", "b", "c"],
    ],
    [[",, a ,\t,b ,"], ["a", "b"]],
    [[""], []],
    [[], []],
    [["a b,c"], ["a b", "c"]],
  ])("F102, R9110-5.6.1-01, D17: %j has the elements %j", (values, expected) => {
    expect(listElements(values)).toEqual(expected);
  });

  test("R9110-7.6.1-01: elements are found in any case, whole", () => {
    expect(hasElement(["close", "UpGrade"], "upgrade")).toBe(true);
    expect(hasElement(["close", "upgrades"], "upgrade")).toBe(false);
  });

  test("D7: however a list is spread over lines, its elements are the same", () => {
    const element = fc.stringMatching(/^[a-z]{1,3}$/);
    fc.assert(
      fc.property(fc.array(fc.array(element, { minLength: 1 }), { minLength: 1 }), (lines) => {
        const values = lines.map((line) => line.join(" ,"));
        expect(listElements(values)).toEqual(listElements([values.join(",")]));
        expect(listElements(values)).toEqual(lines.flat());
      }),
    );
  });
});

test("R6455-4.1-24: fields are found in any case, in order", () => {
  const headers = [
    ["Set-Cookie", "a"],
    ["x", "b"],
    ["set-cookie", "c"],
  ] as const;
  expect(fieldValues(headers, "set-cookie")).toEqual(["a", "c"]);
  expect(fieldValues(headers, "constructor")).toEqual([]);
});

describe("fields that something else has parsed", () => {
  test("D23: names are lowered, values stripped", () => {
    expect(readFields([["X-Foo", " a\t"]])).toEqual([["x-foo", "a"]]);
  });

  test.each([
    ["X Foo", "a"],
    ["", "a"],
    ["X-Foo", "a\r\nb"],
    ["X-Foo", "a\0"],
    ["X-Foo", "\u0100"],
  ])("D23, R9110-5.5-01: %j: %j is refused", (name, value) => {
    expect(() => readFields([[name, value]])).toThrow(HttpFault);
  });
});

describe("fields to be sent", () => {
  test.each([
    ["X Foo", "a"],
    ["X-Foo:", "a"],
    ["", "a"],
    ["X-F\u00f6o", "a"],
    ["X-Foo", "a\r\nb: c"],
    ["X-Foo", "a\rb"],
    ["X-Foo", "a\nb"],
    ["X-Foo", "a\0b"],
    ["X-Foo", "a\u0001b"],
    ["X-Foo", "\u007f"],
    ["X-Foo", " a"],
    ["X-Foo", "a\t"],
    ["X-Foo", "\u20ac"],
    ["Mine", "a"],
  ])("D6, CVE-2020-35678: %j: %j is refused", (name, value) => {
    expect(() => checkFields([[name, value]], new Set(["mine"]))).toThrow(
      expect.objectContaining({ constructor: LocalProtocolError, code: "ERR_HEADER" }),
    );
  });

  test("a tab inside, octets beyond ASCII and an empty value may be sent", () => {
    expect(() =>
      checkFields(
        [
          ["x", "a\tb"],
          ["x", "caf\u00e9"],
          ["x", ""],
        ],
        new Set(),
      ),
    ).not.toThrow();
  });
});

test("a message shows a long text cut, and what is not printable escaped", () => {
  expect(quoted("a\n")).toBe('"a\\n"');
  expect(quoted("a".repeat(64))).toBe(`"${"a".repeat(64)}"`);
  expect(quoted("a".repeat(65))).toBe(`"${"a".repeat(64)}..."`);
});
