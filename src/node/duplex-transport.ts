import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
import { forStreams, joinBytes } from "../bytes/join.ts";
import { received } from "../bytes/receive-buffer.ts";
import type { Transport } from "../session/transport.ts";
import type { Turn, TurnTask } from "../session/turn.ts";
import { readInto } from "./read-buffer.ts";

/** Who is told what happens on a stream. */
export interface TransportListener {
  received(chunk: Uint8Array): void;
  /** As `received`, of memory that is used again when this returns. Who has none gets a copy. */
  receivedLent?(chunk: Uint8Array): void;
  /** The peer has ended its side. */
  ended(): void;
  /** Something of what was written has left. Who has none is not told. */
  progressed?(): void;
  /** The stream is gone; `error` if it broke. Called once, and nothing after it. */
  transportClosed(error?: unknown): void;
}

/**
 * Octets that the stream is given at once. It does not tell how much of a write has left before all of it has, so this
 * is what a slow peer has to take within the write deadline.
 */
const SHARE = 128 * 1024;

/** A socket of TCP or Unix; one of TLS, which has its own memory for what it has encrypted; or any other stream. */
type Kind = "socket" | "tls" | "other";

function kindOf(stream: Duplex): Kind {
  const prototype: unknown = Object.getPrototypeOf(stream);
  if (prototype === Socket.prototype) return "socket";
  return prototype === TLSSocket.prototype ? "tls" : "other";
}

/** So many octets are expected to leave at once. */
const SMALL = 16 * 1024;
const NOTHING: Uint8Array = forStreams(new Uint8Array(0));

/** Hears of the end of a stream, last. */
export interface Place {
  leave(): void;
}

const TRANSPORT = Symbol("transport");
type Carrier = Duplex & { [TRANSPORT]?: DuplexTransport };

/**
 * A TCP socket, a TLS socket or any other Duplex. From its making on, an error of the stream is never unhandled.
 *
 * The listeners are the same functions for all streams, and find the transport by the stream: closures for each would
 * take some 300 octets of every connection.
 */
export class DuplexTransport implements Transport, TurnTask {
  readonly #stream: Duplex;
  readonly #kind: Kind;
  readonly #place: Place | null;
  #listener: TransportListener | null = null;
  /** Octets that were written so far. */
  #given: number = 0;
  /** What is written at the end of the turn. */
  #ahead: Uint8Array | null = null;
  /** What the stream was not given yet. */
  #waiting: Uint8Array[] | null = null;
  #waitingSize: number = 0;
  #ends: boolean = false;
  /** How many writes the stream has not told of yet. */
  #callbacks: number = 0;
  #error: unknown = undefined;
  /** Made at the first write of a session: one closure less for every connection that only waits. */
  #progressed: (() => void) | null = null;

  constructor(stream: Duplex, place: Place | null = null) {
    this.#stream = stream;
    this.#kind = kindOf(stream);
    this.#place = place;
    const carrier: Carrier = stream;
    carrier[TRANSPORT] = this;
    stream.on("error", onError).on("data", onData).on("end", onEnd).on("close", onClose);
    if (stream instanceof Socket && !(stream instanceof TLSSocket)) readInto(stream, onRead);
    // Whoever had it before may have stopped it.
    stream.resume();
  }

  /** Hands the stream over: from now on `listener` is told, and nobody else. */
  listen(listener: TransportListener): void {
    this.#listener = listener;
    if (!this.#stream.closed) return;
    this.#listener = null;
    queueMicrotask(() => listener.transportClosed(this.#error));
  }

  /**
   * Writes octets at the end of the turn, or in front of what is written before: the answers to all handshakes of a turn
   * leave one right behind the other, and what a handler sends at once leaves with its answer.
   */
  writeAtEnd(octets: Uint8Array, turn: Turn): void {
    this.#ahead = octets;
    turn.atEnd(this);
  }

  turnEnded(): void {
    const ahead = this.#ahead;
    if (ahead === null) return;
    this.#ahead = null;
    if (ahead.length >= SHARE) {
      this.write(ahead);
    } else if (this.#stream.writable) {
      this.#given += ahead.length;
      // Nobody waits for it, and there is room left for a next write, which tells of its progress.
      this.#stream.write(ahead);
    }
  }

  write(octets: Uint8Array): boolean {
    if (this.#ahead !== null) {
      const joined = joinBytes([this.#ahead, octets], this.#ahead.length + octets.length);
      this.#ahead = null;
      this.write(joined);
      return true;
    }
    const stream = this.#stream;
    if (this.#ends || !stream.writable) return true;
    this.#given += octets.length;
    if (this.#waiting === null && stream.writableLength + octets.length <= SHARE) {
      this.#give(octets);
    } else {
      this.#waiting ??= [];
      this.#waiting.push(octets);
      this.#waitingSize += octets.length;
      this.#feed();
    }
    // What has left a socket is with the system, and not with somebody else in this process.
    return this.#kind !== "other" && this.queued() === 0;
  }

  /**
   * Small writes to a socket mostly leave at once, and nobody needs to be told: a callback costs 0.5 µs. Where one did
   * not leave, nothing follows behind it, with a callback.
   */
  #give(octets: Uint8Array): void {
    const stream = this.#stream;
    if (this.#kind !== "socket" || octets.length > SMALL) {
      this.#giveTold(octets);
      return;
    }
    stream.write(octets);
    if (stream.writableCorked === 0) this.#watchRest();
  }

  /** Has the listener told of what has not left, if it is not anyway. */
  #watchRest(): void {
    if (this.#callbacks === 0 && this.#stream.writableLength > 0) this.#giveTold(NOTHING);
  }

  /** Has the listener told when it has left. */
  #giveTold(octets: Uint8Array): void {
    this.#callbacks += 1;
    this.#stream.write(octets, this.#onProgress());
  }

  writeBoth(head: Uint8Array, payload: Uint8Array): void {
    this.#stream.cork();
    this.write(head);
    this.write(payload);
    this.#stream.uncork();
    this.#watchRest();
    // While it was corked the stream had no room for more than the first share.
    this.#feed();
  }

  #onProgress(): () => void {
    this.#progressed ??= (): void => {
      this.#callbacks -= 1;
      this.#feed();
      this.#listener?.progressed?.();
      // Others may have been written behind the one that was told of.
      if (this.#callbacks === 0 && this.queued() > 0 && this.#stream.writable)
        this.#giveTold(NOTHING);
    };
    return this.#progressed;
  }

  queued(): number {
    return this.#stream.writableLength + this.#waitingSize;
  }

  /** How many octets have left. */
  progressMark(): string {
    return String(this.#given - this.queued());
  }

  /** Gives the stream as much of what waits as it should have. */
  #feed(): void {
    const stream = this.#stream;
    const waiting = this.#waiting;
    if (waiting === null || !stream.writable) return;
    while (waiting.length > 0 && stream.writableLength < SHARE) {
      const [next] = waiting;
      if (next!.length === 0) {
        // Nothing empty is written: its memory went to another thread. What comes behind it would make no sense.
        stream.destroy(new Error("octets were transferred away before they had left"));
        return;
      }
      const share = next!.subarray(0, SHARE);
      if (share.length === next!.length) waiting.shift();
      else waiting[0] = next!.subarray(SHARE);
      this.#waitingSize -= share.length;
      this.#giveTold(share);
    }
    if (waiting.length > 0) return;
    this.#waiting = null;
    if (this.#ends) stream.end();
  }

  end(): void {
    if (this.#ends) return;
    this.turnEnded();
    this.#ends = true;
    if (this.#waiting === null && this.#stream.writable) this.#stream.end();
  }

  destroy(): void {
    this.turnEnded();
    this.#stream.destroy();
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  // From the stream

  streamFailed(error: unknown): void {
    this.#error ??= error;
    // Node does not close a TLS socket whose peer has sent a fatal alert.
    this.#stream.destroy();
  }

  received(chunk: Uint8Array): void {
    this.#listener?.received(chunk);
  }

  /** The first `size` octets of what all sockets are read into. */
  receivedInto(size: number): void {
    const listener = this.#listener;
    if (listener === null) return;
    const chunk = received(size);
    if (listener.receivedLent === undefined) listener.received(joinBytes([chunk], size));
    else listener.receivedLent(chunk);
  }

  ended(): void {
    this.#listener?.ended();
  }

  streamClosed(): void {
    const listener = this.#listener;
    this.#listener = null;
    this.#waiting = null;
    this.#waitingSize = 0;
    listener?.transportClosed(this.#error);
    this.#place?.leave();
  }
}

function onError(this: Carrier, error: unknown): void {
  this[TRANSPORT]!.streamFailed(error);
}

function onData(this: Carrier, chunk: Uint8Array): void {
  this[TRANSPORT]!.received(chunk);
}

function onRead(this: Carrier, size: number): boolean {
  this[TRANSPORT]!.receivedInto(size);
  return true;
}

function onEnd(this: Carrier): void {
  this[TRANSPORT]!.ended();
}

function onClose(this: Carrier): void {
  this[TRANSPORT]!.streamClosed();
}
