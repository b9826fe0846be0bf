import { describe, expect, test } from "vitest";
import { LocalProtocolError, RemoteProtocolError } from "../../src/errors.ts";
import { Extension, NO_RSV_BITS } from "../../src/extensions/extension.ts";
import {
  PerMessageDeflate,
  type PerMessageDeflateOptions,
} from "../../src/extensions/permessage-deflate.ts";
import { Opcode, type RsvBits } from "../../src/frames/opcode.ts";
import {
  compressedFrame,
  contextOf,
  deflatePair,
  finalized,
  receiveFrame,
  receiveMessage,
  sendMessage,
} from "../helpers/deflate-frames.ts";
import { hex, utf8 } from "../helpers/wire.ts";

describe("the constructor", () => {
  test("F103: without options, windows of 15 bits and no flag", () => {
    const extension = new PerMessageDeflate();
    expect(extension).toBeInstanceOf(Extension);
    expect(extension.name).toBe("permessage-deflate");
    expect(extension.enabled()).toBe(false);
    expect(extension.clientMaxWindowBits).toBe(15);
    expect(extension.serverMaxWindowBits).toBe(15);
    expect(extension.clientNoContextTakeover).toBe(false);
    expect(extension.serverNoContextTakeover).toBe(false);
  });

  const ranges = [
    ["clientMaxWindowBits", 8, 15],
    ["serverMaxWindowBits", 8, 15],
    ["level", -1, 9],
    ["memLevel", 1, 9],
    ["threshold", 0, Infinity],
  ] as const;

  test.each(ranges)("F103, D6: %s is from %d to %d", (name, least, most) => {
    for (const value of [least, most, undefined]) {
      expect(() => new PerMessageDeflate({ [name]: value })).not.toThrow();
    }
    for (const value of [least - 1, least + 0.5, most + 1, Number.NaN, -Infinity, Infinity]) {
      if (value === most) continue;
      expect(() => new PerMessageDeflate({ [name]: value })).toThrow(
        new RangeError(`${name} must be a whole number from ${least} to ${most}, not ${value}`),
      );
    }
  });

  test("D6: a number of another type is a TypeError", () => {
    for (const [name] of ranges) {
      for (const value of ["10", null, true, {}, 10n]) {
        const options: object = { [name]: value };
        expect(() => new PerMessageDeflate(options)).toThrow(
          new TypeError(`${name} must be a number, not ${typeof value}`),
        );
      }
    }
  });

  test("D6: a flag of another type is a TypeError", () => {
    for (const name of ["clientNoContextTakeover", "serverNoContextTakeover"]) {
      for (const value of [1, "true", null]) {
        const options: object = { [name]: value };
        expect(() => new PerMessageDeflate(options)).toThrow(
          new TypeError(`${name} must be a boolean, not ${typeof value}`),
        );
      }
      expect(() => new PerMessageDeflate({ [name]: undefined })).not.toThrow();
    }
  });
});

describe("offer and text", () => {
  test.each<[PerMessageDeflateOptions, string]>([
    [{}, "client_max_window_bits=15; server_max_window_bits=15"],
    [
      { clientMaxWindowBits: 8, serverMaxWindowBits: 9 },
      "client_max_window_bits=8; server_max_window_bits=9",
    ],
    [
      { clientNoContextTakeover: true, serverNoContextTakeover: true, clientMaxWindowBits: 10 },
      "client_max_window_bits=10; server_max_window_bits=15; " +
        "client_no_context_takeover; server_no_context_takeover",
    ],
  ])("F104, F103: %j", (options, text) => {
    expect(new PerMessageDeflate(options).offer()).toBe(text);
    expect(String(new PerMessageDeflate(options))).toBe(`<PerMessageDeflate ${text}>`);
  });

  test("F103: after the negotiation the text tells what was agreed", () => {
    const extension = finalized("server_max_window_bits=9; client_no_context_takeover");
    expect(extension.toString()).toBe(
      "<PerMessageDeflate client_max_window_bits=15; server_max_window_bits=9; client_no_context_takeover>",
    );
  });
});

describe("the negotiation", () => {
  test("F103: enabled once accept() or finalize() succeeded", () => {
    const server = new PerMessageDeflate();
    expect(server.accept("permessage-deflate; foo")).toBeNull();
    expect(server.enabled()).toBe(false);
    expect(server.accept("permessage-deflate")).toBe("");
    expect(server.enabled()).toBe(true);
    const client = new PerMessageDeflate();
    expect(() => client.finalize("permessage-deflate; foo")).toThrow(RemoteProtocolError);
    expect(client.enabled()).toBe(false);
    client.finalize("permessage-deflate");
    expect(client.enabled()).toBe(true);
  });

  test.each(["", "permessage-deflate;", "permessage-deflate; a b", "a, b"])(
    "R6455-9.1-01: %j is no element of the header and throws",
    (text) => {
      const malformed = /^malformed Sec-WebSocket-Extensions/;
      expect(() => new PerMessageDeflate().accept(text)).toThrow(malformed);
      expect(() => new PerMessageDeflate().finalize(text)).toThrow(malformed);
    },
  );

  test("D6: one object serves one connection: to negotiate it again is refused", () => {
    const message = /^this PerMessageDeflate belongs to a connection already/;
    for (const extension of Object.values(deflatePair())) {
      const before = extension.toString();
      expect(() => extension.accept("permessage-deflate; server_max_window_bits=9")).toThrow(
        message,
      );
      expect(() => extension.finalize("permessage-deflate; server_max_window_bits=9")).toThrow(
        LocalProtocolError,
      );
      expect(() => extension.offer()).toThrow(message);
      expect(extension.toString()).toBe(before);
    }
  });

  test("F103: an offer that came to nothing may be made again", () => {
    const extension = new PerMessageDeflate({ serverMaxWindowBits: 10 });
    const offer = extension.offer();
    expect(() => extension.finalize("permessage-deflate")).toThrow(RemoteProtocolError);
    expect(extension.offer()).toBe(offer);
  });
});

describe("the frame hooks", () => {
  const rsv1: RsvBits = { ...NO_RSV_BITS, rsv1: true };

  test.each([Opcode.TEXT, Opcode.BINARY])(
    "F107: RSV1 is claimed on the first frame (%d)",
    (opcode) => {
      const claim = finalized().frameInboundHeader(contextOf(false), opcode, rsv1, 1);
      expect(claim).toEqual(rsv1);
    },
  );

  test.each([Opcode.CONTINUATION, Opcode.CLOSE, Opcode.PING, Opcode.PONG])(
    "F107, R7692-6.1-01: RSV1 on opcode %d is 1002",
    (opcode) => {
      const extension = finalized();
      expect(extension.frameInboundHeader(contextOf(true), opcode, rsv1, 1)).toBe(1002);
      const claim = extension.frameInboundHeader(contextOf(true), opcode, NO_RSV_BITS, 1);
      expect(claim).toBe(NO_RSV_BITS);
    },
  );

  test("F107: what is not compressed passes, the same array", () => {
    const extension = finalized();
    const data = utf8("Hello");
    const context = contextOf(false);
    extension.frameInboundHeader(context, Opcode.TEXT, NO_RSV_BITS, data.length);
    expect(extension.frameInboundPayloadData(context, data)).toBe(data);
    expect(extension.frameInboundComplete(context, true)).toBeNull();
  });

  test.each([Opcode.CLOSE, Opcode.PING, Opcode.PONG])(
    "F108: a control frame (%d) is sent as it is",
    (opcode) => {
      const data = Uint8Array.of(1, 2, 3);
      const sent = finalized().frameOutbound(contextOf(true), opcode, NO_RSV_BITS, data, true);
      expect(sent.rsv).toBe(NO_RSV_BITS);
      expect(sent.data).toBe(data);
    },
  );

  test("F94: bits that other extensions set stay", () => {
    const set: RsvBits = { rsv1: false, rsv2: true, rsv3: false };
    const extension = finalized();
    const context = contextOf(true);
    const data = Uint8Array.of(1);
    const first = extension.frameOutbound(context, Opcode.TEXT, set, data, false);
    const last = extension.frameOutbound(context, Opcode.CONTINUATION, set, data, true);
    expect(first.rsv).toEqual({ rsv1: true, rsv2: true, rsv3: false });
    expect(last.rsv).toEqual(set);
    const other: RsvBits = { rsv1: false, rsv2: false, rsv3: true };
    const { rsv } = extension.frameOutbound(context, Opcode.TEXT, other, data, true);
    expect(rsv).toEqual({ rsv1: true, rsv2: false, rsv3: true });
  });

  test("D15: what is sent and received is not written to", () => {
    const { client, server } = deflatePair();
    const data = utf8("Hello Hello Hello");
    const frames = sendMessage(client, true, [data]);
    const payload = frames[0]!.data.slice();
    expect(receiveMessage(server, false, frames)).toEqual(data);
    expect(data).toEqual(utf8("Hello Hello Hello"));
    expect(frames[0]!.data).toEqual(payload);
  });
});

describe("threshold and compress", () => {
  const cases: [PerMessageDeflateOptions, number[], boolean | undefined, boolean][] = [
    [{}, [0], undefined, true],
    [{}, [5], undefined, true],
    [{ threshold: 5 }, [4], undefined, false],
    [{ threshold: 5 }, [5], undefined, true],
    [{ threshold: 5 }, [4], true, true],
    [{ threshold: 5 }, [5], false, false],
    [{}, [5], false, false],
    [{}, [5, 5], false, false],
    [{ threshold: 5 }, [1, 1], undefined, true],
    [{ threshold: 5 }, [0, 0], undefined, true],
    [{ threshold: Infinity }, [3_000], undefined, false],
    [{ threshold: Infinity }, [1], true, true],
  ];

  test.each(cases)(
    "R7692-6.1-02, R7692-8-01, CVE-2012-4929, B16: %j, pieces of %j, compress %s: compressed %s",
    (options, lengths, compress, compressed) => {
      const sender = finalized("", options);
      const receiver = finalized();
      const pieces = lengths.map((length) => new Uint8Array(length).fill(0x61));
      const frames = sendMessage(sender, true, pieces, compress === undefined ? {} : { compress });
      expect(frames.map((frame) => frame.rsv1)).toEqual(
        pieces.map((_piece, index) => compressed && index === 0),
      );
      if (!compressed) expect(frames.map((frame) => frame.data)).toEqual(pieces);
      const length = lengths.reduce((sum, one) => sum + one, 0);
      expect(receiveMessage(receiver, false, frames)).toEqual(new Uint8Array(length).fill(0x61));
    },
  );

  test("R7692-6.1-02: the first piece decides, later wishes are not heard", () => {
    const sender = finalized();
    const send = (compress: boolean, opcode: Opcode, fin: boolean): boolean => {
      const context = contextOf(true, { compress });
      const { rsv, data } = sender.frameOutbound(context, opcode, NO_RSV_BITS, utf8("aaaa"), fin);
      return rsv.rsv1 || data.length !== 4;
    };
    expect(send(false, Opcode.TEXT, false)).toBe(false);
    expect(send(true, Opcode.CONTINUATION, true)).toBe(false);
    expect(send(true, Opcode.TEXT, false)).toBe(true);
    expect(send(false, Opcode.CONTINUATION, true)).toBe(true);
  });
});

describe("release", () => {
  test("CVE-2026-54278: after it nothing is inflated, not even what is in flight", () => {
    const receiver = finalized();
    const bomb = hex("ecc1010100000080902effa5fe6e48011a");
    const context = contextOf(true);
    receiver.frameInboundHeader(context, Opcode.BINARY, { ...NO_RSV_BITS, rsv1: true }, 34);
    receiver.frameInboundPayloadData(context, hex("f2"));
    receiver.release();
    expect(receiver.frameInboundPayloadData(context, bomb)).toEqual(Uint8Array.of());
    expect(receiver.frameInboundComplete(context, true)).toEqual(Uint8Array.of());
    expect(receiveFrame(receiver, true, compressedFrame(hex("f248cdc9c90700")))).toEqual(
      Uint8Array.of(),
    );
  });

  test("F103: after it messages are sent as they are, and it may be called again", () => {
    const { client } = deflatePair();
    const [first] = sendMessage(client, true, [utf8("Hello")]);
    expect(first?.rsv1).toBe(true);
    client.release();
    client.release();
    const [second] = sendMessage(client, true, [utf8("Hello")], { compress: true });
    expect(second).toMatchObject({ rsv1: false, data: utf8("Hello") });
    expect(client.enabled()).toBe(true);
  });

  test("F103: an object that never compressed anything is released too", () => {
    expect(() => new PerMessageDeflate().release()).not.toThrow();
  });
});
