import { encodeUtf8Into } from "#platform";
import { copyBytes } from "../bytes/join.ts";
import { INPUT, kernel, WINDOW, windowView } from "../bytes/kernel.ts";
import { applyMask, rotateKey } from "../bytes/mask.ts";
import type { OutputBuffer } from "../bytes/output.ts";
import type { Randomness } from "../bytes/random.ts";
import { writeHeader, writtenHeaderSize } from "./header.ts";

/** A UTF-16 unit becomes three octets of UTF-8 at most. */
const MAX_UTF8_PER_UNIT = 3;
/** Text of more units is encoded elsewhere first, so that its block has the size of its octets and not of their bound. */
const DIRECT_UNITS = 4096;
/** Masked text of more units goes through the kernel's window anyway. */
const DIRECT_MASKED_UNITS = 64;
/** So many units fit into the window in any case. */
const WINDOW_UNITS: number = Math.floor(WINDOW / MAX_UTF8_PER_UNIT);

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
    if (key === null) copyBytes(payload, length, target, start + size);
    else applyMask(payload, 0, length, key, target, start + size);
    output.commit(size + length);
  }

  /** Writes a frame with `text` in UTF-8; lone surrogates become U+FFFD. */
  writeTextFrame(first: number, text: string, output: OutputBuffer): void {
    const key = this.#nextKey();
    if (text.length > WINDOW_UNITS) writeLongText(first, text, key, output);
    else if (text.length > (key === null ? DIRECT_UNITS : DIRECT_MASKED_UNITS)) {
      writeText(first, text, key, output);
    } else writeShortText(first, text, key, output);
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

/** Encodes where it is to be. */
function writeShortText(
  first: number,
  text: string,
  key: number | null,
  output: OutputBuffer,
): void {
  const bound = text.length * MAX_UTF8_PER_UNIT;
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
  if (masked) applyMask(target, payloadStart, payloadStart + length, key, target, payloadStart);
  output.commit(size + length);
}

/** Encodes in the kernel's window, which has room for it in any case. */
function writeText(first: number, text: string, key: number | null, output: OutputBuffer): void {
  const payload = encodeInWindow(text, key);
  const size = writtenHeaderSize(payload.length, key !== null);
  const target = output.reserve(size + payload.length);
  writeHeader(target, output.position, first, payload.length, key);
  target.set(payload, output.position + size);
  output.commit(size + payload.length);
}

/** Encodes part after part in the window, each put behind the one before, and puts the header in front in the end. */
function writeLongText(
  first: number,
  text: string,
  key: number | null,
  output: OutputBuffer,
): void {
  const masked = key !== null;
  // That of ASCII; other text moves only if its length needs the longer form.
  const assumed = writtenHeaderSize(text.length, masked);
  output.reserve(assumed + text.length);
  output.commit(assumed);
  let length = 0;
  for (let from = 0; from < text.length;) {
    const to = partEnd(text, from);
    const part = encodeInWindow(text.slice(from, to), masked ? rotateKey(key, length) : null);
    output.append(part);
    length += part.length;
    from = to;
  }
  const moved = writtenHeaderSize(length, masked) - assumed;
  const target = output.reserve(moved);
  output.commit(moved);
  const end = output.position - moved;
  if (moved > 0) target.copyWithin(end - length + moved, end - length, end);
  writeHeader(target, end - length - assumed, first, length, key);
}

/** The octets of `text`, masked: a view of the kernel's window, which has room for it. */
function encodeInWindow(text: string, key: number | null): Uint8Array {
  const shared = kernel();
  const length = encodeUtf8Into(text, shared.memory, INPUT);
  if (key !== null) shared.mask(INPUT, INPUT + length, key);
  return windowView(length);
}

/** Where a part of `text` ends that fits into the window, without cutting a surrogate pair. */
function partEnd(text: string, start: number): number {
  const end = start + WINDOW_UNITS;
  if (end >= text.length) return text.length;
  const unit = text.charCodeAt(end - 1);
  return unit >= 0xd800 && unit <= 0xdbff ? end - 1 : end;
}
