import { OutputBuffer } from "../bytes/output.ts";
import type { Clock } from "./clock.ts";
import { Timetable } from "./timetable.ts";

/** Who has something to do at the end of a turn. */
export interface TurnTask {
  turnEnded(): void;
}

/** Who writes to the buffer that all share. */
export interface Writer {
  /** Takes over `octets`, which it has written; somebody else goes on in the buffer. */
  collect(octets: Uint8Array): void;
}

/**
 * What all sessions of a thread share: the end of the turn, the buffer for what they send in it, and the times at which
 * they look at their peers. A buffer of its own for each would hold 32 KiB for every connection that has ever sent
 * anything.
 */
export class Turn {
  readonly #clock: Clock;
  /** When each session looks whether its peer is still there. */
  readonly keepAlive: Timetable;
  readonly #output: OutputBuffer = new OutputBuffer();
  #writer: Writer | null = null;
  #tasks: TurnTask[] = [];
  readonly #run = (): void => {
    const tasks = this.#tasks;
    this.#tasks = [];
    for (const task of tasks) task.turnEnded();
  };

  constructor(clock: Clock) {
    this.#clock = clock;
    this.keepAlive = new Timetable(clock);
  }

  /** Calls `task.turnEnded()` once, when what runs now is done. */
  atEnd(task: TurnTask): void {
    if (this.#tasks.length === 0) this.#clock.defer(this.#run);
    this.#tasks.push(task);
  }

  /** The buffer, for `writer` to write to until somebody else claims it. */
  claim(writer: Writer): OutputBuffer {
    if (this.#writer !== writer) {
      if (this.#writer !== null) this.take(this.#writer);
      this.#writer = writer;
    }
    return this.#output;
  }

  /**
   * The buffer, if `writer` was the last to claim it, else null. Most messages follow others of their connection: this is
   * little enough to be compiled into their way, and `claim` is not.
   */
  claimed(writer: Writer): OutputBuffer | null {
    return this.#writer === writer ? this.#output : null;
  }

  /** Octets that `writer` has in the buffer. */
  pending(writer: Writer): number {
    return this.#writer === writer ? this.#output.length : 0;
  }

  /** Has `writer` collect what it has in the buffer. */
  take(writer: Writer): void {
    if (this.pending(writer) > 0) writer.collect(this.#output.cutLent());
  }

  /** What is in the buffer, which the caller has written; it is to be given back as soon as nobody needs it. */
  lend(): Uint8Array {
    return this.#output.cutLent();
  }

  /** Takes back what a writer has collected, once it is done with it. */
  giveBack(octets: Uint8Array): void {
    this.#output.giveBack(octets);
  }

  /** Forgets `writer` and what it has in the buffer. */
  release(writer: Writer): void {
    if (this.#writer !== writer) return;
    this.#output.discard();
    this.#writer = null;
  }
}
