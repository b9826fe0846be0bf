/** A promise that is settled from outside. Nobody has to look at its rejection. */
export class Deferred<Value> {
  readonly promise: Promise<Value>;
  #resolve: (value: Value) => void = ignore;
  #reject: (error: unknown) => void = ignore;

  constructor() {
    this.promise = new Promise<Value>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  resolve(value: Value): void {
    this.#resolve(value);
  }

  reject(error: unknown): void {
    this.promise.catch(ignore);
    this.#reject(error);
  }
}

/** A rejected promise that nobody has to look at. */
export function rejected(error: unknown): Promise<never> {
  const failed = new Deferred<never>();
  failed.reject(error);
  return failed.promise;
}

/** Takes a result, or an error that others hear of. */
export function ignore(): void {}

/** Whether a value has to be waited for, as `await` does. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  if (value === null || (typeof value !== "object" && typeof value !== "function")) return false;
  return "then" in value && typeof value.then === "function";
}
