import { describe, expect, test } from "vitest";
import { AcceptConnection, RejectConnection, RejectData } from "../../src/events.ts";
import { PerMessageDeflate } from "../../src/extensions/permessage-deflate.ts";
import { RemoteProtocolError } from "../../src/errors.ts";
import { H11Handshake } from "../../src/handshake/h11-handshake.ts";
import { CLIENT, ConnectionState } from "../../src/states.ts";
import {
  ACCEPT,
  acceptHead,
  bytewise,
  type Changes,
  client,
  feed,
  hintOf,
  latin1,
  type Outcome,
  refusalOf,
  responseHead,
  StubExtension,
  textOf,
  thrownBy,
} from "../helpers/handshake.ts";
import { frame } from "../helpers/wire.ts";

function acceptOf({ events, error }: Outcome): AcceptConnection {
  expect(error).toBeNull();
  const [event, ...others] = events;
  expect(others).toEqual([]);
  if (!(event instanceof AcceptConnection)) throw new Error("no AcceptConnection");
  return event;
}

/** Events of a refusal in short. */
function refusalLines({ events }: Outcome): string[] {
  return events.map((event) => {
    if (event instanceof RejectConnection) return `reject ${event.statusCode} ${event.hasBody}`;
    if (event instanceof RejectData)
      return `${event.bodyFinished ? "end" : "data"} ${textOf(event.data)}`;
    return event.type;
  });
}

describe("the acceptance", () => {
  test("F61, R6455-4.1-25: opens, with the headers that are not the handshake's", () => {
    const outcome = feed(
      client(),
      acceptHead({ lines: ["Set-Cookie: a=b", "X-FOO: \u00e9", "Set-Cookie: c=d", "Date: now"] }),
    );
    expect(acceptOf(outcome)).toEqual(
      new AcceptConnection({
        extraHeaders: [
          ["set-cookie", "a=b"],
          ["x-foo", "\u00e9"],
          ["set-cookie", "c=d"],
          ["date", "now"],
        ],
      }),
    );
    expect(outcome.handshake.state).toBe(ConnectionState.OPEN);
    expect(outcome.handshake.closeExpected).toBe(false);
    expect(outcome.handshake.connection).not.toBeNull();
  });

  test("F31, R9112-2.2-01: may come one octet at a time", () => {
    expect(acceptOf(feed(client(), ...bytewise(acceptHead())))).toEqual(new AcceptConnection());
  });

  test.each<[rule: string, changes: Changes]>([
    ["R9112-4-01: without a reason (C-noreason)", { line: "HTTP/1.1 101 " }],
    ["R9112-4-01: with an odd reason", { line: "HTTP/1.1 101 \u00e9\tx" }],
    ["R6455-4.1-18: Upgrade in another case (C-upg-case)", { fields: { Upgrade: "WebSocket" } }],
    [
      "R6455-4.1-19: Connection as a list (C-conn-list)",
      { fields: { Connection: "keep-alive, upGrade" } },
    ],
    ["R6455-4.1-19, D7: Connection on two lines", { lines: ["Connection: keep-alive"] }],
    [
      "R6455-4.1-20: white space around the digest (C-accept-ows)",
      { fields: { "Sec-WebSocket-Accept": ` \t${ACCEPT}\t ` } },
    ],
    [
      "R6455-4.1-24: names in another case (C-case)",
      { fields: { "Sec-WebSocket-Accept": null }, lines: [`sEC-wEBSOCKET-aCCEPT: ${ACCEPT}`] },
    ],
    ["R9112-5.2-01: a folded line (C-obsfold)", { lines: ["X: a", " b"] }],
    ["F60, D17: an empty list of extensions", { fields: { "Sec-WebSocket-Extensions": " ," } }],
    [
      "R6455-11.3-04: two versions",
      { lines: ["Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 8"] },
    ],
  ])("%s", (_, changes) => {
    expect(acceptOf(feed(client(), acceptHead(changes))).subprotocol).toBeNull();
  });

  test("R6455-4.1-25, F59: a subprotocol, or none though some were asked for", () => {
    const asked = { subprotocols: ["one", "two"] };
    const fields = { "Sec-WebSocket-Protocol": "two" };
    expect(acceptOf(feed(client(asked), acceptHead({ fields }))).subprotocol).toBe("two");
    expect(acceptOf(feed(client(asked), acceptHead())).subprotocol).toBeNull();
  });

  test("F61, R6455-9.1-03: the extensions in use are our objects, in the order of the answer", () => {
    const [foo, bar, baz] = ["foo", "bar", "baz"].map((name) => new StubExtension(name));
    const fields = { "Sec-WebSocket-Extensions": "baz; x, foo" };
    const { extensions } = acceptOf(
      feed(client({ extensions: [foo!, bar!, baz!] }), acceptHead({ fields })),
    );
    expect(extensions).toHaveLength(2);
    expect(extensions[0]).toBe(baz);
    expect(extensions[1]).toBe(foo);
    expect(baz?.finalized).toEqual(["baz; x"]);
  });

  test("F60, R6455-11.3-02, D7: extensions on two lines are one list (C-ext-2lines)", () => {
    const extensions = [new StubExtension("foo"), new StubExtension("bar")];
    const lines = ["Sec-WebSocket-Extensions: bar", "Sec-WebSocket-Extensions: foo"];
    const accept = acceptOf(feed(client({ extensions }), acceptHead({ lines })));
    expect(accept.extensions.map(({ name }) => name)).toEqual(["bar", "foo"]);
  });

  test("R6455-4.3-03: white space around separators (C-ext-lws)", () => {
    const deflate = new PerMessageDeflate();
    const value = "permessage-deflate ;\tserver_max_window_bits = 10 ; client_no_context_takeover ";
    const fields = { "Sec-WebSocket-Extensions": value };
    acceptOf(feed(client({ extensions: [deflate] }), acceptHead({ fields })));
    expect(deflate.serverMaxWindowBits).toBe(10);
  });

  test("F63, R6455-4.2.2-08: octets behind it are the connection's (C-coalesced)", () => {
    const hello = frame({ opcode: 1, payload: "Hello" });
    const { handshake, events, error } = feed(
      client(),
      new Uint8Array([...acceptHead(), ...hello]),
    );
    expect(error).toBeNull();
    expect(events.map(({ type }) => type)).toEqual(["AcceptConnection"]);
    expect([...(handshake.connection?.events() ?? [])]).toMatchObject([{ data: "Hello" }]);
  });

  test.each([
    ["Content-Length: 3", "C-cl-101"],
    ["Transfer-Encoding: chunked", "C-te-101"],
  ])("R9112-6.3-02: %s means nothing there (%s)", (line) => {
    const octets = new Uint8Array([...acceptHead({ lines: [line] }), 0x89, 0]);
    const { handshake } = feed(client(), octets);
    expect([...(handshake.connection?.events() ?? [])]).toMatchObject([{ type: "Ping" }]);
  });

  test("F28: then the handshake takes nothing more, the connection does", () => {
    const { handshake } = feed(client(), acceptHead());
    for (const data of [latin1("x"), null]) {
      expect(thrownBy(() => handshake.receiveData(data))).toMatchObject({
        name: "LocalProtocolError",
        code: "ERR_STATE",
      });
    }
  });

  test("an exception of an extension's own passes through, and nothing has changed", () => {
    class Failing extends StubExtension {
      override finalize(): void {
        throw new RangeError("mine");
      }
    }
    const handshake = client({ extensions: [new Failing("foo")] });
    const octets = acceptHead({ fields: { "Sec-WebSocket-Extensions": "foo" } });
    expect(() => handshake.receiveData(octets)).toThrow(new RangeError("mine"));
    expect(handshake.state).toBe(ConnectionState.CONNECTING);
    expect(handshake.connection).toBeNull();
    expect(feed(handshake, acceptHead(), null)).toMatchObject({ events: [], error: null });
  });
});

describe("no acceptance", () => {
  const asked = {
    subprotocols: ["one", "two"],
    extensions: [new StubExtension("foo"), new StubExtension("bar")],
  };

  test.each<[rule: string, changes: Changes, message: string]>([
    [
      "F58, R6455-4.1-19: no Connection (C-conn-missing)",
      { fields: { Connection: null } },
      "Missing header, 'Connection: Upgrade'",
    ],
    [
      "R6455-4.1-19: another Connection (C-conn-other)",
      { fields: { Connection: "no-upgrade" } },
      "Missing header, 'Connection: Upgrade'",
    ],
    [
      "R6455-4.1-23: a malformed Connection",
      { fields: { Connection: "upgrade, a b" } },
      "Missing header, 'Connection: Upgrade'",
    ],
    [
      "F58, R6455-4.1-18: no Upgrade (C-upg-missing)",
      { fields: { Upgrade: null } },
      "Missing header, 'Upgrade: websocket'",
    ],
    [
      "R6455-4.1-18: another Upgrade",
      { fields: { Upgrade: "h2c" } },
      "Missing header, 'Upgrade: websocket'",
    ],
    [
      "D13, R6455-4.1-18: Upgrade as a list (C-upg-list)",
      { fields: { Upgrade: "h2c, websocket" } },
      "Missing header, 'Upgrade: websocket'",
    ],
    [
      "D13: Upgrade on two lines",
      { lines: ["Upgrade: websocket"] },
      "Missing header, 'Upgrade: websocket'",
    ],
    [
      "F58, R6455-4.1-20: no digest (C-accept-missing)",
      { fields: { "Sec-WebSocket-Accept": null } },
      "Bad accept token",
    ],
    [
      "R6455-4.1-20: another digest",
      { fields: { "Sec-WebSocket-Accept": "AAAAAAAAAAAAAAAAAAAAAAAAAAA=" } },
      "Bad accept token",
    ],
    [
      "R6455-4.1-20: the digest in another case (C-accept-case)",
      { fields: { "Sec-WebSocket-Accept": ACCEPT.toLowerCase() } },
      "Bad accept token",
    ],
    [
      "R6455-4.1-20: the digest without padding",
      { fields: { "Sec-WebSocket-Accept": ACCEPT.slice(0, -1) } },
      "Bad accept token",
    ],
    [
      "R6455-4.1-23, R6455-11.3-02, D7: two digests (C-accept-dup)",
      { lines: [`Sec-WebSocket-Accept: ${ACCEPT}`] },
      "Bad accept token",
    ],
    [
      "F58, R6455-4.1-22: another subprotocol (C-proto-other)",
      { fields: { "Sec-WebSocket-Protocol": "three" } },
      "unrecognized subprotocol three",
    ],
    [
      "R6455-4.1-22: a subprotocol in another case (C-proto-case)",
      { fields: { "Sec-WebSocket-Protocol": "ONE" } },
      "unrecognized subprotocol ONE",
    ],
    [
      "F59, R6455-4.1-23: two subprotocols (C-proto-two)",
      { fields: { "Sec-WebSocket-Protocol": "one, two" } },
      "unrecognized subprotocol one, two",
    ],
    [
      "F59, R6455-4.1-23, D17: an empty subprotocol (C-proto-empty)",
      { fields: { "Sec-WebSocket-Protocol": "" } },
      "unrecognized subprotocol ",
    ],
    [
      "R6455-11.3-02, D7: two lines of subprotocols (C-proto-2lines)",
      { lines: ["Sec-WebSocket-Protocol: one", "Sec-WebSocket-Protocol: one"] },
      "Sec-WebSocket-Protocol is there 2 times, expected once",
    ],
    [
      "CVE-2026-55517, F44: a subprotocol beyond ASCII (C-proto-obs)",
      { fields: { "Sec-WebSocket-Protocol": "caf\u00e9" } },
      "unrecognized subprotocol caf\u00e9",
    ],
    [
      "F58, R6455-4.1-21: another extension (C-ext-other)",
      { fields: { "Sec-WebSocket-Extensions": "foo, bad" } },
      "unrecognized extension bad",
    ],
    [
      "R6455-4.1-21: an extension in another case",
      { fields: { "Sec-WebSocket-Extensions": "FOO" } },
      "unrecognized extension FOO",
    ],
    [
      "F62, D13: an extension twice",
      { lines: ["Sec-WebSocket-Extensions: foo", "Sec-WebSocket-Extensions: foo; a"] },
      "extension foo accepted twice",
    ],
  ])("%s", (_, changes, message) => {
    const outcome = feed(client(asked), acceptHead(changes));
    const error = refusalOf(outcome);
    expect(error.message).toBe(message);
    expect(hintOf(error)).toMatchObject({ statusCode: 400, headers: [] });
    expect(outcome.handshake.state).toBe(ConnectionState.CONNECTING);
    expect(outcome.handshake.closeExpected).toBe(true);
  });

  test.each([
    ["R6455-9.1-01: garbage (C-ext-garbage)", "foo;;"],
    ["R6455-4.3-02, F43: a quoted value that is no token", 'foo; a="1,2"'],
    ["CVE-2026-55517: octets beyond ASCII (C-ext-8bit)", "foo\u00e9"],
  ])("%s as extensions", (_, value) => {
    const fields = { "Sec-WebSocket-Extensions": value };
    const error = refusalOf(feed(client(asked), acceptHead({ fields })));
    expect(error.code).toBe("ERR_EXTENSION");
    expect(hintOf(error).statusCode).toBe(400);
  });

  test("F58: the checks come in this order", () => {
    const fields: Record<string, string | null> = {
      Connection: null,
      Upgrade: null,
      "Sec-WebSocket-Accept": null,
      "Sec-WebSocket-Protocol": "x",
      "Sec-WebSocket-Extensions": "x",
    };
    const codes: string[] = [];
    for (const mend of [
      () => (fields["Connection"] = "Upgrade"),
      () => (fields["Upgrade"] = "websocket"),
      () => (fields["Sec-WebSocket-Accept"] = ACCEPT),
      () => (fields["Sec-WebSocket-Protocol"] = "one"),
      () => (fields["Sec-WebSocket-Extensions"] = "foo"),
    ]) {
      codes.push(refusalOf(feed(client(asked), acceptHead({ fields }))).code);
      mend();
    }
    expect(codes).toEqual([
      "ERR_CONNECTION",
      "ERR_UPGRADE",
      "ERR_ACCEPT",
      "ERR_SUBPROTOCOL",
      "ERR_EXTENSION",
    ]);
    expect(acceptOf(feed(client(asked), acceptHead({ fields }))).subprotocol).toBe("one");
  });

  test.each<[rule: string, octets: Uint8Array]>([
    ["R6455-4.1-23, D14: HTTP/1.0 (C-http10)", acceptHead({ line: "HTTP/1.0 101 X" })],
    ["D14: HTTP/2.0", acceptHead({ line: "HTTP/2.0 101 X" })],
    ["R9112-4-01: a status of four digits (C-1010)", acceptHead({ line: "HTTP/1.1 1010 X" })],
    ["D12, R9112-2.2-02: bare LFs (C-barelf)", latin1(textOf(acceptHead()).replaceAll("\r", ""))],
    ["TLS", latin1("\u0016\u0003\u0001")],
    ["D12: a frame", latin1("\u0081\u0002Hi")],
    ["R9110-5.4-01: a head of 17 KiB", acceptHead({ lines: [`X: ${"a".repeat(17_000)}`] })],
    ["R9110-5.4-01: 101 headers", acceptHead({ lines: Array.from({ length: 98 }, () => "X: a") })],
  ])("F30: %s is no HTTP", (_, octets) => {
    const error = refusalOf(feed(client(), octets));
    expect(error.message).toBe("Bad HTTP message");
  });

  test("F68, D20: later octets, and the end of the stream, do nothing", () => {
    const { handshake } = feed(client(), acceptHead({ fields: { "Sec-WebSocket-Accept": "x" } }));
    expect(feed(handshake, acceptHead(), latin1("x"), null, latin1("x"))).toMatchObject({
      events: [],
      error: null,
    });
    expect(handshake.state).toBe(ConnectionState.CONNECTING);
  });
});

describe("interim responses", () => {
  test.each([
    ["C-100-101", ["HTTP/1.1 100 Continue\r\n\r\n"]],
    ["C-103-101", ["HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"]],
    ["102, 199", ["HTTP/1.1 102 X\r\n\r\n", "HTTP/1.1 199 X\r\nContent-Length: 5\r\n\r\n"]],
  ])("D9, F64, R9110-15.2-01: are skipped, whatever they say (%s)", (_, heads) => {
    const octets = latin1(heads.join("") + textOf(acceptHead()));
    expect(acceptOf(feed(client(), octets))).toEqual(new AcceptConnection());
    expect(acceptOf(feed(client(), ...bytewise(octets)))).toEqual(new AcceptConnection());
  });

  test("D9: give no event and leave the state as it is", () => {
    const { handshake, events, error } = feed(client(), latin1("HTTP/1.1 103 X\r\n\r\n"));
    expect([events, error, handshake.state]).toEqual([[], null, ConnectionState.CONNECTING]);
  });

  test("D9: are followed by a refusal", () => {
    const octets = latin1("HTTP/1.1 100 X\r\n\r\nHTTP/1.1 403 X\r\nContent-Length: 0\r\n\r\n");
    expect(refusalLines(feed(client(), octets))).toEqual(["reject 403 true", "end "]);
  });
});

describe("a refusal", () => {
  const length = (line: string): Uint8Array =>
    responseHead(line, { fields: { "Content-Length": "5", "X-Foo": "bar" }, rest: "Hello" });

  test.each([200, 201, 301, 302, 401, 403, 404, 426, 500, 599, 999])(
    "F65, R6455-4.1-17, R7: status %i, with headers and body (C-200, C-301, C-401)",
    (status) => {
      const outcome = feed(client(), length(`HTTP/1.1 ${status} X`));
      expect(outcome.error).toBeNull();
      expect(refusalLines(outcome)).toEqual([`reject ${status} true`, "data Hello", "end "]);
      expect(outcome.events[0]).toMatchObject({
        headers: [
          ["content-length", "5"],
          ["x-foo", "bar"],
        ],
      });
      expect(outcome.handshake.state).toBe(ConnectionState.CLOSED);
      expect(outcome.handshake.closeExpected).toBe(true);
    },
  );

  test.each([
    ["no body with 204", "HTTP/1.1 204 X\r\n\r\n", ["reject 204 true", "end "]],
    [
      "no body with 304",
      "HTTP/1.1 304 X\r\nContent-Length: 9\r\n\r\n",
      ["reject 304 true", "end "],
    ],
    ["a length of 0", "HTTP/1.1 403 X\r\nContent-Length: 0\r\n\r\n", ["reject 403 true", "end "]],
    [
      "D14: HTTP/1.0",
      "HTTP/1.0 400 X\r\nContent-Length: 2\r\n\r\nHi",
      ["reject 400 true", "data Hi", "end "],
    ],
    [
      "more than the length",
      "HTTP/1.1 403 X\r\nContent-Length: 2\r\n\r\nHi there",
      ["reject 403 true", "data Hi", "end "],
    ],
    [
      "chunks",
      "HTTP/1.1 403 X\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nHi\r\n1;a\r\n!\r\n0\r\nX: y\r\n\r\n",
      ["reject 403 true", "data Hi", "data !", "end "],
    ],
    [
      "chunks behind another coding",
      "HTTP/1.1 403 X\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
      ["reject 403 true", "end "],
    ],
    ["neither", "HTTP/1.1 403 X\r\n\r\nHi", ["reject 403 true", "data Hi"]],
  ])("F65: %s", (_, text, lines) => {
    const outcome = feed(client(), latin1(text));
    expect(outcome.error).toBeNull();
    expect(refusalLines(outcome)).toEqual(lines);
  });

  test("F65: the state is REJECTING until the end of the body", () => {
    const handshake = client();
    const states = [latin1("HTTP/1.1 403 X\r\n\r\n"), latin1("Hi"), null].map((chunk) => {
      handshake.receiveData(chunk);
      return handshake.state;
    });
    expect(states).toEqual([
      ConnectionState.REJECTING,
      ConnectionState.REJECTING,
      ConnectionState.CLOSED,
    ]);
    expect(refusalLines(feed(handshake))).toEqual(["reject 403 true", "data Hi", "end "]);
  });

  test("R6455-11.3-04: all versions of a 426 can be seen (C-426-ver-2lines)", () => {
    const lines = ["Sec-WebSocket-Version: 8", "Sec-WebSocket-Version: 7, 6"];
    const { events } = feed(client(), responseHead("HTTP/1.1 426 X", { lines }));
    expect(events[0]).toMatchObject({
      headers: [
        ["sec-websocket-version", "8"],
        ["sec-websocket-version", "7, 6"],
      ],
    });
  });

  test("F65, D15: data are views of the chunk", () => {
    const octets = length("HTTP/1.1 403 X");
    const { events } = feed(client(), octets);
    const buffers = events.map((event) => event.type === "RejectData" && event.data.buffer);
    expect(buffers[1]).toBe(octets.buffer);
  });

  test("websocket-driver-0.5.3, F53: what follows is not read", () => {
    const { handshake } = feed(client(), length("HTTP/1.1 403 X"));
    expect(
      feed(handshake, latin1("\u0081\u0002Hi"), acceptHead(), null, latin1("x")),
    ).toMatchObject({
      events: [],
      error: null,
    });
    expect(handshake.connection).toBeNull();
  });

  test.each([
    ["a length that is no number", "Content-Length: x\r\n\r\n", []],
    ["differing lengths", "Content-Length: 1\r\nContent-Length: 2\r\n\r\n", []],
    ["chunked twice", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", []],
    ["a bad size of a chunk", "Transfer-Encoding: chunked\r\n\r\nx\r\n", ["reject 403 true"]],
    [
      "CVE-2025-43859: a bad end of a chunk",
      "Transfer-Encoding: chunked\r\n\r\n2\r\nHiXX",
      ["reject 403 true", "data Hi"],
    ],
    [
      "CVE-2025-22871: a bare LF in a chunk line",
      "Transfer-Encoding: chunked\r\n\r\n2;\n",
      ["reject 403 true"],
    ],
    [
      "CVE-2024-22019: an endless chunk line",
      `Transfer-Encoding: chunked\r\n\r\n2;${"a".repeat(300)}`,
      ["reject 403 true"],
    ],
    [
      "CVE-2025-53643: endless trailers",
      `Transfer-Encoding: chunked\r\n\r\n0\r\n${"X: y\r\n".repeat(50)}`,
      ["reject 403 true"],
    ],
  ])("R9112-7.1-01: %s fails, behind what was right", (_, text, lines) => {
    const outcome = feed(client(), latin1(`HTTP/1.1 403 X\r\n${text}`));
    expect(refusalLines(outcome)).toEqual(lines);
    expect(outcome.error?.message).toBe("Bad HTTP message");
    expect(outcome.handshake.closeExpected).toBe(true);
    expect(outcome.handshake.state).toBe(
      lines.length === 0 ? ConnectionState.CONNECTING : ConnectionState.REJECTING,
    );
    expect(feed(outcome.handshake, latin1("more"), null)).toMatchObject({
      events: [],
      error: null,
    });
  });
});

describe("F67: before a request", () => {
  const fresh = (): H11Handshake => new H11Handshake(CLIENT);

  test("a final response is a refusal (408)", () => {
    const outcome = feed(fresh(), latin1("HTTP/1.1 408 X\r\nContent-Length: 0\r\n\r\n"));
    expect(refusalLines(outcome)).toEqual(["reject 408 true", "end "]);
    expect(outcome.handshake.state).toBe(ConnectionState.CLOSED);
  });

  test.each([
    ["101", acceptHead()],
    ["an interim response", latin1("HTTP/1.1 100 X\r\n\r\n")],
  ])("%s is no HTTP", (_, octets) => {
    const error = refusalOf(feed(fresh(), octets));
    expect(error).toBeInstanceOf(RemoteProtocolError);
    expect(error.message).toBe("Bad HTTP message");
  });
});
