import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PerMessageDeflate } from "../../src/extensions/permessage-deflate.ts";
import type { PerMessageDeflateOptions } from "../../src/extensions/permessage-deflate.ts";
import { deflatePair, noise, receiveMessage, sendMessage } from "../helpers/deflate-frames.ts";
import { readDeflate } from "../helpers/deflate-tokens.ts";
import { concat, hex, toHex } from "../helpers/wire.ts";

const TAIL = hex("0000ffff");

const bits = fc.integer({ min: 8, max: 15 });
const settings: fc.Arbitrary<PerMessageDeflateOptions> = fc.record({
  clientNoContextTakeover: fc.boolean(),
  serverNoContextTakeover: fc.boolean(),
  clientMaxWindowBits: bits,
  serverMaxWindowBits: bits,
  level: fc.integer({ min: -1, max: 9 }),
  memLevel: fc.integer({ min: 1, max: 9 }),
  threshold: fc.constantFrom(0, 0, 100),
});

/** Octets between noise and repetition, seldom more of them than most windows hold. */
const octets = fc
  .tuple(
    fc.integer({ min: 1, max: 5000 }),
    fc.oneof(
      { weight: 9, arbitrary: fc.integer({ min: 0, max: 1500 }) },
      { weight: 1, arbitrary: fc.integer({ min: 0, max: 20_000 }) },
    ),
    fc.nat(9),
  )
  .map(([period, length, seed]) => {
    const pattern = noise(Math.min(period, length), seed);
    return Uint8Array.from({ length }, (_, index) => pattern[index % pattern.length]!);
  });

const message = fc.record({
  pieces: fc.array(octets, { minLength: 1, maxLength: 4 }),
  compress: fc.constantFrom(undefined, undefined, undefined, true, false),
  chunk: fc.constantFrom(11, 100, Infinity),
  fromClient: fc.boolean(),
});

describe("laws of permessage-deflate", { timeout: 60_000 }, () => {
  test("R7692-7.2.1-01, R7692-7.2.2-01: what one end sends the other receives, whatever was agreed", () => {
    const talk = fc.array(message, { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(settings, settings, talk, (clientOptions, serverOptions, messages) => {
        const { client, server } = deflatePair(clientOptions, serverOptions);
        for (const { pieces, compress, chunk, fromClient } of messages) {
          const [sender, receiver] = fromClient ? [client, server] : [server, client];
          const wish = compress === undefined ? {} : { compress };
          const frames = sendMessage(sender, fromClient, pieces, wish);
          const data = receiveMessage(receiver, !fromClient, frames, { chunk });
          if (typeof data === "number") throw new Error(`refused with ${data}`);
          expect(toHex(data)).toBe(toHex(concat(...pieces)));
        }
      }),
      { numRuns: 40 },
    );
  });

  test("R7692-5-06: after any offer and its answer both ends have agreed on the same", () => {
    fc.assert(
      fc.property(settings, settings, (clientOptions, serverOptions) => {
        const { client, server } = deflatePair(clientOptions, serverOptions);
        expect(client.toString()).toBe(server.toString());
      }),
    );
  });

  test.each([8, 9, 10, 11, 12, 13, 14, 15])(
    "R7692-7.1.2.1-02, R7692-7.2.1-03, R7692-7.2.1-04: with %d bits no compressor refers farther back",
    (windowBits) => {
      const options = { clientMaxWindowBits: windowBits, serverMaxWindowBits: windowBits };
      const { client, server } = deflatePair(options);
      for (const sender of [client, server]) {
        const payloads: Uint8Array[] = [];
        // Repetitions just within the window, as far as a compressor looks, and just beyond it.
        for (const period of [2 ** windowBits - 300, 2 ** windowBits - 150, 2 ** windowBits + 1]) {
          if (period < 0) continue;
          const pattern = noise(period, windowBits);
          const [frame] = sendMessage(sender, sender === client, [concat(pattern, pattern)]);
          payloads.push(frame!.data, TAIL);
        }
        const { blocks } = readDeflate(concat(...payloads));
        const distance = Math.max(...blocks.map(({ maxDistance }) => maxDistance));
        expect(distance).toBeLessThanOrEqual(2 ** windowBits);
        expect(distance).toBeGreaterThan(0);
        expect(blocks.some(({ final }) => final)).toBe(false);
      }
    },
  );

  test("R7692-7.1.1.1-01: without takeover every message can be read alone", () => {
    const { client } = deflatePair({ clientNoContextTakeover: true });
    for (let turn = 0; turn < 3; turn++) {
      const [frame] = sendMessage(client, true, [noise(300)]);
      const { output } = readDeflate(concat(frame!.data, TAIL));
      expect(toHex(output)).toBe(toHex(noise(300)));
    }
  });

  test("R7692-7-01: an end never fails on its own answer", () => {
    fc.assert(
      fc.property(settings, (options) => {
        const server = new PerMessageDeflate(options);
        const answer = server.accept("permessage-deflate; client_max_window_bits");
        const client = new PerMessageDeflate();
        client.finalize(`permessage-deflate; ${answer}`);
        expect(client.clientMaxWindowBits).toBe(server.clientMaxWindowBits);
      }),
    );
  });
});
