// A short array copied into a larger one, as small messages are on their way out: octets one after the other, four at
// once, and by `set`.
//
//   node bench/micro/copy.mjs

import { race } from "./race.mjs";

const SIZES = [4, 8, 16, 24, 32, 48, 64];
const block = new Uint8Array(64 * 1024);
const START = 2;

function oneByOne(source, count) {
  for (let index = 0; index < count; index++) block[START + index] = source[index];
}

function fourAtOnce(source, count) {
  let from = 0;
  let to = START;
  for (const last = count - 3; from < last; from += 4, to += 4) {
    block[to] = source[from];
    block[to + 1] = source[from + 1];
    block[to + 2] = source[from + 2];
    block[to + 3] = source[from + 3];
  }
  for (; from < count; from++, to++) block[to] = source[from];
}

function copied(copy) {
  return (name) => {
    const count = Number(name);
    const source = new Uint8Array(count).fill(0x55);
    return () => copy(source, count);
  };
}

race(import.meta.url, SIZES.map(String), {
  set: copied((source) => block.set(source, START)),
  "one by one": copied(oneByOne),
  "four at once": copied(fourAtOnce),
});
