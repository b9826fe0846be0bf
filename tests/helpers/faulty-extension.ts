import { Extension, type FrameContext } from "../../src/extensions/extension.ts";
import type { Opcode, RsvBits } from "../../src/frames/opcode.ts";

/** An extension that throws when it is told to. */
export class FaultyExtension extends Extension {
  readonly name: string = "faulty";
  /** What it throws for frames with these opcodes. */
  readonly outbound: Map<Opcode, unknown> = new Map();
  readonly inbound: Map<Opcode, unknown> = new Map();
  released: number = 0;

  override enabled(): boolean {
    return true;
  }

  offer(): boolean {
    return true;
  }

  override frameInboundHeader(
    context: FrameContext,
    opcode: Opcode,
    rsv: RsvBits,
    payloadLength: number,
  ): RsvBits | number {
    if (this.inbound.has(opcode)) throw this.inbound.get(opcode);
    return super.frameInboundHeader(context, opcode, rsv, payloadLength);
  }

  override frameOutbound(
    context: FrameContext,
    opcode: Opcode,
    rsv: RsvBits,
    data: Uint8Array,
    fin: boolean,
  ): { readonly rsv: RsvBits; readonly data: Uint8Array } {
    if (this.outbound.has(opcode)) throw this.outbound.get(opcode);
    return super.frameOutbound(context, opcode, rsv, data, fin);
  }

  override release(): void {
    this.released += 1;
  }
}
