import { describe, expect, test } from "vitest";
import { type CloseConnection, Ping, Pong, TextMessage } from "../../src/events.ts";
import type { Piece } from "../../src/session/source.ts";
import { type Outcome, outcomeOf, Rig, untyped } from "../helpers/rig.ts";
import { TestSignal } from "../helpers/test-signal.ts";

const message = (data: string): TextMessage => new TextMessage({ data });
const reason = new Error("enough");

/** Everything that waits, waiting. */
const waits = {
  "receive()": (rig: Rig, signal: TestSignal) => rig.connection.receive({ signal }),
  "ping()": (rig: Rig, signal: TestSignal) => rig.connection.ping(undefined, { signal }),
  "drained()": (rig: Rig, signal: TestSignal) => {
    stall(rig);
    return rig.connection.drained({ signal });
  },
  "send() of a whole message": (rig: Rig, signal: TestSignal) => {
    stall(rig);
    return rig.connection.send("whole", { signal });
  },
  "send() of a message behind one in pieces": (rig: Rig, signal: TestSignal) => {
    void rig.connection.send(stuck());
    return rig.connection.send("whole", { signal });
  },
  "send() of pieces": (rig: Rig, signal: TestSignal) => rig.connection.send(stuck(), { signal }),
  "send() of pieces behind others": (rig: Rig, signal: TestSignal) => {
    void rig.connection.send(stuck());
    return rig.connection.send(stuck(), { signal });
  },
} satisfies Record<string, (rig: Rig, signal: TestSignal) => Promise<unknown>>;
const each = Object.entries(waits);

/** As much as it takes for `send` to wait is queued, and nothing leaves. */
function stall(rig: Rig): void {
  rig.transport.flow = 0;
  void rig.connection.send(new Uint8Array(70_000));
}

async function* stuck(): AsyncGenerator<Piece> {
  yield "stuck";
  await new Promise(() => {});
}

/** A source whose first piece, or the one behind it, never comes; tells when no more is wanted. */
function silent(first: readonly Piece[] = []): AsyncIterable<Piece> & { returned: number } {
  const rest = [...first];
  const source = {
    returned: 0,
    [Symbol.asyncIterator]: () => ({
      next: (): Promise<IteratorResult<Piece>> => {
        const value = rest.shift();
        return value === undefined
          ? new Promise(() => {})
          : Promise.resolve({ done: false, value });
      },
      return: (): Promise<IteratorResult<Piece>> => {
        source.returned += 1;
        return Promise.resolve({ done: true, value: undefined });
      },
    }),
  };
  return source;
}

describe.each(each)("%s with a signal", (_, wait) => {
  test("that is aborted later: rejects with its reason, and leaves no listener", async () => {
    const rig = new Rig();
    const signal = new TestSignal();
    const outcome = outcomeOf<unknown>(wait(rig, signal));
    await rig.endTurn();
    expect(outcome.state).toBe("pending");
    expect(signal.listeners.size).toBe(1);
    signal.abort(reason);
    await rig.endTurn();
    expect(outcome).toMatchObject({ state: "rejected", error: reason });
    expect(signal.listeners.size).toBe(0);
  });

  test("that is never aborted: leaves no listener when the connection ends", async () => {
    const rig = new Rig();
    const signal = new TestSignal();
    const outcome = outcomeOf<unknown>(wait(rig, signal));
    await rig.endTurn();
    rig.lose(reason);
    await rig.endTurn();
    expect(outcome).toMatchObject({
      state: "rejected",
      error: { name: "ConnectionClosedError", cause: reason },
    });
    expect(signal.listeners.size).toBe(0);
  });

  test("a rejection that nobody looks at is no unhandled one", async () => {
    const rig = new Rig();
    const signal = new TestSignal();
    void wait(rig, signal);
    await rig.endTurn();
    signal.abort(reason);
    await rig.endTurn();
    // Vitest fails the run for an unhandled rejection.
    expect(signal.listeners.size).toBe(0);
  });
});

describe("a signal that is aborted already", () => {
  test.each(each)("%s rejects with its reason, and does not listen", async (_, wait) => {
    const rig = new Rig();
    const signal = new TestSignal();
    signal.abort(reason);
    await expect(wait(rig, signal)).rejects.toBe(reason);
    expect(signal.added).toBe(0);
  });

  test("nothing is sent, taken or decided", async () => {
    const rig = new Rig();
    rig.arrive(message("a"));
    const signal = new TestSignal();
    signal.abort(reason);
    const source = silent(["a"]);
    const outcomes = [
      rig.connection.send("a", { signal }),
      rig.connection.send(source, { signal }),
      rig.connection.ping(Uint8Array.of(1), { signal }),
      rig.connection.drained({ signal }),
      rig.connection.receive({ signal }),
    ].map(outcomeOf<unknown>);
    await rig.endTurn();
    expect(outcomes.map(({ error }) => error)).toEqual(outcomes.map(() => reason));
    expect(rig.read()).toEqual([]);
    expect(source.returned).toBe(0);
    // No style of reading was chosen.
    const items: unknown[] = [];
    rig.connection.on("message", (data) => void items.push(data));
    expect(items).toEqual(["a"]);
  });
});

test("what does not have to wait does not listen", async () => {
  const rig = new Rig();
  const signal = new TestSignal();
  rig.arrive(message("a"));
  await rig.endTurn();
  await rig.connection.send("b", { signal });
  await rig.connection.drained({ signal });
  expect(await rig.connection.receive({ signal })).toBe("a");
  expect(signal.added).toBe(0);
  rig.lose();
  await expect(rig.connection.receive({ signal })).rejects.toMatchObject({ code: 1006 });
  await expect(rig.connection.drained({ signal })).rejects.toMatchObject({ code: 1006 });
  await expect(rig.connection.send("c", { signal })).rejects.toMatchObject({ code: 1006 });
  expect(signal.added).toBe(0);
});

describe("wrong options", () => {
  const calls = {
    receive: (rig: Rig, options: never) => rig.connection.receive(options),
    ping: (rig: Rig, options: never) => rig.connection.ping(undefined, options),
    drained: (rig: Rig, options: never) => rig.connection.drained(options),
    send: (rig: Rig, options: never) => rig.connection.send("a", options),
  };
  const aborted = false;
  const addEventListener = (): void => {};
  const wrong: [named: string, options: unknown][] = [
    ["the options must be an object, not null", null],
    ["the options must be an object, not function", () => {}],
    ['the options have a member "singal", which is not known', { singal: new TestSignal() }],
    ["signal must be an AbortSignal, not null", { signal: null }],
    ["signal must be an AbortSignal, not number", { signal: 1 }],
    ["signal must be an AbortSignal, not AbortController", { signal: new AbortController() }],
    ["signal must be an AbortSignal, not Object", { signal: { aborted: "no" } }],
    ["signal must be an AbortSignal, not Object", { signal: { aborted } }],
    ["signal must be an AbortSignal, not Object", { signal: { aborted, addEventListener: 1 } }],
    ["signal must be an AbortSignal, not Object", { signal: { aborted, addEventListener } }],
    [
      "signal must be an AbortSignal, not Object",
      { signal: { aborted, addEventListener, removeEventListener: 1 } },
    ],
  ];
  const rows = Object.entries(calls).flatMap(([name, call]) =>
    wrong.map(([text, options]) => [name, text, call, options] as const),
  );

  test.each(rows)("%s: %s", async (_, text, call, options) => {
    const rig = new Rig();
    await expect(call(rig, untyped(options))).rejects.toEqual(new TypeError(text));
    await rig.endTurn();
    expect(rig.read()).toEqual([]);
  });

  test("compress is an option of send alone", async () => {
    const rig = new Rig();
    await rig.connection.send("a", { compress: false, signal: undefined });
    const text = 'the options have a member "compress", which is not known';
    await expect(rig.connection.drained(untyped({ compress: false }))).rejects.toThrow(text);
  });
});

describe("an aborted receive", () => {
  test("loses no message: the next one gets it", async () => {
    const rig = new Rig();
    const signal = new TestSignal();
    const outcome = outcomeOf(rig.connection.receive({ signal }));
    signal.abort(reason);
    rig.arrive(message("a"), message("b"));
    expect(await rig.connection.receive()).toBe("a");
    expect(await rig.connection.receive()).toBe("b");
    expect(outcome.error).toBe(reason);
  });

  test.each([0, 1, 2, 3])("leaves its place in the queue, whichever it is: %i", async (index) => {
    const rig = new Rig();
    const signals = [0, 1, 2, 3].map(() => new TestSignal());
    const reads = signals.map((signal) => outcomeOf(rig.connection.receive({ signal })));
    signals[index]!.abort(reason);
    reads.push(outcomeOf(rig.connection.receive()));
    rig.arrive(...["a", "b", "c", "d"].map(message));
    await rig.endTurn();
    const values = ["a", "b", "c", "d"];
    const expected: unknown[] = reads.map((_, place) =>
      place === index ? reason : values.shift(),
    );
    expect(reads.map(({ value, error }) => error ?? value)).toEqual(expected);
    expect(signals.map(({ listeners }) => listeners.size)).toEqual([0, 0, 0, 0]);
  });

  test("in the turn in which its message came: it has it", async () => {
    const rig = new Rig();
    const signal = new TestSignal();
    const outcome = outcomeOf(rig.connection.receive({ signal }));
    const next = outcomeOf(rig.connection.receive());
    rig.arrive(message("a"));
    signal.abort(reason);
    rig.arrive(message("b"));
    await rig.endTurn();
    expect([outcome.value, next.value]).toEqual(["a", "b"]);
  });

  test("alone: no more than one message is read ahead then", async () => {
    const rig = new Rig();
    const signal = new TestSignal();
    void rig.connection.receive({ signal });
    signal.abort(reason);
    rig.arrive(message("a"), message("b"));
    await rig.endTurn();
    expect(rig.transport.paused).toBe(true);
    expect(await rig.connection.receive()).toBe("a");
  });

  test("inside a message in fragments: the next one gets it whole", async () => {
    const rig = new Rig();
    const signal = new TestSignal();
    void rig.connection.receive({ signal });
    rig.arrive(new TextMessage({ data: "a", messageFinished: false }));
    signal.abort(reason);
    rig.arrive(message("b"));
    expect(await rig.connection.receive()).toBe("ab");
  });
});

describe("an aborted ping", () => {
  const pong = (payload: number): Pong => new Pong({ payload: Uint8Array.of(payload) });
  const ping = (rig: Rig, payload: number, signal?: TestSignal): Outcome<number> =>
    outcomeOf(rig.connection.ping(Uint8Array.of(payload), { signal }));

  test("was sent; its pong does not count for the latency", async () => {
    const rig = new Rig();
    const signal = new TestSignal();
    ping(rig, 1, signal);
    signal.abort(reason);
    await rig.endTurn();
    expect(rig.read()).toEqual([new Ping({ payload: Uint8Array.of(1) })]);
    rig.arrive(pong(1));
    expect(rig.connection.latency).toBeNull();
  });

  test("R6455-5.5.3-02: its pong answers the pings before it all the same", async () => {
    const rig = new Rig();
    const signal = new TestSignal();
    const first = ping(rig, 1);
    ping(rig, 2, signal);
    const third = ping(rig, 3);
    signal.abort(reason);
    await rig.clock.advance(5);
    rig.arrive(pong(2));
    await rig.endTurn();
    expect(first.value).toBe(5);
    expect(rig.connection.latency).toBe(5);
    expect(third.state).toBe("pending");
    rig.arrive(pong(3));
    await rig.endTurn();
    expect(third.value).toBe(5);
  });

  test("and the next is answered by its own pong, whatever is left of those before", async () => {
    const rig = new Rig();
    const signals = [new TestSignal(), new TestSignal()];
    const first = ping(rig, 1);
    const aborted = signals.map((signal, index) => ping(rig, 2 + index, signal));
    const last = ping(rig, 4);
    for (const signal of signals) signal.abort(reason);
    rig.arrive(pong(1));
    await rig.endTurn();
    expect(first.state).toBe("fulfilled");
    expect(aborted.map(({ error }) => error)).toEqual([reason, reason]);
    rig.arrive(pong(3), pong(2));
    await rig.endTurn();
    expect(last.state).toBe("pending");
    rig.arrive(pong(4));
    await rig.endTurn();
    expect(last.state).toBe("fulfilled");
  });

  test("behind one that is not answered: both settle when the connection ends", async () => {
    const rig = new Rig();
    const signal = new TestSignal();
    const first = ping(rig, 1);
    const second = ping(rig, 2, signal);
    signal.abort(reason);
    rig.lose();
    await rig.endTurn();
    expect(first.error).toMatchObject({ code: 1006 });
    expect(second.error).toBe(reason);
  });

  test("in the turn in which its pong came: it has its round trip time", async () => {
    const rig = new Rig();
    const signal = new TestSignal();
    const outcome = ping(rig, 1, signal);
    rig.arrive(pong(1));
    signal.abort(reason);
    await rig.endTurn();
    expect(outcome.state).toBe("fulfilled");
  });
});

describe("an aborted wait for room", () => {
  test("ends for its own signal alone", async () => {
    const rig = new Rig();
    const signals = [new TestSignal(), new TestSignal()];
    stall(rig);
    const outcomes = [undefined, ...signals].flatMap((signal) => [
      outcomeOf(rig.connection.drained({ signal })),
      outcomeOf(rig.connection.send("a", { signal })),
    ]);
    await rig.endTurn();
    signals[0]!.abort(reason);
    await rig.endTurn();
    const states = ["pending", "pending", "rejected", "rejected", "pending", "pending"];
    expect(outcomes.map(({ state }) => state)).toEqual(states);
    rig.drain();
    await rig.endTurn();
    expect(outcomes.map(({ state }) => state)).toEqual(
      states.map((state) => (state === "pending" ? "fulfilled" : state)),
    );
    expect(signals.map(({ listeners }) => listeners.size)).toEqual([0, 0]);
  });

  test("leaves the message in the queue, behind one in pieces too", async () => {
    const rig = new Rig();
    const signal = new TestSignal();
    const source = (function* pieces(): Generator<Piece> {
      yield "pieces";
    })();
    const outcomes = [
      rig.connection.send(source),
      rig.connection.send("whole", { signal }),
      rig.connection.send("last"),
    ].map(outcomeOf<unknown>);
    signal.abort(reason);
    await rig.endTurn();
    expect(outcomes.map(({ state }) => state)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    const texts = rig
      .read()
      .map((event) => (event.type === "TextMessage" ? event.data : event.type));
    expect(texts).toEqual(["pieces", "", "whole", "last"]);
    expect(rig.connection.bufferedAmount).toBe(0);
  });
});

describe("an aborted send of a message in pieces", () => {
  const texts = (rig: Rig): unknown[] =>
    rig.read().map((event) => (event.type === "TextMessage" ? event.data : event.type));

  test("whose turn has not come: it is taken out of the queue, its source is not asked", async () => {
    const rig = new Rig();
    const [before, own] = [new TestSignal(), new TestSignal()];
    const source = silent(["own"]);
    void rig.connection.send(silent(), { signal: before });
    const outcome = outcomeOf(rig.connection.send(source, { signal: own }));
    const last = outcomeOf(rig.connection.send(["last"]));
    own.abort(reason);
    await rig.endTurn();
    expect(outcome.error).toBe(reason);
    before.abort(reason);
    await rig.endTurn();
    expect(last.state).toBe("fulfilled");
    expect(texts(rig)).toEqual(["last", ""]);
    expect(source.returned).toBe(0);
  });

  test("of which nothing was sent: its source is stopped, what waits behind it is sent", async () => {
    const rig = new Rig();
    const signal = new TestSignal();
    const source = silent();
    const outcome = outcomeOf(rig.connection.send(source, { signal }));
    const behind = outcomeOf(rig.connection.send("behind"));
    await rig.endTurn();
    signal.abort(reason);
    await rig.endTurn();
    expect(outcome.error).toBe(reason);
    expect(behind.state).toBe("fulfilled");
    expect(source.returned).toBe(1);
    expect(texts(rig)).toEqual(["behind"]);
    expect(await outcomeAfter(rig, rig.connection.send("last"))).toBe("fulfilled");
  });

  test("of which nothing was sent: a piece that comes afterwards is not, nor does it end another message", async () => {
    const rig = new Rig();
    const signal = new TestSignal();
    let give: (step: IteratorResult<Piece>) => void = () => {};
    const iterator = {
      next: () => new Promise<IteratorResult<Piece>>((resolve) => (give = resolve)),
    };
    const source = { [Symbol.asyncIterator]: () => iterator };
    void rig.connection.send(source, { signal });
    const behind = outcomeOf(rig.connection.send(silent(["behind"])));
    signal.abort(reason);
    give({ done: false, value: "late" });
    await rig.endTurn();
    const last = outcomeOf(rig.connection.send("last"));
    await rig.endTurn();
    expect(texts(rig)).toEqual(["behind"]);
    expect([behind.state, last.state]).toEqual(["pending", "pending"]);
  });

  test("that was begun: its source is stopped, and the connection fails with 1011", async () => {
    const rig = new Rig();
    const signal = new TestSignal();
    const source = silent(["begun"]);
    const outcome = outcomeOf(rig.connection.send(source, { signal }));
    const behind = outcomeOf(rig.connection.send("behind"));
    await rig.endTurn();
    signal.abort(reason);
    await rig.endTurn();
    expect(outcome.error).toBe(reason);
    expect(behind.error).toMatchObject({ name: "LocalProtocolError", code: "ERR_STATE" });
    expect(source.returned).toBe(1);
    expect(rig.read()).toEqual([
      expect.objectContaining({ data: "begun" }),
      expect.objectContaining<Partial<CloseConnection>>({ code: 1011 }),
    ]);
    rig.lose();
    await expect(rig.connection.receive()).rejects.toMatchObject({ code: 1006, cause: reason });
  });

  test("that was begun, while its next piece waits for room: no more is sent, not even the end", async () => {
    const rig = new Rig();
    const signal = new TestSignal();
    rig.transport.flow = 0;
    let done = false;
    const source = (async function* pieces(): AsyncGenerator<Piece> {
      try {
        yield new Uint8Array(70_000);
      } finally {
        done = true;
      }
    })();
    void rig.connection.send(source, { signal });
    await rig.endTurn();
    signal.abort(reason);
    await rig.endTurn();
    expect(done).toBe(true);
    rig.drain();
    await rig.endTurn();
    expect(rig.read()).toEqual([
      expect.objectContaining({ messageFinished: false }),
      expect.objectContaining({ code: 1011 }),
    ]);
  });

  test("that was sent to its end, and waits for room: the message and the connection are as they were", async () => {
    // The piece takes four octets, the end of the message two more.
    const rig = new Rig({ highWaterMark: 5 });
    const signal = new TestSignal();
    rig.transport.flow = 0;
    const outcome = outcomeOf(rig.connection.send(["ab"], { signal }));
    await rig.endTurn();
    expect(signal.listeners.size).toBe(1);
    signal.abort(reason);
    const behind = outcomeOf(rig.connection.send("behind"));
    rig.transport.flow = Infinity;
    rig.drain();
    await rig.endTurn();
    expect(outcome.error).toBe(reason);
    expect(behind.state).toBe("fulfilled");
    const events = rig.read();
    expect(events).toHaveLength(3);
    expect(events[1]).toMatchObject({ data: "", messageFinished: true });
    expect(events[2]).toMatchObject({ data: "behind", messageFinished: true });
  });

  test("that ends while it is aborted: it was sent", async () => {
    const rig = new Rig();
    const signal = new TestSignal();
    const sent = rig.connection.send(["a"], { signal });
    await sent;
    signal.abort(reason);
    await rig.endTurn();
    expect(texts(rig)).toEqual(["a", ""]);
    expect(rig.connection.writable).toBe(true);
  });
});

async function outcomeAfter(rig: Rig, promise: Promise<unknown>): Promise<string> {
  const outcome = outcomeOf(promise);
  await rig.endTurn();
  return outcome.state;
}
