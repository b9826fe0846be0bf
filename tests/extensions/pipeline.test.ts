import { describe, expect, test } from "vitest";
import { LocalProtocolError } from "../../src/errors.ts";
import { BytesMessage, CloseConnection, Ping, TextMessage } from "../../src/events.ts";
import { Extension, type FrameContext, NO_RSV_BITS } from "../../src/extensions/extension.ts";
import { PerMessageDeflate } from "../../src/extensions/permessage-deflate.ts";
import { Opcode, type RsvBits } from "../../src/frames/opcode.ts";
import {
  arriving,
  concat,
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

/** Hooks of a Stub that do something else than nothing. */
interface Hooks {
  readonly header?: (opcode: Opcode, rsv: RsvBits, length: number) => RsvBits | number;
  readonly payload?: (data: Uint8Array, context: FrameContext) => Uint8Array | number;
  readonly complete?: (fin: boolean, context: FrameContext) => Uint8Array | number | null;
  readonly outbound?: (frame: { opcode: Opcode; rsv: RsvBits; data: Uint8Array; fin: boolean }) => {
    rsv: RsvBits;
    data: Uint8Array;
  };
  readonly release?: () => void;
}

/** An extension in use that notes each call in a log shared with others. */
class Stub extends Extension {
  readonly name: string;
  readonly #log: string[];
  readonly #hooks: Hooks;
  readonly contexts: Pick<FrameContext, "client" | "compress">[] = [];

  constructor(name: string, log: string[] = [], hooks: Hooks = {}) {
    super();
    this.name = name;
    this.#log = log;
    this.#hooks = hooks;
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
    length: number,
  ): RsvBits | number {
    this.#log.push(`${this.name} header ${opcode} ${length}`);
    this.contexts.push({ client: context.client, compress: context.compress });
    return this.#hooks.header?.(opcode, rsv, length) ?? NO_RSV_BITS;
  }

  override frameInboundPayloadData(context: FrameContext, data: Uint8Array): Uint8Array | number {
    this.#log.push(`${this.name} payload ${toHex(data)}`);
    return this.#hooks.payload?.(data, context) ?? data;
  }

  override frameInboundComplete(context: FrameContext, fin: boolean): Uint8Array | number | null {
    this.#log.push(`${this.name} complete ${fin}`);
    return this.#hooks.complete?.(fin, context) ?? null;
  }

  override frameOutbound(
    context: FrameContext,
    opcode: Opcode,
    rsv: RsvBits,
    data: Uint8Array,
    fin: boolean,
  ): { rsv: RsvBits; data: Uint8Array } {
    this.#log.push(`${this.name} outbound ${opcode} ${toHex(data)} ${fin}`);
    this.contexts.push({ client: context.client, compress: context.compress });
    return this.#hooks.outbound?.({ opcode, rsv, data, fin }) ?? { rsv, data };
  }

  override release(): void {
    this.#hooks.release?.();
  }
}

/** Puts `octet` behind what is sent, and takes it off what is received. */
function suffix(name: string, octet: number, log: string[] = []): Stub {
  return new Stub(name, log, {
    outbound: ({ rsv, data }) => ({ rsv, data: concat(data, Uint8Array.of(octet)) }),
    payload: (data) => (data.at(-1) === octet ? data.subarray(0, -1) : 1011),
  });
}

describe.each(ROLES)("the order of extensions, %s", (role) => {
  test("R6455-9.1-03, D11: of foo, bar in the answer foo is applied first to what is sent", () => {
    const log: string[] = [];
    const connection = open(role, {}, [suffix("foo", 0xf0, log), suffix("bar", 0xba, log)]);
    const sent = connection.send(new BytesMessage({ data: hex("01") }));
    expect(sent).toEqual(leaving(role, frame({ opcode: 2, payload: hex("01f0ba") })));
    expect(log).toEqual(["foo outbound 2 01 true", "bar outbound 2 01f0 true"]);
  });

  test("R6455-9.1-03, D11: and last to what is received", () => {
    const log: string[] = [];
    const connection = open(role, {}, [suffix("foo", 0xf0, log), suffix("bar", 0xba, log)]);
    const octets = arriving(role, frame({ opcode: 2, payload: hex("01f0ba") }));
    expect(summary(receive(connection, octets))).toEqual(["bytes 01"]);
    expect(log).toEqual([
      "bar header 2 3",
      "foo header 2 3",
      "bar payload 01f0ba",
      "foo payload 01f0",
      "bar complete true",
      "foo complete true",
    ]);
  });

  test("D11, F96: what one yields at the end passes through those that follow", () => {
    const log: string[] = [];
    const foo = new Stub("foo", log, {
      payload: (data) => data.map((octet) => octet ^ 0xff),
      complete: () => hex("aa"),
    });
    const bar = new Stub("bar", log, { complete: () => hex("0102") });
    const octets = arriving(role, frame({ opcode: 2, payload: hex("00") }));
    // bar's 0102 passes through foo; then comes foo's own.
    expect(summary(receive(open(role, {}, [foo, bar]), octets))).toEqual(["bytes fffefdaa"]);
    expect(log.slice(2)).toEqual([
      "bar payload 00",
      "foo payload 00",
      "bar complete true",
      "foo payload 0102",
      "foo complete true",
    ]);
  });

  test.each([
    ["the first alone", hex("01"), null, "bytes 0001"],
    ["the second alone", null, hex("02"), "bytes 0002"],
    ["an empty one and none", new Uint8Array(0), null, "bytes 00"],
    ["both", hex("01"), hex("02"), "bytes 000102"],
  ])("D11: what is yielded at the end is joined: %s", (_name, first, second, line) => {
    const foo = new Stub("foo", [], { complete: () => second });
    const bar = new Stub("bar", [], { complete: () => first });
    const octets = arriving(role, frame({ opcode: 2, payload: hex("00") }));
    expect(summary(receive(open(role, {}, [foo, bar]), octets))).toEqual([line]);
  });
});

describe.each(ROLES)("hooks, %s", (role) => {
  test("F97: the header hook runs once, however the octets come", () => {
    const log: string[] = [];
    const connection = open(role, {}, [new Stub("foo", log)]);
    const octets = arriving(role, frame({ opcode: 2, payload: new Uint8Array(126) }));
    receive(connection, ...Array.from(octets, (octet) => Uint8Array.of(octet)));
    expect(log.filter((line) => line.includes("header"))).toEqual(["foo header 2 126"]);
    expect(log.filter((line) => line.includes("complete"))).toEqual(["foo complete true"]);
    expect(log.filter((line) => line.includes("payload"))).toHaveLength(126);
  });

  test("F96: they run for control frames too, once for the payload", () => {
    const log: string[] = [];
    const stub = new Stub("foo", log, {
      payload: (data) => data.subarray(1),
      complete: () => hex("ee"),
    });
    const connection = open(role, {}, [stub]);
    const octets = arriving(role, frame({ opcode: 9, payload: hex("0102") }));
    const chunks = Array.from(octets, (octet) => Uint8Array.of(octet));
    expect(summary(receive(connection, ...chunks))).toEqual(["ping 02ee"]);
    expect(log).toEqual(["foo header 9 2", "foo payload 0102", "foo complete true"]);
  });

  test("F96: the end of each frame is told, and whether it ends the message", () => {
    const log: string[] = [];
    const octets = arriving(
      role,
      frame({ opcode: 1, fin: false, payload: "a" }),
      frame({ opcode: 10 }),
      frame({ opcode: 0, payload: "b" }),
    );
    expect(summary(receive(open(role, {}, [new Stub("foo", log)]), octets))).toEqual([
      "pong ",
      "text ab",
    ]);
    expect(log.filter((line) => line.includes("complete"))).toEqual([
      "foo complete false",
      "foo complete true",
      "foo complete true",
    ]);
  });

  test("F96: text is decoded behind the extensions", () => {
    const stub = new Stub("foo", [], {
      payload: (data) => data.map((octet) => octet ^ 0xff),
      complete: (fin) => (fin ? utf8("…") : null),
    });
    const payload = utf8("grüße").map((octet) => octet ^ 0xff);
    const whole = arriving(role, frame({ opcode: 1, payload }));
    expect(summary(receive(open(role, {}, [stub]), whole))).toEqual(["text grüße…"]);
    const plain = arriving(role, frame({ opcode: 1, payload: "a" }));
    expect(summary(receive(open(role, {}, [stub]), plain)).join()).toMatch(/^fail 1007 ERR_UTF8 /);
  });

  test("F95: the context tells the role, and what the message sent wishes", () => {
    const stub = new Stub("foo");
    const connection = open(role, {}, [stub]);
    connection.send(new TextMessage({ data: "a", compress: true }));
    connection.send(new BytesMessage({ data: hex(""), compress: false }));
    connection.send(new Ping());
    connection.send(new TextMessage({ data: "b" }));
    receive(connection, arriving(role, frame({ opcode: 9 })));
    const client = role === "client";
    expect(stub.contexts).toEqual([
      { client, compress: true },
      { client, compress: false },
      { client, compress: undefined },
      { client, compress: undefined },
      { client, compress: undefined },
    ]);
  });

  test("F95, D10: the budget is what the message, or the frame, may still grow by", () => {
    const budgets: number[] = [];
    const stub = new Stub("foo", [], {
      payload: (data, { budget }) => {
        budgets.push(budget);
        return data;
      },
      complete: (_fin, { budget }) => {
        budgets.push(budget);
        return null;
      },
    });
    const connection = open(role, { limits: { message: 100, frame: 70 } }, [stub]);
    receive(
      connection,
      arriving(
        role,
        frame({ opcode: 2, fin: false, payload: new Uint8Array(60) }),
        frame({ opcode: 9, payload: "p" }),
        frame({ opcode: 0, payload: new Uint8Array(10) }),
      ),
    );
    expect(budgets).toEqual([70, 10, Infinity, Infinity, 40, 30]);
  });

  test.each([
    ["header", { header: () => 1003 }, "1003 ERR_EXTENSION"],
    ["payload", { payload: () => 1008 }, "1008 ERR_EXTENSION"],
    ["complete", { complete: () => 4000 }, "4000 ERR_EXTENSION"],
    ["payload, with 1009", { payload: () => 1009 }, "1009 ERR_MESSAGE_SIZE"],
  ])("F96, F20: a code from a hook fails the connection with it: %s", (_name, hooks, fault) => {
    for (const opcode of [2, 9]) {
      const connection = open(role, {}, [new Stub("foo", [], hooks)]);
      const octets = arriving(role, frame({ opcode, payload: "x" }));
      expect(summary(receive(connection, octets))).toEqual([`fail ${fault} error in extension`]);
    }
  });

  test("F96, D11: a code for what another extension yielded fails it as well", () => {
    const foo = new Stub("foo", [], { payload: (data) => (data.length === 2 ? 1008 : data) });
    const bar = new Stub("bar", [], { complete: () => hex("0102") });
    const octets = arriving(role, frame({ opcode: 2, payload: "x" }));
    expect(summary(receive(open(role, {}, [foo, bar]), octets))).toEqual([
      "fail 1008 ERR_EXTENSION error in extension",
    ]);
  });

  test.each([
    ["payload", { payload: () => new Uint8Array(11) }],
    ["complete", { complete: () => new Uint8Array(10) }],
  ])("D10: what an extension makes of a message is under the limits: %s", (_name, hooks) => {
    const connection = open(role, { limits: { message: 10 } }, [new Stub("foo", [], hooks)]);
    const octets = arriving(role, frame({ opcode: 2, payload: "x" }));
    expect(summary(receive(connection, octets))).toEqual([
      "fail 1009 ERR_MESSAGE_SIZE frame of more than 10 octets",
    ]);
  });

  test("D10: a length above 2^53-1 fails before any of the payload has come", () => {
    const octets = arriving(role, frame({ opcode: 2, length: 1n << 60n }));
    expect(summary(receive(open(role, {}, [new Stub("foo")]), octets)).join()).toMatch(
      /^fail 1009 /,
    );
  });

  test("an exception of an extension's own is the caller's", () => {
    const stub = new Stub("foo", [], {
      payload: () => {
        throw new RangeError("own");
      },
    });
    const connection = open(role, {}, [stub]);
    connection.receiveData(arriving(role, frame({ opcode: 2, payload: "x" })));
    expect(() => connection.events().next()).toThrow(new RangeError("own"));
  });
});

describe.each(ROLES)("reserved bits, %s", (role) => {
  const claiming = (name: string, bit: keyof RsvBits) =>
    new Stub(name, [], {
      header: () => ({ ...NO_RSV_BITS, [bit]: true }),
      outbound: ({ opcode, rsv, data }) => ({
        rsv: opcode === Opcode.CONTINUATION ? rsv : { ...rsv, [bit]: true },
        data,
      }),
    });

  test.each([
    ["rsv1", 4],
    ["rsv2", 2],
    ["rsv3", 1],
  ] as const)("F94, R6455-5.2-01: %s of an extension goes out, and is accepted", (bit, rsv) => {
    const connection = open(role, {}, [claiming("foo", bit)]);
    const first = connection.send(new TextMessage({ data: "a", messageFinished: false }));
    const last = connection.send(new TextMessage({ data: "b" }));
    const frames = [
      frame({ opcode: 1, rsv, fin: false, payload: "a" }),
      frame({ opcode: 0, payload: "b" }),
    ];
    expect(concat(first, last)).toEqual(leaving(role, ...frames));
    expect(summary(receive(connection, arriving(role, ...frames)))).toEqual(["text ab"]);
    const others = arriving(role, frame({ opcode: 1, rsv: 7 ^ rsv }));
    expect(summary(receive(connection, others))).toEqual([
      "fail 1002 ERR_RSV Reserved bit set unexpectedly",
    ]);
  });

  test("F94: the bits of several are put together, on control frames too", () => {
    const connection = open(role, {}, [claiming("foo", "rsv1"), claiming("bar", "rsv3")]);
    expect(connection.send(new Ping())).toEqual(leaving(role, frame({ opcode: 9, rsv: 5 })));
    const close = connection.send(new CloseConnection({ code: 1000 }));
    expect(close).toEqual(leaving(role, frame({ opcode: 8, rsv: 5, payload: hex("03e8") })));
    const octets = arriving(role, frame({ opcode: 10, rsv: 5 }));
    expect(summary(receive(connection, octets))).toEqual(["pong "]);
  });

  test("F92: a control frame that an extension makes too long is not sent", () => {
    const connection = open(role, {}, [suffix("foo", 1)]);
    expect(() => connection.send(new Ping({ payload: new Uint8Array(125) }))).toThrow(
      LocalProtocolError,
    );
    expect(connection.send(new Ping({ payload: new Uint8Array(124) }))).toHaveLength(
      (role === "client" ? 6 : 2) + 125,
    );
  });
});

describe("beside permessage-deflate", () => {
  const negotiated = () => {
    const extension = new PerMessageDeflate();
    extension.finalize("permessage-deflate");
    return extension;
  };

  test("F96, D8: a user's extension sees every frame as if it were alone", () => {
    const log: string[] = [];
    const server = open("server", {}, [new Stub("foo", log), negotiated()]);
    const client = open("client", {}, [negotiated()]);
    const octets = concat(
      client.send(new TextMessage({ data: "Hello" })),
      client.send(new Ping({ payload: utf8("p") })),
      client.send(new BytesMessage({ data: hex("0102"), compress: false })),
    );
    expect(summary(receive(server, octets))).toEqual(["text Hello", "ping 70", "bytes 0102"]);
    expect(log.filter((line) => line.includes("payload"))).toEqual([
      `foo payload ${toHex(utf8("Hello"))}`,
      "foo payload 70",
      "foo payload 0102",
    ]);
  });

  test("D11, R6455-9.1-03: what deflate yields at the end passes through the extension listed before it", () => {
    const [server, client] = (["server", "client"] as const).map((role) =>
      open(role, {}, [suffix("foo", 0xf0), negotiated()]),
    );
    const sent = client!.send(new BytesMessage({ data: hex("010203") }));
    expect(sent[0]).toBe(0xc2);
    expect(summary(receive(server!, sent))).toEqual(["bytes 010203"]);
  });

  test("F95, F94: a Close passes an extension that was released", () => {
    const log: string[] = [];
    const stub = new Stub("foo", log, { release: () => log.push("released") });
    const connection = open("server", {}, [stub]);
    const [close] = receive(connection, arriving("server", frame({ opcode: 8 })));
    if (!(close instanceof CloseConnection)) throw new Error("no CloseConnection");
    connection.send(close.response());
    expect(log.slice(-3)).toEqual(["released", "foo outbound 8  true", "released"]);
  });

  test("the extensions are released when the connection is over", () => {
    for (const end of [null, hex("ffff"), arriving("server", frame({ opcode: 8 }))]) {
      let released = 0;
      const stub = new Stub("foo", [], {
        release: () => {
          released++;
        },
      });
      const connection = open("server", {}, [stub]);
      receive(connection, hex("89 80 00000000"));
      expect(released).toBe(0);
      receive(connection, end);
      expect(released).toBeGreaterThan(0);
    }
  });
});
