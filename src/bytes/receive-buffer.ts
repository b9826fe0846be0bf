import { kernel, RECEIVE, RECEIVE_SIZE } from "./kernel.ts";

/*
 * One buffer of a thread for what arrives, in the memory of its kernel, so that octets are unmasked where they are: of a
 * payload that is read into it, one copy is made, into the memory of its message. For adapters that choose where they read
 * to. With it a server takes 16 to 31 % less for messages of 1 MiB (`npm run bench:node -- --filter 10x4`).
 */

/** To ask a view for its memory takes longer than to make one. */
let memory: ArrayBufferLike | null = null;
let whole: Uint8Array | null = null;
/** What was received last; mostly as much comes the next time. */
let last: Uint8Array | null = null;

/** The receive buffer, to read into. */
export function receiveBuffer(): Uint8Array {
  whole ??= partOfReceived(0, RECEIVE_SIZE);
  return whole;
}

/** The first `count` octets of the receive buffer, for who has read so many into it. */
export function received(count: number): Uint8Array {
  if (last === null || last.length !== count) last = partOfReceived(0, count);
  return last;
}

/** Whether `chunk` is what `received` has given last. */
export function isReceived(chunk: Uint8Array): boolean {
  return chunk === last;
}

/** The octets of the receive buffer from `start` to `end`. */
export function partOfReceived(start: number, end: number): Uint8Array {
  memory ??= kernel().memory.buffer;
  return new Uint8Array(memory, RECEIVE + start, end - start);
}
