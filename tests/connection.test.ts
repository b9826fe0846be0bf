import { describe, expect, test } from "vitest";
import { Connection } from "../src/connection.ts";
import { LocalProtocolError } from "../src/errors.ts";
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
} from "../src/events.ts";
import { OutputBuffer } from "../src/bytes/output.ts";
import { Extension, NO_RSV_BITS } from "../src/extensions/extension.ts";
import { PerMessageDeflate } from "../src/extensions/permessage-deflate.ts";
import type { RsvBits } from "../src/frames/opcode.ts";
import { ConnectionState, ConnectionType } from "../src/states.ts";
import { FaultyExtension } from "./helpers/faulty-extension.ts";
import {
  arriving,
  concat,
  expectOctets,
  frame,
  hex,
  leaving,
  open,
  receive,
  ROLES,
  summary,
  toHex,
  typeOf,
  utf8,
  wrong,
} from "./helpers/wire.ts";

const close = frame({ opcode: 8, payload: hex("03e8") });
const text = frame({ opcode: 1, payload: "x" });

describe.each(ROLES)("a Connection, %s", (role) => {
  test("F69: starts open", () => {
    const connection = new Connection(typeOf(role));
    expect(connection.state).toBe(ConnectionState.OPEN);
    expect(connection.connectionType).toBe(typeOf(role));
    expect(connection.closeExpected).toBe(false);
    expect([...connection.events()]).toEqual([]);
  });

  test("F69, F63: reads its trailing data first", () => {
    const octets = arriving(role, text, text);
    const connection = new Connection(typeOf(role), [], octets.subarray(0, 4));
    connection.receiveData(octets.subarray(4));
    expect(summary(connection.events())).toEqual(["text x", "text x"]);
  });

  test("F69, F76: trailing data that is null is the end of the stream", () => {
    const connection = new Connection(typeOf(role), [], null);
    expect(connection.state).toBe(ConnectionState.OPEN);
    expect(summary(connection.events())).toEqual(["close 1006 null"]);
  });

  test("F71: closing inside a message is allowed", () => {
    const connection = open(role);
    connection.send(new TextMessage({ data: "a", messageFinished: false }));
    expect(connection.send(new CloseConnection({ code: 1000 }))).toEqual(leaving(role, close));
  });

  test("F73: a closed connection takes no octets, not even none, and null any time", () => {
    const connection = open(role);
    receive(connection, null);
    const refusal: unknown = expect.objectContaining({
      constructor: LocalProtocolError,
      message: "Connection already closed.",
      code: "ERR_STATE",
    });
    for (const data of [hex(""), text]) {
      expect(() => connection.receiveData(data)).toThrow(refusal);
      expect(() => connection.receiveLent(data)).toThrow(refusal);
    }
    connection.keepLent();
    expect(receive(connection, null)).toEqual([]);
  });

  test("D2: octets after the end of the stream are refused, before and after it was read", () => {
    const connection = open(role);
    connection.receiveData(arriving(role, text));
    connection.receiveData(null);
    const refusal: unknown = expect.objectContaining({
      constructor: LocalProtocolError,
      code: "ERR_STATE",
    });
    for (const data of [hex(""), text]) {
      expect(() => connection.receiveData(data)).toThrow(refusal);
      expect(() => connection.receiveLent(data)).toThrow(refusal);
    }
    expect(summary(connection.events())).toEqual(["text x", "close 1006 null"]);
  });

  test("F74, D1: nothing is parsed and no state moves before events are read", () => {
    const connection = open(role);
    connection.receiveData(arriving(role, frame({ opcode: 9 }), close));
    expect(connection.state).toBe(ConnectionState.OPEN);
    const events = connection.events();
    expect(events.next().value).toEqual(new Ping());
    expect(connection.state).toBe(ConnectionState.OPEN);
    expectOctets(connection.send(new Pong()), leaving(role, frame({ opcode: 10 })));
    expect(summary(events)).toEqual(["close 1000 "]);
    expect(connection.state).toBe(ConnectionState.REMOTE_CLOSING);
  });

  test("D1: a loop that is left is taken up again, and a fault waits its turn", () => {
    const connection = open(role);
    connection.receiveData(arriving(role, text, text, frame({ opcode: 3 })));
    for (const event of connection.events()) {
      expect(event.type).toBe("TextMessage");
      break;
    }
    expect(connection.events()[Symbol.iterator]()).toBe(connection.events());
    expect(summary(connection.events())).toEqual([
      "text x",
      "fail 1002 ERR_OPCODE Invalid opcode 0x3",
    ]);
  });

  test("D1: a reader that is always behind gets everything, in order", () => {
    const connection = open(role);
    const chunk = (index: number) =>
      arriving(role, frame({ opcode: 1, payload: `${index}` }), frame({ opcode: 10 }));
    const seen: string[] = [];
    for (let index = 0; index < 500; index++) {
      connection.receiveData(chunk(2 * index));
      connection.receiveData(chunk(2 * index + 1));
      for (let events = 0; events < 3; events++) {
        const { value } = connection.events().next();
        if (value !== undefined) seen.push(...summary([value]));
      }
    }
    seen.push(...summary(connection.events()));
    const expected = Array.from({ length: 1000 }, (_, index) => [`text ${index}`, "pong "]).flat();
    expect(seen).toEqual(expected);
  });

  test("F75: a received Close sends nothing", () => {
    const connection = open(role);
    const output = new OutputBuffer();
    receive(connection, arriving(role, close));
    expect(output.length).toBe(0);
    expect(() => {
      connection.sendInto(new Ping(), output);
    }).toThrow(LocalProtocolError);
    expect(output.length).toBe(0);
  });

  test("F76, D2: a lost stream is 1006 without a reason, and no failure", () => {
    const [event] = receive(open(role), null);
    expect(event).toStrictEqual(new CloseConnection({ code: 1006 }));
    expect(event).toMatchObject({ reason: null, failure: null });
  });

  test("F81: after our Close the peer's messages are still delivered until its own", () => {
    const connection = open(role);
    connection.send(new CloseConnection({ code: 1000 }));
    const octets = arriving(role, text, frame({ opcode: 9 }), frame({ opcode: 10 }), close, text);
    expect(summary(receive(connection, octets))).toEqual([
      "text x",
      "ping ",
      "pong ",
      "close 1000 ",
    ]);
    expect(connection.state).toBe(ConnectionState.CLOSED);
  });

  test("F70, D3: a failed connection says so when anything but a Close is sent", () => {
    const connection = open(role);
    receive(connection, hex("ffff"));
    expect(() => connection.send(new Ping())).toThrow(
      "Event Ping cannot be sent in state OPEN. The connection has failed.",
    );
    connection.send(new CloseConnection({ code: 1002 }));
    expect(() => connection.send(new CloseConnection({ code: 1002 }))).toThrow(
      "Event CloseConnection cannot be sent in state LOCAL_CLOSING. The connection has failed.",
    );
  });

  test("F78: frames before the bad one are delivered first", () => {
    const octets = arriving(role, text, frame({ opcode: 9 }), frame({ opcode: 1, rsv: 1 }), text);
    expect(summary(receive(open(role), octets))).toEqual([
      "text x",
      "ping ",
      "fail 1002 ERR_RSV Reserved bit set unexpectedly",
    ]);
  });

  test("F89, D21: the class decides the opcode", () => {
    const connection = open(role);
    expect(connection.send(new TextMessage({ data: "ä" }))).toEqual(
      leaving(role, frame({ opcode: 1, payload: "ä" })),
    );
    expect(connection.send(new BytesMessage({ data: utf8("ä") }))).toEqual(
      leaving(role, frame({ opcode: 2, payload: "ä" })),
    );
  });

  test.each([
    ["a lone high surrogate", "a\ud83db", "a\ufffdb"],
    ["a lone low surrogate", "\udc00", "\ufffd"],
    ["a pair the wrong way round", "\udc4b\ud83d", "\ufffd\ufffd"],
    ["a pair", "\ud83d\udc4b", "👋"],
  ])("D6: in outgoing text %s is well formed", (_name, data, sent) => {
    for (const deflate of [false, true]) {
      const connection = open(role, {}, deflate ? [new Neutral()] : []);
      expect(connection.send(new TextMessage({ data }))).toEqual(
        leaving(role, frame({ opcode: 1, payload: sent })),
      );
    }
  });

  test.each([0, 1, 125, 126, 4096, 4097, 21_845, 21_846, 65_535, 65_536, 65_537, 140_000])(
    "F91: text of %d characters, of one, two, three and four octets each",
    (size) => {
      for (const character of ["a", "é", "€", "👋"]) {
        const data = character.repeat(size);
        const sent = open(role).send(new TextMessage({ data }));
        expectOctets(sent, leaving(role, frame({ opcode: 1, payload: data })));
        expect(sent.length).toBeGreaterThanOrEqual(size);
      }
    },
  );

  test.each([65_534, 65_535, 65_536, 131_071, 131_072])(
    "F91, D6: in a long text no pair of surrogates is cut, and lone ones are replaced: at %d",
    (place) => {
      for (const odd of ["👋", "\ud83d", "\udc4b", "\udc4b\ud83d"]) {
        const data = `${"a".repeat(place)}${odd}${"é".repeat(70_000)}`;
        const sent = open(role).send(new TextMessage({ data }));
        expectOctets(sent, leaving(role, frame({ opcode: 1, payload: data })));
        expect(sent.length).toBeGreaterThan(data.length);
      }
    },
  );

  test.each([
    ["41 two-octet characters and one more", "é".repeat(41) + "a".repeat(50), 125],
    ["a length that needs the longer form only in UTF-8", "é".repeat(63), 126],
    ["the same, just below", "é".repeat(62) + "a", 125],
  ])("F91: %s", (_name, data, octets) => {
    expect(utf8(data).length).toBeGreaterThanOrEqual(octets);
    expect(open(role).send(new TextMessage({ data }))).toEqual(
      leaving(role, frame({ opcode: 1, payload: data })),
    );
  });

  test.each([
    ["123 octets", "a".repeat(123), 123],
    ["124 octets", "a".repeat(124), 123],
    ["two-octet characters", "é".repeat(100), 122],
    ["three-octet characters", "€".repeat(100), 123],
    ["four-octet characters", "👋".repeat(100), 120],
    ["a character across the end", "a" + "👋".repeat(31), 121],
    ["a very long one", "a".repeat(100_000), 123],
  ])("F93, D6: a reason is cut to 123 octets at a character: %s", (_name, reason, kept) => {
    const sent = open(role).send(new CloseConnection({ code: 1000, reason }));
    const payload = concat(hex("03e8"), utf8(reason).subarray(0, kept));
    expect(sent).toEqual(leaving(role, frame({ opcode: 8, payload })));
  });
});

/** An extension that is in use and does nothing. */
class Neutral extends Extension {
  readonly name: string = "neutral";

  override enabled(): boolean {
    return true;
  }

  offer(): boolean {
    return true;
  }
}

describe("release", () => {
  test("forgets what has arrived, releases the extensions, and takes and gives nothing any more", () => {
    const extension = new FaultyExtension();
    const connection = new Connection(ConnectionType.SERVER, [extension], text);
    connection.release();
    expect(connection.state).toBe(ConnectionState.CLOSED);
    expect(connection.closeExpected).toBe(true);
    expect(extension.released).toBe(1);
    expect([...connection.events()]).toEqual([]);
    expect(connection.fail(1000)).toHaveLength(0);
    expect(() => connection.receiveData(new Uint8Array(1))).toThrow(LocalProtocolError);
  });
});

describe("the caller's mistakes", () => {
  test.each([[0], [3], ["SERVER"], [null], [undefined], [Symbol("s")]])(
    "D6, F6: %o is no connection type",
    (value) => {
      expect(() => new Connection(wrong(value))).toThrow(TypeError);
    },
  );

  test.each([
    ["a string", "x"],
    ["a number", 5],
    ["an array", [1]],
  ])("D6, F69: trailing data that is %s is a TypeError", (_name, value) => {
    expect(() => new Connection(ConnectionType.SERVER, [], wrong(value))).toThrow(TypeError);
  });

  test.each([
    ["null", null],
    ["a number", 5],
    ["a list of names", ["permessage-deflate"]],
  ])("D6: extensions that are %s are a TypeError", (_name, value) => {
    expect(() => new Connection(ConnectionType.SERVER, wrong(value))).toThrow(TypeError);
  });

  test.each([
    ["options", null],
    ["limits", { limits: 5 }],
    ["ownsInput", { ownsInput: "yes" }],
    ["ownsInput", { ownsInput: null }],
    ["random", { random: 5 }],
    ["random", { random: new Uint8Array(4) }],
  ])("D6: an option of the wrong type is a TypeError: %s", (_name, options) => {
    for (const type of Object.values(ConnectionType)) {
      expect(() => new Connection(type, [], undefined, wrong(options))).toThrow(TypeError);
    }
  });

  test("D6: options that are undefined are left out", () => {
    const options = { limits: undefined, random: undefined, ownsInput: undefined };
    const connection = new Connection(ConnectionType.CLIENT, [], undefined, options);
    expect(connection.send(new Ping())).toHaveLength(6);
  });

  test.each([
    ["a string", "text"],
    ["undefined", undefined],
    ["a number", 5],
    ["a plain object", {}],
    ["an array", [0x81, 0]],
  ])(
    "D6, F21: receiveData and receiveLent of %s are TypeErrors, in every state",
    (_name, value) => {
      const connection = open("server");
      const attempt = () => {
        expect(() => connection.receiveData(wrong(value))).toThrow(TypeError);
        expect(() => connection.receiveLent(wrong(value))).toThrow(TypeError);
      };
      attempt();
      receive(connection, arriving("server", text));
      receive(connection, arriving("server", close));
      attempt();
      receive(connection, null);
      attempt();
    },
  );

  test.each([
    ["null", null],
    ["undefined", undefined],
    ["a string", "Ping"],
    ["a plain object", { type: "Ping", payload: hex("") }],
    ["a class", Ping],
  ])("D6, F21: to send %s is a TypeError, in every state, and nothing was sent", (_name, value) => {
    const connection = open("server");
    const output = new OutputBuffer();
    const attempts = [
      () => connection.send(wrong(value)),
      () => connection.sendParts(wrong(value)),
      () => {
        connection.sendInto(wrong(value), output);
      },
    ];
    for (const end of ["none", "close"]) {
      for (const attempt of attempts) expect(attempt).toThrow(TypeError);
      expect(output.length).toBe(0);
      if (end === "none") expect(connection.send(new Ping())).toEqual(hex("8900"));
      receive(connection, null);
    }
  });

  test("D6, F21: data that is neither text nor octets is a TypeError, and nothing was sent", () => {
    const connection = open("server");
    const output = new OutputBuffer();
    for (const value of [null, undefined, 5, {}, [1], new TextMessage({ data: "x" })]) {
      expect(() => {
        connection.sendDataInto(wrong(value), output);
      }).toThrow(TypeError);
    }
    expect(output.length).toBe(0);
    connection.sendDataInto(Uint8Array.of(1, 2).buffer, output);
    connection.sendDataInto(new DataView(Uint8Array.of(3).buffer), output);
    connection.sendDataInto("x", output);
    expect(output.take()).toEqual(hex("8202 0102 8201 03 8101 78"));
  });

  test.each(["x", hex("01")])("D6, F70: data cannot be sent after our Close: %o", (data) => {
    const connection = open("server");
    connection.send(new CloseConnection({ code: 1000 }));
    const output = new OutputBuffer();
    const type = typeof data === "string" ? "TextMessage" : "BytesMessage";
    const message = `Event ${type} cannot be sent in state LOCAL_CLOSING.`;
    expect(() => {
      connection.sendDataInto(data, output);
    }).toThrow(new LocalProtocolError(message, "ERR_STATE"));
    expect(output.length).toBe(0);
  });

  const HANDSHAKE: readonly Event[] = [
    new Request({ host: "a", target: "/" }),
    new AcceptConnection(),
    new RejectConnection(),
    new RejectData({ data: hex("") }),
  ];

  test.each(HANDSHAKE)("D6, F70: $type cannot be sent by a Connection", (event) => {
    const connection = open("client");
    expect(() => connection.send(event)).toThrow(
      new LocalProtocolError(`Event ${event.type} cannot be sent in state OPEN.`, "ERR_STATE"),
    );
    expect(connection.state).toBe(ConnectionState.OPEN);
    expect(connection.send(new Ping())).toEqual(leaving("client", frame({ opcode: 9 })));
  });

  test("F72: what cannot be sent leaves what is behind it in an output buffer alone", () => {
    const connection = open("server");
    const output = new OutputBuffer();
    connection.sendInto(new Ping(), output);
    for (const event of [
      new Ping({ payload: new Uint8Array(126) }),
      new CloseConnection({ code: 1006 }),
      HANDSHAKE[0]!,
    ]) {
      expect(() => {
        connection.sendInto(event, output);
      }).toThrow(LocalProtocolError);
    }
    connection.sendInto(new Pong(), output);
    expect(output.take()).toEqual(hex("8900 8a00"));
  });
});

describe.each(ROLES)("fail(), %s", (role) => {
  const closing = (code: string, reason = "") =>
    leaving(role, frame({ opcode: 8, payload: concat(hex(code), utf8(reason)) }));

  test("R11: gives the Close, and then hears nothing but the end", () => {
    const connection = open(role);
    connection.receiveData(arriving(role, text));
    expect(connection.fail(1011, "broken")).toEqual(closing("03f3", "broken"));
    expect(connection.state).toBe(ConnectionState.LOCAL_CLOSING);
    expect(connection.closeExpected).toBe(true);
    expect(receive(connection, arriving(role, text, close))).toEqual([]);
    expect(summary(receive(connection, null))).toEqual(["close 1006 null"]);
  });

  test("R11: after our Close it gives nothing, and the peer's is not heard any more", () => {
    const connection = open(role);
    connection.send(new CloseConnection({ code: 1000 }));
    expect(connection.closeExpected).toBe(false);
    expect(connection.fail(1011)).toEqual(new Uint8Array(0));
    expect(connection.closeExpected).toBe(true);
    expect(receive(connection, arriving(role, close))).toEqual([]);
    expect(connection.state).toBe(ConnectionState.LOCAL_CLOSING);
  });

  test("R11: after the peer's Close it finishes the closing handshake", () => {
    const connection = open(role);
    receive(connection, arriving(role, close));
    expect(connection.fail(1011)).toEqual(closing("03f3"));
    expect(connection.state).toBe(ConnectionState.CLOSED);
  });

  test("R11: after a failure it gives the Close, once; closed, it gives nothing", () => {
    const connection = open(role);
    receive(connection, hex("ffff"));
    expect(connection.fail(1002)).toEqual(closing("03ea"));
    expect(connection.fail(1002)).toEqual(new Uint8Array(0));
    receive(connection, null);
    expect(connection.fail(1002)).toEqual(new Uint8Array(0));
    expect(connection.state).toBe(ConnectionState.CLOSED);
  });

  test("R11, D5: 1005 sends a Close without a code", () => {
    expect(open(role).fail(1005)).toEqual(leaving(role, frame({ opcode: 8 })));
  });

  test("R11, D5, D6: a wrong code or reason throws and changes nothing", () => {
    const connection = open(role);
    expect(() => connection.fail(1006)).toThrow(LocalProtocolError);
    expect(() => connection.fail(wrong("1000"))).toThrow(TypeError);
    expect(() => connection.fail(1000, wrong(5))).toThrow(TypeError);
    expect(connection.state).toBe(ConnectionState.OPEN);
    expect(summary(receive(connection, arriving(role, text)))).toEqual(["text x"]);
    connection.send(new CloseConnection({ code: 1000 }));
    expect(() => connection.fail(wrong("1000"))).toThrow(TypeError);
    expect(connection.closeExpected).toBe(false);
  });
});

describe("sendParts and sendInto", () => {
  test("D15: a server's octets are the caller's own array, behind a head", () => {
    for (const size of [1, 125, 126, 70_000]) {
      const data = new Uint8Array(size).fill(5);
      const parts = open("server").sendParts(new BytesMessage({ data }));
      expect(parts).toHaveLength(2);
      expect(parts[1]).toBe(data);
      expectOctets(concat(...parts), frame({ opcode: 2, payload: data }));
    }
  });

  test("D15: an empty message, text and control frames are one part", () => {
    const server = open("server");
    for (const [event, octets] of [
      [new BytesMessage({ data: hex("") }), "8200"],
      [new TextMessage({ data: "a" }), "810161"],
      [new Ping(), "8900"],
      [new CloseConnection({ code: 1000 }), "880203e8"],
    ] as const) {
      expect(server.sendParts(event)).toEqual([hex(octets)]);
    }
    expect(server.state).toBe(ConnectionState.LOCAL_CLOSING);
  });

  test("D15: a client's is one part, masked; the caller's array is not in it", () => {
    const data = new Uint8Array(2000).fill(5);
    const parts = open("client").sendParts(new BytesMessage({ data }));
    expect(parts).toHaveLength(1);
    expectOctets(parts[0], leaving("client", frame({ opcode: 2, payload: data })));
  });

  test("D15: with an extension the payload is what that made of it", () => {
    const negotiated = () => {
      const extension = new PerMessageDeflate();
      extension.finalize("permessage-deflate");
      return extension;
    };
    const data = new Uint8Array(2000).fill(5);
    for (const event of [new BytesMessage({ data }), new TextMessage({ data: "a".repeat(2000) })]) {
      const [head, payload] = open("server", {}, [negotiated()]).sendParts(event);
      expect(payload!.length).toBeLessThan(100);
      const whole = open("server", {}, [negotiated()]).send(event);
      expect(concat(head, payload!)).toEqual(whole);
    }
    const plain = open("server", {}, [negotiated()]).sendParts(
      new BytesMessage({ data, compress: false }),
    );
    expect(plain[1]).toBe(data);
  });

  test("D15: fragments go in parts as well", () => {
    const server = open("server");
    const first = server.sendParts(new BytesMessage({ data: hex("01"), messageFinished: false }));
    const last = server.sendParts(new BytesMessage({ data: hex("02") }));
    expect(toHex(concat(...first, ...last))).toBe("020101800102");
  });

  test("sendInto writes behind what is there, of several connections", () => {
    const output = new OutputBuffer();
    open("server").sendInto(new Ping(), output);
    open("client").sendInto(new Pong(), output);
    open("server").sendInto(new TextMessage({ data: "a" }), output);
    expect(toHex(output.take())).toBe("89008a8037fa213d810161");
  });

  test("what was sent may be transferred away: other connections go on", () => {
    const sent = open("server").send(new TextMessage({ data: "a".repeat(100) }));
    const { buffer } = sent;
    if (!(buffer instanceof ArrayBuffer)) throw new Error("not an ArrayBuffer");
    structuredClone(sent, { transfer: [buffer] });
    expect(open("server").fail(1000).length).toBe(4);
    expect(open("server").send(new Ping())).toEqual(hex("8900"));
  });
});

describe("an extension that calls the connection", () => {
  test("R11: what it fails stays failed, whatever is being read", () => {
    class Failing extends Neutral {
      connection: Connection | null = null;

      override frameInboundHeader(): RsvBits {
        this.connection?.fail(1011);
        return NO_RSV_BITS;
      }
    }
    const extension = new Failing();
    const connection = open("client", {}, [extension]);
    extension.connection = connection;
    connection.receiveData(frame({ opcode: 8 }));
    const closes = [...connection.events()];
    expect(closes.length).toBeLessThanOrEqual(1);
    expect(connection.state).toBe(ConnectionState.LOCAL_CLOSING);
    expect(connection.closeExpected).toBe(true);
    expect(receive(connection, text)).toEqual([]);
    expect(summary(receive(connection, null))).toEqual(["close 1006 null"]);
  });
});

describe("an extension that throws", () => {
  class Unreleasable extends Neutral {
    override release(): void {
      throw new Error("release");
    }
  }

  test("what it kept from leaving one connection never leaves another", () => {
    for (const leave of [
      (connection: Connection) => connection.send(new CloseConnection({ code: 1000 })),
      (connection: Connection) => connection.fail(1000),
    ]) {
      const connection = open("server", {}, [new Unreleasable()]);
      receive(connection, arriving("server", text));
      connection.receiveData(arriving("server", close));
      expect(() => [...connection.events()]).toThrow("release");
      expect(() => leave(connection)).toThrow("release");
      expect(open("server").send(new Ping())).toEqual(hex("8900"));
      expect(open("server").sendParts(new TextMessage({ data: "a" }))).toEqual([hex("810161")]);
      expect(open("server").fail(1000)).toEqual(hex("880203e8"));
    }
  });
});

describe("received octets", () => {
  const payload = Uint8Array.from({ length: 300 }, (_, index) => index & 0xff);

  test("D15, F18: a client's large piece is a view of the chunk, a small one a copy", () => {
    const large = frame({ opcode: 2, payload });
    const [piece] = receive(open("client"), large);
    expect(piece instanceof BytesMessage && piece.data.buffer === large.buffer).toBe(true);
    const small = frame({ opcode: 2, payload: payload.subarray(0, 10) });
    const [other] = receive(open("client"), small);
    expect(other instanceof BytesMessage && other.data.buffer !== small.buffer).toBe(true);
  });

  test("D15, F18: a server's are copies, unless the engine owns its input", () => {
    const octets = arriving("server", frame({ opcode: 2, payload }));
    const [copy] = receive(open("server"), octets);
    expect(copy instanceof BytesMessage && copy.data.buffer !== octets.buffer).toBe(true);
    const [view] = receive(open("server", { ownsInput: true }), octets);
    expect(view instanceof BytesMessage && view.data.buffer === octets.buffer).toBe(true);
    expect(view).toEqual(copy);
  });

  test("D15: what is given as a Buffer comes out as plain octets", () => {
    for (const role of ROLES) {
      const chunk = Buffer.from(
        arriving(role, frame({ opcode: 2, payload }), frame({ opcode: 9, payload: "p" })),
      );
      const [message, ping] = receive(open(role), chunk);
      if (!(message instanceof BytesMessage) || !(ping instanceof Ping)) throw new Error("other");
      expect(message.data.constructor).toBe(Uint8Array);
      expect(ping.payload.constructor).toBe(Uint8Array);
    }
  });

  test("D15: any view will do, and only its own octets are read", () => {
    const whole = concat(hex("ff"), frame({ opcode: 2, payload: "abc" }), hex("ff"));
    const buffer = new ArrayBuffer(whole.length);
    new Uint8Array(buffer).set(whole);
    for (const chunk of [
      new Uint8Array(buffer, 1, 5),
      new DataView(buffer, 1, 5),
      Buffer.from(buffer, 1, 5),
      buffer.slice(1, 6),
    ]) {
      const client = open("client");
      client.receiveData(chunk);
      expect(summary(client.events())).toEqual(["bytes 616263"]);
    }
  });
});
