import { describe, expect, test } from "vitest";
import { type DeadlineName, Deadlines } from "../../src/session/clock.ts";
import { Turn, type Writer } from "../../src/session/turn.ts";
import { ManualClock } from "../helpers/manual-clock.ts";
import { Rig } from "../helpers/rig.ts";

/** Keeps what it collects, in hex. */
class Collector implements Writer {
  readonly collected: string[] = [];

  collect(octets: Uint8Array): void {
    this.collected.push(Buffer.from(octets).toString("hex"));
  }
}

function write(turn: Turn, writer: Writer, ...octets: number[]): void {
  turn.claim(writer).append(Uint8Array.from(octets));
}

describe("a turn", () => {
  test("has all tasks done at its end, once, in their order", async () => {
    const clock = new ManualClock();
    const turn = new Turn(clock);
    const done: string[] = [];
    const task = (name: string) => ({ turnEnded: () => void done.push(name) });
    turn.atEnd(task("a"));
    turn.atEnd(task("b"));
    expect(done).toEqual([]);
    await clock.endTurn();
    await clock.endTurn();
    expect(done).toEqual(["a", "b"]);
  });

  test("leaves what a task asks for to the end of the next", () => {
    const clock = new ManualClock();
    const turn = new Turn(clock);
    const done: string[] = [];
    turn.atEnd({
      turnEnded: () => {
        done.push("first");
        turn.atEnd({ turnEnded: () => void done.push("second") });
      },
    });
    clock.endTurnNow();
    expect(done).toEqual(["first"]);
    clock.endTurnNow();
    expect(done).toEqual(["first", "second"]);
  });
});

describe("the buffer that all share", () => {
  test("is known to whoever was the last to claim it, and to nobody else", () => {
    const turn = new Turn(new ManualClock());
    const [one, other] = [new Collector(), new Collector()];
    expect(turn.claimed(one)).toBeNull();
    const output = turn.claim(one);
    expect(turn.claimed(one)).toBe(output);
    expect(turn.claimed(other)).toBeNull();
    turn.release(one);
    expect(turn.claimed(one)).toBeNull();
  });

  test("hands a writer its octets when another one claims it, or when it takes them", () => {
    const turn = new Turn(new ManualClock());
    const [one, other] = [new Collector(), new Collector()];
    write(turn, one, 1, 2);
    write(turn, one, 3);
    expect(one.collected).toEqual([]);
    write(turn, other, 4);
    expect(one.collected).toEqual(["010203"]);
    turn.take(one);
    turn.take(other);
    turn.take(other);
    expect([one.collected, other.collected]).toEqual([["010203"], ["04"]]);
  });

  test("gives nothing where nothing was written", () => {
    const turn = new Turn(new ManualClock());
    const [one, other] = [new Collector(), new Collector()];
    turn.claim(one);
    turn.claim(other);
    turn.take(other);
    expect([one.collected, other.collected]).toEqual([[], []]);
  });

  test("CVE-2021-42340: forgets a writer that is released, and its octets; others keep theirs", () => {
    const turn = new Turn(new ManualClock());
    const [one, other] = [new Collector(), new Collector()];
    write(turn, one, 1);
    turn.release(one);
    write(turn, other, 2);
    turn.release(one);
    turn.take(other);
    expect([one.collected, other.collected]).toEqual([[], ["02"]]);
  });
});

test("CVE-2021-42340: a session that has ended is forgotten", () => {
  class WatchedTurn extends Turn {
    readonly released: Set<Writer> = new Set();

    override release(writer: Writer): void {
      this.released.add(writer);
      super.release(writer);
    }
  }
  const clock = new ManualClock();
  const turn = new WatchedTurn(clock);
  const [one, other] = [new Rig({ clock, turn }), new Rig({ clock, turn })];
  one.connection.terminate();
  expect(turn.released.size).toBe(1);
  other.lose();
  expect(turn.released.size).toBe(2);
});

describe("deadlines", () => {
  function deadlines(): { clock: ManualClock; deadlines: Deadlines; passed: DeadlineName[] } {
    const clock = new ManualClock();
    const passed: DeadlineName[] = [];
    const owner = { deadlinePassed: (name: DeadlineName) => void passed.push(name) };
    return { clock, deadlines: new Deadlines(clock, owner), passed };
  }

  test("pass once, each at its time", async () => {
    const { clock, deadlines: set, passed } = deadlines();
    set.set("close", 20);
    set.set("write", 10);
    expect([set.has("close"), set.has("write")]).toEqual([true, true]);
    await clock.advance(10);
    expect(passed).toEqual(["write"]);
    expect(set.has("write")).toBe(false);
    await clock.advance(100);
    expect(passed).toEqual(["write", "close"]);
  });

  test("set anew take the place of those before; infinite ones are none", async () => {
    const { clock, deadlines: set, passed } = deadlines();
    set.set("close", 10);
    set.set("close", 30);
    expect(clock.delays).toEqual([30]);
    set.set("close", Infinity);
    expect(set.has("close")).toBe(false);
    await clock.advance(100);
    expect(passed).toEqual([]);
  });

  test("cleared do not pass", async () => {
    const { clock, deadlines: set, passed } = deadlines();
    set.set("close", 10);
    set.set("write", 10);
    set.clear("write");
    expect(clock.delays).toEqual([10]);
    set.clearAll();
    expect(clock.delays).toEqual([]);
    await clock.advance(100);
    expect(passed).toEqual([]);
  });
});
