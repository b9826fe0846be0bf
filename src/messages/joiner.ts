import { allocate, decodeLatin1 } from "#platform";
import { copyBytes, joinBytes } from "../bytes/join.ts";

const EMPTY: Uint8Array = new Uint8Array(0);
/** Pieces from this size on are kept as they are where that holds little else; others are copied into blocks. */
export const KEPT_SIZE = 1024;
/** A block has room for so many octets more than for as many again as are in it. */
const SLACK = 4096;
/** A block for more octets than these is not made larger: what was copied of many connections would lie about. */
const LARGEST_GROWN = 4096;
/** Another one follows, as large as all before it, or of this size. */
const LARGEST_BLOCK = 64 * 1024;
/** So few octets are copied from their block, which a view would keep alive. */
const VIEWED_SIZE = 64;
/** So many small pieces of text are added one by one, then so many at once. */
const TEXT_PARTS = 128;

/**
 * Octets in pieces: large ones as they came, small ones copied into a block, which grows with them up to some KiB, and
 * then into others behind it.
 */
export class BytesJoiner {
  /** Where `reserve` has made room. */
  position: number = 0;
  /** What is in front of the block. */
  #pieces: Uint8Array[] | null = null;
  #size: number = 0;
  /** Octets of memory that the pieces hold. */
  #held: number = 0;
  #block: Uint8Array = EMPTY;
  #filled: number = 0;

  add(piece: Uint8Array): void {
    const { length } = piece;
    this.#size += length;
    if (this.#mayKeep(piece)) {
      this.#closeBlock();
      this.#keep(piece);
      return;
    }
    if (length > this.#block.length - this.#filled) this.#makeRoom(length, length);
    copyBytes(piece, length, this.#block, this.#filled);
    this.#filled += length;
  }

  /**
   * As `add`, for fewer than `KEPT_SIZE` octets that the caller writes next: to this array, at `position`.
   * @param expected how many will come, these among them, as far as is known
   */
  reserve(length: number, expected: number): Uint8Array {
    this.#size += length;
    if (length > this.#block.length - this.#filled) this.#makeRoom(length, expected);
    this.position = this.#filled;
    this.#filled += length;
    return this.#block;
  }

  /**
   * As `reserve`, for any number of octets of the end of a message: once half of the message is there its memory is made,
   * and what has come is copied to it. Null before that, where there is no room.
   * @param rest how many octets end the message, these among them
   */
  reserveRest(length: number, rest: number): Uint8Array | null {
    if (length > this.#block.length - this.#filled) {
      const size = this.#size;
      if (size + rest > 2 * (size + length) + SLACK) return null;
      this.#closeBlock();
      this.#block = joinBytes(this.#pieces ?? [], size + rest);
      this.#filled = size;
      this.#pieces = null;
      this.#held = 0;
    }
    return this.reserve(length, rest);
  }

  /** Takes back the last `length` octets for which `reserve` has made room. */
  withdraw(length: number): void {
    this.#size -= length;
    this.#filled -= length;
  }

  /** All octets, each of which is ASCII, as text. */
  text(): string {
    const octets = this.#pieces === null ? this.#block : this.join();
    return decodeLatin1(octets, 0, this.#size);
  }

  /** All octets: the block itself where they are in one and fill half of it, else a copy. */
  join(): Uint8Array {
    const block = this.#block;
    const size = this.#filled;
    if (this.#pieces !== null) {
      this.#closeBlock();
      return joinBytes(this.#pieces, this.#size);
    }
    if (size === block.length) return block;
    if (size > VIEWED_SIZE && 2 * size >= block.length) {
      return new Uint8Array(block.buffer, block.byteOffset, size);
    }
    const joined = allocate(size);
    copyBytes(block, size, joined, 0);
    return joined;
  }

  #makeRoom(length: number, expected: number): void {
    if (this.#filled + length > LARGEST_GROWN && this.#filled > 0) this.#closeBlock();
    const filled = this.#filled;
    const needed = filled + length;
    const all = filled + expected;
    // If the message ends with what is expected, its block is the message.
    const few = expected > length && all <= LARGEST_GROWN ? all : 4 * needed;
    const wanted = this.#pieces === null ? few : Math.min(this.#size, LARGEST_BLOCK);
    const allowed = 2 * this.#size + SLACK - this.#held;
    const block = allocate(Math.max(needed, Math.min(wanted, allowed)));
    copyBytes(this.#block, filled, block, 0);
    this.#block = block;
  }

  #closeBlock(): void {
    if (this.#filled > 0) this.#keep(this.#block.subarray(0, this.#filled));
    this.#block = EMPTY;
    this.#filled = 0;
  }

  /** Whether a piece may be held instead of a copy: it fills half its memory, or all pieces do and it is very large. */
  #mayKeep(piece: Uint8Array): boolean {
    const { length } = piece;
    if (length < KEPT_SIZE) return false;
    const { byteLength } = piece.buffer;
    if (byteLength <= 2 * length) return true;
    const held = this.#held + this.#block.length + byteLength;
    return length >= LARGEST_GROWN && held <= 2 * this.#size + SLACK;
  }

  #keep(piece: Uint8Array): void {
    this.#pieces ??= [];
    this.#pieces.push(piece);
    this.#held += piece.buffer.byteLength;
  }
}

/**
 * Text in pieces. To add to a string costs an object of 32 octets and copies nothing; many small pieces are joined from
 * time to time instead, and what they were joined to once more, so that all this weighs little beside the text.
 */
export class TextJoiner {
  #text: string = "";
  /** How many small pieces were added to it. */
  #added: number = 0;
  /** What follows: small pieces, and before them what such pieces were joined to. */
  #parts: string[] = [];
  #blocks: string[] = [];

  add(piece: string): void {
    if (piece === "") return;
    if (piece.length >= KEPT_SIZE) {
      this.#flush();
      this.#text += piece;
    } else if (this.#added < TEXT_PARTS) {
      this.#added += 1;
      this.#text += piece;
    } else {
      this.#collect(piece);
    }
  }

  join(): string {
    this.#flush();
    return this.#text;
  }

  #collect(piece: string): void {
    this.#parts.push(piece);
    if (this.#parts.length < TEXT_PARTS) return;
    this.#blocks.push(this.#parts.join(""));
    this.#parts = [];
    if (this.#blocks.length === TEXT_PARTS) this.#flush();
  }

  #flush(): void {
    this.#text += this.#blocks.join("") + this.#parts.join("");
    this.#blocks = [];
    this.#parts = [];
  }
}
