import { hash, randomFillSync } from "node:crypto";
import { createRequire } from "node:module";
import type * as Pako from "pako";
import { type Codec, codecOn } from "./codec.ts";
import type * as contract from "./contract.ts";
import { SHORT_ASCII, SHORT_LATIN1, shortLatin1, writeAscii } from "./short-text.ts";
import { instantiateWasm as instantiate } from "./web.ts";
import { handleWorks, zlibOfHandle } from "./zlib-handle.ts";
import { zlibOfPako } from "./zlib-pako.ts";

export { domainToAscii } from "./web.ts";

export const platformName = "node";

/**
 * The switch that CONTRIBUTING.md documents: with `WSPROTO_PLAIN=1` in the environment everything that is only here for
 * speed is left aside. Read once. Deno would ask its user for permission, so there the switch is not to be had.
 */
const isPlain = process.versions["deno"] === undefined && process.env["WSPROTO_PLAIN"] === "1";

export const instantiateWasm: typeof contract.instantiateWasm = isPlain ? () => null : instantiate;

/** Methods of Buffer that Node's types leave out. They take any Uint8Array as `this`. */
interface BufferMethods {
  readonly latin1Slice: (this: Uint8Array, start: number, end: number) => string;
  readonly ucs2Slice: (this: Uint8Array, start: number, end: number) => string;
  readonly utf8Slice: (this: Uint8Array, start: number, end: number) => string;
  readonly utf8Write: (this: Uint8Array, text: string, offset: number) => number;
}
// oxlint-disable-next-line typescript/no-unsafe-assignment -- the types give a prototype as any
const ofBuffers: BufferMethods = Buffer.prototype;
const { latin1Slice, ucs2Slice, utf8Slice, utf8Write } = ofBuffers;

/** In one call, without a Buffer: `createHash` takes 1.5 times as long (Node 20, `node bench/micro/sha1.mjs`). */
export const sha1Base64: typeof contract.sha1Base64 = (data) => hash("sha1", data, "base64");

export const fillRandom: typeof contract.fillRandom = (target) => {
  randomFillSync(target);
};

/** Up to 64 octets an array lies in V8's own heap, which is the fastest. */
const ON_HEAP = isPlain ? Infinity : 64;
/** Above, an ArrayBuffer of its own would cost more than all else that happens to a message of this size. */
const POOLED = 1024;
/** Two of these fill the 8 KiB of Node's pool, which nobody can transfer away. */
const POOL_SHARE = 4088;
let shared: ArrayBuffer | null = null;
/** What is free of it. */
let shareStart = 0;
let shareEnd = 0;

/**
 * For 128 octets `new Uint8Array` takes 940 ns, a view of Node's pool through `Buffer.allocUnsafe` 320, a view of a
 * share of it 160, and half as long if that need not be asked for its ArrayBuffer; for 64 KiB, where clearing counts,
 * 12,000 and 2,000 (Node 20, `node bench/micro/allocate.mjs`).
 */
export const allocate: typeof contract.allocate = (size) => {
  if (size <= ON_HEAP) return new Uint8Array(size);
  if (size > POOLED) return plain(Buffer.allocUnsafe(size));
  const room = (size + 7) & ~7;
  if (shared === null || shareStart + room > shareEnd) {
    const share = Buffer.allocUnsafe(POOL_SHARE);
    shared = share.buffer;
    shareStart = share.byteOffset;
    shareEnd = shareStart + POOL_SHARE;
  }
  const offset = shareStart;
  shareStart += room;
  return new Uint8Array(shared, offset, size);
};

function plain(buffer: Buffer<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}

/** A Buffer to Node's streams, whose `slice` copies all the same. Of other arrays they make one for each write: 500 ns. */
class StreamOctets extends Uint8Array {
  static {
    Object.setPrototypeOf(this.prototype, ofBuffers);
  }

  override slice(start?: number, end?: number): Uint8Array<ArrayBuffer> {
    return Uint8Array.prototype.slice.call(this, start, end);
  }
}
const Octets = isPlain ? Uint8Array : StreamOctets;

export const viewForStreams: typeof contract.viewForStreams = (memory, offset, size) =>
  new Octets(memory, offset, size);

/** Up to which lengths texts are short; none is for those who want no short cuts. */
const LATIN1_AT_MOST = isPlain ? -1 : SHORT_LATIN1;
const ASCII_AT_MOST = isPlain ? -1 : SHORT_ASCII;

export const decodeLatin1: typeof contract.decodeLatin1 = (source, start, end) =>
  end - start <= LATIN1_AT_MOST
    ? shortLatin1(source, start, end)
    : latin1Slice.call(source, start, end);

export const decodeUtf8: typeof contract.decodeUtf8 = (source, start, end) =>
  utf8Slice.call(source, start, end);

export const decodeUtf16: typeof contract.decodeUtf16 = (source, start, end) =>
  ucs2Slice.call(source, start, end);

export const encodeUtf8Into: typeof contract.encodeUtf8Into = (text, target, offset) =>
  text.length <= ASCII_AT_MOST && writeAscii(text, target, offset)
    ? text.length
    : utf8Write.call(target, text, offset);

let codec: Codec | undefined;

/** Which it is turns out at the first use. */
function chooseCodec(): Codec {
  codec ??= codecOn(!isPlain && handleWorks() ? zlibOfHandle : zlibOfPako(loadPako()), allocate);
  return codec;
}

/** At once, and only where it is needed: an `import` would do the one or the other. */
function loadPako(): typeof Pako {
  // oxlint-disable-next-line typescript/no-unsafe-return -- what a require returns has no type
  return createRequire(import.meta.url)("pako");
}

export const createInflater: typeof contract.createInflater = (windowBits) =>
  chooseCodec().createInflater(windowBits);

export const createDeflater: typeof contract.createDeflater = (options) =>
  chooseCodec().createDeflater(options);

/** That nothing is missing. */
type Platform<Exports extends typeof contract> = Exports;
export type Complete = Platform<typeof import("./node.ts")>;
