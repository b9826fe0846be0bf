import { describe, expect, test } from "vitest";
import { BytesMessage, CloseConnection, Ping, Pong, TextMessage } from "../../src/events.ts";
import { Extension, type FrameContext, NO_RSV_BITS } from "../../src/extensions/extension.ts";
import { Opcode, type RsvBits } from "../../src/frames/opcode.ts";
import { finalized } from "../helpers/deflate-frames.ts";
import {
  arriving,
  concat,
  expectOctets,
  failureCode,
  frame,
  hex,
  leaving,
  open,
  receive,
  ROLES,
  summary,
  toHex,
  utf8,
} from "../helpers/wire.ts";

type Hook = "header" | "payload" | "complete";

/** An extension that writes down what it is called with, and marks what passes through it with its name. */
class Probe extends Extension {
  readonly name: string;
  readonly calls: string[] = [];
  readonly #bit: keyof RsvBits;
  readonly #refuses: { readonly hook: Hook; readonly code: number } | null;

  constructor(
    name: string,
    options: {
      readonly bit?: keyof RsvBits;
      readonly refuses?: { readonly hook: Hook; readonly code: number };
    } = {},
  ) {
    super();
    this.name = name;
    this.#bit = options.bit ?? "rsv2";
    this.#refuses = options.refuses ?? null;
  }

  override enabled(): boolean {
    return true;
  }

  offer(): boolean {
    return true;
  }

  override frameInboundHeader(
    context: FrameContext,
    opcode: Opcode,
    rsv: RsvBits,
    payloadLength: number,
  ): RsvBits | number {
    const bits = `${Number(rsv.rsv1)}${Number(rsv.rsv2)}${Number(rsv.rsv3)}`;
    this.calls.push(`header ${opcode} ${bits} ${payloadLength}${context.client ? " client" : ""}`);
    if (this.#refuses?.hook === "header") return this.#refuses.code;
    return { ...NO_RSV_BITS, [this.#bit]: true };
  }

  override frameInboundPayloadData(context: FrameContext, data: Uint8Array): Uint8Array | number {
    this.calls.push(`payload ${toHex(data)} of ${context.budget}`);
    if (this.#refuses?.hook === "payload") return this.#refuses.code;
    return concat(utf8(`${this.name}(`), data, utf8(")"));
  }

  override frameInboundComplete(context: FrameContext, fin: boolean): Uint8Array | number | null {
    this.calls.push(`complete ${fin} of ${context.budget}`);
    if (this.#refuses?.hook === "complete") return this.#refuses.code;
    return fin ? utf8(`/${this.name}`) : null;
  }

  override frameOutbound(
    context: FrameContext,
    opcode: Opcode,
    rsv: RsvBits,
    data: Uint8Array,
    fin: boolean,
  ): { readonly rsv: RsvBits; readonly data: Uint8Array } {
    this.calls.push(`outbound ${opcode} ${toHex(data)} ${fin} ${context.compress}`);
    return {
      rsv: { ...rsv, [this.#bit]: true },
      data: concat(utf8(`${this.name}[`), data, utf8("]")),
    };
  }

  override release(): void {
    this.calls.push("release");
  }
}

describe.each(ROLES)("the hooks of an extension (%s)", (role) => {
  const side = role === "client" ? " client" : "";
  const limits = { message: 100, frame: 50 };

  test("F96: once a header, for each piece of the payload, once at the end of the frame", () => {
    const probe = new Probe("p");
    const connection = open(role, { limits }, [probe]);
    const first = frame({ opcode: Opcode.TEXT, rsv: 2, payload: "abc", fin: false });
    const octets = arriving(role, first);
    const events = receive(connection, octets.subarray(0, -1), octets.subarray(-1));
    expect(summary(events)).toEqual(["text… p(ab)p(c)"]);
    expect(probe.calls).toEqual([
      `header 1 010 3${side}`,
      "payload 6162 of 50",
      "payload 63 of 45",
      "complete false of 41",
    ]);
    const last = frame({ opcode: Opcode.CONTINUATION, payload: "d" });
    expect(summary(receive(connection, arriving(role, last)))).toEqual(["text p(d)/p"]);
    expect(probe.calls.slice(4)).toEqual([
      `header 0 000 1${side}`,
      "payload 64 of 50",
      "complete true of 46",
    ]);
  });

  test.each([
    ["ping", Opcode.PING, Ping],
    ["pong", Opcode.PONG, Pong],
  ])("F96: for a %s too", (_what, opcode, type) => {
    const probe = new Probe("p");
    const connection = open(role, {}, [probe]);
    const [event] = receive(connection, arriving(role, frame({ opcode, payload: "x", rsv: 2 })));
    expect(event).toEqual(new type({ payload: utf8("p(x)/p") }));
    expect(probe.calls).toEqual([
      `header ${opcode} 010 1${side}`,
      "payload 78 of Infinity",
      "complete true of Infinity",
    ]);
  });

  test("F97: the header's hook is called once, however the header arrives", () => {
    const probe = new Probe("p");
    const connection = open(role, { limits: { message: 1000 } }, [probe]);
    const octets = arriving(role, frame({ opcode: Opcode.BINARY, payload: "x".repeat(300) }));
    for (const octet of octets.subarray(0, 10)) receive(connection, Uint8Array.of(octet));
    expect(probe.calls.filter((call) => call.startsWith("header"))).toEqual([
      `header 2 000 300${side}`,
    ]);
  });

  test.each<Hook>(["header", "payload", "complete"])(
    "F96: a close code from the hook of the %s fails the connection with it",
    (hook) => {
      for (const opcode of [Opcode.TEXT, Opcode.PING]) {
        const probe = new Probe("p", { refuses: { hook, code: 1010 } });
        const connection = open(role, {}, [probe]);
        const lines = summary(receive(connection, arriving(role, frame({ opcode, payload: "x" }))));
        expect(lines).toEqual(["fail 1010 ERR_EXTENSION error in extension"]);
        expect(probe.calls.at(-1)).toBe("release");
      }
    },
  );

  test("F96, D10: 1009 from a hook is told as a matter of size", () => {
    const probe = new Probe("p", { refuses: { hook: "payload", code: 1009 } });
    const octets = arriving(role, frame({ opcode: Opcode.TEXT, payload: "x" }));
    expect(summary(receive(open(role, {}, [probe]), octets))).toEqual([
      "fail 1009 ERR_MESSAGE_SIZE error in extension",
    ]);
  });

  test("F94: what an extension makes of a frame is sent, control frames too", () => {
    const probe = new Probe("p");
    const connection = open(role, {}, [probe]);
    const sent = [
      connection.send(new TextMessage({ data: "a", messageFinished: false, compress: true })),
      connection.send(new Ping({ payload: utf8("b") })),
      connection.send(new TextMessage({ data: "c" })),
      connection.send(new BytesMessage({ data: utf8("d"), compress: false })),
    ];
    const expected = [
      frame({ opcode: Opcode.TEXT, rsv: 2, payload: "p[a]", fin: false }),
      frame({ opcode: Opcode.PING, rsv: 2, payload: "p[b]" }),
      frame({ opcode: Opcode.CONTINUATION, rsv: 2, payload: "p[c]" }),
      frame({ opcode: Opcode.BINARY, rsv: 2, payload: "p[d]" }),
    ];
    expectOctets(concat(...sent), leaving(role, ...expected));
    expect(probe.calls).toEqual([
      "outbound 1 61 false true",
      "outbound 9 62 true undefined",
      "outbound 0 63 true undefined",
      "outbound 2 64 true false",
    ]);
  });

  test("D11, R6455-9.1-03: a, b: b is applied to what a makes, and undone before it", () => {
    const extensions = (): Probe[] => [new Probe("a"), new Probe("b", { bit: "rsv3" })];
    const sent = open(role, {}, extensions()).send(new TextMessage({ data: "x" }));
    expectOctets(sent, leaving(role, frame({ opcode: Opcode.TEXT, rsv: 3, payload: "b[a[x]]" })));
    const octets = arriving(role, frame({ opcode: Opcode.TEXT, rsv: 3, payload: "x" }));
    // What b adds at the end passes through a.
    expect(summary(receive(open(role, {}, extensions()), octets))).toEqual(["text a(b(x))a(/b)/a"]);
  });

  test("D11: what permessage-deflate inflates at the end passes through the one before it", () => {
    const probe = new Probe("p");
    const connection = open(role, {}, [probe, finalized()]);
    const payload = hex("f248cdc9c90700");
    const octets = arriving(role, frame({ opcode: Opcode.TEXT, rsv: 4, payload }));
    expect(summary(receive(connection, octets))).toEqual(["text p(Hello)/p"]);
    const plain = arriving(role, frame({ opcode: Opcode.TEXT, payload: "x" }));
    expect(summary(receive(connection, plain))).toEqual(["text p(x)/p"]);
  });

  test("R6455-5.2-01: a bit that no extension claims is 1002", () => {
    for (const rsv of [4, 1, 6, 3]) {
      const octets = arriving(role, frame({ opcode: Opcode.TEXT, rsv, payload: "x" }));
      expect(failureCode(summary(receive(open(role, {}, [new Probe("p")]), octets)))).toBe(1002);
    }
  });

  test("F79: one that is not enabled takes no part", () => {
    class Disabled extends Probe {
      override enabled(): boolean {
        return false;
      }
    }
    const disabled = new Disabled("d");
    const connection = open(role, {}, [disabled]);
    const [event] = receive(
      connection,
      arriving(role, frame({ opcode: Opcode.TEXT, payload: "x" })),
    );
    expect(event).toEqual(new TextMessage({ data: "x" }));
    connection.send(new CloseConnection({ code: 1000 }));
    receive(connection, arriving(role, frame({ opcode: Opcode.CLOSE })));
    expect(disabled.calls).toEqual([]);
  });

  test("F95: with the end of the connection it is told to release what it holds", () => {
    const probe = new Probe("p");
    const connection = open(role, {}, [probe]);
    connection.send(new CloseConnection({ code: 1000 }));
    expect(probe.calls).not.toContain("release");
    receive(connection, null);
    expect(probe.calls.at(-1)).toBe("release");
  });
});
