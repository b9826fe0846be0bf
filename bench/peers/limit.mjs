// No implementation at all: only the work on octets that none can do without, with the fastest means of Node, where
// all frame boundaries are known beforehand. What is left of the way to it is the cost of a protocol.

import bufferUtil from "bufferutil";

/** Below so many octets a loop is faster than a call of the add-on. */
const NATIVE_FROM = 64;
const POOL = 8 * 1024;

function headLength(size) {
  return size > 65_535 ? 10 : size > 125 ? 4 : 2;
}

function unmask(payload, key) {
  if (payload.length >= NATIVE_FROM) bufferUtil.unmask(payload, key);
  else for (let i = 0; i < payload.length; i++) payload[i] ^= key[i & 3];
}

const DECODERS = {
  binary: (payload) => payload,
  ascii: (payload) => payload.latin1Slice(0, payload.length),
  multibyte: (payload) => payload.utf8Slice(0, payload.length),
};

export function parser({ role, kind, size, pieceLength }, deliver) {
  const masked = role === "server";
  const head = headLength(size) + (masked ? 4 : 0);
  const decode = DECODERS[kind];
  const key = Buffer.alloc(4);
  const readFrame = (octets, offset) => {
    const start = offset + head;
    const payload = octets.subarray(start, start + size);
    if (masked) {
      for (let i = 0; i < 4; i++) key[i] = octets[start - 4 + i];
      unmask(payload, key);
    }
    deliver(decode(payload), true);
    return start + size;
  };
  if (pieceLength === undefined) {
    return {
      feed(chunk) {
        for (let offset = 0; offset < chunk.length;) offset = readFrame(chunk, offset);
      },
    };
  }
  let frame = null;
  let filled = 0;
  return {
    feed(chunk) {
      frame ??= Buffer.allocUnsafe(head + size);
      frame.set(chunk, filled);
      filled += chunk.length;
      if (filled < head + size) return;
      readFrame(frame, 0);
      frame = null;
      filled = 0;
    },
  };
}

const ENCODERS = {
  binary: (target, data, offset) => target.set(data, offset),
  ascii: (target, data, offset) => target.latin1Write(data, offset),
  multibyte: (target, data, offset) => target.utf8Write(data, offset),
};

export function serialiser({ role, kind, size }, write) {
  const masked = role === "client";
  const head = headLength(size) + (masked ? 4 : 0);
  const encode = ENCODERS[kind];
  const key = Buffer.from([0x9c, 0x5b, 0x21, 0xe8]);
  // One buffer for all, as the batching of messages allows; written when it is full.
  const output = Buffer.alloc(Math.max(POOL, head + size));
  const template = makeHead(kind, size, masked, head);
  let filled = 0;
  const flush = () => {
    write(output.subarray(0, filled));
    filled = 0;
  };
  return {
    send(data) {
      if (filled + head + size > output.length) flush();
      for (let i = 0; i < head; i++) output[filled + i] = template[i];
      encode(output, data, filled + head);
      if (masked) {
        for (let i = 0; i < 4; i++) output[filled + head - 4 + i] = key[i];
        if (size < NATIVE_FROM) {
          for (let i = 0; i < size; i++) output[filled + head + i] ^= key[i & 3];
        } else {
          const start = filled + head;
          bufferUtil.mask(output.subarray(start, start + size), key, output, start, size);
        }
      }
      filled += head + size;
    },
    idle: flush,
  };
}

function makeHead(kind, size, masked, length) {
  const head = Buffer.alloc(length);
  head[0] = kind === "binary" ? 0x82 : 0x81;
  head[1] = (masked ? 0x80 : 0) | (size > 65_535 ? 127 : size > 125 ? 126 : size);
  if (size > 65_535) head.writeBigUInt64BE(BigInt(size), 2);
  else if (size > 125) head.writeUInt16BE(size, 2);
  return head;
}
