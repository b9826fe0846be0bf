import { allocate } from "#platform";

export const EMPTY: Uint8Array = new Uint8Array(0);
/** A queue that is never read to its end is shortened when so many chunks, and half of all, were read. */
const SHORTENED = 64;

/** A cursor over the chunks that were received. They are borrowed until they are read. */
export class ChunkReader {
  /** The chunk that is read, from `offset` on. */
  protected source: Uint8Array = EMPTY;
  protected offset: number = 0;
  /** Whether the source is only there until `keep`. */
  protected lent: boolean = false;
  /** Where the source is, once it was asked. To ask takes longer than to make a view (`node bench/micro/views.mjs`). */
  #memory: ArrayBufferLike | null = null;
  #memoryOffset: number = 0;
  /** Chunks after `source`, from `queueStart` on. */
  readonly #queue: Uint8Array[] = [];
  #queueStart: number = 0;

  /** Takes a chunk, not an empty one. It is read later. */
  feed(chunk: Uint8Array): void {
    if (this.#isRead()) this.#begin(chunk);
    else this.#queue.push(chunk);
  }

  /** As `feed`, for a chunk that is only there until `keep`. */
  feedLent(chunk: Uint8Array): void {
    if (this.#isRead()) {
      this.#begin(chunk);
      this.lent = true;
    } else {
      this.#queue.push(copyFrom(chunk, 0));
    }
  }

  /** Copies what was not read of a chunk that was lent. */
  keep(): void {
    if (this.lent) this.#begin(copyFrom(this.source, this.offset));
  }

  /** Lets go of all octets. */
  clear(): void {
    this.#begin(EMPTY);
    this.#queue.length = 0;
    this.#queueStart = 0;
  }

  #isRead(): boolean {
    return this.offset === this.source.length && this.#queueStart === this.#queue.length;
  }

  #begin(chunk: Uint8Array): void {
    this.source = chunk;
    this.offset = 0;
    this.lent = false;
    this.#memory = null;
  }

  /** Goes on to the next chunk, when the current one was read to its end. */
  protected nextChunk(): boolean {
    if (this.#queueStart === this.#queue.length) {
      if (this.#queueStart > 0) {
        this.#queue.length = 0;
        this.#queueStart = 0;
      }
      this.#begin(EMPTY);
      return false;
    }
    this.#begin(this.#queue[this.#queueStart]!);
    this.#queue[this.#queueStart++] = EMPTY;
    if (this.#queueStart >= SHORTENED && 2 * this.#queueStart >= this.#queue.length) {
      this.#queue.splice(0, this.#queueStart);
      this.#queueStart = 0;
    }
    return true;
  }

  /** The next `count` octets of the source. */
  protected view(count: number): Uint8Array {
    if (this.#memory === null) {
      this.#memory = this.source.buffer;
      this.#memoryOffset = this.source.byteOffset;
    }
    return new Uint8Array(this.#memory, this.#memoryOffset + this.offset, count);
  }
}

/** What is behind the first `start` octets, in memory of its own. */
function copyFrom(chunk: Uint8Array, start: number): Uint8Array {
  const count = chunk.length - start;
  if (count === 0) return EMPTY;
  const copy = allocate(count);
  copy.set(start === 0 ? chunk : chunk.subarray(start));
  return copy;
}
