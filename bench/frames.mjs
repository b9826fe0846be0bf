// Frames of RFC 6455, 5.2, written and read as plainly as possible: what all implementations are checked against.

import { constants, deflateRawSync, inflateRawSync } from "node:zlib";

const CONTINUATION = 0;
const TEXT = 1;
const BINARY = 2;
/** What a sender of permessage-deflate leaves out at the end of a message (RFC 7692, 7.2.1). */
const TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff]);

/**
 * One frame; by default a whole message. `first`, `last`: its place among the fragments of a message.
 * @param {{ text: boolean, payload: Buffer, key: Buffer | null, compressed?: boolean, first?: boolean, last?: boolean }} frame
 */
export function writeFrame({ text, payload, key, compressed = false, first = true, last = true }) {
  const length = payload.length;
  const extended = length > 65_535 ? 8 : length > 125 ? 2 : 0;
  const head = Buffer.alloc(2 + extended + (key === null ? 0 : 4));
  const opcode = first ? (text ? TEXT : BINARY) : CONTINUATION;
  head[0] = (last ? 0x80 : 0) | (compressed ? 0x40 : 0) | opcode;
  head[1] = (key === null ? 0 : 0x80) | (extended === 8 ? 127 : extended === 2 ? 126 : length);
  if (extended === 2) head.writeUInt16BE(length, 2);
  if (extended === 8) head.writeBigUInt64BE(BigInt(length), 2);
  if (key === null) return Buffer.concat([head, payload]);
  key.copy(head, 2 + extended);
  return Buffer.concat([head, masked(payload, key)]);
}

function masked(payload, key) {
  const out = Buffer.from(payload);
  for (let i = 0; i < out.length; i++) out[i] ^= key[i & 3];
  return out;
}

/** The messages in `octets`, which must be whole frames with FIN, masked or not as `isMasked` says. */
export function readFrames(octets, isMasked) {
  const messages = [];
  for (let offset = 0; offset < octets.length;) {
    const opcode = octets[offset] & 0x0f;
    const compressed = (octets[offset] & 0x40) !== 0;
    require((octets[offset] & 0xb0) === 0x80, "a frame with FIN and no RSV2, RSV3");
    require(opcode === TEXT || opcode === BINARY, "the opcode of a message");
    require(octets[offset + 1] >>> 7 === (isMasked ? 1 : 0), isMasked ? "a mask" : "no mask");
    let length = octets[offset + 1] & 0x7f;
    offset += 2;
    if (length === 126) {
      length = octets.readUInt16BE(offset);
      require(length > 125, "the shortest form of the length");
      offset += 2;
    } else if (length === 127) {
      length = Number(octets.readBigUInt64BE(offset));
      require(length > 65_535, "the shortest form of the length");
      offset += 8;
    }
    const key = isMasked ? octets.subarray(offset, offset + 4) : Buffer.alloc(4);
    offset += isMasked ? 4 : 0;
    require(offset + length <= octets.length, "a whole frame");
    const payload = masked(octets.subarray(offset, offset + length), key);
    messages.push({ text: opcode === TEXT, payload, compressed });
    offset += length;
  }
  return messages;
}

function require(holds, expected) {
  if (!holds) throw new Error(`what was serialised has not ${expected}`);
}

/**
 * The payloads of one stream of permessage-deflate. With context takeover the first refers to nothing before it, so that the
 * row can be received over and over again; without it none does.
 */
export function deflateAll(payloads, takeover) {
  return payloads.map((payload, i) => {
    const window = Buffer.concat(payloads.slice(0, i)).subarray(-32_768);
    const compressed = deflateRawSync(payload, {
      finishFlush: constants.Z_SYNC_FLUSH,
      ...(takeover && window.length > 0 && { dictionary: window }),
    });
    return compressed.subarray(0, -TAIL.length);
  });
}

/** What the payloads of one stream of permessage-deflate hold, together. */
export function inflateAll(payloads, takeover) {
  const streams = takeover ? [payloads] : payloads.map((payload) => [payload]);
  return Buffer.concat(
    streams.map((stream) =>
      inflateRawSync(Buffer.concat(stream.flatMap((payload) => [payload, TAIL])), {
        finishFlush: constants.Z_SYNC_FLUSH,
      }),
    ),
  );
}
