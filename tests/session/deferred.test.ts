import { expect, test } from "vitest";
import { isThenable } from "../../src/session/deferred.ts";

test.each([
  ["a promise", Promise.resolve(), true],
  // oxlint-disable-next-line unicorn/no-thenable -- that is what it is about
  ["an object with a method then", { then: () => {} }, true],
  // oxlint-disable-next-line unicorn/no-thenable -- that is what it is about
  ["a function with a method then", Object.assign(() => {}, { then: () => {} }), true],
  // oxlint-disable-next-line unicorn/no-thenable -- that is what it is about
  ["an object with another then", { then: true }, false],
  ["an object", {}, false],
  ["a function", () => {}, false],
  ["null", null, false],
  ["undefined", undefined, false],
  ["true", true, false],
  ["text", "then", false],
])("what has to be waited for: %s", (_name, value, expected) => {
  expect(isThenable(value)).toBe(expected);
});
