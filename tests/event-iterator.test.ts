import { describe, expect, test } from "vitest";
import { EventIterator } from "../src/event-iterator.ts";

describe("EventIterator", () => {
  test("D1: it is its own iterable", () => {
    const iterator = new EventIterator<number>(() => null);
    expect(iterator[Symbol.iterator]()).toBe(iterator);
  });

  test("D1, F26: leaving a loop loses nothing", () => {
    const items = [1, 2, 3];
    const iterator = new EventIterator(() => items.shift() ?? null);
    for (const item of iterator) if (item === 2) break;
    expect([...iterator]).toEqual([3]);
  });

  test("D1: after it was done it goes on as soon as there is more", () => {
    const items = [1];
    const iterator = new EventIterator(() => items.shift() ?? null);
    expect(iterator.next()).toEqual({ done: false, value: 1 });
    expect(iterator.next()).toEqual({ done: true, value: undefined });
    items.push(2);
    expect(iterator.next()).toEqual({ done: false, value: 2 });
  });

  test("it takes one item at a time, and only when asked", () => {
    let taken = 0;
    const iterator = new EventIterator(() => ++taken);
    expect(taken).toBe(0);
    iterator.next();
    expect(taken).toBe(1);
    const [first, second] = iterator;
    expect([first, second]).toEqual([2, 3]);
  });
});
