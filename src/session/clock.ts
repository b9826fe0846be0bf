/** A timer that was set. */
export interface Timer {
  cancel(): void;
}

/** Time, as far as a session needs it. Tests turn one by hand. */
export interface Clock {
  /** Milliseconds from some fixed point, never going back. */
  now(): number;
  /** Calls `callback` once, `delay` milliseconds from now, unless the timer is cancelled. Up to 2,147,483,647. */
  schedule(delay: number, callback: () => void): Timer;
  /** Calls `callback` when what runs now, and all that it has made ready to run, is done. */
  defer(callback: () => void): void;
}

/** The deadlines that a session may be under. */
export type DeadlineName = "close" | "write";

/** Who is told when a deadline has passed. */
export interface DeadlineOwner {
  deadlinePassed(name: DeadlineName): void;
}

/** The timers of one session that is at work, by name. */
export class Deadlines {
  readonly #clock: Clock;
  readonly #owner: DeadlineOwner;
  #close: Timer | null = null;
  #write: Timer | null = null;

  constructor(clock: Clock, owner: DeadlineOwner) {
    this.#clock = clock;
    this.#owner = owner;
  }

  /** Whether `name` is set. */
  has(name: DeadlineName): boolean {
    return this.#timer(name) !== null;
  }

  /** Sets `name`, in place of one that was set before. `Infinity` sets none. */
  set(name: DeadlineName, delay: number): void {
    this.clear(name);
    if (delay === Infinity) return;
    const timer = this.#clock.schedule(delay, () => {
      this.#keep(name, null);
      this.#owner.deadlinePassed(name);
    });
    this.#keep(name, timer);
  }

  clear(name: DeadlineName): void {
    const timer = this.#timer(name);
    if (timer === null) return;
    timer.cancel();
    this.#keep(name, null);
  }

  #timer(name: DeadlineName): Timer | null {
    return name === "close" ? this.#close : this.#write;
  }

  #keep(name: DeadlineName, timer: Timer | null): void {
    if (name === "close") this.#close = timer;
    else this.#write = timer;
  }

  clearAll(): void {
    this.clear("close");
    this.clear("write");
  }
}
