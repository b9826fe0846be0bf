/**
 * HTTP header fields in order: `[name, value]`, text with one character for each octet (Latin-1), repeats kept.
 */
export type HeaderList = readonly (readonly [name: string, value: string])[];

/** What is taken for a HeaderList: an iterable of pairs (such as a `Headers`), or a record. */
export type HeadersInput =
  | HeaderList
  | Iterable<readonly [name: string, value: string]>
  | Readonly<Record<string, string>>;

/**
 * A HeaderList of its own, with the order and the repeats of `input`.
 * @throws TypeError if a pair is not two strings.
 */
export function toHeaderList(input: HeadersInput = []): HeaderList {
  if (typeof input !== "object" || input === null) {
    throw new TypeError(`headers must be an iterable of pairs or a record, not ${typeName(input)}`);
  }
  const pairs: Iterable<unknown> = Symbol.iterator in input ? input : Object.entries(input);
  const headers: [string, string][] = [];
  for (const pair of pairs) {
    const fields: readonly unknown[] = Array.isArray(pair) ? pair : [];
    const name = fields[0];
    const value = fields[1];
    if (typeof name !== "string" || typeof value !== "string" || fields.length !== 2) {
      throw new TypeError("a header must be a pair of two strings, [name, value]");
    }
    headers.push([name, value]);
  }
  return headers;
}

/** How a message names the type of a wrong value. */
export function typeName(value: unknown): string {
  if (value === null) return "null";
  return typeof value === "object" ? (value.constructor?.name ?? "object") : typeof value;
}
