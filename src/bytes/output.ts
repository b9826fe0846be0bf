import { allocate } from "#platform";

/** Octets of a block. Messages share it: an allocation of its own for each costs more than to write a small one. */
const BLOCK_SIZE = 32 * 1024;
const EMPTY: Uint8Array = new Uint8Array(0);

/**
 * Octets to be sent, one behind the other. What was taken is never written to again, so it may be given to a socket,
 * and the buffer goes on to be used. It is a view: its neighbours in the `ArrayBuffer` are other messages.
 */
export class OutputBuffer {
  /** The block being written; there may be octets in it that were taken. */
  #block: Uint8Array = EMPTY;
  #start: number = 0;
  #end: number = 0;

  /** Octets that were written and not taken. */
  get length(): number {
    return this.#end - this.#start;
  }

  /** The octets that were written since the last `take`, as one array. */
  take(): Uint8Array {
    const { length } = this;
    if (length === 0) return new Uint8Array(0);
    const taken = new Uint8Array(this.#block.buffer, this.#block.byteOffset + this.#start, length);
    // A full block, such as that of a large message, is not held until the next one is needed.
    if (this.#end === this.#block.length) this.#renew(EMPTY, 0);
    else this.#start = this.#end;
    return taken;
  }

  /** Forgets the octets that were written since the last `take`. */
  discard(): void {
    this.#end = this.#start;
  }

  /** Makes room for `size` octets behind those written, and gives the array to write them to, at `position`. */
  reserve(size: number): Uint8Array {
    if (this.#block.length - this.#end < size) this.#grow(size);
    return this.#block;
  }

  /** Where the next octet goes in the array that `reserve` gave. */
  get position(): number {
    return this.#end;
  }

  /** Counts `size` octets, after `reserve`, as written. */
  commit(size: number): void {
    this.#end += size;
  }

  /** Writes a copy of `octets` behind those written. */
  append(octets: Uint8Array): void {
    this.reserve(octets.length).set(octets, this.#end);
    this.commit(octets.length);
  }

  /** A new block, with what was not taken in front. */
  #grow(size: number): void {
    const pending = this.length;
    const needed = pending + size;
    // One large message gets a block of its own; what grows further is given room to do so.
    const capacity = pending === 0 && size > BLOCK_SIZE ? size : Math.max(BLOCK_SIZE, 2 * needed);
    const block = allocate(capacity);
    // Without octets to move, the old block is not looked at: its memory may have been transferred with what was taken.
    if (pending > 0) block.set(this.#block.subarray(this.#start, this.#end));
    this.#renew(block, pending);
  }

  #renew(block: Uint8Array, written: number): void {
    this.#block = block;
    this.#start = 0;
    this.#end = written;
  }
}
