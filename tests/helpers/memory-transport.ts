import type { Transport } from "../../src/session/transport.ts";

/** What a transport tells of. */
export interface TransportEvents {
  progressed(): void;
}

/** A transport that keeps what it is given. */
export class MemoryTransport implements Transport {
  /** What was written, as it was written. */
  writes: Uint8Array[] = [];
  /** The memory of each write, whatever is in it by now. */
  readonly memory: ArrayBufferLike[] = [];
  /** The names of all other calls, in their order. */
  readonly calls: string[] = [];
  /** Calls that a session must not make. */
  readonly faults: string[] = [];
  /** Octets that leave at once; what is written beyond them is queued. */
  flow: number = Infinity;
  ended: boolean = false;
  destroyed: boolean = false;
  paused: boolean = false;
  /** Set by the test when it has told that the transport is gone. */
  gone: boolean = false;
  /** Called from inside `write`, `end`, `destroy`, `pause` and `resume`. */
  during: ((call: string) => void) | null = null;
  #queued: number = 0;
  #left: number = 0;

  write(octets: Uint8Array): boolean {
    if (this.ended) this.faults.push("write after end");
    if (octets.length === 0) this.faults.push("write of nothing");
    this.#call("write");
    const leaving = this.#queued === 0 ? Math.min(this.flow, octets.length) : 0;
    const done = leaving === octets.length;
    // What has not left is not copied: nobody may write to it.
    this.memory.push(octets.buffer);
    this.writes.push(done ? octets.slice() : octets);
    this.flow -= leaving;
    this.#left += leaving;
    this.#queued += octets.length - leaving;
    this.during?.("write");
    return done;
  }

  writeBoth(head: Uint8Array, payload: Uint8Array): void {
    this.write(head);
    if (!this.destroyed && !this.gone) this.write(payload);
  }

  queued(): number {
    return this.#queued;
  }

  progressMark(): string {
    return String(this.#left);
  }

  /** Lets queued octets leave, without a word to the session. */
  leave(octets: number): void {
    const leaving = Math.min(octets, this.#queued);
    this.#queued -= leaving;
    this.#left += leaving;
  }

  end(): void {
    if (this.ended) this.faults.push("end after end");
    this.#call("end");
    this.ended = true;
    this.during?.("end");
  }

  destroy(): void {
    this.#call("destroy");
    this.destroyed = true;
    this.during?.("destroy");
  }

  pause(): void {
    if (this.paused) this.faults.push("pause while paused");
    this.#call("pause");
    this.paused = true;
    this.during?.("pause");
  }

  resume(): void {
    if (!this.paused) this.faults.push("resume while not paused");
    this.#call("resume");
    this.paused = false;
    this.during?.("resume");
  }

  #call(name: string): void {
    if (this.destroyed || this.gone) this.faults.push(`${name} after the end`);
    if (name !== "write") this.calls.push(name);
  }
}
