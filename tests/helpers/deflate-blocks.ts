/*
 * A writer of DEFLATE blocks (RFC 1951, 3.2.3 to 3.2.6) with the fixed codes, for streams that no compressor makes.
 */

/** A literal octet, or three octets copied from `back` octets before. */
export type Symbol = number | { readonly back: number };

class BitWriter {
  readonly octets: number[] = [];
  #pending: number = 0;
  #count: number = 0;

  /** The lowest bit first, as everything but codes is written. */
  bits(value: number, count: number): void {
    for (let bit = 0; bit < count; bit++) {
      this.#pending |= ((value >> bit) & 1) << this.#count;
      this.#count++;
      if (this.#count === 8) this.align();
    }
  }

  /** The highest bit first, as codes are written. */
  code(value: number, count: number): void {
    for (let bit = count - 1; bit >= 0; bit--) this.bits((value >> bit) & 1, 1);
  }

  /** Fills up the octet with zero bits. */
  align(): void {
    if (this.#count === 0) return;
    this.octets.push(this.#pending);
    this.#pending = 0;
    this.#count = 0;
  }
}

/**
 * The payload of a message: one block with the fixed codes, then the first three bits of the empty stored block whose
 * other octets a sender takes off; after a final block, the whole empty octet of RFC 7692, 7.2.3.4.
 */
export function fixedBlockMessage(
  symbols: readonly Symbol[],
  { final = false }: { final?: boolean } = {},
): Uint8Array {
  const writer = new BitWriter();
  writer.bits(final ? 1 : 0, 1);
  writer.bits(1, 2);
  for (const symbol of symbols) {
    if (typeof symbol === "number") writeLiteral(writer, symbol);
    else writeMatch(writer, symbol.back);
  }
  writer.code(0, 7);
  if (final) writer.align();
  writer.bits(0, 3);
  writer.align();
  return Uint8Array.from(writer.octets);
}

function writeLiteral(writer: BitWriter, value: number): void {
  if (value < 144) writer.code(0x30 + value, 8);
  else writer.code(0x190 + value - 144, 9);
}

/** Length 3 (symbol 257), and a distance by the table of 3.2.5. */
function writeMatch(writer: BitWriter, distance: number): void {
  writer.code(1, 7);
  let symbol = distance - 1;
  let extra = 0;
  if (distance > 4) {
    extra = Math.floor(Math.log2(distance - 1)) - 1;
    symbol = 2 * extra + ((distance - 1) >> extra);
  }
  writer.code(symbol, 5);
  writer.bits((distance - 1) & ((1 << extra) - 1), extra);
}

/** Stored blocks (3.2.4) that hold `data`, and the first octet of the empty block behind them. */
export function storedMessage(data: Uint8Array): Uint8Array {
  const octets: number[] = [];
  for (let offset = 0; offset < data.length; offset += 65_535) {
    const part = data.subarray(offset, offset + 65_535);
    const low = part.length & 0xff;
    const high = part.length >> 8;
    octets.push(0, low, high, low ^ 0xff, high ^ 0xff, ...part);
  }
  octets.push(0);
  return Uint8Array.from(octets);
}
