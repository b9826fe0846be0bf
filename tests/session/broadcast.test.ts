import { describe, expect, test } from "vitest";
import { CloseConnection, TextMessage } from "../../src/events.ts";
import { broadcast } from "../../src/session/broadcast.ts";
import { CLIENT } from "../../src/states.ts";
import { Rig, untyped } from "../helpers/rig.ts";

const connections = (rigs: readonly Rig[]): Rig["connection"][] =>
  rigs.map(({ connection }) => connection);
const rigs = (count: number): Rig[] => Array.from({ length: count }, () => new Rig());

describe("one message to many", () => {
  test("is encoded once: all of them write the same memory", async () => {
    const many = rigs(3);
    expect(broadcast("news", connections(many))).toBe(3);
    for (const rig of many) await rig.endTurn();
    const buffers = new Set(many.map((rig) => rig.transport.memory[0]));
    expect(buffers.size).toBe(1);
    for (const rig of many) {
      expect(rig.read()).toEqual([new TextMessage({ data: "news" })]);
    }
  });

  test("R6455-10.3-01: octets are taken at once", async () => {
    const [rig] = rigs(1);
    const data = Uint8Array.of(1, 2);
    broadcast(data, [rig!.connection]);
    data.fill(0);
    await rig!.endTurn();
    expect(rig!.read()).toEqual([expect.objectContaining({ data: Uint8Array.of(1, 2) })]);
  });

  test("keeps the order of what else is sent, in the one write of the turn", async () => {
    const [rig] = rigs(1);
    void rig!.connection.send("before");
    broadcast("one", [rig!.connection]);
    broadcast("two", [rig!.connection]);
    void rig!.connection.send("after");
    await rig!.endTurn();
    expect(rig!.transport.writes).toHaveLength(1);
    const data = rig!.read().map((event) => event.type === "TextMessage" && event.data);
    expect(data).toEqual(["before", "one", "two", "after"]);
  });

  test("of a large size leaves at once, behind what was sent before, and is not copied", async () => {
    const many = rigs(2);
    for (const rig of many) void rig.connection.send("before");
    broadcast("x".repeat(100_000), connections(many));
    const [first, second] = many.map((rig) => rig.transport.memory);
    expect(first).toHaveLength(2);
    expect(first![1]).toBe(second![1]);
  });

  test("leaves out those that are closing or have ended, and those whose queue is full", async () => {
    const [open, closing, closed, ended] = [new Rig(), new Rig(), new Rig(), new Rig()];
    const full = new Rig({ maxQueued: 10 });
    void closing.connection.close();
    closed.arrive(new CloseConnection({ code: 1000 }));
    ended.connection.terminate();
    full.transport.flow = 0;
    void full.connection.send("0123456789");
    const all = [open, closing, closed, ended, full];
    expect(broadcast("news", connections(all))).toBe(1);
    for (const rig of all) {
      await rig.endTurn();
      expect(rig.transport.faults).toEqual([]);
    }
    expect(full.read()).toHaveLength(1);
    expect(open.read()).toHaveLength(1);
  });

  test("clients, and connections in the middle of a message, encode it themselves", async () => {
    const client = new Rig({ type: CLIENT });
    const busy = new Rig();
    void busy.connection.send(["a", "b"]);
    expect(broadcast("news", connections([client, busy]))).toBe(2);
    await client.endTurn();
    await busy.endTurn();
    expect(client.read()).toEqual([new TextMessage({ data: "news" })]);
    expect(busy.read().at(-1)).toEqual(new TextMessage({ data: "news" }));
  });

  test("that a connection ends before it could send is nobody's fault", async () => {
    const busy = new Rig();
    void busy.connection.send({
      async *[Symbol.asyncIterator]() {
        yield "a";
        await new Promise(() => {});
      },
    });
    expect(broadcast("news", [busy.connection])).toBe(1);
    busy.connection.terminate();
    await busy.endTurn();
    expect(busy.transport.writes).toEqual([]);
  });

  test("nor that its stream breaks while it takes what was sent before", async () => {
    const rig = new Rig();
    void rig.connection.send("before");
    rig.transport.during = () => rig.lose();
    broadcast("x".repeat(20_000), [rig.connection]);
    await rig.endTurn();
    expect(rig.transport.writes).toHaveLength(1);
    expect(rig.transport.faults).toEqual([]);
  });

  test("must be text or octets, whoever it is for", () => {
    expect(() => broadcast(untyped(5), [])).toThrow(TypeError);
    expect(() => broadcast(untyped(["a"]), [])).toThrow(TypeError);
  });
});
