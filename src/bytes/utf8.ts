import { allocate, encodeUtf8Into } from "#platform";

/**
 * A strict decoder of UTF-8 (RFC 3629) for text that comes in pieces and may be masked (RFC 6455, 5.3, 5.6 and 8.1).
 * A byte order mark is a character like any other.
 */
export class Utf8Decoder {
  /** What was wrong, once `decode` has returned null. The same however the octets were split into pieces. */
  problem = "";
  /** How many octets the character begun still needs, and its bits so far. */
  #missing = 0;
  #bits = 0;
  /** What its next octet may be. */
  #least = 0x80;
  #most = 0xbf;

  /**
   * The text of the octets of `source` from `start` to `end`, unmasked with `key` (see `mask.ts`; 0: not masked), as far as
   * its characters are complete: the octets of a character begun are kept for the next call. With `last` none may be missing.
   * Null if this is not UTF-8, with the reason in `problem`; the decoder cannot be used afterwards.
   */
  decode(
    source: Uint8Array,
    start: number,
    end: number,
    key: number,
    last: boolean,
  ): string | null {
    let text = "";
    for (let index = start, shift = 0; index < end; index++, shift = (shift + 8) & 31) {
      const octet = (source[index]! ^ (key >>> shift)) & 0xff;
      if (!this.#take(octet)) return null;
      if (this.#missing === 0) text += String.fromCodePoint(this.#bits);
    }
    if (last && this.#missing !== 0) {
      this.problem = `invalid UTF-8: the text ends where ${this.#expected()} was expected`;
      return null;
    }
    return text;
  }

  /** Reads one octet by the table of RFC 3629, 4. False if it cannot stand here. */
  #take(octet: number): boolean {
    if (this.#missing > 0) {
      if (octet < this.#least || octet > this.#most) return this.#fail(octet);
      this.#bits = (this.#bits << 6) | (octet & 0x3f);
      this.#missing--;
      this.#least = 0x80;
      this.#most = 0xbf;
      return true;
    }
    if (octet < 0x80) {
      this.#bits = octet;
      return true;
    }
    if (octet < 0xc2 || octet > 0xf4) return this.#fail(octet);
    if (octet < 0xe0) {
      this.#missing = 1;
      this.#bits = octet & 0x1f;
    } else if (octet < 0xf0) {
      this.#missing = 2;
      this.#bits = octet & 0x0f;
      if (octet === 0xe0) this.#least = 0xa0;
      else if (octet === 0xed) this.#most = 0x9f;
    } else {
      this.#missing = 3;
      this.#bits = octet & 0x07;
      if (octet === 0xf0) this.#least = 0x90;
      else if (octet === 0xf4) this.#most = 0x8f;
    }
    return true;
  }

  #fail(octet: number): false {
    this.problem = `invalid UTF-8: met ${hex(octet)}, expected ${this.#expected()}`;
    return false;
  }

  #expected(): string {
    if (this.#missing === 0) return "the first octet of a character";
    return `an octet from ${hex(this.#least)} to ${hex(this.#most)}`;
  }
}

function hex(octet: number): string {
  return `0x${octet.toString(16).padStart(2, "0")}`;
}

/** `text` in UTF-8, in an array of its own; lone surrogates become U+FFFD. */
export function encodeUtf8(text: string): Uint8Array {
  const room = allocate(text.length * 3);
  return room.slice(0, encodeUtf8Into(text, room, 0));
}

/** The longest beginning of `octets`, valid UTF-8, that has at most `limit` octets and ends at a character: a view. */
export function utf8Prefix(octets: Uint8Array, limit: number): Uint8Array {
  if (octets.length <= limit) return octets;
  let end = limit;
  while ((octets[end]! & 0xc0) === 0x80) end--;
  return octets.subarray(0, end);
}
