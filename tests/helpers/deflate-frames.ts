import type { Extension, FrameContext } from "../../src/extensions/extension.ts";
import { PerMessageDeflate } from "../../src/extensions/permessage-deflate.ts";
import type { PerMessageDeflateOptions } from "../../src/extensions/permessage-deflate.ts";
import { Opcode, type RsvBits } from "../../src/frames/opcode.ts";
import { concat } from "./wire.ts";

/** A frame between two extensions: what is on the wire, without header and mask. */
export interface Frame {
  readonly opcode: Opcode;
  readonly fin: boolean;
  readonly rsv1: boolean;
  readonly data: Uint8Array;
}

/** `length` octets that do not compress, the same for the same `seed`. */
export function noise(length: number, seed: number = 1): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 24;
  });
}

export function contextOf(
  client: boolean,
  { budget = Infinity, compress }: { budget?: number; compress?: boolean | undefined } = {},
): FrameContext {
  return { client, budget, compress };
}

const noBits: RsvBits = { rsv1: false, rsv2: false, rsv3: false };

/** The frames of one message, a frame for each piece. */
export function sendMessage(
  sender: Extension,
  client: boolean,
  pieces: readonly Uint8Array[],
  { compress, opcode = Opcode.BINARY }: { compress?: boolean; opcode?: Opcode } = {},
): Frame[] {
  const context = contextOf(client, { compress });
  return pieces.map((piece, index) => {
    const fin = index === pieces.length - 1;
    const code = index === 0 ? opcode : Opcode.CONTINUATION;
    const { rsv, data } = sender.frameOutbound(context, code, noBits, piece, fin);
    return { opcode: code, fin, rsv1: rsv.rsv1, data };
  });
}

/** The payload of a single frame, or the close code that refused it; octets arrive `chunk` at a time. */
export function receiveFrame(
  receiver: Extension,
  client: boolean,
  frame: Frame,
  { budget = Infinity, chunk = Infinity }: { budget?: number; chunk?: number } = {},
): Uint8Array | number {
  const rsv: RsvBits = { ...noBits, rsv1: frame.rsv1 };
  const { data } = frame;
  const claim = receiver.frameInboundHeader(
    contextOf(client),
    frame.opcode,
    rsv,
    frame.data.length,
  );
  if (typeof claim === "number") return claim;
  const parts: Uint8Array[] = [];
  let left = budget;
  for (let offset = 0; offset < data.length; offset += chunk) {
    const piece = data.subarray(offset, offset + chunk);
    const part = receiver.frameInboundPayloadData(contextOf(client, { budget: left }), piece);
    if (typeof part === "number") return part;
    parts.push(part);
    left -= part.length;
  }
  const rest = receiver.frameInboundComplete(contextOf(client, { budget: left }), frame.fin);
  if (typeof rest === "number") return rest;
  if (rest !== null) parts.push(rest);
  return concat(...parts);
}

/** The joined payloads of data frames, or the close code that refused one of them. */
export function receiveMessage(
  receiver: Extension,
  client: boolean,
  frames: readonly Frame[],
  { budget = Infinity, chunk = Infinity }: { budget?: number; chunk?: number } = {},
): Uint8Array | number {
  const parts: Uint8Array[] = [];
  let left = budget;
  for (const frame of frames) {
    const part = receiveFrame(receiver, client, frame, { budget: left, chunk });
    if (typeof part === "number") return part;
    left -= part.length;
    parts.push(part);
  }
  return concat(...parts);
}

/** A compressed message of one binary frame with this payload. */
export function compressedFrame(payload: Uint8Array): Frame {
  return { opcode: Opcode.BINARY, fin: true, rsv1: true, data: payload };
}

/** Two ends that negotiated with each other. */
export function deflatePair(
  clientOptions: PerMessageDeflateOptions = {},
  serverOptions: PerMessageDeflateOptions = {},
): { client: PerMessageDeflate; server: PerMessageDeflate } {
  const client = new PerMessageDeflate(clientOptions);
  const server = new PerMessageDeflate(serverOptions);
  const answer = server.accept(`permessage-deflate; ${client.offer()}`);
  client.finalize(answer === "" ? "permessage-deflate" : `permessage-deflate; ${answer}`);
  return { client, server };
}

/** One end that was negotiated with `answer`, parameters only. */
export function finalized(
  answer: string = "",
  options: PerMessageDeflateOptions = {},
): PerMessageDeflate {
  const extension = new PerMessageDeflate(options);
  extension.finalize(answer === "" ? "permessage-deflate" : `permessage-deflate; ${answer}`);
  return extension;
}
