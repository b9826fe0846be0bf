import { allocate } from "#platform";

/** The octets of `pieces`, `size` in all, as one array. */
export function joinBytes(pieces: readonly Uint8Array[], size: number): Uint8Array {
  const joined = allocate(size);
  let offset = 0;
  for (const piece of pieces) {
    joined.set(piece, offset);
    offset += piece.length;
  }
  return joined;
}
