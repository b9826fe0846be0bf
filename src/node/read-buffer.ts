import { Socket, type SocketConstructorOpts } from "node:net";
import { receiveBuffer } from "../bytes/receive-buffer.ts";

/** Told that `received(size)` has arrived. `this` is the socket. */
export type ReadListener = (this: Socket, size: number) => boolean;

/** Where a socket keeps what it got as its option `onread`. */
interface Keys {
  readonly buffer: PropertyKey;
  readonly listener: PropertyKey;
}

interface Handle {
  useUserBuffer(buffer: Uint8Array): void;
}

/**
 * Reads into one buffer are an option of sockets, `onread`, which those of servers are made without. What it does to
 * a socket is found out on one that is made with it, and done to others. Null if it cannot be found out.
 */
export function keysOf(onread: {
  readonly buffer: Uint8Array;
  readonly callback: () => boolean;
}): Keys | null {
  // Node's types leave it out.
  const options: SocketConstructorOpts & { readonly onread: object } = { onread };
  const socket = new Socket(options);
  const keyOf = (value: unknown): PropertyKey | undefined =>
    Reflect.ownKeys(socket).find((key) => Reflect.get(socket, key) === value);
  const [buffer, listener] = [keyOf(onread.buffer), keyOf(onread.callback)];
  return buffer === undefined || listener === undefined ? null : { buffer, listener };
}

/** Others than Node have another inside, and the switch of CONTRIBUTING.md leaves aside what is only for speed. */
function isPlain(): boolean {
  const { bun, deno } = process.versions;
  return bun !== undefined || deno !== undefined || process.env["WSPROTO_PLAIN"] === "1";
}

let known: Keys | null | undefined;

function knownKeys(): Keys | null {
  // Once, whatever the answer is.
  if (known === undefined) {
    // Any function will do: that socket never reads.
    known = isPlain() ? null : keysOf({ buffer: receiveBuffer(), callback: isPlain });
  }
  return known;
}

/**
 * Has an open TCP or Unix socket read into the receive buffer and tell `listener`, instead of emitting "data". Returns
 * false, having done nothing, where that cannot be done.
 *
 * By itself Node makes 64 KiB of fresh memory for every read, which is not in the processor's cache, and gives back what
 * of it is too much. Without that an echo of 64 KiB takes 25 % less, one of 16 octets 10 %
 * (`npm run bench:node -- --filter 100x1`).
 */
export function readInto(
  socket: Socket,
  listener: ReadListener,
  keys: Keys | null = knownKeys(),
): boolean {
  const handle: unknown = Reflect.get(socket, "_handle");
  if (keys === null || !takesBuffer(handle)) return false;
  // Somebody has made it with the option.
  if (Reflect.get(socket, keys.buffer) !== null) return false;
  Reflect.set(socket, keys.buffer, receiveBuffer());
  Reflect.set(socket, keys.listener, listener);
  handle.useUserBuffer(receiveBuffer());
  return true;
}

function takesBuffer(handle: unknown): handle is Handle {
  return (
    typeof handle === "object" &&
    handle !== null &&
    "useUserBuffer" in handle &&
    typeof handle.useUserBuffer === "function"
  );
}
