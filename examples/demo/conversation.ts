import type { Line } from "./report.ts";

/** What the server's process tells: its port, then lines of its connections, which it numbers from 1, and their ends. */
export type ServerNews =
  | { readonly port: number }
  | { readonly connection: number; readonly line: Line }
  | { readonly connection: number; readonly ended: true };

/** `limits.message` of the server: 8 MiB. */
export const LIMIT: number = 8 * 1024 * 1024;

const LARGE_SIZE = 4 * 1024 * 1024;

/** 4 MiB that do not compress, the same each time (a linear congruential generator). */
export function largeMessage(): Uint8Array {
  const octets = new Uint8Array(LARGE_SIZE);
  let state = 1;
  for (let index = 0; index < LARGE_SIZE; index++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    octets[index] = state >>> 16;
  }
  return octets;
}

/** The sum of all octets, weighted by their place. */
export function checksum(octets: Uint8Array): number {
  let sum = 0;
  for (let index = 0; index < octets.length; index++) {
    sum = (sum + octets[index]! * ((index % 65_521) + 1)) % 4_294_967_291;
  }
  return sum;
}

/** A connection of the demonstration, and what must be seen of it on each side: `> sent` or `< received`, and the state after it. */
export interface Scene {
  readonly title: string;
  readonly client: readonly string[];
  readonly server: readonly string[];
}

const opened = {
  client: ["< AcceptConnection, subprotocol none, extensions permessage-deflate | OPEN"],
  server: ["> AcceptConnection, subprotocol none, extensions permessage-deflate | OPEN"],
} as const;

export const scenes: readonly Scene[] = [
  {
    title: "messages of every kind, closed by the client",
    client: [
      "> Request /chat, subprotocols superchat chat | CONNECTING",
      "< AcceptConnection, subprotocol chat, extensions permessage-deflate | OPEN",
      '> TextMessage "Hello, WebSocket!" | OPEN',
      '< TextMessage "Hello, WebSocket!" | OPEN',
      "> BytesMessage of 256 octets | OPEN",
      "< BytesMessage of 256 octets in 1 frame | OPEN",
      '> Ping "are you there?" | OPEN',
      '< Pong "are you there?" | OPEN',
      '> TextMessage "one message ", to be continued | OPEN',
      '> TextMessage "in three ", to be continued | OPEN',
      '> TextMessage "fragments" | OPEN',
      '< TextMessage "one message in three fragments" | OPEN',
      "> BytesMessage of 4194304 octets | OPEN",
      `< TextMessage "checksum ${checksum(largeMessage())}" | OPEN`,
      '> CloseConnection 1000 "good bye" | LOCAL_CLOSING',
      '< CloseConnection 1000 "good bye" | CLOSED',
    ],
    server: [
      "< Request /chat, subprotocols superchat chat | CONNECTING",
      "> AcceptConnection, subprotocol chat, extensions permessage-deflate | OPEN",
      '< TextMessage "Hello, WebSocket!" | OPEN',
      '> TextMessage "Hello, WebSocket!" | OPEN',
      "< BytesMessage of 256 octets in 1 frame | OPEN",
      "> BytesMessage of 256 octets | OPEN",
      '< Ping "are you there?" | OPEN',
      '> Pong "are you there?" | OPEN',
      "< TextMessage of 30 characters in 3 frames | OPEN",
      '> TextMessage "one message in three fragments" | OPEN',
      "< BytesMessage of 4194304 octets in 1 frame | OPEN",
      `> TextMessage "checksum ${checksum(largeMessage())}" | OPEN`,
      '< CloseConnection 1000 "good bye" | REMOTE_CLOSING',
      '> CloseConnection 1000 "good bye" | CLOSED',
    ],
  },
  {
    title: "a request that the server rejects",
    client: [
      "> Request /members, subprotocols none | CONNECTING",
      // The response comes in one chunk, and the handshake reads a chunk at once.
      "< RejectConnection 403 | CLOSED",
      '< RejectData "members only" | CLOSED',
      '< RejectData "", the last | CLOSED',
    ],
    server: [
      "< Request /members, subprotocols none | CONNECTING",
      "> RejectConnection 403 | REJECTING",
      '> RejectData "members only", the last | CLOSED',
    ],
  },
  {
    title: "a client that breaks the protocol: a frame without a mask",
    client: [
      "> Request /chat, subprotocols none | CONNECTING",
      ...opened.client,
      "> the octets 81 02 48 69 | OPEN",
      '< CloseConnection 1002 "server received unexpected unmasked frame" | REMOTE_CLOSING',
      '> CloseConnection 1002 "server received unexpected unmasked frame" | CLOSED',
    ],
    server: [
      "< Request /chat, subprotocols none | CONNECTING",
      ...opened.server,
      '< CloseConnection 1002 "server received unexpected unmasked frame" | OPEN',
      '> CloseConnection 1002 "server received unexpected unmasked frame" | LOCAL_CLOSING',
      "< CloseConnection 1006 null | CLOSED",
    ],
  },
  {
    title: "a message from the server, closed by the server",
    client: [
      "> Request /news, subprotocols none | CONNECTING",
      ...opened.client,
      '< TextMessage "no news today" | OPEN',
      '< CloseConnection 1001 "closing time" | REMOTE_CLOSING',
      '> CloseConnection 1001 "closing time" | CLOSED',
    ],
    server: [
      "< Request /news, subprotocols none | CONNECTING",
      ...opened.server,
      '> TextMessage "no news today" | OPEN',
      '> CloseConnection 1001 "closing time" | LOCAL_CLOSING',
      '< CloseConnection 1001 "closing time" | CLOSED',
    ],
  },
];
