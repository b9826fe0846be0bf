// What `npm run bench:growth` measures: along each axis one number grows, and nothing else.

import { limit, own, ws } from "./plan.mjs";

const KIBIBYTE = 1024;
/** The most that Node reads from a socket at once. */
const SOCKET_READ = 64 * KIBIBYTE;

const assembled = own("wsproto");
const pieces = own("pieces", { pieces: true });

/** The cases of an axis: `amount` grows, and `settings` says what it stands for. */
function axis({ id, title, of, columns, amounts, settings }) {
  const cases = amounts.map((amount) => ({
    id: `${id}/${amount}`,
    amount,
    role: "server",
    direction: "parse",
    unlimited: true,
    ...settings(amount),
  }));
  return { id, title, of, columns, cases };
}

const LENGTHS = [1, 4, 16, 64, 256, 1024, 4096, 16_384].map((count) => count * KIBIBYTE);

function parsedLength(kind) {
  return axis({
    id: `growth/parse/${kind}`,
    title: `Octets of a ${kind} message, parsed from chunks of 64 KiB`,
    of: "octet",
    columns: [assembled, pieces, ws, limit],
    amounts: LENGTHS,
    settings: (size) => ({ kind, size, pieceLength: SOCKET_READ }),
  });
}

function serialisedLength(kind) {
  return axis({
    id: `growth/serialise/${kind}`,
    title: `Octets of a ${kind} message, serialised with a mask`,
    of: "octet",
    columns: [assembled, ws],
    amounts: LENGTHS,
    settings: (size) => ({ kind, size, role: "client", direction: "serialise" }),
  });
}

function messagesInChunk(kind) {
  return axis({
    id: `growth/messages/${kind}`,
    title: `${kind} messages of 16 octets in a chunk`,
    of: "message",
    columns: [assembled, ws],
    amounts: [1, 10, 100, 1000, 10_000, 100_000],
    settings: (perChunk) => ({ kind, size: 16, perChunk }),
  });
}

function fragmentsOfMessage(kind) {
  return axis({
    id: `growth/fragments/${kind}`,
    title: `Fragments of 16 octets of a ${kind} message, joined, parsed from chunks of 64 KiB`,
    of: "fragment",
    columns: [assembled, pieces, ws],
    amounts: [1, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536],
    settings: (fragments) => ({ kind, size: 16 * fragments, fragments, chunkLength: SOCKET_READ }),
  });
}

function connectionsInMemory() {
  return axis({
    id: "growth/connections/memory",
    title: "Connections in memory, each gets a message of 16 octets in its turn",
    of: "message",
    columns: [assembled, ws],
    amounts: [10, 100, 1000, 10_000],
    settings: (connections) => ({ kind: "binary", size: 16, perChunk: 1, connections }),
  });
}

/** All groups, in the order in which they are measured. */
export function planOfGrowth() {
  return [
    ...["binary", "multibyte"].map((kind) => parsedLength(kind)),
    ...["binary", "multibyte"].map((kind) => serialisedLength(kind)),
    ...["binary", "ascii"].map((kind) => messagesInChunk(kind)),
    ...["binary", "ascii"].map((kind) => fragmentsOfMessage(kind)),
    connectionsInMemory(),
  ];
}
