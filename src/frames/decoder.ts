import { allocate } from "#platform";
import { INPUT } from "../bytes/kernel.ts";
import { applyMask, rotateKey, unmaskReceived } from "../bytes/mask.ts";
import { isReceived } from "../bytes/receive-buffer.ts";
import type { Utf8Decoder } from "../bytes/utf8.ts";
import { ParseFailed } from "../errors.ts";
import { ChunkReader, EMPTY } from "./chunks.ts";
import { CloseCode } from "./close.ts";
import {
  FrameHeader,
  headerSize,
  KEY_SIZE,
  LENGTH_16,
  LENGTH_64,
  MASK,
  MAX_CONTROL_PAYLOAD,
  readKey,
  WHOLE_BINARY,
  WHOLE_TEXT,
} from "./header.ts";
import { Opcode } from "./opcode.ts";

/** Decides which reserved bits a received header may have. */
export interface RsvPolicy {
  /**
   * Returns the bits that are claimed, as a number like `FrameHeader.rsv`.
   * @throws ParseFailed if the header is refused.
   */
  claimedBits(opcode: Opcode, rsv: number, length: number): number;
}

/** So few octets are copied: a view, though it is made faster, would keep the whole chunk alive. */
const COPIED_SIZE = 64;
/** So many octets of a chunk that is lent are copied for themselves. */
const LARGE = 16 * 1024;

/**
 * A cursor over the received octets (RFC 6455, 5.2). The caller asks for one frame's header, key and payload after the
 * other; each answers whether it is there. Chunks are borrowed until they are read; only an unfinished header or
 * control frame is copied.
 */
export class FrameDecoder extends ChunkReader {
  readonly header: FrameHeader = new FrameHeader();
  /** Octets of the frame's payload that have not been taken. */
  remaining: number = 0;

  readonly #client: boolean;
  readonly #ownsInput: boolean;
  readonly #rsvPolicy: RsvPolicy | null;
  /** The octets of a header or control payload that have come, until the rest does. */
  #carry: Uint8Array = EMPTY;
  #carried: number = 0;
  /** The masking key, turned so that its first octet is for the next octet of the payload. 0: not masked. */
  #key: number = 0;
  #keyMissing: boolean = false;

  constructor(options: {
    readonly client: boolean;
    readonly ownsInput: boolean;
    readonly rsvPolicy: RsvPolicy | null;
  }) {
    super();
    this.#client = options.client;
    this.#ownsInput = options.ownsInput;
    this.#rsvPolicy = options.rsvPolicy;
  }

  override clear(): void {
    super.clear();
    this.#carried = 0;
  }

  /**
   * Opens a frame that is a whole message with nothing unusual about it: FIN, TEXT or BINARY, no reserved bit, masked as
   * it must be, at most `limit` octets, all of them in the chunk. Returns the octets of its payload, which can be taken
   * then. -1 for every other one: nothing was read, and it is for `readHeader` to tell what is wrong, if anything is.
   *
   * In one function, most of what servers get costs half as much as step by step.
   */
  openWhole(limit: number): number {
    const source = this.source;
    const offset = this.offset;
    const available = source.length - offset;
    if (available < 2 || this.#carried > 0) return -1;
    const first = source[offset]!;
    const second = source[offset + 1]!;
    const client = this.#client;
    if ((first !== WHOLE_BINARY && first !== WHOLE_TEXT) || second < MASK !== client) return -1;
    let size = 2;
    let length = second & 0x7f;
    if (length >= LENGTH_16) {
      if (length === LENGTH_64 || available < 4) return -1;
      length = source[offset + 2]! * 0x100 + source[offset + 3]!;
      if (length < LENGTH_16) return -1;
      size = 4;
    }
    const start = client ? size : size + KEY_SIZE;
    if (length > limit || available < start + length) return -1;
    this.#key = client ? 0 : readKey(source, offset + size);
    this.offset = offset + start;
    this.header.opcode = first === WHOLE_TEXT ? Opcode.TEXT : Opcode.BINARY;
    this.remaining = length;
    return length;
  }

  /**
   * Reads a header up to its length, when the one before was read with its payload.
   * @throws ParseFailed at the first fault that it shows.
   */
  readHeader(): boolean {
    const source = this.source;
    const offset = this.offset;
    if (this.#carried > 0) return this.#readCarriedHeader();
    const available = source.length - offset;
    if (available < 2) return this.#readCarriedHeader();
    const { header } = this;
    const second = source[offset + 1]!;
    const size = headerSize(second);
    if (available < size) return this.#readCarriedHeader();
    header.readOpening(source[offset]!, second);
    if (size > 2) header.readExtendedLength(source, offset + 2);
    this.offset = offset + size;
    this.#beginFrame();
    return true;
  }

  #readCarriedHeader(): boolean {
    if (!this.#carryUpTo(2)) return false;
    const carry = this.#carry;
    this.header.readOpening(carry[0]!, carry[1]!);
    const size = headerSize(carry[1]!);
    if (!this.#carryUpTo(size)) return false;
    if (size > 2) this.header.readExtendedLength(carry, 2);
    this.#carried = 0;
    this.#beginFrame();
    return true;
  }

  /** Checks what depends on the connection, in the reference's order: reserved bits (5.2), then masking (5.1). */
  #beginFrame(): void {
    const { opcode, rsv, masked, length } = this.header;
    const claimed = this.#rsvPolicy === null ? 0 : this.#rsvPolicy.claimedBits(opcode, rsv, length);
    if ((rsv & ~claimed) !== 0) {
      throw new ParseFailed("Reserved bit set unexpectedly", "ERR_RSV", CloseCode.PROTOCOL_ERROR);
    }
    if (masked === this.#client) {
      const message = masked
        ? "client received unexpected masked frame"
        : "server received unexpected unmasked frame";
      throw new ParseFailed(message, "ERR_MASK", CloseCode.PROTOCOL_ERROR);
    }
    this.remaining = length;
    this.#keyMissing = masked;
  }

  /** Reads the masking key where there is one and it was not read yet. */
  readKey(): boolean {
    if (!this.#keyMissing) return true;
    let source = this.source;
    let offset = this.offset;
    if (this.#carried === 0 && source.length - offset >= KEY_SIZE) {
      this.offset = offset + KEY_SIZE;
    } else {
      if (!this.#carryUpTo(KEY_SIZE)) return false;
      this.#carried = 0;
      source = this.#carry;
      offset = 0;
    }
    this.#key = readKey(source, offset);
    this.#keyMissing = false;
    return true;
  }

  /** Octets of the payload that can be taken at once: those in the current chunk. */
  available(): number {
    let inChunk = this.source.length - this.offset;
    if (inChunk === 0 && this.remaining > 0 && this.nextChunk()) inChunk = this.source.length;
    return inChunk < this.remaining ? inChunk : this.remaining;
  }

  /** Takes `count` octets of the payload, unmasked: a view of the chunk or a copy. At most `available()`. */
  takeBytes(count: number): Uint8Array {
    const isView = count > COPIED_SIZE && this.#isViewed(count);
    const data = isView ? this.view(count) : allocate(count);
    if (!isView) this.#copyInto(count, data, 0);
    else if (this.#key !== 0) applyMask(data, 0, count, this.#key, data, 0);
    this.#advance(count);
    return data;
  }

  /** Whether the next `count` octets, more than are copied anyway, are given as a view of the chunk. */
  #isViewed(count: number): boolean {
    if (this.lent) {
      if (count >= LARGE || this.#isAlone(count)) return false;
      // One copy of all that has come, and views of it, cost less than a copy of each message.
      this.keep();
    }
    return this.#key === 0 || this.#ownsInput;
  }

  /** As `takeBytes`, to `offset` in `target`. */
  takeInto(count: number, target: Uint8Array, offset: number): void {
    this.#copyInto(count, target, offset);
    this.#advance(count);
  }

  #copyInto(count: number, target: Uint8Array, offset: number): void {
    if (this.#key !== 0 || count <= COPIED_SIZE) this.#unmaskInto(count, target, offset);
    else target.set(count === this.source.length ? this.source : this.view(count), offset);
  }

  /** As `takeInto`; returns whether all the octets are ASCII. */
  takeAsciiInto(count: number, target: Uint8Array, offset: number): boolean {
    const ascii = this.#unmaskInto(count, target, offset);
    this.#advance(count);
    return ascii;
  }

  #unmaskInto(count: number, target: Uint8Array, offset: number): boolean {
    const start = this.offset;
    const end = start + count;
    if (this.#isUnmaskedInPlace(count))
      return unmaskReceived(start, end, this.#key, target, offset);
    return this.#isAlone(count)
      ? applyMask(this.source, start, end, this.#key, target, offset)
      : applyMask(this.view(count), 0, count, this.#key, target, offset);
  }

  /** Takes `count` octets of the payload as text, at most `available()`. Null if they are not UTF-8. */
  takeText(count: number, decoder: Utf8Decoder, last: boolean): string | null {
    const start = this.offset;
    const end = start + count;
    let text: string | null;
    if (this.#isUnmaskedInPlace(count)) {
      text = decoder.decodeReceived(start, end, this.#key, last);
    } else {
      text = this.#isAlone(count)
        ? decoder.decode(this.source, start, end, this.#key, last)
        : decoder.decode(this.view(count), 0, count, this.#key, last);
    }
    this.#advance(count);
    return text;
  }

  /** Whether the next `count` octets are many, and can be changed where they have arrived. */
  #isUnmaskedInPlace(count: number): boolean {
    return count > COPIED_SIZE && this.lent && this.#ownsInput && isReceived(this.source);
  }

  /** Whether the next `count` octets are read where they are: they are few, or what surrounds them is copied along. */
  #isAlone(count: number): boolean {
    return count <= COPIED_SIZE || this.source.length - count <= INPUT;
  }

  /** Takes the whole payload of a control frame, once it is there. */
  takeControlPayload(): Uint8Array | null {
    const { length } = this.header;
    if (this.#carried === 0 && this.available() === length) return this.takeBytes(length);
    if (!this.#carryUpTo(length)) return null;
    this.#carried = 0;
    this.remaining = 0;
    const payload = new Uint8Array(length);
    applyMask(this.#carry, 0, length, this.#key, payload, 0);
    return payload;
  }

  #advance(count: number): void {
    this.offset += count;
    this.remaining -= count;
    if (this.remaining > 0) this.#key = rotateKey(this.#key, count);
  }

  /** Copies octets until `count` of them are carried. */
  #carryUpTo(count: number): boolean {
    while (this.#carried < count) {
      if (this.offset === this.source.length && !this.nextChunk()) return false;
      if (this.#carry === EMPTY) this.#carry = new Uint8Array(MAX_CONTROL_PAYLOAD);
      this.#carry[this.#carried++] = this.source[this.offset++]!;
    }
    return true;
  }
}
