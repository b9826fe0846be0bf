import { describe, expect, test } from "vitest";
import { AcceptConnection, RejectConnection } from "../../src/events.ts";
import { H11Handshake } from "../../src/handshake/h11-handshake.ts";
import { CLIENT, ConnectionState } from "../../src/states.ts";
import {
  ACCEPT,
  feed,
  hintOf,
  KEY,
  latin1,
  refusalOf,
  requestHead,
  requestOf,
  sampleRandom,
  server,
  textOf,
  thrownBy,
} from "../helpers/handshake.ts";
import { frame, masked, wrong } from "../helpers/wire.ts";
import { RemoteProtocolError } from "../../src/errors.ts";

const HEADERS: readonly (readonly [string, string])[] = [
  ["Host", "example.com"],
  ["Upgrade", "websocket"],
  ["Connection", "Upgrade"],
  ["Sec-WebSocket-Key", KEY],
  ["Sec-WebSocket-Version", "13"],
];

type Arguments = Parameters<H11Handshake["initiateUpgradeConnection"]>;

function initiated(...[headers, path, line]: Arguments): H11Handshake {
  const handshake = server();
  handshake.initiateUpgradeConnection(headers, path, line);
  return handshake;
}

/** The refusal of a request in short. */
function refused(headers: Arguments[0], path: Arguments[1], line?: Arguments[2]): string {
  const handshake = server();
  const error = thrownBy(() => handshake.initiateUpgradeConnection(headers, path, line));
  if (!(error instanceof RemoteProtocolError)) throw new Error("not refused");
  expect(handshake.state).toBe(ConnectionState.CONNECTING);
  const hint = hintOf(error);
  handshake.send(hint);
  expect(handshake.state).toBe(ConnectionState.CLOSED);
  return `${hint.statusCode} ${error.code}`;
}

test("F50, D23: a parsed request gives the Request that its octets would give", () => {
  const lines = ["Sec-WebSocket-Protocol: a, b", "Sec-WebSocket-Extensions: foo", "X-Foo: a"];
  const headers = [
    ...HEADERS,
    ["Sec-WebSocket-Protocol", "a, b"],
    ["sec-websocket-extensions", "foo"],
    ["X-Foo", " a "],
  ] as const;
  expect(requestOf(feed(initiated(headers, "/chat")))).toEqual(
    requestOf(feed(server(), requestHead({ lines }))),
  );
});

test("F50, D23: it can be accepted and rejected", () => {
  const accepted = initiated(HEADERS, "/chat");
  expect(textOf(accepted.send(new AcceptConnection()))).toContain(ACCEPT);
  const rejected = initiated(HEADERS, "/chat");
  expect(textOf(rejected.send(new RejectConnection({ hasBody: true })))).toContain("chunked");
});

test.each<[form: string, ...Arguments]>([
  ["a record", Object.fromEntries(HEADERS), "/chat"],
  ["a Map", new Map(HEADERS), "/chat"],
  ["octets as the path", HEADERS, latin1("/chat")],
  ["the line spelled out", HEADERS, "/chat", { method: "GET", httpVersion: "1.1" }],
  ["a line with nothing in it", HEADERS, "/chat", { method: undefined, httpVersion: undefined }],
])("D23: %s is taken", (_, ...args) => {
  expect(requestOf(feed(initiated(...args))).target).toBe("/chat");
});

test("D23, D4: what was read beyond the head goes to receiveData", () => {
  const handshake = initiated(HEADERS, "/chat");
  handshake.receiveData(masked(frame({ opcode: 1, payload: "Hi" })));
  handshake.send(new AcceptConnection());
  expect([...(handshake.connection?.events() ?? [])]).toMatchObject([{ data: "Hi" }]);
});

type Pairs = readonly (readonly [string, string])[];
const without = (name: string): Pairs => HEADERS.filter(([other]) => other !== name);
const also = (name: string, value: string): Pairs => [...HEADERS, [name, value]];

test.each<[rule: string, expected: string, ...Arguments]>([
  ["F39: no Host", "400 ERR_HOST", without("Host"), "/"],
  ["R9112-3.2-01: two Hosts", "400 ERR_HOST", also("host", "a"), "/"],
  ["no Connection", "400 ERR_CONNECTION", without("Connection"), "/"],
  ["no version", "400 ERR_VERSION", without("Sec-WebSocket-Version"), "/"],
  ["no key", "400 ERR_KEY", without("Sec-WebSocket-Key"), "/"],
  ["no Upgrade", "400 ERR_UPGRADE", without("Upgrade"), "/"],
  [
    "R6455-11.3-01: two keys, joined",
    "400 ERR_KEY",
    [...without("Sec-WebSocket-Key"), ["Sec-WebSocket-Key", `${KEY}, ${KEY}`]],
    "/",
  ],
  ["D18: a body", "400 ERR_BODY", also("Content-Length", "5"), "/"],
  ["D19: an expectation", "417 ERR_EXPECT", also("Expect", "100-continue"), "/"],
  ["a path with a space", "400 ERR_TARGET", HEADERS, "/a b"],
  ["a path beyond ASCII", "400 ERR_TARGET", HEADERS, latin1("/\u00fc")],
  ["an empty path", "400 ERR_TARGET", HEADERS, ""],
  ["CR LF in the path", "400 ERR_TARGET", HEADERS, "/\r\nX: y"],
  ["another method", "400 ERR_METHOD", HEADERS, "/", { method: "POST" }],
  ["a method that is no token", "400 ERR_HTTP", HEADERS, "/", { method: "G ET" }],
  ["D14: HTTP/1.0", "400 ERR_HTTP_VERSION", HEADERS, "/", { httpVersion: "1.0" }],
  ["D14: HTTP/2.0", "505 ERR_HTTP_VERSION", HEADERS, "/", { httpVersion: "2.0" }],
  ["D14: no version of HTTP", "400 ERR_HTTP_VERSION", HEADERS, "/", { httpVersion: "x" }],
  ["R9110-5.1-01: a name that is no token", "400 ERR_HTTP", also("X Y", "a"), "/"],
  ["R9110-5.5-01: LF in a value", "400 ERR_HTTP", also("X", "a\nb"), "/"],
  ["a value beyond Latin-1", "400 ERR_HTTP", also("X", "\u20ac"), "/"],
  [
    "CVE-2024-37890: 101 headers",
    "431 ERR_HEAD_SIZE",
    Array.from({ length: 101 }, () => ["a", "b"] as const),
    "/",
  ],
  ["R9110-5.4-01: 16 KiB of headers", "431 ERR_HEAD_SIZE", also("X", "a".repeat(16_384)), "/"],
  ["R9112-3-01: a path of 8 KiB", "414 ERR_HEAD_SIZE", HEADERS, `/${"a".repeat(8192)}`],
])("D23, D6: %s is the peer's fault: %s", (_, expected, ...args) => {
  expect(refused(...args)).toBe(expected);
});

test("D23, D10: the limits are those of the octets", () => {
  const octets = requestHead();
  const line = "GET /chat HTTP/1.1".length;
  const exact = { head: octets.length, headerLines: 5, requestLine: line };
  for (const less of [
    {},
    { head: octets.length - 1 },
    { headerLines: 4 },
    { requestLine: line - 1 },
  ]) {
    const limits = { ...exact, ...less };
    const parsed = server({ limits });
    const error = thrownBy(() => parsed.initiateUpgradeConnection(HEADERS, "/chat"));
    expect(error === null).toBe(feed(server({ limits }), octets).error === null);
    expect(error === null).toBe(Object.keys(less).length === 0);
  }
});

describe("the caller's mistakes", () => {
  test("F50: on a client", () => {
    const handshake = new H11Handshake(CLIENT, { random: sampleRandom });
    expect(thrownBy(() => handshake.initiateUpgradeConnection(HEADERS, "/chat"))).toMatchObject({
      name: "LocalProtocolError",
      code: "ERR_STATE",
      message: "Cannot initiate an upgrade connection when acting as the client",
    });
  });

  test.each<[rule: string, handshake: H11Handshake]>([
    ["a second request", initiated(HEADERS, "/chat")],
    ["a request behind received octets", feed(server(), latin1("G")).handshake],
    ["a request behind a received request", feed(server(), requestHead()).handshake],
    ["a request behind a refused one", feed(server(), latin1("\0")).handshake],
  ])("D6, D23: %s", (_, handshake) => {
    expect(thrownBy(() => handshake.initiateUpgradeConnection(HEADERS, "/chat"))).toMatchObject({
      name: "LocalProtocolError",
      code: "ERR_STATE",
    });
  });

  test("D6: a request behind a rejection", () => {
    const handshake = server();
    handshake.send(new RejectConnection());
    expect(thrownBy(() => handshake.initiateUpgradeConnection(HEADERS, "/chat"))).toMatchObject({
      name: "LocalProtocolError",
    });
  });

  test.each<[name: string, ...Arguments]>([
    ["headers", wrong(5), "/chat"],
    ["headers", wrong(null), "/chat"],
    ["headers", wrong([["a", 1]]), "/chat"],
    ["path", HEADERS, wrong(5)],
    ["path", HEADERS, wrong(undefined)],
    ["method", HEADERS, "/chat", { method: wrong(null) }],
    ["httpVersion", HEADERS, "/chat", { httpVersion: wrong(1.1) }],
  ])("D6: %s of another type is a TypeError, and nothing has changed, row %#", (_, ...args) => {
    const handshake = server();
    expect(() => handshake.initiateUpgradeConnection(...args)).toThrow(TypeError);
    handshake.initiateUpgradeConnection(HEADERS, "/chat");
    expect(requestOf(feed(handshake)).host).toBe("example.com");
  });
});

test("R9112-2.2-04: an empty line before a request that something else parses is none", () => {
  const handshake = server();
  handshake.receiveData(latin1("\r\n"));
  handshake.initiateUpgradeConnection(HEADERS, "/chat");
  expect(refusalOf({ ...feed(server(), latin1("\0")), events: [] }).code).toBe("ERR_HTTP");
  expect(requestOf(feed(handshake)).host).toBe("example.com");
});
