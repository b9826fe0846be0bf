import { allocate } from "#platform";

/** Octets of a block. Messages share it: an allocation of its own for each costs more than to write a small one. */
const BLOCK_SIZE = 64 * 1024;
/** So few octets are taken as a copy, which is cheaper than a view, and leaves the room to the next ones. */
const COPIED_SIZE = 64;
/** Blocks that are kept for whoever writes next, and the room that makes one worth it. */
const MAX_SPARES = 8;
const LEAST_ROOM = 1024;
/** Larger blocks, such as that of a large message, go with what was written in them. */
const LARGEST_KEPT = 8 * BLOCK_SIZE;

/** Memory for output, written from front to back. */
interface Block {
  readonly octets: Uint8Array;
  /** The octets in front, which were taken, or are being written. */
  used: number;
}

/** Blocks with room to which nobody is writing, so that a buffer holds none while it is empty. */
const spares: Block[] = [];

/** Stands for no block: there is no room in it. */
const NO_BLOCK: Block = { octets: new Uint8Array(0), used: 0 };

/**
 * Octets to be sent, one behind the other. What was taken is never written to again, so it may be given to a socket,
 * and the buffer goes on to be used. It is a view: its neighbours in the `ArrayBuffer` are other messages.
 */
export class OutputBuffer {
  /** The block being written, from `start` on. */
  #block: Block = NO_BLOCK;
  #start: number = 0;

  /** Octets that were written and not taken. */
  get length(): number {
    return this.#block.used - this.#start;
  }

  /** The octets that were written since the last `take` or `cut`, as one array. */
  take(): Uint8Array {
    const taken = this.cut();
    this.#release();
    return taken;
  }

  /** As `take`, but holds on to its memory: for a buffer that is written to again and again. */
  cut(): Uint8Array {
    const { octets, used } = this.#block;
    const start = this.#start;
    const length = used - start;
    if (length > COPIED_SIZE) {
      if (octets.length > LARGEST_KEPT) this.#release();
      else this.#start = used;
      return new Uint8Array(octets.buffer, octets.byteOffset + start, length);
    }
    const taken = new Uint8Array(length);
    for (let index = 0; index < length; index++) taken[index] = octets[start + index]!;
    this.#block.used = start;
    return taken;
  }

  /** Forgets the octets that were written since the last `take` or `cut`. */
  discard(): void {
    this.#block.used = this.#start;
  }

  /** Makes room for `size` octets behind those written, and gives the array to write them to, at `position`. */
  reserve(size: number): Uint8Array {
    if (room(this.#block) < size) this.#grow(size);
    return this.#block.octets;
  }

  /** Where the next octet goes in the array that `reserve` gave. */
  get position(): number {
    return this.#block.used;
  }

  /** Counts `size` octets, after `reserve`, as written. */
  commit(size: number): void {
    this.#block.used += size;
  }

  /** Writes a copy of `octets` behind those written. */
  append(octets: Uint8Array): void {
    this.reserve(octets.length).set(octets, this.#block.used);
    this.commit(octets.length);
  }

  /** Goes on in another block, with what was not taken in front of the room. */
  #grow(size: number): void {
    const pending = this.length;
    const block = pending === 0 ? takeBlock(size) : newBlock(2 * (pending + size));
    const start = block.used;
    if (pending > 0) {
      block.octets.set(this.#block.octets.subarray(this.#start, this.#block.used), start);
      block.used += pending;
    }
    this.#block = block;
    this.#start = start;
  }

  /** Lets go of the block, when it has nothing that was not taken. */
  #release(): void {
    const block = this.#block;
    this.#block = NO_BLOCK;
    this.#start = 0;
    if (block.octets.length > LARGEST_KEPT || room(block) < LEAST_ROOM) return;
    if (spares.length < MAX_SPARES) spares.push(block);
  }
}

/** Octets that fit in. None if somebody has transferred the memory away together with what was taken of it. */
function room({ octets, used }: Block): number {
  return octets.length - used;
}

/** A block with room for `size` octets: a spare one if it has that much, else a new one. */
function takeBlock(size: number): Block {
  const spare = spares.pop();
  if (spare !== undefined && room(spare) >= size) return spare;
  // A large message has a block of its own, behind which the spare one is of use again.
  if (spare !== undefined && size > BLOCK_SIZE) spares.push(spare);
  return newBlock(size);
}

function newBlock(size: number): Block {
  return { octets: allocate(Math.max(BLOCK_SIZE, size)), used: 0 };
}
