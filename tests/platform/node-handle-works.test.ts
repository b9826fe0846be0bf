import * as pako from "pako";
import { beforeEach, expect, test, vi } from "vitest";
import { NO_FLUSH, SYNC_FLUSH, type ZlibStream } from "../../src/platform/codec.ts";
import type { DeflaterOptions } from "../../src/platform/contract.ts";
import { zlibOfPako } from "../../src/platform/zlib-pako.ts";

interface Handle {
  onerror: () => void;
  writeSync: (
    flush: number,
    input: Uint8Array,
    inputOffset: number,
    inputLength: number,
    output: Uint8Array<ArrayBuffer>,
    outputOffset: number,
    outputLength: number,
  ) => void;
  reset: () => void;
  close: () => void;
}

interface Stream {
  readonly _handle: Handle;
  readonly _writeState: Uint32Array;
}

/** As much of a stream of node:zlib as is made use of. */
function streamOn(zlib: ZlibStream): Stream {
  const state = new Uint32Array(2);
  return {
    _writeState: state,
    _handle: {
      onerror: () => {
        throw new Error("an error that nobody expects");
      },
      writeSync(flush, input, inputOffset, inputLength, output, outputOffset, outputLength) {
        const mode = flush === SYNC_FLUSH ? SYNC_FLUSH : NO_FLUSH;
        const data = input.subarray(0, inputOffset + inputLength);
        const end = outputOffset + outputLength;
        if (zlib.write(mode, data, inputOffset, output, outputOffset, end)) {
          state.set([zlib.outputLeft, zlib.inputLeft]);
        } else {
          this.onerror();
        }
      },
      reset: () => {
        zlib.reset();
      },
      close: () => {
        zlib.close();
      },
    },
  };
}

/** What is wrong with a stream. */
type Fault = (stream: Stream) => object;

/** Changes its handle. */
function handled(change: (handle: Handle, state: Uint32Array) => Handle): Fault {
  return ({ _handle: handle, _writeState: state }) => {
    return { _handle: change(handle, state), _writeState: state };
  };
}

/** Something happens after each write. */
function afterWrites(
  change: (state: Uint32Array, output: Uint8Array, handle: Handle) => void,
): Fault {
  return handled((handle, state) => ({
    ...handle,
    writeSync(...parameters) {
      handle.writeSync.apply(this, parameters);
      change(state, parameters[4], this);
    },
  }));
}

const none: Fault = (stream) => stream;

const FAULTS: readonly [string, Fault][] = [
  ["has no handle", ({ _writeState }) => ({ _writeState })],
  ["has no state", ({ _handle }) => ({ _handle })],
  [
    "cannot be made",
    () => {
      throw new Error("not implemented");
    },
  ],
  ["does nothing", handled((handle) => ({ ...handle, writeSync: () => {} }))],
  ["writes something else", afterWrites((_, output) => output.fill(0x55))],
  ["leaves input", afterWrites((state) => state[1]!++)],
  ["tells of more output than there is", afterWrites((state) => state[0]!--)],
  [
    "finds errors everywhere",
    afterWrites((_state, _output, handle) => {
      handle.onerror();
    }),
  ],
];

const FAULTS_OF_INFLATE: readonly [string, Fault][] = [
  ["goes on behind a final block", afterWrites((state) => state.fill(0, 1))],
  ["cannot be reset", handled((handle) => ({ ...handle, reset: () => {} }))],
  [
    "tells of no error",
    handled((handle) => ({
      ...handle,
      writeSync(...parameters) {
        handle.writeSync.apply({ ...this, onerror: () => {} }, parameters);
      },
    })),
  ],
];

const FAULTS_OF_DEFLATE: readonly [string, Fault][] = [
  [
    "does not flush",
    handled((handle) => ({
      ...handle,
      writeSync(_flush, ...parameters) {
        handle.writeSync.call(this, NO_FLUSH, ...parameters);
      },
    })),
  ],
];

async function handleWorks(ofInflate: Fault, ofDeflate: Fault): Promise<boolean> {
  const zlib = zlibOfPako(pako);
  vi.doMock("node:zlib", () => ({
    createInflateRaw: ({ windowBits }: { windowBits: number }) =>
      ofInflate(streamOn(zlib.openInflate(windowBits))),
    createDeflateRaw: (options: DeflaterOptions) => ofDeflate(streamOn(zlib.openDeflate(options))),
  }));
  return (await import("../../src/platform/zlib-handle.ts")).handleWorks();
}

beforeEach(() => {
  vi.resetModules();
  vi.doUnmock("node:zlib");
});

test("the handle of this Node works", async () => {
  expect((await import("../../src/platform/zlib-handle.ts")).handleWorks()).toBe(true);
});

test("a handle works that keeps to its description", async () => {
  expect(await handleWorks(none, none)).toBe(true);
});

test.each([...FAULTS, ...FAULTS_OF_INFLATE])(
  "none that inflates works if it %s",
  async (_, fault) => {
    expect(await handleWorks(fault, none)).toBe(false);
  },
);

test.each([...FAULTS, ...FAULTS_OF_DEFLATE])(
  "none that deflates works if it %s",
  async (_, fault) => {
    expect(await handleWorks(none, fault)).toBe(false);
  },
);
