import type { Clock, Timer } from "../session/clock.ts";

/** The longest time that Node can set a timer for. */
const LONGEST = 2 ** 31 - 1;

/**
 * All timers of a clock on a single one of it, set for the first that is due: every connection has a timer or two, few
 * of which ever pass. A binary heap, ordered by time. None passes early; they are rounded up to whole milliseconds, which
 * take no memory of their own.
 */
export class Timetable {
  readonly #clock: Pick<Clock, "now" | "schedule">;
  readonly #heap: Entry[] = [];
  /** The timer of the clock that is set, and its time. */
  #alarm: Timer | null = null;
  #alarmTime: number = Infinity;
  readonly #ring = (): void => {
    this.#alarm = null;
    this.#alarmTime = Infinity;
    const now = this.#clock.now();
    try {
      for (let first = this.#heap[0]; first !== undefined && first.due <= now;) {
        first.cancel();
        first.callback();
        first = this.#heap[0];
      }
    } finally {
      this.#setAlarm();
    }
  };

  /** @param clock its `schedule` may be some milliseconds early, or late */
  constructor(clock: Pick<Clock, "now" | "schedule">) {
    this.#clock = clock;
  }

  schedule(delay: number, callback: () => void): Timer {
    const entry = new Entry(this, Math.ceil(this.#clock.now() + delay), callback);
    this.#raise(entry, this.#heap.length);
    this.#setAlarm();
    return entry;
  }

  /** Takes an entry out, if it is in. The alarm stays as it is: most entries are taken out again. */
  remove(entry: Entry): void {
    const { position } = entry;
    if (position === -1) return;
    entry.position = -1;
    const last = this.#heap.pop()!;
    if (last === entry) return;
    this.#sink(last, position);
    this.#raise(last, last.position);
  }

  #setAlarm(): void {
    const first = this.#heap[0];
    if (first === undefined || first.due >= this.#alarmTime) return;
    this.#alarm?.cancel();
    this.#alarmTime = first.due;
    const delay = Math.ceil(Math.max(0, first.due - this.#clock.now()));
    this.#alarm = this.#clock.schedule(Math.min(delay, LONGEST), this.#ring);
  }

  /** Puts an entry at a position, or above it, where it belongs. */
  #raise(entry: Entry, from: number): void {
    let position = from;
    while (position > 0) {
      const above = (position - 1) >> 1;
      const other = this.#heap[above]!;
      if (other.due <= entry.due) break;
      this.#place(other, position);
      position = above;
    }
    this.#place(entry, position);
  }

  /** Puts an entry at a position, or below it. */
  #sink(entry: Entry, from: number): void {
    const heap = this.#heap;
    let position = from;
    for (;;) {
      let below = 2 * position + 1;
      if (below + 1 < heap.length && heap[below + 1]!.due < heap[below]!.due) below += 1;
      if (below >= heap.length || heap[below]!.due >= entry.due) break;
      this.#place(heap[below]!, position);
      position = below;
    }
    this.#place(entry, position);
  }

  #place(entry: Entry, position: number): void {
    this.#heap[position] = entry;
    entry.position = position;
  }
}

/** One timer. */
class Entry implements Timer {
  readonly #timetable: Timetable;
  readonly due: number;
  readonly callback: () => void;
  /** Its place in the heap; -1: it is in no more. */
  position: number = -1;

  constructor(timetable: Timetable, due: number, callback: () => void) {
    this.#timetable = timetable;
    this.due = due;
    this.callback = callback;
  }

  cancel(): void {
    this.#timetable.remove(this);
  }
}
