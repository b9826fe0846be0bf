import type { Clock, Timer } from "./clock.ts";

/** The longest time that Node can set a timer for. */
const LONGEST = 2 ** 31 - 1;

/**
 * What stands in a timetable, once at most. Who has a time for each of many objects makes it of the objects themselves:
 * a timer of its own for each takes 200 octets more.
 */
export interface Dated {
  /** When it is due, and its place in the heap, or NOT_IN; the timetable's affair. */
  due: number;
  position: number;
  /** Called when it is due; it is in no more. */
  passed(): void;
}

/** The `position` of what is in no timetable. */
export const NOT_IN = -1;

/**
 * All timers of a clock on a single one of it, set for the first that is due: every connection has a timer or two, few
 * of which ever pass. A binary heap, ordered by time. None passes early; they are rounded up to whole milliseconds, which
 * take no memory of their own.
 */
export class Timetable {
  readonly #clock: Pick<Clock, "now" | "schedule">;
  readonly #heap: Dated[] = [];
  /** The timer of the clock that is set, and its time. */
  #alarm: Timer | null = null;
  #alarmTime: number = Infinity;
  readonly #ring = (): void => {
    this.#alarm = null;
    this.#alarmTime = Infinity;
    const now = this.#clock.now();
    try {
      for (let first = this.#heap[0]; first !== undefined && first.due <= now;) {
        this.#remove(first);
        first.passed();
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
    const entry = new Entry(this, callback);
    this.set(entry, delay);
    return entry;
  }

  /** Puts `dated`, which is not in, where it is due in `delay` milliseconds. */
  set(dated: Dated, delay: number): void {
    dated.due = Math.ceil(this.#clock.now() + delay);
    this.#raise(dated, this.#heap.length);
    this.#setAlarm();
  }

  /** Takes `dated` out, if it is in. */
  clear(dated: Dated): void {
    if (dated.position === NOT_IN) return;
    this.#remove(dated);
    // Otherwise it stays as it is: most are taken out again.
    if (this.#heap.length === 0) this.#cancelAlarm();
  }

  #remove(dated: Dated): void {
    const { position } = dated;
    dated.position = NOT_IN;
    const last = this.#heap.pop()!;
    if (last === dated) return;
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

  #cancelAlarm(): void {
    this.#alarm?.cancel();
    this.#alarm = null;
    this.#alarmTime = Infinity;
  }

  /** Puts what is dated at a position, or above it, where it belongs. */
  #raise(dated: Dated, from: number): void {
    let position = from;
    while (position > 0) {
      const above = (position - 1) >> 1;
      const other = this.#heap[above]!;
      if (other.due <= dated.due) break;
      this.#place(other, position);
      position = above;
    }
    this.#place(dated, position);
  }

  /** Puts what is dated at a position, or below it. */
  #sink(dated: Dated, from: number): void {
    const heap = this.#heap;
    let position = from;
    for (;;) {
      let below = 2 * position + 1;
      if (below + 1 < heap.length && heap[below + 1]!.due < heap[below]!.due) below += 1;
      if (below >= heap.length || heap[below]!.due >= dated.due) break;
      this.#place(heap[below]!, position);
      position = below;
    }
    this.#place(dated, position);
  }

  #place(dated: Dated, position: number): void {
    this.#heap[position] = dated;
    dated.position = position;
  }
}

/** A timer of its own. */
class Entry implements Dated, Timer {
  readonly #timetable: Timetable;
  readonly #callback: () => void;
  due: number = 0;
  position: number = NOT_IN;

  constructor(timetable: Timetable, callback: () => void) {
    this.#timetable = timetable;
    this.#callback = callback;
  }

  passed(): void {
    this.#callback();
  }

  cancel(): void {
    this.#timetable.clear(this);
  }
}
