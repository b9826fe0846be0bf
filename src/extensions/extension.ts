import type { Opcode, RsvBits } from "../frames/opcode.ts";

/** What an extension may know of the connection at each call. */
export interface FrameContext {
  /** Whether this end is the client. */
  readonly client: boolean;
  /** Octets by which the message being received may still grow; who would exceed it returns 1009. */
  readonly budget: number;
  /** Whether the message being sent asks for compression; undefined: no wish. */
  readonly compress: boolean | undefined;
}

const noBits: RsvBits = { rsv1: false, rsv2: false, rsv3: false };

/** No reserved bit. */
export const NO_RSV_BITS: typeof noBits = Object.freeze(noBits);

/**
 * An extension of the protocol (RFC 6455, 9): how it is negotiated and what it does to frames. The frame hooks are
 * called for control frames too; a number that one returns is a close code (7.4) and fails the connection with it.
 *
 * Of extensions "foo, bar" in the answer, foo is applied first to what is sent and last to what is received (9.1).
 */
export abstract class Extension {
  /** The registered name, a token. */
  abstract readonly name: string;

  /** The reserved bits (RFC 6455, 5.2) that its frames use. Of two extensions that share one, one at most is in use. */
  readonly reservedBits: RsvBits = NO_RSV_BITS;

  /**
   * "message": it works on messages as wholes, and what its frames hold does not arrive as it was cut. "frame": it
   * needs exactly that, or marks single frames by reserved bits or extension data. Null: neither.
   * One of the first kind is never used behind one of the second (RFC 7692, 5).
   */
  readonly worksOn: "message" | "frame" | null = null;

  /**
   * Whether control frames, and messages without reserved bits, pass it as they are. If all extensions in use say so, the
   * payload hooks are not called for these.
   */
  readonly sparesUnmarked: boolean = false;

  /** Whether it was negotiated; an extension that is not takes no part in a connection. */
  enabled(): boolean {
    return false;
  }

  /** Client: true offers the bare name, a string also its parameters (`a=1; b`), false nothing. */
  abstract offer(): boolean | string;

  /**
   * Server: judges one offer, the whole element of the header. True or `""` accepts with the bare name, a string
   * with these parameters, null or false declines.
   */
  accept(_offer: string): boolean | string | null {
    return null;
  }

  /**
   * Client: takes the server's answer, the whole element of the header.
   * @throws RemoteProtocolError if the answer is not one to what was offered.
   */
  finalize(_answer: string): void {}

  /** Once for each received header, before its payload. Returns the reserved bits that this extension claims. */
  frameInboundHeader(
    _context: FrameContext,
    _opcode: Opcode,
    _rsv: RsvBits,
    _payloadLength: number,
  ): RsvBits | number {
    return NO_RSV_BITS;
  }

  /** For each piece of a received payload. Returns what takes its place. `data` must not be written to. */
  frameInboundPayloadData(_context: FrameContext, data: Uint8Array): Uint8Array | number {
    return data;
  }

  /** Once at the end of each received frame. Returns what is to be added to its payload. */
  frameInboundComplete(_context: FrameContext, _fin: boolean): Uint8Array | number | null {
    return null;
  }

  /** For each frame to be sent. Returns its reserved bits and its payload. `data` must not be written to. */
  frameOutbound(
    _context: FrameContext,
    _opcode: Opcode,
    rsv: RsvBits,
    data: Uint8Array,
    _fin: boolean,
  ): { readonly rsv: RsvBits; readonly data: Uint8Array } {
    return { rsv, data };
  }

  /**
   * Nothing more is received, and a Close at most is still to be sent: lets go of what it holds. May be called again.
   */
  release(): void {}
}
