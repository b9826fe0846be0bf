import { instantiateWasm } from "#platform";
import { decodeBase64 } from "./base64.ts";
import { KERNEL_MODULE } from "./kernel-module.ts";
import { PlainKernel } from "./plain-kernel.ts";

/**
 * The two loops in which long payloads spend their time, on a memory of their own: octets are copied in, worked on, and
 * copied or decoded out of it. In WebAssembly, copies included, XOR is some 40 times as fast as one octet after the other
 * (16 KiB: 2 microseconds; `node bench/micro/mask.mjs`), and UTF-8 some 5 times as fast as Node's own check and
 * conversion (1 KiB of many scripts: 2 to 3 microseconds; `node bench/micro/text.mjs`).
 */
export interface Kernel {
  /**
   * The window for the input at `INPUT`, room for what `transcode` makes of it at `OUTPUT`, and the receive buffer at
   * `RECEIVE` (see `receive-buffer.ts`).
   */
  readonly memory: Uint8Array;
  /**
   * XORs the octets from `start` to `end` with `key` (see `mask.ts`) in place, and changes no others: those behind may not be
   * read yet. Zero if all of the result is ASCII.
   */
  mask(start: number, end: number, key: number): number;
  /**
   * Writes the characters of the UTF-8 from `start` to `end` as UTF-16, little endian, at `target`. Returns where it
   * stopped: at `end`, or at the first octet of a character that is not valid or not complete. May overwrite a few
   * octets after `end` and after the output.
   */
  transcode(start: number, end: number, target: number): number;
  /** The number of UTF-16 units that the last `transcode` wrote. */
  transcoded(): number;
}

/**
 * Octets worked on at once: no less than Node reads from a socket, so that the text of a chunk is made in one piece, and a
 * multiple of 4, so that every window begins with the same octet of the key.
 */
export const WINDOW = 65_536;

/**
 * Where the window begins. There is room in front of it for octets that come before those to be worked on, such as the
 * header of a frame, and as much behind it.
 */
export const INPUT = 64;

/** Where the output begins: the kernels touch up to 32 octets after the end of the input. */
export const OUTPUT: number = INPUT + WINDOW + 2 * INPUT;

/** Octets of the receive buffer: of messages of 64 KiB most come in one piece then. */
export const RECEIVE_SIZE = 262_144;

/** Where the receive buffer begins: behind two octets of output for each of the window, and room to overrun. */
export const RECEIVE: number = OUTPUT + 2 * WINDOW + 2 * INPUT;

/** What a kernel's memory has, in pages of 64 KiB. */
export const MEMORY_SIZE = 524_288;

let shared: Kernel | null = null;

/** The kernel of this thread. It is made at the first call. */
export function kernel(): Kernel {
  shared ??= makeKernel(instantiateWasm);
  return shared;
}

/** Views of up to so many octets are kept, by their length. */
const KEPT_VIEWS = 2048;
/** As long as it will ever be: an array that grows with gaps becomes a slow one. */
let views: (Uint8Array | null)[] | null = null;

/** The first `count` octets of the window of this thread's kernel. */
export function windowView(count: number): Uint8Array {
  const { memory } = kernel();
  if (count > KEPT_VIEWS) return memory.subarray(INPUT, INPUT + count);
  views ??= Array.from({ length: KEPT_VIEWS + 1 }, () => null);
  return (views[count] ??= memory.subarray(INPUT, INPUT + count));
}

/** A kernel in WebAssembly, or one in JavaScript where `instantiate` gives null. */
export function makeKernel(instantiate: typeof instantiateWasm): Kernel {
  const exports = instantiate(decodeBase64(KERNEL_MODULE)!);
  if (exports === null) return new PlainKernel(MEMORY_SIZE);
  const { mask, transcode, transcoded } = exports.functions;
  return {
    memory: exports.memory,
    mask: mask!,
    transcode: transcode!,
    transcoded: transcoded!,
  };
}
