/**
 * What the engine needs of a platform. The package's `imports` map resolves `#platform` to one of its
 * implementations (`node.ts`, `portable.ts`); the engine itself names no global of any runtime.
 */

/** Which implementation this is. */
export declare const platformName: "node" | "portable";

/** SHA-1 (FIPS 180-4) of `data`, 20 octets, in Base64 (RFC 4648, 4). */
export declare function sha1Base64(data: Uint8Array): string;

/** Fills `target` with octets of a cryptographically strong generator. */
export declare function fillRandom(target: Uint8Array): void;

/** A domain name in its ASCII form (UTS 46, not transitional), or null if it has none. */
export declare function domainToAscii(domain: string): string | null;

/** `size` octets with undefined content, for callers that overwrite all of them. */
export declare function allocate(size: number): Uint8Array;

/** `size` octets of `memory`, which a stream of the platform takes as they are; otherwise like any Uint8Array. */
export declare function viewForStreams(
  memory: ArrayBufferLike,
  offset: number,
  size: number,
): Uint8Array;

/** The octets from `start` to `end` as Latin-1 text: one character each. Exact for ASCII too. */
export declare function decodeLatin1(source: Uint8Array, start: number, end: number): string;

/** The octets from `start` to `end`, known to be valid UTF-8, as text. A byte order mark is kept. */
export declare function decodeUtf8(source: Uint8Array, start: number, end: number): string;

/** The octets from `start` (even) to `end` as UTF-16, little endian. */
export declare function decodeUtf16(source: Uint8Array, start: number, end: number): string;

/**
 * Writes `text` in UTF-8 at `offset` and returns the number of octets; lone surrogates become U+FFFD.
 * The caller provides room: three octets for each UTF-16 unit always suffice.
 */
export declare function encodeUtf8Into(text: string, target: Uint8Array, offset: number): number;

/** The exports of a WebAssembly module without imports, compiled at once; null where that is not allowed. */
export declare function instantiateWasm(module: Uint8Array): WasmExports | null;

/** What a kernel of the engine exports: its memory and functions on numbers. */
export interface WasmExports {
  /** The linear memory, whole. The kernels never grow it. */
  readonly memory: Uint8Array;
  readonly functions: Readonly<Record<string, (...args: number[]) => number>>;
}

/** Why inflating stopped: the data is no DEFLATE stream, or its output would exceed the budget. */
export type InflateFailure = "corrupt" | "too-big";

/** A raw DEFLATE decompressor (RFC 1951) that keeps its window from call to call. */
export interface Inflater {
  /**
   * Inflates all of `data` and returns what it gives. A final block (BFINAL) ends a stream; the next
   * octet begins a new one (RFC 7692, 7.2.3.4). Output beyond `budget` octets stops it, at most one output step
   * (16 KiB) later. After a failure only `close` may be called.
   */
  inflate(data: Uint8Array, budget: number): Uint8Array | InflateFailure;
  /** Forgets the window, as at the start of a stream. */
  reset(): void;
  /** Releases what it holds; nothing else may be called afterwards. Idempotent. */
  close(): void;
}

/** A raw DEFLATE compressor (RFC 1951) that keeps its window from call to call. */
export interface Deflater {
  /**
   * Compresses `data`. With `flush`, everything pending is written and the output ends with an empty
   * stored block, `00 00 FF FF`; with nothing new since the last flush it is empty. All blocks have BFINAL 0.
   */
  deflate(data: Uint8Array, flush: boolean): Uint8Array;
  /** Forgets the window, as at the start of a stream. */
  reset(): void;
  /** Releases what it holds; nothing else may be called afterwards. Idempotent. */
  close(): void;
}

export interface DeflaterOptions {
  /** Base-two logarithm of the window, 8 to 15: no distance exceeds 2^windowBits. */
  readonly windowBits: number;
  /** 0 (stored) to 9 (smallest), -1 for the codec's default. */
  readonly level: number;
  /** 1 to 9: memory for the state of the compressor. */
  readonly memLevel: number;
}

/** An Inflater for a window of 2^windowBits octets, 8 to 15. */
export declare function createInflater(windowBits: number): Inflater;

/** A Deflater, which stays within its window whatever the codec makes of 8 bits (RFC 7692, 7.1.2). */
export declare function createDeflater(options: DeflaterOptions): Deflater;
