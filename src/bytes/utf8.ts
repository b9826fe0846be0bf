import { allocate, decodeLatin1, decodeUtf16, encodeUtf8Into } from "#platform";
import { INPUT, type Kernel, kernel, OUTPUT, RECEIVE, WINDOW } from "./kernel.ts";
import { applyMask, maskIntoWindow } from "./mask.ts";

/**
 * Up to so many octets are first tried as ASCII without the kernel: 16 take 130 ns then, 48 as long as they would with it
 * (`node bench/micro/text.mjs`), and one that sends no others never makes it, which costs 2 ms.
 */
const SHORT = 48;

/** Holds a short piece, unmasked. Its content has no meaning between calls. */
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
    return end - start <= SHORT
      ? this.#decodeShort(source, start, end, key, last)
      : this.#decodeLong(source, start, end, key, last);
  }

  /** As `decode`, of the octets of the receive buffer from `start` to `end`, more than a few. They are changed there. */
  decodeReceived(start: number, end: number, key: number, last: boolean): string | null {
    const shared = kernel();
    const from = RECEIVE + start;
    const to = RECEIVE + end;
    const ascii = shared.mask(from, to, key) === 0;
    return ascii && this.#carried === 0
      ? decodeLatin1(shared.memory, from, to)
      : this.#decodeLong(shared.memory, from, to, 0, last);
  }

  #decodeShort(
    source: Uint8Array,
    start: number,
    end: number,
    key: number,
    last: boolean,
  ): string | null {
    const count = end - start;
    const ascii = applyMask(source, start, end, key, scratch, 0);
    if (ascii && this.#carried === 0) return decodeLatin1(scratch, 0, count);
    const shared = kernel();
    shared.memory.set(scratch, INPUT);
    return this.#transcode(shared, count, last);
  }

  #decodeLong(
    source: Uint8Array,
    start: number,
    end: number,
    key: number,
    last: boolean,
  ): string | null {
    const shared = kernel();
    let text = "";
    for (let from = start; from < end;) {
      const to = Math.min(end, from + WINDOW);
      const ascii = maskIntoWindow(shared, source, from, to, key);
      if (ascii && this.#carried === 0) {
        text += decodeLatin1(shared.memory, INPUT, INPUT + to - from);
      } else {
        const piece = this.#transcode(shared, to - from, last && to === end);
        if (piece === null) return null;
        text += piece;
      }
      from = to;
    }
    return text;
  }

  /** The text of the first `count` octets in the window, in front of which those that are carried are put. */
  #transcode(shared: Kernel, count: number, last: boolean): string | null {
    const { memory } = shared;
    const start = INPUT - this.#carried;
    const end = INPUT + count;
    for (let index = start; index < INPUT; index++) {
      memory[index] = this.#carry >>> (8 * (index - start));
    }
    const stop = shared.transcode(start, end, OUTPUT);
    this.#carried = end - stop;
    this.#carry = 0;
    if (stop < end) {
      const problem = problemOf(memory, stop, end, last);
      if (problem !== null) {
        this.problem = `invalid UTF-8: ${problem}`;
        return null;
      }
      for (let index = stop; index < end; index++) {
        this.#carry |= memory[index]! << (8 * (index - stop));
      }
    }
    return decodeUtf16(memory, OUTPUT, OUTPUT + 2 * shared.transcoded());
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
