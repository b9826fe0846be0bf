import { Extension, Opcode, PerMessageDeflate } from "../../src/index.ts";
import type { FrameContext, RsvBits } from "../../src/index.ts";
import {
  bytesOf,
  type ExtensionOutcome,
  type ExtensionValue,
  type FakeValue,
  type ProbeValue,
} from "./format.ts";

/** An extension that is never enabled and answers what it was told to. */
class FakeExtension extends Extension {
  readonly name: string;
  readonly #value: FakeValue;

  constructor(value: FakeValue) {
    super();
    this.name = value.name;
    this.#value = value;
  }

  override offer(): boolean | string {
    return this.#value.offer;
  }

  override accept(_offer: string): boolean | string | null {
    return this.#value.accept;
  }
}

/** An extension that is always enabled, owns one reserved bit, and adds to marked messages. */
class ProbeExtension extends Extension {
  readonly name: string;
  readonly #bit: keyof RsvBits;
  readonly #bits: RsvBits;
  readonly #inSuffix: Uint8Array;
  readonly #outSuffix: Uint8Array;
  readonly #refuseOpcode: number | null;
  readonly #refusePayload: Uint8Array | null;
  readonly #code: number;
  #control = false;
  #marked = false;

  constructor(value: ProbeValue) {
    super();
    this.name = value.name;
    this.#bit = `rsv${value.rsv}`;
    this.#bits = { rsv1: value.rsv === 1, rsv2: value.rsv === 2, rsv3: value.rsv === 3 };
    this.#inSuffix = bytesOf(value.inSuffix);
    this.#outSuffix = bytesOf(value.outSuffix);
    this.#refuseOpcode = value.refuseOpcode;
    this.#refusePayload = value.refusePayload === null ? null : bytesOf(value.refusePayload);
    this.#code = value.code;
  }

  override enabled(): boolean {
    return true;
  }

  override offer(): boolean | string {
    return true;
  }

  override frameInboundHeader(
    _context: FrameContext,
    opcode: Opcode,
    rsv: RsvBits,
    _payloadLength: number,
  ): RsvBits | number {
    if (opcode === this.#refuseOpcode) return this.#code;
    this.#control = opcode >= Opcode.CLOSE;
    if (startsMessage(opcode)) this.#marked = rsv[this.#bit];
    return this.#bits;
  }

  override frameInboundPayloadData(_context: FrameContext, data: Uint8Array): Uint8Array | number {
    const refused = this.#refusePayload;
    return refused !== null && Buffer.compare(refused, data) === 0 ? this.#code : data;
  }

  override frameInboundComplete(_context: FrameContext, fin: boolean): Uint8Array | number | null {
    return fin && this.#marked && !this.#control ? this.#inSuffix : null;
  }

  override frameOutbound(
    _context: FrameContext,
    opcode: Opcode,
    rsv: RsvBits,
    data: Uint8Array,
    fin: boolean,
  ): { rsv: RsvBits; data: Uint8Array } {
    if (opcode >= Opcode.CLOSE) return { rsv, data };
    return {
      rsv: startsMessage(opcode) ? { ...rsv, [this.#bit]: true } : rsv,
      data: fin ? Uint8Array.of(...data, ...this.#outSuffix) : data,
    };
  }
}

function startsMessage(opcode: Opcode): boolean {
  return opcode === Opcode.TEXT || opcode === Opcode.BINARY;
}

export function makeExtension(value: ExtensionValue): Extension {
  if (value.kind === "fake") return new FakeExtension(value);
  if (value.kind === "probe") return new ProbeExtension(value);
  const { name, finalize, acceptOffer, ...options } = value;
  const extension = new PerMessageDeflate(options);
  if (extension.name !== name) throw new Error(`no extension is called ${name}`);
  if (finalize !== undefined) extension.finalize(finalize);
  if (acceptOffer !== undefined) extension.accept(acceptOffer);
  return extension;
}

export function describeExtension(extension: Extension): ExtensionOutcome {
  const outcome = { name: extension.name, enabled: extension.enabled() };
  if (!(extension instanceof PerMessageDeflate)) return outcome;
  return {
    ...outcome,
    clientNoContextTakeover: extension.clientNoContextTakeover,
    serverNoContextTakeover: extension.serverNoContextTakeover,
    clientMaxWindowBits: extension.clientMaxWindowBits,
    serverMaxWindowBits: extension.serverMaxWindowBits,
  };
}
