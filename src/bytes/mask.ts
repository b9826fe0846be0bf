/*
 * Masking (RFC 6455, 5.3): octet i of a payload is XORed with octet i modulo 4 of the masking key.
 * A key is a number here, its first octet the lowest: octet i is `(key >>> (8 * i)) & 0xff`. 0 changes nothing.
 */

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
  let seen = 0;
  for (let index = start, shift = 0; index < end; index++, shift = (shift + 8) & 31) {
    const octet = (source[index]! ^ (key >>> shift)) & 0xff;
    seen |= octet;
    target[offset + index - start] = octet;
  }
  return seen < 0x80;
}

/** The key for the octets that follow the first `count` of a payload. */
export function rotateKey(key: number, count: number): number {
  const bits = (count & 3) * 8;
  return bits === 0 ? key : (key >>> bits) | (key << (32 - bits));
}
