import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LocalProtocolError } from "../../src/errors.ts";
import {
  AcceptConnection,
  CloseConnection,
  type Event,
  Ping,
  RejectConnection,
  RejectData,
  Request,
  TextMessage,
} from "../../src/events.ts";
import { PerMessageDeflate } from "../../src/extensions/permessage-deflate.ts";
import type { H11Handshake } from "../../src/handshake/h11-handshake.ts";
import { ConnectionState } from "../../src/states.ts";
import {
  ACCEPT,
  type Changes,
  feed,
  hintOf,
  latin1,
  refusalOf,
  requestHead,
  server,
  StubExtension,
  textOf,
  thrownBy,
} from "../helpers/handshake.ts";
import { frame, masked, wrong } from "../helpers/wire.ts";

/** A server that has received a request. */
function asked(changes: Changes = {}): H11Handshake {
  const handshake = server();
  handshake.receiveData(requestHead(changes));
  return handshake;
}

function offering(extensions: string): H11Handshake {
  return asked({ fields: { "Sec-WebSocket-Extensions": extensions } });
}

function send(handshake: H11Handshake, event: Event): string {
  return textOf(handshake.send(event));
}

/** Checks that `event` is refused as the caller's mistake, and that the state is as before. */
function expectRefused(handshake: H11Handshake, event: Event, code: string): LocalProtocolError {
  const { state } = handshake;
  const error = thrownBy(() => handshake.send(event));
  if (!(error instanceof LocalProtocolError)) throw new Error("not refused");
  expect(error.code).toBe(code);
  expect(handshake.state).toBe(state);
  return error;
}

const START = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${ACCEPT}\r\n`;

describe("AcceptConnection", () => {
  test("F48, R6455-4.2.2-07, R9110-7.8-02: 101, with Upgrade, Connection and the digest", () => {
    const handshake = asked();
    expect(send(handshake, new AcceptConnection())).toBe(`${START}\r\n`);
    expect(handshake.state).toBe(ConnectionState.OPEN);
  });

  test("F48: subprotocol, extensions and other headers follow, in this order", () => {
    const handshake = asked({
      fields: { "Sec-WebSocket-Protocol": "a, b", "Sec-WebSocket-Extensions": "foo" },
    });
    const accept = new AcceptConnection({
      extraHeaders: [
        ["Server", "x"],
        ["Set-Cookie", "a"],
        ["Set-Cookie", "b"],
      ],
      extensions: [new StubExtension("foo")],
      subprotocol: "b",
    });
    expect(send(handshake, accept)).toBe(
      `${START}Sec-WebSocket-Protocol: b\r\nSec-WebSocket-Extensions: foo\r\n` +
        "Server: x\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n\r\n",
    );
  });

  test("F28, R6455-4.2.2-08: the connection is there at once, and may send", () => {
    const handshake = asked();
    expect(handshake.connection).toBeNull();
    handshake.send(new AcceptConnection());
    const octets = handshake.connection?.send(new TextMessage({ data: "x" }));
    expect(octets).toEqual(Uint8Array.of(0x81, 1, 0x78));
  });

  test.each(["other", "", "A", "a, b"])(
    "F49, R6455-4.2.2-05: the subprotocol %j, which was not offered, is refused",
    (subprotocol) => {
      const handshake = asked({ fields: { "Sec-WebSocket-Protocol": "a, b" } });
      const accept = new AcceptConnection({ subprotocol });
      const { message } = expectRefused(handshake, accept, "ERR_SUBPROTOCOL");
      expect(message).toBe(`unexpected subprotocol ${subprotocol}`);
      expect(send(handshake, new AcceptConnection({ subprotocol: "a" }))).toContain(": a\r\n");
    },
  );

  test("F49: nothing obliges a server to choose a subprotocol", () => {
    const handshake = asked({ fields: { "Sec-WebSocket-Protocol": "a, b" } });
    expect(send(handshake, new AcceptConnection())).toBe(`${START}\r\n`);
  });

  test("peer-names, WS-2017-0421: __proto__ can be chosen", () => {
    const handshake = asked({ fields: { "Sec-WebSocket-Protocol": "__proto__" } });
    const accept = new AcceptConnection({ subprotocol: "__proto__" });
    expect(send(handshake, accept)).toContain("Sec-WebSocket-Protocol: __proto__\r\n");
  });

  test.each([
    ["X Foo", "a"],
    ["X-Foo", "a\r\nb: c"],
    ["X-Foo", "a\nb"],
    ["X-Foo", "\0"],
    ["Sec-WebSocket-Protocol", "a"],
    ["sec-websocket-extensions", "foo"],
    ["Sec-WebSocket-Accept", ACCEPT],
    ["Upgrade", "h2c"],
    ["Content-Length", "0"],
    ["Transfer-Encoding", "chunked"],
  ])(
    "D6, CVE-2020-35678, R6455-11.3-02: the header %j: %j is refused, before any extension is asked",
    (name, value) => {
      const handshake = offering("permessage-deflate");
      const deflate = new PerMessageDeflate();
      const accept = new AcceptConnection({
        extraHeaders: [[name, value]],
        extensions: [deflate],
      });
      expectRefused(handshake, accept, "ERR_HEADER");
      expect(deflate.enabled()).toBe(false);
      expect(send(handshake, new AcceptConnection({ extensions: [deflate] }))).toContain(
        "Sec-WebSocket-Extensions: permessage-deflate\r\n",
      );
    },
  );

  test.each([
    ["foo", [new StubExtension("foo", true, false)]],
    ["foo", [new StubExtension("foo", true, null)]],
    ["foo", [new StubExtension("FOO")]],
    ["foo", [new StubExtension("bar")]],
    ["foo", []],
  ] as const)(
    "R6455-4.2.2-06: of %j nothing is accepted, so there is no header",
    (offer, extensions) => {
      expect(send(offering(offer), new AcceptConnection({ extensions }))).toBe(`${START}\r\n`);
    },
  );

  test("R6455-4.2.2-06, R6455-9-01: an answer has only what was offered", () => {
    const names = fc.uniqueArray(fc.constantFrom("a", "b", "c", "d", "__proto__"));
    fc.assert(
      fc.property(names, names, (offered, supported) => {
        const extensions = supported.map((name) => new StubExtension(name));
        const head = send(offering(offered.join(",")), new AcceptConnection({ extensions }));
        const answer = /^Sec-WebSocket-Extensions: (.*)\r$/m.exec(head)?.[1];
        const agreed = offered.filter((name) => supported.includes(name));
        expect(answer?.split(", ") ?? []).toEqual(agreed);
        expect(answer).not.toBe("");
      }),
    );
  });

  test("D6: what is no Extension is a TypeError, and nothing has changed", () => {
    const handshake = offering("foo");
    const extensions = wrong(["foo"]);
    expect(() => handshake.send(new AcceptConnection({ extensions }))).toThrow(TypeError);
    expect(handshake.state).toBe(ConnectionState.CONNECTING);
    expect(send(handshake, new AcceptConnection())).toBe(`${START}\r\n`);
  });

  test("an exception of an extension's own passes through, and nothing has changed", () => {
    class Failing extends StubExtension {
      override accept(): boolean {
        throw new RangeError("mine");
      }
    }
    const handshake = offering("foo");
    expect(() =>
      handshake.send(new AcceptConnection({ extensions: [new Failing("foo")] })),
    ).toThrow(new RangeError("mine"));
    expect(handshake.state).toBe(ConnectionState.CONNECTING);
    expect(send(handshake, new AcceptConnection())).toBe(`${START}\r\n`);
  });

  test("D20, F47: before a request it is refused", () => {
    expectRefused(server(), new AcceptConnection(), "ERR_STATE");
    const partial = server();
    partial.receiveData(requestHead().slice(0, 50));
    expectRefused(partial, new AcceptConnection(), "ERR_STATE");
  });

  test("F29: a second one is refused", () => {
    const handshake = asked();
    handshake.send(new AcceptConnection());
    const { message } = expectRefused(handshake, new AcceptConnection(), "ERR_STATE");
    expect(message).toBe("Event AcceptConnection cannot be sent in state OPEN.");
  });
});

describe("octets before the accept", () => {
  const hello = masked(frame({ opcode: 1, payload: "Hello" }));
  const world = masked(frame({ opcode: 1, payload: "world" }));

  function heard(handshake: H11Handshake): unknown[] {
    return [...(handshake.connection?.events() ?? [])].map((event) =>
      event.type === "TextMessage" ? event.data : event.type,
    );
  }

  test("D4, optimistic-upgrade: reach the connection, in order, from the request's chunk and from later ones", () => {
    const handshake = server();
    const head = requestHead();
    const first = new Uint8Array([...head, ...hello.slice(0, 4)]);
    for (const chunk of [first, hello.slice(4), world.slice(0, 1)]) handshake.receiveData(chunk);
    expect([...handshake.events()].map(({ type }) => type)).toEqual(["Request"]);
    handshake.send(new AcceptConnection());
    handshake.connection?.receiveData(world.slice(1));
    expect(heard(handshake)).toEqual(["Hello", "world"]);
  });

  test("D4, D15: are copied, for a chunk is borrowed only while it is read", () => {
    const handshake = asked();
    const chunk = hello.slice();
    handshake.receiveData(chunk);
    chunk.fill(0);
    handshake.send(new AcceptConnection());
    expect(heard(handshake)).toEqual(["Hello"]);
  });

  test("D4: a limit of 64 KiB, all of which may come", () => {
    const handshake = asked();
    handshake.receiveData(new Uint8Array(65_535));
    handshake.receiveData(new Uint8Array(1));
    const error = refusalOf({ ...feed(handshake, new Uint8Array(1)), events: [] });
    expect(error.code).toBe("ERR_EARLY_DATA");
    expect(hintOf(error).statusCode).toBe(400);
    expectRefused(handshake, new AcceptConnection(), "ERR_STATE");
    expect(send(handshake, hintOf(error))).toBe("HTTP/1.1 400 \r\ncontent-length: 0\r\n\r\n");
  });

  test("D4: the limit can be set, and lifted", () => {
    const limited = server({ limits: { earlyData: 0 } });
    limited.receiveData(requestHead());
    expect(feed(limited, new Uint8Array(1)).error?.code).toBe("ERR_EARLY_DATA");
    const lifted = server({ limits: { earlyData: Infinity } });
    lifted.receiveData(requestHead());
    expect(feed(lifted, new Uint8Array(100_000)).error).toBeNull();
  });

  test("D4: the Request is given, though too much came with it", () => {
    const { events, error } = feed(
      server({ limits: { earlyData: 4 } }),
      requestHead({ rest: "12345" }),
    );
    expect(events.map(({ type }) => type)).toEqual(["Request"]);
    expect(error?.code).toBe("ERR_EARLY_DATA");
  });

  test("optimistic-upgrade, tunnel-smuggling: another request fails as a frame after the accept (H-pipelined-get)", () => {
    const handshake = asked({ rest: textOf(requestHead()) });
    handshake.send(new AcceptConnection());
    const [failure] = [...(handshake.connection?.events() ?? [])];
    expect(failure).toBeInstanceOf(CloseConnection);
    expect(failure).toMatchObject({ code: 1002 });
  });

  test("optimistic-upgrade, F53: are dropped by a refusal", () => {
    const handshake = asked({ rest: textOf(requestHead()) });
    handshake.receiveData(requestHead());
    handshake.send(new RejectConnection());
    expect([...handshake.events()].map(({ type }) => type)).toEqual(["Request"]);
    expect(handshake.connection).toBeNull();
    expect(feed(handshake, requestHead(), hello)).toMatchObject({ events: [], error: null });
  });

  test("D4: many small chunks are one", () => {
    const handshake = asked();
    for (let index = 0; index < 5957; index++) {
      for (const octet of hello) handshake.receiveData(Uint8Array.of(octet));
    }
    handshake.send(new AcceptConnection());
    expect(heard(handshake)).toHaveLength(5957);
  });
});

describe("RejectConnection", () => {
  test.each([
    [new RejectConnection(), "HTTP/1.1 400 \r\ncontent-length: 0\r\n\r\n"],
    [new RejectConnection({ statusCode: 403 }), "HTTP/1.1 403 \r\ncontent-length: 0\r\n\r\n"],
    [new RejectConnection({ statusCode: 999 }), "HTTP/1.1 999 \r\ncontent-length: 0\r\n\r\n"],
    [new RejectConnection({ statusCode: 200 }), "HTTP/1.1 200 \r\ncontent-length: 0\r\n\r\n"],
    [new RejectConnection({ statusCode: 204 }), "HTTP/1.1 204 \r\n\r\n"],
    [
      new RejectConnection({ headers: [["Connection", "close"]] }),
      "HTTP/1.1 400 \r\nConnection: close\r\ncontent-length: 0\r\n\r\n",
    ],
    [
      new RejectConnection({ headers: [["Content-Length", "0"]] }),
      "HTTP/1.1 400 \r\nContent-Length: 0\r\n\r\n",
    ],
    [
      new RejectConnection({ statusCode: 401, headers: [["WWW-Authenticate", "Basic"]] }),
      "HTTP/1.1 401 \r\nWWW-Authenticate: Basic\r\ncontent-length: 0\r\n\r\n",
    ],
    [
      new RejectConnection({ statusCode: 302, headers: [["Location", "/x"]] }),
      "HTTP/1.1 302 \r\nLocation: /x\r\ncontent-length: 0\r\n\r\n",
    ],
  ])(
    "F51, R6455-4.2.2-09, tunnel-smuggling: a refusal is a complete response, row %#",
    (event, expected) => {
      const handshake = asked();
      expect(send(handshake, event)).toBe(expected);
      expect(handshake.state).toBe(ConnectionState.CLOSED);
      expect(handshake.closeExpected).toBe(true);
    },
  );

  test.each([
    [[], "Upgrade: websocket\r\nConnection: Upgrade\r\n"],
    [
      [["Connection", "close"]],
      "Connection: close\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n",
    ],
    [[["connection", "close, upgrade"]], "connection: close, upgrade\r\nUpgrade: websocket\r\n"],
    [[["upgrade", "x"]], "upgrade: x\r\nConnection: Upgrade\r\n"],
  ] as const)(
    "D16, R9110-15.5.22-01: 426 with %j has Upgrade and Connection",
    (headers, expected) => {
      const event = new RejectConnection({ statusCode: 426, headers });
      expect(send(asked(), event)).toBe(`HTTP/1.1 426 \r\n${expected}content-length: 0\r\n\r\n`);
    },
  );

  test("F36, D16, R6455-4.2.2-03: the answer to another version tells ours", () => {
    const handshake = server();
    const error = refusalOf(
      feed(handshake, requestHead({ fields: { "Sec-WebSocket-Version": "12" } })),
    );
    expect(send(handshake, hintOf(error))).toBe(
      "HTTP/1.1 426 \r\nSec-WebSocket-Version: 13\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
        "content-length: 0\r\n\r\n",
    );
  });

  test.each([99, 100, 101, 199, 1000, 200.5, Number.NaN, -1])(
    "D6: the status %s is refused",
    (statusCode) => {
      const handshake = asked();
      expectRefused(handshake, new RejectConnection({ statusCode }), "ERR_STATUS");
      expect(send(handshake, new RejectConnection())).toContain("400");
    },
  );

  test.each([
    ["a name that is no token", { headers: [["X Y", "a"]] }, "ERR_HEADER"],
    ["LF in a value", { headers: [["X", "a\nb"]] }, "ERR_HEADER"],
    ["a length without a body", { headers: [["Content-Length", "5"]] }, "ERR_BODY"],
    ["a body for 204", { statusCode: 204, hasBody: true }, "ERR_BODY"],
    ["a body for 304", { statusCode: 304, hasBody: true }, "ERR_BODY"],
  ] as const)("D6: %s is refused", (_, fields, code) => {
    expectRefused(asked(), new RejectConnection(fields), code);
  });

  test("F51: is possible before a request, and inside one", () => {
    expect(send(server(), new RejectConnection({ statusCode: 408 }))).toContain("408");
    const partial = server();
    partial.receiveData(latin1("GET / HTTP/1.1\r\nHost"));
    expect(send(partial, new RejectConnection())).toContain("400");
    expect(feed(partial, latin1(": a\r\n\r\n"))).toMatchObject({ events: [], error: null });
  });

  test("F51: is possible once", () => {
    const handshake = asked();
    handshake.send(new RejectConnection());
    expect(expectRefused(handshake, new RejectConnection(), "ERR_STATE").message).toBe(
      "Connection cannot be rejected in state CLOSED",
    );
    expectRefused(handshake, new AcceptConnection(), "ERR_STATE");
    expect(
      expectRefused(handshake, new RejectData({ data: latin1("") }), "ERR_STATE").message,
    ).toBe("Cannot send rejection data in state CLOSED");
  });
});

describe("RejectData", () => {
  const data = (text: string, bodyFinished: boolean): RejectData =>
    new RejectData({ data: latin1(text), bodyFinished });

  test("F51, F52: chunks, if there is no length", () => {
    const handshake = asked();
    const reject = new RejectConnection({
      hasBody: true,
      headers: [["Content-Type", "text/plain"]],
    });
    expect(send(handshake, reject)).toBe(
      "HTTP/1.1 400 \r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n",
    );
    expect(handshake.state).toBe(ConnectionState.REJECTING);
    expect(handshake.closeExpected).toBe(false);
    expect(send(handshake, data("Hello", false))).toBe("5\r\nHello\r\n");
    expect(send(handshake, data("", false))).toBe("");
    expect(send(handshake, data(", world", true))).toBe("7\r\n, world\r\n0\r\n\r\n");
    expect(handshake.state).toBe(ConnectionState.CLOSED);
  });

  test("F52: a length, which has to be met", () => {
    const handshake = asked();
    const headers = [["Content-Length", "5"]] as const;
    handshake.send(new RejectConnection({ hasBody: true, headers }));
    expectRefused(handshake, data("Hello!", true), "ERR_BODY");
    expectRefused(handshake, data("Hell", true), "ERR_BODY");
    expect(send(handshake, data("Hel", false))).toBe("Hel");
    expect(send(handshake, data("lo", true))).toBe("lo");
    expect(handshake.state).toBe(ConnectionState.CLOSED);
  });

  test.each([
    ["no request line was understood", "nonsense\r\n"],
    ["the peer speaks HTTP/1.0", "GET / HTTP/1.0\r\n"],
  ])("R9112-6.1-01: no chunks if %s: the body ends with the stream", (_, text) => {
    const handshake = server();
    expect(feed(handshake, latin1(text)).error).not.toBeNull();
    expect(send(handshake, new RejectConnection({ hasBody: true }))).toBe("HTTP/1.1 400 \r\n\r\n");
    expect(send(handshake, data("Hello", true))).toBe("Hello");
  });

  test("D20, F47: a refused request of HTTP/1.1 can be answered with chunks", () => {
    const handshake = server();
    expect(feed(handshake, latin1("GET / HTTP/1.1\r\nX : a\r\n\r\n")).error).not.toBeNull();
    expect(send(handshake, new RejectConnection({ hasBody: true }))).toContain("chunked");
    expect(send(handshake, data("", true))).toBe("0\r\n\r\n");
    expect(handshake.state).toBe(ConnectionState.CLOSED);
  });

  test("F52: is refused without a RejectConnection before it", () => {
    const { message } = expectRefused(asked(), data("", true), "ERR_STATE");
    expect(message).toBe("Cannot send rejection data in state CONNECTING");
  });

  test("F53: received octets are ignored meanwhile, and the end of the stream too", () => {
    const handshake = asked();
    handshake.send(new RejectConnection({ hasBody: true }));
    expect(feed(handshake, latin1("x"), null, latin1("x"))).toMatchObject({ error: null });
    expect(handshake.state).toBe(ConnectionState.REJECTING);
    expectRefused(handshake, new RejectConnection({ hasBody: true }), "ERR_STATE");
    expectRefused(handshake, new AcceptConnection(), "ERR_STATE");
    expect(send(handshake, data("", true))).toBe("0\r\n\r\n");
  });
});

test.each([new Request({ host: "a", target: "/" }), new Ping(), new TextMessage({ data: "" })])(
  "F29, F57: $type is not a server's to send, in any state",
  (event) => {
    const rejecting = asked();
    rejecting.send(new RejectConnection({ hasBody: true }));
    const closed = asked();
    closed.send(new RejectConnection());
    for (const handshake of [server(), asked(), rejecting, closed]) {
      expectRefused(handshake, event, "ERR_STATE");
    }
  },
);
