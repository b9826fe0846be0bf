import { describe, expect, test } from "vitest";
import { CloseConnection, Ping, Pong, TextMessage } from "../../src/events.ts";
import { Opcode } from "../../src/frames/opcode.ts";
import { Turn } from "../../src/session/turn.ts";
import { FaultyExtension } from "../helpers/faulty-extension.ts";
import { ManualClock } from "../helpers/manual-clock.ts";
import { outcomeOf, readAll, Rig, untyped } from "../helpers/rig.ts";

/** The payloads of the pings that were sent. */
function pingsOf(rig: Rig): Uint8Array[] {
  return rig.read().flatMap((event) => (event.type === "Ping" ? [event.payload] : []));
}

const SILENT = {
  name: "ConnectionClosedError",
  code: 1006,
  cause: { message: "the peer has been silent for too long" },
};

describe("keep-alive", () => {
  test("a silent peer is pinged after 30 s, and dead 20 s later: 1006", async () => {
    const rig = new Rig();
    const closed = outcomeOf(rig.connection.closed);
    const { end } = readAll(rig.connection);
    await rig.clock.advance(29_999);
    expect(rig.transport.writes).toEqual([]);
    await rig.clock.advance(1);
    expect(pingsOf(rig)).toHaveLength(1);
    await rig.clock.advance(19_999);
    expect(closed.state).toBe("pending");
    await rig.clock.advance(1);
    expect(closed.value).toEqual({ code: 1006, reason: "", wasClean: false });
    expect(end.error).toMatchObject(SILENT);
    expect(rig.transport.calls).toEqual(["destroy"]);
    expect(rig.clock.delays).toEqual([]);
  });

  test("a peer that answers lives, and its round trip is the latency", async () => {
    const rig = new Rig();
    readAll(rig.connection);
    expect(rig.connection.latency).toBeNull();
    for (let round = 0; round < 5; round++) {
      await rig.clock.advance(30_000);
      const [payload] = pingsOf(rig);
      await rig.clock.advance(40 + round);
      rig.arrive(new Pong({ payload: payload! }));
      expect(rig.connection.latency).toBe(40 + round);
    }
    expect(rig.connection.state).toBe(1);
  });

  test.each<[string, (rig: Rig) => void]>([
    ["a message", (rig) => rig.arrive(new TextMessage({ data: "a" }))],
    ["half a header", (rig) => rig.connection.received(Uint8Array.of(0x81))],
    ["somebody else's pong", (rig) => rig.arrive(new Pong())],
    ["a ping", (rig) => rig.arrive(new Ping())],
  ])("any octets are a sign of life: %s", async (_name, give) => {
    const rig = new Rig();
    readAll(rig.connection);
    await rig.clock.advance(29_000);
    give(rig);
    await rig.clock.advance(29_999);
    expect(pingsOf(rig)).toEqual([]);
    await rig.clock.advance(1);
    expect(pingsOf(rig)).toHaveLength(1);
    await rig.clock.advance(19_999);
    expect(rig.connection.state).toBe(1);
    await rig.clock.advance(1);
    expect(rig.connection.state).toBe(4);
  });

  test("while nobody reads, the peer is not thought dead; from then on the time counts anew", async () => {
    const rig = new Rig();
    rig.arrive(new TextMessage({ data: "a" }));
    await rig.clock.advance(1_000_000);
    expect(pingsOf(rig)).toEqual([]);
    expect(rig.transport.paused).toBe(true);
    readAll(rig.connection);
    await rig.clock.advance(29_999);
    expect(pingsOf(rig)).toEqual([]);
    await rig.clock.advance(1);
    expect(pingsOf(rig)).toHaveLength(1);
    await rig.clock.advance(20_000);
    expect(rig.connection.state).toBe(4);
  });

  test.each([1, 20_000, 3_600_000])(
    "a process that stood still for %d ms before its ping gives the peer all its time to answer",
    async (late) => {
      const rig = new Rig();
      readAll(rig.connection);
      await rig.clock.endTurn();
      rig.clock.stall(30_000 + late);
      await rig.clock.endTurn();
      expect(pingsOf(rig)).toHaveLength(1);
      await rig.clock.advance(19_999);
      expect(rig.connection.state).toBe(1);
      await rig.clock.advance(1);
      expect(rig.connection.state).toBe(4);
    },
  );

  test("an answer that came while the process stood still is read before the peer is judged", async () => {
    const rig = new Rig();
    readAll(rig.connection);
    await rig.clock.advance(30_000);
    const [payload] = pingsOf(rig);
    rig.clock.stall(60_000);
    rig.arrive(new Pong({ payload: payload! }));
    await rig.clock.advance(29_999);
    expect(rig.connection.state).toBe(1);
    expect(pingsOf(rig)).toEqual([]);
    await rig.clock.advance(1);
    expect(pingsOf(rig)).toHaveLength(1);
  });

  test("a peer that is to be judged while the closing handshake begins has its deadline", async () => {
    const rig = new Rig();
    readAll(rig.connection);
    await rig.clock.advance(30_000);
    rig.clock.stall(20_000);
    void rig.connection.close();
    await rig.clock.endTurn();
    expect(rig.connection.state).toBe(3);
    rig.arrive(new CloseConnection({ code: 1000 }));
    rig.connection.transportClosed();
    expect(await rig.connection.closed).toMatchObject({ code: 1000, wasClean: true });
  });

  test("a peer that still takes a long queue is alive, though its ping stands behind it", async () => {
    const rig = new Rig();
    readAll(rig.connection);
    rig.transport.flow = 0;
    void rig.connection.send(new Uint8Array(1_000_000));
    for (let second = 0; second < 90; second++) {
      await rig.clock.advance(1000);
      rig.drain(10_000);
    }
    expect(rig.connection.state).toBe(1);
    rig.drain();
    // With the queue goes the sign of life.
    await rig.clock.advance(49_999);
    expect(rig.connection.state).toBe(1);
    await rig.clock.advance(1);
    expect(rig.connection.state).toBe(4);
  });

  test("that octets have left is no sign of life where nothing was queued", async () => {
    const rig = new Rig();
    const { end } = readAll(rig.connection);
    for (let second = 0; second < 50; second++) {
      void rig.connection.send("news");
      await rig.clock.advance(1000);
      rig.connection.progressed();
    }
    await rig.endTurn();
    expect(end.error).toMatchObject(SILENT);
  });

  test("false: nothing is ever asked, a peer may be silent for ever", async () => {
    const rig = new Rig({ keepAlive: false });
    expect(rig.clock.delays).toEqual([]);
    await rig.clock.advance(10_000_000);
    expect(rig.transport.writes).toEqual([]);
    expect(rig.connection.state).toBe(1);
  });

  test("the times are options", async () => {
    const rig = new Rig({ keepAlive: { interval: 100, timeout: 30 } });
    readAll(rig.connection);
    await rig.clock.advance(129);
    expect(pingsOf(rig)).toHaveLength(1);
    expect(rig.connection.state).toBe(1);
    await rig.clock.advance(1);
    expect(rig.connection.state).toBe(4);
  });

  test("a timeout longer than the interval: another ping after each interval, dead in the end", async () => {
    const rig = new Rig({ keepAlive: { interval: 100, timeout: 250 } });
    readAll(rig.connection);
    await rig.clock.advance(349);
    expect(pingsOf(rig)).toHaveLength(3);
    await rig.clock.advance(1);
    expect(rig.connection.state).toBe(4);
  });

  test("an infinite timeout: pings, but nobody is thought dead", async () => {
    const rig = new Rig({ keepAlive: { interval: 100, timeout: Infinity } });
    readAll(rig.connection);
    await rig.clock.advance(1000);
    expect(pingsOf(rig)).toHaveLength(10);
    expect(rig.connection.state).toBe(1);
  });

  test("a connection that is closing is not pinged", async () => {
    const rig = new Rig({ deadlines: { close: 100_000 } });
    void rig.connection.close();
    await rig.clock.advance(99_999);
    expect(pingsOf(rig)).toEqual([]);
    expect(rig.connection.state).toBe(3);
  });

  test("all connections of a thread share one timer, and each is pinged at its own time", async () => {
    const clock = new ManualClock();
    const turn = new Turn(clock);
    const rigs: Rig[] = [];
    for (let count = 0; count < 20; count++) {
      rigs.push(new Rig({ clock, turn }));
      expect(clock.delays).toHaveLength(1);
      await clock.advance(1000);
    }
    rigs[1]!.lose();
    rigs[2]!.arrive(new Pong());
    for (const [index, rig] of rigs.entries()) {
      await clock.advance(index === 0 ? 10_000 : 1000);
      expect(pingsOf(rig)).toHaveLength(index === 1 || index === 2 ? 0 : 1);
    }
    // It was heard in the second 20.
    await clock.advance(1000);
    expect(pingsOf(rigs[2]!)).toHaveLength(1);
  });

  test("an extension that throws for its ping fails the connection with 1011", async () => {
    const extension = new FaultyExtension();
    const fault = new Error("extension");
    extension.outbound.set(Opcode.PING, fault);
    const rig = new Rig({ extensions: [extension] });
    await rig.clock.advance(30_000);
    expect(rig.reported).toEqual([fault]);
    expect(rig.read()).toEqual([expect.objectContaining({ code: 1011 })]);
  });
});

describe("ping", () => {
  test("settles with the round trip time, which is then the latency", async () => {
    const rig = new Rig();
    const ping = outcomeOf(rig.connection.ping());
    await rig.endTurn();
    const [payload] = pingsOf(rig);
    await rig.clock.advance(12.5);
    expect(ping.state).toBe("pending");
    rig.arrive(new Pong({ payload: payload! }));
    await rig.endTurn();
    expect(ping.value).toBe(12.5);
    expect(rig.connection.latency).toBe(12.5);
  });

  test("carries a payload of its own, or one that no other has", async () => {
    const rig = new Rig();
    void rig.connection.ping(Uint8Array.of(1, 2));
    void rig.connection.ping(new Uint16Array([0x0403]).buffer);
    void rig.connection.ping();
    void rig.connection.ping();
    await rig.endTurn();
    const payloads = pingsOf(rig);
    expect(payloads.slice(0, 2)).toEqual([Uint8Array.of(1, 2), Uint8Array.of(3, 4)]);
    expect(payloads[2]).not.toEqual(payloads[3]);
  });

  test("R6455-5.5.3-02: a pong answers the pings before its own as well, and none behind it", async () => {
    const rig = new Rig();
    const pings: { state: string; value: number | undefined }[] = [];
    for (let count = 0; count < 4; count++) {
      pings.push(outcomeOf(rig.connection.ping(Uint8Array.of(count))));
      await rig.clock.advance(10);
    }
    rig.arrive(new Pong({ payload: Uint8Array.of(2) }));
    await rig.endTurn();
    expect(pings.map(({ value }) => value)).toEqual([40, 30, 20, undefined]);
    expect(rig.connection.latency).toBe(20);
    rig.arrive(new Pong({ payload: Uint8Array.of(0) }), new Pong({ payload: Uint8Array.of(3) }));
    await rig.endTurn();
    expect(pings[3]!.value).toBe(10);
  });

  test("R6455-10.3-01: a payload is taken at once", async () => {
    const rig = new Rig();
    const payload = Uint8Array.of(1);
    const ping = outcomeOf(rig.connection.ping(payload));
    payload.fill(2);
    rig.arrive(new Pong({ payload: Uint8Array.of(1) }));
    await rig.endTurn();
    expect(ping.state).toBe("fulfilled");
    expect(pingsOf(rig)).toEqual([Uint8Array.of(1)]);
  });

  test("with the same payload again, a pong answers the newest of them", async () => {
    const rig = new Rig();
    const pings = [rig.connection.ping(Uint8Array.of(1)), rig.connection.ping(Uint8Array.of(1))];
    rig.arrive(new Pong({ payload: Uint8Array.of(1) }));
    expect(await Promise.all(pings)).toEqual([0, 0]);
  });

  test("a pong that answers nothing changes nothing", async () => {
    const rig = new Rig();
    rig.arrive(new Pong());
    const ping = outcomeOf(rig.connection.ping(Uint8Array.of(1)));
    rig.arrive(new Pong({ payload: Uint8Array.of(2) }), new Pong({ payload: Uint8Array.of(1, 0) }));
    await rig.endTurn();
    expect(ping.state).toBe("pending");
    expect(rig.connection.latency).toBeNull();
  });

  test("rejects when the connection ends", async () => {
    const rig = new Rig();
    const pings = [outcomeOf(rig.connection.ping()), outcomeOf(rig.connection.ping())];
    rig.lose();
    await rig.endTurn();
    for (const { error } of pings) expect(error).toMatchObject({ name: "ConnectionClosedError" });
  });

  test.each([
    ["CVE-2016-10518: a number", 5, { name: "TypeError" }],
    ["text", "abc", { name: "TypeError" }],
    ["null", null, { name: "TypeError" }],
    ["126 octets", new Uint8Array(126), { name: "LocalProtocolError", code: "ERR_CONTROL_LENGTH" }],
  ])("%s is no payload", async (_name, payload, error) => {
    const rig = new Rig();
    await expect(rig.connection.ping(untyped(payload))).rejects.toMatchObject(error);
    await rig.endTurn();
    expect(rig.transport.writes).toEqual([]);
  });
});
