import { allocate, viewForStreams } from "#platform";
import { copyFew } from "./join.ts";

/** Octets of a block. Messages share it: an allocation of its own for each costs more than to write a small one. */
const BLOCK_SIZE = 64 * 1024;
/** So few octets are taken as a copy, which does not hold the block, and leaves the room to the next ones. */
const COPIED_SIZE = 64;
/** Blocks that are kept for whoever writes next, and the room that makes one worth it. */
const MAX_SPARES = 8;
const LEAST_ROOM = 1024;
/** Larger blocks, such as that of a large message, go with what was written in them. */
const LARGEST_KEPT = 8 * BLOCK_SIZE;
/** Of what comes back, larger ones are worth it: fresh memory costs more than to write 1 MiB. */
const LARGEST_LENT = 32 * BLOCK_SIZE;

/** Memory for output, written from front to back. */
interface Block {
  readonly octets: Uint8Array;
  /** Where the octets are: an array that is asked for it takes longer than a view (`node bench/micro/views.mjs`). */
  readonly memory: ArrayBufferLike;
  readonly offset: number;
  /** The octets in front, which were taken, or are being written. */
  used: number;
  /** How many octets of these come back. */
  lent: number;
  /** Whether some never do. */
  given: boolean;
}

/** Blocks to which nobody is writing, so that a buffer holds none while it is empty; the one used last is the last. */
const spares: Block[] = [];

/** Stands for no block: there is no room in it. */
const NO_BLOCK: Block = { ...blockOf(new Uint8Array(0)), given: true };

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
    const { octets, memory, offset, used } = this.#block;
    const start = this.#start;
    const length = used - start;
    if (length > COPIED_SIZE) {
      this.#block.given = true;
      if (octets.length > LARGEST_KEPT) this.#release();
      else this.#start = used;
      return new Uint8Array(memory, offset + start, length);
    }
    const taken = new Uint8Array(length);
    copyFew(octets, start, used, taken, 0);
    this.#block.used = start;
    return taken;
  }

  /**
   * As `take`, for octets that are needed for a short time only, by a socket, say: `giveBack` lets others be written in
   * their place. Without it nothing is lost but the memory's second use.
   */
  lend(): Uint8Array {
    const lent = this.cutLent();
    this.#release();
    return lent;
  }

  /**
   * As `lend`, but holds on to its memory, as `cut` does. With a new block for every write, as in servers whose messages come
   * one by one, V8 compiles its making into whatever asks for room, and less of the rest
   * (`npm run bench:node -- --filter 10x64`: 12 % of messages of 16 octets).
   */
  cutLent(): Uint8Array {
    const block = this.#block;
    const start = this.#start;
    const length = block.used - start;
    block.lent += length;
    if (block.octets.length > LARGEST_LENT) this.#release();
    else this.#start = block.used;
    return viewForStreams(block.memory, block.offset + start, length);
  }

  /** Takes back octets that `lend` has given, once: nobody looks at them any more. Any buffer may do it. */
  giveBack(octets: Uint8Array): void {
    const current = this.#block;
    const memory = octets.buffer;
    if (current.memory === memory) {
      current.lent -= octets.length;
      if (this.length > 0) return;
      rewind(current);
      this.#start = current.used;
      return;
    }
    const index = lastSpare((spare) => spare.memory === memory);
    if (index === -1) return;
    const block = spares[index]!;
    block.lent -= octets.length;
    rewind(block);
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
      const { octets, used } = this.#block;
      block.octets.set(octets.subarray(this.#start, used), start);
      block.used += pending;
      this.discard();
    }
    this.#release();
    this.#block = block;
    this.#start = start;
  }

  /** Lets go of the block, when it has nothing that was not taken. */
  #release(): void {
    const block = this.#block;
    if (block === NO_BLOCK) return;
    this.#block = NO_BLOCK;
    this.#start = 0;
    rewind(block);
    const largest = block.lent > 0 ? LARGEST_LENT : LARGEST_KEPT;
    if (block.octets.length > largest || (block.given && room(block) < LEAST_ROOM)) return;
    spares.push(block);
    if (spares.length > MAX_SPARES) spares.shift();
  }
}

/** Has a block written from its beginning again, if all that was taken of it has come back. */
function rewind(block: Block): void {
  if (block.lent === 0 && !block.given) block.used = 0;
}

/** Octets that fit in. None if somebody has transferred the memory away together with what was taken of it. */
function room({ octets, used }: Block): number {
  return octets.length - used;
}

/** A block with room for `size` octets: a spare one if any has that much, else a new one. */
function takeBlock(size: number): Block {
  const last = spares.at(-1);
  if (last !== undefined && room(last) >= size) return spares.pop()!;
  const index = lastSpare((spare) => room(spare) >= size);
  return index === -1 ? newBlock(size) : spares.splice(index, 1)[0]!;
}

/** The place of the last spare block that `fits`, or -1. */
function lastSpare(fits: (spare: Block) => boolean): number {
  let index = spares.length - 1;
  while (index >= 0 && !fits(spares[index]!)) index -= 1;
  return index;
}

function newBlock(size: number): Block {
  return blockOf(allocate(Math.max(BLOCK_SIZE, size)));
}

function blockOf(octets: Uint8Array): Block {
  const { buffer: memory, byteOffset: offset } = octets;
  return { octets, memory, offset, used: 0, lent: 0, given: false };
}
