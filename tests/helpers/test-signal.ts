import type { AbortSignalLike } from "../../src/session/signal.ts";

/** A signal that the test aborts, and that shows who listens. */
export class TestSignal implements AbortSignalLike {
  readonly listeners: Set<() => void> = new Set();
  /** How many listeners there ever were. */
  added: number = 0;
  aborted: boolean = false;
  reason: unknown = undefined;

  addEventListener(type: "abort", listener: () => void): void {
    if (type !== "abort" || this.aborted)
      throw new Error(`a listener to ${type} that hears nothing`);
    this.added += 1;
    this.listeners.add(listener);
  }

  removeEventListener(_: "abort", listener: () => void): void {
    this.listeners.delete(listener);
  }

  abort(reason: unknown): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    for (const listener of this.listeners) listener();
  }
}
