import { allocate, decodeLatin1, decodeUtf16, encodeUtf8Into } from "#platform";
import { kernel, OUTPUT, WINDOW } from "./kernel.ts";
import { applyMask, maskIntoWindow, rotateKey } from "./mask.ts";

/** Pieces of up to so many octets are first tried as ASCII without the kernel. */
const SHORT = 96;

/** Holds a short piece unmasked; its content has no meaning between calls. */
const scratch: Uint8Array = new Uint8Array(SHORT);

/**
 * A strict decoder of UTF-8 (RFC 3629) for text that comes in pieces and may be masked (RFC 6455, 5.3, 5.6 and 8.1).
 * It fails at the first octet that cannot stand where it stands. A byte order mark is a character like any other.
 */
export class Utf8Decoder {
  /** What was wrong, once `decode` has returned null. The same however the octets were split into pieces. */
  problem: string = "";
  /** The octets of a character that was not complete at the end of the last piece, at most 3, the first one lowest. */
  #carry: number = 0;
  #carried: number = 0;

  /**
   * The text of the octets of `source` from `start` to `end`, unmasked with `key` (see `mask.ts`; 0: not masked), as far as
   * its characters are complete: the octets of a character begun are kept for the next call. With `last` none may be missing,
   * and the next call begins another text. Null if this is not UTF-8, with the reason in `problem`; the decoder cannot be
   * used afterwards. `source` is only read.
   */
  decode(
    source: Uint8Array,
    start: number,
    end: number,
    key: number,
    last: boolean,
  ): string | null {
    if (
      end - start <= SHORT &&
      this.#carried === 0 &&
      applyMask(source, start, end, key, scratch, 0)
    ) {
      return decodeLatin1(scratch, 0, end - start);
    }
    return this.#decodeWindows(source, start, end, key, last);
  }

  #decodeWindows(
    source: Uint8Array,
    start: number,
    end: number,
    key: number,
    last: boolean,
  ): string | null {
    const shared = kernel();
    const { memory } = shared;
    let text = "";
    let from = start;
    let turnedKey = key;
    let kept = this.#carried;
    for (let index = 0; index < kept; index++) memory[index] = this.#carry >>> (8 * index);
    do {
      const count = Math.min(end - from, WINDOW - kept);
      const filled = kept + count;
      const ascii = maskIntoWindow(shared, source, from, from + count, turnedKey, kept);
      if (ascii && kept === 0) {
        text += decodeLatin1(memory, 0, filled);
      } else {
        const stop = shared.transcode(0, filled, OUTPUT);
        text += decodeUtf16(memory, OUTPUT, OUTPUT + 2 * shared.transcoded());
        kept = filled - stop;
        if (kept > 0) {
          const problem = problemOf(memory, stop, filled, last && from + count === end);
          if (problem !== null) {
            this.problem = `invalid UTF-8: ${problem}`;
            return null;
          }
          memory.copyWithin(0, stop, filled);
        }
      }
      from += count;
      turnedKey = rotateKey(turnedKey, count);
    } while (from < end);
    this.#keep(memory, kept);
    return text;
  }

  #keep(octets: Uint8Array, count: number): void {
    this.#carried = count;
    this.#carry = 0;
    for (let index = 0; index < count; index++) this.#carry |= octets[index]! << (8 * index);
  }
}

/**
 * What is wrong with the octets from `start`, which are no complete character, by the table of RFC 3629, 4. Null if they may
 * still become one, which they cannot with `last`.
 */
function problemOf(octets: Uint8Array, start: number, end: number, last: boolean): string | null {
  const first = octets[start]!;
  if (first < 0xc2 || first > 0xf4) {
    return `met ${hex(first)}, expected the first octet of a character`;
  }
  // The second octet of these would make an overlong form, a surrogate, or a character beyond U+10FFFF.
  let least = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  let most = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  for (let index = start + 1; index < end; index++) {
    const octet = octets[index]!;
    if (octet < least || octet > most) {
      return `met ${hex(octet)}, expected an octet from ${hex(least)} to ${hex(most)}`;
    }
    least = 0x80;
    most = 0xbf;
  }
  if (!last) return null;
  return `the text ends where an octet from ${hex(least)} to ${hex(most)} was expected`;
}

function hex(octet: number): string {
  return `0x${octet.toString(16).padStart(2, "0")}`;
}

/** `text` in UTF-8, in an array of its own; lone surrogates become U+FFFD. */
export function encodeUtf8(text: string): Uint8Array {
  const room = allocate(text.length * 3);
  const size = encodeUtf8Into(text, room, 0);
  const octets = allocate(size);
  octets.set(room.subarray(0, size));
  return octets;
}

/** The longest beginning of `octets`, valid UTF-8, that has at most `limit` octets and ends at a character: a view. */
export function utf8Prefix(octets: Uint8Array, limit: number): Uint8Array {
  if (octets.length <= limit) return octets;
  let end = limit;
  while ((octets[end]! & 0xc0) === 0x80) end--;
  return octets.subarray(0, end);
}
