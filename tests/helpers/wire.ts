import { expect } from "vitest";
import { Connection, type ConnectionOptions } from "../../src/connection.ts";
import type { Event } from "../../src/events.ts";
import type { Extension } from "../../src/extensions/extension.ts";
import type { FrameEvent } from "../../src/messages/decoder.ts";
import { ConnectionType } from "../../src/states.ts";

/*
 * Frames for tests, written down from RFC 6455, 5.2 without the help of what is tested. They are written as a server
 * sends them, not masked; `arriving` makes of them what arrives at a role.
 */

/** Who receives, or sends, in a test. */
export type Role = "client" | "server";
export const ROLES: readonly Role[] = ["client", "server"];

/** The masking key of every frame that a client sends in these tests. */
export const KEY: Uint8Array = Uint8Array.of(0x37, 0xfa, 0x21, 0x3d);

export function hex(text: string): Uint8Array {
  const digits = text.replaceAll(/\s/g, "");
  if (!/^([0-9a-f]{2})*$/i.test(digits)) throw new Error(`not octets in hex: ${text}`);
  return Uint8Array.from({ length: digits.length / 2 }, (_, index) =>
    Number.parseInt(digits.slice(2 * index, 2 * index + 2), 16),
  );
}

export function toHex(octets: Uint8Array): string {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString("hex");
}

export function utf8(text: string): Uint8Array {
  return new Uint8Array(new TextEncoder().encode(text));
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/** As `toEqual`, which takes a second for 64 KiB. */
export function expectOctets(actual: Uint8Array, expected: Uint8Array): void {
  if (Buffer.compare(actual, expected) !== 0) expect(toHex(actual)).toBe(toHex(expected));
}

/** Runs `many`, which makes very many errors, without the cost of their stack traces. */
export function withoutStacks<Result>(many: () => Result): Result {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return many();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** A value of another type than the compiler allows, as a caller in JavaScript may give it. */
export function wrong(value: unknown): never {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- this is what it is for
  return value as never;
}

export interface FrameFields {
  readonly opcode: number;
  readonly fin?: boolean;
  /** RSV1 is 4, RSV2 is 2, RSV3 is 1. */
  readonly rsv?: number;
  readonly payload?: Uint8Array | string;
  /** The length that the header declares, where it is not the payload's. */
  readonly length?: number | bigint;
}

/** One frame, with its length in the shortest form. */
export function frame(fields: FrameFields): Uint8Array {
  const { opcode, fin = true, rsv = 0 } = fields;
  const given = fields.payload ?? "";
  const payload = typeof given === "string" ? utf8(given) : given;
  const length = BigInt(fields.length ?? payload.length);
  const first = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
  if (length < 126n) return concat(Uint8Array.of(first, Number(length)), payload);
  const [marker, size] = length < 0x1_0000n ? [126, 2n] : [127, 8n];
  const octets = Array.from({ length: Number(size) }, (_, index) =>
    Number((length >> (8n * (size - 1n - BigInt(index)))) & 0xffn),
  );
  return concat(Uint8Array.of(first, marker, ...octets), payload);
}

/** The header and the payload of each frame in `octets`, as far as they are there. */
function* cut(octets: Uint8Array): Generator<{ header: Uint8Array; payload: Uint8Array }> {
  for (let offset = 0; offset < octets.length;) {
    const marker = (octets[offset + 1] ?? 0) & 0x7f;
    const size = marker === 126 ? 4 : marker === 127 ? 10 : 2;
    const header = octets.slice(offset, offset + size);
    let length = marker < 126 ? marker : 0;
    for (const octet of header.subarray(2)) length = length * 256 + octet;
    const end = Math.min(octets.length, offset + size + length);
    yield { header, payload: octets.slice(offset + size, end) };
    offset = Math.max(offset + size, end);
  }
}

/** Frames as a client would send them: masked, each with `key`. */
export function masked(frames: Uint8Array, key: Uint8Array = KEY): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const { header, payload } of cut(frames)) {
    if (header.length < 2) return concat(...parts, header);
    header[1]! |= 0x80;
    parts.push(
      header,
      key,
      payload.map((octet, index) => octet ^ key[index % 4]!),
    );
  }
  return concat(...parts);
}

/** Frames as they arrive at `role`: a server's peer masks. */
export function arriving(role: Role, ...frames: readonly Uint8Array[]): Uint8Array {
  return role === "server" ? masked(concat(...frames)) : concat(...frames);
}

/** Frames as `role` sends them, with the pinned key. */
export function leaving(role: Role, ...frames: readonly Uint8Array[]): Uint8Array {
  return role === "client" ? masked(concat(...frames)) : concat(...frames);
}

export function typeOf(role: Role): ConnectionType {
  return role === "client" ? ConnectionType.CLIENT : ConnectionType.SERVER;
}

/** An open connection whose masking keys are `KEY`. */
export function open(
  role: Role,
  options: ConnectionOptions = {},
  extensions: readonly Extension[] = [],
): Connection {
  return new Connection(typeOf(role), extensions, undefined, { random: () => KEY, ...options });
}

/** Feeds each chunk and reads all events after it. */
export function receive(connection: Connection, ...chunks: (Uint8Array | null)[]): FrameEvent[] {
  return chunks.flatMap((chunk) => {
    connection.receiveData(chunk);
    return [...connection.events()];
  });
}

/** What arrives at a fresh connection as frames, in lines; see `summary`. */
export function received(
  role: Role,
  frames: readonly Uint8Array[],
  options: ConnectionOptions = {},
): string[] {
  return summary(receive(open(role, options), arriving(role, ...frames)));
}

/**
 * Events in lines, the pieces of a message joined: `text Hello`, `bytes 0102`, `ping `, `pong 05`, `close 1000 bye`,
 * `fail 1002 ERR_OPCODE Invalid opcode 0x3`. A message without its end comes last, with `…` behind its type.
 */
export function summary(events: Iterable<Event>): string[] {
  const lines: string[] = [];
  let begun: { type: "text" | "bytes"; data: string } | null = null;
  for (const event of events) {
    if (event.type !== "TextMessage" && event.type !== "BytesMessage") {
      lines.push(line(event));
      continue;
    }
    const isText = event.type === "TextMessage";
    const type = isText ? "text" : "bytes";
    begun ??= { type, data: "" };
    if (begun.type !== type)
      throw new Error(`a piece of ${type} inside a message of ${begun.type}`);
    begun.data += isText ? event.data : toHex(event.data);
    if (!event.messageFinished) continue;
    lines.push(`${type} ${begun.data}`);
    begun = null;
  }
  if (begun !== null) lines.push(`${begun.type}… ${begun.data}`);
  return lines;
}

/** Whether a line of a summary is of a message without its end. */
export function isUnfinished(summaryLine: string): boolean {
  return /^(text|bytes)… /.test(summaryLine);
}

function line(event: Event): string {
  switch (event.type) {
    case "Ping":
      return `ping ${toHex(event.payload)}`;
    case "Pong":
      return `pong ${toHex(event.payload)}`;
    case "CloseConnection": {
      const { code, reason, failure } = event;
      if (failure === null) return `close ${code} ${reason ?? "null"}`;
      if (failure.message !== reason) throw new Error("a failure whose reason is another text");
      return `fail ${code} ${failure.code} ${failure.message}`;
    }
    default:
      return event.type;
  }
}

/** The close code of the failure in a summary, or null. */
export function failureCode(lines: readonly string[]): number | null {
  const failure = lines.find((text) => text.startsWith("fail "));
  return failure === undefined ? null : Number(failure.split(" ")[1]);
}
