import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Timetable } from "../../src/session/timetable.ts";
import { systemClock } from "../../src/node/system-clock.ts";
import type { Timer } from "../../src/session/clock.ts";
import { ManualClock } from "../helpers/manual-clock.ts";

test("timers pass at their time, in their order, on a single timer of the clock", async () => {
  const clock = new ManualClock();
  const timetable = new Timetable(clock);
  const passed: number[] = [];
  for (const delay of [30, 10, 20, 10]) {
    timetable.schedule(delay, () => void passed.push(delay));
    expect(clock.delays).toHaveLength(1);
  }
  await clock.advance(9);
  expect(passed).toEqual([]);
  await clock.advance(1);
  expect(passed).toEqual([10, 10]);
  await clock.advance(100);
  expect(passed).toEqual([10, 10, 20, 30]);
  expect(clock.delays).toEqual([]);
});

test("one that is cancelled, or has passed, can be cancelled again", async () => {
  const clock = new ManualClock();
  const timetable = new Timetable(clock);
  const passed: string[] = [];
  const one = timetable.schedule(10, () => void passed.push("one"));
  const other = timetable.schedule(20, () => void passed.push("other"));
  one.cancel();
  one.cancel();
  await clock.advance(30);
  other.cancel();
  expect(passed).toEqual(["other"]);
});

test("a clock that rings early is asked again", async () => {
  const clock = new ManualClock();
  const delays: number[] = [];
  const early = new Timetable({
    now: () => clock.now(),
    schedule: (delay, callback) => {
      delays.push(delay);
      return clock.schedule(delay - 0.5, callback);
    },
  });
  let passed = false;
  early.schedule(10, () => {
    passed = true;
  });
  await clock.advance(9.5);
  expect(passed).toBe(false);
  await clock.advance(1);
  expect(passed).toBe(true);
  expect(delays).toEqual([10, 1]);
});

test("the longest delay is no longer than Node's timers can wait", () => {
  const clock = new ManualClock();
  new Timetable(clock).schedule(2 ** 31 - 0.5, () => {});
  expect(clock.delays).toEqual([2 ** 31 - 1]);
});

test("what one throws keeps no other from passing", async () => {
  const clock = new ManualClock();
  const timetable = new Timetable(clock);
  const passed: string[] = [];
  timetable.schedule(10, () => {
    throw new Error("x");
  });
  timetable.schedule(10, () => void passed.push("second"));
  await expect(clock.advance(10)).rejects.toThrow("x");
  await clock.advance(0);
  expect(passed).toEqual(["second"]);
});

test("law: whatever is set, cancelled and set anew, each passes as on a timer of its own", async () => {
  const step = fc.oneof(
    fc.record({ type: fc.constant("set"), delay: fc.integer({ min: 0, max: 50 }) }),
    fc.record({ type: fc.constant("cancel"), which: fc.nat() }),
    fc.record({ type: fc.constant("advance"), time: fc.integer({ min: 0, max: 30 }) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const clock = new ManualClock();
      const timetable = new Timetable(clock);
      const own = new ManualClock();
      const passed: [number, number][] = [];
      const expected: [number, number][] = [];
      const timers: [Timer, Timer][] = [];
      for (const each of [...steps, { type: "advance", time: 100 }]) {
        if ("delay" in each) {
          const id = timers.length;
          timers.push([
            timetable.schedule(each.delay, () => void passed.push([clock.now(), id])),
            own.schedule(each.delay, () => void expected.push([own.now(), id])),
          ]);
        } else if ("which" in each && timers.length > 0) {
          for (const timer of timers[each.which % timers.length]!) timer.cancel();
        } else if ("time" in each) {
          await clock.advance(each.time);
          await own.advance(each.time);
        }
      }
      // Those of one time may pass in any order.
      expect(passed.sort(byTimeAndId)).toEqual(expected.sort(byTimeAndId));
    }),
    { numRuns: 50 },
  );
});

function byTimeAndId([time, id]: [number, number], [otherTime, other]: [number, number]): number {
  return time - otherTime || id - other;
}

test("the clock of the process: the earlier of two passes first, whichever was set first", async () => {
  const passed = await new Promise<string[]>((resolve) => {
    const names: string[] = [];
    const late = systemClock.schedule(100_000, () => void names.push("late"));
    systemClock.schedule(2, () => {
      late.cancel();
      resolve(names);
    });
    systemClock.schedule(1, () => void names.push("early"));
  });
  expect(passed).toEqual(["early"]);
});

test("the last that is taken out leaves no timer behind, and another can be set", async () => {
  const clock = new ManualClock();
  const timetable = new Timetable(clock);
  timetable.schedule(10, () => {}).cancel();
  expect(clock.delays).toEqual([]);
  let passed = false;
  timetable.schedule(20, () => {
    passed = true;
  });
  expect(clock.delays).toEqual([20]);
  await clock.advance(20);
  expect(passed).toBe(true);
});
