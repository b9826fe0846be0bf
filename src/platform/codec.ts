/*
 * Inflater and Deflater on top of a stream of zlib, whoever implements that.
 */
import type {
  Deflater,
  DeflaterOptions,
  InflateFailure,
  Inflater,
  allocate as Allocate,
} from "./contract.ts";

/** zlib's Z_NO_FLUSH: the codec writes when it likes. */
export const NO_FLUSH = 0;
/** zlib's Z_SYNC_FLUSH: everything is written. */
export const SYNC_FLUSH = 2;

/** A compressor or decompressor with the semantics of zlib's `deflate` and `inflate`. */
export interface ZlibStream {
  /** Octets of the input that the last write left. */
  readonly inputLeft: number;
  /** Octets of the output's room that the last write left. */
  readonly outputLeft: number;
  /**
   * Goes on with all octets of `input` from `start` on, into `output` from `from` up to `to`, until one of them is used
   * up or the stream of DEFLATE has ended. Returns false for data that is corrupt.
   */
  write(
    flush: typeof NO_FLUSH | typeof SYNC_FLUSH,
    input: Uint8Array,
    start: number,
    output: Uint8Array<ArrayBuffer>,
    from: number,
    to: number,
  ): boolean;
  /** As it was at the start. */
  reset(): void;
  /** Releases its memory. Called once. */
  close(): void;
}

/** How to open streams of zlib, without header and checksum. Windows have 8 to 15 bits, those to write 9 to 15. */
export interface Zlib {
  openInflate(windowBits: number): ZlibStream;
  openDeflate(options: DeflaterOptions): ZlibStream;
}

/** Makes the codecs of the platform's contract. */
export interface Codec {
  readonly createInflater: (windowBits: number) => Inflater;
  readonly createDeflater: (options: DeflaterOptions) => Deflater;
}

/** Octets that an inflater may write beyond its budget before it stops. */
const INFLATE_STEP = 16 * 1024;

/**
 * A deflater's output. What a compressor can hold back at most, 64 KiB of a stored block or 32 Ki symbols of three octets,
 * fits: a flush that fills its output to the last octet has to be repeated, which adds a second empty block.
 */
const OUTPUT_SIZE = 128 * 1024;

/** With so much input and a flush the output fits too: at worst it is an eighth and some octets longer. */
const AT_ONCE = 96 * 1024;

const NOTHING = new Uint8Array(0);

/**
 * A window of 8 bits cannot be had: zlib and its descendants take 9 for it, or refuse. But they look 262 octets ahead
 * within the window, so that no distance exceeds 512 - 262 = 250 (MAX_DIST in their `deflate.h`).
 */
const LEAST_WINDOW_BITS = 9;

/** The codecs on `zlib`. All of them share one output buffer: each call fills it and copies from it. */
export function codecOn(zlib: Zlib, allocate: typeof Allocate): Codec {
  const buffer = new Uint8Array(OUTPUT_SIZE);
  const newOutput = (): Output => new Output(buffer, allocate);
  return {
    createInflater: (windowBits) => new ZlibInflater(zlib.openInflate(windowBits), newOutput),
    createDeflater({ windowBits, level, memLevel }) {
      const bits = Math.max(windowBits, LEAST_WINDOW_BITS);
      const stream = zlib.openDeflate({ windowBits: bits, level, memLevel });
      return new ZlibDeflater(stream, newOutput);
    },
  };
}

/** What one call puts out: a buffer to write to, and what has been moved out of it. */
class Output {
  readonly buffer: Uint8Array<ArrayBuffer>;
  /** Octets in the buffer. */
  filled = 0;
  readonly #allocate: typeof Allocate;
  #moved: Uint8Array[] | null = null;
  #movedSize = 0;

  constructor(buffer: Uint8Array<ArrayBuffer>, allocate: typeof Allocate) {
    this.buffer = buffer;
    this.#allocate = allocate;
  }

  get size(): number {
    return this.#movedSize + this.filled;
  }

  /** Empties the buffer. */
  move(): void {
    this.#moved ??= [];
    this.#moved.push(this.buffer.slice(0, this.filled));
    this.#movedSize += this.filled;
    this.filled = 0;
  }

  /** All of it, in an array of its own. */
  take(): Uint8Array {
    const result = this.#allocate(this.size);
    let offset = 0;
    for (const piece of this.#moved ?? []) {
      result.set(piece, offset);
      offset += piece.length;
    }
    result.set(this.buffer.subarray(0, this.filled), offset);
    return result;
  }
}

class ZlibInflater implements Inflater {
  #stream: ZlibStream | null;
  readonly #newOutput: () => Output;

  constructor(stream: ZlibStream, newOutput: () => Output) {
    this.#stream = stream;
    this.#newOutput = newOutput;
  }

  inflate(data: Uint8Array, budget: number): Uint8Array | InflateFailure {
    const stream = opened(this.#stream);
    const output = this.#newOutput();
    let start = 0;
    for (;;) {
      if (!stream.write(SYNC_FLUSH, data, start, output.buffer, output.filled, INFLATE_STEP)) {
        return this.#fail("corrupt");
      }
      start = data.length - stream.inputLeft;
      output.filled = INFLATE_STEP - stream.outputLeft;
      if (output.size > budget) return this.#fail("too-big");
      if (output.filled === INFLATE_STEP) output.move();
      else if (start === data.length) return output.take();
      // Neither input nor room was lacking: a final block had ended the stream, maybe in an earlier call.
      else stream.reset();
    }
  }

  reset(): void {
    opened(this.#stream).reset();
  }

  close(): void {
    this.#stream?.close();
    this.#stream = null;
  }

  #fail(failure: InflateFailure): InflateFailure {
    this.close();
    return failure;
  }
}

class ZlibDeflater implements Deflater {
  #stream: ZlibStream | null;
  readonly #newOutput: () => Output;
  /** Whether something was compressed since the last flush. */
  #unflushed = false;

  constructor(stream: ZlibStream, newOutput: () => Output) {
    this.#stream = stream;
    this.#newOutput = newOutput;
  }

  deflate(data: Uint8Array, flush: boolean): Uint8Array {
    const stream = opened(this.#stream);
    const output = this.#newOutput();
    if (flush && !this.#unflushed && data.length <= AT_ONCE) {
      if (data.length > 0) writeAll(stream, SYNC_FLUSH, data, output);
      return output.take();
    }
    if (data.length > 0) {
      this.#unflushed = true;
      writeAll(stream, NO_FLUSH, data, output);
    }
    if (flush) {
      if (output.filled > 0) output.move();
      writeAll(stream, SYNC_FLUSH, NOTHING, output);
      this.#unflushed = false;
    }
    return output.take();
  }

  reset(): void {
    opened(this.#stream).reset();
    this.#unflushed = false;
  }

  close(): void {
    this.#stream?.close();
    this.#stream = null;
  }
}

function writeAll(
  stream: ZlibStream,
  flush: typeof NO_FLUSH | typeof SYNC_FLUSH,
  data: Uint8Array,
  output: Output,
): void {
  let start = 0;
  for (;;) {
    if (!stream.write(flush, data, start, output.buffer, output.filled, OUTPUT_SIZE)) {
      throw new Error("zlib failed to compress");
    }
    start = data.length - stream.inputLeft;
    output.filled = OUTPUT_SIZE - stream.outputLeft;
    if (output.filled < OUTPUT_SIZE) return;
    output.move();
  }
}

/** Native memory is gone after `close`; to touch it would end the process. */
function opened(stream: ZlibStream | null): ZlibStream {
  if (stream === null) throw new Error("this codec is closed");
  return stream;
}
