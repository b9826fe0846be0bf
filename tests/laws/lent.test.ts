import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Connection } from "../../src/connection.ts";
import type { FrameEvent } from "../../src/messages/decoder.ts";
import { lend, PLACES } from "../helpers/lending.ts";
import { arriving, frame, isUnfinished, open, ROLES, summary, utf8 } from "../helpers/wire.ts";
import {
  altered,
  alterations,
  cut,
  cuts,
  deflate,
  negotiated,
  other,
  role,
  session,
  written,
} from "./traffic.ts";

/** How much is read of a chunk while it is lent, and how: numbers of events, those below zero whole. */
const reads = fc.array(fc.constantFrom(0, 1, -1, 2, -2, Infinity, -Infinity), {
  minLength: 1,
  maxLength: 9,
});

const place = fc.constantFrom(...PLACES);

function read(connection: Connection, count: number): FrameEvent[] {
  const events: FrameEvent[] = [];
  while (events.length < Math.abs(count)) {
    const event = count < 0 ? connection.nextWhole() : connection.nextEvent();
    if (event === null) break;
    events.push(event);
  }
  return events;
}

interface Outcome {
  readonly lines: readonly string[];
  readonly state: number;
  readonly closeExpected: boolean;
}

/** What a connection makes of chunks, each of which `give` gives it and reads. */
function outcome(
  connection: Connection,
  chunks: readonly Uint8Array[],
  give: (chunk: Uint8Array, index: number) => FrameEvent[],
): Outcome {
  const events: FrameEvent[] = [];
  for (const [index, chunk] of chunks.entries()) {
    if (connection.closeExpected) break;
    events.push(...give(chunk, index));
  }
  events.push(...read(connection, -Infinity));
  const { state, closeExpected } = connection;
  connection.receiveData(null);
  const lines = summary([...events, ...read(connection, -Infinity)]);
  return { lines: lines.filter((line) => !isUnfinished(line)), state, closeExpected };
}

function given(connection: Connection, chunks: readonly Uint8Array[]): Outcome {
  return outcome(connection, chunks, (chunk) => {
    connection.receiveData(chunk.slice());
    return read(connection, -Infinity);
  });
}

describe("a chunk that is lent is a chunk", () => {
  test("D1, R6455-6.2-01: nothing that comes of it holds its memory, however much is read meanwhile", () => {
    fc.assert(
      fc.property(
        role,
        session,
        deflate,
        cuts,
        reads,
        place,
        fc.boolean(),
        (receiver, events, options, sizes, counts, where, ownsInput) => {
          const sender = other(receiver);
          const octets = written(sender, events, negotiated(options)[sender]);
          const chunks = cut(octets, sizes);
          const connection = open(receiver, { ownsInput }, negotiated(options)[receiver]);
          const lent = outcome(connection, chunks, (chunk, index) => {
            let some: FrameEvent[] = [];
            lend(connection, chunk, where, () => {
              some = read(connection, counts[index % counts.length]!);
            });
            return some;
          });
          expect(lent).toEqual(given(open(receiver, {}, negotiated(options)[receiver]), chunks));
        },
      ),
      { numRuns: 150 },
    );
  });

  test("R6455-7.1.7-03, F78: altered traffic fails as it does otherwise", () => {
    fc.assert(
      fc.property(
        role,
        session,
        cuts,
        alterations,
        place,
        (receiver, events, sizes, changes, where) => {
          const octets = altered(written(other(receiver), events), changes);
          const chunks = cut(octets, sizes);
          const limits = { message: 500, frame: 400, fragments: 4 };
          const connection = open(receiver, { limits, ownsInput: true });
          const lent = outcome(connection, chunks, (chunk) => {
            let all: FrameEvent[] = [];
            lend(connection, chunk, where, () => {
              all = read(connection, -Infinity);
            });
            return all;
          });
          expect(lent).toEqual(given(open(receiver, { limits }), chunks));
        },
      ),
      { numRuns: 150 },
    );
  });

  describe.each(ROLES)("%s", (receiver) => {
    test.each([250, 5000, 20_000, 70_000, 262_144])(
      "D1, R6455-5.3-02: octets and text of all kinds and sizes in chunks of %d octets",
      (size) => {
        const octets = arriving(
          receiver,
          ...[
            Uint8Array.from({ length: 300_000 }, (_, index) => (index * 31) >>> 3),
            utf8("ASCII alone. ".repeat(11_000)),
            utf8("ASCII, and in the end more. ".repeat(3000) + "Grüße, 世界 🎉 ".repeat(2000)),
            utf8("æøå ".repeat(20_000)),
            ...[0, 64, 65, 1000, 1000, 1000, 16_383, 16_384, 40_000, 3].map((length) =>
              new Uint8Array(length).fill(length),
            ),
          ].flatMap((payload) => [
            frame({ opcode: payload[0] === 65 || payload[0] === 0xc3 ? 1 : 2, payload }),
            frame({ opcode: 9, payload: "between" }),
          ]),
        );
        const chunks = cut(octets, [size]);
        const expected = given(open(receiver), chunks);
        expect(expected.lines).toHaveLength(29);
        for (const where of PLACES) {
          for (const ownsInput of [false, true]) {
            for (const count of [Infinity, -Infinity]) {
              const connection = open(receiver, { ownsInput });
              const lent = outcome(connection, chunks, (chunk) => {
                let all: FrameEvent[] = [];
                lend(connection, chunk, where, () => {
                  all = read(connection, count);
                });
                return all;
              });
              expect(lent).toEqual(expected);
            }
          }
        }
      },
    );

    test("D1: without ownsInput it is not written to", () => {
      const chunk = arriving(
        receiver,
        frame({ opcode: 1, payload: "text ".repeat(1000) }),
        ...[20_000, 20_000, 1000, 100, 10].map((length) =>
          frame({ opcode: 2, payload: new Uint8Array(length).fill(length) }),
        ),
      );
      for (const where of PLACES) {
        const connection = open(receiver);
        let lent: Uint8Array = chunk;
        const lender = {
          receiveLent: (octets: Uint8Array) => {
            lent = octets;
            connection.receiveLent(octets);
          },
          keepLent: () => connection.keepLent(),
        };
        lend(lender, chunk, where, () => {
          expect(read(connection, -Infinity)).toHaveLength(6);
          expect(Buffer.compare(lent, chunk)).toBe(0);
        });
      }
    });
  });
});
