import { describe, expect, test } from "vitest";
import { CloseConnection, type MessageData, TextMessage } from "../../src/events.ts";
import { ConnectionState } from "../../src/states.ts";
import { Rig, untyped } from "../helpers/rig.ts";

const message = (data: string): TextMessage => new TextMessage({ data });
const piece = (data: string): TextMessage => new TextMessage({ data, messageFinished: false });

/** A rig with a listener that gathers. */
function listening(): { rig: Rig; items: MessageData[]; listener: (data: MessageData) => void } {
  const rig = new Rig();
  const items: MessageData[] = [];
  const listener = (data: MessageData): void => void items.push(data);
  return { rig, items, listener };
}

describe("events", () => {
  test("what comes before the first listener is kept for it, in order; the peer has to wait", async () => {
    const { rig, items, listener } = listening();
    rig.arrive(piece("a"), message("b"), message("c"), message("d"));
    await rig.endTurn();
    expect(rig.transport.paused).toBe(true);
    expect(rig.connection.on("message", listener)).toBe(rig.connection);
    expect(items).toEqual(["ab", "c", "d"]);
    expect(rig.transport.paused).toBe(false);
  });

  test("each message comes at once, whole", () => {
    const { rig, items, listener } = listening();
    rig.connection.on("message", listener);
    rig.arrive(message("a"), piece("b"));
    expect(items).toEqual(["a"]);
    rig.arrive(message("c"));
    expect(items).toEqual(["a", "bc"]);
  });

  test("several listeners get each message, in the order of their coming", () => {
    const { rig, items, listener } = listening();
    rig.connection
      .on("message", listener)
      .on("message", (data) => void items.push(`again ${String(data)}`));
    rig.arrive(message("a"), message("b"));
    expect(items).toEqual(["a", "again a", "b", "again b"]);
  });

  test("off undoes one on; without any listener messages wait for the next", async () => {
    const { rig, items, listener } = listening();
    rig.connection.on("message", listener).on("message", listener);
    rig.arrive(message("a"));
    rig.connection.off("message", () => {});
    expect(rig.connection.off("message", listener)).toBe(rig.connection);
    rig.arrive(message("b"));
    rig.connection
      .off("message", () => {})
      .off("message", listener)
      .off("message", listener);
    rig.arrive(message("c"), message("d"));
    await rig.endTurn();
    expect(items).toEqual(["a", "a", "b"]);
    expect(rig.transport.paused).toBe(true);
    rig.connection.on("message", listener);
    expect(items).toEqual(["a", "a", "b", "c", "d"]);
  });

  test("a listener that leaves while messages come gets no more of them", () => {
    const { rig, items } = listening();
    const once = (data: MessageData): void => {
      items.push(data);
      rig.connection.off("message", once);
    };
    rig.connection.on("message", once);
    rig.arrive(message("a"), message("b"));
    expect(items).toEqual(["a"]);
  });

  test("pause holds messages back, and at the end of the turn the peer; resume goes on", async () => {
    const { rig, items, listener } = listening();
    rig.connection.on("message", listener);
    rig.connection.pause();
    rig.arrive(message("a"), message("b"));
    expect(items).toEqual([]);
    expect(rig.transport.paused).toBe(false);
    await rig.endTurn();
    expect(rig.transport.paused).toBe(true);
    rig.connection.resume();
    expect(items).toEqual(["a", "b"]);
    expect(rig.transport.paused).toBe(false);
  });

  test("pause and resume from inside a listener hold between two messages of one chunk", async () => {
    const { rig, items } = listening();
    rig.connection.on("message", (data) => {
      items.push(data);
      rig.connection.pause();
      if (data === "b") rig.connection.resume();
    });
    rig.arrive(message("a"), message("b"), message("c"), message("d"));
    expect(items).toEqual(["a"]);
    rig.connection.resume();
    expect(items).toEqual(["a", "b", "c"]);
    rig.connection.resume();
    expect(items).toEqual(["a", "b", "c", "d"]);
    await rig.endTurn();
    expect(rig.transport.calls).toEqual(["pause"]);
  });

  test("pause and resume in one turn do not touch the transport", async () => {
    const { rig, items, listener } = listening();
    rig.connection.on("message", listener).pause();
    rig.arrive(message("a"), message("b"));
    rig.connection.resume();
    await rig.endTurn();
    expect(items).toEqual(["a", "b"]);
    expect(rig.transport.calls).toEqual([]);
  });

  test("a listener may close the connection; what comes behind is not delivered", async () => {
    const { rig, items } = listening();
    rig.connection.on("message", (data) => {
      items.push(data);
      void rig.connection.close();
    });
    rig.arrive(message("a"), message("b"));
    expect(items).toEqual(["a"]);
  });

  test("a listener may terminate the connection; what comes behind is not delivered", async () => {
    const { rig, items } = listening();
    rig.connection.on("message", (data) => {
      items.push(data);
      rig.connection.terminate();
    });
    rig.arrive(message("a"), message("b"));
    expect(items).toEqual(["a"]);
    expect(await rig.connection.closed).toMatchObject({ code: 1006 });
    expect(rig.transport.faults).toEqual([]);
  });

  test.each([
    ["another type", (rig: Rig) => rig.connection.on(untyped("close"), () => {})],
    ["off of another type", (rig: Rig) => rig.connection.off(untyped("close"), () => {})],
    ["no function", (rig: Rig) => rig.connection.on("message", untyped("listener"))],
  ])("%s is a TypeError", (_name, call) => {
    expect(() => call(new Rig())).toThrow(TypeError);
  });
});

describe("a listener that throws", () => {
  const fault = new Error("listener");

  const listeners: readonly (readonly [string, () => void | Promise<void>])[] = [
    [
      "throws",
      () => {
        throw fault;
      },
    ],
    ["rejects", () => Promise.reject(fault)],
  ];

  test.each(listeners)(
    "WebSocket-Node-1.0.31: %s: the connection fails with 1011, and it is reported once",
    async (_name, listener) => {
      const rig = new Rig();
      let calls = 0;
      rig.connection.on("message", () => {
        calls += 1;
        return listener();
      });
      rig.arrive(message("a"));
      await rig.endTurn();
      rig.arrive(message("b"), message("c"));
      await rig.endTurn();
      expect(calls).toBe(1);
      expect(rig.reported).toEqual([fault]);
      // What is reported has happened already.
      expect(rig.reportedIn).toEqual([ConnectionState.LOCAL_CLOSING]);
      expect(rig.read()).toEqual([
        expect.objectContaining({ type: "CloseConnection", code: 1011 }),
      ]);
      expect(rig.transport.calls).toEqual(["end"]);
      rig.lose();
      expect(await rig.connection.closed).toEqual({ code: 1006, reason: "", wasClean: false });
      await expect(rig.connection.send("x")).rejects.toMatchObject({ cause: fault });
    },
  );

  test("when it gets what had waited for it", async () => {
    const rig = new Rig();
    rig.arrive(message("a"), message("b"));
    await rig.endTurn();
    rig.connection.on("message", () => {
      throw fault;
    });
    await rig.endTurn();
    expect(rig.reported).toEqual([fault]);
    expect(rig.read()).toEqual([expect.objectContaining({ code: 1011 })]);
    // What is left to come is the end of the stream.
    expect(rig.transport.calls).toEqual(["pause", "end", "resume"]);
  });

  test("while the connection is closing already: it is reported, and the closing handshake goes on", async () => {
    const rig = new Rig();
    rig.connection.on("message", async () => {
      await rig.connection.close();
      throw fault;
    });
    rig.arrive(message("a"));
    await rig.endTurn();
    rig.arrive(new CloseConnection({ code: 1000 }));
    rig.lose();
    await rig.endTurn();
    expect(await rig.connection.closed).toMatchObject({ code: 1000, wasClean: true });
    expect(rig.reported).toEqual([fault]);
  });

  test("without anybody to report to it is the cause of what rejects", async () => {
    const rig = new Rig({ reports: false });
    rig.connection.on("message", () => {
      throw fault;
    });
    rig.arrive(message("a"));
    rig.lose();
    await expect(rig.connection.ping()).rejects.toMatchObject({ code: 1006, cause: fault });
  });

  test("other listeners get the message that one has thrown for, and no more", async () => {
    const rig = new Rig();
    const items: MessageData[] = [];
    rig.connection
      .on("message", () => {
        throw fault;
      })
      .on("message", (data) => void items.push(data));
    rig.arrive(message("a"), message("b"));
    expect(items).toEqual(["a"]);
  });
});
