/* What compiles and what must not: checked by `tsc -b`, nothing here runs. */

import { expectTypeOf } from "vitest";
import {
  AcceptConnection,
  type HeaderList,
  type HeadersInput,
  RejectConnection,
  Request,
} from "../../src/index.ts";

/** D21: headers are taken as pairs, as anything that iterates over pairs, and as a record. */
export function accepted(
  list: HeaderList,
  mutable: [string, string][],
  pairs: Generator<[string, string]>,
  record: Readonly<Record<string, string>>,
): readonly HeadersInput[] {
  return [
    [],
    [["a", "b"]],
    list,
    mutable,
    pairs,
    record,
    { "X-A": "b" },
    new Map([["a", "b"]]),
    new Headers(),
    new URLSearchParams(),
  ];
}

/** So take them all events that have headers. */
export function inEvents(headers: HeadersInput): void {
  new Request({ host: "example.com", target: "/", extraHeaders: headers });
  new AcceptConnection({ extraHeaders: headers });
  new RejectConnection({ headers });
}

export function refused(lines: string[][]): void {
  // @ts-expect-error -- text is no headers
  "a: b" satisfies HeadersInput;
  // @ts-expect-error -- a list of pairs, not of lists
  lines satisfies HeadersInput;
  // @ts-expect-error -- a pair has two members
  [["a"]] satisfies HeadersInput;
  // @ts-expect-error -- a value is text
  [["a", 1]] satisfies HeadersInput;
  // @ts-expect-error -- a value is text
  ({ a: 1 }) satisfies HeadersInput;
  // @ts-expect-error -- repeats are pairs of their own
  ({ a: ["b", "c"] }) satisfies HeadersInput;
  // @ts-expect-error -- a header has a value
  new Map([["a", undefined]]) satisfies HeadersInput;
}

/** What comes out is a list in order, which cannot be changed. */
export function received(request: Request): void {
  expectTypeOf(request.extraHeaders).toEqualTypeOf<
    readonly (readonly [name: string, value: string])[]
  >();
  for (const [name, value] of request.extraHeaders) {
    expectTypeOf(name).toEqualTypeOf<string>();
    expectTypeOf(value).toEqualTypeOf<string>();
  }
  // @ts-expect-error -- readonly
  void request.extraHeaders.push;
}
