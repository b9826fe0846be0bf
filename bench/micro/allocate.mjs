// An array whose content is written at once: the platform's `allocate` against what else gives one. One octet is written,
// so that memory which is only promised does not count as given.
//
//   npx tsc -b && node bench/micro/allocate.mjs

import { allocate } from "../../dist/platform/node.js";
import { race } from "./race.mjs";

const SIZES = [16, 64, 128, 512, 1024, 4096, 16_384, 65_536, 1_048_576];

function ofSize(make) {
  return (name) => {
    const size = Number(name);
    return () => {
      const octets = make(size);
      octets[size - 1] = 1;
      return octets;
    };
  };
}

race(import.meta.url, SIZES.map(String), {
  allocate: ofSize(allocate),
  "new Uint8Array": ofSize((size) => new Uint8Array(size)),
  "Buffer.allocUnsafe": ofSize((size) => Buffer.allocUnsafe(size)),
  "a view of allocUnsafe": ofSize((size) => {
    const { buffer, byteOffset, length } = Buffer.allocUnsafe(size);
    return new Uint8Array(buffer, byteOffset, length);
  }),
});
