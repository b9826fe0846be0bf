import { describe, expect, test } from "vitest";
import { BytesMessage, CloseConnection, Ping, Pong, TextMessage } from "../../src/events.ts";
import { ConnectionClosedError } from "../../src/session/close-info.ts";
import { outcomeOf, readAll, Rig } from "../helpers/rig.ts";

const message = (data: string): TextMessage => new TextMessage({ data });
const piece = (data: string, messageFinished: boolean = false): TextMessage =>
  new TextMessage({ data, messageFinished });
const bye = new CloseConnection({ code: 1000, reason: "bye" });

describe("pull", () => {
  test("what comes before the first reader is kept, one message ahead, the rest unread", async () => {
    const rig = new Rig();
    rig.arrive(message("a"), message("b"), message("c"));
    await rig.endTurn();
    expect(rig.transport.calls).toEqual(["pause"]);
    const taken: (string | Uint8Array | null)[] = [];
    for (let count = 0; count < 3; count++) taken.push(await rig.connection.receive());
    expect(taken).toEqual(["a", "b", "c"]);
  });

  test("what came with the opening handshake is read, without anything else arriving", async () => {
    const rig = new Rig({ early: [message("early"), message("bird")] });
    const { items } = readAll(rig.connection);
    await rig.endTurn();
    expect(items).toEqual(["early", "bird"]);
    expect(rig.transport.calls).toEqual([]);
  });

  test("a Close that came with the opening handshake is answered by the end of the turn", async () => {
    const rig = new Rig({ early: [bye] });
    await rig.endTurn();
    expect(rig.read()).toEqual([expect.objectContaining({ code: 1000, reason: "bye" })]);
  });

  test("reading pauses at the end of the turn, and goes on when all that arrived was taken", async () => {
    const rig = new Rig();
    rig.arrive(message("a"), message("b"), message("c"));
    expect(rig.transport.paused).toBe(false);
    await rig.endTurn();
    expect(rig.transport.paused).toBe(true);
    expect(await rig.connection.receive()).toBe("a");
    await rig.endTurn();
    expect(rig.transport.paused).toBe(true);
    expect(await rig.connection.receive()).toBe("b");
    expect(rig.transport.paused).toBe(true);
    expect(await rig.connection.receive()).toBe("c");
    expect(rig.transport.paused).toBe(false);
    await rig.endTurn();
    expect(rig.transport.calls).toEqual(["pause", "resume"]);
  });

  test("one message ahead of the application is enough to pause", async () => {
    const rig = new Rig();
    rig.arrive(message("a"));
    await rig.endTurn();
    expect(rig.transport.calls).toEqual(["pause"]);
    // What was on its way already.
    rig.arrive(message("b"));
    await rig.endTurn();
    expect(await rig.connection.receive()).toBe("a");
    expect(await rig.connection.receive()).toBe("b");
    await rig.endTurn();
    expect(rig.transport.calls).toEqual(["pause", "resume"]);
  });

  test("64 messages of one chunk are taken in one turn, without a pause", async () => {
    const rig = new Rig();
    const { items } = readAll(rig.connection);
    const data = Array.from({ length: 64 }, (_, index) => `message ${index}`);
    for (let chunk = 0; chunk < 3; chunk++) {
      rig.arrive(...data.map(message));
      await rig.endTurn();
    }
    expect(items).toEqual([...data, ...data, ...data]);
    expect(rig.transport.calls).toEqual([]);
  });

  test("a reader that takes long between two messages pauses the peer, once for each chunk", async () => {
    const rig = new Rig();
    const items: unknown[] = [];
    let goOn = (): void => {};
    const reading = (async () => {
      for await (const item of rig.connection) {
        items.push(item);
        await new Promise<void>((resolve) => (goOn = resolve));
      }
    })();
    rig.arrive(message("a"), message("b"), message("c"));
    for (let count = 1; count <= 3; count++) {
      await rig.endTurn();
      expect(items).toHaveLength(count);
      expect(rig.transport.paused).toBe(count < 3);
      goOn();
    }
    expect(rig.transport.calls).toEqual(["pause", "resume"]);
    rig.arrive(bye);
    await rig.endTurn();
    goOn();
    await reading;
  });

  test("readers that wait at the same time are served in their order", async () => {
    const rig = new Rig();
    const reads = [1, 2, 3, 4].map(() => rig.connection.receive());
    rig.arrive(message("a"), message("b"));
    rig.arrive(message("c"), bye);
    expect(await Promise.all(reads)).toEqual(["a", "b", "c", null]);
    expect(await rig.connection.receive()).toBeNull();
  });

  test("a message in fragments, in any number of chunks, comes whole; pings in between are no matter", async () => {
    const rig = new Rig();
    const { items } = readAll(rig.connection);
    rig.arrive(piece("a"), new Ping(), piece("b"));
    await rig.endTurn();
    expect(items).toEqual([]);
    rig.arrive(
      piece("c", true),
      new BytesMessage({ data: Uint8Array.of(1), messageFinished: false }),
    );
    rig.arrive(new BytesMessage({ data: Uint8Array.of(2) }));
    await rig.endTurn();
    expect(items).toEqual(["abc", Uint8Array.of(1, 2)]);
  });

  test("a message of which a piece was read ahead comes whole", async () => {
    const rig = new Rig();
    rig.arrive(piece("a"));
    await rig.endTurn();
    rig.arrive(piece("b"), piece("c", true));
    await rig.endTurn();
    expect(await rig.connection.receive()).toBe("abc");
  });

  test("to leave a loop does not close the connection, and loses nothing", async () => {
    const rig = new Rig();
    rig.arrive(message("a"), message("b"), message("c"));
    for await (const item of rig.connection) {
      expect(item).toBe("a");
      break;
    }
    const { items } = readAll(rig.connection);
    await rig.endTurn();
    expect(items).toEqual(["b", "c"]);
  });

  test("an iterator is its own iterable", () => {
    const iterator = new Rig().connection[Symbol.asyncIterator]();
    expect(iterator[Symbol.asyncIterator]()).toBe(iterator);
  });

  test("unsolicited pongs and pings are for nobody, and let reading go on", async () => {
    const rig = new Rig();
    const { items } = readAll(rig.connection);
    rig.arrive(new Pong(), message("a"), new Pong({ payload: Uint8Array.of(1) }), new Ping());
    await rig.endTurn();
    expect(items).toEqual(["a"]);
  });
});

describe("the end of reading", () => {
  test("a loop ends after a clean closing handshake, with all that came before it", async () => {
    const rig = new Rig();
    rig.arrive(message("a"), message("b"), bye);
    const { items, end } = readAll(rig.connection);
    await rig.endTurn();
    expect(items).toEqual(["a", "b"]);
    expect(end.state).toBe("fulfilled");
  });

  test("a loop rejects after any other end, with code, reason, wasClean and cause", async () => {
    const rig = new Rig();
    const { items, end } = readAll(rig.connection);
    rig.arrive(message("a"));
    const reset = new Error("ECONNRESET");
    rig.lose(reset);
    await rig.endTurn();
    expect(items).toEqual(["a"]);
    expect(end.error).toBeInstanceOf(ConnectionClosedError);
    expect(end.error).toMatchObject({
      name: "ConnectionClosedError",
      message: "the connection was closed with code 1006",
      code: 1006,
      reason: "",
      wasClean: false,
      cause: reset,
    });
  });

  test("an end without a known cause has none", async () => {
    const rig = new Rig();
    rig.lose();
    const error = await rig.connection.receive().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ConnectionClosedError);
    expect(error).not.toHaveProperty("cause");
  });

  test("later readers find the same end", async () => {
    const rig = new Rig();
    rig.lose();
    for (let count = 0; count < 2; count++) {
      await expect(rig.connection.receive()).rejects.toMatchObject({ code: 1006 });
      await expect(rig.connection[Symbol.asyncIterator]().next()).rejects.toMatchObject({
        code: 1006,
      });
    }
  });

  test("a peer that fails the protocol: what came before is read, then the reader learns what was wrong", async () => {
    const rig = new Rig();
    const { items, end } = readAll(rig.connection);
    rig.connection.received(Uint8Array.of(...rig.encode(message("a")), 0x83, 0x80, 0, 0, 0, 0));
    rig.lose();
    await rig.endTurn();
    expect(items).toEqual(["a"]);
    expect(end.error).toMatchObject({
      code: 1006,
      cause: { name: "RemoteProtocolError", code: "ERR_OPCODE" },
    });
  });

  test("a rejection that nobody looks at is no unhandled one", async () => {
    const rig = new Rig();
    void rig.connection.receive();
    void rig.connection[Symbol.asyncIterator]().next();
    rig.lose();
    void rig.connection.receive();
    await rig.endTurn();
    // Vitest fails the run for an unhandled rejection.
    expect(rig.connection.state).toBe(4);
  });
});

describe("the transport goes away before the application has read", () => {
  const lost = new Error("ECONNRESET");

  test("R6455-7.2.1-01: what arrived before can still be taken, then comes the end", async () => {
    const rig = new Rig();
    rig.arrive(message("a"), message("b"), message("c"));
    await rig.endTurn();
    rig.lose(lost);
    rig.connection.transportClosed(new Error("again"));
    const closed = outcomeOf(rig.connection.closed);
    await rig.endTurn();
    expect(closed.state).toBe("pending");
    await expect(rig.connection.send("x")).rejects.toMatchObject({ cause: lost });
    const { items, end } = readAll(rig.connection);
    await rig.endTurn();
    expect(items).toEqual(["a", "b", "c"]);
    expect(end.error).toMatchObject({ code: 1006, cause: lost });
    expect(closed.value).toEqual({ code: 1006, reason: "", wasClean: false });
    expect(rig.clock.delays).toEqual([]);
  });

  test("but only until the close deadline; then the connection has ended, and what was read ahead is left", async () => {
    const rig = new Rig();
    rig.arrive(message("a"), message("b"), message("c"));
    await rig.endTurn();
    rig.lose(lost);
    const closed = outcomeOf(rig.connection.closed);
    await rig.clock.advance(9_999);
    expect(closed.state).toBe("pending");
    await rig.clock.advance(1);
    expect(closed.value).toEqual({ code: 1006, reason: "", wasClean: false });
    expect(await rig.connection.receive()).toBe("a");
    await expect(rig.connection.receive()).rejects.toMatchObject({ code: 1006, cause: lost });
  });

  test("R6455-7.1.5-01, R6455-7.1.4-01: a Close among it is reported, but could not be answered", async () => {
    const rig = new Rig();
    rig.arrive(message("a"), message("b"), bye);
    await rig.endTurn();
    rig.lose();
    const { items, end } = readAll(rig.connection);
    await rig.endTurn();
    expect(items).toEqual(["a", "b"]);
    expect(await rig.connection.closed).toEqual({ code: 1000, reason: "bye", wasClean: false });
    expect(end.error).toMatchObject({ code: 1000, wasClean: false });
    expect(rig.transport.faults).toEqual([]);
    expect(rig.read()).toEqual([]);
  });

  test("meanwhile nothing can be sent, and what waited to be has failed", async () => {
    const rig = new Rig();
    rig.transport.flow = 0;
    const waiting = outcomeOf(rig.connection.send("x".repeat(100_000)));
    rig.arrive(message("a"), message("b"));
    await rig.endTurn();
    rig.transport.writes = [];
    void rig.connection.send("small, and not written yet");
    rig.lose(lost);
    const sending = outcomeOf(rig.connection.send("b"));
    const pinging = outcomeOf(rig.connection.ping());
    const draining = outcomeOf(rig.connection.drained());
    await rig.endTurn();
    for (const { error } of [waiting, sending, pinging, draining]) {
      expect(error).toMatchObject({ name: "ConnectionClosedError", code: 1006, cause: lost });
    }
    expect(rig.connection.writable).toBe(false);
    expect(rig.connection.bufferedAmount).toBe(0);
    readAll(rig.connection);
    await rig.endTurn();
    expect(rig.transport.writes).toEqual([]);
    expect(rig.transport.faults).toEqual([]);
  });

  test("to close then gives up what was not read", async () => {
    const rig = new Rig();
    rig.arrive(message("a"), message("b"), message("c"));
    await rig.endTurn();
    rig.lose();
    expect(await rig.connection.close()).toMatchObject({ code: 1006 });
    expect(rig.transport.faults).toEqual([]);
    expect(await rig.connection.receive()).toBe("a");
    await expect(rig.connection.receive()).rejects.toMatchObject({ code: 1006 });
  });

  test("a paused transport is not touched again", async () => {
    const rig = new Rig();
    rig.arrive(message("a"), message("b"), message("c"));
    await rig.endTurn();
    rig.lose();
    readAll(rig.connection);
    await rig.endTurn();
    expect(rig.transport.calls).toEqual(["pause"]);
  });
});

describe("one style of reading for each connection", () => {
  const styles = {
    messages: (rig: Rig) => rig.connection[Symbol.asyncIterator](),
    pieces: (rig: Rig) => rig.connection.messages(),
    events: (rig: Rig) => rig.connection.on("message", () => {}),
  };
  const names = ["messages", "pieces", "events"] as const;

  test.each(names.flatMap((first) => names.map((second) => [first, second] as const)))(
    "%s, then %s",
    (first, second) => {
      const rig = new Rig();
      styles[first](rig);
      if (first === second) styles[second](rig);
      else {
        expect(() => styles[second](rig)).toThrow(
          new TypeError(`messages are taken as ${first} already, expected one style only`),
        );
      }
    },
  );

  test("receive, pause and resume have a style too", async () => {
    const pulled = new Rig();
    void pulled.connection.receive();
    expect(() => pulled.connection.pause()).toThrow(TypeError);
    expect(() => pulled.connection.resume()).toThrow(TypeError);
    const pushed = new Rig();
    pushed.connection.pause();
    await expect(pushed.connection.receive()).rejects.toThrow(TypeError);
  });
});

test("what the opening handshake has settled can be read", () => {
  const { connection } = new Rig();
  expect(connection.request.subprotocols).toEqual(["a", "b"]);
  expect(connection.responseHeaders).toEqual([["x-answer", "42"]]);
  expect(connection.subprotocol).toBe("b");
  expect(connection.extensions).toEqual(["permessage-deflate"]);
});
