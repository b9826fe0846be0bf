import type { Clock, Timer } from "../../../src/session/clock.ts";

interface Pending {
  readonly at: number;
  readonly delay: number;
  readonly callback: () => void;
}

/** A clock that a test turns. Only its timers are not real: the end of a turn is Node's. */
export class ManualClock implements Clock {
  #now = 0;
  readonly #pending = new Set<Pending>();
  readonly #waiting: { readonly delay: number; readonly tell: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  schedule(delay: number, callback: () => void): Timer {
    const pending = { at: this.#now + delay, delay, callback };
    this.#pending.add(pending);
    for (const waiting of this.#waiting.filter((each) => each.delay === delay)) waiting.tell();
    return { cancel: () => this.#pending.delete(pending) };
  }

  defer(callback: () => void): void {
    process.nextTick(callback);
  }

  /** The delays of the timers that are set. */
  get delays(): number[] {
    return [...this.#pending].map(({ delay }) => delay);
  }

  /** Settles when a timer with this delay is set, or is set already. */
  async set(delay: number): Promise<void> {
    if (this.delays.includes(delay)) return;
    await new Promise<void>((resolve) => {
      this.#waiting.push({ delay, tell: resolve });
    });
  }

  /** Lets time pass; what is due is called in its order. */
  advance(milliseconds: number): void {
    const end = this.#now + milliseconds;
    for (;;) {
      const due = [...this.#pending].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#pending.delete(due);
      this.#now = Math.max(this.#now, due.at);
      due.callback();
    }
    this.#now = end;
  }
}
