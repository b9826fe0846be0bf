import { setImmediate } from "node:timers/promises";
import zlib from "node:zlib";
import * as fc from "fast-check";
import * as pako from "pako";
import { describe, expect, test } from "vitest";
import { createDeflater, createInflater } from "#platform";
import { codecOn, SYNC_FLUSH } from "../../src/platform/codec.ts";
import { zlibOfHandle } from "../../src/platform/zlib-handle.ts";
import { zlibOfPako } from "../../src/platform/zlib-pako.ts";
import { noise } from "../helpers/deflate-frames.ts";
import { readDeflate } from "../helpers/deflate-tokens.ts";
import { isPlain } from "../helpers/plain.ts";
import { concat, hex, toHex, utf8 } from "../helpers/wire.ts";
import { isPakoLoaded } from "./loaded.ts";

const DEFAULTS = { windowBits: 15, level: -1, memLevel: 8 };

const allocate = (size: number): Uint8Array => new Uint8Array(size);
const CODECS = {
  handle: codecOn(zlibOfHandle, allocate),
  pako: codecOn(zlibOfPako(pako), allocate),
};

describe("with a handle that works", () => {
  test("pako is not loaded, unless the switch asks for it", () => {
    const deflater = createDeflater(DEFAULTS);
    const inflater = createInflater(15);
    expect(inflater.inflate(deflater.deflate(utf8("Hello"), true), 5)).toEqual(utf8("Hello"));
    deflater.close();
    inflater.close();
    expect(isPakoLoaded()).toBe(isPlain);
  });

  test("GHSA-3wwx-pv8p-q78v: after a failure no error comes later", async () => {
    const errors: unknown[] = [];
    const onError = (error: unknown): void => {
      errors.push(error);
    };
    process.on("uncaughtExceptionMonitor", onError);
    const bomb = new Uint8Array(zlib.deflateRawSync(new Uint8Array(1 << 20)));
    for (const octets of [hex("ffffff"), concat(bomb, hex("ffffff")), bomb]) {
      const inflater = createInflater(15);
      expect(typeof inflater.inflate(octets, 1000)).toBe("string");
      inflater.close();
    }
    for (let turn = 0; turn < 10; turn++) await setImmediate();
    process.off("uncaughtExceptionMonitor", onError);
    expect(errors).toEqual([]);
  });

  test("close releases native memory at once", () => {
    const before = process.memoryUsage.rss();
    const data = noise(10_000);
    const output = new Uint8Array(20_000);
    // Each takes 250 KiB. They are kept, so that nothing is released by garbage collection.
    const streams = Array.from({ length: 1500 }, () => {
      const stream = zlibOfHandle.openDeflate(DEFAULTS);
      stream.write(SYNC_FLUSH, data, 0, output, 0, output.length);
      stream.close();
      return stream;
    });
    expect(process.memoryUsage.rss() - before).toBeLessThan(streams.length * 125_000);
  });
});

describe("both codecs", () => {
  test.each([
    ["handle", "pako"],
    ["pako", "handle"],
  ] as const)("R7692-7.2.2-01: what the codec on %s writes, the one on %s reads", (one, other) => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.nat(3000).map(noiseTwice))),
        fc.integer({ min: 8, max: 15 }),
        fc.integer({ min: -1, max: 9 }),
        (messages, windowBits, level) => {
          const deflater = CODECS[one].createDeflater({ windowBits, level, memLevel: 8 });
          const inflater = CODECS[other].createInflater(windowBits);
          for (const message of messages) {
            const octets = deflater.deflate(message, true);
            const back = inflater.inflate(octets, message.length);
            expect(typeof back === "string" ? back : toHex(back)).toBe(toHex(message));
          }
          deflater.close();
          inflater.close();
        },
      ),
      { numRuns: 50 },
    );
  });

  test("what they write is DEFLATE to node:zlib and to a reader of tokens", () => {
    const message = noiseTwice(5000);
    for (const { createDeflater: create } of Object.values(CODECS)) {
      const deflater = create(DEFAULTS);
      const octets = deflater.deflate(message, true);
      deflater.close();
      expect(toHex(readDeflate(octets).output)).toBe(toHex(message));
      const { Z_SYNC_FLUSH: finishFlush } = zlib.constants;
      expect(toHex(zlib.inflateRawSync(octets, { finishFlush }))).toBe(toHex(message));
    }
  });
});

function noiseTwice(size: number): Uint8Array {
  return concat(noise(size, size), noise(size, size));
}
