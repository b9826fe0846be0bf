import type { LookupAddress } from "node:dns";
import { lookup } from "node:dns/promises";
import type { LookupFunction } from "node:net";
import { Deferred } from "../session/deferred.ts";

/** What is under way, by address and port: settles when it is over, and never rejects. */
const underWay = new Map<string, Promise<unknown>>();

/**
 * Runs `action` when nothing else that was run here with one of the keys is under way, in the order of the calls.
 * Rejects with `signal.reason` if that is aborted before its turn.
 */
export async function inTurn<Result>(
  keys: readonly string[],
  signal: AbortSignal,
  action: () => Promise<Result>,
): Promise<Result> {
  const before = Promise.all(keys.flatMap((key) => underWay.get(key) ?? []));
  const result = unlessAborted(before, signal).then(action);
  // Who gives up leaves those before it at work.
  const over = Promise.allSettled([before, result]);
  for (const key of keys) underWay.set(key, over);
  void over.then(() => {
    for (const key of keys) if (underWay.get(key) === over) underWay.delete(key);
  });
  return result;
}

/** The addresses of a host, as Node looks them up. Rejects with `signal.reason` if that is aborted before. */
export function addressesOf(host: string, signal: AbortSignal): Promise<readonly LookupAddress[]> {
  return unlessAborted(lookup(host, { all: true }), signal);
}

/** A lookup that has been done already. */
export function lookupOf(addresses: readonly LookupAddress[]): LookupFunction {
  return (_host, { all }, callback) => {
    // A host that was found has one at least.
    const { address, family } = addresses[0]!;
    if (all === true) callback(null, [...addresses]);
    else callback(null, address, family);
  };
}

function unlessAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  const result = new Deferred<Value>();
  const abort = (): void => result.reject(signal.reason);
  const settle = (): void => signal.removeEventListener("abort", abort);
  signal.addEventListener("abort", abort);
  promise
    .then(
      (value) => result.resolve(value),
      (error: unknown) => result.reject(error),
    )
    .finally(settle);
  if (signal.aborted) abort();
  return result.promise;
}
