import { allocate, encodeUtf8Into } from "#platform";
import { applyMask, rotateKey } from "../bytes/mask.ts";
import type { OutputBuffer } from "../bytes/output.ts";
import type { Randomness } from "../bytes/random.ts";
import { writeHeader, writtenHeaderSize } from "./header.ts";

/** A UTF-16 unit becomes three octets of UTF-8 at most. */
const MAX_UTF8_PER_UNIT = 3;
/** Text of more units is encoded elsewhere first, so that its block has the size of its octets and not of their bound. */
const DIRECT_UNITS = 4096;
/** That place takes so many units at once: fresh memory would cost as much as all else (64 Ki units of ASCII: 50 %). */
const SCRATCH_UNITS = 65_536;

let scratch: Uint8Array | null = null;

/**
 * Writes frames (RFC 6455, 5.2): a client's masked, each with a key of its own (5.1, 5.3), a server's not.
 * `first` is the first octet of a frame, made by `firstOctet`.
 */
export class FrameEncoder {
  readonly #randomness: Randomness | null;

  /** @param randomness where a client's masking keys come from; null on a server */
  constructor(randomness: Randomness | null) {
    this.#randomness = randomness;
  }

  /** Whether the frames are masked, so that a payload cannot be sent as it is. */
  get masks(): boolean {
    return this.#randomness !== null;
  }

  /** Writes a frame with a copy of `payload`. */
  writeFrame(first: number, payload: Uint8Array, output: OutputBuffer): void {
    const { length } = payload;
    const key = this.#nextKey();
    const size = writtenHeaderSize(length, key !== null);
    const target = output.reserve(size + length);
    const start = output.position;
    writeHeader(target, start, first, length, key);
    if (key === null) target.set(payload, start + size);
    else applyMask(payload, 0, length, key, target, start + size);
    output.commit(size + length);
  }

  /** Writes a frame with `text` in UTF-8; lone surrogates become U+FFFD. */
  writeTextFrame(first: number, text: string, output: OutputBuffer): void {
    if (text.length > SCRATCH_UNITS) {
      this.#writeLongText(first, text, output);
      return;
    }
    if (text.length > DIRECT_UNITS) {
      const payload = (scratch ??= allocate(SCRATCH_UNITS * MAX_UTF8_PER_UNIT));
      this.writeFrame(first, payload.subarray(0, encodeUtf8Into(text, payload, 0)), output);
      return;
    }
    const bound = text.length * MAX_UTF8_PER_UNIT;
    const key = this.#nextKey();
    const masked = key !== null;
    // Where ASCII would end up; other text moves only if its length needs the longer form.
    const assumed = writtenHeaderSize(text.length, masked);
    const target = output.reserve(writtenHeaderSize(bound, masked) + bound);
    const start = output.position;
    const length = encodeUtf8Into(text, target, start + assumed);
    const size = writtenHeaderSize(length, masked);
    const payloadStart = start + size;
    if (size !== assumed) {
      target.copyWithin(payloadStart, start + assumed, start + assumed + length);
    }
    writeHeader(target, start, first, length, key);
    if (masked) {
      applyMask(target, payloadStart, payloadStart + length, key, target, payloadStart);
    }
    output.commit(size + length);
  }

  /**
   * Encodes part after part, each behind the one before, and puts the header in front in the end. It has the longest form
   * in any case.
   */
  #writeLongText(first: number, text: string, output: OutputBuffer): void {
    const key = this.#nextKey();
    const size = writtenHeaderSize(text.length, key !== null);
    output.reserve(size + text.length);
    output.commit(size);
    let length = 0;
    for (let from = 0; from < text.length;) {
      const to = partEnd(text, from);
      const part = (scratch ??= allocate(SCRATCH_UNITS * MAX_UTF8_PER_UNIT));
      const count = encodeUtf8Into(text.slice(from, to), part, 0);
      const target = output.reserve(count);
      if (key === null) target.set(part.subarray(0, count), output.position);
      else applyMask(part, 0, count, rotateKey(key, length), target, output.position);
      output.commit(count);
      length += count;
      from = to;
    }
    writeHeader(output.reserve(0), output.position - size - length, first, length, key);
  }

  /** Writes the header alone of a frame that is not masked, for a payload that is sent as it is. Servers only. */
  writeHeaderOnly(first: number, length: number, output: OutputBuffer): void {
    const size = writtenHeaderSize(length, false);
    const target = output.reserve(size);
    writeHeader(target, output.position, first, length, null);
    output.commit(size);
  }

  #nextKey(): number | null {
    return this.#randomness === null ? null : this.#randomness.maskingKey();
  }
}

/** Where a part of `text` ends that fits, without cutting a surrogate pair. */
function partEnd(text: string, start: number): number {
  const end = start + SCRATCH_UNITS;
  if (end >= text.length) return text.length;
  const unit = text.charCodeAt(end - 1);
  return unit >= 0xd800 && unit <= 0xdbff ? end - 1 : end;
}
