import { allocate, viewForStreams } from "#platform";

/** The octets of `pieces`, as one array of `size` octets: so many as they are, or with room behind them. */
export function joinBytes(pieces: readonly Uint8Array[], size: number): Uint8Array {
  const joined = allocate(size);
  let offset = 0;
  for (const piece of pieces) {
    joined.set(piece, offset);
    offset += piece.length;
  }
  return joined;
}

/** The same octets, which a stream of the platform takes as they are: for what is written more than once. */
export function forStreams(octets: Uint8Array): Uint8Array {
  return viewForStreams(octets.buffer, octets.byteOffset, octets.length);
}

/** Up to so many octets are copied by JavaScript: to call `set` costs more (`node bench/micro/copy.mjs`). */
const FEW = 16;

/** Copies the first `count` octets of `source` to `offset`. */
export function copyBytes(
  source: Uint8Array,
  count: number,
  target: Uint8Array,
  offset: number,
): void {
  if (count <= FEW) copyFew(source, 0, count, target, offset);
  else target.set(count === source.length ? source : source.subarray(0, count), offset);
}

/**
 * Copies the octets from `start` to `end`, which should be few, to `offset`. Four at once take two thirds of the time
 * of one by one; without `| 0`, each sum is checked for being an integer still, which costs an eighth
 * (`node bench/micro/copy.mjs`).
 */
export function copyFew(
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  offset: number,
): void {
  const last = (end - 3) | 0;
  let from = start | 0;
  let to = offset | 0;
  for (; from < last; from = (from + 4) | 0, to = (to + 4) | 0) {
    target[to] = source[from]!;
    target[(to + 1) | 0] = source[(from + 1) | 0]!;
    target[(to + 2) | 0] = source[(from + 2) | 0]!;
    target[(to + 3) | 0] = source[(from + 3) | 0]!;
  }
  for (; from < end; from = (from + 1) | 0, to = (to + 1) | 0) target[to] = source[from]!;
}
