import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { RemoteProtocolError } from "../src/errors.ts";
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
  requireBytes,
  requireEvent,
  TextMessage,
} from "../src/events.ts";
import { PerMessageDeflate } from "../src/extensions/permessage-deflate.ts";
import { wrong } from "./helpers/wire.ts";

const octets = Uint8Array.of(1, 2, 3);

/** The fields that a constructor needs, and what it fills in. */
const DEFAULTS: readonly [title: string, event: Event, fields: object][] = [
  [
    "F11: Request",
    new Request({ host: "example.com", target: "/chat" }),
    {
      type: "Request",
      host: "example.com",
      target: "/chat",
      extensions: [],
      extraHeaders: [],
      subprotocols: [],
    },
  ],
  [
    "F12: AcceptConnection",
    new AcceptConnection(),
    { type: "AcceptConnection", subprotocol: null, extensions: [], extraHeaders: [] },
  ],
  [
    "F13: RejectConnection",
    new RejectConnection(),
    { type: "RejectConnection", statusCode: 400, headers: [], hasBody: false },
  ],
  [
    "F14: RejectData",
    new RejectData({ data: octets }),
    { type: "RejectData", data: octets, bodyFinished: true },
  ],
  [
    "F15: CloseConnection",
    new CloseConnection({ code: 1000 }),
    { type: "CloseConnection", code: 1000, reason: null, failure: null },
  ],
  [
    "F16: TextMessage",
    new TextMessage({ data: "a" }),
    {
      type: "TextMessage",
      data: "a",
      frameFinished: true,
      messageFinished: true,
      compress: undefined,
    },
  ],
  [
    "F16: BytesMessage",
    new BytesMessage({ data: octets }),
    {
      type: "BytesMessage",
      data: octets,
      frameFinished: true,
      messageFinished: true,
      compress: undefined,
    },
  ],
  ["F17: Ping", new Ping(), { type: "Ping", payload: new Uint8Array(0) }],
  ["F17: Pong", new Pong(), { type: "Pong", payload: new Uint8Array(0) }],
];

const deflate = new PerMessageDeflate();
const failure = new RemoteProtocolError("bad", "ERR_OPCODE");

/** All fields given. */
const FULL: readonly [title: string, event: Event, fields: object][] = [
  [
    "F11, F4: Request",
    new Request({
      host: "example.com",
      target: "/chat",
      extensions: [deflate],
      extraHeaders: [
        ["a", "1"],
        ["A", "2"],
        ["a", "1"],
      ],
      subprotocols: ["x", "y"],
    }),
    {
      extensions: [deflate],
      extraHeaders: [
        ["a", "1"],
        ["A", "2"],
        ["a", "1"],
      ],
      subprotocols: ["x", "y"],
    },
  ],
  [
    "F12: AcceptConnection",
    new AcceptConnection({ subprotocol: "x", extensions: [deflate], extraHeaders: [["a", "b"]] }),
    { subprotocol: "x", extensions: [deflate], extraHeaders: [["a", "b"]] },
  ],
  [
    "F13: RejectConnection",
    new RejectConnection({ statusCode: 404, headers: [["a", "b"]], hasBody: true }),
    { statusCode: 404, headers: [["a", "b"]], hasBody: true },
  ],
  [
    "F14: RejectData",
    new RejectData({ data: octets.buffer, bodyFinished: false }),
    { data: octets, bodyFinished: false },
  ],
  [
    "F15: CloseConnection",
    new CloseConnection({ code: 1002, reason: "bad", failure }),
    { code: 1002, reason: "bad", failure },
  ],
  [
    "F16: TextMessage",
    new TextMessage({ data: "a", frameFinished: false, messageFinished: false, compress: true }),
    { data: "a", frameFinished: false, messageFinished: false, compress: true },
  ],
  [
    "F16: BytesMessage",
    new BytesMessage({
      data: new DataView(octets.buffer),
      frameFinished: false,
      messageFinished: false,
      compress: false,
    }),
    { data: octets, frameFinished: false, messageFinished: false, compress: false },
  ],
  ["F17: Ping", new Ping({ payload: octets }), { payload: octets }],
  ["F17: Pong", new Pong({ payload: octets }), { payload: octets }],
];

describe("constructors", () => {
  test.each(DEFAULTS)("%s has these fields, and its own type", (_title, event, fields) => {
    expect(Object.fromEntries(Object.entries(event))).toEqual(fields);
    expect(Object.keys(event)[0]).toBe("type");
    expect(event.type).toBe(event.constructor.name);
  });

  test.each(FULL)("%s takes them all", (_title, event, fields) => {
    expect(event).toMatchObject(fields);
  });

  test("D21: fields are not frozen, and there is no equality operator", () => {
    expect(Object.isFrozen(new Ping())).toBe(false);
    expect(new TextMessage({ data: "a" })).not.toBe(new TextMessage({ data: "a" }));
  });

  test("F10, D21: an event is of its class, whatever its fields", () => {
    expect(new TextMessage({ data: "" })).toBeInstanceOf(TextMessage);
    expect(new TextMessage({ data: "" })).not.toBeInstanceOf(BytesMessage);
    expect(new Ping()).not.toStrictEqual(new Pong());
    expect(new Ping({ payload: octets })).toStrictEqual(new Ping({ payload: octets }));
  });

  test("F15: a response has code and reason, and is no failure", () => {
    const event = new CloseConnection({ code: 1002, reason: "bad", failure });
    expect(event.response()).toStrictEqual(new CloseConnection({ code: 1002, reason: "bad" }));
    expect(event.response()).not.toBe(event);
  });

  test("F17: the response to a Ping is a Pong with its payload", () => {
    expect(new Ping({ payload: octets }).response()).toStrictEqual(new Pong({ payload: octets }));
  });
});

/** Every field with values of wrong types. */
const WRONG: readonly [field: string, make: (value: unknown) => Event, right: readonly string[]][] =
  [
    ["Request.host", (v) => new Request({ host: wrong(v), target: "/" }), ["string"]],
    ["Request.target", (v) => new Request({ host: "a", target: wrong(v) }), ["string"]],
    [
      "Request.extensions",
      (v) => new Request({ host: "a", target: "/", extensions: wrong(v) }),
      ["array", "undefined"],
    ],
    [
      "Request.subprotocols",
      (v) => new Request({ host: "a", target: "/", subprotocols: wrong(v) }),
      ["array", "undefined"],
    ],
    [
      "an element of Request.subprotocols",
      (v) => new Request({ host: "a", target: "/", subprotocols: [wrong(v)] }),
      ["string"],
    ],
    [
      "Request.extraHeaders",
      (v) => new Request({ host: "a", target: "/", extraHeaders: wrong(v) }),
      ["array", "object", "undefined", "map"],
    ],
    [
      "AcceptConnection.subprotocol",
      (v) => new AcceptConnection({ subprotocol: wrong(v) }),
      ["string", "null", "undefined"],
    ],
    [
      "AcceptConnection.extensions",
      (v) => new AcceptConnection({ extensions: wrong(v) }),
      ["array", "undefined"],
    ],
    [
      "RejectConnection.statusCode",
      (v) => new RejectConnection({ statusCode: wrong(v) }),
      ["number", "undefined"],
    ],
    [
      "RejectConnection.hasBody",
      (v) => new RejectConnection({ hasBody: wrong(v) }),
      ["boolean", "undefined"],
    ],
    ["RejectData.data", (v) => new RejectData({ data: wrong(v) }), ["octets"]],
    [
      "RejectData.bodyFinished",
      (v) => new RejectData({ data: octets, bodyFinished: wrong(v) }),
      ["boolean", "undefined"],
    ],
    ["CloseConnection.code", (v) => new CloseConnection({ code: wrong(v) }), ["number"]],
    [
      "CloseConnection.reason",
      (v) => new CloseConnection({ code: 1000, reason: wrong(v) }),
      ["string", "null", "undefined"],
    ],
    [
      "CloseConnection.failure",
      (v) => new CloseConnection({ code: 1000, failure: wrong(v) }),
      ["null", "undefined"],
    ],
    ["TextMessage.data", (v) => new TextMessage({ data: wrong(v) }), ["string"]],
    ["BytesMessage.data", (v) => new BytesMessage({ data: wrong(v) }), ["octets"]],
    ...(["frameFinished", "messageFinished", "compress"] as const).flatMap(
      (name): readonly [string, (value: unknown) => Event, readonly string[]][] => [
        [
          `TextMessage.${name}`,
          (v) => new TextMessage({ data: "", [name]: v }),
          ["boolean", "undefined"],
        ],
        [
          `BytesMessage.${name}`,
          (v) => new BytesMessage({ data: octets, [name]: v }),
          ["boolean", "undefined"],
        ],
      ],
    ),
    ["Ping.payload", (v) => new Ping({ payload: wrong(v) }), ["octets", "undefined"]],
    ["Pong.payload", (v) => new Pong({ payload: wrong(v) }), ["octets", "undefined"]],
  ];

const VALUES: readonly [type: string, value: unknown][] = [
  ["string", "text"],
  ["number", 5],
  ["boolean", true],
  ["undefined", undefined],
  ["null", null],
  ["array", []],
  ["object", {}],
  ["map", new Map()],
  ["function", () => 0],
  ["symbol", Symbol("s")],
  ["bigint", 5n],
  ["octets", octets],
  ["error", new Error("e")],
];

describe("D6: a field of another type is a TypeError", () => {
  test.each(WRONG)("D6, F21: %s", (_field, make, right) => {
    // An array of octets is an iterable, of no pairs.
    for (const [type, value] of VALUES) {
      if (right.includes(type) || (right.includes("object") && type === "error")) {
        expect(make(value)).toBeDefined();
      } else expect(() => make(value), type).toThrow(TypeError);
    }
  });

  test("D6: there is no event without its fields", () => {
    const classes: readonly (new (fields: never) => Event)[] = [
      Request,
      RejectData,
      CloseConnection,
      TextMessage,
      BytesMessage,
    ];
    for (const eventClass of classes) {
      expect(() => new eventClass(wrong(undefined))).toThrow(TypeError);
      expect(() => new eventClass(wrong({}))).toThrow(TypeError);
    }
  });
});

describe("requireEvent", () => {
  test.each(DEFAULTS)("F21: %s is one", (_title, event) => {
    expect(() => {
      requireEvent(event);
    }).not.toThrow();
  });

  test.each([
    ["null", null, "null"],
    ["a string", "Ping", "string"],
    ["a plain object", { type: "Ping", payload: octets }, "Object"],
    ["an object without a prototype", Object.create(null), "object"],
    ["a function", Ping, "function"],
  ])("D6, F29: %s is none", (_name, value, named) => {
    expect(() => {
      requireEvent(value);
    }).toThrow(new TypeError(`an event must be an instance of an event class, not ${named}`));
  });
});

describe("requireBytes", () => {
  test("D15: a Uint8Array is taken as it is, other views and buffers without a copy", () => {
    expect(requireBytes("data", octets)).toBe(octets);
    const view = requireBytes("data", new Uint16Array(octets.buffer.slice(0, 2)));
    expect(view).toStrictEqual(Uint8Array.of(1, 2));
    const { buffer } = new Uint8Array(4);
    expect(requireBytes("data", buffer).buffer).toBe(buffer);
    const part = requireBytes("data", new DataView(buffer, 1, 2));
    expect([part.buffer, part.byteOffset, part.byteLength]).toEqual([buffer, 1, 2]);
  });

  test("D15: views of another realm are views", () => {
    const foreign: unknown = runInNewContext("Uint8Array.of(1, 2, 3)");
    expect(requireBytes("data", foreign)).toStrictEqual(octets);
  });
});
