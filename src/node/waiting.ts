/** What the `accept` hook may want to know besides the request. */
export interface AcceptContext {
  /** Aborted when the answer is not waited for any more: the peer has gone, the deadline has passed, the server closes. */
  readonly signal: AbortSignal;
}

/** Makes the signal only for a hook that asks for it. */
export class Waiting implements AcceptContext {
  #controller: AbortController | null = null;
  #over: boolean = false;

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#over) this.#controller.abort();
    return this.#controller.signal;
  }

  /** Nobody waits any more. */
  end(): void {
    this.#over = true;
    this.#controller?.abort();
  }

  /** Whether an error says no more than that the signal was aborted. */
  explains(error: unknown): boolean {
    if (!this.#over || this.#controller === null || !(error instanceof Error)) return false;
    const reason: unknown = this.#controller.signal.reason;
    return error === reason || error.cause === reason;
  }
}
