/*
 * DEFLATE (RFC 1951) read token by token: slow, plain, and independent of every codec under test.
 */

export interface DeflateBlock {
  readonly type: "stored" | "fixed" | "dynamic";
  /** BFINAL. */
  readonly final: boolean;
  /** The octets that it stands for. */
  readonly size: number;
  /** The farthest reference back, in octets; 0 if there is none. */
  readonly maxDistance: number;
}

export interface DeflateTokens {
  readonly blocks: readonly DeflateBlock[];
  readonly output: Uint8Array;
}

/**
 * Reads blocks until the end of `data`, which has to be the end of a block. After a final block the next one begins at
 * an octet.
 * @throws Error for what is no DEFLATE, or refers to what was before the beginning.
 */
export function readDeflate(data: Uint8Array): DeflateTokens {
  const bits = new Bits(data);
  const output: number[] = [];
  const blocks: DeflateBlock[] = [];
  while (!bits.ended) {
    const final = bits.take(1) === 1;
    const before = output.length;
    const type = (["stored", "fixed", "dynamic", "reserved"] as const)[bits.take(2)]!;
    if (type === "reserved") throw new Error("reserved block type");
    const maxDistance =
      type === "stored"
        ? readStored(bits, output)
        : readCodes(bits, output, type === "fixed" ? FIXED : readDynamic(bits));
    if (final) bits.align();
    blocks.push({ type, final, size: output.length - before, maxDistance });
  }
  return { blocks, output: Uint8Array.from(output) };
}

class Bits {
  readonly #data: Uint8Array;
  #position = 0;

  constructor(data: Uint8Array) {
    this.#data = data;
  }

  get ended(): boolean {
    return this.#position === this.#data.length * 8;
  }

  take(count: number): number {
    let value = 0;
    for (let bit = 0; bit < count; bit++) {
      const octet = this.#data[this.#position >>> 3];
      if (octet === undefined) throw new Error("the data ends within a block");
      value |= ((octet >>> (this.#position & 7)) & 1) << bit;
      this.#position++;
    }
    return value;
  }

  align(): void {
    this.#position = (this.#position + 7) & ~7;
  }

  /** Whole octets, after `align`. */
  octets(count: number): Uint8Array {
    const start = this.#position >>> 3;
    if (start + count > this.#data.length) throw new Error("the data ends within a block");
    this.#position += 8 * count;
    return this.#data.subarray(start, start + count);
  }
}

function readStored(bits: Bits, output: number[]): 0 {
  bits.align();
  const length = bits.take(16);
  if (bits.take(16) !== (length ^ 0xffff)) throw new Error("LEN and NLEN do not match");
  for (const octet of bits.octets(length)) output.push(octet);
  return 0;
}

/** From the length of a code, times 65,536, plus the code, to its symbol. */
type Huffman = ReadonlyMap<number, number>;

interface Codes {
  readonly literals: Huffman;
  readonly distances: Huffman;
}

/** RFC 1951, 3.2.2. */
function huffman(lengths: readonly number[]): Huffman {
  const codes = new Map<number, number>();
  let code = 0;
  for (let length = 1; length <= 15; length++) {
    for (const [symbol, own] of lengths.entries()) {
      if (own !== length) continue;
      if (code >>> length !== 0) throw new Error("too many codes");
      codes.set(length * 65_536 + code, symbol);
      code++;
    }
    code <<= 1;
  }
  return codes;
}

function readSymbol(bits: Bits, codes: Huffman): number {
  let code = 0;
  for (let length = 1; length <= 15; length++) {
    code = (code << 1) | bits.take(1);
    const symbol = codes.get(length * 65_536 + code);
    if (symbol !== undefined) return symbol;
  }
  throw new Error("no such code");
}

/** RFC 1951, 3.2.6. */
const FIXED: Codes = {
  literals: huffman([
    ...Array<number>(144).fill(8),
    ...Array<number>(112).fill(9),
    ...Array<number>(24).fill(7),
    ...Array<number>(8).fill(8),
  ]),
  distances: huffman(Array<number>(30).fill(5)),
};

const CODE_LENGTH_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/** RFC 1951, 3.2.7. */
function readDynamic(bits: Bits): Codes {
  const literalCount = bits.take(5) + 257;
  const distanceCount = bits.take(5) + 1;
  const ofCodeLengths = Array<number>(19).fill(0);
  const codeLengthCount = bits.take(4) + 4;
  for (const symbol of CODE_LENGTH_ORDER.slice(0, codeLengthCount)) {
    ofCodeLengths[symbol] = bits.take(3);
  }
  const codeLengths = huffman(ofCodeLengths);
  const lengths: number[] = [];
  while (lengths.length < literalCount + distanceCount) {
    const symbol = readSymbol(bits, codeLengths);
    if (symbol < 16) lengths.push(symbol);
    else if (symbol === 16) repeat(lengths, lengths.at(-1)!, 3 + bits.take(2));
    else if (symbol === 17) repeat(lengths, 0, 3 + bits.take(3));
    else repeat(lengths, 0, 11 + bits.take(7));
  }
  return {
    literals: huffman(lengths.slice(0, literalCount)),
    distances: huffman(lengths.slice(literalCount)),
  };
}

function repeat(lengths: number[], length: number, count: number): void {
  for (let index = 0; index < count; index++) lengths.push(length);
}

/** RFC 1951, 3.2.5: the extra bits of a length's or a distance's symbol, and the least that each stands for. */
function ranges(first: number, extraBits: readonly number[]): readonly [number, number][] {
  let least = first;
  return extraBits.map((extra) => {
    const range: [number, number] = [least, extra];
    least += 1 << extra;
    return range;
  });
}
const LENGTHS = ranges(
  3,
  [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5],
);
const DISTANCES = ranges(
  1,
  Array.from({ length: 30 }, (_, symbol) => Math.max(0, (symbol >> 1) - 1)),
);

/** Returns the farthest distance. */
function readCodes(bits: Bits, output: number[], codes: Codes): number {
  let farthest = 0;
  for (;;) {
    const symbol = readSymbol(bits, codes.literals);
    if (symbol === 256) return farthest;
    if (symbol < 256) {
      output.push(symbol);
      continue;
    }
    const length = symbol === 285 ? 258 : inRange(bits, LENGTHS[symbol - 257]);
    const distance = inRange(bits, DISTANCES[readSymbol(bits, codes.distances)]);
    if (distance > output.length) throw new Error("a reference to before the beginning");
    farthest = Math.max(farthest, distance);
    for (let index = 0; index < length; index++) output.push(output[output.length - distance]!);
  }
}

function inRange(bits: Bits, range: readonly [number, number] | undefined): number {
  if (range === undefined) throw new Error("no such length or distance");
  return range[0] + bits.take(range[1]);
}
