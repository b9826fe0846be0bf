import { joinBytes } from "../bytes/join.ts";
import { ParseFailed } from "../errors.ts";
import { CloseCode } from "../frames/close.ts";
import type { RsvPolicy } from "../frames/decoder.ts";
import { isControl, Opcode, type RsvBits } from "../frames/opcode.ts";
import type { Extension, FrameContext } from "./extension.ts";

/** The context of one direction, changed from call to call. */
class CurrentContext implements FrameContext {
  readonly client: boolean;
  budget: number = 0;
  compress: boolean | undefined = undefined;

  constructor(client: boolean) {
    this.client = client;
  }
}

/** A frame on its way out, with what the extensions made of it. */
export interface OutboundFrame {
  readonly opcode: Opcode;
  readonly fin: boolean;
  readonly rsv: number;
  readonly data: Uint8Array;
}

/**
 * The extensions of a connection, applied in the order of RFC 6455, 9.1: as listed to what is sent, the other way round
 * to what is received.
 */
export class ExtensionPipeline implements RsvPolicy {
  readonly #outward: readonly Extension[];
  readonly #inward: readonly Extension[];
  readonly #receiving: CurrentContext;
  readonly #sending: CurrentContext;
  /** Then no payload hook is called for control frames, and for messages without reserved bits. */
  readonly #sparesUnmarked: boolean;
  #messageChanges: boolean = false;

  /** @param extensions those in use, in the order of the answer; not empty */
  constructor(client: boolean, extensions: readonly Extension[]) {
    this.#outward = extensions;
    this.#inward = [...extensions].reverse();
    this.#receiving = new CurrentContext(client);
    this.#sending = new CurrentContext(client);
    this.#sparesUnmarked = extensions.every((extension) => extension.sparesUnmarked);
  }

  claimedBits(opcode: Opcode, rsv: number, length: number): number {
    const bits = rsvBits[rsv]!;
    let claimed = 0;
    for (const extension of this.#inward) {
      const answer = extension.frameInboundHeader(this.#receiving, opcode, bits, length);
      if (typeof answer === "number") throw refused(answer);
      claimed |= rsvNumber(answer);
    }
    if (opcode === Opcode.TEXT || opcode === Opcode.BINARY) {
      this.#messageChanges = !this.#sparesUnmarked || rsv !== 0;
    }
    return claimed;
  }

  /** Whether the payload of a received frame with this opcode, whose header was read last, is not the message's own. */
  changes(opcode: Opcode): boolean {
    return isControl(opcode) ? !this.#sparesUnmarked : this.#messageChanges;
  }

  /**
   * What the extensions make of a piece of a received payload.
   * @param budget octets by which the message may still grow
   * @throws ParseFailed if one of them refuses it
   */
  inboundPayload(data: Uint8Array, budget: number): Uint8Array {
    this.#receiving.budget = budget;
    let changed = data;
    for (const extension of this.#inward) changed = this.#pass(extension, changed);
    return changed;
  }

  /** What the extensions add at the end of a received frame; each takes what those before it yield (9.1). */
  inboundComplete(fin: boolean, budget: number): Uint8Array {
    this.#receiving.budget = budget;
    let added = EMPTY;
    for (const extension of this.#inward) {
      const passed = added.length === 0 ? added : this.#pass(extension, added);
      const own = extension.frameInboundComplete(this.#receiving, fin);
      if (typeof own === "number") throw refused(own);
      if (own === null || own.length === 0) added = passed;
      else if (passed.length === 0) added = own;
      else added = joinBytes([passed, own], passed.length + own.length);
    }
    return added;
  }

  #pass(extension: Extension, data: Uint8Array): Uint8Array {
    const answer = extension.frameInboundPayloadData(this.#receiving, data);
    if (typeof answer === "number") throw refused(answer);
    return answer;
  }

  /** What the extensions make of a frame to be sent. */
  outbound(frame: OutboundFrame, compress: boolean | undefined): OutboundFrame {
    this.#sending.compress = compress;
    let bits = rsvBits[0]!;
    let { data } = frame;
    for (const extension of this.#outward) {
      const answer = extension.frameOutbound(this.#sending, frame.opcode, bits, data, frame.fin);
      bits = answer.rsv;
      data = answer.data;
    }
    return { opcode: frame.opcode, fin: frame.fin, rsv: rsvNumber(bits), data };
  }

  release(): void {
    for (const extension of this.#outward) extension.release();
  }
}

const EMPTY: Uint8Array = new Uint8Array(0);

/** The reserved bits of each number (see `FrameHeader.rsv`). */
const rsvBits: readonly RsvBits[] = [0, 1, 2, 3, 4, 5, 6, 7].map((number) =>
  Object.freeze({ rsv1: (number & 4) !== 0, rsv2: (number & 2) !== 0, rsv3: (number & 1) !== 0 }),
);

function rsvNumber(bits: RsvBits): number {
  return (bits.rsv1 ? 4 : 0) | (bits.rsv2 ? 2 : 0) | (bits.rsv3 ? 1 : 0);
}

function refused(closeCode: number): ParseFailed {
  const code = closeCode === CloseCode.MESSAGE_TOO_BIG ? "ERR_MESSAGE_SIZE" : "ERR_EXTENSION";
  return new ParseFailed("error in extension", code, closeCode);
}
