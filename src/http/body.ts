import { encodeLatin1 } from "../bytes/latin1.ts";
import { LocalProtocolError } from "../errors.ts";
import { HttpFault } from "./fault.ts";
import { isValueOctet } from "./fields.ts";
import type { Framing } from "./framing.ts";
import { HeadReader } from "./head.ts";
import { TRAILERS } from "./start-line.ts";

/*
 * The chunked coding (RFC 9112, 7.1), read as strictly as a head:
 *
 *   chunked-body = *( chunk-size [ chunk-ext ] CRLF chunk-data CRLF ) 1*"0" [ chunk-ext ] CRLF trailer-section CRLF
 *   chunk-size   = 1*HEXDIG
 *   chunk-ext    = BWS ";" ...           ; not looked at
 */

const HTAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SP = 0x20;
const SEMICOLON = 0x3b;

const stages = {
  SIZE: 0,
  /** White space behind the size, before the semicolon. */
  SPACE: 1,
  EXTENSION: 2,
  SIZE_LF: 3,
  DATA: 4,
  DATA_CR: 5,
  DATA_LF: 6,
  TRAILERS: 7,
  COMPLETE: 8,
} as const;
type Stage = (typeof stages)[keyof typeof stages];

/** Reads a body as it arrives, and gives its data, without copying it, in the pieces in which they come. */
export interface BodyReader {
  readonly complete: boolean;
  /**
   * Reads on, to the end of `chunk` or of the body. Pieces are views of `chunk` and never empty.
   * @throws HttpFault for what is no body, or exceeds a limit. Nothing more may be read then.
   */
  read(chunk: Uint8Array, start: number, take: (piece: Uint8Array) => void): void;
  /**
   * The stream has ended, before the body was complete.
   * @throws HttpFault unless that ends the body.
   */
  end(): void;
}

/** @param chunkLine `limits.chunkLine` */
export function createBodyReader(framing: Framing, chunkLine: number): BodyReader {
  if (framing.kind === "chunked") return new ChunkedReader(chunkLine);
  return new PlainReader(framing.kind === "length" ? framing.length : null);
}

class PlainReader implements BodyReader {
  /** Octets that are missing; null: until the stream ends. */
  #missing: number | null;
  #complete: boolean;

  constructor(length: number | null) {
    this.#missing = length;
    this.#complete = length === 0;
  }

  get complete(): boolean {
    return this.#complete;
  }

  read(chunk: Uint8Array, start: number, take: (piece: Uint8Array) => void): void {
    const missing = this.#missing ?? Infinity;
    const end = Math.min(chunk.length, start + missing);
    if (start < end) take(chunk.subarray(start, end));
    if (this.#missing === null) return;
    this.#missing -= end - start;
    this.#complete = this.#missing === 0;
  }

  end(): void {
    if (this.#missing !== null) {
      throw new HttpFault(
        `the stream ended, expected ${this.#missing} more octets of the body`,
        "ERR_STREAM_ENDED",
      );
    }
    this.#complete = true;
  }
}

class ChunkedReader implements BodyReader {
  readonly #limit: number;
  readonly #trailers: HeadReader<null> = new HeadReader(TRAILERS, {
    head: Infinity,
    headerLines: Infinity,
    requestLine: 0,
  });
  #stage: Stage = stages.SIZE;
  /** Octets of the current line, then of the trailers. */
  #lineSize: number = 0;
  /** The size of the chunk, then what is missing of it. */
  #size: number = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get complete(): boolean {
    return this.#stage === stages.COMPLETE;
  }

  read(chunk: Uint8Array, start: number, take: (piece: Uint8Array) => void): void {
    let offset = start;
    while (offset < chunk.length && !this.complete) {
      if (this.#stage === stages.DATA) {
        const end = Math.min(chunk.length, offset + this.#size);
        take(chunk.subarray(offset, end));
        this.#size -= end - offset;
        if (this.#size === 0) this.#stage = stages.DATA_CR;
        offset = end;
      } else if (this.#stage === stages.TRAILERS) {
        offset = this.#readTrailers(chunk, offset);
      } else {
        this.#readOctet(chunk[offset]!);
        offset += 1;
      }
    }
  }

  end(): void {
    throw new HttpFault(
      "the stream ended, expected the last chunk of the body",
      "ERR_STREAM_ENDED",
    );
  }

  /** One octet of the lines around the data. */
  #readOctet(octet: number): void {
    switch (this.#stage) {
      case stages.SIZE:
        return this.#readSize(octet);
      case stages.SPACE:
        if (octet === SEMICOLON) this.#stage = stages.EXTENSION;
        else if (octet !== SP && octet !== HTAB) throw unexpected(octet, "a semicolon");
        return this.#countOctet();
      case stages.EXTENSION:
        if (octet === CR) {
          this.#stage = stages.SIZE_LF;
          return;
        }
        if (!isValueOctet(octet)) throw unexpected(octet, "a chunk extension or CR LF");
        return this.#countOctet();
      case stages.DATA_CR:
        if (octet !== CR) throw unexpected(octet, "CR LF behind the chunk");
        this.#stage = stages.DATA_LF;
        return;
      default:
        if (octet !== LF) throw unexpected(octet, "LF after CR");
        this.#endLine();
    }
  }

  #readSize(octet: number): void {
    const digit = hexDigit(octet);
    if (digit !== null) {
      this.#size = this.#size * 16 + digit;
      if (this.#size > Number.MAX_SAFE_INTEGER) {
        throw new HttpFault("a chunk of 2^53 octets or more", "ERR_BODY");
      }
    } else if (this.#lineSize === 0) {
      throw unexpected(octet, "the size of a chunk");
    } else if (octet === CR) {
      this.#stage = stages.SIZE_LF;
      return;
    } else if (octet === SEMICOLON) {
      this.#stage = stages.EXTENSION;
    } else if (octet === SP || octet === HTAB) {
      this.#stage = stages.SPACE;
    } else {
      throw unexpected(octet, "a hexadecimal digit, a semicolon or CR LF");
    }
    this.#countOctet();
  }

  /** At the LF of a line. */
  #endLine(): void {
    this.#lineSize = 0;
    if (this.#stage === stages.DATA_LF) this.#stage = stages.SIZE;
    else this.#stage = this.#size === 0 ? stages.TRAILERS : stages.DATA;
  }

  #countOctet(): void {
    this.#lineSize += 1;
    if (this.#lineSize > this.#limit) throw this.#tooLong("a line of the chunked coding has");
  }

  /** They are checked, counted and not kept. The empty line behind them does not count. */
  #readTrailers(chunk: Uint8Array, offset: number): number {
    const end = Math.min(chunk.length, offset + this.#limit + 2 - this.#lineSize);
    const next = this.#trailers.read(chunk.subarray(0, end), offset);
    this.#lineSize += next - offset;
    if (this.#trailers.complete) this.#stage = stages.COMPLETE;
    else if (next < chunk.length) throw this.#tooLong("the trailers have");
    return next;
  }

  #tooLong(what: string): HttpFault {
    return new HttpFault(`${what} more than limits.chunkLine, ${this.#limit} octets`, "ERR_BODY");
  }
}

/** The value of a hexadecimal digit, null for any other octet. */
function hexDigit(octet: number): number | null {
  if (octet >= 0x30 && octet <= 0x39) return octet - 0x30;
  const letter = octet | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : null;
}

function unexpected(octet: number, expected: string): HttpFault {
  return new HttpFault(
    `octet 0x${octet.toString(16).padStart(2, "0")} in the body, expected ${expected}`,
    "ERR_BODY",
  );
}

const LAST_CHUNK = "0\r\n\r\n";

/** Writes a body in pieces. */
export class BodyWriter {
  readonly #chunked: boolean;
  /** Octets that are to come; null: any number. */
  #missing: number | null;

  constructor(framing: Framing) {
    this.#chunked = framing.kind === "chunked";
    this.#missing = framing.kind === "length" ? framing.length : null;
  }

  /**
   * The octets that send `data`, which is copied, and, with `last`, the end of the body.
   * @throws LocalProtocolError if that is more, or with `last` less, than the Content-Length
   */
  write(data: Uint8Array, options: { readonly last: boolean }): Uint8Array {
    if (this.#missing !== null) {
      const missing = this.#missing - data.length;
      if (missing < 0 || (options.last && missing > 0)) {
        throw new LocalProtocolError(
          `${data.length} octets of the body, expected ${this.#missing} by its Content-Length`,
          "ERR_BODY",
        );
      }
      this.#missing = missing;
    }
    // `Buffer.prototype.slice` would not copy.
    return this.#chunked ? writeChunk(data, options.last) : new Uint8Array(data);
  }
}

function writeChunk(data: Uint8Array, last: boolean): Uint8Array {
  const end = last ? LAST_CHUNK : "";
  if (data.length === 0) return encodeLatin1(end);
  const before = encodeLatin1(`${data.length.toString(16)}\r\n`);
  const after = encodeLatin1(`\r\n${end}`);
  const chunk = new Uint8Array(before.length + data.length + after.length);
  chunk.set(before, 0);
  chunk.set(data, before.length);
  chunk.set(after, before.length + data.length);
  return chunk;
}
