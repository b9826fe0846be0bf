import * as fc from "fast-check";
import { Connection } from "../../src/connection.ts";
import {
  BytesMessage,
  CloseConnection,
  type Event,
  type Message,
  Ping,
  Pong,
  TextMessage,
} from "../../src/events.ts";
import {
  PerMessageDeflate,
  type PerMessageDeflateOptions,
} from "../../src/extensions/permessage-deflate.ts";
import { seededRandom } from "../helpers/pair.ts";
import { concat, type Role, typeOf } from "../helpers/wire.ts";

/* Traffic for laws: what an end may send, as octets, cut and altered. */

export const role: fc.Arbitrary<Role> = fc.constantFrom("client", "server");

export function other(side: Role): Role {
  return side === "client" ? "server" : "client";
}

/** Text with characters of one to four octets, lone surrogates excepted. */
const text = fc.string({ unit: "grapheme", maxLength: 40 });

/** Octets: few and arbitrary, or many of one kind, across the sizes of a header. */
const octets = fc.oneof(
  { weight: 5, arbitrary: fc.uint8Array({ maxLength: 80 }) },
  {
    weight: 2,
    arbitrary: fc
      .record({ size: fc.integer({ min: 100, max: 400 }), octet: fc.nat(255) })
      .map(({ size, octet }) => new Uint8Array(size).fill(octet)),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(125, 126, 127, 1100, 5000)
      .map((size) => Uint8Array.from({ length: size }, (_, index) => (index * 7) & 0xff)),
  },
);

const control = fc
  .record({ isPing: fc.boolean(), payload: fc.uint8Array({ maxLength: 125 }) })
  .map(({ isPing, payload }) => (isPing ? new Ping({ payload }) : new Pong({ payload })));

const compress = fc.option(fc.boolean(), { nil: undefined });

/** A message in one or more pieces, control frames between them. */
const message: fc.Arbitrary<Event[]> = fc
  .record({
    pieces: fc.oneof<fc.Arbitrary<(string | Uint8Array)[]>[]>(
      fc.array(text, { minLength: 1, maxLength: 5 }),
      fc.array(octets, { minLength: 1, maxLength: 5 }),
    ),
    between: fc.array(fc.option(control, { freq: 3 }), { maxLength: 5 }),
    compress,
  })
  .map(({ pieces, between, ...wish }) =>
    pieces.flatMap((data: string | Uint8Array, index): Event[] => {
      const fields = { ...wish, messageFinished: index === pieces.length - 1 };
      const piece =
        typeof data === "string"
          ? new TextMessage({ data, ...fields })
          : new BytesMessage({ data, ...fields });
      const after = fields.messageFinished ? null : between[index];
      return after === null || after === undefined ? [piece] : [piece, after];
    }),
  );

const close = fc
  .record({
    code: fc.oneof(fc.constantFrom(1000, 1001, 1011, 1014), fc.integer({ min: 3000, max: 4999 })),
    reason: fc.string({ maxLength: 30 }),
  })
  .map((fields) => new CloseConnection(fields));

/** A sequence that may be sent: messages, control frames, perhaps a Close at the end. */
export const session: fc.Arbitrary<Event[]> = fc
  .tuple(
    fc.array(
      fc.oneof({ weight: 3, arbitrary: message }, { weight: 1, arbitrary: fc.tuple(control) }),
      { maxLength: 6 },
    ),
    fc.option(close),
  )
  .map(([parts, end]) => (end === null ? parts.flat() : [...parts.flat(), end]));

/** Parameters of permessage-deflate, or none of it. */
export const deflate: fc.Arbitrary<PerMessageDeflateOptions | null> = fc.option(
  fc.record(
    {
      clientNoContextTakeover: fc.boolean(),
      serverNoContextTakeover: fc.boolean(),
      clientMaxWindowBits: fc.integer({ min: 8, max: 15 }),
      serverMaxWindowBits: fc.integer({ min: 8, max: 15 }),
      level: fc.integer({ min: 0, max: 9 }),
      memLevel: fc.integer({ min: 1, max: 9 }),
      threshold: fc.constantFrom(0, 10, 1000),
    },
    { requiredKeys: [] },
  ),
);

/** Both ends of an agreement, for one connection. */
export function negotiated(options: PerMessageDeflateOptions | null): {
  readonly [Side in Role]: readonly PerMessageDeflate[];
} {
  if (options === null) return { client: [], server: [] };
  const [client, server] = [new PerMessageDeflate(options), new PerMessageDeflate(options)];
  const answer = server.accept(`${client.name}; ${client.offer()}`);
  client.finalize(`${client.name}; ${answer}`);
  return { client: [client], server: [server] };
}

/** The octets of `events` from `sender`. */
export function written(
  sender: Role,
  events: readonly Event[],
  extensions: readonly PerMessageDeflate[] = [],
): Uint8Array {
  const connection = new Connection(typeOf(sender), extensions, undefined, {
    random: seededRandom(7),
  });
  return concat(...events.map((event) => connection.send(event)));
}

/** Where octets are cut: sizes of chunks, used in turn. */
export const cuts: fc.Arbitrary<number[]> = fc.oneof(
  fc.constantFrom(1, 2).map((size) => [size]),
  fc
    .array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 12 })
    .map((sizes) => [...sizes, 1]),
  fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 6 }),
);

/** `whole` in chunks of these sizes; each is an array of its own. Beyond 3,000 chunks the rest is one. */
export function cut(whole: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  let start = 0;
  while (start < whole.length && chunks.length < 3000) {
    const size = sizes[chunks.length % sizes.length]!;
    chunks.push(whole.slice(start, start + size));
    start += size;
  }
  if (start < whole.length) chunks.push(whole.slice(start));
  return chunks;
}

/** An alteration of octets, its place as a part of their number. */
interface Alteration {
  readonly act: "change" | "insert" | "remove" | "end";
  readonly place: number;
  readonly octet: number;
}

export const alterations: fc.Arbitrary<Alteration[]> = fc.array(
  fc.record({
    act: fc.constantFrom("change", "change", "insert", "remove", "end"),
    place: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    octet: fc.nat(255),
  }),
  { minLength: 1, maxLength: 4 },
);

export function altered(whole: Uint8Array, list: readonly Alteration[]): Uint8Array {
  let octetsNow = Array.from(whole);
  for (const { act, place, octet } of list) {
    const index = Math.floor(place * octetsNow.length);
    if (act === "change") octetsNow[index] = octet;
    else if (act === "insert") octetsNow.splice(index, 0, octet);
    else if (act === "remove") octetsNow.splice(index, 1);
    // A stream that ends early; not too often near its beginning.
    else octetsNow = octetsNow.slice(0, Math.floor(Math.sqrt(place) * octetsNow.length));
  }
  return Uint8Array.from(octetsNow);
}

/** The messages of a session, whole, and its other events as they are. */
export function wholeMessages(events: readonly Event[]): Event[] {
  const result: Event[] = [];
  let begun: Message[] = [];
  for (const event of events) {
    if (event.type !== "TextMessage" && event.type !== "BytesMessage") {
      result.push(event);
      continue;
    }
    begun.push(event);
    if (!event.messageFinished) continue;
    result.push(joined(begun));
    begun = [];
  }
  return result;
}

function joined(pieces: readonly Message[]): Message {
  if (pieces[0] instanceof TextMessage) {
    return new TextMessage({ data: pieces.map(({ data }) => data).join("") });
  }
  const parts = pieces.filter((piece) => piece instanceof BytesMessage).map(({ data }) => data);
  return new BytesMessage({ data: concat(...parts) });
}
