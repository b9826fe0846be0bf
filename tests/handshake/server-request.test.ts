import { describe, expect, test } from "vitest";
import { PerMessageDeflate } from "../../src/extensions/permessage-deflate.ts";
import { AcceptConnection, Request } from "../../src/events.ts";
import { ConnectionState } from "../../src/states.ts";
import {
  bytewise,
  type Changes,
  feed,
  hintOf,
  KEY,
  latin1,
  refusalOf,
  requestHead,
  requestOf,
  server,
  textOf,
} from "../helpers/handshake.ts";

/** The Request that a server makes of these octets, or throws. */
function received(changes: Changes): Request {
  return requestOf(feed(server(), requestHead(changes)));
}

/** The refusal of these octets in short: status and code. */
function refused(octets: Uint8Array): string {
  const error = refusalOf(feed(server(), octets));
  return `${hintOf(error).statusCode} ${error.code}`;
}

describe("the Request", () => {
  test("F41: host, target, offers, and all other headers in order, in lower case", () => {
    const request = received({
      line: "GET /chat?a=b&c=%20 HTTP/1.1",
      fields: {
        Host: "Example.com:8080",
        Origin: "https://example.com",
        "Sec-WebSocket-Protocol": "chat, superchat",
        "Sec-WebSocket-Extensions": 'foo; x="1" ;y, bar',
      },
      lines: ["X-FOO: caf\u00e9", "x-foo: "],
    });
    const expected = new Request({
      host: "Example.com:8080",
      target: "/chat?a=b&c=%20",
      extensions: ['foo; x="1" ;y', "bar"],
      subprotocols: ["chat", "superchat"],
      extraHeaders: [
        ["upgrade", "websocket"],
        ["connection", "Upgrade"],
        ["sec-websocket-key", KEY],
        ["sec-websocket-version", "13"],
        ["origin", "https://example.com"],
        ["x-foo", "caf\u00e9"],
        ["x-foo", ""],
      ],
    });
    expect(request).toEqual(expected);
  });

  test("F46, D1: it is parsed as it is received, the state stays CONNECTING", () => {
    const handshake = server();
    handshake.receiveData(requestHead());
    expect(handshake.state).toBe(ConnectionState.CONNECTING);
    expect(handshake.connection).toBeNull();
    expect(requestOf(feed(handshake)).host).toBe("example.com");
    expect(handshake.state).toBe(ConnectionState.CONNECTING);
  });

  test("F46: it may be accepted without being read from events first", () => {
    const handshake = server();
    handshake.receiveData(requestHead());
    handshake.send(new AcceptConnection());
    expect([...handshake.events()].map(({ type }) => type)).toEqual(["Request"]);
  });

  test("F31: it may come one octet at a time", () => {
    expect(requestOf(feed(server(), ...bytewise(requestHead())))).toEqual(received({}));
  });

  test("D12: a chunk without octets changes nothing", () => {
    const octets = requestHead();
    const empty = new Uint8Array(0);
    expect(
      requestOf(feed(server(), empty, octets.slice(0, 9), empty, octets.slice(9), empty)),
    ).toEqual(received({}));
  });

  test.each<[rule: string, changes: Changes, expected: Partial<Request>]>([
    [
      "R6455-4.1-24: names in another case (H-case)",
      { fields: { Host: null }, lines: ["hOST: a"] },
      { host: "a" },
    ],
    ["R6455-4.2.1-01: HTTP/1.2", { line: "GET /chat HTTP/1.2" }, { target: "/chat" }],
    [
      "R9112-3.2.2-01, D22: an absolute target, whose authority is the host (H-target-abs)",
      { line: "GET http://other.example:81/chat?x HTTP/1.1" },
      { host: "other.example:81", target: "http://other.example:81/chat?x" },
    ],
    ["D22: an absolute target of wss", { line: "GET wss://a?x HTTP/1.1" }, { host: "a" }],
    ["D22: an IPv6 host", { fields: { Host: "[::1]:80" } }, { host: "[::1]:80" }],
    [
      "D22: a host in Punycode, as it is",
      { fields: { Host: "XN--BCHER-KVA.example" } },
      { host: "XN--BCHER-KVA.example" },
    ],
    [
      "R6455-4.2.1-03, D13, F38: Upgrade is a list (H-upg-list)",
      { fields: { Upgrade: "h2c, WebSocket" } },
      {},
    ],
    ["D13: Upgrade with versions", { fields: { Upgrade: "HTTP/2.0, websocket" } }, {}],
    ["D7, R6455-4.2.1-03: Upgrade on two lines", { lines: ["Upgrade: h2c"] }, {}],
    [
      "R6455-4.2.1-04, F35: Connection is a list (H-conn-list)",
      { fields: { Connection: "keep-alive, Upgrade" } },
      {},
    ],
    [
      "R9110-7.6.1-01: its options have no case, white space is skipped",
      { fields: { Connection: "keep-alive\t,\tuPGRADE" } },
      {},
    ],
    [
      "R9110-5.6.1-01: empty elements (H-conn-emptyelems)",
      { fields: { Connection: ",, upgrade,,x ," } },
      {},
    ],
    [
      "F40, D7: Connection on two lines, the first has it",
      { lines: ["Connection: keep-alive"] },
      {},
    ],
    [
      "F40, D7: Connection on two lines, the last has it",
      { fields: { Connection: "close" }, lines: ["Connection: upgrade"] },
      {},
    ],
    [
      "R9112-5.1-02: white space around a value (H-ows-tab)",
      { fields: { "Sec-WebSocket-Version": "\t 13 \t" } },
      {},
    ],
    [
      "R6455-4.2.1-05: a key with stray pad bits (H-key-padbits)",
      { fields: { "Sec-WebSocket-Key": "AQIDBAUGBwgJCgsMDQ4PEC==" } },
      {},
    ],
    [
      "R6455-4.2.1-08: octets beyond ASCII in another header (H-val-obs)",
      { lines: ["X: \u00e9"] },
      {},
    ],
    [
      "R6455-4.2.1-08: an unknown extension (H-ext-unknown)",
      { fields: { "Sec-WebSocket-Extensions": "x-unknown; a=1" } },
      { extensions: ["x-unknown; a=1"] },
    ],
    [
      "WS-2017-0421, D17: __proto__ is an extension like any (H-ext-proto)",
      { fields: { "Sec-WebSocket-Extensions": "__proto__; constructor, constructor" } },
      { extensions: ["__proto__; constructor", "constructor"] },
    ],
    [
      "WS-2017-0421, D17: __proto__ is a subprotocol like any (H-proto-proto)",
      { fields: { "Sec-WebSocket-Protocol": "__proto__, constructor" } },
      { subprotocols: ["__proto__", "constructor"] },
    ],
    [
      "R6455-11.3-03: subprotocols on two lines (H-proto-2lines)",
      { fields: { "Sec-WebSocket-Protocol": "a,b" }, lines: ["Sec-WebSocket-Protocol: c"] },
      { subprotocols: ["a", "b", "c"] },
    ],
    [
      "F42, D17: empty subprotocols are dropped (H-proto-emptyelem)",
      { fields: { "Sec-WebSocket-Protocol": "a,, b ," } },
      { subprotocols: ["a", "b"] },
    ],
    [
      "D17: an empty list of subprotocols is one",
      { fields: { "Sec-WebSocket-Protocol": "" } },
      { subprotocols: [] },
    ],
    [
      "D17: an empty list of extensions is one",
      { fields: { "Sec-WebSocket-Extensions": "" } },
      { extensions: [] },
    ],
    [
      "R6455-9.1-02, R6455-11.3-03, F40: extensions on two lines",
      {
        fields: { "Sec-WebSocket-Extensions": "foo; x" },
        lines: ["Sec-WebSocket-Extensions: bar, baz; y=2; z"],
      },
      { extensions: ["foo; x", "bar", "baz; y=2; z"] },
    ],
    [
      "R6455-9.1-02: the same extensions on one line",
      { fields: { "Sec-WebSocket-Extensions": "foo; x, bar, baz; y=2; z" } },
      { extensions: ["foo; x", "bar", "baz; y=2; z"] },
    ],
    [
      "R6455-4.3-03: white space around separators (H-ext-lws)",
      { fields: { "Sec-WebSocket-Extensions": "foo \t; x = 1\t,bar" } },
      { extensions: ["foo \t; x = 1", "bar"] },
    ],
    [
      "R6455-4.3-02, F43: a quoted value (H-pmd-quoted)",
      { fields: { "Sec-WebSocket-Extensions": 'permessage-deflate; client_max_window_bits="10"' } },
      { extensions: ['permessage-deflate; client_max_window_bits="10"'] },
    ],
    ["D18, R9112-6.3-03: Content-Length: 0 (H-cl0)", { fields: { "Content-Length": "0" } }, {}],
    [
      "R9112-6.3-01: Content-Length: 0, 0",
      { fields: { "Content-Length": "0, 0" }, lines: ["Content-Length: 0"] },
      {},
    ],
    ["D19: another expectation", { fields: { Expect: "something" } }, {}],
  ])("%s", (_, changes, expected) => {
    const request = received(changes);
    for (const [name, value] of Object.entries(expected)) {
      expect(request).toHaveProperty(name, value);
    }
  });

  test("R9112-6.3-01: repeated lengths become one header", () => {
    const { extraHeaders } = received({ lines: ["Content-Length: 0", "Content-Length: 0"] });
    expect(extraHeaders.filter(([name]) => name === "content-length")).toEqual([
      ["content-length", "0"],
    ]);
  });
});

describe("refused as no HTTP", () => {
  test.each<[rule: string, octets: Uint8Array, status: number]>([
    ["F30: noise", latin1("broken nonsense\r\n\r\n"), 400],
    ["F30: TLS, at its first octet", latin1("\u0016"), 400],
    ["D12: a frame, at its first octet", latin1("\u0081"), 400],
    ["R9112-2.3-01: HTTP/1.0 (H-http10)", requestHead({ line: "GET /chat HTTP/1.0" }), 400],
    ["D14: HTTP/2.0 (H-http20)", requestHead({ line: "GET /chat HTTP/2.0" }), 505],
    ["D14: the preface of HTTP/2", latin1("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505],
    ["R6455-4.2.1-01: a relative target", requestHead({ line: "GET chat HTTP/1.1" }), 400],
    ["R6455-4.2.1-01: an asterisk", requestHead({ line: "GET * HTTP/1.1" }), 400],
    [
      "R9112-3.2-02: a target with an octet beyond ASCII",
      requestHead({ line: "GET /\u00fc HTTP/1.1" }),
      400,
    ],
    [
      "F39, R6455-4.2.1-02, R9112-3.2-01: no Host (H-host-missing)",
      requestHead({ fields: { Host: null } }),
      400,
    ],
    ["R9112-3.2-01: two Hosts (H-host-dup)", requestHead({ lines: ["Host: example.com"] }), 400],
    ["R9112-3.2-01: an empty Host (H-host-empty)", requestHead({ fields: { Host: "" } }), 400],
    ["R9112-3.2-01: a Host that is a URI", requestHead({ fields: { Host: "http://a" } }), 400],
    [
      "F44, B10: a Host with an octet beyond ASCII (H-host-obs)",
      requestHead({ fields: { Host: "caf\u00e9" } }),
      400,
    ],
    [
      "R9112-3.2-01: no Host, though the target is absolute",
      requestHead({ line: "GET http://a/ HTTP/1.1", fields: { Host: null } }),
      400,
    ],
    [
      "R9112-3.2-01: a bad Host, though the target is absolute",
      requestHead({ line: "GET http://a/ HTTP/1.1", fields: { Host: "a b" } }),
      400,
    ],
    [
      "D22: an absolute target without a host",
      requestHead({ line: "GET http:///x HTTP/1.1" }),
      400,
    ],
    ["D22: an absolute target with a user", requestHead({ line: "GET http://u@a/ HTTP/1.1" }), 400],
    ["R9112-5.2-01: a folded line (H-obsfold)", requestHead({ lines: ["X: a", " b"] }), 400],
    ["R9112-5.1-01: a space before a colon (H-sp-colon)", requestHead({ lines: ["X : a"] }), 400],
    ["R9110-5.5-01: NUL (H-nul-val)", requestHead({ lines: ["X: \0"] }), 400],
    [
      "R9112-6.3-01, CVE-2026-1525: differing lengths (H-cl-differ)",
      requestHead({ lines: ["Content-Length: 0", "Content-Length: 1"] }),
      400,
    ],
    [
      "R9112-6.3-01, CVE-2023-47627: a length that is no number (H-cl-plus)",
      requestHead({ lines: ["Content-Length: +0"] }),
      400,
    ],
    [
      "CVE-2024-37890, R9110-5.4-01: 1,000 headers in front (H-hdr-1000-pre)",
      latin1(textOf(requestHead()).replace("Host", `${"X: a\r\n".repeat(1000)}Host`)),
      431,
    ],
    [
      "CVE-2026-22815, R9110-5.4-01: a head of 1 MiB (H-hdr-big)",
      requestHead({ lines: [`X: ${"a".repeat(2 ** 20)}`] }),
      431,
    ],
    [
      "R9112-3-01: a request line above its limit (H-line-long)",
      requestHead({ line: `GET /${"a".repeat(9000)} HTTP/1.1` }),
      414,
    ],
  ])("%s", (_, octets, status) => {
    const error = refusalOf(feed(server(), octets));
    expect(error.message).toBe("Bad HTTP message");
    expect(hintOf(error)).toMatchObject({ statusCode: status, headers: [] });
    expect(error.cause).toMatchObject({ status, code: error.code });
  });

  test("CVE-2026-54466: a handshake of an old draft is refused, with its eight octets", () => {
    const octets = requestHead({
      fields: {
        "Sec-WebSocket-Key": null,
        "Sec-WebSocket-Version": null,
        "Sec-WebSocket-Key1": "4 @1  46546xW%0l 1 5",
        "Sec-WebSocket-Key2": "12998 5 Y3 1  .P00",
      },
      rest: "^n:ds[4U",
    });
    expect(refused(octets)).toBe("400 ERR_VERSION");
  });
});

describe("refused as no opening request", () => {
  test.each<[message: string, status: number, changes: Changes]>([
    ["Request method must be GET", 400, { line: "POST /chat HTTP/1.1" }],
    ["Request method must be GET", 400, { line: "get /chat HTTP/1.1" }],
    ["Missing header, 'Connection: Upgrade'", 400, { fields: { Connection: null } }],
    ["Missing header, 'Connection: Upgrade'", 400, { fields: { Connection: "keep-alive" } }],
    ["Missing header, 'Connection: Upgrade'", 400, { fields: { Connection: "" } }],
    ["Missing header, 'Connection: Upgrade'", 400, { fields: { Connection: "no-upgrade" } }],
    ["Missing header, 'Connection: Upgrade'", 400, { fields: { Connection: "upgrade, a b" } }],
    ["Missing header, 'Connection: Upgrade'", 400, { fields: { Connection: '"x, upgrade"' } }],
    [
      "Missing header, 'Connection: Upgrade'",
      400,
      { fields: { Connection: "caf\u00e9, upgrade" } },
    ],
    ["Missing header, 'Sec-WebSocket-Version'", 400, { fields: { "Sec-WebSocket-Version": null } }],
    ["Missing header, 'Sec-WebSocket-Version'", 400, { fields: { "Sec-WebSocket-Version": "" } }],
    ...[
      "8",
      "12",
      "14",
      "013",
      "0xd",
      "13.0",
      "+13",
      "1.3e1",
      "256",
      "777",
      "x",
      "13, 8",
      "13,13",
    ].map((version): [string, number, Changes] => [
      "Missing header, 'Sec-WebSocket-Version'",
      426,
      { fields: { "Sec-WebSocket-Version": version } },
    ]),
    ["Missing header, 'Sec-WebSocket-Version'", 400, { lines: ["Sec-WebSocket-Version: 13"] }],
    ["Missing header, 'Sec-WebSocket-Version'", 400, { lines: ["Sec-WebSocket-Version: 8"] }],
    ["Missing header, 'Sec-WebSocket-Key'", 400, { fields: { "Sec-WebSocket-Key": null } }],
    ["Missing header, 'Upgrade: websocket'", 400, { fields: { Upgrade: null } }],
    ["Missing header, 'Upgrade: websocket'", 400, { fields: { Upgrade: "h2c" } }],
    ["Missing header, 'Upgrade: websocket'", 400, { fields: { Upgrade: "websocket/13" } }],
    ["Missing header, 'Upgrade: websocket'", 400, { fields: { Upgrade: "websocket, a b" } }],
    ["Missing header, 'Upgrade: websocket'", 400, { fields: { Upgrade: "websocket, a/" } }],
    ["Missing header, 'Upgrade: websocket'", 400, { fields: { Upgrade: "websocket, a/b/c" } }],
  ])("R6455-4.2.1-00, R6455-10.7-01: %j, %i: %j", (message, status, changes) => {
    const error = refusalOf(feed(server(), requestHead(changes)));
    expect(error.message).toBe(message);
    const ours = message.endsWith("'Sec-WebSocket-Version'")
      ? [["Sec-WebSocket-Version", "13"]]
      : [];
    expect(hintOf(error)).toMatchObject({ statusCode: status, headers: ours });
  });

  test.each<[rule: string, changes: Changes, expected: string]>([
    [
      "R9112-3.1-01, F34: a method in lower case (H-method-get)",
      { line: "get /chat HTTP/1.1" },
      "400 ERR_METHOD",
    ],
    ["R6455-4.2.1-01, F34: HEAD", { line: "HEAD /chat HTTP/1.1" }, "400 ERR_METHOD"],
    ["R6455-4.2.1-04, F35: no Connection", { fields: { Connection: null } }, "400 ERR_CONNECTION"],
    [
      "F44, B10: Connection with an octet beyond ASCII (H-conn-obs)",
      { fields: { Connection: "upgrade, \u00e9" } },
      "400 ERR_CONNECTION",
    ],
    [
      "R6455-4.2.2-03, R6455-4.2.1-06, F36: version 12 (H-ver-12)",
      { fields: { "Sec-WebSocket-Version": "12" } },
      "426 ERR_VERSION",
    ],
    [
      "R6455-4.3-01: version 013",
      { fields: { "Sec-WebSocket-Version": "013" } },
      "426 ERR_VERSION",
    ],
    [
      "R6455-4.4-01, F36: no version",
      { fields: { "Sec-WebSocket-Version": null } },
      "400 ERR_VERSION",
    ],
    [
      "R6455-11.3-01, D7: two versions (H-ver-dup)",
      { lines: ["Sec-WebSocket-Version: 13"] },
      "400 ERR_VERSION",
    ],
    ["F37: no key", { fields: { "Sec-WebSocket-Key": null } }, "400 ERR_KEY"],
    [
      "R6455-4.2.1-05, D14: an empty key (H-key-empty)",
      { fields: { "Sec-WebSocket-Key": "" } },
      "400 ERR_KEY",
    ],
    [
      "R6455-4.2.1-05, D14: a key of 15 octets",
      { fields: { "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAA" } },
      "400 ERR_KEY",
    ],
    [
      "R6455-4.2.1-05, D14: a key of 17 octets",
      { fields: { "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAAA=" } },
      "400 ERR_KEY",
    ],
    [
      "R6455-4.2.1-05, D14: a key without padding",
      { fields: { "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA" } },
      "400 ERR_KEY",
    ],
    [
      "R6455-4.2.1-05: a key beyond ASCII (H-key-obs)",
      { fields: { "Sec-WebSocket-Key": "caf\u00e9" } },
      "400 ERR_KEY",
    ],
    [
      "R6455-11.3-01, D7: two keys (H-key-dup)",
      { lines: [`Sec-WebSocket-Key: ${KEY}`] },
      "400 ERR_KEY",
    ],
    [
      "R6455-11.3-01: two keys on one line",
      { fields: { "Sec-WebSocket-Key": `${KEY}, ${KEY}` } },
      "400 ERR_KEY",
    ],
    ["R6455-4.2.1-03, F38: no Upgrade", { fields: { Upgrade: null } }, "400 ERR_UPGRADE"],
    [
      "R9112-5.1-02: a value in other white space (H-upg-vt)",
      { fields: { Upgrade: "\u00a0websocket" } },
      "400 ERR_UPGRADE",
    ],
    [
      "D18, F45, R9112-6.3-03: a body with a length (H-cl5)",
      { fields: { "Content-Length": "5" }, rest: "Hello" },
      "400 ERR_BODY",
    ],
    [
      "D18, R9112-6.1-01: a body in chunks (H-te-chunked)",
      { fields: { "Transfer-Encoding": "chunked" }, rest: "0\r\n\r\n" },
      "400 ERR_BODY",
    ],
    [
      "R9112-6.1-01, CVE-2023-47627: an unknown coding (H-te-unknown)",
      { fields: { "Transfer-Encoding": "chunked123" } },
      "400 ERR_BODY",
    ],
    [
      "R9112-6.1-01, CVE-2023-47627: a coding beside a length (H-cl-te)",
      { fields: { "Content-Length": "0", "Transfer-Encoding": "chunked" } },
      "400 ERR_BODY",
    ],
    [
      "D19, R9110-7.8-03: Expect: 100-continue (H-expect)",
      { fields: { Expect: "100-Continue" } },
      "417 ERR_EXPECT",
    ],
    [
      "D17, peer-names: a subprotocol that is no token",
      { fields: { "Sec-WebSocket-Protocol": "a b" } },
      "400 ERR_SUBPROTOCOL",
    ],
    [
      "F44, B10, peer-names: a subprotocol beyond ASCII (H-proto-obs)",
      { fields: { "Sec-WebSocket-Protocol": "caf\u00e9" } },
      "400 ERR_SUBPROTOCOL",
    ],
    [
      "D17, D7: a subprotocol twice",
      { fields: { "Sec-WebSocket-Protocol": "a, b" }, lines: ["Sec-WebSocket-Protocol: a"] },
      "400 ERR_SUBPROTOCOL",
    ],
    [
      "R6455-9.1-01: a malformed extension (H-ext-bad)",
      { fields: { "Sec-WebSocket-Extensions": "foo; =1" } },
      "400 ERR_EXTENSION",
    ],
    [
      "R6455-9.1-01, F44, B10: an extension beyond ASCII (H-ext-bad-8bit)",
      { fields: { "Sec-WebSocket-Extensions": "foo\u00e9" } },
      "400 ERR_EXTENSION",
    ],
    [
      "R6455-4.3-02: a quoted value that is no token (H-ext-bad-q)",
      { fields: { "Sec-WebSocket-Extensions": 'foo; a="1,2"' } },
      "400 ERR_EXTENSION",
    ],
    [
      "R6455-4.3-02: an open quote",
      { fields: { "Sec-WebSocket-Extensions": 'foo; a="1' } },
      "400 ERR_EXTENSION",
    ],
  ])("%s", (_, changes, expected) => {
    expect(refused(requestHead(changes))).toBe(expected);
  });

  test("F34, F35, F36, F37, F38, F39: the first failure wins, in this order", () => {
    const fields: Record<string, string | null> = {
      Host: null,
      Connection: null,
      "Sec-WebSocket-Version": null,
      "Sec-WebSocket-Key": null,
      Upgrade: null,
      "Content-Length": "1",
      Expect: "100-continue",
      "Sec-WebSocket-Protocol": "\u00e9",
      "Sec-WebSocket-Extensions": "\u00e9",
    };
    let line = "POST /chat HTTP/1.1";
    const messages: string[] = [];
    for (const mend of [
      () => (fields["Host"] = "example.com"),
      () => (line = "GET /chat HTTP/1.1"),
      () => (fields["Connection"] = "Upgrade"),
      () => (fields["Sec-WebSocket-Version"] = "13"),
      () => (fields["Sec-WebSocket-Key"] = KEY),
      () => (fields["Upgrade"] = "websocket"),
      () => (fields["Content-Length"] = null),
      () => (fields["Expect"] = null),
      () => (fields["Sec-WebSocket-Protocol"] = null),
      () => (fields["Sec-WebSocket-Extensions"] = null),
    ]) {
      messages.push(refusalOf(feed(server(), requestHead({ line, fields }))).code);
      mend();
    }
    expect(messages).toEqual([
      "ERR_HOST",
      "ERR_METHOD",
      "ERR_CONNECTION",
      "ERR_VERSION",
      "ERR_KEY",
      "ERR_UPGRADE",
      "ERR_BODY",
      "ERR_EXPECT",
      "ERR_SUBPROTOCOL",
      "ERR_EXTENSION",
    ]);
    expect(requestOf(feed(server(), requestHead({ line, fields }))).target).toBe("/chat");
  });
});

test("B10: a deflate offer with a value that is no number is no fault of the header (H-pmd-cmwb-abc)", () => {
  const handshake = server();
  const extensions = "permessage-deflate; client_max_window_bits=abc";
  feed(handshake, requestHead({ fields: { "Sec-WebSocket-Extensions": extensions } }));
  const accept = new AcceptConnection({ extensions: [new PerMessageDeflate()] });
  expect(textOf(handshake.send(accept))).not.toContain("Sec-WebSocket-Extensions");
});

describe("CVE-2021-32640: lists are read in linear time", () => {
  // A quadratic reader makes some 10^8 steps of these; the tests of http/fields and extensions/header count no time either.
  test.each([
    ["Sec-WebSocket-Protocol", `a${" ".repeat(15_000)}b`, "400 ERR_SUBPROTOCOL"],
    ["Sec-WebSocket-Protocol", `a${" ,".repeat(7_000)}a`, "400 ERR_SUBPROTOCOL"],
    ["Sec-WebSocket-Extensions", `a${" ".repeat(15_000)}b`, "400 ERR_EXTENSION"],
    ["Sec-WebSocket-Extensions", `a;${" ".repeat(15_000)}"`, "400 ERR_EXTENSION"],
    ["Connection", `upgrade${"\t".repeat(15_000)}x`, "400 ERR_CONNECTION"],
    ["Upgrade", `websocket${" ".repeat(15_000)}/`, "400 ERR_UPGRADE"],
  ])("H-proto-redos: %s", (name, value, expected) => {
    expect(refused(requestHead({ fields: { [name]: value } }))).toBe(expected);
  });

  test("thousands of subprotocols are compared by name, not one by one", () => {
    const names = Array.from({ length: 3000 }, (_, index) => index.toString(36));
    const request = received({ fields: { "Sec-WebSocket-Protocol": names.join(",") } });
    expect(request.subprotocols).toEqual(names);
  });
});
