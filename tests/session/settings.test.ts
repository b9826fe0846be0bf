import { describe, expect, test } from "vitest";
import { resolveDeadline, resolveNumber, resolveSettings } from "../../src/session/settings.ts";
import { untyped } from "../helpers/rig.ts";

const defaults = {
  keepAliveInterval: 30_000,
  keepAliveTimeout: 20_000,
  closeDeadline: 10_000,
  writeDeadline: 30_000,
  highWaterMark: 65_536,
  maxQueued: 4_194_304,
};

describe("the settings of a session", () => {
  test.each([
    [undefined, {}],
    [{}, {}],
    [{ keepAlive: undefined, deadlines: undefined, highWaterMark: undefined }, {}],
    [{ keepAlive: {}, deadlines: { close: undefined } }, {}],
    [{ keepAlive: false as const }, { keepAliveInterval: Infinity }],
    [{ keepAlive: { interval: 1, timeout: 2 } }, { keepAliveInterval: 1, keepAliveTimeout: 2 }],
    [{ keepAlive: { timeout: Infinity } }, { keepAliveTimeout: Infinity }],
    [{ deadlines: { close: 0, write: 1 } }, { closeDeadline: 0, writeDeadline: 1 }],
    [{ deadlines: { close: Infinity } }, { closeDeadline: Infinity }],
    [
      { highWaterMark: 1, maxQueued: Infinity },
      { highWaterMark: 1, maxQueued: Infinity },
    ],
    [{ maxQueued: 100 }, { highWaterMark: 100, maxQueued: 100 }],
  ])("%j", (given, changed) => {
    expect(resolveSettings(given)).toEqual({ ...defaults, ...changed });
  });

  test.each([
    ["settings", null, TypeError],
    ["settings", 5, TypeError],
    ["keepAlive", { keepAlive: true }, TypeError],
    ["keepAlive", { keepAlive: null }, TypeError],
    ["keepAlive.interval", { keepAlive: { interval: "1" } }, TypeError],
    ["keepAlive.interval", { keepAlive: { interval: 0 } }, RangeError],
    ["keepAlive.timeout", { keepAlive: { timeout: 0 } }, RangeError],
    ["keepAlive.timeout", { keepAlive: { timeout: -1 } }, RangeError],
    ["deadlines", { deadlines: 5 }, TypeError],
    ["deadlines.close", { deadlines: { close: Number.NaN } }, RangeError],
    ["deadlines.close", { deadlines: { close: 2 ** 31 } }, RangeError],
    ["deadlines.write", { deadlines: { write: null } }, TypeError],
    ["highWaterMark", { highWaterMark: 0 }, RangeError],
    ["maxQueued", { maxQueued: 0.5 }, RangeError],
    ["maxQueued", { maxQueued: 5n }, TypeError],
  ])("%s in %o is an error that names it", (name, given, type) => {
    const resolve = (): unknown => resolveSettings(untyped(given));
    expect(resolve).toThrow(type);
    expect(resolve).toThrow(name);
  });
});

test("a number is the one given, or the default", () => {
  expect(resolveNumber("n", undefined, 5)).toBe(5);
  expect(resolveNumber("n", 0, 5)).toBe(0);
  expect(() => resolveNumber("n", untyped("1"), 5)).toThrow(
    new TypeError("n must be a number, not string"),
  );
  expect(() => resolveNumber("n", -1, 5)).toThrow(
    new RangeError("n must not be negative or NaN, but is -1"),
  );
});

test("a deadline is one that a timer can keep, or none", () => {
  expect(resolveDeadline("d", 2 ** 31 - 1, 5)).toBe(2 ** 31 - 1);
  expect(resolveDeadline("d", Infinity, 5)).toBe(Infinity);
  expect(() => resolveDeadline("d", 2 ** 31, 5)).toThrow(RangeError);
});
