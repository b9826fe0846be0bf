import { fillRandom } from "#platform";

/** Gives `size` unpredictable octets (RFC 6455, 5.3 and 10.3). */
export type RandomSource = (size: number) => Uint8Array;

/** What the protocol needs of randomness. */
export interface Randomness {
  /** The 16 octets of a Sec-WebSocket-Key (RFC 6455, 4.1). */
  nonce(): Uint8Array;
  /** A masking key (5.3) as a number, see `mask.ts`. */
  maskingKey(): number;
}

const NONCE_SIZE = 16;
const KEY_SIZE = 4;

/** Randomness from `source`, which is asked for 16 octets for each nonce and for 4 for each key; or from the platform. */
export function randomness(source: RandomSource | undefined): Randomness {
  if (source === undefined) return platformRandomness;
  return {
    nonce: () => ask(source, NONCE_SIZE),
    maskingKey: () => readKey(ask(source, KEY_SIZE), 0),
  };
}

function ask(source: RandomSource, size: number): Uint8Array {
  const octets = source(size);
  if (!(octets instanceof Uint8Array) || octets.length !== size) {
    throw new TypeError(`random(${size}) must return a Uint8Array of ${size} octets`);
  }
  return octets;
}

/** 8 KiB: a key costs 32 ns this way and 3.9 microseconds if each asks the generator (`node bench/micro/random.mjs`). */
const pool = new Uint8Array(8192);
let used = pool.length;

const platformRandomness: Randomness = {
  nonce: () => {
    const octets = new Uint8Array(NONCE_SIZE);
    fillRandom(octets);
    return octets;
  },
  maskingKey: () => {
    if (used === pool.length) {
      fillRandom(pool);
      used = 0;
    }
    const key = readKey(pool, used);
    used += KEY_SIZE;
    return key;
  },
};

function readKey(octets: Uint8Array, offset: number): number {
  return (
    octets[offset]! |
    (octets[offset + 1]! << 8) |
    (octets[offset + 2]! << 16) |
    (octets[offset + 3]! << 24)
  );
}
