import { allocate, decodeLatin1 } from "#platform";

/* Base64 with the standard alphabet and padding (RFC 4648, 4). */

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** The codes of the alphabet, and behind them that of the padding. */
const CODES: Uint8Array = Uint8Array.from(`${ALPHABET}=`, (character) => character.charCodeAt(0));
const PADDING = 64;

/** The octets in Base64: four characters for every three octets begun. */
export function encodeBase64(octets: Uint8Array): string {
  const { length } = octets;
  const text = allocate(4 * Math.ceil(length / 3));
  let written = 0;
  for (let index = 0; index < length; index += 3) {
    // An octet past the end counts as 0.
    const bits = (octets[index]! << 16) | (octets[index + 1]! << 8) | octets[index + 2]!;
    text[written] = CODES[bits >>> 18]!;
    text[written + 1] = CODES[(bits >>> 12) & 63]!;
    text[written + 2] = CODES[index + 1 < length ? (bits >>> 6) & 63 : PADDING]!;
    text[written + 3] = CODES[index + 2 < length ? bits & 63 : PADDING]!;
    written += 4;
  }
  return decodeLatin1(text, 0, written);
}

/** Groups of four characters, of which only the last may be padded. */
const GRAMMAR = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** How many octets a text in Base64 stands for; null as in `decodeBase64`. */
export function base64Size(text: string): number | null {
  if (!GRAMMAR.test(text)) return null;
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  return (text.length / 4) * 3 - padding;
}

/**
 * The octets of a text in Base64, or null if it has another character, a wrong length or padding out of place.
 * Bits that stay unused before the padding may have any value (RFC 4648, 3.5 leaves it open; the sample key of
 * RFC 6455, 4.1 has some set).
 */
export function decodeBase64(text: string): Uint8Array | null {
  const size = base64Size(text);
  if (size === null) return null;
  const octets = new Uint8Array(size);
  let bits = 0;
  let written = 0;
  for (let index = 0; index < text.length; index++) {
    bits = (bits << 6) | Math.max(ALPHABET.indexOf(text.charAt(index)), 0);
    if ((index & 3) === 3) {
      // Octets past the end, those that only padding made, are not stored: writes out of range have no effect.
      octets[written] = bits >>> 16;
      octets[written + 1] = bits >>> 8;
      octets[written + 2] = bits;
      written += 3;
    }
  }
  return octets;
}
