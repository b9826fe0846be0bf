import type { Clock, Timer } from "../session/clock.ts";

/** One timer of an opening handshake. */
export class Deadline {
  readonly #clock: Clock;
  #timer: Timer | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls `passed` after `delay` milliseconds, and no longer what was set before. `Infinity`: never. */
  set(delay: number, passed: () => void): void {
    this.clear();
    if (delay !== Infinity) this.#timer = this.#clock.schedule(delay, passed);
  }

  clear(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }
}
