import { describe, expect, test } from "vitest";
import { PerMessageDeflate } from "../../src/extensions/permessage-deflate.ts";
import { Opcode } from "../../src/frames/opcode.ts";
import { fixedBlockMessage, storedMessage } from "../helpers/deflate-blocks.ts";
import {
  compressedFrame,
  deflatePair,
  finalized,
  type Frame,
  noise,
  receiveFrame,
  receiveMessage,
  sendMessage,
} from "../helpers/deflate-frames.ts";
import { concat, expectOctets, hex, toHex, utf8 } from "../helpers/wire.ts";

const TAIL = hex("00 00 ff ff");
const hello = utf8("Hello");

/** The text of a message that a client receives, or the code that refuses it. */
function textOf(receiver: PerMessageDeflate, ...frames: Frame[]): string | number {
  const data = receiveMessage(receiver, true, frames);
  return typeof data === "number" ? data : String.fromCharCode(...data);
}

/** The payload of a frame that must not be refused. */
function received(receiver: PerMessageDeflate, client: boolean, frame: Frame): Uint8Array {
  const data = receiveFrame(receiver, client, frame);
  if (typeof data === "number") throw new Error(`refused with ${data}`);
  return data;
}

/** What a client sends: the joined payload of its frames in hex. */
function payloadOf(sender: PerMessageDeflate, ...pieces: Uint8Array[]): string {
  return toHex(concat(...sendMessage(sender, true, pieces).map(({ data }) => data)));
}

describe("the examples of RFC 7692, 7.2.3, received", () => {
  test.each([
    ["R7692-7.2.2-01", "one block (7.2.3.1)", ["f248cdc9c90700"]],
    ["R7692-6.2-01", "two fragments (7.2.3.1)", ["f248cd", "c9c90700"]],
    ["R7692-7.2.2-01, R7692-7.2.3.3-01", "a stored block (7.2.3.3)", ["000500faff48656c6c6f00"]],
    ["R7692-7.2.2-01, D8", "a final block (7.2.3.4)", ["f348cdc9c9070000"]],
    ["R7692-7.2.2-01", "two blocks (7.2.3.5)", ["f248050000 00ffffcac9c90700"]],
    ["R7692-7.2.3.6-01", "empty fragments", ["", "f248cd", "", "c9c90700", ""]],
    ["R7692-7.2.2-01", "the tail in the middle", ["f248cdc9c907000000ffff00"]],
  ])("%s: %s", (_id, _what, payloads) => {
    const receiver = finalized();
    const frames = payloads.map((payload, index) => ({
      opcode: index === 0 ? Opcode.TEXT : Opcode.CONTINUATION,
      fin: index === payloads.length - 1,
      rsv1: index === 0,
      data: hex(payload),
    }));
    expect(textOf(receiver, ...frames)).toBe("Hello");
    expect(textOf(receiver, compressedFrame(hex("f248cdc9c90700")))).toBe("Hello");
  });

  test("R7692-7.2.2-03: the window goes on from message to message (7.2.3.2)", () => {
    const receiver = finalized();
    expect(textOf(receiver, compressedFrame(hex("f248cdc9c90700")))).toBe("Hello");
    expect(textOf(receiver, compressedFrame(hex("f200110000")))).toBe("Hello");
  });

  test("R7692-7.2.3.6-01: an empty message is one octet 00", () => {
    const receiver = finalized();
    expect(textOf(receiver, compressedFrame(hex("00")))).toBe("");
    expect(textOf(receiver, compressedFrame(hex("0200")))).toBe("");
    expect(textOf(receiver, compressedFrame(hex("f248cdc9c90700")))).toBe("Hello");
  });

  test("D8, wsproto B3: after final blocks the next message is read (7.2.3.4)", () => {
    const receiver = finalized();
    for (let turn = 0; turn < 3; turn++) {
      expect(textOf(receiver, compressedFrame(hex("f348cdc9c9070000")))).toBe("Hello");
      expect(textOf(receiver, compressedFrame(hex("f248cdc9c90700")))).toBe("Hello");
    }
  });

  test("R7692-7.2.2-01: a final block and more behind it in one message", () => {
    const message = concat(fixedBlockMessage([...hello], { final: true }), hex("f248cdc9c90700"));
    // The octet 00 behind the final block begins a stored block: a whole one needs the rest of its header.
    const whole = concat(message.subarray(0, 7), hex("00 0000ffff"), message.subarray(8));
    expect(textOf(finalized(), compressedFrame(whole))).toBe("HelloHello");
  });

  test("aiohttp 13362: ten thousand empty final blocks in one message are one message", () => {
    const blocks = concat(...Array.from({ length: 10_000 }, () => hex("0300")), hex("00"));
    const receiver = finalized();
    expect(textOf(receiver, compressedFrame(blocks))).toBe("");
    expect(textOf(receiver, compressedFrame(hex("f248cdc9c90700")))).toBe("Hello");
  });

  test("R7692-6.1-02, R7692-7.2.3.2-01: messages that are not compressed do not touch the window", () => {
    const receiver = finalized();
    const plain: Frame = { opcode: Opcode.TEXT, fin: true, rsv1: false, data: utf8("plain plain") };
    expect(textOf(receiver, compressedFrame(hex("f248cdc9c90700")))).toBe("Hello");
    expect(textOf(receiver, plain)).toBe("plain plain");
    expect(textOf(receiver, compressedFrame(hex("f200110000")))).toBe("Hello");
  });
});

describe("control frames between fragments", () => {
  test.each([Opcode.PING, Opcode.PONG, Opcode.CLOSE])(
    "D8, wsproto B1, R7692-6.2-01: opcode %d within a compressed message changes nothing in it",
    (opcode) => {
      const receiver = finalized();
      const control: Frame = { opcode, fin: true, rsv1: false, data: utf8("ping") };
      const first = { opcode: Opcode.TEXT, fin: false, rsv1: true, data: hex("f248cd") };
      const last = { opcode: Opcode.CONTINUATION, fin: true, rsv1: false, data: hex("c9c90700") };
      expect(textOf(receiver, first)).toBe("He");
      expect(textOf(receiver, control)).toBe("ping");
      expect(textOf(receiver, { ...last, data: hex("c9"), fin: false })).toBe("l");
      expect(textOf(receiver, control)).toBe("ping");
      expect(textOf(receiver, { ...last, data: hex("c90700") })).toBe("lo");
      expect(textOf(receiver, compressedFrame(hex("f200110000")))).toBe("Hello");
    },
  );

  test("R7692-6.2-01: between fragments that are not compressed they change nothing either", () => {
    const receiver = finalized();
    const first = { opcode: Opcode.TEXT, fin: false, rsv1: false, data: utf8("Hel") };
    const ping: Frame = { opcode: Opcode.PING, fin: true, rsv1: false, data: utf8("") };
    const last = { opcode: Opcode.CONTINUATION, fin: true, rsv1: false, data: utf8("lo") };
    expect(textOf(receiver, first, ping, last)).toBe("Hello");
  });

  test("R7692-6.2-01: sent between fragments they are not compressed and change nothing", () => {
    const { client, server } = deflatePair();
    const [first, last] = sendMessage(client, true, [utf8("Hel"), utf8("lo")]);
    const { client: other } = deflatePair();
    const context = { client: true, budget: 0, compress: undefined };
    const rsv = { rsv1: false, rsv2: false, rsv3: false };
    const begun = other.frameOutbound(context, Opcode.BINARY, rsv, utf8("Hel"), false);
    const ping = other.frameOutbound(context, Opcode.PING, rsv, utf8("ping"), true);
    const ended = other.frameOutbound(context, Opcode.CONTINUATION, rsv, utf8("lo"), true);
    expect(ping).toEqual({ rsv, data: utf8("ping") });
    expect([begun.data, ended.data]).toEqual([first?.data, last?.data]);
    expectOctets(concat(...[first!, last!].map((frame) => received(server, false, frame))), hello);
  });
});

describe("what is sent", () => {
  test("R7692-7.2.1-01, F108: flushed, and without the tail", () => {
    const sender = finalized();
    const [frame] = sendMessage(sender, true, [utf8("x".repeat(23))]);
    expect(frame).toMatchObject({ fin: true, rsv1: true });
    const receiver = finalized();
    expectOctets(received(receiver, false, frame!), utf8("x".repeat(23)));
    expect(toHex(frame!.data).endsWith("0000ffff")).toBe(false);
  });

  test("R7692-7.2.1-01, F108: an empty message is one octet 00, each time", () => {
    for (const answer of ["", "client_no_context_takeover"]) {
      const sender = finalized(answer);
      for (let turn = 0; turn < 3; turn++) expect(payloadOf(sender, utf8(""))).toBe("00");
      sendMessage(sender, true, [hello]);
      for (let turn = 0; turn < 3; turn++) expect(payloadOf(sender, utf8(""))).toBe("00");
    }
  });

  test("R7692-7.2.1-01: a message of empty fragments alone is empty", () => {
    const sender = finalized();
    for (let turn = 0; turn < 3; turn++) {
      const frames = sendMessage(sender, true, [utf8(""), utf8(""), utf8("")]);
      expect(frames.map(({ rsv1, fin }) => [rsv1, fin])).toEqual([
        [true, false],
        [false, false],
        [false, true],
      ]);
      expect(textOf(finalized(), ...frames)).toBe("");
    }
  });

  test("R7692-7.2.1-02, R7692-6.1-01: fragments joined inflate to the message, RSV1 is on the first alone", () => {
    const { client, server } = deflatePair();
    const pieces = [noise(20_000), utf8("a".repeat(20_000)), utf8(""), noise(3)];
    for (let turn = 0; turn < 3; turn++) {
      const frames = sendMessage(client, true, pieces, { opcode: Opcode.TEXT });
      expect(frames.map(({ rsv1 }) => rsv1)).toEqual([true, false, false, false]);
      const joined = concat(...frames.map(({ data }) => data));
      expectOctets(received(server, false, compressedFrame(joined)), concat(...pieces));
    }
  });

  test("F108: pieces before the last are not flushed", () => {
    const [first, last] = sendMessage(finalized(), true, [utf8("Hel"), utf8("lo")]);
    expect(first?.data).toHaveLength(0);
    expect(toHex(last!.data)).toBe(payloadOf(finalized(), hello));
  });

  test("R7692-7.2.3.3-01: RSV1 is set though every block is stored", () => {
    const sender = finalized("", { level: 0 });
    const [frame] = sendMessage(sender, true, [hello]);
    expect(frame?.rsv1).toBe(true);
    expect(frame!.data.length).toBeGreaterThan(hello.length);
    expect(textOf(finalized(), frame!)).toBe("Hello");
  });

  test("F103: level and memLevel reach the compressor", () => {
    const text = utf8(Array.from({ length: 500 }, (_, index) => index % 77).join(""));
    const least = payloadOf(finalized("", { level: 1, memLevel: 1 }), text);
    const most = payloadOf(finalized("", { level: 9, memLevel: 9 }), text);
    const stored = payloadOf(finalized("", { level: 0 }), text);
    expect(most.length).toBeLessThan(least.length);
    expect(least.length).toBeLessThan(stored.length);
  });
});

describe("context takeover", () => {
  const message = noise(500);
  const length = (sender: PerMessageDeflate, client: boolean): number =>
    sendMessage(sender, client, [message])[0]!.data.length;

  test.each([
    ["client_no_context_takeover", true],
    ["server_no_context_takeover", false],
  ])("R7692-7.1.1.1-01, R7692-7.1.1.2-01: with %s its messages stand alone", (flag, client) => {
    const sender = finalized(flag);
    const [first] = sendMessage(sender, client, [message]);
    const [second] = sendMessage(sender, client, [message]);
    expectOctets(second!.data, first!.data);
    // The other end keeps its window.
    const opposite = finalized(flag);
    expect(length(opposite, !client)).toBeGreaterThan(500);
    expect(length(opposite, !client)).toBeLessThan(50);
  });

  test("R7692-7.1.1.2-01: a client's own setting binds it whatever is answered", () => {
    const sender = finalized("", { clientNoContextTakeover: true });
    expect(length(sender, true)).toBe(length(sender, true));
  });

  test.each([true, false])(
    "R7692-7.2.2-03: the peer's window is dropped only as agreed (client: %s)",
    (client) => {
      const peers = client ? "server_no_context_takeover" : "client_no_context_takeover";
      const own = client ? "client_no_context_takeover" : "server_no_context_takeover";
      const first = compressedFrame(hex("f248cdc9c90700"));
      const second = compressedFrame(hex("f200110000"));
      for (const [agreed, code] of [
        ["", null],
        [own, null],
        [peers, 1007],
      ] as const) {
        const receiver = finalized(agreed);
        expectOctets(received(receiver, client, first), hello);
        const result = receiveFrame(receiver, client, second);
        if (code === null) expect(result).toEqual(hello);
        else expect(result).toBe(code);
      }
    },
  );

  test("R7692-7.2.2-03: offered but not answered, the window of the client goes on", () => {
    // The server is asked, and has to tell; a client that merely wished it is not bound in what it receives.
    const client = finalized("", { serverNoContextTakeover: true, clientNoContextTakeover: true });
    expect(textOf(client, compressedFrame(hex("f248cdc9c90700")))).toBe("Hello");
    expect(textOf(client, compressedFrame(hex("f200110000")))).toBe("Hello");
  });

  test("R7692-7.2.2-03: with takeover dropped, a final block is followed by a fresh message too", () => {
    const receiver = finalized("server_no_context_takeover");
    expect(textOf(receiver, compressedFrame(hex("f348cdc9c9070000")))).toBe("Hello");
    expect(textOf(receiver, compressedFrame(hex("f248cdc9c90700")))).toBe("Hello");
  });
});

describe("windows", () => {
  /** 2^bits octets, and a message that copies the first three of them. */
  const far = (bits: number): [Frame, Frame, Uint8Array] => {
    const before = noise(2 ** bits, bits);
    const copy = fixedBlockMessage([{ back: 2 ** bits }]);
    return [compressedFrame(storedMessage(before)), compressedFrame(copy), before.subarray(0, 3)];
  };

  test.each([8, 9, 10, 11, 12, 13, 14, 15])(
    "R7692-7.2.2-04: with %d bits agreed a distance of the whole window is read",
    (bits) => {
      const [first, second, copied] = far(bits);
      const client = finalized(`server_max_window_bits=${bits}`);
      received(client, true, first);
      expect(receiveFrame(client, true, second)).toEqual(copied);
      const server = finalized(`client_max_window_bits=${bits}`);
      received(server, false, first);
      expect(receiveFrame(server, false, second)).toEqual(copied);
    },
  );

  test("R7692-7.2.2-04, wsproto B7: not agreed, it is 32,768 octets whatever the own setting", () => {
    const [first, second, copied] = far(15);
    const server = new PerMessageDeflate({ clientMaxWindowBits: 9 });
    expect(server.accept("permessage-deflate")).toBe("");
    received(server, false, first);
    expect(receiveFrame(server, false, second)).toEqual(copied);
    const client = finalized("", { clientMaxWindowBits: 9 });
    received(client, true, first);
    expect(receiveFrame(client, true, second)).toEqual(copied);
  });

  test("R7692-7.2.2-02: a distance beyond what was sent is corrupt", () => {
    const receiver = finalized();
    expect(textOf(receiver, compressedFrame(hex("f248cdc9c90700")))).toBe("Hello");
    expect(textOf(receiver, compressedFrame(fixedBlockMessage([{ back: 6 }])))).toBe(1007);
  });
});

describe("corrupt and truncated data", () => {
  test.each([
    ["a block of type 3", "0700"],
    ["a stored block whose length is not repeated", "00050000004865"],
    ["the length symbol 286", "1b03"],
    ["noise", "ffffffffffffff"],
    ["a zlib header", "789cf248cdc9c9070000"],
  ])("R7692-7.2.2-02, F107: %s is 1007", (_what, payload) => {
    for (const chunk of [1, Infinity]) {
      const frame = compressedFrame(hex(payload));
      expect(receiveFrame(finalized(), false, frame, { chunk })).toBe(1007);
    }
  });

  test("F109: what ends within a block passes as far as it goes", () => {
    expect(textOf(finalized(), compressedFrame(hex("f248cd")))).toMatch(/^He/);
    expect(textOf(finalized(), compressedFrame(hex("")))).toBe("");
  });

  test("GHSA-3wwx-pv8p-q78v: after a failure nothing is inflated any more", () => {
    const receiver = finalized();
    expect(textOf(receiver, compressedFrame(hex("ffffff")))).toBe(1007);
    expect(textOf(receiver, compressedFrame(hex("f248cdc9c90700")))).toBe("");
  });
});

describe("limits on what is inflated", { timeout: 60_000 }, () => {
  const megabyte = 1024 * 1024;

  /** 8 MiB of zeros in some 8 KiB. */
  const bomb = (): Frame => {
    const [frame] = sendMessage(finalized("", { level: 9 }), true, [new Uint8Array(8 * megabyte)]);
    return frame!;
  };

  test("CVE-2018-1000518, CVE-2026-1526: a message beyond the budget is 1009", () => {
    const frame = bomb();
    expect(frame.data.length).toBeLessThan(16 * 1024);
    expect(receiveFrame(finalized(), false, frame, { budget: megabyte })).toBe(1009);
    const whole = receiveFrame(finalized(), false, frame, { budget: 8 * megabyte });
    expect(whole).toHaveLength(8 * megabyte);
    expect(receiveFrame(finalized(), false, frame, { budget: 8 * megabyte - 1 })).toBe(1009);
  });

  test("CVE-2026-54490, CVE-2026-54464: the budget is of inflated octets, over all fragments", () => {
    const { data } = bomb();
    const cut = Math.floor(data.length / 4);
    const frames = [0, 1, 2, 3].map((index) => ({
      opcode: index === 0 ? Opcode.BINARY : Opcode.CONTINUATION,
      fin: index === 3,
      rsv1: index === 0,
      data: data.subarray(index * cut, index === 3 ? data.length : (index + 1) * cut),
    }));
    const budget = 7 * megabyte;
    expect(receiveMessage(finalized(), false, frames, { budget })).toBe(1009);
    expect(receiveMessage(finalized(), false, frames.slice(0, 3), { budget })).not.toBe(1009);
  });

  test("GHSA-3wwx-pv8p-q78v: beyond the budget and corrupt behind is 1009, once", () => {
    const { data } = bomb();
    const frame = compressedFrame(concat(data.subarray(0, 4000), hex("ffffff")));
    const receiver = finalized();
    expect(receiveFrame(receiver, false, frame, { budget: megabyte })).toBe(1009);
    expect(receiveFrame(receiver, false, frame, { budget: megabyte })).toEqual(Uint8Array.of());
  });

  test("D10: a budget of nothing lets an empty message pass", () => {
    const empty = compressedFrame(hex("00"));
    expect(receiveFrame(finalized(), false, empty, { budget: 0 })).toEqual(Uint8Array.of());
    const one = compressedFrame(storedMessage(utf8("a")));
    expect(receiveFrame(finalized(), false, one, { budget: 0 })).toBe(1009);
    expect(receiveFrame(finalized(), false, one, { budget: 1 })).toEqual(utf8("a"));
  });

  test("R7692-7.2.2-01: the tail is inflated within the budget too", () => {
    // A stored block of four octets that the tail itself fills.
    const frame = compressedFrame(hex("00 0400 fbff"));
    expect(receiveFrame(finalized(), false, frame, { budget: 4 })).toEqual(TAIL);
    expect(receiveFrame(finalized(), false, frame, { budget: 3 })).toBe(1009);
  });
});
