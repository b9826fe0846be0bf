import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { reconnectDelay } from "../../src/session/reconnect.ts";
import { untyped } from "../helpers/rig.ts";

/** The greatest number that is less than 1. */
const ALMOST_ONE = 1 - 2 ** -53;
const random = (): number => ALMOST_ONE;

describe("R6455-7.2.3-01: the time before connecting again", () => {
  test("is at most 5 s at first, twice as much after each failure, and 5 minutes in the end", () => {
    const most = Array.from({ length: 9 }, (_, attempt) => reconnectDelay(attempt, { random }));
    expect(most).toEqual([
      4_999, 9_999, 19_999, 39_999, 79_999, 159_999, 299_999, 299_999, 299_999,
    ]);
  });

  test("is a random part of that, from nothing on", () => {
    for (const [part, delay] of [
      [0, 0],
      [0.25, 1250],
      [0.5, 2500],
    ] as const) {
      expect(reconnectDelay(0, { random: () => part })).toBe(delay);
      expect(reconnectDelay(2, { random: () => part })).toBe(delay * 4);
    }
  });

  test("is not the same for everybody", () => {
    const delays = new Set(Array.from({ length: 100 }, () => reconnectDelay(0)));
    expect(delays.size).toBeGreaterThan(50);
    expect(Math.max(...delays)).toBeLessThan(5000);
  });

  test("never shrinks with the attempts, and can always be given to a timer", () => {
    const time = fc.oneof(
      fc.integer({ min: 0, max: 2 ** 31 - 1 }),
      fc.constantFrom(0, 0.1, Infinity),
    );
    const attempts = fc.oneof(
      fc.nat(),
      fc.constantFrom(30, 31, 32, 1023, 1024, Number.MAX_SAFE_INTEGER),
    );
    const part = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(attempts, time, time, part, (attempt, first, longest, drawn) => {
        const options = { first, longest, random: () => drawn };
        const delay = reconnectDelay(attempt, options);
        expect(Number.isInteger(delay)).toBe(true);
        expect(delay).toBeGreaterThanOrEqual(0);
        expect(delay).toBeLessThanOrEqual(Math.min(longest, 2 ** 31 - 1));
        expect(reconnectDelay(attempt + 1, options)).toBeGreaterThanOrEqual(delay);
      }),
    );
  });
});

test.each<[error: Error, attempt: unknown, options: unknown]>([
  [new TypeError("attempt must be a number, not string"), "1", {}],
  [new RangeError("attempt must be a whole number from 0 on, but is -1"), -1, {}],
  [new RangeError("attempt must be a whole number from 0 on, but is 0.5"), 0.5, {}],
  [new RangeError("attempt must be a whole number from 0 on, but is NaN"), NaN, {}],
  [new TypeError("the options must be an object, not null"), 0, null],
  [new TypeError("the options must be an object, not number"), 0, 1],
  [new TypeError('the options have a member "last", which is not known'), 0, { last: 1 }],
  [new TypeError("first must be a number, not string"), 0, { first: "1" }],
  [new RangeError("first must not be negative or NaN, but is -1"), 0, { first: -1 }],
  [
    new RangeError("longest must be at most 2147483647 milliseconds, or Infinity: 2147483648"),
    0,
    { longest: 2 ** 31 },
  ],
  [new TypeError("random must be a function, not number"), 0, { random: 0.5 }],
])("%s", (error, attempt, options) => {
  expect(() => reconnectDelay(untyped(attempt), untyped(options))).toThrow(error);
});
