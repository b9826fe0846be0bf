/*
 * Texts so short that a call into the runtime would cost more than the work.
 */

/** Up to so many octets `shortLatin1` decodes. */
export const SHORT_LATIN1 = 16;

/**
 * The octets from `start` to `end`, at most 16, as Latin-1 text. One call with a fixed number of arguments makes a flat
 * string in 90 to 140 ns, `latin1Slice` takes 250 to 300, adding characters one by one up to 670 (Node 20).
 * What lies beyond `end`, even beyond the array, is cut off.
 */
export function shortLatin1(source: Uint8Array, start: number, end: number): string {
  return String.fromCharCode(
    source[start]!,
    source[start + 1]!,
    source[start + 2]!,
    source[start + 3]!,
    source[start + 4]!,
    source[start + 5]!,
    source[start + 6]!,
    source[start + 7]!,
    source[start + 8]!,
    source[start + 9]!,
    source[start + 10]!,
    source[start + 11]!,
    source[start + 12]!,
    source[start + 13]!,
    source[start + 14]!,
    source[start + 15]!,
  ).slice(0, end - start);
}

/**
 * Up to so many characters are worth a try with `writeAscii`: it takes four fifths of the time of `utf8Write` then, and a
 * sixth for 16 (Node 20, `node bench/micro/encode.mjs`).
 */
export const SHORT_ASCII = 48;

/**
 * Writes `text` at `offset` if it is ASCII, else some octets of no meaning; returns whether it is. Four characters at once,
 * as `copyFew` does it.
 */
export function writeAscii(text: string, target: Uint8Array, offset: number): boolean {
  const { length } = text;
  const last = length - 3;
  let index = 0;
  let to = offset | 0;
  for (; index < last; index += 4, to = (to + 4) | 0) {
    const first = text.charCodeAt(index);
    const second = text.charCodeAt(index + 1);
    const third = text.charCodeAt(index + 2);
    const fourth = text.charCodeAt(index + 3);
    if ((first | second | third | fourth) > 0x7f) return false;
    target[to] = first;
    target[(to + 1) | 0] = second;
    target[(to + 2) | 0] = third;
    target[(to + 3) | 0] = fourth;
  }
  for (; index < length; index++, to = (to + 1) | 0) {
    const unit = text.charCodeAt(index);
    if (unit > 0x7f) return false;
    target[to] = unit;
  }
  return true;
}
