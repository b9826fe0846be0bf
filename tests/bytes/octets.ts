import * as fc from "fast-check";

/** `count` octets that follow no pattern of four or sixteen, other ones for another seed. */
export function someOctets(count: number, seed: number = 1): Uint8Array {
  return Uint8Array.from(
    { length: count },
    (_, index) => (index * 167 + (index >> 6) + seed) & 0xff,
  );
}

/** Masking (RFC 6455, 5.3) as it is written there: transformed-octet-i = original-octet-i XOR masking-key-octet-(i MOD 4). */
export function maskedByTheBook(octets: Uint8Array, key: number): Uint8Array {
  const keyOctets = [0, 8, 16, 24].map((shift) => (key >>> shift) & 0xff);
  return octets.map((octet, index) => octet ^ keyOctets[index % 4]!);
}

/** The key as the four octets of a frame, as a number. */
export function keyOf(first: number, second: number, third: number, fourth: number): number {
  return first | (second << 8) | (third << 16) | (fourth << 24);
}

export const KEYS: readonly number[] = [
  0,
  -1,
  keyOf(0x37, 0xfa, 0x21, 0x3d),
  keyOf(1, 2, 0x83, 0xf0),
];

export const anyKey: fc.Arbitrary<number> = fc.integer();
