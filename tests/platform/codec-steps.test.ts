import { deflateRawSync } from "node:zlib";
import * as pako from "pako";
import { describe, expect, test } from "vitest";
import { type Codec, codecOn, type Zlib, type ZlibStream } from "../../src/platform/codec.ts";
import { zlibOfPako } from "../../src/platform/zlib-pako.ts";
import { noise } from "../helpers/deflate-frames.ts";
import { concat, hex } from "../helpers/wire.ts";

/** What a codec has done to the zlib beneath. */
class Record {
  readonly windows: number[] = [];
  writes = 0;
  resets = 0;
  closes = 0;
  /** Octets put out. */
  output = 0;
  /** Octets of the arrays that were asked for. */
  allocated = 0;
}

function recorded(stream: ZlibStream, record: Record): ZlibStream {
  return {
    get inputLeft() {
      return stream.inputLeft;
    },
    get outputLeft() {
      return stream.outputLeft;
    },
    write(flush, input, start, output, from, to) {
      record.writes++;
      const ok = stream.write(flush, input, start, output, from, to);
      record.output += to - from - stream.outputLeft;
      return ok;
    },
    reset() {
      record.resets++;
      stream.reset();
    },
    close() {
      record.closes++;
      stream.close();
    },
  };
}

function recordedCodec(zlib: Zlib = zlibOfPako(pako)): { codec: Codec; record: Record } {
  const record = new Record();
  const codec = codecOn(
    {
      openInflate(windowBits) {
        record.windows.push(windowBits);
        return recorded(zlib.openInflate(windowBits), record);
      },
      openDeflate(options) {
        record.windows.push(options.windowBits);
        return recorded(zlib.openDeflate(options), record);
      },
    },
    (size) => {
      record.allocated += size;
      return new Uint8Array(size);
    },
  );
  return { codec, record };
}

function deflated(data: Uint8Array): Uint8Array {
  return new Uint8Array(deflateRawSync(data, { level: 9, memLevel: 9 }));
}

/** 8 MiB in 8 KiB. */
const BOMB = deflated(new Uint8Array(8 << 20));

const STEP = 16 * 1024;

describe("an inflater", () => {
  test.each([0, 1, 1000, STEP - 1, STEP, 100_000, 1 << 20])(
    "CVE-2018-1000518: with a budget of %d puts out 16 KiB beyond it at most, of 8 MiB in 8 KiB",
    (budget) => {
      expect(BOMB.length).toBeLessThan(8300);
      const { codec, record } = recordedCodec();
      expect(codec.createInflater(15).inflate(BOMB, budget)).toBe("too-big");
      expect(record.output).toBeGreaterThan(budget);
      expect(record.output).toBeLessThanOrEqual(budget + STEP);
      expect(record.allocated).toBe(0);
      expect(record.closes).toBe(1);
    },
  );

  test("aiohttp-13362: takes one step for each final block, and one array for all of them", () => {
    for (const [block, size] of [
      ["0300", 0],
      ["4b0400", 1],
    ] as const) {
      const { codec, record } = recordedCodec();
      const message = concat(...Array<Uint8Array>(10_000).fill(hex(block)));
      expect(codec.createInflater(15).inflate(message, 10_000)).toHaveLength(10_000 * size);
      expect(record.writes).toBe(10_000);
      expect(record.resets).toBe(9999);
      expect(record.allocated).toBe(10_000 * size);
    }
  });

  test("makes progress in each step: of output by 16 KiB, or by a stream's end", () => {
    const { codec, record } = recordedCodec();
    const inflater = codec.createInflater(15);
    const size = 10 * STEP;
    expect(inflater.inflate(deflated(noise(size)), size)).toHaveLength(size);
    expect(record.writes).toBe(11);
    expect(inflater.inflate(new Uint8Array(0), 0)).toHaveLength(0);
    expect(record.writes).toBe(12);
  });

  test("CVE-2026-54278: closing inflates nothing, however much is left", () => {
    const { codec, record } = recordedCodec();
    const inflater = codec.createInflater(15);
    inflater.inflate(BOMB.subarray(0, 10), Infinity);
    const { writes } = record;
    inflater.close();
    inflater.close();
    expect(record).toMatchObject({ writes, closes: 1 });
  });

  test("R7692-7.1.2.1-02: has the window it is asked for", () => {
    const { codec, record } = recordedCodec();
    for (const windowBits of [8, 9, 15]) codec.createInflater(windowBits);
    expect(record.windows).toEqual([8, 9, 15]);
  });
});

describe("a deflater", () => {
  test("R7692-7.1.2.1-02: has a window of 9 bits for one of 8", () => {
    const { codec, record } = recordedCodec();
    for (const windowBits of [8, 9, 10, 15]) {
      codec.createDeflater({ windowBits, level: -1, memLevel: 8 });
    }
    expect(record.windows).toEqual([9, 9, 10, 15]);
  });

  test("takes one step for a message and its flush, and none for nothing", () => {
    const { codec, record } = recordedCodec();
    const deflater = codec.createDeflater({ windowBits: 15, level: -1, memLevel: 8 });
    deflater.deflate(new Uint8Array(0), true);
    expect(record.writes).toBe(0);
    deflater.deflate(noise(90_000), true);
    expect(record.writes).toBe(1);
    deflater.close();
    deflater.close();
    expect(record.closes).toBe(1);
  });

  test("throws if zlib fails", () => {
    const zlib = zlibOfPako(pako);
    const { codec } = recordedCodec({
      openInflate: (windowBits) => zlib.openInflate(windowBits),
      openDeflate: (options) => {
        const stream = zlib.openDeflate(options);
        return {
          inputLeft: 0,
          outputLeft: 0,
          write: () => false,
          reset: () => {
            stream.reset();
          },
          close: () => {
            stream.close();
          },
        };
      },
    });
    const deflater = codec.createDeflater({ windowBits: 15, level: -1, memLevel: 8 });
    expect(() => deflater.deflate(noise(10), true)).toThrow("zlib failed to compress");
  });
});
