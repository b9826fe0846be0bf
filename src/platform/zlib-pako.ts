import type * as Pako from "pako";
import type { NO_FLUSH, SYNC_FLUSH, Zlib, ZlibStream } from "./codec.ts";

const Z_BUF_ERROR: typeof Pako.Z_BUF_ERROR = -5;
const Z_DEFLATED = 8;
const Z_DEFAULT_STRATEGY: typeof Pako.Z_DEFAULT_STRATEGY = 0;

/** zlib in JavaScript, for want of a native one. */
export function zlibOfPako(pako: typeof Pako): Zlib {
  return {
    openInflate(windowBits) {
      const stream = new pako.ZStream();
      pako.zlibInflateInit2(stream, -windowBits);
      const reset = resetOf(stream);
      return new PakoStream(stream, pako.zlibInflate, reset, pako.zlibInflateEnd);
    },
    openDeflate({ windowBits, level, memLevel }) {
      const stream = new pako.ZStream();
      pako.zlibDeflateInit2(stream, level, Z_DEFLATED, -windowBits, memLevel, Z_DEFAULT_STRATEGY);
      return new PakoStream(stream, pako.zlibDeflate, pako.zlibDeflateReset, pako.zlibDeflateEnd);
    },
  };
}

/**
 * What `zlibInflateReset` does, but for its two new arrays of 6 KiB together, which make a message of 10,000 empty final
 * blocks cost 50 to 100 ms instead of 6 (Node 20). The state is as it was at first, apart from the window's memory.
 */
function resetOf(stream: Pako.ZStream): () => void {
  // oxlint-disable-next-line typescript/no-unsafe-assignment -- the state has no type
  const state: { window: Uint8Array | null } = stream.state;
  const atFirst = { ...state };
  return () => {
    atFirst.window = state.window;
    Object.assign(state, atFirst);
  };
}

const NOTHING = new Uint8Array(0);

class PakoStream implements ZlibStream {
  readonly #stream: Pako.ZStream;
  readonly #run: typeof Pako.zlibInflate;
  readonly #reset: (stream: Pako.ZStream) => unknown;
  readonly #end: (stream: Pako.ZStream) => unknown;

  constructor(
    stream: Pako.ZStream,
    run: typeof Pako.zlibInflate,
    reset: (stream: Pako.ZStream) => unknown,
    end: (stream: Pako.ZStream) => unknown,
  ) {
    this.#stream = stream;
    this.#run = run;
    this.#reset = reset;
    this.#end = end;
  }

  get inputLeft(): number {
    return this.#stream.avail_in;
  }

  get outputLeft(): number {
    return this.#stream.avail_out;
  }

  write(
    flush: typeof NO_FLUSH | typeof SYNC_FLUSH,
    input: Uint8Array,
    start: number,
    output: Uint8Array<ArrayBuffer>,
    from: number,
    to: number,
  ): boolean {
    const stream = this.#stream;
    stream.input = input;
    stream.next_in = start;
    stream.avail_in = input.length - start;
    stream.output = output;
    stream.next_out = from;
    stream.avail_out = to - from;
    const status = this.#run(stream, flush);
    // The input belongs to the caller and is not kept.
    stream.input = NOTHING;
    return status >= 0 || status === Z_BUF_ERROR;
  }

  reset(): void {
    this.#reset(this.#stream);
  }

  close(): void {
    this.#end(this.#stream);
  }
}
