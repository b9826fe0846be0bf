import * as fc from "fast-check";
import { expect, test } from "vitest";
import { HeadReader } from "../../src/http/head.ts";
import { knownName } from "../../src/http/known-names.ts";
import { REQUEST_HEAD } from "../../src/http/start-line.ts";
import { resolveLimits } from "../../src/limits.ts";
import { SERVER } from "../../src/states.ts";
import { concat, utf8 } from "../helpers/wire.ts";

const name = (text: string): string | null => {
  const octets = utf8(`GET ${text}:`);
  return knownName(octets, 4, octets.length - 1);
};

test("RFC 9110, 5.1: a known name is found in upper and lower case", () => {
  for (const text of ["Host", "HOST", "host", "hOST"]) expect(name(text)).toBe("host");
  expect(name("Sec-WebSocket-Extensions")).toBe("sec-websocket-extensions");
});

test.each([
  ["none", ""],
  ["another of the same length", "Hose"],
  ["one that differs by bit 5 where there is no letter", "Sec\rWebSocket-Key"],
  ["one that goes on", "Hosts"],
  ["a longer one than all that are known", "Sec-WebSocket-Extensions-Of-Mine"],
  ["one of another alphabet", "ÈÎ"],
])("what is not known is no name: %s", (_what, text) => {
  expect(name(text)).toBeNull();
});

test("RFC 9112, 5: whatever its name and wherever it is cut, a field has that name in lower case", () => {
  const token = fc.string({
    unit: fc.constantFrom(..."aAzZ09!#$%&'*+-.^_`|~HostUpgradE".split("")),
    minLength: 1,
    maxLength: 30,
  });
  const known = fc.constantFrom("Host", "UPGRADE", "sec-websocket-Key", "Via", "User-Agent");
  fc.assert(
    fc.property(fc.oneof(token, known), fc.nat(40), (text, cut) => {
      const octets = utf8(`GET / HTTP/1.1\r\n${text}: value\r\n\r\n`);
      const reader = new HeadReader(REQUEST_HEAD, resolveLimits(SERVER));
      reader.read(octets.slice(0, cut), 0);
      reader.read(concat(octets.slice(cut)), 0);
      expect(reader.headers).toEqual([[text.toLowerCase(), "value"]]);
    }),
  );
});
