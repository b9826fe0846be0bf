import { typeName } from "../headers.ts";
import { Deferred } from "./deferred.ts";
import { requireOptions } from "./settings.ts";

/** An AbortSignal, as far as a session needs one. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

/** How to wait. */
export interface WaitOptions {
  /** Ends the waiting when it is aborted; what is waited for then rejects with its `reason`. */
  readonly signal?: AbortSignalLike | undefined;
}

export const WAIT_OPTIONS: ReadonlySet<string> = new Set(["signal"]);

/**
 * Has a look at the options of a call, before it does anything.
 * @param known the names of the options
 * @throws TypeError for what is no object, a name that is not known, and a signal that is none; the reason of one that
 * is aborted already
 */
export function requireWaitOptions(
  options: WaitOptions | undefined,
  known: ReadonlySet<string>,
): void {
  if (options === undefined) return;
  requireOptions(options, known);
  const { signal } = options;
  if (signal === undefined) return;
  if (!isSignal(signal)) {
    throw new TypeError(`signal must be an AbortSignal, not ${typeName(signal)}`);
  }
  if (signal.aborted) throw signal.reason;
}

function isSignal(value: unknown): boolean {
  return (
    typeof value === "object" &&
    value !== null &&
    "aborted" in value &&
    typeof value.aborted === "boolean" &&
    "addEventListener" in value &&
    typeof value.addEventListener === "function" &&
    "removeEventListener" in value &&
    typeof value.removeEventListener === "function"
  );
}

/** Calls `giveUp` if `signal` is aborted before `waiting` has settled; then no listener of it is left. */
export function onAbort(
  signal: AbortSignalLike,
  waiting: Promise<unknown>,
  giveUp: (reason: unknown) => void,
): void {
  const abort = (): void => giveUp(signal.reason);
  const over = (): void => signal.removeEventListener("abort", abort);
  signal.addEventListener("abort", abort);
  waiting.then(over, over);
}

/** A promise for many, each of whom waits as long as it likes. */
export class Waiters extends Deferred<void> {
  /** Of those with a signal. */
  #own: Set<Deferred<void>> | null = null;

  wait(signal: AbortSignalLike | undefined): Promise<void> {
    if (signal === undefined) return this.promise;
    const own = new Deferred<void>();
    const all = (this.#own ??= new Set());
    all.add(own);
    onAbort(signal, own.promise, (reason) => {
      all.delete(own);
      own.reject(reason);
    });
    return own.promise;
  }

  override resolve(): void {
    super.resolve();
    for (const own of this.#own ?? []) own.resolve();
  }

  override reject(error: unknown): void {
    super.reject(error);
    for (const own of this.#own ?? []) own.reject(error);
  }
}
