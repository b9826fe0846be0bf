// A short array copied into a larger one, as small messages are on their way out: by `set`, by octets one after the other,
// four at once as `copyFew` does it, and four at once without its `| 0`.
//
//   npx tsc -b && node bench/micro/copy.mjs

import { copyFew } from "../../dist/bytes/join.js";
import { race } from "./race.mjs";

const SIZES = [4, 8, 16, 24, 32, 48, 64];
const block = new Uint8Array(64 * 1024);
const START = 2;

function oneByOne(source, start, end, target, offset) {
  for (let index = start; index < end; index++) target[offset + index] = source[index];
}

function checked(source, start, end, target, offset) {
  let from = start;
  let to = offset;
  for (const last = end - 3; from < last; from += 4, to += 4) {
    target[to] = source[from];
    target[to + 1] = source[from + 1];
    target[to + 2] = source[from + 2];
    target[to + 3] = source[from + 3];
  }
  for (; from < end; from++, to++) target[to] = source[from];
}

/** Copies one of many sources behind the other, as messages that are sent. */
function copied(copy) {
  return (name) => {
    const size = Number(name);
    const sources = Array.from({ length: 64 }, () => new Uint8Array(size).fill(0x55));
    let next = 0;
    return () => {
      const index = next++ & 63;
      copy(sources[index], 0, size, block, index * (START + size) + START);
    };
  };
}

race(import.meta.url, SIZES.map(String), {
  set: copied((source, _start, _end, target, offset) => target.set(source, offset)),
  "one by one": copied(oneByOne),
  copyFew: copied(copyFew),
  "without | 0": copied(checked),
});
