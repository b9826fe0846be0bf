import { describe, expect, test } from "vitest";
import { BytesMessage, CloseConnection, Ping, TextMessage } from "../../src/events.ts";
import type { IncomingMessage } from "../../src/session/pieces.ts";
import { outcomeOf, readAll, Rig } from "../helpers/rig.ts";

const begin = (data: string): TextMessage => new TextMessage({ data, messageFinished: false });
const finish = (data: string): TextMessage => new TextMessage({ data });
const bye = new CloseConnection({ code: 1000 });

async function nextOf(rig: Rig): Promise<IncomingMessage> {
  const step = await rig.connection.messages().next();
  if (step.done === true) throw new Error("no message");
  return step.value;
}

describe("messages as they arrive", () => {
  test("the pieces come in order, before the message is whole", async () => {
    const rig = new Rig();
    const first = nextOf(rig);
    rig.arrive(begin("a"));
    const message = await first;
    expect(message.type).toBe("text");
    const { items, end } = readAll(message);
    await rig.endTurn();
    expect(items).toEqual(["a"]);
    rig.arrive(begin("b"), new Ping(), begin("c"));
    await rig.endTurn();
    expect(items).toEqual(["a", "b", "c"]);
    rig.arrive(finish("d"), new BytesMessage({ data: Uint8Array.of(1) }));
    await rig.endTurn();
    expect(items).toEqual(["a", "b", "c", "d"]);
    expect(end.state).toBe("fulfilled");
    const second = await nextOf(rig);
    expect(second.type).toBe("binary");
    expect(readAll(second).items).toEqual([]);
  });

  test("all messages in a loop in a loop, and the end after a clean closing handshake", async () => {
    const rig = new Rig();
    const messages: unknown[] = [];
    const reading = (async () => {
      for await (const message of rig.connection.messages()) {
        const pieces: unknown[] = [];
        for await (const piece of message) pieces.push(piece);
        messages.push(pieces);
      }
    })();
    rig.arrive(begin("a"), finish("b"), finish("c"));
    await rig.endTurn();
    rig.arrive(new BytesMessage({ data: Uint8Array.of(1), messageFinished: false }));
    rig.arrive(new BytesMessage({ data: Uint8Array.of(2) }), bye);
    await reading;
    expect(messages).toEqual([["a", "b"], ["c"], [Uint8Array.of(1), Uint8Array.of(2)]]);
  });

  test("one piece is read ahead, then the peer has to wait", async () => {
    const rig = new Rig();
    rig.arrive(begin("a"), begin("b"), begin("c"));
    await rig.endTurn();
    expect(rig.transport.paused).toBe(true);
    const message = await nextOf(rig);
    await message.next();
    await message.next();
    await rig.endTurn();
    expect(rig.transport.paused).toBe(true);
    await message.next();
    expect(rig.transport.paused).toBe(false);
  });

  test("who asks for the next message skips what is left of the one before", async () => {
    const rig = new Rig();
    rig.arrive(begin("a"), begin("b"), finish("c"), begin("d"), finish("e"), finish("f"));
    const first = await nextOf(rig);
    expect(await first.next()).toEqual({ done: false, value: "a" });
    const second = await nextOf(rig);
    expect(await first.next()).toEqual({ done: true, value: undefined });
    const third = await nextOf(rig);
    expect(await second.next()).toEqual({ done: true, value: undefined });
    expect(await third.next()).toEqual({ done: false, value: "f" });
    expect(await third.next()).toEqual({ done: true, value: undefined });
  });

  test("skip reads what is left without keeping it", async () => {
    const rig = new Rig();
    rig.arrive(begin("a"), begin("b"));
    const message = await nextOf(rig);
    const skipped = outcomeOf(message.skip());
    await rig.endTurn();
    expect(skipped.state).toBe("pending");
    rig.arrive(finish("c"), finish("d"));
    await rig.endTurn();
    expect(skipped.state).toBe("fulfilled");
    await message.skip();
    expect(await (await nextOf(rig)).next()).toEqual({ done: false, value: "d" });
  });

  test("reads asked for at the same time follow one another", async () => {
    const rig = new Rig();
    const messages = rig.connection.messages();
    const reads = [messages.next(), messages.next(), messages.next()];
    rig.arrive(begin("a"), finish("b"), begin("c"));
    rig.arrive(finish("d"), begin("e"), finish("f"), bye);
    const found = await Promise.all(reads);
    const last = found[2]!.value!;
    const pieces = [last.next(), last.next(), last.next(), messages.next()];
    expect(await Promise.all(pieces)).toEqual([
      { done: false, value: "e" },
      { done: false, value: "f" },
      { done: true, value: undefined },
      { done: true, value: undefined },
    ]);
    expect(await found[0]!.value!.next()).toEqual({ done: true, value: undefined });
  });

  test("to leave a loop loses nothing: the same messages go on", async () => {
    const rig = new Rig();
    rig.arrive(begin("a"), finish("b"), finish("c"));
    for await (const message of rig.connection.messages()) {
      for await (const piece of message) {
        expect(piece).toBe("a");
        break;
      }
      break;
    }
    expect(await (await nextOf(rig)).next()).toEqual({ done: false, value: "c" });
    expect(rig.connection.messages()).toBe(rig.connection.messages());
    expect(rig.connection.messages()[Symbol.asyncIterator]()).toBe(rig.connection.messages());
  });

  test("text is cut at characters, whatever the chunks", async () => {
    const rig = new Rig();
    const octets = rig.encode(finish("häß"));
    const first = nextOf(rig);
    for (const octet of octets) rig.connection.received(Uint8Array.of(octet));
    const { items } = readAll(await first);
    await rig.endTurn();
    expect(items.filter((item) => item.length > 0)).toEqual(["h", "ä", "ß"]);
  });

  test("a message can be sent on as it comes", async () => {
    const [from, to] = [new Rig(), new Rig()];
    from.arrive(begin("a"), finish("b"));
    const sent = outcomeOf(to.connection.send(await nextOf(from)));
    await from.endTurn();
    await to.endTurn();
    expect(sent.state).toBe("fulfilled");
    expect(to.read().map((event) => event.type === "TextMessage" && event.data)).toEqual([
      "a",
      "b",
      "",
    ]);
  });
});

describe("the end inside a message", () => {
  test.each<[string, (rig: Rig) => void, number, boolean]>([
    ["a lost stream", (rig) => rig.lose(), 1006, false],
    // A Close may come between fragments (RFC 6455, 5.4): the message has no end all the same.
    ["a Close", (rig) => rig.arrive(bye), 1000, true],
  ])("%s: the message rejects", async (_name, end, code, wasClean) => {
    const rig = new Rig();
    const first = nextOf(rig);
    rig.arrive(begin("a"));
    const message = await first;
    expect(await message.next()).toEqual({ done: false, value: "a" });
    const waiting = outcomeOf(message.next());
    const again = outcomeOf(message.next());
    const next = outcomeOf(rig.connection.messages().next());
    end(rig);
    await rig.endTurn();
    for (const { error } of [waiting, again]) expect(error).toMatchObject({ code, wasClean });
    expect(next.state).toBe(wasClean ? "fulfilled" : "rejected");
    await expect(message.next()).rejects.toMatchObject({ code });
  });

  test("to skip it is to find the end", async () => {
    const rig = new Rig();
    rig.arrive(begin("a"), bye);
    const message = await nextOf(rig);
    await message.skip();
    expect(await rig.connection.messages().next()).toEqual({ done: true, value: undefined });
  });

  test("a rejection that nobody looks at is no unhandled one", async () => {
    const rig = new Rig();
    rig.arrive(begin("a"));
    const message = await nextOf(rig);
    void message.next();
    void message.next();
    void message.skip();
    void rig.connection.messages().next();
    rig.lose();
    await rig.endTurn();
    expect(rig.connection.state).toBe(4);
  });
});
