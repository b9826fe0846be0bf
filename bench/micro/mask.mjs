// XOR of a payload with its key into another array: `applyMask` against one octet after the other, the kernel in
// JavaScript, and the native add-on bufferutil, which needs a view, too, and does not say whether the result is ASCII.
//
//   npx tsc -b && node bench/micro/mask.mjs

import bufferutil from "bufferutil";
import { kernel, MEMORY_SIZE, WINDOW } from "../../dist/bytes/kernel.js";
import { applyMask } from "../../dist/bytes/mask.js";
import { PlainKernel } from "../../dist/bytes/plain-kernel.js";
import { race } from "./race.mjs";

const SIZES = [4, 16, 32, 48, 64, 96, 125, 256, 1024, 16_384, 65_536, 1_048_576];
const KEY = 0x3d21fa37;
/** The payload of a frame in a chunk is not aligned. */
const START = 6;

function withBuffers(mask) {
  return (name) => {
    const size = Number(name);
    const source = new Uint8Array(size + START).fill(0x55);
    const target = new Uint8Array(size);
    return () => mask(source, START, START + size, target);
  };
}

function octetByOctet(source, start, end, target) {
  let seen = 0;
  for (let index = start, shift = 0; index < end; index++, shift = (shift + 8) & 31) {
    const octet = (source[index] ^ (KEY >>> shift)) & 0xff;
    seen |= octet;
    target[index - start] = octet;
  }
  return seen < 0x80;
}

function by(shared) {
  return (source, start, end, target) => {
    let seen = 0;
    for (let from = start; from < end; from += WINDOW) {
      const count = Math.min(end - from, WINDOW);
      shared().memory.set(source.subarray(from, from + count), 0);
      seen |= shared().mask(0, count, KEY);
      target.set(shared().memory.subarray(0, count), from - start);
    }
    return seen === 0;
  };
}

const plain = new PlainKernel(MEMORY_SIZE);
const keyOctets = Buffer.from([0x37, 0xfa, 0x21, 0x3d]);

race(import.meta.url, SIZES.map(String), {
  applyMask: withBuffers((source, start, end, target) =>
    applyMask(source, start, end, KEY, target, 0),
  ),
  octets: withBuffers(octetByOctet),
  "kernel only": withBuffers(by(kernel)),
  "plain kernel": withBuffers(by(() => plain)),
  bufferutil: withBuffers((source, start, end, target) =>
    bufferutil.mask(source.subarray(start, end), keyOctets, target, 0, end - start),
  ),
});
