import { ParseFailed } from "../errors.ts";
import { CloseCode } from "./close.ts";
import { Opcode } from "./opcode.ts";

/*
 * The header of a frame (RFC 6455, 5.2):
 *
 *    0                   1                   2                   3
 *    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *   +-+-+-+-+-------+-+-------------+-------------------------------+
 *   |F|R|R|R| opcode|M| length  (7) | length, if 126 (16)           |
 *   |I|S|S|S|  (4)  |A|             | or 127 (64)                   |
 *   |N|V|V|V|       |S|             |                               |
 *   | |1|2|3|       |K|             |                               |
 *   +-+-+-+-+-------+-+-------------+-------------------------------+
 *   | masking key (32), if MASK is set                              |
 *   +---------------------------------------------------------------+
 */

export const FIN = 0x80;
export const MASK = 0x80;
export const LENGTH_16 = 126;
export const LENGTH_64 = 127;
/** The first octets of messages of one frame, as most are. */
export const WHOLE_TEXT: number = FIN | Opcode.TEXT;
export const WHOLE_BINARY: number = FIN | Opcode.BINARY;
/** Octets that a control frame's payload may have (5.5). */
export const MAX_CONTROL_PAYLOAD = 125;
const MAX_LENGTH_16 = 0xffff;
/** Octets of a masking key (5.3). */
export const KEY_SIZE = 4;

/** Bit `n` of the opcodes of 5.2 is set where opcode `n` is defined. */
const DEFINED_OPCODES = 0b0000_0111_0000_0111;

/** Octets of the header before the masking key, told by its second octet. */
export function headerSize(second: number): number {
  const length = second & 0x7f;
  return length < LENGTH_16 ? 2 : length === LENGTH_16 ? 4 : 10;
}

/** A frame header as it is read, one field after the other; the members hold until the next one is read. */
export class FrameHeader {
  fin: boolean = false;
  /** The reserved bits as a number: RSV1 is 4, RSV2 is 2, RSV3 is 1. */
  rsv: number = 0;
  opcode: Opcode = Opcode.CONTINUATION;
  masked: boolean = false;
  /** Octets of the payload. Above 2^53 - 1 it is only known to be too much. */
  length: number = 0;

  /**
   * Reads the first two octets and checks what they tell.
   * @throws ParseFailed for an unknown opcode, and for a control frame that is fragmented or too long (5.5).
   */
  readOpening(first: number, second: number): void {
    const opcode = first & 0x0f;
    if (((DEFINED_OPCODES >>> opcode) & 1) === 0) {
      fail(`Invalid opcode 0x${opcode.toString(16)}`, "ERR_OPCODE");
    }
    this.fin = (first & FIN) !== 0;
    if (opcode >= Opcode.CLOSE) {
      if (!this.fin) fail("Invalid attempt to fragment control frame", "ERR_CONTROL_FRAGMENTED");
      if ((second & 0x7f) > MAX_CONTROL_PAYLOAD) {
        fail("Control frame with payload len > 125", "ERR_CONTROL_LENGTH");
      }
    }
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- one of DEFINED_OPCODES, see above
    this.opcode = opcode as Opcode;
    this.rsv = (first >>> 4) & 7;
    this.masked = (second & MASK) !== 0;
    this.length = second & 0x7f;
  }

  /**
   * Reads the extended length at `offset`, after `readOpening`; the caller knows that it is there.
   * @throws ParseFailed for a length that is not in its shortest form, or has its top bit set.
   */
  readExtendedLength(source: Uint8Array, offset: number): void {
    if (this.length === LENGTH_16) {
      this.length = source[offset]! * 0x100 + source[offset + 1]!;
      if (this.length <= MAX_CONTROL_PAYLOAD) {
        fail("Payload length used 2 bytes when 1 would have sufficed", "ERR_LENGTH_ENCODING");
      }
      return;
    }
    const high = readUint32(source, offset);
    const low = readUint32(source, offset + 4);
    // A product with 2^32 is a double to V8, even 0, and so would be all that is reckoned with lengths from then on.
    this.length = high === 0 ? low : high * 0x1_0000_0000 + low;
    if (this.length <= MAX_LENGTH_16) {
      fail("Payload length used 8 bytes when 2 would have sufficed", "ERR_LENGTH_ENCODING");
    }
    if (high > 0x7fff_ffff) fail("8-byte payload length with non-zero MSB", "ERR_LENGTH_ENCODING");
  }
}

/** The masking key at `offset` (see `bytes/mask.ts`). */
export function readKey(source: Uint8Array, offset: number): number {
  return (
    source[offset]! |
    (source[offset + 1]! << 8) |
    (source[offset + 2]! << 16) |
    (source[offset + 3]! << 24)
  );
}

function readUint32(source: Uint8Array, offset: number): number {
  return (
    source[offset]! * 0x100_0000 +
    (source[offset + 1]! << 16) +
    (source[offset + 2]! << 8) +
    source[offset + 3]!
  );
}

function fail(
  message: string,
  code: "ERR_OPCODE" | "ERR_CONTROL_FRAGMENTED" | "ERR_CONTROL_LENGTH" | "ERR_LENGTH_ENCODING",
): never {
  throw new ParseFailed(message, code, CloseCode.PROTOCOL_ERROR);
}

/** Octets of the header that `writeHeader` writes. */
export function writtenHeaderSize(length: number, masked: boolean): number {
  const size = length <= MAX_CONTROL_PAYLOAD ? 2 : length <= MAX_LENGTH_16 ? 4 : 10;
  return masked ? size + KEY_SIZE : size;
}

/**
 * Writes a header with the shortest form of `length` at `offset`; there is room for it.
 * @param first the first octet, see `firstOctet`
 * @param key the masking key (see `bytes/mask.ts`), or null for a frame that is not masked
 */
export function writeHeader(
  target: Uint8Array,
  offset: number,
  first: number,
  length: number,
  key: number | null,
): void {
  const mask = key === null ? 0 : MASK;
  let position = offset + 2;
  target[offset] = first;
  if (length <= MAX_CONTROL_PAYLOAD) target[offset + 1] = mask | length;
  else position = writeLongLength(target, offset + 1, length, mask);
  if (key !== null) writeKey(target, position, key);
}

/** Writes a length that does not fit into the second octet, and that octet, at `offset`; returns where it ends. */
function writeLongLength(target: Uint8Array, offset: number, length: number, mask: number): number {
  if (length <= MAX_LENGTH_16) {
    target[offset] = mask | LENGTH_16;
    target[offset + 1] = length >>> 8;
    target[offset + 2] = length & 0xff;
    return offset + 3;
  }
  target[offset] = mask | LENGTH_64;
  writeUint32(target, offset + 1, Math.floor(length / 0x1_0000_0000));
  writeUint32(target, offset + 5, length >>> 0);
  return offset + 9;
}

function writeKey(target: Uint8Array, offset: number, key: number): void {
  target[offset] = key & 0xff;
  target[offset + 1] = (key >>> 8) & 0xff;
  target[offset + 2] = (key >>> 16) & 0xff;
  target[offset + 3] = key >>> 24;
}

/** The first octet of a header: FIN, the reserved bits as in `FrameHeader.rsv`, and the opcode. */
export function firstOctet(opcode: Opcode, rsv: number, fin: boolean): number {
  return (fin ? FIN : 0) | (rsv << 4) | opcode;
}

function writeUint32(target: Uint8Array, offset: number, value: number): void {
  target[offset] = value >>> 24;
  target[offset + 1] = (value >>> 16) & 0xff;
  target[offset + 2] = (value >>> 8) & 0xff;
  target[offset + 3] = value & 0xff;
}
