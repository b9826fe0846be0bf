import { Ping, type Pong } from "../events.ts";
import type { EndReason } from "./close-info.ts";
import { Deferred } from "./deferred.ts";
import type { Outbox } from "./outbox.ts";
import type { SessionParts } from "./parts.ts";
import { type AbortSignalLike, onAbort } from "./signal.ts";

interface Pending {
  readonly payload: Uint8Array;
  readonly sent: number;
  /** Null: nobody waits for it any more. */
  roundTrip: Deferred<number> | null;
}

/** Pings and what comes back: round trip times. */
export class Heartbeat {
  readonly #parts: SessionParts;
  readonly #outbox: Outbox;
  #pending: Pending[] | null = null;
  #count: number = 0;
  /** The last round trip time in milliseconds; null before the first. */
  latency: number | null = null;

  constructor(parts: SessionParts, outbox: Outbox) {
    this.#parts = parts;
    this.#outbox = outbox;
  }

  /**
   * Sends a ping; settles with its round trip time in milliseconds.
   * @throws LocalProtocolError if it cannot be sent
   */
  ping(payload: Uint8Array = this.#nextPayload(), signal?: AbortSignalLike): Promise<number> {
    this.#outbox.write(new Ping({ payload }));
    const roundTrip = new Deferred<number>();
    const ping: Pending = { payload: payload.slice(), sent: this.#parts.clock.now(), roundTrip };
    this.#pending ??= [];
    this.#pending.push(ping);
    if (signal !== undefined) {
      onAbort(signal, roundTrip.promise, (reason) => {
        roundTrip.reject(reason);
        ping.roundTrip = null;
        this.#trim();
      });
    }
    return roundTrip.promise;
  }

  /** Forgets what nobody waits for; behind an older ping it stays, as its pong would answer that too. */
  #trim(): void {
    while (this.#pending?.[0]?.roundTrip === null) this.#pending.shift();
    if (this.#pending?.length === 0) this.#pending = null;
  }

  /** A pong answers the newest ping with its payload, and with it those before (RFC 6455, 5.5.3). */
  answered(pong: Pong): void {
    if (this.#pending === null) return;
    let newest = this.#pending.length - 1;
    while (newest >= 0 && !isSame(this.#pending[newest]!.payload, pong.payload)) newest -= 1;
    const now = this.#parts.clock.now();
    for (const { sent, roundTrip } of this.#pending.splice(0, newest + 1)) {
      if (roundTrip === null) continue;
      this.latency = now - sent;
      roundTrip.resolve(this.latency);
    }
    this.#trim();
  }

  /** No pong will come any more. */
  end(reason: EndReason): void {
    const pending = this.#pending ?? [];
    this.#pending = null;
    for (const { roundTrip } of pending) roundTrip?.reject(reason.error);
  }

  #nextPayload(): Uint8Array {
    const count = ++this.#count;
    return Uint8Array.of(count >>> 24, count >>> 16, count >>> 8, count);
  }
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((octet, index) => octet === other[index]);
}
