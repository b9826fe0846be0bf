/*
 * The loops over octets that WebAssembly runs many times faster than JavaScript: AssemblyScript, compiled by build.mjs.
 * They work on the module's own memory, at places that the caller (../src/bytes/kernel.ts) chooses. Both read, and
 * `transcode` writes, up to 32 octets beyond what they are asked for, never beyond the memory as it is laid out there.
 */

/** UTF-16 units that the last call of `transcode` has written. */
let units: i32 = 0;

export function transcoded(): i32 {
  return units;
}

/**
 * XORs the octets from `start` to `end`, and no others, with the four of `key` (RFC 6455, 5.3), its lowest octet first.
 * Zero if all of the result is ASCII.
 */
export function mask(start: i32, end: i32, key: i32): i32 {
  const keys = i32x4.splat(key);
  const behind = v128.load(end);
  let seen = i32x4.splat(0);
  let at = start;
  for (; at + 64 <= end; at += 64) {
    const a = v128.xor(v128.load(at), keys);
    const b = v128.xor(v128.load(at, 16), keys);
    const c = v128.xor(v128.load(at, 32), keys);
    const d = v128.xor(v128.load(at, 48), keys);
    v128.store(at, a);
    v128.store(at, b, 16);
    v128.store(at, c, 32);
    v128.store(at, d, 48);
    seen = v128.or(seen, v128.or(v128.or(a, b), v128.or(c, d)));
  }
  for (; at + 16 <= end; at += 16) {
    const octets = v128.xor(v128.load(at), keys);
    v128.store(at, octets);
    seen = v128.or(seen, octets);
  }
  const rest = v128.xor(v128.load(at), keys);
  v128.store(at, rest);
  v128.store(end, behind);
  return i8x16.bitmask(seen) | (i8x16.bitmask(rest) & ((1 << (end - at)) - 1));
}

/**
 * Writes the characters of the UTF-8 (RFC 3629) from `start` to `end` as UTF-16, little endian, to `target`. Returns where
 * it stopped: at `end`, or at the first octet of a character that is not valid or not complete.
 *
 * Each turn looks at four octets. A character followed by one of another length is written alone; of characters of one
 * length, 16 (ASCII), 8 (two octets) or 4 (three octets) are made at once, of which as many count as really are of that kind.
 */
export function transcode(start: i32, end: i32, target: i32): i32 {
  // Zeros complete no character, so none is read across the end; only ASCII can be seen there.
  v128.store(end, i32x4.splat(0));
  let at = start;
  let to = target;
  while (at < end) {
    const word = load<u32>(at);
    if ((word & 0x80) == 0) {
      if ((word & 0x8000) != 0) {
        store<u16>(to, word & 0x7f);
        at += 1;
        to += 2;
        continue;
      }
      const octets = v128.load(at);
      v128.store(to, i16x8.extend_low_i8x16_u(octets));
      v128.store(to, i16x8.extend_high_i8x16_u(octets), 16);
      const others = i8x16.bitmask(octets);
      // Told apart from the general case, this lets the processor go on before it knows `others`.
      if (others == 0) {
        at += 16;
        to += 32;
        continue;
      }
      const count = ctz(others);
      at += count;
      to += count << 1;
    } else if ((word & 0xc0e0) == 0x80c0) {
      if ((word & 0xc0e0c0e0) != 0x80c080c0) {
        // 0xc0 and 0xc1 would begin an overlong form.
        if ((word & 0x1e) == 0) break;
        store<u16>(to, ((word & 0x1f) << 6) | ((word >> 8) & 0x3f));
        at += 2;
        to += 2;
        continue;
      }
      const count = pairs(at, to);
      if (count == 0) break;
      at += count << 1;
      to += count << 1;
    } else if ((word & 0xc0c0f0) == 0x8080e0) {
      const count = triples(at, to);
      if (count == 0) break;
      at += count * 3;
      to += count << 1;
    } else {
      const over =
        (((word & 0x07) << 18) |
          ((word << 4) & 0x3f000) |
          ((word >> 10) & 0xfc0) |
          ((word >> 24) & 0x3f)) -
        0x10000;
      // Below U+10000 it is overlong and `over` wraps around.
      if ((word & 0xc0c0c0f8) != 0x808080f0 || over >= 0x100000) break;
      store<u32>(to, 0xdc00d800 | (over >> 10) | ((over & 0x3ff) << 16));
      at += 4;
      to += 4;
    }
  }
  if (at > end) {
    to -= (at - end) << 1;
    at = end;
  }
  units = (to - target) >> 1;
  return at;
}

/** Writes up to 8 characters of two octets, at `at`, to `to`. Returns how many are valid, up to the first that is not. */
function pairs(at: i32, to: i32): i32 {
  const octets = v128.load(at);
  const characters = v128.or(
    i16x8.shl(v128.and(octets, i16x8.splat(0x1f)), 6),
    v128.and(i16x8.shr_u(octets, 8), i16x8.splat(0x3f)),
  );
  v128.store(to, characters);
  const valid = v128.and(
    i16x8.eq(v128.and(octets, i16x8.splat(<i16>0xc0e0)), i16x8.splat(<i16>0x80c0)),
    i16x8.gt_s(characters, i16x8.splat(0x7f)),
  );
  return ctz(~i16x8.bitmask(valid));
}

/** The same for up to 4 characters of three octets; neither overlong forms nor surrogates are valid. */
function triples(at: i32, to: i32): i32 {
  const zeros = i32x4.splat(0);
  const octets = i8x16.shuffle(
    v128.load(at),
    zeros,
    2,
    1,
    0,
    16,
    5,
    4,
    3,
    16,
    8,
    7,
    6,
    16,
    11,
    10,
    9,
    16,
  );
  const characters = v128.or(
    v128.or(
      v128.and(octets, i32x4.splat(0x3f)),
      v128.and(i32x4.shr_u(octets, 2), i32x4.splat(0xfc0)),
    ),
    v128.and(i32x4.shr_u(octets, 4), i32x4.splat(0xf000)),
  );
  v128.store(to, i16x8.narrow_i32x4_u(characters, characters));
  const block = v128.and(characters, i32x4.splat(0xf800));
  const valid = v128.andnot(
    i32x4.eq(v128.and(octets, i32x4.splat(0xf0c0c0)), i32x4.splat(0xe08080)),
    v128.or(i32x4.eq(block, zeros), i32x4.eq(block, i32x4.splat(0xd800))),
  );
  return ctz(~i32x4.bitmask(valid));
}
