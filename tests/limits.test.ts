import { describe, expect, test } from "vitest";
import { type Limits, resolveLimits } from "../src/limits.ts";
import { CLIENT, SERVER } from "../src/states.ts";
import {
  arriving,
  concat,
  failureCode,
  frame,
  open,
  receive,
  ROLES,
  summary,
  typeOf,
  wrong,
} from "./helpers/wire.ts";

const MEBIBYTE = 1024 * 1024;

/** The defaults of a server and of a client, as docs/ and src/limits.ts state them. */
const DEFAULTS: readonly [name: keyof Limits, server: number, client: number][] = [
  ["message", MEBIBYTE, 16 * MEBIBYTE],
  ["frame", MEBIBYTE, 16 * MEBIBYTE],
  ["fragments", 131_072, 131_072],
  ["head", 16_384, 16_384],
  ["headerLines", 100, 100],
  ["requestLine", 8192, 8192],
  ["earlyData", 65_536, 65_536],
  ["chunkLine", 256, 256],
];

describe("resolveLimits", () => {
  test.each(DEFAULTS)("D10: %s has its default", (name, server, client) => {
    expect(resolveLimits(SERVER)[name]).toBe(server);
    expect(resolveLimits(CLIENT)[name]).toBe(client);
    expect(resolveLimits(SERVER, {})[name]).toBe(server);
  });

  test("D10: resolved limits stay as they are, whoever resolves them", () => {
    const limits = resolveLimits(SERVER, { message: 5 });
    expect(resolveLimits(CLIENT, limits)).toBe(limits);
    expect(Object.isFrozen(limits)).toBe(true);
  });

  test("D10: these are all", () => {
    const names = DEFAULTS.map(([name]) => name);
    expect(Object.keys(resolveLimits(SERVER))).toEqual(names);
  });

  test.each(DEFAULTS)("D10: %s may be given, 0 and Infinity too", (name) => {
    for (const value of [0, 1, 12_345, Number.MAX_SAFE_INTEGER, Infinity]) {
      const limits = resolveLimits(SERVER, { [name]: value });
      expect(limits[name]).toBe(value);
      for (const [other, byDefault] of DEFAULTS) {
        const follows = other === name || (name === "message" && other === "frame");
        expect(limits[other]).toBe(follows ? value : byDefault);
      }
    }
  });

  test.each(DEFAULTS)("D10, CVE-2026-0716: %s that is undefined is the default", (name, server) => {
    expect(resolveLimits(SERVER, { [name]: undefined })[name]).toBe(server);
  });

  test("D10: frame is as message where it is not given itself", () => {
    expect(resolveLimits(SERVER, { message: 5 })).toMatchObject({ message: 5, frame: 5 });
    expect(resolveLimits(SERVER, { message: 5, frame: 9 })).toMatchObject({ frame: 9 });
  });

  test.each(DEFAULTS)("D6, D10: %s of another type is a TypeError", (name) => {
    for (const value of ["5", null, true, 5n, {}]) {
      expect(() => resolveLimits(SERVER, wrong({ [name]: value }))).toThrow(
        new RegExp(`^limits\\.${name} must be a number, not `),
      );
      expect(() => resolveLimits(SERVER, wrong({ [name]: value }))).toThrow(TypeError);
    }
  });

  test.each(DEFAULTS)("D6, D10: %s out of its range is a RangeError", (name) => {
    for (const value of [-1, 0.5, Number.NaN, -Infinity, 2 ** 53]) {
      expect(() => resolveLimits(SERVER, { [name]: value })).toThrow(
        new RangeError(`limits.${name} must be a whole number from 0, or Infinity, not ${value}`),
      );
    }
  });

  test.each([[null], [5], ["message"], [() => 0]])(
    "D6: limits that are %o are a TypeError",
    (value) => {
      expect(() => resolveLimits(SERVER, wrong(value))).toThrow(TypeError);
    },
  );
});

describe.each(ROLES)("limits of a Connection, %s", (role) => {
  const bytes = (size: number, fin = true) =>
    frame({ opcode: 2, fin, payload: new Uint8Array(size) });
  const more = (size: number, fin = true) =>
    frame({ opcode: 0, fin, payload: new Uint8Array(size) });
  const lines = (limits: Partial<Limits>, ...frames: Uint8Array[]) =>
    summary(receive(open(role, { limits }), arriving(role, ...frames))).map((line) =>
      line.replace(/ (00)+$/, (zeros) => ` ${(zeros.length - 1) / 2}`),
    );

  test("R6455-10.4-01, D10: a frame at its limit is fine, one octet more fails with 1009", () => {
    expect(lines({ frame: 100 }, bytes(100))).toEqual(["bytes 100"]);
    expect(lines({ frame: 100 }, bytes(101))).toEqual([
      "fail 1009 ERR_MESSAGE_SIZE frame of more than 100 octets",
    ]);
  });

  test("R6455-10.4-01, D10: a message at its limit is fine, one octet more fails with 1009", () => {
    const limits = { message: 100, frame: 100 };
    expect(lines(limits, bytes(60, false), more(40))).toEqual(["bytes 100"]);
    expect(lines(limits, bytes(60, false), more(41))).toEqual([
      "fail 1009 ERR_MESSAGE_SIZE message of more than 100 octets",
      "bytes… 60",
    ]);
  });

  test("D10: the frame limit may be above the message limit, and holds for each frame alone", () => {
    expect(lines({ message: 100, frame: 1000 }, bytes(101))).toEqual([
      "fail 1009 ERR_MESSAGE_SIZE message of more than 100 octets",
    ]);
    expect(lines({ message: 1000, frame: 50 }, bytes(50, false), more(50), bytes(50))).toEqual([
      "bytes 100",
      "bytes 50",
    ]);
  });

  test("D10: fragments at their limit are fine, one more fails with 1008", () => {
    expect(lines({ fragments: 2 }, bytes(1, false), more(1))).toEqual(["bytes 2"]);
    expect(lines({ fragments: 2 }, bytes(1, false), more(1, false), more(1))).toEqual([
      "fail 1008 ERR_FRAGMENTS message of more than 2 fragments",
      "bytes… 2",
    ]);
  });

  test("D10: a limit of 0 allows empty messages alone, and of fragments none", () => {
    expect(lines({ message: 0 }, bytes(0), bytes(0))).toEqual(["bytes ", "bytes "]);
    expect(lines({ message: 0 }, bytes(1))).toEqual([
      "fail 1009 ERR_MESSAGE_SIZE frame of more than 0 octets",
    ]);
    expect(lines({ fragments: 0 }, bytes(0))).toEqual([
      "fail 1008 ERR_FRAGMENTS message of more than 0 fragments",
    ]);
  });

  test("D10: Infinity lifts each", () => {
    const size = (role === "server" ? 1 : 16) * MEBIBYTE + 1;
    const start = arriving(role, frame({ opcode: 2, length: size, payload: "x" }));
    const limits = { message: Infinity };
    expect(summary(receive(open(role, { limits }), start))).toEqual(["bytes… 78"]);
  });

  test("F88: a frame longer than memory is handed on as it arrives, and with a limit fails at once", () => {
    const start = arriving(role, frame({ opcode: 2, length: 2 ** 40, payload: "ab" }));
    const connection = open(role, { limits: { message: Infinity } });
    const events = receive(connection, start.slice(0, -1), start.slice(-1), new Uint8Array(1000));
    expect(events.map((event) => event.type)).toEqual(Array(3).fill("BytesMessage"));
    expect(events.map((event) => "data" in event && event.data.length)).toEqual([1, 1, 1000]);
    expect(events.filter((event) => "frameFinished" in event && event.frameFinished)).toEqual([]);
    const header = start.slice(0, 10);
    expect(failureCode(summary(receive(open(role), header)))).toBe(1009);
  });

  test("D10: control frames are under no limit but their own", () => {
    const limits = { message: 0, frame: 0, fragments: 0 };
    const ping = arriving(role, frame({ opcode: 9, payload: "abc" }));
    expect(summary(receive(open(role, { limits }), ping))).toEqual(["ping 616263"]);
  });

  test("D10: of two limits that a frame exceeds, fragments come first", () => {
    const limits = { fragments: 1, message: 1 };
    const octets = arriving(role, concat(bytes(1, false), more(1)));
    expect(summary(receive(open(role, { limits }), octets))).toEqual([
      "fail 1008 ERR_FRAGMENTS message of more than 1 fragments",
      "bytes… 00",
    ]);
  });

  test("D6: a Connection refuses wrong limits when it is made", () => {
    expect(() => open(role, { limits: { message: -1 } })).toThrow(RangeError);
    expect(() => open(role, { limits: wrong({ message: "1" }) })).toThrow(TypeError);
    expect(typeOf(role)).toBe(role === "client" ? CLIENT : SERVER);
  });
});
