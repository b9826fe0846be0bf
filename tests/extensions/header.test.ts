import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RemoteProtocolError } from "../../src/errors.ts";
import { RejectConnection } from "../../src/events.ts";
import {
  type ExtensionParameter,
  formatExtension,
  parseExtension,
  parseExtensionList,
} from "../../src/extensions/header.ts";

const TOKEN = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

function malformed(read: () => unknown): RemoteProtocolError {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(RemoteProtocolError);
    if (error instanceof RemoteProtocolError) return error;
  }
  throw new Error("nothing was thrown");
}

describe("parseExtensionList", () => {
  test.each<[string, string, [string, ExtensionParameter[]][]]>([
    ["a name", "foo", [["foo", []]]],
    [
      "two",
      "foo, bar",
      [
        ["foo", []],
        ["bar", []],
      ],
    ],
    ["a flag", "foo; x", [["foo", [["x", null]]]]],
    ["a value", "foo; x=1", [["foo", [["x", "1"]]]]],
    ["a quoted value", 'foo; x="1"', [["foo", [["x", "1"]]]]],
    ["an escaped value", 'foo; x="\\1\\a"', [["foo", [["x", "1a"]]]]],
    [
      "repeated names and parameters",
      "a; x; x=2, a",
      [
        [
          "a",
          [
            ["x", null],
            ["x", "2"],
          ],
        ],
        ["a", []],
      ],
    ],
    [
      "no space at all",
      "a;b=c;d,e",
      [
        [
          "a",
          [
            ["b", "c"],
            ["d", null],
          ],
        ],
        ["e", []],
      ],
    ],
    [
      "names that objects have",
      "__proto__; constructor, toString",
      [
        ["__proto__", [["constructor", null]]],
        ["toString", []],
      ],
    ],
  ])("R6455-9.1-01: the grammar: %s", (_what, value, expected) => {
    const elements = parseExtensionList(value);
    expect(elements.map(({ name, parameters }) => [name, parameters])).toEqual(expected);
  });

  test.each([
    [" a ;\tb = c ; d\t,\t e ", ["a ;\tb = c ; d", "e"]],
    ["\ta\t=", null],
    ['a; b = "c" ', ['a; b = "c"']],
  ])("R6455-4.3-03: spaces and tabs around , ; = are skipped: %j", (value, texts) => {
    if (texts === null)
      expect(malformed(() => parseExtensionList(value)).code).toBe("ERR_EXTENSION");
    else expect(parseExtensionList(value).map(({ text }) => text)).toEqual(texts);
  });

  test.each([
    ["", 0],
    [" \t ", 0],
    [",", 0],
    [" , ,, \t,", 0],
    ["a,, b ,", 2],
    [",a", 1],
  ])(
    "D17, F42: empty elements are dropped, an empty header is an empty list: %j",
    (value, count) => {
      expect(parseExtensionList(value)).toHaveLength(count);
    },
  );

  test.each([
    [";"],
    ["a;"],
    ["a; "],
    ["a;;b"],
    ["a;,b"],
    ["a;b="],
    ["a;b=;c"],
    ["a;=c"],
    ["a=b"],
    ["a b"],
    ["a; b c"],
    ["a; b=c d"],
    ["a/b"],
    ["a; b=c/d"],
    ["a\u00e9"],
    ["\u0000"],
    ["a\r\n b"],
    ["a\u00a0"],
    ["a\v;b"],
    ['"a"'],
    ['a; "b"'],
  ])("R6455-9.1-01: a malformed header fails: %j", (value) => {
    const error = malformed(() => parseExtensionList(value));
    expect(error.code).toBe("ERR_EXTENSION");
    expect(error.eventHint).toBeInstanceOf(RejectConnection);
    expect(error.eventHint).toHaveProperty("statusCode", 400);
    expect(error.message).toMatch(
      /^malformed Sec-WebSocket-Extensions: expected .* at offset \d+, met /,
    );
  });

  test.each([
    ['a; b=""'],
    ['a; b="c'],
    ['a; b="c\\'],
    ['a; b="\\'],
    ['a; b="c\\"d"'],
    ['a; b="c d"'],
    ['a; b="c,d"'],
    ['a; b="c;d"'],
    ['a; b="c\\ d"'],
    ['a; b="c\\\\d"'],
    ['a; b="\u00e9"'],
    ['a; b="c"d'],
    ['a; b=c"d"'],
  ])("R6455-4.3-02, F43: a quoted value has to be a token after unescaping: %j", (value) => {
    expect(malformed(() => parseExtensionList(value)).code).toBe("ERR_EXTENSION");
  });

  test("R6455-9.1-01: a message says where and what", () => {
    expect(malformed(() => parseExtensionList("a; b c")).message).toBe(
      'malformed Sec-WebSocket-Extensions: expected ";" or "," at offset 5, met "c"',
    );
    expect(malformed(() => parseExtensionList("a;")).message).toBe(
      "malformed Sec-WebSocket-Extensions: expected a token at offset 2, met the end",
    );
  });

  test("R6455-9.1-01: exactly the characters of a token make a name", () => {
    for (let code = 0; code < 256; code += 1) {
      const name = `x${String.fromCharCode(code)}x`;
      if (TOKEN.includes(name.charAt(1))) expect(parseExtensionList(name)[0]?.name).toBe(name);
      else if (name === "x,x") expect(parseExtensionList(name)).toHaveLength(2);
      else if (name === "x;x") expect(parseExtensionList(name)[0]?.parameters).toHaveLength(1);
      else expect(malformed(() => parseExtensionList(name)).code).toBe("ERR_EXTENSION");
    }
  });

  test("CVE-2021-32640, CVE-2020-7662: long runs of white space or separators cost linear time", () => {
    const space = " ".repeat(100_000);
    expect(parseExtensionList(`a${space},${space}b`)).toHaveLength(2);
    expect(parseExtensionList(",".repeat(100_000))).toEqual([]);
    expect(malformed(() => parseExtensionList(`a${space}x`)).message).toContain("offset 100001");
    expect(malformed(() => parseExtensionList(`a; b="${"\\a".repeat(50_000)}`)).message).toContain(
      "the end",
    );
  });
});

describe("parseExtension", () => {
  test("R6455-9.1-01: reads one element and no more", () => {
    expect(parseExtension(' a; b="c" ')).toEqual({
      name: "a",
      parameters: [["b", "c"]],
      text: 'a; b="c"',
    });
    expect(malformed(() => parseExtension("a, b")).message).toContain(
      'expected ";" or the end at offset 1',
    );
    expect(malformed(() => parseExtension("")).message).toContain(
      "expected a token at offset 0, met the end",
    );
  });
});

describe("a header on several lines", () => {
  test.each([
    ["a; b=1", "c"],
    ["a, b;x", "a; y=z"],
    ["", "a"],
    ["a,", ",b"],
  ])("R6455-9.1-02, R6455-11.3-03: %j and %j are one list", (first, second) => {
    expect([first, second].flatMap((line) => parseExtensionList(line))).toEqual(
      parseExtensionList(`${first}, ${second}`),
    );
  });

  test("R6455-9.1-02: an element cannot go on in the next line", () => {
    expect(malformed(() => parseExtensionList('a; b="c')).code).toBe("ERR_EXTENSION");
  });
});

describe("formatExtension", () => {
  const token = fc.string({
    unit: fc.constantFrom(...TOKEN.split("")),
    minLength: 1,
    maxLength: 8,
  });
  const parameter = fc.tuple(token, fc.option(token));
  const space = fc.string({ unit: fc.constantFrom(" ", "\t"), maxLength: 2 });

  test("R6455-9.1-01: what is written is read back", () => {
    expect(formatExtension("a", [])).toBe("a");
    expect(
      formatExtension("a", [
        ["b", null],
        ["c", "1"],
      ]),
    ).toBe("a; b; c=1");
    fc.assert(
      fc.property(fc.array(fc.tuple(token, fc.array(parameter))), (list) => {
        const value = list
          .map(([name, parameters]) => formatExtension(name, parameters))
          .join(", ");
        expect(parseExtensionList(value).map(({ name, parameters }) => [name, parameters])).toEqual(
          list,
        );
      }),
    );
  });

  test("R6455-4.3-02, R6455-4.3-03: white space, quotes and escapes change nothing", () => {
    const quoted = fc.tuple(token, fc.array(fc.boolean())).map(([value, escapes]) => {
      const text = value
        .split("")
        .map((character, index) => (escapes[index] ? `\\${character}` : character));
      return [value, `"${text.join("")}"`] as const;
    });
    const plain = token.map((value) => [value, value] as const);
    const written = fc.tuple(token, fc.oneof(plain, quoted), space, space, space, space);
    fc.assert(
      fc.property(token, fc.array(written), (name, parameters) => {
        const text = parameters.map(
          ([key, [, value], s1, s2, s3, s4]) => `${s1};${s2}${key}${s3}=${s4}${value}`,
        );
        const element = parseExtension(` ${name}${text.join("")} `);
        expect(element.parameters).toEqual(parameters.map(([key, [value]]) => [key, value]));
        expect(element.text).toBe(`${name}${text.join("")}`);
      }),
    );
  });
});
