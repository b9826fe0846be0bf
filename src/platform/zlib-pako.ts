import type * as Pako from "pako";
import type { Zlib, ZlibStream } from "./codec.ts";

const Z_BUF_ERROR: typeof Pako.Z_BUF_ERROR = -5;
const Z_DEFLATED = 8;
const Z_DEFAULT_STRATEGY: typeof Pako.Z_DEFAULT_STRATEGY = 0;

/** Below, a raw stream cannot be written; at 9 bits no distance exceeds 512 - 262 = 250 (zlib's MIN_LOOKAHEAD). */
const LEAST_WINDOW_BITS = 9;

/** zlib in JavaScript, for want of a native one. */
export function zlibOfPako(pako: typeof Pako): Zlib {
  return {
    openInflate(windowBits) {
      const state = new pako.ZStream();
      pako.zlibInflateInit2(state, -windowBits);
      return new PakoStream(state, pako.zlibInflate, pako.zlibInflateReset, pako.zlibInflateEnd);
    },
    openDeflate({ windowBits, level, memLevel }) {
      const state = new pako.ZStream();
      const bits = Math.max(windowBits, LEAST_WINDOW_BITS);
      pako.zlibDeflateInit2(state, level, Z_DEFLATED, -bits, memLevel, Z_DEFAULT_STRATEGY);
      return new PakoStream(state, pako.zlibDeflate, pako.zlibDeflateReset, pako.zlibDeflateEnd);
    },
  };
}

type StateFunction = (state: Pako.ZStream) => Pako.Z_CallStatus;

const NOTHING = new Uint8Array(0);

class PakoStream implements ZlibStream {
  readonly #state: Pako.ZStream;
  readonly #run: typeof Pako.zlibInflate;
  readonly #reset: StateFunction;
  readonly #end: StateFunction;

  constructor(
    state: Pako.ZStream,
    run: typeof Pako.zlibInflate,
    reset: StateFunction,
    end: StateFunction,
  ) {
    this.#state = state;
    this.#run = run;
    this.#reset = reset;
    this.#end = end;
  }

  get inputLeft(): number {
    return this.#state.avail_in;
  }

  get outputLeft(): number {
    return this.#state.avail_out;
  }

  write(
    flush: typeof Pako.Z_NO_FLUSH | typeof Pako.Z_SYNC_FLUSH,
    input: Uint8Array,
    start: number,
    output: Uint8Array<ArrayBuffer>,
    from: number,
    to: number,
  ): boolean {
    const state = this.#state;
    state.input = input;
    state.next_in = start;
    state.avail_in = input.length - start;
    state.output = output;
    state.next_out = from;
    state.avail_out = to - from;
    const status = this.#run(state, flush);
    // The input is the caller's: it is not kept.
    state.input = NOTHING;
    return status >= 0 || status === Z_BUF_ERROR;
  }

  reset(): void {
    this.#reset(this.#state);
  }

  close(): void {
    this.#end(this.#state);
  }
}
