import { sha1 as sha1OfNoble } from "@noble/hashes/legacy.js";
import * as pako from "pako";
import { type Codec, codecOn } from "./codec.ts";
import type * as contract from "./contract.ts";
import { SHORT_ASCII, SHORT_LATIN1, shortLatin1, writeAscii } from "./short-text.ts";
import { zlibOfPako } from "./zlib-pako.ts";

export { domainToAscii, instantiateWasm } from "./web.ts";

// The standard globals in use; no library of types has them without the whole of the DOM.
declare function btoa(text: string): string;
declare const crypto: { getRandomValues(target: Uint8Array): void };
declare class TextDecoder {
  constructor(encoding: string, options: { readonly ignoreBOM: boolean });
  decode(source: Uint8Array): string;
}
declare class TextEncoder {
  encodeInto(text: string, target: Uint8Array): { readonly written: number };
}

export const platformName = "portable";

export const sha1Base64: typeof contract.sha1Base64 = (data) =>
  btoa(String.fromCharCode(...sha1OfNoble(data)));

/** The most that `getRandomValues` gives at once (Web Cryptography API, 10.1.1). */
const RANDOM_QUOTA = 65_536;

export const fillRandom: typeof contract.fillRandom = (target) => {
  for (let start = 0; start < target.length; start += RANDOM_QUOTA) {
    crypto.getRandomValues(target.subarray(start, start + RANDOM_QUOTA));
  }
};

export const allocate: typeof contract.allocate = (size) => new Uint8Array(size);

// `ignoreBOM` keeps the byte order mark.
const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });
const utf16 = new TextDecoder("utf-16le", { ignoreBOM: true });
const encoder = new TextEncoder();

/** Arguments of one call of `String.fromCharCode`: engines have room for 65,536 or less. */
const UNITS_A_CALL = 4096;

export const viewForStreams: typeof contract.viewForStreams = (memory, offset, size) =>
  new Uint8Array(memory, offset, size);

/**
 * The decoder named "latin1" is that of windows-1252. But what has as many characters in UTF-8 as octets, none of them
 * a replacement, is ASCII: found out and decoded in 0.7 microseconds for 1 KiB, which else take 8 (Node 20).
 */
export const decodeLatin1: typeof contract.decodeLatin1 = (source, start, end) => {
  if (end - start <= SHORT_LATIN1) return shortLatin1(source, start, end);
  const octets = source.subarray(start, end);
  const ascii = utf8.decode(octets);
  if (ascii.length === octets.length && !ascii.includes("\ufffd")) return ascii;
  let text = "";
  for (let from = 0; from < octets.length; from += UNITS_A_CALL) {
    text += String.fromCharCode(...octets.subarray(from, from + UNITS_A_CALL));
  }
  return text;
};

export const decodeUtf8: typeof contract.decodeUtf8 = (source, start, end) =>
  utf8.decode(source.subarray(start, end));

export const decodeUtf16: typeof contract.decodeUtf16 = (source, start, end) =>
  utf16.decode(source.subarray(start, end));

export const encodeUtf8Into: typeof contract.encodeUtf8Into = (text, target, offset) =>
  text.length <= SHORT_ASCII && writeAscii(text, target, offset)
    ? text.length
    : encoder.encodeInto(text, target.subarray(offset)).written;

let codec: Codec | undefined;

/** Made at the first use: who never compresses has no buffer for it, and a bundle for him no pako. */
function onPako(): Codec {
  codec ??= codecOn(zlibOfPako(pako), allocate);
  return codec;
}

export const createInflater: typeof contract.createInflater = (windowBits) =>
  onPako().createInflater(windowBits);

export const createDeflater: typeof contract.createDeflater = (options) =>
  onPako().createDeflater(options);

/** That nothing is missing. */
type Platform<Exports extends typeof contract> = Exports;
export type Complete = Platform<typeof import("./portable.ts")>;
