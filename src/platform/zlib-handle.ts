import { createDeflateRaw, createInflateRaw } from "node:zlib";
import { SYNC_FLUSH, type Zlib, type ZlibStream } from "./codec.ts";

/*
 * A stream of `node:zlib` compresses in a thread of its own, and hands on its result later. Beneath it lies a handle that
 * does the same at once, many times faster for messages. The handle is no documented interface: `handleWorks` tries it.
 */
interface Handle {
  /** Called within `writeSync`, which then writes no result. The stream's own would emit an error later. */
  onerror: () => void;
  /** Results in `_writeState` of the stream. */
  writeSync(
    flush: number,
    input: Uint8Array,
    inputOffset: number,
    inputLength: number,
    output: Uint8Array,
    outputOffset: number,
    outputLength: number,
  ): void;
  reset(): void;
  close(): void;
}

interface StreamWithHandle {
  readonly _handle: Handle;
  /** Octets of room that are left in the output, octets of input that are left. */
  readonly _writeState: Uint32Array;
}

/** The output buffer of the stream, which is never used; the least that it takes. */
const chunkSize = 64;

export const zlibOfHandle: Zlib = {
  openInflate: (windowBits) => new HandleStream(createInflateRaw({ windowBits, chunkSize })),
  openDeflate: ({ windowBits, level, memLevel }) =>
    new HandleStream(createDeflateRaw({ windowBits, level, memLevel, chunkSize })),
};

let failed = false;
const noteFailure = (): void => {
  failed = true;
};

class HandleStream implements ZlibStream {
  readonly #handle: Handle;
  readonly #state: Uint32Array;

  constructor(stream: object) {
    if (!hasHandle(stream)) throw new TypeError("a stream of node:zlib without a handle");
    const { _handle: handle, _writeState: state } = stream;
    // oxlint-disable-next-line unicorn/prefer-add-event-listener -- it is no event target
    handle.onerror = noteFailure;
    this.#handle = handle;
    this.#state = state;
  }

  get inputLeft(): number {
    return this.#state[1]!;
  }

  get outputLeft(): number {
    return this.#state[0]!;
  }

  write(
    flush: number,
    input: Uint8Array,
    start: number,
    output: Uint8Array,
    from: number,
    to: number,
  ): boolean {
    failed = false;
    this.#handle.writeSync(flush, input, start, input.length - start, output, from, to - from);
    return !failed;
  }

  reset(): void {
    this.#handle.reset();
  }

  close(): void {
    this.#handle.close();
  }
}

function hasHandle(stream: object): stream is StreamWithHandle {
  return "_handle" in stream && "_writeState" in stream;
}

const HELLO = Uint8Array.of(0x48, 0x65, 0x6c, 0x6c, 0x6f);
/** The same in a final block (RFC 7692, 7.2.3.4). */
const FINAL = Uint8Array.of(0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00);
/** A block of the type that does not exist (RFC 1951, 3.2.3). */
const CORRUPT = Uint8Array.of(0x07);

/** Whether the handle is there and does what this file and `codec.ts` count on. */
export function handleWorks(): boolean {
  try {
    const deflate = zlibOfHandle.openDeflate({ windowBits: 9, level: -1, memLevel: 1 });
    const inflate = zlibOfHandle.openInflate(15);
    const works = roundTrips(deflate, inflate) && restarts(inflate) && refuses(inflate);
    deflate.close();
    inflate.close();
    return works;
  } catch {
    return false;
  }
}

function roundTrips(deflate: ZlibStream, inflate: ZlibStream): boolean {
  const deflated = written(deflate, HELLO);
  return (
    deflated?.subarray(-4).join() === "0,0,255,255" &&
    deflate.inputLeft === 0 &&
    written(inflate, deflated)?.join() === HELLO.join() &&
    inflate.inputLeft === 0
  );
}

/** A final block stops it; what follows can be read after a reset. */
function restarts(inflate: ZlibStream): boolean {
  const stops = written(inflate, Uint8Array.of(...FINAL, ...FINAL))?.join() === HELLO.join();
  if (!stops || inflate.inputLeft !== FINAL.length) return false;
  inflate.reset();
  return written(inflate, FINAL)?.join() === HELLO.join();
}

function refuses(inflate: ZlibStream): boolean {
  inflate.reset();
  return written(inflate, CORRUPT) === null;
}

function written(stream: ZlibStream, input: Uint8Array): Uint8Array | null {
  const output = new Uint8Array(64);
  const ok = stream.write(SYNC_FLUSH, input, 0, output, 0, output.length);
  return ok ? output.subarray(0, output.length - stream.outputLeft) : null;
}
