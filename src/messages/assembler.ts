import { allocate } from "#platform";
import { joinBytes } from "../bytes/join.ts";
import { BytesMessage, type Message, TextMessage } from "../events.ts";
import { typeName } from "../headers.ts";

const EMPTY: Uint8Array = new Uint8Array(0);
/** Pieces from this size on are kept as they are; smaller ones are copied into blocks. */
const KEPT_SIZE = 1024;
const FIRST_BLOCK = 256;
/** Up to so many octets are copied one by one: to call `set` costs more. */
const COPIED_SINGLY = 32;
const LARGEST_BLOCK = 64 * 1024;
/** Small pieces of text are joined when so many have come: each costs a pointer until then. */
const TEXT_PARTS = 128;

/**
 * Joins the pieces of messages. A message of one piece is passed on as it is. Until the message is whole, no more than
 * twice its octets so far and 4 KiB are held, however many pieces there are; how large it may grow is for the
 * connection's `limits`.
 */
export class MessageAssembler {
  #bytes: BytesJoiner | null = null;
  #text: TextJoiner | null = null;

  /**
   * Takes the next piece. Returns the whole message when this was its last piece, else null.
   * @throws TypeError if it is no piece of a message
   */
  push(event: Message): Message | null {
    if (event instanceof TextMessage) return this.#pushText(event);
    if (event instanceof BytesMessage) return this.#pushBytes(event);
    throw new TypeError(`a piece must be a TextMessage or a BytesMessage, not ${typeName(event)}`);
  }

  #pushText(event: TextMessage): TextMessage | null {
    if (this.#text === null) {
      if (event.messageFinished) return event;
      this.#text = new TextJoiner();
    }
    this.#text.add(event.data);
    if (!event.messageFinished) return null;
    const data = this.#text.join();
    this.#text = null;
    return new TextMessage({ data });
  }

  #pushBytes(event: BytesMessage): BytesMessage | null {
    if (this.#bytes === null) {
      if (event.messageFinished) return event;
      this.#bytes = new BytesJoiner();
    }
    this.#bytes.add(event.data);
    if (!event.messageFinished) return null;
    const data = this.#bytes.join();
    this.#bytes = null;
    return new BytesMessage({ data });
  }
}

/** Octets in pieces: large ones as they came, small ones copied into blocks that double from 256 octets to 64 KiB. */
class BytesJoiner {
  readonly #pieces: Uint8Array[] = [];
  #size: number = 0;
  #blockSize: number = FIRST_BLOCK;
  /** What is left of the block being filled. */
  #room: Uint8Array = EMPTY;
  #filled: number = 0;

  add(piece: Uint8Array): void {
    this.#size += piece.length;
    if (isWorthKeeping(piece)) {
      this.#closeBlock();
      this.#pieces.push(piece);
      return;
    }
    let rest = piece;
    while (rest.length > this.#room.length - this.#filled) {
      const count = this.#room.length - this.#filled;
      this.#copy(rest.subarray(0, count));
      rest = rest.subarray(count);
      this.#nextBlock();
    }
    this.#copy(rest);
  }

  #copy(octets: Uint8Array): void {
    const room = this.#room;
    const { length } = octets;
    const start = this.#filled;
    this.#filled += length;
    if (length > COPIED_SINGLY) room.set(octets, start);
    else for (let index = 0; index < length; index++) room[start + index] = octets[index]!;
  }

  join(): Uint8Array {
    this.#closeBlock();
    return joinBytes(this.#pieces, this.#size);
  }

  #nextBlock(): void {
    this.#closeBlock();
    this.#room = allocate(this.#blockSize);
    this.#blockSize = Math.min(2 * this.#blockSize, LARGEST_BLOCK);
  }

  /** Counts the octets in the block as a piece; what is left of it takes the next ones. */
  #closeBlock(): void {
    if (this.#filled === 0) return;
    this.#pieces.push(this.#room.subarray(0, this.#filled));
    this.#room = this.#room.subarray(this.#filled);
    this.#filled = 0;
  }
}

/** Whether a piece may be held instead of a copy: it is large, and so is its part of the memory that it holds. */
function isWorthKeeping(piece: Uint8Array): boolean {
  return piece.length >= KEPT_SIZE && piece.buffer.byteLength <= 2 * piece.length;
}

/** Text in pieces, joined from time to time, so that many small ones do not stay as many strings. */
class TextJoiner {
  readonly #blocks: string[] = [];
  #parts: string[] = [];

  add(piece: string): void {
    if (piece === "") return;
    this.#parts.push(piece);
    if (this.#parts.length < TEXT_PARTS) return;
    this.#blocks.push(this.#parts.join(""));
    this.#parts = [];
  }

  join(): string {
    return this.#blocks.join("") + this.#parts.join("");
  }
}
