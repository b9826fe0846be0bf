import { setImmediate } from "node:timers/promises";
import type { Clock, Timer } from "../../src/session/clock.ts";

interface Scheduled extends Timer {
  readonly time: number;
  readonly callback: () => void;
}

/** A clock that the test turns. It stands still while code runs. */
export class ManualClock implements Clock {
  #now: number = 0;
  #scheduled: Scheduled[] = [];
  #deferred: (() => void)[] = [];

  now(): number {
    return this.#now;
  }

  schedule(delay: number, callback: () => void): Timer {
    const scheduled: Scheduled = {
      time: this.#now + delay,
      callback,
      cancel: () => {
        this.#scheduled = this.#scheduled.filter((other) => other !== scheduled);
      },
    };
    this.#scheduled.push(scheduled);
    return scheduled;
  }

  defer(callback: () => void): void {
    this.#deferred.push(callback);
  }

  /** When the timers that are set will fire, from now. */
  get delays(): readonly number[] {
    return this.#scheduled.map(({ time }) => time - this.#now).sort((a, b) => a - b);
  }

  /** Whether anything was deferred to the end of the turn. */
  get turnHasWork(): boolean {
    return this.#deferred.length > 0;
  }

  /** Lets run all that is ready, without the end of the turn. */
  async settle(): Promise<void> {
    await setImmediate();
  }

  /** Ends the turn, and those that follow from it. */
  async endTurn(): Promise<void> {
    await this.settle();
    while (this.turnHasWork) {
      this.endTurnNow();
      await this.settle();
    }
  }

  /** Runs what was deferred, and nothing that it makes ready. */
  endTurnNow(): void {
    const deferred = this.#deferred;
    this.#deferred = [];
    for (const callback of deferred) callback();
  }

  /** Lets time pass: timers fire in their order, each in a turn of its own. */
  async advance(time: number): Promise<void> {
    const end = this.#now + time;
    await this.endTurn();
    for (let next = this.#due(end); next !== undefined; next = this.#due(end)) {
      this.#now = next.time;
      next.cancel();
      next.callback();
      await this.endTurn();
    }
    this.#now = end;
  }

  /** Lets time pass in which nothing runs; then the timers that are due fire, all of them late. */
  stall(time: number): void {
    this.#now += time;
    for (let next = this.#due(this.#now); next !== undefined; next = this.#due(this.#now)) {
      next.cancel();
      next.callback();
    }
  }

  #due(end: number): Scheduled | undefined {
    return this.#scheduled.filter(({ time }) => time <= end).sort((a, b) => a.time - b.time)[0];
  }
}
