// A part of a chunk as an array: a view by the constructor, of an ArrayBuffer that is known and of one that the chunk is
// asked for; by `subarray` of a Uint8Array and of a Buffer; and copies, for which octets one after the other stand against
// `set` and `slice`.
//
//   npx tsc -b && node bench/micro/views.mjs

import { race } from "./race.mjs";

const SIZES = [4, 16, 32, 64, 125, 1024, 16_384];
const START = 6;

function ofChunk(make, part) {
  return (name) => {
    const size = Number(name);
    const chunk = make(size + START).fill(0x55);
    return () => part(chunk, START, START + size);
  };
}

const octets = (size) => new Uint8Array(size);
const buffer = (size) => Buffer.from(new ArrayBuffer(size));

function copyOneByOne(chunk, start, end) {
  const copy = new Uint8Array(end - start);
  for (let index = start; index < end; index++) copy[index - start] = chunk[index];
  return copy;
}

race(import.meta.url, SIZES.map(String), {
  "of a known ArrayBuffer": (name) => {
    const size = Number(name);
    const memory = new ArrayBuffer(size + START);
    return () => new Uint8Array(memory, START, size);
  },
  "new Uint8Array(buffer, ...)": ofChunk(
    octets,
    (chunk, start, end) => new Uint8Array(chunk.buffer, chunk.byteOffset + start, end - start),
  ),
  subarray: ofChunk(octets, (chunk, start, end) => chunk.subarray(start, end)),
  "subarray of a Buffer": ofChunk(buffer, (chunk, start, end) => chunk.subarray(start, end)),
  slice: ofChunk(octets, (chunk, start, end) => chunk.slice(start, end)),
  "set of a view": ofChunk(octets, (chunk, start, end) => {
    const copy = new Uint8Array(end - start);
    copy.set(chunk.subarray(start, end));
    return copy;
  }),
  "one by one": ofChunk(octets, copyOneByOne),
});
