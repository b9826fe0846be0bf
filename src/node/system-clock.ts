import type { Clock, Timer } from "../session/clock.ts";
import { Timetable } from "../session/timetable.ts";
import { Turn } from "../session/turn.ts";

const timetable: Timetable = new Timetable({
  now: () => performance.now(),
  schedule: (delay, callback) => new SystemTimer(setTimeout(callback, delay).unref()),
});

/** The clock of the process. Its timers alone do not keep the process running; the sockets do. */
export const systemClock: Clock = {
  now: () => performance.now(),
  schedule: (delay, callback) => timetable.schedule(delay, callback),
  // At the end of the turn of the event loop, behind all that has arrived in it: the writes to many sockets, one right
  // behind the other, take a third less of the system's time than between the reads (`npm run bench:node`).
  defer: (callback) => {
    setImmediate(callback);
  },
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
