import type { Kernel } from "./kernel.ts";

/** The bit by which an octet is not ASCII, in each octet of a word. */
const NOT_ASCII = 0x8080_8080;

/**
 * A kernel in JavaScript, for where WebAssembly is not allowed. Its DataView is as fast as an Int32Array, and depends
 * neither on alignment nor on the processor's order of octets.
 */
export class PlainKernel implements Kernel {
  readonly memory: Uint8Array;
  readonly #view: DataView;
  #units: number = 0;

  constructor(memorySize: number) {
    const buffer = new ArrayBuffer(memorySize);
    this.memory = new Uint8Array(buffer);
    this.#view = new DataView(buffer);
  }

  mask(start: number, end: number, key: number): number {
    const view = this.#view;
    let seen = 0;
    let at = start;
    for (const last = end - 3; at < last; at += 4) {
      const word = view.getInt32(at, true) ^ key;
      view.setInt32(at, word, true);
      seen |= word;
    }
    for (let shift = 0; at < end; at++, shift += 8) {
      const octet = view.getUint8(at) ^ ((key >>> shift) & 0xff);
      view.setUint8(at, octet);
      seen |= octet;
    }
    return seen & NOT_ASCII;
  }

  transcode(start: number, end: number, target: number): number {
    const view = this.#view;
    // Zeros continue no character, so none is read across the end.
    view.setInt32(end, 0);
    let at = start;
    let to = target;
    while (at < end) {
      const first = view.getUint8(at);
      if (first < 0x80) {
        const count = ascii(view, at, end, to);
        at += count;
        to += count * 2;
      } else if (first < 0xe0) {
        const second = view.getUint8(at + 1);
        if (first < 0xc2 || (second & 0xc0) !== 0x80) break;
        view.setUint16(to, ((first & 0x1f) << 6) | (second & 0x3f), true);
        at += 2;
        to += 2;
      } else if (first < 0xf0) {
        const others = view.getUint16(at + 1);
        const unit = ((first & 0x0f) << 12) | ((others & 0x3f00) >>> 2) | (others & 0x3f);
        // Neither overlong forms nor surrogates.
        if ((others & 0xc0c0) !== 0x8080 || unit < 0x800 || (unit & 0xf800) === 0xd800) break;
        view.setUint16(to, unit, true);
        at += 3;
        to += 2;
      } else {
        const surrogates = pairOf(view.getUint32(at));
        if (surrogates === 0) break;
        view.setInt32(to, surrogates, true);
        at += 4;
        to += 4;
      }
    }
    this.#units = (to - target) / 2;
    return at;
  }

  transcoded(): number {
    return this.#units;
  }
}

/** Writes four characters if they are ASCII, else the one that is. Returns how many. */
function ascii(view: DataView, at: number, end: number, to: number): number {
  const word = view.getInt32(at, true);
  if ((word & NOT_ASCII) !== 0 || at + 4 > end) {
    view.setUint16(to, word & 0xff, true);
    return 1;
  }
  view.setInt32(to, (word & 0xff) | ((word & 0xff00) << 8), true);
  view.setInt32(to + 4, ((word >>> 16) & 0xff) | ((word >>> 8) & 0xff_0000), true);
  return 4;
}

/** The surrogates, the first one below, of a character of four octets, the first one on top; 0 if they are not valid. */
function pairOf(octets: number): number {
  if ((octets & 0xf8c0_c0c0) >>> 0 !== 0xf080_8080) return 0;
  const point =
    ((octets & 0x0700_0000) >>> 6) |
    ((octets & 0x003f_0000) >>> 4) |
    ((octets & 0x3f00) >>> 2) |
    (octets & 0x3f);
  if (point < 0x1_0000 || point > 0x10_ffff) return 0;
  const over = point - 0x1_0000;
  return 0xdc00_d800 | (over >>> 10) | ((over & 0x3ff) << 16);
}
