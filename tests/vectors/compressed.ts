import { bytesOf, type SemanticValue, type SendStep, type Step, textOf } from "./format.ts";
import { readDeflate } from "../helpers/deflate-tokens.ts";
import type { Outcome } from "./replay.ts";

/** What a sync flush ends with and RFC 7692, 7.2.1, leaves out. */
const TAIL = Uint8Array.of(0x00, 0x00, 0xff, 0xff);

/** Compares the steps that send compressed messages: other compressors give other octets, and that is fine. */
export function compareCompressed(bound: readonly Step[], outcomes: readonly Outcome[]): string[] {
  const sender = new CompressedSender();
  return bound.flatMap((step, index) => {
    if (step.op !== "send" || step.semantic === undefined) return [];
    const problem = sender.check(step, step.semantic, outcomes[index]!.bytes);
    return problem === null ? [] : [`step ${index}: ${problem}`];
  });
}

/** The compressed messages of one end, as they were sent. */
class CompressedSender {
  /** The compressed octets of all finished messages, with their tails. */
  #history: Uint8Array = new Uint8Array(0);
  #compressed: Uint8Array[] = [];
  #plain: Uint8Array[] = [];

  /** Takes what was sent for `step` and returns what is wrong with it, or null. */
  check(step: SendStep, semantic: SemanticValue, sent: Uint8Array | null): string | null {
    if (step.bytes === undefined) throw new Error("a semantic step without bytes");
    if (sent === null) return "nothing was sent";
    const expected = readFrame(bytesOf(step.bytes));
    const actual = readFrame(sent);
    if (typeof actual === "string") return actual;
    if (typeof expected === "string") return expected;
    if (actual.first !== expected.first) {
      return `expected a frame that starts with ${expected.first}, got ${actual.first}`;
    }
    if (actual.key !== expected.key)
      return `masking key: expected ${expected.key}, got ${actual.key}`;
    this.#compressed.push(actual.payload);
    this.#plain.push(dataOf(step));
    if ((actual.first & 0x80) === 0) return null;
    try {
      return this.#finish(semantic);
    } catch (error) {
      return `no DEFLATE: ${String(error)}`;
    }
  }

  #finish({ windowBits, takeover }: SemanticValue): string | null {
    const before = takeover ? this.#history : new Uint8Array(0);
    const message = Buffer.concat([...this.#compressed, TAIL]);
    const data = Buffer.concat(this.#plain);
    this.#history = Buffer.concat([this.#history, message]);
    this.#compressed = [];
    this.#plain = [];
    const already = readDeflate(before).output.length;
    const { blocks, output } = readDeflate(Buffer.concat([before, message]));
    if (!data.equals(output.subarray(already))) return "does not decompress to what was sent";
    const distance = Math.max(...blocks.map(({ maxDistance }) => maxDistance));
    return distance <= 2 ** windowBits
      ? null
      : `refers back by ${distance} octets with a window of ${windowBits} bits`;
  }
}

function dataOf({ event }: SendStep): Uint8Array {
  if (event.type === "TextMessage") return Buffer.from(textOf(event.data), "utf8");
  if (event.type === "BytesMessage") return bytesOf(event.data);
  throw new Error(`a ${event.type} is not compressed`);
}

interface Frame {
  /** FIN, the reserved bits and the opcode. */
  readonly first: number;
  /** The masking key in hex, or null. */
  readonly key: string | null;
  readonly payload: Uint8Array;
}

/** Reads octets that have to be one frame (RFC 6455, 5.2), or tells why they are none. */
function readFrame(octets: Uint8Array): Frame | string {
  const buffer = Buffer.from(octets);
  const [first = 0, second = 0] = buffer;
  const short = second & 0x7f;
  const [length, start] =
    short < 126
      ? [short, 2]
      : short === 126
        ? [buffer.readUInt16BE(2), 4]
        : [Number(buffer.readBigUInt64BE(2)), 10];
  const masked = (second & 0x80) !== 0;
  const end = start + (masked ? 4 : 0);
  if (buffer.length !== end + length) return `${buffer.length} octets, not one frame`;
  const key = masked ? buffer.subarray(start, end) : Buffer.alloc(4);
  return {
    first,
    key: masked ? key.toString("hex") : null,
    payload: buffer.subarray(end).map((octet, index) => octet ^ key[index % 4]!),
  };
}
