import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { HttpFault } from "../../src/http/fault.ts";
import { HeadReader, writeHead } from "../../src/http/head.ts";
import {
  type HeadGrammar,
  REQUEST_HEAD,
  RESPONSE_HEAD,
  TRAILERS,
} from "../../src/http/start-line.ts";
import { resolveLimits } from "../../src/limits.ts";
import { SERVER } from "../../src/states.ts";
import { bytewise, cutAt, latin1, textOf } from "../helpers/handshake.ts";

type ReadLimits = ConstructorParameters<typeof HeadReader>[1];

const LIMITS = resolveLimits(SERVER);

interface Reading {
  readonly start: unknown;
  readonly headers: unknown;
  /** How many octets were left behind the head. */
  readonly rest: number;
  readonly fault: HttpFault | null;
}

/** Reads until the head is complete, the octets are used up, or a fault. */
function read(
  grammar: HeadGrammar<unknown>,
  chunks: readonly Uint8Array[],
  limits: Partial<ReadLimits> = {},
): Reading {
  const reader = new HeadReader<unknown>(grammar, { ...LIMITS, ...limits });
  let rest = 0;
  let fault: HttpFault | null = null;
  for (const chunk of chunks) {
    if (fault !== null) break;
    try {
      rest += chunk.length - (reader.complete ? 0 : reader.read(chunk, 0));
    } catch (error) {
      if (!(error instanceof HttpFault)) throw error;
      fault = error;
    }
  }
  const done = reader.complete || fault !== null;
  return { start: reader.start, headers: done ? reader.headers : "incomplete", rest, fault };
}

function readText(
  grammar: HeadGrammar<unknown>,
  text: string,
  limits?: Partial<ReadLimits>,
): Reading {
  return read(grammar, [latin1(text)], limits);
}

describe("requests", () => {
  test.each([
    ["R6455-4.2.1-01: the ordinary", "GET /chat HTTP/1.1\r\nHost: a\r\n\r\n", [["host", "a"]]],
    ["D14: a later minor version", "GET /chat HTTP/1.2\r\nHost: a\r\n\r\n", [["host", "a"]]],
    ["R9112-2.2-04: an empty line in front", "\r\nGET /chat HTTP/1.1\r\n\r\n", []],
    ["R9112-2.2-04: two empty lines in front", "\r\n\r\nGET /chat HTTP/1.1\r\n\r\n", []],
    [
      "F31, R9112-5.1-02: names are lowered, spaces and tabs around values stripped",
      "GET /chat HTTP/1.1\r\nX-FOO: \t a\tb \t\r\nX-Bar:c\r\n\r\n",
      [
        ["x-foo", "a\tb"],
        ["x-bar", "c"],
      ],
    ],
    [
      "R9110-5.5-01, R9112-2.2-01: octets beyond ASCII are one character each",
      "GET /chat HTTP/1.1\r\nX: caf\u00e9\u0080\u00ff\r\n\r\n",
      [["x", "caf\u00e9\u0080\u00ff"]],
    ],
    [
      "an empty value",
      "GET /chat HTTP/1.1\r\nX:\r\nY: \r\n\r\n",
      [
        ["x", ""],
        ["y", ""],
      ],
    ],
    [
      "repeats and order are kept, names are ordinary",
      "GET /chat HTTP/1.1\r\n__proto__: a\r\nx: b\r\n__proto__: c\r\n\r\n",
      [
        ["__proto__", "a"],
        ["x", "b"],
        ["__proto__", "c"],
      ],
    ],
  ])("%s", (_, text, headers) => {
    const reading = readText(REQUEST_HEAD, text);
    expect(reading).toMatchObject({ headers, rest: 0, fault: null });
    expect(reading.start).toMatchObject({ method: "GET", target: "/chat" });
  });

  test.each([
    ["R9112-3.1-01: any token is a method here, and has a case", "gEt /chat HTTP/1.1", "gEt"],
    ["a method with other characters of tokens", "M-SEARCH* /chat HTTP/1.1", "M-SEARCH*"],
  ])("%s", (_, line, method) => {
    expect(readText(REQUEST_HEAD, `${line}\r\n\r\n`).start).toMatchObject({ method });
  });

  test.each([
    ["R9112-2.2-04: three empty lines in front", "\r\n\r\n\r\nGET / HTTP/1.1\r\n\r\n"],
    ["R9112-2.2-03: a bare CR in front", "\rGET / HTTP/1.1\r\n\r\n"],
    ["R9112-2.2-02: a bare LF in front", "\nGET / HTTP/1.1\r\n\r\n"],
    ["a space in front", " GET / HTTP/1.1\r\n\r\n"],
    ["TLS", "\u0016\u0003\u0001\u0002\u0000"],
    ["a frame", "\u0081\u0082"],
    ["no target", "GET HTTP/1.1\r\n\r\n"],
    ["no version", "GET /\r\n\r\n"],
    ["R9112-3-01: two spaces before the target", "GET  / HTTP/1.1\r\n\r\n"],
    ["R9112-3-01: two spaces before the version", "GET /  HTTP/1.1\r\n\r\n"],
    ["R9112-3-01: a space behind the version", "GET / HTTP/1.1 \r\n\r\n"],
    ["R9112-3-01: a tab for a space", "GET\t/ HTTP/1.1\r\n\r\n"],
    ["a method that is no token", "G@T / HTTP/1.1\r\n\r\n"],
    ["R9112-3.2-02: a space in the target", "GET /a b HTTP/1.1\r\n\r\n"],
    ["R9112-3.2-02: an octet beyond ASCII in the target", "GET /\u00fc HTTP/1.1\r\n\r\n"],
    ["R9112-3.2-02: a control character in the target", "GET /\u0001 HTTP/1.1\r\n\r\n"],
    ["R9112-2.3-01: HTTP in lower case", "GET / http/1.1\r\n\r\n"],
    ["R9112-2.3-01: a version without minor", "GET / HTTP/1\r\n\r\n"],
    ["R9112-2.3-01: a major version of two digits", "GET / HTTP/11.1\r\n\r\n"],
    ["R9112-2.3-01: a minor version of two digits", "GET / HTTP/1.11\r\n\r\n"],
    ["R9112-2.3-01: a version that is no number", "GET / HTTP/1.x\r\n\r\n"],
    ["R9112-2.2-02, CVE-2021-22959: a bare LF behind the request line", "GET / HTTP/1.1\n\r\n"],
    ["R9112-2.2-03: a bare CR behind the request line", "GET / HTTP/1.1\rX: a\r\n\r\n"],
    ["R9112-2.2-02: a bare LF behind a field", "GET / HTTP/1.1\r\nX: a\n\r\n"],
    ["R9112-2.2-03: a bare CR in a value", "GET / HTTP/1.1\r\nX: a\rb\r\n\r\n"],
    ["R9112-2.2-02: a bare LF for the empty line", "GET / HTTP/1.1\r\nX: a\r\n\n"],
    ["R9112-2.2-03: a bare CR for the empty line", "GET / HTTP/1.1\r\nX: a\r\n\rX"],
    ["R9112-2.2-05: white space before the first field", "GET / HTTP/1.1\r\n X: a\r\n\r\n"],
    ["R9112-5.2-01: a folded line", "GET / HTTP/1.1\r\nX: a\r\n b\r\n\r\n"],
    ["R9112-5.2-01: a line folded with a tab", "GET / HTTP/1.1\r\nX: a\r\n\tb\r\n\r\n"],
    ["R9112-5.1-01: a space before the colon", "GET / HTTP/1.1\r\nX : a\r\n\r\n"],
    ["R9112-5.1-01: a tab before the colon", "GET / HTTP/1.1\r\nX\t: a\r\n\r\n"],
    ["R9110-5.1-01: an empty name", "GET / HTTP/1.1\r\n: a\r\n\r\n"],
    ["R9110-5.1-01: a name that is no token", "GET / HTTP/1.1\r\nX(Foo): a\r\n\r\n"],
    ["R9110-5.1-01: a name beyond ASCII", "GET / HTTP/1.1\r\nX\u00e9: a\r\n\r\n"],
    ["a field without a colon", "GET / HTTP/1.1\r\nnonsense\r\n\r\n"],
    ["R9110-5.5-01: NUL in a value", "GET / HTTP/1.1\r\nX: a\0b\r\n\r\n"],
    ["R9110-5.5-01: a control character in a value", "GET / HTTP/1.1\r\nX: a\u0001\r\n\r\n"],
    ["R9110-5.5-01: DEL in a value", "GET / HTTP/1.1\r\nX: \u007f\r\n\r\n"],
    ["R9112-5.1-02: a vertical tab around a value", "GET / HTTP/1.1\r\nX: \u000ba\r\n\r\n"],
  ])("D12, CVE-2026-28367: %s is refused", (_, text) => {
    const { fault, headers } = readText(REQUEST_HEAD, text);
    expect(fault).toMatchObject({ status: 400, code: "ERR_HTTP" });
    expect(headers).not.toBe("incomplete");
  });

  test.each([
    ["R9112-2.3-01, R9110-7.8-01: HTTP/1.0 gets 400", "GET / HTTP/1.0", 400, "ERR_HTTP_VERSION"],
    ["D14: HTTP/2.0 gets 505", "GET / HTTP/2.0", 505, "ERR_HTTP_VERSION"],
    ["D14: HTTP/0.9 gets 505", "GET / HTTP/0.9", 505, "ERR_HTTP_VERSION"],
    ["D14: the preface of HTTP/2 gets 505", "PRI * HTTP/2.0", 505, "ERR_HTTP_VERSION"],
    ["R9112-3.2-02: a target in asterisk form", "GET * HTTP/1.1", 400, "ERR_TARGET"],
    ["R9112-3.2-02: a target with a fragment", "GET /# HTTP/1.1", 400, "ERR_TARGET"],
    ["R6455-4.2.1-01: a relative target", "GET chat HTTP/1.1", 400, "ERR_TARGET"],
  ])("%s, at the end of the request line", (_, line, status, code) => {
    expect(readText(REQUEST_HEAD, `${line}\r\n`).fault).toMatchObject({ status, code });
    expect(readText(REQUEST_HEAD, `${line}\r`).fault).toBeNull();
  });
});

describe("responses", () => {
  test.each([
    ["R9112-4-01: a reason", "HTTP/1.1 101 Switching Protocols", 101],
    ["R9112-4-01: no reason", "HTTP/1.1 101 ", 101],
    ["R9112-4-01: an odd reason", "HTTP/1.1 403 No \t\u00e9!", 403],
    ["D14: a refusal of HTTP/1.0", "HTTP/1.0 400 Bad Request", 400],
    ["the highest status", "HTTP/1.1 999 ?", 999],
    ["the lowest status", "HTTP/1.1 100 Continue", 100],
  ])("%s", (_, line, status) => {
    expect(readText(RESPONSE_HEAD, `${line}\r\n\r\n`)).toMatchObject({
      start: { status },
      headers: [],
      fault: null,
    });
  });

  test.each([
    ["R9112-4-01: no space behind the status", "HTTP/1.1 101\r\n\r\n"],
    ["R9112-4-01: a status of two digits", "HTTP/1.1 10 X\r\n\r\n"],
    ["R9112-4-01: a status of four digits", "HTTP/1.1 1010 X\r\n\r\n"],
    ["R9112-4-01: a status below 100", "HTTP/1.1 099 X\r\n\r\n"],
    ["R9112-4-01: a status that is no number", "HTTP/1.1 1x1 X\r\n\r\n"],
    ["no status", "HTTP/1.1\r\n\r\n"],
    ["two spaces", "HTTP/1.1  101 X\r\n\r\n"],
    ["another protocol", "ICY 101 X\r\n\r\n"],
    ["HTTP in lower case", "http/1.1 101 X\r\n\r\n"],
    ["a version of one digit", "HTTP/1 101 X\r\n\r\n"],
    ["an empty line in front", "\r\nHTTP/1.1 101 X\r\n\r\n"],
    ["a control character in the reason", "HTTP/1.1 101 \u0001\r\n\r\n"],
    ["R9112-2.2-05: white space before the first field", "HTTP/1.1 101 X\r\n a: b\r\n\r\n"],
    ["R9112-5.1-01: a space before the colon", "HTTP/1.1 101 X\r\nX : a\r\n\r\n"],
    ["R9112-2.2-02: bare LFs", "HTTP/1.1 101 X\nX: a\n\n"],
  ])("D12: %s is refused", (_, text) => {
    expect(readText(RESPONSE_HEAD, text).fault).toMatchObject({ status: 400, code: "ERR_HTTP" });
  });

  test.each([
    ["HTTP/1.0 101 X", "HTTP/1.0 with 101"],
    ["HTTP/1.0 100 X", "HTTP/1.0 with an interim status"],
    ["HTTP/1.2 101 X", "a later minor version"],
    ["HTTP/2.0 403 X", "another major version"],
    ["HTTP/0.9 200 X", "HTTP/0.9"],
  ])("D14: %j is refused, being %s", (line) => {
    expect(readText(RESPONSE_HEAD, `${line}\r\n`).fault).toMatchObject({
      code: "ERR_HTTP_VERSION",
    });
  });

  test.each([
    ["a space", "X: a\r\n b\r\n", [["x", "a b"]]],
    ["more white space around the fold", "X: a \t\r\n \t b \r\n", [["x", "a b"]]],
    [
      "two folds",
      "X: a\r\n b\r\n\tc\r\nY: d\r\n",
      [
        ["x", "a b c"],
        ["y", "d"],
      ],
    ],
    ["a fold behind nothing", "X:\r\n a\r\n", [["x", "a"]]],
    ["a fold to nothing", "X: a\r\n \r\n", [["x", "a"]]],
  ])("R9112-5.2-01: %s unfolds to one space", (_, lines, headers) => {
    const text = `HTTP/1.1 200 OK\r\n${lines}\r\n`;
    expect(readText(RESPONSE_HEAD, text)).toMatchObject({ headers, fault: null });
    expect(read(RESPONSE_HEAD, bytewise(latin1(text)))).toMatchObject({ headers, fault: null });
  });
});

test("a head without a start line reads fields alone", () => {
  expect(readText(TRAILERS, "X: a\r\n\r\nrest")).toMatchObject({
    start: null,
    headers: [["x", "a"]],
    rest: 4,
  });
  expect(readText(TRAILERS, "\r\n")).toMatchObject({ headers: [], rest: 0 });
});

test("octets behind a head are left", () => {
  const octets = latin1("GET / HTTP/1.1\r\n\r\n\r\nX");
  const reader = new HeadReader(REQUEST_HEAD, LIMITS);
  expect(reader.read(octets, 0)).toBe(octets.length - 3);
  expect(reader.complete).toBe(true);
});

test("a chunk is read from any place", () => {
  const octets = latin1("junk\r\nGET / HTTP/1.1\r\n\r\nrest");
  expect(new HeadReader(REQUEST_HEAD, LIMITS).read(octets, 4)).toBe(octets.length - 4);
});

test("a head has begun with its first octet, not with an empty line in front", () => {
  const reader = new HeadReader(REQUEST_HEAD, LIMITS);
  const begun = ["\r", "\n", "", "G"].map((text) => {
    reader.read(latin1(text), 0);
    return reader.begun;
  });
  expect(begun).toEqual([true, false, false, true]);
});

describe("limits", () => {
  const head = "GET / HTTP/1.1\r\nX: a\r\nY: b\r\n\r\n";

  test.each([
    ["head", head.length, head.length - 1, 431],
    ["headerLines", 2, 1, 431],
    ["requestLine", 14, 13, 414],
  ] as const)("D10, CVE-2026-22815: %s", (name, enough, tooFew, status) => {
    for (const chunks of [[latin1(head)], bytewise(latin1(head))]) {
      expect(read(REQUEST_HEAD, chunks, { [name]: enough })).toMatchObject({ fault: null });
      const { fault } = read(REQUEST_HEAD, chunks, { [name]: tooFew });
      expect(fault).toMatchObject({ status, code: "ERR_HEAD_SIZE" });
      expect(fault?.message).toContain(`limits.${name}, ${tooFew} `);
    }
  });

  test("R9110-5.4-01, F32: a head beyond its limit is refused at once, however it arrives", () => {
    const endless = latin1(`GET / HTTP/1.1\r\nX: ${"a".repeat(20_000)}`);
    const start = endless.slice(0, 16_384);
    expect(read(REQUEST_HEAD, [start])).toMatchObject({ fault: null, headers: "incomplete" });
    for (const chunks of [[endless], [start, endless.slice(16_384, 16_385)]]) {
      expect(read(REQUEST_HEAD, chunks).fault).toMatchObject({ status: 431 });
    }
  });

  test("R9110-5.4-01: a head of exactly the limit is taken, and what follows is not its", () => {
    expect(readText(REQUEST_HEAD, `${head}more`, { head: head.length })).toMatchObject({
      fault: null,
      rest: 4,
    });
  });

  test("R9112-3-01: a target of 8,000 octets is taken, a request line above 8 KiB gets 414", () => {
    const line = (size: number): string => `GET /${"a".repeat(size - 14)} HTTP/1.1`;
    expect(readText(REQUEST_HEAD, `${line(8014)}\r\n\r\n`).fault).toBeNull();
    expect(readText(REQUEST_HEAD, `${line(8192)}\r\n\r\n`).fault).toBeNull();
    expect(readText(REQUEST_HEAD, `${line(8193)}\r\n\r\n`).fault).toMatchObject({ status: 414 });
    expect(readText(REQUEST_HEAD, `GET /${"a".repeat(8188)}`).fault).toMatchObject({ status: 414 });
  });

  test("R9110-5.4-01: a status line has a limit as well", () => {
    const line = `HTTP/1.1 101 ${"a".repeat(8192)}`;
    expect(readText(RESPONSE_HEAD, line).fault).toMatchObject({ code: "ERR_HEAD_SIZE" });
  });

  test("a folded line counts as a line", () => {
    const text = "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n";
    expect(readText(RESPONSE_HEAD, text, { headerLines: 1 }).fault).toMatchObject({ status: 431 });
  });

  test("Infinity lifts them", () => {
    const limits = { head: Infinity, headerLines: Infinity, requestLine: Infinity };
    const text = `GET /${"a".repeat(20_000)} HTTP/1.1\r\n${"X: a\r\n".repeat(200)}\r\n`;
    expect(readText(REQUEST_HEAD, text, limits)).toMatchObject({ fault: null, rest: 0 });
  });
});

describe("laws", () => {
  const heads = [
    "GET /chat HTTP/1.1\r\nHost: a\r\nX-Foo: b \r\nX-Bar:\tc\r\n\r\ntail",
    "\r\n\r\nGET / HTTP/1.1\r\n\r\n",
    "GET / HTTP/1.1\r\nX : a\r\n\r\n",
    "GET / HTTP/2.0\r\n\r\n",
    "HTTP/1.1 101 Switching Protocols\r\nX: a\r\n b\r\n\r\n\u0081\u0000",
    "HTTP/1.1 200 \r\nX: a\n\r\n",
  ].map(latin1);
  /** A head in which some octets are replaced, removed or added. */
  const mutated = fc
    .tuple(
      fc.constantFrom(...heads),
      fc.array(
        fc.record({
          at: fc.nat(80),
          remove: fc.nat(2),
          add: fc.uint8Array({ maxLength: 2 }),
        }),
        { maxLength: 3 },
      ),
    )
    .map(([octets, changes]) => {
      let result = [...octets];
      for (const { at, remove, add } of changes) {
        result = [...result.slice(0, at), ...add, ...result.slice(at + remove)];
      }
      return Uint8Array.from(result);
    });
  const places = fc.array(fc.nat(90), { maxLength: 8 });
  const grammars = fc.constantFrom<HeadGrammar<unknown>>(REQUEST_HEAD, RESPONSE_HEAD, TRAILERS);
  const limits = fc.constantFrom({}, { head: 40 }, { headerLines: 1 }, { requestLine: 14 });

  test("D12: however a head is split, what comes of it is the same", () => {
    fc.assert(
      fc.property(grammars, mutated, places, limits, (grammar, octets, cuts, limit) => {
        const whole = read(grammar, [octets], limit);
        expect(read(grammar, cutAt(octets, cuts), limit)).toEqual(whole);
        expect(read(grammar, bytewise(octets), limit)).toEqual(whole);
      }),
    );
  });

  test("CVE-2025-5399: each call takes all octets, unless the head ends or is at fault", () => {
    fc.assert(
      fc.property(grammars, mutated, places, (grammar, octets, cuts) => {
        const reader = new HeadReader<unknown>(grammar, LIMITS);
        for (const chunk of cutAt(octets, cuts)) {
          try {
            const end = reader.read(chunk, 0);
            if (reader.complete) break;
            expect(end).toBe(chunk.length);
          } catch (error) {
            expect(error).toBeInstanceOf(HttpFault);
            break;
          }
        }
      }),
    );
  });

  test("B10: noise causes nothing but an HttpFault", () => {
    fc.assert(
      fc.property(grammars, fc.uint8Array({ maxLength: 100 }), (grammar, octets) => {
        expect(() => read(grammar, [octets])).not.toThrow();
      }),
    );
  });

  test("what is written is read, octet by octet or at once", () => {
    const token = fc.stringMatching(/^[!#$%&'*+.^_`|~0-9a-z-]+$/);
    const value = fc.stringMatching(/^[!-~\u0080-\u00ff]([ -~\u0080-\u00ff]*[!-~\u0080-\u00ff])?$/);
    fc.assert(
      fc.property(fc.array(fc.tuple(token, value), { maxLength: 5 }), (headers) => {
        const octets = writeHead("GET /x HTTP/1.1", headers);
        const expected = {
          start: { method: "GET", target: "/x", version: "1.1" },
          headers,
          rest: 0,
          fault: null,
        };
        expect(read(REQUEST_HEAD, [octets])).toEqual(expected);
        expect(read(REQUEST_HEAD, bytewise(octets))).toEqual(expected);
      }),
    );
  });
});

test("a head is written as lines in Latin-1", () => {
  const octets = writeHead("HTTP/1.1 200 ", [
    ["X-Foo", "caf\u00e9"],
    ["y", ""],
  ]);
  expect(textOf(octets)).toBe("HTTP/1.1 200 \r\nX-Foo: caf\u00e9\r\ny: \r\n\r\n");
});
