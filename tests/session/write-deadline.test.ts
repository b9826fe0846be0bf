import { describe, expect, test } from "vitest";
import { outcomeOf, readAll, Rig } from "../helpers/rig.ts";

/** A rig whose transport takes nothing, with 1,000,010 octets on their way; nobody pings. */
async function stalled(write?: number): Promise<Rig> {
  const rig = new Rig({ keepAlive: false, deadlines: { write } });
  rig.transport.flow = 0;
  void rig.connection.send(new Uint8Array(1_000_000));
  await rig.endTurn();
  return rig;
}

describe("a write without progress", () => {
  test("CVE-2026-79677: for 30 s cuts the connection", async () => {
    const rig = await stalled();
    const { end } = readAll(rig.connection);
    await rig.clock.advance(29_999);
    expect(rig.transport.calls).toEqual([]);
    await rig.clock.advance(1);
    expect(rig.transport.calls).toEqual(["destroy"]);
    await rig.endTurn();
    expect(end.error).toMatchObject({
      code: 1006,
      wasClean: false,
      cause: { message: "nothing of what is queued has left for 30000 ms" },
    });
    expect(rig.clock.delays).toEqual([]);
  });

  test("progress that is told sets the deadline anew, to the millisecond", async () => {
    const rig = await stalled();
    for (let round = 0; round < 5; round++) {
      await rig.clock.advance(20_000);
      rig.drain(1);
    }
    await rig.clock.advance(29_999);
    expect(rig.transport.calls).toEqual([]);
    await rig.clock.advance(1);
    expect(rig.transport.calls).toEqual(["destroy"]);
  });

  test("progress that nobody tells of is seen when the deadline passes", async () => {
    const rig = await stalled();
    for (let round = 0; round < 3; round++) {
      await rig.clock.advance(29_000);
      rig.transport.leave(1);
      await rig.clock.advance(1_000);
      expect(rig.transport.calls).toEqual([]);
    }
    await rig.clock.advance(30_000);
    expect(rig.transport.calls).toEqual(["destroy"]);
  });

  test("what is sent behind it is no progress", async () => {
    const rig = await stalled();
    for (let second = 0; second < 30; second++) {
      void rig.connection.send("more").catch(() => {});
      rig.connection.progressed();
      await rig.clock.advance(1_000);
    }
    expect(rig.transport.calls).toEqual(["destroy"]);
  });

  test("and more sent than has left is progress all the same", async () => {
    const rig = await stalled();
    for (let second = 0; second < 100; second++) {
      void rig.connection.send(new Uint8Array(20_000));
      rig.drain(10_000);
      await rig.clock.advance(1_000);
    }
    expect(rig.transport.calls).toEqual([]);
  });

  test("when all has left there is no deadline, and for the next write a new one", async () => {
    const rig = await stalled();
    await rig.clock.advance(29_000);
    rig.drain();
    expect(rig.clock.delays).toEqual([]);
    await rig.clock.advance(100_000);
    void rig.connection.send("a");
    await rig.endTurn();
    expect(rig.clock.delays).toEqual([30_000]);
    rig.transport.leave(3);
    await rig.clock.advance(30_000);
    expect(rig.clock.delays).toEqual([]);
    expect(rig.transport.calls).toEqual([]);
    void rig.connection.send("b");
    await rig.clock.advance(30_000);
    expect(rig.transport.calls).toEqual(["destroy"]);
  });

  test("what leaves at once needs no deadline", async () => {
    const rig = new Rig({ keepAlive: false });
    void rig.connection.send("a");
    await rig.endTurn();
    expect(rig.clock.delays).toEqual([]);
  });

  test("the time is an option", async () => {
    const rig = await stalled(77);
    await rig.clock.advance(76);
    expect(rig.transport.calls).toEqual([]);
    await rig.clock.advance(1);
    expect(rig.transport.calls).toEqual(["destroy"]);
    const patient = await stalled(Infinity);
    void patient.connection.send("b");
    await patient.endTurn();
    expect(patient.clock.delays).toEqual([]);
  });

  test("R6455-7.1.5-01: while closing it still holds, and the first deadline that passes ends it", async () => {
    const rig = await stalled(5_000);
    const closed = outcomeOf(rig.connection.close());
    await rig.clock.advance(5_000);
    expect(closed.value).toEqual({ code: 1006, reason: "", wasClean: false });
    expect(rig.clock.delays).toEqual([]);
  });

  test("CVE-2026-77791: a close with a full queue sets one timer for each deadline, and does nothing until then", async () => {
    const rig = await stalled();
    void rig.connection.close();
    await rig.endTurn();
    expect(rig.clock.delays).toEqual([10_000, 30_000]);
    expect(rig.clock.turnHasWork).toBe(false);
    await rig.clock.advance(9_999);
    expect(rig.clock.delays).toEqual([1, 20_001]);
    expect(rig.clock.turnHasWork).toBe(false);
  });
});
