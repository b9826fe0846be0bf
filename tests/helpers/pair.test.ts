import { describe, expect, test } from "vitest";
import {
  AcceptConnection,
  CloseConnection,
  ConnectionState,
  PerMessageDeflate,
  Ping,
  Request,
  TextMessage,
} from "../../src/index.ts";
import { chunksOf, ConnectionPair, seededRandom } from "./pair.ts";

const hello = new TextMessage({ data: "Hello" });

describe("ConnectionPair", () => {
  test("framed: what one side sends, the other receives", () => {
    const pair = ConnectionPair.framed();
    expect(pair.send("client", hello)).toEqual([hello]);
    expect(pair.send("server", new Ping())).toEqual([new Ping()]);
  });

  test("open: both ends went through the handshake, octet by octet", () => {
    const pair = ConnectionPair.open({ split: chunksOf(1) });
    expect(pair.client.state).toBe(ConnectionState.OPEN);
    expect(pair.server.state).toBe(ConnectionState.OPEN);
    const text = pair
      .send("server", hello)
      .map((event) => (event.type === "TextMessage" ? event.data : event.type));
    expect(text).toEqual(["H", "e", "l", "l", "o"]);
  });

  test("open: with the request and the acceptance given", () => {
    const pair = ConnectionPair.open(
      {},
      new Request({ host: "a", target: "/", extensions: [new PerMessageDeflate()] }),
      new AcceptConnection({ extensions: [new PerMessageDeflate()] }),
    );
    const sent = pair.server.send(hello);
    expect(sent[0]).toBe(0xc1);
    expect(pair.deliver("client", sent)).toEqual([hello]);
  });

  test("end: the other side learns of it", () => {
    const pair = ConnectionPair.framed();
    expect(pair.end("client")).toEqual([new CloseConnection({ code: 1006 })]);
    expect(pair.server.state).toBe(ConnectionState.CLOSED);
    expect(pair.client.state).toBe(ConnectionState.OPEN);
  });

  test("the same seed gives the same octets, another one others", () => {
    const sent = [7, 7, 8].map((seed) => ConnectionPair.framed({ seed }).client.send(hello));
    expect(sent[0]).toEqual(sent[1]);
    expect(sent[0]).not.toEqual(sent[2]);
    expect(seededRandom()(16)).toEqual(seededRandom(1)(16));
  });
});
