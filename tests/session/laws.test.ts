import * as fc from "fast-check";
import { describe, test } from "vitest";
import {
  type ActionName,
  ACTIONS,
  expectEnd,
  expectSane,
  isActionName,
  STYLES,
  World,
} from "./world.ts";

/** What leads to the end. It happens less often than the rest, so that there is something to end. */
const LAST: ReadonlySet<ActionName> = new Set<ActionName>([
  "peerCloses",
  "peerBreaksTheProtocol",
  "peerStopsMidway",
  "peerEnds",
  "streamBreaks",
  "streamBreaksInside",
  "close",
  "terminate",
  "throwFromListener",
  "longTime",
]);
const names = Object.keys(ACTIONS).filter(isActionName);
const anyName = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom(...names.filter((other) => !LAST.has(other))) },
  { weight: 1, arbitrary: fc.constantFrom(...LAST) },
);
const steps = fc.array(fc.tuple(anyName, fc.integer({ min: 0, max: 100 })), {
  maxLength: 40,
  size: "max",
});

describe("whatever happens, in whatever order", () => {
  test("R6455-7.2.1-01: there is one end, all that waits settles, no timer and no listener is left, nothing is written afterwards", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.boolean(),
        fc.constantFrom(...STYLES),
        steps,
        async (isClient, style, todo) => {
          const world = new World(isClient, style);
          for (const [name, number] of todo) {
            await ACTIONS[name](world, number);
            world.react();
            expectSane(world);
          }
          // Whatever the state is now: who closes has ended after the deadline.
          world.close(0);
          await world.rig.clock.advance(10_000);
          world.react();
          await expectEnd(world);
        },
      ),
      { numRuns: 1000 },
    );
  }, 60_000);

  test("without a close: a silent peer that nobody waits for has ended by the keep-alive", async () => {
    await fc.assert(
      fc.asyncProperty(fc.boolean(), steps, async (isClient, todo) => {
        const world = new World(isClient, "messages");
        world.read(1);
        for (const [name, number] of todo) {
          await ACTIONS[name](world, number);
          world.react();
        }
        await world.rig.clock.advance(80_000);
        world.react();
        await expectEnd(world);
      }),
      { numRuns: 300 },
    );
  }, 60_000);
});
