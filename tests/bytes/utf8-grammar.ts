import * as fc from "fast-check";

/*
 * UTF-8 by the grammar of RFC 3629, 4, on text with one character for each octet: what the decoder is compared with.
 */

/** UTF8-1 to UTF8-4. */
const CHARACTER =
  /[\0-\x7f]|[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}/y;

/** A beginning of a character that has more octets. */
const BEGINNING =
  /^(?:[\xc2-\xf4]|\xe0[\xa0-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]|\xed[\x80-\x9f]|\xf0[\x90-\xbf][\x80-\xbf]?|[\xf1-\xf3][\x80-\xbf]{1,2}|\xf4[\x80-\x8f][\x80-\xbf]?)$/;

export interface Verdict {
  /** Octets in whole characters, up to the first one that is not whole or not valid. */
  readonly whole: number;
  /** The first octet that cannot stand where it stands, or -1. */
  readonly wrong: number;
}

export function judge(octets: Uint8Array): Verdict {
  const text = Buffer.from(octets).toString("latin1");
  let whole = 0;
  for (;;) {
    CHARACTER.lastIndex = whole;
    if (!CHARACTER.test(text)) break;
    whole = CHARACTER.lastIndex;
  }
  const begun = longestBeginning(text, whole);
  return { whole, wrong: whole + begun < text.length ? whole + begun : -1 };
}

/** How many octets from `start` begin a character that has more. */
function longestBeginning(text: string, start: number): number {
  for (const length of [3, 2, 1]) {
    if (start + length <= text.length && BEGINNING.test(text.slice(start, start + length))) {
      return length;
    }
  }
  return 0;
}

/** At least one octet of each kind that the grammar tells apart, and the neighbours of every border. */
export const BORDER_OCTETS: readonly number[] = [
  0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec,
  0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xf8, 0xff,
];

/** Texts with runs of characters of one length in UTF-8, as people write them. */
export const textInRuns: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      runOf("a", "z"),
      runOf("\u0080", "ё", "\u07ff"),
      runOf("\u0800", "世", "\ud7ff", "\ue000", "\uffff"),
      runOf("\u{10000}", "😀", "\u{10ffff}"),
    ),
    { maxLength: 12 },
  )
  .map((runs) => runs.join(""));

function runOf(...characters: readonly string[]): fc.Arbitrary<string> {
  return fc.array(fc.constantFrom(...characters), { maxLength: 20 }).map((run) => run.join(""));
}

export function toUtf8(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text));
}

/** Octets that may be a text or not: a text in which some octets were replaced. */
export const almostUtf8: fc.Arbitrary<Uint8Array> = fc
  .tuple(
    textInRuns,
    fc.array(fc.tuple(fc.nat(1000), fc.oneof(fc.constantFrom(...BORDER_OCTETS), fc.nat(255))), {
      maxLength: 3,
    }),
  )
  .map(([text, changes]) => {
    const octets = toUtf8(text);
    for (const [place, octet] of changes) {
      if (octets.length > 0) octets[place % octets.length] = octet;
    }
    return octets;
  });
