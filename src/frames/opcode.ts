const opcodes = {
  CONTINUATION: 0x0,
  TEXT: 0x1,
  BINARY: 0x2,
  CLOSE: 0x8,
  PING: 0x9,
  PONG: 0xa,
} as const;

/** The opcodes of RFC 6455, 5.2 and 11.8. Those with bit 3 set are control frames (5.5). */
export const Opcode: typeof opcodes = Object.freeze(opcodes);
export type Opcode = (typeof opcodes)[keyof typeof opcodes];

/** Whether a frame with this opcode is a control frame (RFC 6455, 5.5). */
export function isControl(opcode: Opcode): boolean {
  return (opcode & 0x8) !== 0;
}

/** The reserved bits of a frame header (RFC 6455, 5.2), which extensions may claim. */
export interface RsvBits {
  readonly rsv1: boolean;
  readonly rsv2: boolean;
  readonly rsv3: boolean;
}
