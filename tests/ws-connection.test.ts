import { describe, expect, test } from "vitest";
import {
  AcceptConnection,
  BytesMessage,
  CloseConnection,
  Connection,
  ConnectionState,
  ConnectionType,
  type Event,
  H11Handshake,
  LocalProtocolError,
  OutputBuffer,
  PerMessageDeflate,
  Ping,
  Pong,
  RejectConnection,
  RejectData,
  RemoteProtocolError,
  Request,
  TextMessage,
  WSConnection,
} from "../src/index.ts";
import { chunksOf, ConnectionPair } from "./helpers/pair.ts";
import { lend, PLACES } from "./helpers/lending.ts";
import { arriving, concat, frame, hex, KEY, summary, toHex, utf8, wrong } from "./helpers/wire.ts";

const request = new Request({ host: "example.com", target: "/chat" });
/** The key of RFC 6455, 1.3, and what belongs to it. */
const NONCE = utf8("the sample nonce");
const HEAD = [
  "GET /chat HTTP/1.1",
  "Host: example.com",
  "Upgrade: websocket",
  "Connection: Upgrade",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  "Sec-WebSocket-Version: 13",
  "",
  "",
].join("\r\n");
const ANSWER = [
  "HTTP/1.1 101 Switching Protocols",
  "Upgrade: websocket",
  "Connection: Upgrade",
  "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
  "",
  "",
].join("\r\n");

function random(size: number): Uint8Array {
  return size === 16 ? NONCE : KEY;
}

function server(): WSConnection {
  return new WSConnection(ConnectionType.SERVER);
}

/** A client that has sent its request. */
function client(): WSConnection {
  const connection = new WSConnection(ConnectionType.CLIENT, { random });
  connection.send(request);
  return connection;
}

function read(connection: WSConnection, ...chunks: (Uint8Array | null)[]): Event[] {
  return chunks.flatMap((chunk) => {
    connection.receiveData(chunk);
    return [...connection.events()];
  });
}

const text = frame({ opcode: 1, payload: "x" });

describe("WSConnection", () => {
  test.each(Object.values(ConnectionType))("F22, F23: starts with a handshake: type %d", (type) => {
    const connection = new WSConnection(type);
    expect(connection.connectionType).toBe(type);
    expect(connection.handshake).toBeInstanceOf(H11Handshake);
    expect(connection.connection).toBeNull();
    expect(connection.state).toBe(ConnectionState.CONNECTING);
    expect(connection.closeExpected).toBe(false);
    expect([...connection.events()]).toEqual([]);
  });

  test("F22, D6: another type, or options of another type, are TypeErrors", () => {
    for (const type of [0, 3, "CLIENT", null, undefined]) {
      expect(() => new WSConnection(wrong(type))).toThrow(TypeError);
    }
    for (const options of [null, { ownsInput: 1 }, { random: {} }, { limits: "none" }]) {
      expect(() => new WSConnection(ConnectionType.SERVER, wrong(options))).toThrow(TypeError);
    }
    expect(() => new WSConnection(ConnectionType.SERVER, { limits: { head: -1 } })).toThrow(
      RangeError,
    );
  });

  test("F23, F24, F25: a server: the state and the events are the handshake's, then the connection's", () => {
    const connection = server();
    const events = read(connection, utf8(HEAD));
    expect(events.map(({ type }) => type)).toEqual(["Request"]);
    expect(connection.state).toBe(ConnectionState.CONNECTING);
    const answer = connection.send(new AcceptConnection());
    expect(Buffer.from(answer).toString("latin1")).toBe(ANSWER);
    expect(connection.state).toBe(ConnectionState.OPEN);
    expect(connection.connection).toBeInstanceOf(Connection);
    expect(summary(read(connection, arriving("server", text)))).toEqual(["text x"]);
    expect(toHex(connection.send(new TextMessage({ data: "y" })))).toBe("810179");
    read(connection, arriving("server", frame({ opcode: 8 })));
    expect(connection.state).toBe(ConnectionState.REMOTE_CLOSING);
    expect(connection.handshake.state).toBe(ConnectionState.OPEN);
  });

  test("F23, F24, F25: a client", () => {
    const connection = client();
    expect(connection.state).toBe(ConnectionState.CONNECTING);
    const events = read(connection, utf8(ANSWER));
    expect(events.map(({ type }) => type)).toEqual(["AcceptConnection"]);
    expect(connection.state).toBe(ConnectionState.OPEN);
    expect(toHex(connection.send(new TextMessage({ data: "y" })))).toBe("818137fa213d4e");
    expect(summary(read(connection, text))).toEqual(["text x"]);
  });

  test("F26, F63, R6455-4.2.2-08: what comes with the answer follows it in the same reading", () => {
    const octets = concat(utf8(ANSWER), text, frame({ opcode: 9 }), frame({ opcode: 8 }));
    const connection = client();
    expect(summary(read(connection, octets))).toEqual([
      "AcceptConnection",
      "text x",
      "ping ",
      "close 1005 ",
    ]);
    expect(connection.state).toBe(ConnectionState.REMOTE_CLOSING);
  });

  test("F26, D1: events are read one at a time, and a loop that is left loses none", () => {
    const connection = client();
    connection.receiveData(concat(utf8(ANSWER), text, text, text));
    const seen: string[] = [];
    while (seen.length < 4) {
      for (const event of connection.events()) {
        seen.push(event.type);
        break;
      }
    }
    expect(seen).toEqual(["AcceptConnection", "TextMessage", "TextMessage", "TextMessage"]);
    expect([...connection.events()]).toEqual([]);
  });

  test("F26: an iterator that was taken during the handshake goes on behind it", () => {
    const connection = client();
    const events = connection.events();
    expect(events.next()).toEqual({ done: true, value: undefined });
    connection.receiveData(utf8(ANSWER));
    connection.receiveData(text);
    expect(summary(events)).toEqual(["AcceptConnection", "text x"]);
    connection.receiveData(text);
    expect(summary(events)).toEqual(["text x"]);
    connection.receiveData(text);
    // From here on without a detour.
    expect(connection.events()).toBe(connection.connection?.events());
    expect(summary(connection.events())).toEqual(["text x"]);
  });

  test("D4, F25: a server's early data is read behind the acceptance, in order", () => {
    const connection = server();
    read(connection, concat(utf8(HEAD), arriving("server", text)));
    connection.receiveData(arriving("server", frame({ opcode: 9 })));
    expect([...connection.events()]).toEqual([]);
    connection.send(new AcceptConnection());
    connection.receiveData(arriving("server", frame({ opcode: 10 })));
    expect(summary(connection.events())).toEqual(["text x", "ping ", "pong "]);
  });

  test("D1, D4: chunks that are lent hold nothing of their memory, from the first one on", () => {
    const connection = server();
    expect(() => connection.receiveLent(wrong(null))).toThrow(TypeError);
    const opening = concat(utf8(HEAD), arriving("server", text));
    lend(connection, opening.slice(0, 20), "memory of the caller", () => {});
    lend(connection, opening.slice(20), "the receive buffer", () => {});
    expect([...connection.events()]).toMatchObject([{ type: "Request" }]);
    connection.send(new AcceptConnection());
    for (const place of PLACES) lend(connection, arriving("server", text), place, () => {});
    expect(summary(connection.events())).toEqual(["text x", "text x", "text x"]);
    const other = client();
    lend(other, utf8(ANSWER.slice(0, 20)), "the receive buffer", () => {});
    const chunk = Buffer.from(concat(utf8(ANSWER.slice(20)), text));
    other.receiveLent(chunk);
    other.keepLent();
    chunk.fill(0xee);
    expect(summary(other.events())).toEqual(["AcceptConnection", "text x"]);
  });

  test("F27: initiateUpgradeConnection goes to the handshake", () => {
    const headers = [
      ["Host", "example.com"],
      ["Upgrade", "websocket"],
      ["Connection", "Upgrade"],
      ["Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="],
      ["Sec-WebSocket-Version", "13"],
    ] as const;
    const connection = server();
    connection.initiateUpgradeConnection(headers, "/chat");
    expect([...connection.events()]).toMatchObject([{ type: "Request", target: "/chat" }]);
    expect(Buffer.from(connection.send(new AcceptConnection())).toString("latin1")).toBe(ANSWER);
    expect(() => {
      server().initiateUpgradeConnection(headers, "/chat", { method: "POST" });
    }).toThrow(RemoteProtocolError);
    expect(() => {
      new WSConnection(ConnectionType.CLIENT).initiateUpgradeConnection(headers, "/chat");
    }).toThrow(LocalProtocolError);
  });

  test("R6455-4.1-16, R6455-5.1-05, F29: no frame is sent before the handshake is over", () => {
    for (const connection of [server(), client()]) {
      for (const event of [
        new TextMessage({ data: "a" }),
        new Ping(),
        new Pong(),
        new CloseConnection({ code: 1000 }),
      ]) {
        const output = new OutputBuffer();
        expect(() => connection.send(event)).toThrow(LocalProtocolError);
        expect(() => connection.sendParts(event)).toThrow(LocalProtocolError);
        expect(() => {
          connection.sendInto(event, output);
        }).toThrow(
          new LocalProtocolError(
            `Event ${event.type} cannot be sent during the handshake`,
            "ERR_STATE",
          ),
        );
        expect(output.length).toBe(0);
      }
      expect(connection.state).toBe(ConnectionState.CONNECTING);
    }
  });

  test("F70: data cannot be sent before it is open, and then like messages", () => {
    const connection = client();
    const output = new OutputBuffer();
    for (const data of ["x", hex("01"), Uint8Array.of(1).buffer]) {
      expect(() => {
        connection.sendDataInto(data, output);
      }).toThrow(LocalProtocolError);
    }
    expect(output.length).toBe(0);
    read(connection, utf8(ANSWER));
    connection.sendDataInto("x", output);
    connection.sendDataInto(hex("01"), output);
    const other = client();
    read(other, utf8(ANSWER));
    expect(output.take()).toEqual(
      concat(
        other.send(new TextMessage({ data: "x" })),
        other.send(new BytesMessage({ data: hex("01") })),
      ),
    );
  });

  test("sendParts and sendInto give the same octets in the handshake and behind it", () => {
    const [one, two, three] = [0, 1, 2].map(() => {
      const connection = new WSConnection(ConnectionType.CLIENT, { random });
      return connection;
    });
    const output = new OutputBuffer();
    const sent = one!.send(request);
    expect(two!.sendParts(request)).toEqual([sent]);
    three!.sendInto(request, output);
    for (const connection of [one!, two!, three!]) read(connection, utf8(ANSWER));
    const ping = one!.send(new Ping());
    expect(two!.sendParts(new Ping())).toEqual([ping]);
    three!.sendInto(new Ping(), output);
    expect(output.take()).toEqual(concat(sent, ping));
  });

  test("R11: fail() is the connection's; before it is open it throws", () => {
    for (const connection of [server(), client()]) {
      expect(() => connection.fail(1011)).toThrow(LocalProtocolError);
      expect(connection.state).toBe(ConnectionState.CONNECTING);
    }
    const connection = client();
    read(connection, utf8(ANSWER));
    expect(toHex(connection.fail(1011, "x"))).toBe("888337fa213d340959");
    expect(connection.closeExpected).toBe(true);
    expect(read(connection, text)).toEqual([]);
  });

  test("release() is the connection's; before it is open nothing changes", () => {
    const connection = client();
    connection.release();
    expect(connection.state).toBe(ConnectionState.CONNECTING);
    read(connection, utf8(ANSWER));
    connection.release();
    expect(connection.state).toBe(ConnectionState.CLOSED);
  });

  test("R12, F67: after a refusal nothing more is to come", () => {
    const refused = server();
    read(refused, utf8(HEAD));
    refused.send(new RejectConnection({ statusCode: 404, hasBody: true }));
    expect(refused.state).toBe(ConnectionState.REJECTING);
    expect(refused.closeExpected).toBe(false);
    refused.send(new RejectData({ data: utf8("no") }));
    expect(refused.state).toBe(ConnectionState.CLOSED);
    expect(refused.closeExpected).toBe(true);
    expect(refused.connection).toBeNull();
  });

  test("D2: the end of the stream during the handshake is no 1006", () => {
    const connection = server();
    expect(read(connection, null)).toEqual([]);
    const opened = client();
    expect(summary(read(opened, utf8(ANSWER), null))).toEqual([
      "AcceptConnection",
      "close 1006 null",
    ]);
  });

  test("D1, F20: a fault in the handshake is thrown, a fault behind it is an event", () => {
    expect(() => read(client(), utf8("HTTP/1.1 101 \r\n\r\n"))).toThrow(RemoteProtocolError);
    const connection = client();
    expect(summary(read(connection, utf8(ANSWER), hex("ffff")))).toEqual([
      "AcceptConnection",
      "fail 1002 ERR_OPCODE Invalid opcode 0xf",
    ]);
  });

  test("D10, D15, D24: the options reach the connection", () => {
    const octets = arriving("server", frame({ opcode: 2, payload: new Uint8Array(200) }));
    const connection = new WSConnection(ConnectionType.SERVER, {
      limits: { message: 200 },
      ownsInput: true,
    });
    read(connection, utf8(HEAD));
    connection.send(new AcceptConnection());
    const [event] = read(connection, octets);
    expect(event).toMatchObject({ data: { buffer: octets.buffer } });
    expect(
      summary(read(connection, arriving("server", frame({ opcode: 2, length: 201 })))),
    ).toEqual(["fail 1009 ERR_MESSAGE_SIZE frame of more than 200 octets"]);
  });

  test("F79, F61: extensions that were negotiated are in use on both sides", () => {
    const pair = ConnectionPair.open(
      { split: chunksOf(3) },
      new Request({ host: "a", target: "/", extensions: [new PerMessageDeflate()] }),
      new AcceptConnection({ extensions: [new PerMessageDeflate()] }),
    );
    const sent = pair.client.send(new TextMessage({ data: "Hello" }));
    expect(sent[0]).toBe(0xc1);
    expect(summary(pair.deliver("server", sent))).toEqual(["text Hello"]);
  });

  test("D6: an extension of another type in a Request is a TypeError, and nothing was sent", () => {
    const connection = new WSConnection(ConnectionType.CLIENT, { random });
    const faulty = new Request({ host: "a", target: "/", extensions: wrong([5]) });
    expect(() => connection.send(faulty)).toThrow(TypeError);
    expect(connection.send(request).length).toBeGreaterThan(0);
  });
});
