import { describe, expect, test } from "vitest";
import { CloseConnection, Ping, TextMessage } from "../../src/events.ts";
import { Opcode } from "../../src/frames/opcode.ts";
import { FaultyExtension } from "../helpers/faulty-extension.ts";
import { readAll, Rig } from "../helpers/rig.ts";

const ping = (value: number): Ping => new Ping({ payload: Uint8Array.of(value) });

/** The first octets of the pongs that were sent. */
function pongsOf(rig: Rig): (number | undefined)[] {
  return rig.read().flatMap((event) => (event.type === "Pong" ? [event.payload[0]] : []));
}

describe("automatic pongs", () => {
  test("R6455-5.5.2-01: a ping is answered by the end of the turn, unread messages before it or not", async () => {
    const rig = new Rig();
    rig.arrive(ping(1));
    await rig.endTurn();
    expect(pongsOf(rig)).toEqual([1]);
    rig.arrive(new TextMessage({ data: "a" }));
    await rig.endTurn();
    readAll(rig.connection);
    rig.arrive(ping(2));
    await rig.endTurn();
    expect(pongsOf(rig)).toEqual([2]);
  });

  test("R6455-5.5.3-02: of several pings in a turn the newest is answered", async () => {
    const rig = new Rig();
    rig.arrive(ping(1), ping(2));
    rig.arrive(ping(3));
    await rig.endTurn();
    expect(pongsOf(rig)).toEqual([3]);
    expect(rig.transport.writes).toEqual([]);
  });

  test("it leaves in the write of the turn, behind what was sent in it", async () => {
    const rig = new Rig();
    rig.arrive(ping(1));
    void rig.connection.send("a");
    await rig.endTurn();
    expect(rig.transport.writes).toHaveLength(1);
    expect(rig.read().map(({ type }) => type)).toEqual(["TextMessage", "Pong"]);
  });

  test("R6455-5.5.2-01: none after a Close, received or sent; before ours, yes", async () => {
    const received = new Rig();
    received.arrive(ping(1), new CloseConnection({ code: 1000 }));
    await received.endTurn();
    expect(received.read().map(({ type }) => type)).toEqual(["CloseConnection"]);
    const sent = new Rig();
    sent.arrive(ping(1));
    void sent.connection.close();
    sent.arrive(ping(2));
    await sent.endTurn();
    expect(sent.read().map(({ type }) => type)).toEqual(["Pong", "CloseConnection"]);
  });

  test("none behind a queue that does not move; when it does, the newest", async () => {
    const rig = new Rig();
    rig.transport.flow = 0;
    void rig.connection.send(new Uint8Array(65_536));
    for (let value = 0; value < 100; value++) {
      rig.arrive(ping(value));
      await rig.endTurn();
    }
    expect(rig.connection.bufferedAmount).toBe(65_546);
    rig.drain(10);
    await rig.endTurn();
    expect(pongsOf(rig)).toEqual([]);
    rig.drain(1);
    await rig.endTurn();
    expect(pongsOf(rig)).toEqual([99]);
  });

  test("messages that wait behind one in pieces do not hold it up", async () => {
    const rig = new Rig();
    void rig.connection.send({
      async *[Symbol.asyncIterator]() {
        yield "a";
        await new Promise(() => {});
      },
    });
    void rig.connection.send(new Uint8Array(100_000));
    rig.arrive(ping(1));
    await rig.endTurn();
    expect(pongsOf(rig)).toEqual([1]);
  });

  test("ws-8.23.0: 48 MiB of pings whose answers nobody reads let nothing grow, and then it goes on", async () => {
    const rig = new Rig({ deadlines: { write: Infinity } });
    rig.transport.flow = 0;
    const payload = new Uint8Array(125);
    const pings = Array.from({ length: 500 }, () => new Ping({ payload }));
    const chunk = rig.encode(...pings);
    const turns = Math.ceil((48 * 1024 * 1024) / chunk.length);
    for (let turn = 0; turn < turns; turn++) {
      rig.connection.received(chunk);
      rig.clock.endTurnNow();
    }
    expect(rig.connection.bufferedAmount).toBeLessThan(65_536 + 127);
    expect(rig.transport.writes.length).toBeLessThan(600);
    expect(rig.transport.calls).toEqual([]);
    rig.transport.flow = Infinity;
    rig.drain();
    rig.transport.writes = [];
    const { items } = readAll(rig.connection);
    rig.arrive(ping(7), new TextMessage({ data: "a" }));
    await rig.endTurn();
    expect(pongsOf(rig)).toEqual([7]);
    expect(items).toEqual(["a"]);
  });

  test("an extension that throws for a pong fails the connection with 1011", async () => {
    const extension = new FaultyExtension();
    const fault = new Error("extension");
    extension.outbound.set(Opcode.PONG, fault);
    const rig = new Rig({ extensions: [extension] });
    rig.arrive(ping(1));
    await rig.endTurn();
    expect(rig.reported).toEqual([fault]);
    expect(rig.read()).toEqual([expect.objectContaining({ code: 1011 })]);
  });
});
