import { describe, expect, test } from "vitest";
import {
  AcceptConnection,
  BytesMessage,
  CloseConnection,
  type Event,
  Ping,
  Pong,
  RejectConnection,
  RejectData,
  Request,
  TextMessage,
} from "../../src/events.ts";
import { H11Handshake } from "../../src/handshake/h11-handshake.ts";
import { CLIENT, ConnectionState, SERVER } from "../../src/states.ts";
import {
  acceptHead,
  client,
  feed,
  hintOf,
  latin1,
  refusalOf,
  requestHead,
  sampleRandom,
  server,
  textOf,
  thrownBy,
} from "../helpers/handshake.ts";
import { wrong } from "../helpers/wire.ts";

const stateError = { name: "LocalProtocolError", code: "ERR_STATE" };

const fresh = (): H11Handshake => new H11Handshake(CLIENT, { random: sampleRandom });

function asked(): H11Handshake {
  return feed(server(), requestHead()).handshake;
}

test("F28: a handshake starts in CONNECTING, without a connection", () => {
  for (const type of [CLIENT, SERVER]) {
    const handshake = new H11Handshake(type);
    expect(handshake.connectionType).toBe(type);
    expect(handshake.state).toBe(ConnectionState.CONNECTING);
    expect(handshake.connection).toBeNull();
    expect(handshake.closeExpected).toBe(false);
    expect([...handshake.events()]).toEqual([]);
  }
});

test("F28: as text it tells its class, end and state", () => {
  expect(String(fresh())).toBe("H11Handshake(client=true, state=CONNECTING)");
  const handshake = server();
  handshake.send(new RejectConnection());
  expect(String(handshake)).toBe("H11Handshake(client=false, state=CLOSED)");
});

test.each([0, 3, "client", null, undefined])("D6: %j is no connection type", (type) => {
  expect(() => new H11Handshake(wrong(type))).toThrow(TypeError);
});

test("D6, D10: a limit out of its range is a RangeError, one that is no number a TypeError", () => {
  expect(() => new H11Handshake(SERVER, { limits: { head: -1 } })).toThrow(RangeError);
  expect(() => new H11Handshake(SERVER, { limits: { head: wrong("1") } })).toThrow(TypeError);
});

describe("events that are not the handshake's", () => {
  const events: readonly Event[] = [
    new TextMessage({ data: "x" }),
    new BytesMessage({ data: new Uint8Array(1) }),
    new Ping(),
    new Pong(),
    new CloseConnection({ code: 1000 }),
  ];
  const states: [name: string, () => H11Handshake][] = [
    ["a new client", fresh],
    ["a client that has asked", client],
    ["a client that is refused", () => feed(client(), latin1("HTTP/1.1 403 X\r\n\r\n")).handshake],
    ["a client after a fault", () => feed(client(), latin1("\0")).handshake],
    ["a client that is open", () => feed(client(), acceptHead()).handshake],
    ["a new server", server],
    ["a server that was asked", asked],
    ["a server after a fault", () => feed(server(), latin1("\0")).handshake],
  ];

  test.each(states)("F29, R6455-4.1-16: are refused by %s", (_, make) => {
    for (const event of events) {
      const handshake = make();
      const { state } = handshake;
      expect(thrownBy(() => handshake.send(event))).toMatchObject({
        ...stateError,
        message: `Event ${event.type} cannot be sent during the handshake`,
      });
      expect(handshake.state).toBe(state);
    }
  });

  test("D6: what is no event is a TypeError", () => {
    for (const value of [null, undefined, "x", {}, { type: "Request" }]) {
      expect(() => server().send(wrong(value))).toThrow(TypeError);
    }
  });
});

describe("what a client cannot send", () => {
  const events: readonly Event[] = [
    new AcceptConnection(),
    new RejectConnection(),
    new RejectConnection({ hasBody: true }),
    new RejectData({ data: latin1("x") }),
    new RejectData({ data: latin1("x"), bodyFinished: false }),
  ];

  test.each<[name: string, () => H11Handshake]>([
    ["before its Request", fresh],
    ["after it", client],
    ["while it is refused", () => feed(client(), latin1("HTTP/1.1 403 X\r\n\r\n")).handshake],
    ["when it was refused", () => feed(client(), latin1("HTTP/1.1 204 X\r\n\r\n")).handshake],
    ["after a fault", () => feed(client(), latin1("\0")).handshake],
    ["once it is open", () => feed(client(), acceptHead()).handshake],
  ])("F29, F57: an answer, %s", (_, make) => {
    for (const event of events) {
      const handshake = make();
      const { state } = handshake;
      expect(thrownBy(() => handshake.send(event))).toMatchObject(stateError);
      expect(handshake.state).toBe(state);
    }
  });

  test.each<[name: string, () => H11Handshake]>([
    ["while it is refused", () => feed(client(), latin1("HTTP/1.1 403 X\r\n\r\n")).handshake],
    [
      "when a response came before it",
      () => feed(fresh(), latin1("HTTP/1.1 408 X\r\n\r\n")).handshake,
    ],
    ["after a fault", () => feed(fresh(), latin1("\0")).handshake],
    ["once it is open", () => feed(client(), acceptHead()).handshake],
    ["after the end of the stream", () => feed(fresh(), null).handshake],
  ])("F67, F57, R7: a Request, %s", (_, make) => {
    const request = new Request({ host: "a", target: "/" });
    expect(thrownBy(() => make().send(request))).toMatchObject(stateError);
  });
});

describe("a server after a fault", () => {
  const faults: [name: string, octets: Uint8Array][] = [
    ["no HTTP", latin1("\0")],
    ["no opening request", requestHead({ fields: { "Sec-WebSocket-Key": null } })],
    ["a version of HTTP", requestHead({ line: "GET / HTTP/2.0" })],
  ];

  test.each(faults)("F33, D20, R9112-2.2-06: is deaf (%s)", (_, octets) => {
    const { handshake } = feed(server(), octets);
    expect(feed(handshake, requestHead(), latin1("x"), null, latin1("x"), null)).toMatchObject({
      events: [],
      error: null,
    });
    expect(handshake.state).toBe(ConnectionState.CONNECTING);
    expect(handshake.closeExpected).toBe(false);
  });

  test.each(faults)("F47, D20, B10: can send the hint, once (%s)", (_, octets) => {
    const outcome = feed(server(), octets);
    const { handshake } = outcome;
    const hint = hintOf(refusalOf(outcome));
    expect(thrownBy(() => handshake.send(new AcceptConnection()))).toMatchObject(stateError);
    expect(textOf(handshake.send(hint))).toMatch(
      /^HTTP\/1\.1 [45]\d\d \r\n(.*\r\n)*content-length: 0\r\n\r\n$/,
    );
    expect(handshake.state).toBe(ConnectionState.CLOSED);
    expect(handshake.closeExpected).toBe(true);
    expect(thrownBy(() => handshake.send(hint))).toMatchObject(stateError);
  });

  test("D20: can send a RejectConnection of its own with a body, and nothing else", () => {
    const { handshake } = feed(server(), requestHead({ fields: { Upgrade: null } }));
    handshake.send(new RejectConnection({ hasBody: true }));
    expect(handshake.state).toBe(ConnectionState.REJECTING);
    expect(thrownBy(() => handshake.send(new AcceptConnection()))).toMatchObject(stateError);
    handshake.send(new RejectData({ data: latin1("x"), bodyFinished: false }));
    handshake.send(new RejectData({ data: latin1("x") }));
    expect(handshake.state).toBe(ConnectionState.CLOSED);
  });

  test("tunnel-smuggling: a second request in the same segment is never answered", () => {
    const wrongVersion = requestHead({ fields: { "Sec-WebSocket-Version": "777" } });
    const { handshake, events, error } = feed(
      server(),
      new Uint8Array([...wrongVersion, ...requestHead()]),
      requestHead(),
    );
    expect(events).toEqual([]);
    expect(error?.code).toBe("ERR_VERSION");
    expect(textOf(handshake.send(error!.eventHint!))).toMatch(/^HTTP\/1\.1 426 /);
    expect(feed(handshake, requestHead())).toMatchObject({ events: [], error: null });
  });
});

describe("the end of the stream", () => {
  test("F54: a server that has received nothing, or empty lines, says nothing", () => {
    for (const text of ["", "\r\n", "\r\n\r\n"]) {
      const outcome = feed(server(), latin1(text), null, null);
      expect(outcome).toMatchObject({ events: [], error: null });
      expect(outcome.handshake.state).toBe(ConnectionState.CONNECTING);
      expect(outcome.handshake.closeExpected).toBe(false);
    }
  });

  test.each(["\r", "G", "GET / HTTP/1.1\r\nHost: a", "GET / HTTP/1.1\r\nHost: a\r\n\r"])(
    "F54: inside a request, as in %j, it is a fault",
    (text) => {
      const outcome = feed(server(), latin1(text), null);
      const error = refusalOf(outcome);
      expect(error).toMatchObject({ message: "Bad HTTP message", code: "ERR_STREAM_ENDED" });
      expect(textOf(outcome.handshake.send(hintOf(error)))).toMatch(/^HTTP\/1\.1 400 /);
    },
  );

  test("D20, CVE-2025-11677: after a request it gives no event; only a rejection can be sent", () => {
    const { handshake, events, error } = feed(server(), requestHead(), null);
    expect(events.map(({ type }) => type)).toEqual(["Request"]);
    expect(error).toBeNull();
    expect(handshake.state).toBe(ConnectionState.CONNECTING);
    expect(thrownBy(() => handshake.send(new AcceptConnection()))).toMatchObject(stateError);
    expect(handshake.connection).toBeNull();
    expect(textOf(handshake.send(new RejectConnection()))).toMatch(/^HTTP\/1\.1 400 /);
  });

  test("D2: octets after it are the caller's mistake, an empty chunk is none", () => {
    for (const handshake of [
      feed(server(), null).handshake,
      feed(server(), requestHead(), null).handshake,
      feed(fresh(), null).handshake,
    ]) {
      handshake.receiveData(new Uint8Array(0));
      expect(thrownBy(() => handshake.receiveData(latin1("x")))).toMatchObject(stateError);
      expect(handshake.state).toBe(ConnectionState.CONNECTING);
    }
  });

  test("F66: a client that has not asked says nothing", () => {
    const outcome = feed(fresh(), null, null);
    expect(outcome).toMatchObject({ events: [], error: null });
    expect(outcome.handshake.closeExpected).toBe(true);
  });

  test.each<[rule: string, H11Handshake, text: string]>([
    ["after the request", client(), ""],
    ["inside the head", client(), "HTTP/1.1 101 Swi"],
    ["behind an interim response", client(), "HTTP/1.1 100 X\r\n\r\n"],
    ["inside a head before a request", fresh(), "HTTP"],
  ])("F66, R12: on a client, %s, it is a fault", (_, handshake, text) => {
    const error = refusalOf(feed(handshake, latin1(text), null));
    expect(error).toMatchObject({ message: "Bad HTTP message", code: "ERR_STREAM_ENDED" });
    expect(handshake.state).toBe(ConnectionState.CONNECTING);
    expect(handshake.closeExpected).toBe(true);
    expect(feed(handshake, latin1("x"), null)).toMatchObject({ events: [], error: null });
  });

  test.each([
    ["a length", "Content-Length: 5\r\n\r\nHel"],
    ["chunks", "Transfer-Encoding: chunked\r\n\r\n5\r\nHello\r\n"],
  ])("F66: inside a body with %s it is a fault", (_, text) => {
    const { handshake, events, error } = feed(client(), latin1(`HTTP/1.1 403 X\r\n${text}`), null);
    expect(events.map(({ type }) => type)).toEqual(["RejectConnection", "RejectData"]);
    expect(error).toMatchObject({ message: "Bad HTTP message", code: "ERR_STREAM_ENDED" });
    expect(handshake.state).toBe(ConnectionState.REJECTING);
    expect(handshake.closeExpected).toBe(true);
  });

  test("F66, D20: after a refusal it says nothing", () => {
    const { handshake } = feed(client(), latin1("HTTP/1.1 204 X\r\n\r\n"));
    expect(feed(handshake, null, latin1("x"), null)).toMatchObject({ events: [], error: null });
    expect(handshake.state).toBe(ConnectionState.CLOSED);
  });
});

test.each(["text", undefined, 5, [1], {}])("D6: receiveData(%j) is a TypeError", (value) => {
  for (const handshake of [server(), client(), feed(server(), latin1("\0")).handshake]) {
    expect(() => handshake.receiveData(wrong(value))).toThrow(TypeError);
  }
});

test("octets may come as an ArrayBuffer or any view", () => {
  const octets = requestHead();
  const views = [octets.buffer, new DataView(octets.buffer), Buffer.from(octets)];
  for (const view of views) {
    const handshake = server();
    handshake.receiveData(wrong(view));
    expect([...handshake.events()]).toHaveLength(1);
  }
});

test("D1: events is its own iterator, and an unfinished loop loses nothing", () => {
  const { handshake } = feed(client());
  handshake.receiveData(latin1("HTTP/1.1 403 X\r\nContent-Length: 2\r\n\r\nHi"));
  const types: string[] = [];
  for (const event of handshake.events()) {
    types.push(event.type);
    break;
  }
  const iterator = handshake.events();
  expect(iterator[Symbol.iterator]()).toBe(iterator);
  expect(iterator.next().value).toMatchObject({ type: "RejectData", bodyFinished: false });
  types.push(...[...handshake.events()].map(({ type }) => type));
  expect(types).toEqual(["RejectConnection", "RejectData"]);
  expect(iterator.next()).toEqual({ done: true, value: undefined });
  expect(handshake.nextEvent()).toBeNull();
});

test("D1: events that come later are given later, by the same iterator", () => {
  const handshake = client();
  const iterator = handshake.events();
  expect(iterator.next().done).toBe(true);
  handshake.receiveData(acceptHead());
  expect(iterator.next().value).toBeInstanceOf(AcceptConnection);
});
