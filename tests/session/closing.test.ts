import { describe, expect, test } from "vitest";
import { CloseConnection, Ping, TextMessage } from "../../src/events.ts";
import { Opcode } from "../../src/frames/opcode.ts";
import { ConnectionClosedError } from "../../src/session/close-info.ts";
import { CLIENT, ConnectionState, SERVER } from "../../src/states.ts";
import { FaultyExtension } from "../helpers/faulty-extension.ts";
import { outcomeOf, readAll, Rig, untyped } from "../helpers/rig.ts";

const close = (code: number, reason?: string): CloseConnection =>
  new CloseConnection({ code, reason: reason ?? null });
const message = new TextMessage({ data: "a" });
/** A frame with an opcode that nobody knows, masked. */
const invalid = Uint8Array.of(0x83, 0x80, 0, 0, 0, 0);
const ENDS = [
  ["server", SERVER],
  ["client", CLIENT],
] as const;

/** The codes and reasons of the Closes that were sent. */
function closesOf(rig: Rig): (readonly [number, string | null])[] {
  return rig
    .read()
    .flatMap((event) =>
      event.type === "CloseConnection" ? [[event.code, event.reason] as const] : [],
    );
}

describe("close", () => {
  test.each<[string, unknown[], object]>([
    ["CVE-2026-45736: a reason in octets", [1000, new Float32Array(20)], { name: "TypeError" }],
    ["CVE-2016-10518: a number as the reason", [1000, 5], { name: "TypeError" }],
    ["a code in text", ["1000"], { name: "TypeError" }],
    ["no code", [null], { name: "TypeError" }],
    ["a reason of 124 octets", [1000, "x".repeat(124)], { name: "RangeError" }],
    ["a reason of 124 octets of UTF-8", [1000, "ä".repeat(62)], { name: "RangeError" }],
    ...[0, 999, 1004, 1006, 1015, 1016, 2999, 5000, 65_536, 1000.5, Number.NaN].map(
      (code): [string, unknown[], object] => [
        `code ${code}`,
        [code],
        { name: "LocalProtocolError", code: "ERR_CLOSE_CODE" },
      ],
    ),
    [
      "a reason without a code",
      [1005, "bye"],
      { name: "LocalProtocolError", code: "ERR_CLOSE_CODE" },
    ],
  ])("with %s throws, and nothing is sent", async (_name, args, error) => {
    const rig = new Rig();
    const call = (): unknown => rig.connection.close(untyped(args[0]), untyped(args[1]));
    expect(call).toThrow(expect.objectContaining(error));
    await rig.endTurn();
    expect(rig.transport.writes).toEqual([]);
    expect(rig.connection.state).toBe(ConnectionState.OPEN);
    expect(rig.clock.delays).toEqual([30_000]);
  });

  test.each([
    [[], [1000, ""]],
    [[1001], [1001, ""]],
    [[1005], [1005, ""]],
    [
      [1014, "bad gateway"],
      [1014, "bad gateway"],
    ],
    [
      [4999, "ä".repeat(61)],
      [4999, "ä".repeat(61)],
    ],
    [
      [3000, "x".repeat(123)],
      [3000, "x".repeat(123)],
    ],
  ] as [[number?, string?], [number, string]][])("with %j sends %j", async (args, sent) => {
    const rig = new Rig();
    void rig.connection.close(...args);
    expect(rig.connection.state).toBe(ConnectionState.LOCAL_CLOSING);
    await rig.endTurn();
    expect(closesOf(rig)).toEqual([sent]);
  });

  test("R6455-7.3-01: nothing is closed unasked", async () => {
    const rig = new Rig();
    rig.arrive(message, message);
    await rig.endTurn();
    readAll(rig.connection);
    await rig.endTurn();
    expect(rig.transport.writes).toEqual([]);
    expect(rig.transport.calls).toEqual(["pause", "resume"]);
  });

  test("again, and after the end, settles in the same way, and sends nothing more", async () => {
    const rig = new Rig();
    const outcomes = [rig.connection.close(1001, "first"), rig.connection.close(4000, "second")];
    rig.arrive(close(1001));
    rig.lose();
    outcomes.push(rig.connection.close(4001, "third"), rig.connection.closed);
    const info = { code: 1001, reason: "", wasClean: true };
    expect(await Promise.all(outcomes)).toEqual([info, info, info, info]);
    expect(closesOf(rig)).toEqual([[1001, "first"]]);
    await rig.connection[Symbol.asyncDispose]();
  });

  test("as a disposal: sends 1000, and settles when the connection has ended", async () => {
    const rig = new Rig();
    const disposed = outcomeOf(rig.connection[Symbol.asyncDispose]());
    await rig.endTurn();
    expect(closesOf(rig)).toEqual([[1000, ""]]);
    expect(disposed.state).toBe("pending");
    rig.lose();
    await rig.endTurn();
    expect(disposed).toMatchObject({ state: "fulfilled", value: undefined });
  });

  test("sends what was sent before it first, all in one write", async () => {
    const rig = new Rig();
    void rig.connection.send("a");
    void rig.connection.close();
    await rig.endTurn();
    expect(rig.transport.writes).toHaveLength(1);
    expect(rig.read().map(({ type }) => type)).toEqual(["TextMessage", "CloseConnection"]);
  });

  test("what arrives afterwards is not delivered; what was read ahead still is", async () => {
    const rig = new Rig();
    rig.arrive(new TextMessage({ data: "ahead" }), message, message);
    await rig.endTurn();
    expect(rig.transport.paused).toBe(true);
    void rig.connection.close();
    expect(rig.transport.paused).toBe(false);
    rig.arrive(message, close(1000));
    const { items, end } = readAll(rig.connection);
    await rig.endTurn();
    expect(items).toEqual(["ahead"]);
    expect(end.state).toBe("fulfilled");
  });
});

describe("the outcome", () => {
  type Step = (rig: Rig) => void;
  const receive =
    (...args: Parameters<typeof close>): Step =>
    (rig) =>
      rig.arrive(close(...args));
  /** Another Close, which no engine sends. */
  const again: Step = (rig) => rig.connection.received(Uint8Array.of(0x88, 0x80, 0, 0, 0, 0));
  const send: Step = (rig) => void rig.connection.close(4000, "ours");
  const lose: Step = (rig) => rig.lose(new Error("ECONNRESET"));
  const finish: Step = (rig) => {
    rig.connection.ended();
    rig.lose();
  };

  test.each<[string, Step[], { code: number; reason: string; wasClean: boolean }]>([
    [
      "R6455-7.1.4-01: both have sent a Close, the peer first",
      [receive(1001, "bye"), finish],
      { code: 1001, reason: "bye", wasClean: true },
    ],
    [
      "R6455-7.1.4-01: both have sent a Close, we first",
      [send, receive(1000), finish],
      { code: 1000, reason: "", wasClean: true },
    ],
    [
      "and then the stream broke",
      [send, receive(4000, "x"), lose],
      { code: 4000, reason: "x", wasClean: true },
    ],
    [
      "R6455-7.1.5-01: a Close without a code is 1005",
      [receive(1005), finish],
      { code: 1005, reason: "", wasClean: true },
    ],
    ["R6455-7.1.5-01: no Close is 1006", [finish], { code: 1006, reason: "", wasClean: false }],
    ["no Close, the stream broke", [lose], { code: 1006, reason: "", wasClean: false }],
    ["ours alone is 1006", [send, finish], { code: 1006, reason: "", wasClean: false }],
    ["ours alone, the stream broke", [send, lose], { code: 1006, reason: "", wasClean: false }],
    [
      "R6455-7.1.5-01: the first Close counts",
      [receive(4001, "one"), again, finish],
      { code: 4001, reason: "one", wasClean: true },
    ],
    [
      "R6455-7.1.6-01: the reason is the peer's",
      [send, receive(4003, "théirs"), finish],
      { code: 4003, reason: "théirs", wasClean: true },
    ],
    [
      "a Close, and the stream broke after our answer",
      [receive(1000), lose],
      { code: 1000, reason: "", wasClean: true },
    ],
    [
      "terminate",
      [(rig) => rig.connection.terminate()],
      { code: 1006, reason: "", wasClean: false },
    ],
    [
      "terminate after both Closes",
      [send, receive(1000), (rig) => rig.connection.terminate()],
      { code: 1000, reason: "", wasClean: true },
    ],
  ])("%s", async (_name, steps, info) => {
    for (const [, type] of ENDS) {
      const rig = new Rig({ type });
      const early = rig.connection.closed;
      for (const step of steps) {
        step(rig);
        await rig.endTurn();
      }
      expect(await early).toEqual(info);
      expect(await rig.connection.closed).toEqual(info);
      expect(rig.connection.state).toBe(ConnectionState.CLOSED);
      expect(rig.clock.delays).toEqual([]);
      expect(rig.transport.faults).toEqual([]);
    }
  });

  test("is told by an error too, where the application waits for something", () => {
    const error = new ConnectionClosedError({ code: 4000, reason: "x", wasClean: false }, "why");
    expect(error).toMatchObject({ code: 4000, reason: "x", wasClean: false, cause: "why" });
    expect(`${error}`).toBe("ConnectionClosedError: the connection was closed with code 4000");
  });
});

describe.each(ENDS)("a %s", (role, type) => {
  test("R6455-5.5.1-03: a Close is answered at once, with its code and reason", () => {
    const rig = new Rig({ type });
    rig.arrive(message, close(4321, "why"));
    readAll(rig.connection);
    rig.connection.received(new Uint8Array(0));
    expect(closesOf(rig)).toEqual([[4321, "why"]]);
  });

  test("R6455-5.5.1-04, R6455-7.1.1-02: after both Closes the server ends TCP, the client waits for that", async () => {
    for (const first of ["ours", "theirs"]) {
      const rig = new Rig({ type });
      if (first === "ours") void rig.connection.close();
      rig.arrive(close(1000));
      expect(closesOf(rig)).toHaveLength(1);
      expect(rig.transport.calls).toEqual(role === "server" ? ["end"] : []);
      rig.connection.ended();
      expect(rig.transport.calls).toEqual(["end"]);
      rig.lose();
      expect(await rig.connection.closed).toMatchObject({ wasClean: true });
      expect(rig.transport.calls).toEqual(["end"]);
      expect(rig.clock.delays).toEqual([]);
    }
  });

  test("R6455-7.1.1-01, CVE-2026-77358: the Close leaves before the end of the stream; what comes behind the peer's is dropped", async () => {
    const rig = new Rig({ type });
    void rig.connection.send("a");
    rig.arrive(close(1000));
    rig.connection.received(Uint8Array.of(1, 2, 3));
    rig.connection.ended();
    expect(rig.transport.faults).toEqual([]);
    expect(rig.read().map((event) => event.type)).toEqual(["TextMessage", "CloseConnection"]);
    rig.lose();
    expect(await rig.connection.closed).toMatchObject({ code: 1000, wasClean: true });
  });

  test("a peer that only ends its side is 1006; its end is answered with ours", async () => {
    const rig = new Rig({ type });
    void rig.connection.send("a");
    rig.connection.ended();
    rig.connection.ended();
    expect(rig.transport.calls).toEqual(["end"]);
    expect(rig.read().map((event) => event.type)).toEqual(["TextMessage"]);
    rig.lose();
    rig.connection.transportClosed(new Error("again"));
    expect(await rig.connection.closed).toEqual({ code: 1006, reason: "", wasClean: false });
    for (const late of [rig.connection.receive(), rig.connection.send("a")]) {
      const error = await late.catch((caught: unknown) => caught);
      expect(error).toMatchObject({ code: 1006 });
      expect(error).not.toHaveProperty("cause");
    }
  });

  test("a peer that ends its side with messages unread: they can be read, and answered, until the deadline", async () => {
    const rig = new Rig({ type });
    rig.arrive(message, message, message);
    await rig.endTurn();
    rig.connection.ended();
    // Such a transport is at fault, but nobody has to suffer.
    expect(() => rig.connection.received(Uint8Array.of(1, 2, 3))).not.toThrow();
    expect(await rig.connection.receive()).toBe("a");
    await expect(rig.connection.send("answer")).resolves.toBeUndefined();
    await rig.endTurn();
    expect(rig.read()).toHaveLength(1);
    expect(rig.transport.calls).toEqual(["pause"]);
    await rig.clock.advance(10_000);
    expect(rig.transport.calls).toEqual(["pause", "destroy"]);
    expect(await rig.connection.closed).toMatchObject({ code: 1006 });
  });

  test("R6455-7.1.7-01, R6455-7.1.7-02: a peer that breaks the protocol gets the failing Close, then the stream ends", async () => {
    const rig = new Rig({ type });
    const { items, end } = readAll(rig.connection);
    const broken = role === "server" ? invalid : Uint8Array.of(0x83, 0);
    rig.connection.received(Uint8Array.of(...rig.encode(message), ...broken));
    expect(rig.connection.state).toBe(ConnectionState.LOCAL_CLOSING);
    expect(closesOf(rig)).toEqual([[1002, "Invalid opcode 0x3"]]);
    expect(rig.transport.calls).toEqual(role === "server" ? ["end"] : []);
    rig.connection.received(Uint8Array.of(0x88, 0x80, 0, 0, 0, 0));
    rig.connection.ended();
    expect(rig.transport.calls).toEqual(["end"]);
    rig.lose();
    await rig.endTurn();
    expect(items).toEqual(["a"]);
    expect(end.error).toMatchObject({ code: 1006, cause: { code: "ERR_OPCODE" } });
    expect(await rig.connection.closed).toEqual({ code: 1006, reason: "", wasClean: false });
  });

  test("one that breaks it after our Close gets no second one", async () => {
    const rig = new Rig({ type });
    void rig.connection.close();
    rig.connection.received(role === "server" ? invalid : Uint8Array.of(0x83, 0));
    await rig.endTurn();
    expect(closesOf(rig)).toEqual([[1000, ""]]);
    rig.connection.ended();
    rig.lose();
    expect(await rig.connection.closed).toEqual({ code: 1006, reason: "", wasClean: false });
  });

  test("a message that is too big is failed with 1009, of which the application hears", async () => {
    const rig = new Rig({ type, limits: { message: 10 } });
    const { end } = readAll(rig.connection);
    rig.arrive(new TextMessage({ data: "x".repeat(11) }));
    expect(closesOf(rig)).toEqual([[1009, "frame of more than 10 octets"]]);
    rig.lose();
    await rig.endTurn();
    expect(end.error).toMatchObject({ code: 1006, cause: { code: "ERR_MESSAGE_SIZE" } });
  });
});

describe("the deadline of closing", () => {
  test.each<[string, (rig: Rig) => void]>([
    ["our Close", (rig) => void rig.connection.close()],
    ["the peer's Close", (rig) => rig.arrive(close(1000))],
    ["a failure", (rig) => rig.connection.received(invalid)],
    ["the end of the peer's side", (rig) => rig.connection.ended()],
  ])("is 10 s from %s", async (_name, begin) => {
    for (const [, type] of ENDS) {
      const rig = new Rig({ type });
      await rig.clock.advance(1234);
      begin(rig);
      expect(rig.clock.delays).toEqual([10_000]);
      await rig.clock.advance(9_999);
      expect(rig.transport.destroyed).toBe(false);
      await rig.clock.advance(1);
      expect(rig.transport.destroyed).toBe(true);
      expect(rig.transport.faults).toEqual([]);
      await rig.connection.closed;
      expect(rig.clock.delays).toEqual([]);
    }
  });

  test("CVE-2024-23672: data does not move it, nor does anything else", async () => {
    const rig = new Rig();
    rig.transport.flow = 0;
    const closed = outcomeOf(rig.connection.close());
    for (let second = 0; second < 9; second++) {
      await rig.clock.advance(1000);
      rig.arrive(message, new Ping());
      rig.drain(1);
      void rig.connection.close(4000);
    }
    rig.arrive(close(1000));
    await rig.clock.advance(500);
    rig.connection.ended();
    await rig.clock.advance(499);
    expect(closed.state).toBe("pending");
    await rig.clock.advance(1);
    expect(closed.value).toEqual({ code: 1000, reason: "", wasClean: true });
    expect(rig.transport.calls).toEqual(["end", "destroy"]);
  });

  test("without a Close from the peer it is 1006, and the reason is known", async () => {
    const rig = new Rig();
    const reading = outcomeOf(rig.connection.receive());
    void rig.connection.close();
    await rig.clock.advance(10_000);
    expect(reading.error).toMatchObject({
      code: 1006,
      cause: { message: "closing took too long" },
    });
  });

  test("ws-3f9ffc68: it is an option", async () => {
    const rig = new Rig({ deadlines: { close: 50 } });
    void rig.connection.close();
    await rig.clock.advance(50);
    expect(rig.transport.destroyed).toBe(true);
    const patient = new Rig({ deadlines: { close: Infinity } });
    void patient.connection.close();
    expect(patient.clock.delays).toEqual([]);
    await patient.clock.advance(10_000_000);
    expect(patient.transport.destroyed).toBe(false);
  });
});

describe("once nothing more will be delivered, the end of the stream is not kept waiting", () => {
  test("by a listener that is paused after the Close", async () => {
    const rig = new Rig({ type: CLIENT });
    rig.connection.on("message", () => {});
    rig.arrive(close(1000));
    rig.connection.pause();
    await rig.endTurn();
    expect(rig.transport.calls).toEqual([]);
  });

  test("by a message that was read ahead, after a failure", async () => {
    const rig = new Rig();
    let fail = (): void => {};
    const failure = new Promise<never>((_, reject) => (fail = () => reject(new Error("source"))));
    const more = rig.encode(message);
    void rig.connection.send(
      (async function* () {
        yield "a";
        yield await failure;
      })(),
    );
    rig.arrive(message, message, message);
    await rig.endTurn();
    expect(rig.transport.paused).toBe(true);
    fail();
    await rig.endTurn();
    expect(closesOf(rig)).toEqual([[1011, ""]]);
    expect(rig.transport.paused).toBe(false);
    rig.connection.received(more);
    await rig.endTurn();
    expect(rig.transport.paused).toBe(false);
    expect(await rig.connection.receive()).toBe("a");
  });
});

describe("terminate", () => {
  test("ends the stream at once, without a Close; whatever waits rejects", async () => {
    const rig = new Rig();
    const waiting = [rig.connection.receive(), rig.connection.ping()].map(
      (promise: Promise<unknown>) => outcomeOf(promise),
    );
    void rig.connection.send("lost");
    rig.connection.terminate();
    expect(rig.transport.calls).toEqual(["destroy"]);
    expect(rig.connection.state).toBe(ConnectionState.CLOSED);
    await rig.endTurn();
    for (const { error } of waiting) {
      expect(error).toMatchObject({ code: 1006, cause: { message: "terminated" } });
    }
    expect(rig.transport.writes).toEqual([]);
    rig.connection.terminate();
    expect(rig.transport.calls).toEqual(["destroy"]);
  });

  test("after the transport is gone touches it no more", async () => {
    const rig = new Rig();
    rig.arrive(message, message);
    await rig.endTurn();
    rig.lose();
    rig.connection.terminate();
    expect(rig.transport.calls).toEqual(["pause"]);
    expect(await rig.connection.closed).toMatchObject({ code: 1006 });
  });

  test("what the transport still tells of is ignored", async () => {
    const rig = new Rig();
    rig.connection.terminate();
    rig.arrive(message);
    rig.connection.progressed();
    rig.connection.ended();
    rig.lose(new Error("later"));
    await rig.endTurn();
    await expect(rig.connection.receive()).rejects.toMatchObject({
      cause: { message: "terminated" },
    });
    expect(rig.clock.delays).toEqual([]);
    expect(rig.transport.calls).toEqual(["destroy"]);
  });
});

describe("a transport that tells of its end from inside a call", () => {
  test.each(["write", "end", "destroy", "pause", "resume"] as const)("%s", async (call) => {
    const rig = new Rig();
    rig.transport.during = (name) => {
      if (name === call) rig.lose(new Error("inside"));
    };
    rig.transport.flow = 0;
    const closed = outcomeOf(rig.connection.closed);
    const waiting = outcomeOf(rig.connection.drained());
    if (call === "pause" || call === "resume") {
      rig.arrive(message, message, message);
      await rig.endTurn();
    }
    readAll(rig.connection);
    await rig.endTurn();
    void rig.connection.send(new Uint8Array(100_000));
    if (call === "destroy") rig.connection.terminate();
    else void rig.connection.close();
    rig.arrive(close(1000));
    await rig.endTurn();
    expect(closed.state).toBe("fulfilled");
    expect(waiting.state).toBe("fulfilled");
    expect(rig.clock.delays).toEqual([]);
    expect(rig.clock.turnHasWork).toBe(false);
    expect(rig.transport.faults).toEqual([]);
  });

  test.each<[string, (rig: Rig) => void, number]>([
    ["our Close", (rig) => void rig.connection.close(), 1006],
    ["the answer to a Close", (rig) => rig.arrive(close(4000)), 4000],
    ["a failing Close", (rig) => rig.connection.received(invalid), 1006],
  ])("while a full buffer is written to make room for %s", async (_name, end, code) => {
    const rig = new Rig();
    for (let count = 0; count < 5; count++) void rig.connection.send(new Uint8Array(13_103));
    rig.transport.during = () => rig.lose();
    end(rig);
    expect(rig.transport.writes).toHaveLength(1);
    expect(await rig.connection.closed).toEqual({ code, reason: "", wasClean: false });
    expect(rig.transport.faults).toEqual([]);
    expect(rig.clock.delays).toEqual([]);
  });

  test("octets that arrive from inside resume are read", async () => {
    const rig = new Rig();
    rig.arrive(message, message);
    await rig.endTurn();
    rig.transport.during = (name) => {
      if (name === "resume") rig.arrive(new TextMessage({ data: "inside" }));
    };
    const { items } = readAll(rig.connection);
    await rig.endTurn();
    expect(items).toEqual(["a", "a", "inside"]);
  });
});

describe("an extension that throws", () => {
  const fault = new Error("extension");

  test("for what is received fails the connection with 1011, and is reported", async () => {
    const extension = new FaultyExtension();
    const rig = new Rig({ extensions: [extension] });
    const { items, end } = readAll(rig.connection);
    extension.inbound.set(Opcode.BINARY, fault);
    rig.connection.received(
      Uint8Array.of(...rig.encode(message), 0x82, 0x80, 0, 0, 0, 0, ...rig.encode(message)),
    );
    expect(closesOf(rig)).toEqual([[1011, ""]]);
    expect(rig.reported).toEqual([fault]);
    expect(rig.transport.calls).toEqual(["end"]);
    rig.lose();
    await rig.endTurn();
    expect(items).toEqual(["a"]);
    expect(end.error).toMatchObject({ code: 1006, cause: fault });
    expect(extension.released).toBeGreaterThan(0);
  });

  test("for what waited to be read: the end of the stream is not kept waiting", async () => {
    const extension = new FaultyExtension();
    const rig = new Rig({ extensions: [extension] });
    rig.arrive(message, message, message);
    await rig.endTurn();
    extension.inbound.set(Opcode.TEXT, fault);
    expect(await rig.connection.receive()).toBe("a");
    await rig.endTurn();
    expect(rig.transport.calls).toEqual(["pause", "end", "resume"]);
  });

  test("for what was received when the transport is gone: the connection ends", async () => {
    const extension = new FaultyExtension();
    const rig = new Rig({ extensions: [extension] });
    rig.arrive(message, message, message);
    await rig.endTurn();
    extension.inbound.set(Opcode.TEXT, fault);
    rig.lose();
    const { items } = readAll(rig.connection);
    await rig.endTurn();
    expect(items).toEqual(["a"]);
    expect(await rig.connection.closed).toMatchObject({ code: 1006 });
    expect(rig.reported).toEqual([fault]);
  });

  test("for a Close as well: the stream is cut", async () => {
    const extension = new FaultyExtension();
    const rig = new Rig({ extensions: [extension] });
    readAll(rig.connection);
    extension.inbound.set(Opcode.TEXT, fault);
    extension.outbound.set(Opcode.CLOSE, fault);
    rig.arrive(message);
    expect(rig.transport.calls).toEqual(["destroy"]);
    expect(rig.reported).toEqual([fault]);
    expect(rig.connection.state).toBe(ConnectionState.CLOSED);
    expect(await rig.connection.closed).toMatchObject({ code: 1006, wasClean: false });
  });

  test("for the answer to a Close: the stream is cut, the Close is known", async () => {
    const extension = new FaultyExtension();
    const rig = new Rig({ extensions: [extension] });
    extension.outbound.set(Opcode.CLOSE, fault);
    rig.arrive(close(4000, "x"));
    expect(rig.transport.calls).toEqual(["destroy"]);
    expect(await rig.connection.closed).toEqual({ code: 4000, reason: "x", wasClean: false });
  });

  test("for our Close: close throws, and the connection goes on", async () => {
    const extension = new FaultyExtension();
    const rig = new Rig({ extensions: [extension] });
    extension.outbound.set(Opcode.CLOSE, fault);
    expect(() => rig.connection.close()).toThrow(fault);
    expect(rig.connection.writable).toBe(true);
    extension.outbound.clear();
    void rig.connection.close();
    expect(rig.connection.state).toBe(ConnectionState.LOCAL_CLOSING);
  });

  test("when the end lets go of the engine: nobody hears of it", async () => {
    const extension = new FaultyExtension();
    const rig = new Rig({ extensions: [extension] });
    extension.outbound.set(Opcode.CLOSE, fault);
    rig.connection.terminate();
    expect(rig.connection.state).toBe(ConnectionState.CLOSED);
    expect(rig.reported).toEqual([]);
  });
});

test("the end lets go of unread octets and of extensions", async () => {
  const extension = new FaultyExtension();
  const rig = new Rig({ extensions: [extension] });
  rig.arrive(message, message, message);
  await rig.endTurn();
  rig.connection.terminate();
  expect(extension.released).toBeGreaterThan(0);
  expect(await rig.connection.receive()).toBe("a");
  await expect(rig.connection.receive()).rejects.toMatchObject({ code: 1006 });
});
