// One case as a worker runs it: what goes in, what has to come out, and one turn of work to be timed.

import { deflateAll, inflateAll, readFrames, writeFrame } from "./frames.mjs";
import { makeMessages, randomNumbers, toOctets } from "./messages.mjs";

/** Octets and messages of one timed turn: enough to make the clock's own cost vanish, little enough for the cache. */
const TURN_OCTETS = 1024 * 1024;
const TURN_MESSAGES = 1024;
/** The longest row of different messages, in octets and in number. */
const VARIETY_OCTETS = 512 * 1024;
const VARIETY = 64;

function turnLength({ size, perChunk = 1, connections = 1, deflate = false }) {
  const messages = Math.ceil(TURN_OCTETS / size);
  if (deflate) return Math.min(messages, 32);
  const together = perChunk * connections;
  return Math.ceil(Math.min(TURN_MESSAGES, messages) / together) * together;
}

function variety(testCase, count) {
  return Math.max(1, Math.min(VARIETY, count, Math.floor(VARIETY_OCTETS / testCase.size)));
}

/** The messages of one turn: a few different ones in rotation. */
export function turnOfMessages(testCase) {
  const count = turnLength(testCase);
  const different = testCase.deflate ? count : variety(testCase, count);
  const messages = makeMessages(testCase.kind, testCase.size, different);
  return Array.from({ length: count }, (_, i) => messages[i % different]);
}

/** The chunks in which the messages of one turn arrive. */
export function turnOfChunks(testCase, messages) {
  const { size, perChunk, pieceLength, chunkLength } = testCase;
  const frames = turnOfFrames(testCase, messages);
  if (chunkLength !== undefined) return cut(Buffer.concat(frames), chunkLength);
  return pieceLength === undefined
    ? packed(frames, perChunk)
    : frames.flatMap((frame) => split(frame, pieceLength, frame.length - size));
}

function turnOfFrames({ role, kind, deflate = false, takeover = true, fragments = 1 }, messages) {
  const next = randomNumbers(messages.length);
  const payloads = messages.map(toOctets);
  return (deflate ? deflateAll(payloads, takeover) : payloads).flatMap((payload) => {
    const length = payload.length / fragments;
    return Array.from({ length: fragments }, (_, i) => {
      const key = Buffer.alloc(4);
      key.writeUInt32BE(next() || 1);
      return writeFrame({
        text: kind !== "binary",
        payload: payload.subarray(i * length, (i + 1) * length),
        key: role === "server" ? key : null,
        compressed: deflate,
        first: i === 0,
        last: i === fragments - 1,
      });
    });
  });
}

function cut(octets, length) {
  const pieces = [];
  for (let i = 0; i < octets.length; i += length) pieces.push(octets.subarray(i, i + length));
  return pieces;
}

function packed(frames, perChunk) {
  const chunks = [];
  for (let i = 0; i < frames.length; i += perChunk) {
    chunks.push(Buffer.concat(frames.slice(i, i + perChunk)));
  }
  return chunks;
}

/** The first piece has the head of the frame in addition, so that the others begin at a multiple of their length. */
function split(frame, pieceLength, headLength) {
  const first = headLength + pieceLength;
  return [frame.subarray(0, first), ...cut(frame.subarray(first), pieceLength)];
}

/** A Buffer with a store of its own, as one that comes from a socket. */
function ownStore(octets) {
  const copy = Buffer.from(new ArrayBuffer(octets.length));
  copy.set(octets);
  return copy;
}

/** A turn of parsing, by one connection or by several in rotation: `{ messages, refresh, run, check }`. */
export function parseBatch(testCase, makeParser) {
  const expected = turnOfMessages(testCase);
  const originals = turnOfChunks(testCase, expected);
  const chunks = originals.map(ownStore);
  let received = 0;
  let collect = null;
  const { connections = 1 } = testCase;
  const parsers = Array.from({ length: connections }, () =>
    makeParser(testCase, (data, finished) => {
      if (collect !== null) collect(data, finished);
      else if (finished) received++;
    }),
  );
  const run = () => {
    for (let i = 0; i < chunks.length; i++) parsers[i % connections].feed(chunks[i]);
    return parsers[0].idle?.();
  };
  return {
    messages: expected.length,
    /** Some implementations unmask in place: the chunks are written anew, outside the time, for all of them. */
    refresh() {
      for (let i = 0; i < chunks.length; i++) chunks[i].set(originals[i]);
      received = 0;
    },
    run,
    verify() {
      if (received !== expected.length) {
        throw new Error(`${testCase.id}: ${received} messages instead of ${expected.length}`);
      }
    },
    async check() {
      const pieces = [[]];
      collect = (data, finished) => {
        pieces.at(-1).push(typeof data === "string" ? data : Buffer.from(data));
        if (finished) pieces.push([]);
      };
      await run();
      collect = null;
      const last = pieces.pop();
      if (last.length > 0) throw new Error(`${testCase.id}: a message has no end`);
      compare(testCase, expected, pieces.map(join));
    },
  };
}

function join(pieces) {
  return typeof pieces[0] === "string" ? pieces.join("") : Buffer.concat(pieces);
}

/** A turn of serialising: as `parseBatch`. */
export function serialiseBatch(testCase, makeSerialiser) {
  const messages = turnOfMessages(testCase);
  let written = 0;
  let collect = null;
  const serialiser = makeSerialiser(testCase, (octets) => {
    if (collect === null) written += octets.length;
    else collect.push(Buffer.from(octets));
  });
  const run = () => {
    for (const message of messages) serialiser.send(message);
    return serialiser.idle?.();
  };
  return {
    messages: messages.length,
    refresh() {
      written = 0;
    },
    run,
    verify() {
      if (written === 0) throw new Error(`${testCase.id}: nothing was written`);
    },
    async check() {
      collect = [];
      await run();
      const frames = readFrames(Buffer.concat(collect), testCase.role === "client");
      collect = null;
      for (const { text } of frames) {
        if (text !== (testCase.kind !== "binary")) throw new Error(`${testCase.id}: wrong opcode`);
      }
      const payloads = frames.map(({ payload }) => payload);
      if (!testCase.deflate) return compare(testCase, messages.map(toOctets), payloads);
      if (!frames.every(({ compressed }) => compressed)) throw new Error(`${testCase.id}: RSV1`);
      return compare(
        testCase,
        [Buffer.concat(messages.map(toOctets))],
        [inflateAll(payloads, testCase.takeover)],
      );
    },
  };
}

function compare(testCase, expected, received) {
  if (received.length !== expected.length) {
    throw new Error(`${testCase.id}: ${received.length} messages instead of ${expected.length}`);
  }
  for (let i = 0; i < expected.length; i++) {
    const same =
      typeof expected[i] === "string"
        ? received[i] === expected[i]
        : Buffer.isBuffer(received[i]) && expected[i].equals(received[i]);
    if (!same) throw new Error(`${testCase.id}: message ${i} differs from what was sent`);
  }
}
