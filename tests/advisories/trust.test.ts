import { describe, expect, test } from "vitest";
import {
  BytesMessage,
  CloseConnection,
  Ping,
  Pong,
  RejectData,
  TextMessage,
} from "../../src/events.ts";
import { Extension } from "../../src/extensions/extension.ts";
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
  wrong,
} from "../helpers/wire.ts";

describe("masking keys", () => {
  test("CVE-2025-10148, R6455-5.3-01: no key serves twice, and their octets are evenly spread", () => {
    const client = open("client", { random: undefined });
    const count = 20_000;
    const counts = Array.from({ length: 256 }, () => 0);
    let last = "";
    let repeated = 0;
    for (let index = 0; index < count; index++) {
      const key = client.send(new Ping()).subarray(2, 6);
      for (const octet of key) counts[octet]!++;
      if (toHex(key) === last) repeated++;
      last = toHex(key);
    }
    // By chance once in 200,000 runs.
    expect(repeated).toBe(0);
    const expected = (4 * count) / 256;
    const chiSquare = counts.reduce((sum, seen) => sum + (seen - expected) ** 2 / expected, 0);
    // 255 degrees of freedom: mean 255, deviation 23; both bounds are more than six deviations away.
    expect(chiSquare).toBeLessThan(430);
    expect(chiSquare).toBeGreaterThan(120);
  });

  test("CVE-2025-10148: two connections at once share no key", () => {
    const [one, other] = [0, 1].map(() => open("client", { random: undefined }));
    const keys = new Set<string>();
    for (let index = 0; index < 1000; index++) {
      keys.add(toHex(one!.send(new Ping()).subarray(2, 6)));
      keys.add(toHex(other!.send(new Ping()).subarray(2, 6)));
    }
    expect(keys.size).toBeGreaterThan(1997);
  });
});

describe.each(ROLES)("what is sent, %s", (role) => {
  test.each([10, 1000, 100_000])(
    "R6455-10.3-01, D15: a payload of %d octets that is changed after send() goes out as it was",
    (size) => {
      const data = new Uint8Array(size).fill(1);
      const connection = open(role);
      const sent = connection.send(new BytesMessage({ data }));
      const before = toHex(sent);
      data.fill(2);
      expect(toHex(sent) === before).toBe(true);
      const peer = open(role === "client" ? "server" : "client");
      expect(summary(receive(peer, sent))).toEqual([`bytes ${"01".repeat(size)}`]);
    },
  );

  test("R6455-10.3-01, D15: the caller's octets are not written to", () => {
    const data = new Uint8Array(300).fill(7);
    const connection = open(role);
    connection.send(new BytesMessage({ data }));
    connection.sendParts(new BytesMessage({ data }));
    connection.send(new Ping({ payload: data.subarray(0, 125) }));
    expect(data).toEqual(new Uint8Array(300).fill(7));
  });

  test("D15: the caller may hand over any view, and nothing beside it is sent", () => {
    const { buffer } = Uint8Array.of(9, 1, 2, 3, 4, 9);
    const expected = leaving(role, frame({ opcode: 2, payload: hex("01020304") }));
    const views = [
      new Uint8Array(buffer, 1, 4),
      new Int8Array(buffer, 1, 4),
      new DataView(buffer, 1, 4),
      Buffer.from(buffer, 1, 4),
      buffer.slice(1, 5),
    ];
    for (const data of views) {
      expect(open(role).send(new BytesMessage({ data }))).toEqual(expected);
    }
    const shorts = Uint16Array.of(0x0201, 0x0403);
    expect(open(role).send(new BytesMessage({ data: shorts }))).toEqual(expected);
  });
});

describe("what is no payload", () => {
  const VALUES: readonly [name: string, value: unknown][] = [
    ["a number", 5],
    ["undefined", undefined],
    ["null", null],
    ["an array", [1, 2]],
    ["an object", { length: 5 }],
    ["a boolean", true],
  ];

  test.each(VALUES)("CVE-2016-10518, D6: %s is refused as octets and as text", (name, value) => {
    const optional = name === "undefined";
    expect(() => new BytesMessage({ data: wrong(value) })).toThrow(TypeError);
    expect(() => new TextMessage({ data: wrong(value) })).toThrow(TypeError);
    expect(() => new RejectData({ data: wrong(value) })).toThrow(TypeError);
    for (const make of [
      () => new Ping({ payload: wrong(value) }).payload,
      () => new Pong({ payload: wrong(value) }).payload,
    ]) {
      if (optional) expect(make()).toHaveLength(0);
      else expect(make).toThrow(TypeError);
    }
  });

  test("CVE-2016-10518, D21, F89: text is no octets, octets are no text", () => {
    expect(() => new BytesMessage({ data: wrong("text") })).toThrow(
      new TypeError("data must be an ArrayBuffer or a view, not string"),
    );
    expect(() => new TextMessage({ data: wrong(new Uint8Array(1)) })).toThrow(
      new TypeError("data must be a string, not Uint8Array"),
    );
  });

  test.each([
    ["a Float32Array", new Float32Array(20)],
    ["octets", new Uint8Array(20)],
    ["a number", 5],
    ["an object", {}],
  ])("CVE-2026-45736, D6: a reason is a string, and not %s", (_name, reason) => {
    expect(() => new CloseConnection({ code: 1000, reason: wrong(reason) })).toThrow(TypeError);
    const connection = open("server");
    expect(() => connection.fail(1000, wrong(reason))).toThrow(TypeError);
    expect(connection.closeExpected).toBe(false);
    expect(connection.send(new Ping())).toEqual(hex("8900"));
  });

  test("CVE-2026-45736: a reason is measured in octets of UTF-8 and cut at a character", () => {
    const sent = open("server").send(new CloseConnection({ code: 1000, reason: "é".repeat(100) }));
    expect(sent).toEqual(frame({ opcode: 8, payload: concat(hex("03e8"), utf8("é".repeat(61))) }));
  });
});

/** Notes how deep the stack is when its hooks are called. */
class DepthProbe extends Extension {
  readonly name = "depth-probe";
  readonly depths = new Set<number>();

  override enabled(): boolean {
    return true;
  }

  offer(): boolean {
    return true;
  }

  override frameInboundComplete(): null {
    this.depths.add(new Error("how deep").stack!.split("\n").length);
    return null;
  }
}

describe.each(ROLES)("what a peer sends, %s", (role) => {
  test("CVE-2020-36406: causes no recursion, however many frames there are", () => {
    const probe = new DepthProbe();
    const connection = open(role, {}, [probe]);
    const frames = [
      arriving(role, frame({ opcode: 1, fin: false, payload: "a" })),
      arriving(role, frame({ opcode: 9, payload: "b" })),
    ];
    const more = arriving(role, frame({ opcode: 0, fin: false }), frame({ opcode: 10 }));
    for (let index = 0; index < 1000; index++) frames.push(more);
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 1000;
    connection.receiveData(concat(...frames));
    let events = 0;
    for (const event of connection.events()) if (event.type !== "CloseConnection") events++;
    Error.stackTraceLimit = stackTraceLimit;
    expect(events).toBe(2002);
    // Control and data frames come in by two ways.
    expect(probe.depths.size).toBeLessThanOrEqual(2);
  });
});
