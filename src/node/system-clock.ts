import type { Clock, Timer } from "../session/clock.ts";
import { Turn } from "../session/turn.ts";

/** The clock of the process. Its timers alone do not keep the process running; the sockets do. */
export const systemClock: Clock = {
  now: () => performance.now(),
  schedule: (delay, callback) => new SystemTimer(setTimeout(callback, delay).unref()),
  // Behind the microtasks, those they make included, so that all that they send leaves in one write. A tick alone would
  // come before them.
  defer: (callback) => queueMicrotask(() => process.nextTick(callback)),
};

class SystemTimer implements Timer {
  readonly #timeout: NodeJS.Timeout;

  constructor(timeout: NodeJS.Timeout) {
    this.#timeout = timeout;
  }

  cancel(): void {
    clearTimeout(this.#timeout);
  }
}

const turns = new WeakMap<Clock, Turn>();

/** The turn that all sessions with this clock share. */
export function turnOf(clock: Clock): Turn {
  let turn = turns.get(clock);
  if (turn === undefined) turns.set(clock, (turn = new Turn(clock)));
  return turn;
}
