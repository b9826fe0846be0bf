import type { FaultyPeer } from "./faulty-peer.ts";
import type { Scene, Side } from "./scene.ts";

/** How far a connection has come when its peer goes. */
export interface Phase {
  readonly name: string;
  /** How far: before TLS, before the connection stands, or behind. */
  readonly stage: "connecting" | "opening" | "standing";
  /** Goes there, from where `stage` begins. */
  readonly reach: (scene: Scene) => Promise<void>;
  /** Whether both Closes have been sent when the fault happens. */
  readonly clean?: true;
  /** Milliseconds until a silent peer is given up: by a client, and by a server. */
  readonly patience: { readonly server: number; readonly client: number };
}

/** Octets of a ping without payload, and of its pong, as `scene`'s peer and as our end send it. */
const PING = { server: "\x89\x80\0\0\0\0", client: "\x89\0" };
const PONG_SIZE = { server: 2, client: 6 };
const CLOSE = { server: "\x88\x82\0\0\0\0\x03\xe8", client: "\x88\x02\x03\xe8" };
const CLOSE_SIZE = { server: 4, client: 8 };
const HALF_FRAME = { server: "\x82\x85\0\0\0\0ab", client: "\x82\x05ab" };
const FRAGMENT = { server: "\x01\x82\0\0\0\0ab", client: "\x01\x02ab" };
const HALF_HEAD = {
  server: "GET / HTTP/1.1\r\nHost: exam",
  client: "HTTP/1.1 101 Switching Protocols\r\nUpgr",
};

/** Sends octets, and waits until our end has read them. */
async function isRead(peer: FaultyPeer, side: Side, octets: string): Promise<void> {
  peer.send(PING[side] + octets);
  await peer.takes(PONG_SIZE[side]);
}

const opening = { server: 10_000, client: 10_000 };
const silence = { server: 50_000, client: 50_000 };
const closing = { server: 10_000, client: 10_000 };

export const PHASES: readonly Phase[] = [
  {
    name: "connecting",
    stage: "connecting",
    patience: opening,
    reach: (scene) => scene.connecting(),
  },
  {
    name: "half a head sent",
    stage: "opening",
    patience: opening,
    reach: async ({ side, peer, clock }) => {
      if (side === "client") await peer.head();
      else await clock.set(10_000);
      peer.send(HALF_HEAD[side]);
    },
  },
  {
    name: "accept pending",
    stage: "opening",
    patience: { server: 30_000, client: 10_000 },
    reach: (scene) => scene.pending(),
  },
  { name: "open and idle", stage: "standing", patience: silence, reach: async () => {} },
  {
    name: "inside a frame",
    stage: "standing",
    patience: silence,
    reach: ({ peer, side }) => isRead(peer, side, HALF_FRAME[side]),
  },
  {
    name: "inside a message",
    stage: "standing",
    patience: silence,
    reach: ({ peer, side }) => isRead(peer, side, FRAGMENT[side]),
  },
  {
    name: "closing, which our end began",
    stage: "standing",
    patience: closing,
    reach: async ({ peer, side, connection }) => {
      void (await connection).close();
      await peer.takes(CLOSE_SIZE[side]);
    },
  },
  {
    name: "closing, which the peer began",
    stage: "standing",
    clean: true,
    patience: closing,
    reach: async ({ peer, side }) => {
      peer.send(CLOSE[side]);
      await peer.takes(CLOSE_SIZE[side]);
    },
  },
];
