import { allocate, decodeLatin1 } from "#platform";
import { encodeLatin1 } from "../bytes/latin1.ts";
import type { HeaderList } from "../headers.ts";
import type { Limits } from "../limits.ts";
import { HttpFault } from "./fault.ts";
import { isTokenOctet, isValueOctet, trimSpace } from "./fields.ts";
import { knownName } from "./known-names.ts";
import type { HeadGrammar } from "./start-line.ts";

/*
 * The head of a message (RFC 9112, 2.1), read strictly (2.2): lines end with CR LF and nothing else does.
 *
 *   head       = start-line CRLF *( field-line CRLF ) CRLF
 *   field-line = field-name ":" OWS field-value OWS
 *
 * The trailers of the chunked coding (7.1.2) are a head without a start line.
 */

const HTAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SP = 0x20;
const COLON = 0x3a;

const stages = {
  START_LINE: 0,
  /** The LF of an empty line before the start line. */
  EMPTY_LINE_LF: 1,
  START_LINE_LF: 2,
  LINE_START: 3,
  NAME: 4,
  VALUE: 5,
  VALUE_LF: 6,
  LAST_LF: 7,
  COMPLETE: 8,
} as const;
type Stage = (typeof stages)[keyof typeof stages];

/**
 * Reads a head as it arrives, in pieces of any size, and fails at the first octet that is wrong. Each octet is looked at
 * once, copied at most twice and decoded once, however it arrives.
 */
export class HeadReader<Start> {
  readonly #grammar: HeadGrammar<Start>;
  readonly #limits: Pick<Limits, "head" | "headerLines" | "requestLine">;
  #stage: Stage;
  /** Octets of the head so far. */
  #size: number = 0;
  #emptyLines: number = 0;
  /** Which of the three parts of the start line is being read. */
  #part: number = 0;
  /** Octets of that part so far. */
  #partSize: number = 0;
  #lines: number = 0;
  #name: string = "";
  #value: string = "";
  /** Whether the line goes on with the value of the line before. */
  #folded: boolean = false;
  readonly #pending: PendingOctets = new PendingOctets();
  readonly #headers: [string, string][] = [];
  #start: Start | null = null;

  constructor(
    grammar: HeadGrammar<Start>,
    limits: Pick<Limits, "head" | "headerLines" | "requestLine">,
  ) {
    this.#grammar = grammar;
    this.#limits = limits;
    this.#stage = grammar.startLine === null ? stages.LINE_START : stages.START_LINE;
  }

  /** What the start line says, as soon as it is there. */
  get start(): Start | null {
    return this.#start;
  }

  /** The fields so far: names in lower case, values without white space around them. */
  get headers(): HeaderList {
    return this.#headers;
  }

  get complete(): boolean {
    return this.#stage === stages.COMPLETE;
  }

  /** Whether a part of the head has arrived; empty lines in front are none. */
  get begun(): boolean {
    return this.#stage !== stages.START_LINE || this.#pending.length > 0;
  }

  /**
   * Reads on, from `start`, and returns where it stopped: at the end of `chunk`, or behind the head.
   * @throws HttpFault for what is no head, or exceeds a limit. Nothing more may be read then.
   */
  read(chunk: Uint8Array, start: number): number {
    const end = Math.min(chunk.length, start + this.#limits.head - this.#size);
    let offset = start;
    while (offset < end && !this.complete) offset = this.#step(chunk, offset, end);
    this.#size += offset - start;
    if (offset < chunk.length && !this.complete) {
      throw new HttpFault(
        `the head has more than limits.head, ${this.#limits.head} octets`,
        "ERR_HEAD_SIZE",
        431,
      );
    }
    return offset;
  }

  /** Reads what of the current stage is in the chunk, at least one octet of it or the beginning of the next stage. */
  #step(chunk: Uint8Array, offset: number, end: number): number {
    switch (this.#stage) {
      case stages.START_LINE:
        return this.#readStartLine(chunk, offset, end);
      case stages.LINE_START:
        return this.#startLine(chunk[offset]!, offset);
      case stages.NAME:
        return this.#readName(chunk, offset, end);
      case stages.VALUE:
        return this.#readValue(chunk, offset, end);
      default:
        if (chunk[offset] !== LF) throw unexpected(chunk[offset]!, "LF after CR");
        this.#endLine();
        return offset + 1;
    }
  }

  #readStartLine(chunk: Uint8Array, offset: number, end: number): number {
    // Trailers never come to this stage.
    const grammar = this.#grammar.startLine!;
    for (let index = offset; index < end; index++) {
      const octet = chunk[index]!;
      const part = grammar.parts[this.#part]!;
      const size = this.#pending.length + index - offset;
      if (octet === CR && size === 0 && this.#emptyLines < this.#grammar.emptyLines) {
        this.#stage = stages.EMPTY_LINE_LF;
        return index + 1;
      }
      const last = this.#part === grammar.parts.length - 1;
      if (octet === (last ? CR : SP)) {
        if (this.#partSize < part.least) throw unexpected(octet, part.expected);
        if (last) {
          this.#value = this.#pending.take(chunk, offset, index);
          this.#stage = stages.START_LINE_LF;
          return index + 1;
        }
        this.#part += 1;
        this.#partSize = 0;
      } else {
        if (!part.accepts(octet, this.#partSize)) throw unexpected(octet, part.expected);
        this.#partSize += 1;
      }
      if (size >= this.#limits.requestLine) {
        throw new HttpFault(
          `the ${grammar.name} has more than limits.requestLine, ${this.#limits.requestLine} octets`,
          "ERR_HEAD_SIZE",
          414,
        );
      }
    }
    this.#pending.add(chunk, offset, end);
    return end;
  }

  #startLine(octet: number, offset: number): number {
    if (octet === CR) {
      this.#stage = stages.LAST_LF;
      return offset + 1;
    }
    this.#folded = octet === SP || octet === HTAB;
    if (this.#folded && !(this.#grammar.folding && this.#headers.length > 0)) {
      throw unexpected(octet, "a field name");
    }
    this.#lines += 1;
    if (this.#lines > this.#limits.headerLines) {
      throw new HttpFault(
        `the head has more than limits.headerLines, ${this.#limits.headerLines} lines`,
        "ERR_HEAD_SIZE",
        431,
      );
    }
    this.#stage = this.#folded ? stages.VALUE : stages.NAME;
    return offset;
  }

  #readName(chunk: Uint8Array, offset: number, end: number): number {
    let index = offset;
    while (index < end && isTokenOctet(chunk[index]!)) index++;
    if (index === end) {
      this.#pending.add(chunk, offset, end);
      return end;
    }
    const octet = chunk[index]!;
    if (octet !== COLON || this.#pending.length + index - offset === 0) {
      throw unexpected(octet, "a field name and a colon right behind it");
    }
    const known = this.#pending.length === 0 ? knownName(chunk, offset, index) : null;
    this.#name = known ?? this.#pending.take(chunk, offset, index).toLowerCase();
    this.#stage = stages.VALUE;
    return index + 1;
  }

  #readValue(chunk: Uint8Array, offset: number, end: number): number {
    let index = offset;
    while (index < end && isValueOctet(chunk[index]!)) index++;
    if (index === end) {
      this.#pending.add(chunk, offset, end);
      return end;
    }
    if (chunk[index] !== CR) throw unexpected(chunk[index]!, "a field value or CR LF");
    this.#value = trimSpace(this.#pending.take(chunk, offset, index));
    this.#stage = stages.VALUE_LF;
    return index + 1;
  }

  /** At the LF of a line. */
  #endLine(): void {
    switch (this.#stage) {
      case stages.EMPTY_LINE_LF:
        this.#emptyLines += 1;
        this.#stage = stages.START_LINE;
        return;
      case stages.LAST_LF:
        this.#stage = stages.COMPLETE;
        return;
      case stages.VALUE_LF:
        this.#endField();
        break;
      default:
        this.#start = this.#grammar.startLine!.read(this.#value);
    }
    this.#stage = stages.LINE_START;
  }

  #endField(): void {
    if (this.#folded) {
      // A fold and the white space around it stand for one space (5.2). Nothing is trimmed here, that would be
      // work in proportion to the whole value for each line.
      const last = this.#headers.at(-1)!;
      const gap = last[1] === "" || this.#value === "" ? "" : " ";
      last[1] += gap + this.#value;
    } else {
      this.#headers.push([this.#name, this.#value]);
    }
  }
}

const NO_OCTETS: Uint8Array = new Uint8Array(0);

/** The octets of a name, a value or a start line of which the end has not arrived. */
class PendingOctets {
  #octets: Uint8Array = NO_OCTETS;
  #length: number = 0;

  get length(): number {
    return this.#length;
  }

  add(chunk: Uint8Array, start: number, end: number): void {
    const length = this.#length + end - start;
    if (length > this.#octets.length) {
      const grown = allocate(Math.max(64, 2 * length));
      grown.set(this.#octets.subarray(0, this.#length));
      this.#octets = grown;
    }
    this.#octets.set(chunk.subarray(start, end), this.#length);
    this.#length = length;
  }

  /** All of them, with the last ones, as text. */
  take(chunk: Uint8Array, start: number, end: number): string {
    if (this.#length === 0) return decodeLatin1(chunk, start, end);
    this.add(chunk, start, end);
    const text = decodeLatin1(this.#octets, 0, this.#length);
    this.#length = 0;
    return text;
  }
}

function unexpected(octet: number, expected: string): HttpFault {
  return new HttpFault(`octet 0x${octet.toString(16).padStart(2, "0")}, expected ${expected}`);
}

/**
 * Writes a head, of which all parts were checked.
 * @param firstLines the start line, perhaps with fields; without the last CR LF
 */
export function writeHead(firstLines: string, headers: HeaderList): Uint8Array {
  let text = `${firstLines}\r\n`;
  for (const field of headers) text += `${field[0]}: ${field[1]}\r\n`;
  return encodeLatin1(`${text}\r\n`);
}
