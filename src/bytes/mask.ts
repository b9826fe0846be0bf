import { INPUT, type Kernel, kernel, RECEIVE, WINDOW, windowView } from "./kernel.ts";
import { partOfReceived } from "./receive-buffer.ts";

/*
 * Masking (RFC 6455, 5.3): octet i of a payload is XORed with octet i modulo 4 of the masking key.
 * A key is a number here, its first octet the lowest: octet i is `(key >>> (8 * i)) & 0xff`. 0 changes nothing.
 */

/**
 * Up to so many octets are XORed by JavaScript, more of them by the kernel, whose two copies and its call take as long as
 * some 80 octets, and a twentieth of octet by octet for 1 KiB (`node bench/micro/mask.mjs`).
 */
const FEW = 64;
/** The bit of each of four octets that is set in one that is not ASCII. */
const NOT_ASCII = 0x8080_8080;

/**
 * XORs the octets of `source` from `start` to `end` with `key` into `target` at `offset`, which may be the same place.
 * Returns whether every octet of the result is ASCII.
 */
export function applyMask(
  source: Uint8Array,
  start: number,
  end: number,
  key: number,
  target: Uint8Array,
  offset: number,
): boolean {
  if (end - start <= FEW) return maskOctets(source, start, end, key, target, offset);
  const shared = kernel();
  let ascii = true;
  for (let from = start; from < end; from += WINDOW) {
    const count = Math.min(end - from, WINDOW);
    if (!maskIntoWindow(shared, source, from, from + count, key)) ascii = false;
    target.set(windowView(count), offset + from - start);
  }
  return ascii;
}

/** As `applyMask`, of the octets of the receive buffer from `start` to `end`, more than a few. They are changed there. */
export function unmaskReceived(
  start: number,
  end: number,
  key: number,
  target: Uint8Array,
  offset: number,
): boolean {
  const ascii = kernel().mask(RECEIVE + start, RECEIVE + end, key) === 0;
  target.set(partOfReceived(start, end), offset);
  return ascii;
}

/** Does the same into the window of `shared`, for octets that are worked on further. At most `WINDOW` of them. */
export function maskIntoWindow(
  shared: Kernel,
  source: Uint8Array,
  start: number,
  end: number,
  key: number,
): boolean {
  const count = end - start;
  if (source.length - count <= INPUT) {
    // What little is around them comes along: to copy it is cheaper than to make a view.
    shared.memory.set(source, INPUT - start);
  } else {
    // `subarray` of a Buffer is a slow one of its own.
    shared.memory.set(new Uint8Array(source.buffer, source.byteOffset + start, count), INPUT);
  }
  return shared.mask(INPUT, INPUT + count, key) === 0;
}

/** Four octets at once, with sums that `| 0` keeps whole: see `copyFew`. */
function maskOctets(
  source: Uint8Array,
  start: number,
  end: number,
  key: number,
  target: Uint8Array,
  offset: number,
): boolean {
  const last = (end - 3) | 0;
  let seen = 0;
  let from = start | 0;
  let to = offset | 0;
  for (; from < last; from = (from + 4) | 0, to = (to + 4) | 0) {
    const word =
      (source[from]! |
        (source[(from + 1) | 0]! << 8) |
        (source[(from + 2) | 0]! << 16) |
        (source[(from + 3) | 0]! << 24)) ^
      key;
    seen |= word;
    target[to] = word;
    target[(to + 1) | 0] = word >>> 8;
    target[(to + 2) | 0] = word >>> 16;
    target[(to + 3) | 0] = word >>> 24;
  }
  for (let rest = key; from < end; from = (from + 1) | 0, to = (to + 1) | 0, rest >>>= 8) {
    const octet = source[from]! ^ (rest & 0xff);
    seen |= octet;
    target[to] = octet;
  }
  return (seen & NOT_ASCII) === 0;
}

/** The key for the octets that follow the first `count` of a payload. */
export function rotateKey(key: number, count: number): number {
  const bits = (count & 3) * 8;
  return bits === 0 ? key : (key >>> bits) | (key << (32 - bits));
}
