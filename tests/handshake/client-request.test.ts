import { describe, expect, test } from "vitest";
import { LocalProtocolError } from "../../src/errors.ts";
import { Request } from "../../src/events.ts";
import { PerMessageDeflate } from "../../src/extensions/permessage-deflate.ts";
import { H11Handshake } from "../../src/handshake/h11-handshake.ts";
import { CLIENT, ConnectionState } from "../../src/states.ts";
import {
  KEY,
  latin1,
  sampleRandom,
  StubExtension,
  textOf,
  thrownBy,
} from "../helpers/handshake.ts";
import { wrong } from "../helpers/wire.ts";

type Fields = Partial<ConstructorParameters<typeof Request>[0]>;

function request(fields: Fields): Request {
  return new Request({ host: "example.com", target: "/chat", ...fields });
}

function fresh(): H11Handshake {
  return new H11Handshake(CLIENT, { random: sampleRandom });
}

function written(fields: Fields): string {
  return textOf(fresh().send(request(fields)));
}

/** The head with these differences from the ordinary one. */
function head(line: string, host: string, more: readonly string[] = []): string {
  const lines = [
    line,
    `Host: ${host}`,
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Key: ${KEY}`,
    "Sec-WebSocket-Version: 13",
    ...more,
  ];
  return `${lines.join("\r\n")}\r\n\r\n`;
}

test("F55, R6455-4.1-07, R6455-4.1-10, R6455-4.1-13: the request and the order of its headers", () => {
  const octets = written({
    host: "example.com:8443",
    target: "/chat?x=1",
    subprotocols: ["a", "b"],
    extensions: [new PerMessageDeflate({ clientNoContextTakeover: true, clientMaxWindowBits: 12 })],
    extraHeaders: [
      ["Origin", "https://example.com"],
      ["X-Dup", "1"],
      ["X-Dup", ""],
      ["Connection", "keep-alive"],
      ["Content-Length", "0"],
    ],
  });
  expect(octets).toBe(
    head("GET /chat?x=1 HTTP/1.1", "example.com:8443", [
      "Sec-WebSocket-Protocol: a, b",
      "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=12; server_max_window_bits=15; client_no_context_takeover",
      "Origin: https://example.com",
      "X-Dup: 1",
      "X-Dup: ",
      "Connection: keep-alive",
      "Content-Length: 0",
    ]),
  );
});

test.each([
  ["/", "GET / HTTP/1.1"],
  ["/?x", "GET /?x HTTP/1.1"],
  ["/%E4%BD%A0?a=b&c=%20", "GET /%E4%BD%A0?a=b&c=%20 HTTP/1.1"],
  ["http://example.com/chat", "GET http://example.com/chat HTTP/1.1"],
])("R6455-4.1-08, R6455-3-03: the target %j", (target, line) => {
  expect(written({ target })).toBe(head(line, "example.com"));
});

test.each([
  ["localhost", "localhost"],
  ["127.0.0.1:80", "127.0.0.1:80"],
  ["[::1]:9001", "[::1]:9001"],
  ["www.b\u00fccher.example:8080", "www.xn--bcher-kva.example:8080"],
])("R6455-4.1-09, D22: the host %j", (host, sent) => {
  expect(written({ host })).toBe(head("GET /chat HTTP/1.1", sent));
});

describe("offers", () => {
  test.each<[rule: string, extensions: StubExtension[], line: string | null]>([
    ["R6455-4.1-15: none", [], null],
    ["R6455-4.1-15: one that offers nothing", [new StubExtension("foo", false)], null],
    ["a bare name", [new StubExtension("foo", true)], "foo"],
    ["a bare name, by no parameters", [new StubExtension("foo", "")], "foo"],
    ["parameters", [new StubExtension("foo", "a=1; b=2")], "foo; a=1; b=2"],
    ["two", [new StubExtension("foo"), new StubExtension("bar", "x")], "foo, bar; x"],
    ["one of two", [new StubExtension("foo", false), new StubExtension("bar")], "bar"],
    [
      "several of one name",
      [new StubExtension("foo", "a=1"), new StubExtension("foo")],
      "foo; a=1, foo",
    ],
  ])("F56: %s", (_, extensions, line) => {
    const more = line === null ? [] : [`Sec-WebSocket-Extensions: ${line}`];
    expect(written({ extensions })).toBe(head("GET /chat HTTP/1.1", "example.com", more));
  });

  test("F56, D6: what is no Extension is a TypeError", () => {
    const handshake = fresh();
    expect(() => handshake.send(request({ extensions: ["permessage-deflate"] }))).toThrow(
      TypeError,
    );
    expect(() => handshake.send(request({ extensions: wrong([null]) }))).toThrow(TypeError);
    expect(handshake.send(request({}))).not.toHaveLength(0);
  });

  test("an exception of an extension's own passes through, and nothing was sent", () => {
    class Failing extends StubExtension {
      override offer(): boolean {
        throw new RangeError("mine");
      }
    }
    const handshake = fresh();
    expect(() => handshake.send(request({ extensions: [new Failing("foo")] }))).toThrow(
      new RangeError("mine"),
    );
    expect(handshake.send(request({}))).not.toHaveLength(0);
  });
});

describe("D6, F57: refused, and nothing was sent", () => {
  test.each<[rule: string, fields: Fields, code: string]>([
    ["B12: a host with a scheme", { host: "ws://example.com" }, "ERR_HOST"],
    ["an empty host", { host: "" }, "ERR_HOST"],
    ["CVE-2020-35678: CR LF in the host", { host: "a\r\nX: y" }, "ERR_HOST"],
    ["CVE-2020-35678: CR LF in the target", { target: "/a\r\nX: y" }, "ERR_TARGET"],
    ["a space in the target", { target: "/a b" }, "ERR_TARGET"],
    ["a target beyond ASCII", { target: "/\u00fc" }, "ERR_TARGET"],
    ["R6455-4.1-08: an asterisk", { target: "*" }, "ERR_TARGET"],
    ["R6455-4.1-08: a relative target", { target: "foo" }, "ERR_TARGET"],
    ["a fragment", { target: "/a#b" }, "ERR_TARGET"],
    ["R6455-4.1-14: an empty subprotocol", { subprotocols: [""] }, "ERR_SUBPROTOCOL"],
    ["R6455-4.1-14: a subprotocol that is no token", { subprotocols: ["a b"] }, "ERR_SUBPROTOCOL"],
    ["R6455-4.1-14: a subprotocol twice", { subprotocols: ["a", "b", "a"] }, "ERR_SUBPROTOCOL"],
    ["R6455-4.1-14: a subprotocol beyond ASCII", { subprotocols: ["\u00e9"] }, "ERR_SUBPROTOCOL"],
    ["CVE-2020-35678: CR in a subprotocol", { subprotocols: ["a\rb"] }, "ERR_SUBPROTOCOL"],
    ["a header name with a space", { extraHeaders: [["X Foo", "1"]] }, "ERR_HEADER"],
    ["a header value with a space in front", { extraHeaders: [["X-Foo", " a"]] }, "ERR_HEADER"],
    ["a header value with a space behind", { extraHeaders: [["X-Foo", "a "]] }, "ERR_HEADER"],
    ["CVE-2020-35678: LF in a header value", { extraHeaders: [["X-Foo", "a\nb"]] }, "ERR_HEADER"],
    ["a header value beyond Latin-1", { extraHeaders: [["X-Foo", "\u20ac"]] }, "ERR_HEADER"],
    ["a second Host", { extraHeaders: [["host", "a"]] }, "ERR_HEADER"],
    ["R6455-11.3-01: a second key", { extraHeaders: [["Sec-WebSocket-Key", KEY]] }, "ERR_HEADER"],
    [
      "R6455-4.1-13: a second version",
      { extraHeaders: [["Sec-WebSocket-Version", "13"]] },
      "ERR_HEADER",
    ],
    ["subprotocols as a header", { extraHeaders: [["Sec-WebSocket-Protocol", "a"]] }, "ERR_HEADER"],
    ["extensions as a header", { extraHeaders: [["Sec-WebSocket-Extensions", "a"]] }, "ERR_HEADER"],
    ["a coding", { extraHeaders: [["Transfer-Encoding", "chunked"]] }, "ERR_HEADER"],
    ["a length", { extraHeaders: [["Content-Length", "5"]] }, "ERR_HEADER"],
    [
      "two lengths",
      {
        extraHeaders: [
          ["Content-Length", "1"],
          ["Content-Length", "2"],
        ],
      },
      "ERR_HEADER",
    ],
    [
      "R6455-9.1-04: an extension whose name is no token",
      { extensions: [new StubExtension("a b")] },
      "ERR_EXTENSION",
    ],
    [
      "R6455-9.1-04: an offer that is no parameters",
      { extensions: [new StubExtension("a", "=")] },
      "ERR_EXTENSION",
    ],
    [
      "CVE-2020-35678: CR LF in an offer",
      { extensions: [new StubExtension("a", "b\r\nX: y")] },
      "ERR_EXTENSION",
    ],
  ])("%s", (_, fields, code) => {
    const handshake = fresh();
    const error = thrownBy(() => handshake.send(request(fields)));
    expect(error).toBeInstanceOf(LocalProtocolError);
    expect(error).toMatchObject({ code });
    expect(handshake.state).toBe(ConnectionState.CONNECTING);
    expect(textOf(handshake.send(request({})))).toBe(head("GET /chat HTTP/1.1", "example.com"));
  });
});

test("D24: the key is asked for last, once everything else is right", () => {
  const asked: number[] = [];
  const handshake = new H11Handshake(CLIENT, {
    random: (size) => {
      asked.push(size);
      return latin1("short");
    },
  });
  expect(() => handshake.send(request({ target: "x" }))).toThrow(LocalProtocolError);
  expect(asked).toEqual([]);
  expect(() => handshake.send(request({}))).toThrow(TypeError);
  expect(asked).toEqual([16]);
});

test("F57: a second Request is refused", () => {
  const handshake = fresh();
  handshake.send(request({}));
  expect(thrownBy(() => handshake.send(request({})))).toMatchObject({
    name: "LocalProtocolError",
    code: "ERR_STATE",
  });
});
