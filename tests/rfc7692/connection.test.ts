import { describe, expect, test } from "vitest";
import { BytesMessage, CloseConnection, Ping, TextMessage } from "../../src/events.ts";
import type { Extension } from "../../src/extensions/extension.ts";
import { PerMessageDeflate } from "../../src/extensions/permessage-deflate.ts";
import { Opcode } from "../../src/frames/opcode.ts";
import { ConnectionState } from "../../src/states.ts";
import { deflatePair, finalized, noise } from "../helpers/deflate-frames.ts";
import {
  arriving,
  expectOctets,
  failureCode,
  frame,
  hex,
  leaving,
  open,
  receive,
  type Role,
  ROLES,
  summary,
  toHex,
  utf8,
} from "../helpers/wire.ts";

const RSV1 = 4;
const HELLO = hex("f248cdc9c90700");

/** What frames become at a fresh end of a connection with permessage-deflate, in lines. */
function received(role: Role, frames: Uint8Array[], extension: Extension = finalized()): string[] {
  return summary(receive(open(role, {}, [extension]), arriving(role, ...frames)));
}

function compressed(opcode: Opcode, payload: Uint8Array, fin: boolean = true): Uint8Array {
  return frame({ opcode, rsv: RSV1, payload, fin });
}

describe.each(ROLES)("a connection with permessage-deflate (%s)", { timeout: 60_000 }, (role) => {
  test("R7692-6.2-01: one frame, fragments, and octet by octet: the same text", () => {
    const whole = compressed(Opcode.TEXT, HELLO);
    const first = compressed(Opcode.TEXT, HELLO.subarray(0, 3), false);
    const last = frame({ opcode: Opcode.CONTINUATION, payload: HELLO.subarray(3) });
    expect(received(role, [whole])).toEqual(["text Hello"]);
    expect(received(role, [first, last])).toEqual(["text Hello"]);
    const octets = arriving(role, whole, first, last);
    const connection = open(role, {}, [finalized()]);
    const events = Array.from(octets, (octet) => receive(connection, Uint8Array.of(octet)));
    expect(summary(events.flat())).toEqual(["text Hello", "text Hello"]);
  });

  test("D8, wsproto B1: a ping between compressed fragments changes nothing in them", () => {
    const frames = [
      compressed(Opcode.TEXT, HELLO.subarray(0, 3), false),
      frame({ opcode: Opcode.PING, payload: "x" }),
      frame({ opcode: Opcode.CONTINUATION, payload: HELLO.subarray(3) }),
    ];
    expect(received(role, frames)).toEqual(["ping 78", "text Hello"]);
  });

  test("D8, wsproto B3: a final block is followed by the next message", () => {
    const final = compressed(Opcode.TEXT, hex("f348cdc9c9070000"));
    expect(received(role, [final, final])).toEqual(["text Hello", "text Hello"]);
  });

  test("R7692-6.1-02: compressed messages and others in turn", () => {
    const plain = frame({ opcode: Opcode.TEXT, payload: "plain" });
    const frames = [compressed(Opcode.TEXT, HELLO), plain, compressed(Opcode.TEXT, HELLO)];
    expect(received(role, frames)).toEqual(["text Hello", "text plain", "text Hello"]);
  });

  test("R7692-7.2.3.6-01: empty messages and empty fragments", () => {
    const frames = [
      compressed(Opcode.TEXT, hex("00")),
      compressed(Opcode.BINARY, hex(""), false),
      frame({ opcode: Opcode.CONTINUATION, payload: HELLO, fin: false }),
      frame({ opcode: Opcode.CONTINUATION }),
    ];
    expect(received(role, frames)).toEqual(["text ", "bytes 48656c6c6f"]);
  });

  test.each([
    ["a continuation", Opcode.CONTINUATION],
    ["a ping", Opcode.PING],
    ["a pong", Opcode.PONG],
    ["a close", Opcode.CLOSE],
  ])("R7692-6.1-01: RSV1 on %s is 1002", (_what, opcode) => {
    for (const rsv of [RSV1, 0]) {
      const first = frame({ opcode: Opcode.TEXT, rsv, payload: hex("00"), fin: false });
      const lines = received(role, [first, frame({ opcode, rsv: RSV1, payload: hex("") })]);
      expect(failureCode(lines)).toBe(1002);
    }
  });

  test.each([2, 1, 3])("R6455-5.2-01: it claims no bit but RSV1 (%d)", (rsv) => {
    const frames = [frame({ opcode: Opcode.TEXT, rsv: RSV1 | rsv, payload: HELLO })];
    expect(failureCode(received(role, frames))).toBe(1002);
  });

  test("CVE-2026-59881, F79: RSV1 is 1002 where it was not negotiated", () => {
    const frames = [compressed(Opcode.TEXT, HELLO)];
    expect(failureCode(received(role, frames, new PerMessageDeflate()))).toBe(1002);
    const without = open(role);
    expect(failureCode(summary(receive(without, arriving(role, ...frames))))).toBe(1002);
  });

  test("R7692-6.1-03: UTF-8 holds for the inflated text, and only for text", () => {
    // A stored block with an octet that UTF-8 does not have.
    const payload = hex("00 0100feff ff 00");
    expect(failureCode(received(role, [compressed(Opcode.TEXT, payload)]))).toBe(1007);
    expect(received(role, [compressed(Opcode.BINARY, payload)])).toEqual(["bytes ff"]);
  });

  test("R7692-6.1-03: a character may be cut by blocks and by fragments", () => {
    const first = compressed(Opcode.TEXT, hex("00 0100feff c3"), false);
    const last = frame({ opcode: Opcode.CONTINUATION, payload: hex("00 0100feff a9 00") });
    expect(received(role, [first, last])).toEqual(["text é"]);
  });

  test("R7692-7.2.2-02: corrupt data is 1007, and what came before it is delivered", () => {
    const frames = [compressed(Opcode.TEXT, HELLO), compressed(Opcode.TEXT, hex("ffff"))];
    expect(received(role, frames)).toEqual([
      "text Hello",
      "fail 1007 ERR_EXTENSION error in extension",
    ]);
  });

  test("CVE-2026-1526, CVE-2026-54490: eight MiB in eight KiB are 1009 under the limit's 1 MiB", () => {
    const limits = { message: 1024 * 1024 };
    const bomb = bombFrame(role);
    const connection = open(role, { limits }, [finalized()]);
    const events = receive(connection, bomb);
    expect(failureCode(summary(events))).toBe(1009);
    const inflated = events.reduce(
      (sum, event) => sum + (event instanceof BytesMessage ? event.data.length : 0),
      0,
    );
    expect(inflated).toBeLessThanOrEqual(limits.message);
  });

  test("CVE-2026-54490: cut into chunks, they are 1009 too and no more than the limit is delivered", () => {
    const limits = { message: 1024 * 1024 };
    const bomb = bombFrame(role);
    const connection = open(role, { limits }, [finalized()]);
    let inflated = 0;
    const codes: number[] = [];
    for (let offset = 0; offset < bomb.length; offset += 100) {
      for (const event of receive(connection, bomb.subarray(offset, offset + 100))) {
        if (event instanceof BytesMessage) inflated += event.data.length;
        if (event instanceof CloseConnection) codes.push(event.code);
      }
    }
    expect(inflated).toBeLessThanOrEqual(limits.message);
    expect(codes).toEqual([1009]);
  });

  test("GHSA-3wwx-pv8p-q78v: after a failure the Close can be sent and nothing else happens", () => {
    const connection = open(role, {}, [finalized()]);
    const [failure] = receive(connection, arriving(role, compressed(Opcode.TEXT, hex("ffff"))));
    if (!(failure instanceof CloseConnection)) throw new Error("no failure");
    expect(receive(connection, arriving(role, compressed(Opcode.TEXT, HELLO)))).toEqual([]);
    expect(connection.send(failure.response()).length).toBeGreaterThan(2);
    expect(receive(connection, null)).toHaveLength(1);
    expect(connection.state).toBe(ConnectionState.CLOSED);
  });

  test("R7692-5.1-01: a connection may be closed with 1010", () => {
    const connection = open(role, {}, [finalized()]);
    const close = new CloseConnection({ code: 1010, reason: "permessage-deflate" });
    const payload = Uint8Array.of(0x03, 0xf2, ...utf8("permessage-deflate"));
    expectOctets(connection.send(close), leaving(role, frame({ opcode: Opcode.CLOSE, payload })));
    expect(connection.state).toBe(ConnectionState.LOCAL_CLOSING);
  });

  test("F108: a ping between sent fragments, and compress: false", () => {
    const connection = open(role, {}, [finalized()]);
    const send = (event: TextMessage | Ping): string =>
      toHex(connection.send(event).subarray(0, 1));
    expect(send(new TextMessage({ data: "Hel", messageFinished: false }))).toBe("41");
    expect(send(new Ping())).toBe("89");
    expect(send(new TextMessage({ data: "lo" }))).toBe("80");
    expect(send(new TextMessage({ data: "secret", compress: false }))).toBe("81");
    expect(send(new TextMessage({ data: "Hello" }))).toBe("c1");
  });
});

/** A frame of 8 MiB of zeros as it arrives at `role`. */
function bombFrame(role: Role): Uint8Array {
  const sender = open(role === "client" ? "server" : "client", {}, [finalized("", { level: 9 })]);
  const bomb = sender.send(new BytesMessage({ data: new Uint8Array(8 * 1024 * 1024) }));
  expect(bomb.length).toBeLessThan(16 * 1024);
  return bomb;
}

describe("two connections", () => {
  test("R7692-7.2.1-01, R7692-7.2.2-01: what one sends the other receives", () => {
    const extensions = deflatePair({ serverNoContextTakeover: true }, { clientMaxWindowBits: 9 });
    const client = open("client", {}, [extensions.client]);
    const server = open("server", {}, [extensions.server]);
    const data = noise(3000);
    for (let turn = 0; turn < 3; turn++) {
      const there = receive(server, client.send(new BytesMessage({ data })));
      const back = receive(client, server.send(new TextMessage({ data: "grüße ".repeat(99) })));
      expect(summary(there)).toEqual([`bytes ${toHex(data)}`]);
      expect(summary(back)).toEqual([`text ${"grüße ".repeat(99)}`]);
    }
  });

  test("R7692-5-05: with every offer declined both go on without compression", () => {
    const client = open("client", {}, [new PerMessageDeflate()]);
    const server = open("server", {}, [new PerMessageDeflate()]);
    const sent = client.send(new TextMessage({ data: "a".repeat(100) }));
    expect(sent).toHaveLength(2 + 4 + 100);
    expect(summary(receive(server, sent))).toEqual([`text ${"a".repeat(100)}`]);
  });
});
