import { constants, deflateRawSync } from "node:zlib";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Limits } from "../../src/limits.ts";
import type { FrameEvent } from "../../src/messages/decoder.ts";
import {
  arriving,
  concat,
  frame,
  hex,
  isUnfinished,
  open,
  type Role,
  summary,
  utf8,
} from "../helpers/wire.ts";
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

/** What a receiver makes of chunks. */
interface Outcome {
  readonly lines: readonly string[];
  /** What was delivered of a message without its end. */
  readonly unfinished: string;
  readonly state: number;
  readonly closeExpected: boolean;
}

function outcome(
  receiver: Role,
  chunks: readonly Uint8Array[],
  options: Parameters<typeof negotiated>[0],
  { limits = {}, readAtEnd = false }: { limits?: Partial<Limits>; readAtEnd?: boolean } = {},
): Outcome {
  const connection = open(receiver, { limits }, negotiated(options)[receiver]);
  const events: FrameEvent[] = [];
  for (const chunk of chunks) {
    if (connection.closeExpected) break;
    connection.receiveData(chunk);
    if (!readAtEnd) events.push(...connection.events());
  }
  events.push(...connection.events());
  const { state, closeExpected } = connection;
  connection.receiveData(null);
  const all = summary([...events, ...connection.events()]);
  return {
    lines: all.filter((line) => !isUnfinished(line)),
    unfinished: all.find(isUnfinished) ?? "",
    state,
    closeExpected,
  };
}

function hasFailed({ lines }: Outcome): boolean {
  return lines.some((line) => line.startsWith("fail "));
}

/** A message cut off by a failure may be known to a greater or lesser part; else it is the same. */
function expectSameUnfinished(one: Outcome, two: Outcome): void {
  if (!hasFailed(one)) {
    expect(one.unfinished).toBe(two.unfinished);
    return;
  }
  const [short, long] = [one.unfinished, two.unfinished].sort((a, b) => a.length - b.length);
  if (short !== "") expect(long!.startsWith(short!)).toBe(true);
}

/** Faults of what was inflated. With two of them in one message, where the chunks end decides which is met first. */
const FAULT_OF_CONTENT =
  /^fail (1007 ERR_UTF8 invalid|1007 ERR_EXTENSION error in|1009 ERR_MESSAGE_SIZE error in) .*/;

describe("where a chunk ends changes nothing", () => {
  test("R6455-6.2-01, R9220-3-02, D1: valid traffic, with and without deflate", () => {
    fc.assert(
      fc.property(role, session, deflate, cuts, (receiver, events, options, sizes) => {
        const sender = other(receiver);
        const octets = written(sender, events, negotiated(options)[sender]);
        const whole = outcome(receiver, [octets], options);
        const chunks = cut(octets, sizes);
        expect(outcome(receiver, chunks, options)).toEqual(whole);
        expect(outcome(receiver, chunks, options, { readAtEnd: true })).toEqual(whole);
        expect(hasFailed(whole)).toBe(false);
      }),
      { numRuns: 75 },
    );
  });

  test("R6455-6.2-01, R6455-7.1.7-03, F78: altered traffic: the same events, and the same failure", () => {
    fc.assert(
      fc.property(role, session, cuts, alterations, (receiver, events, sizes, changes) => {
        const octets = altered(written(other(receiver), events), changes);
        const limits = { message: 500, frame: 400, fragments: 4 };
        const whole = outcome(receiver, [octets], null, { limits });
        const split = outcome(receiver, cut(octets, sizes), null, { limits });
        expect({ ...split, unfinished: "" }).toEqual({ ...whole, unfinished: "" });
        expectSameUnfinished(whole, split);
      }),
      { numRuns: 150 },
    );
  });

  test("R6455-6.2-01, R7692-7.2.2-02: altered compressed traffic", () => {
    fc.assert(
      fc.property(
        role,
        session,
        deflate.filter((options) => options !== null),
        cuts,
        alterations,
        (receiver, events, options, sizes, changes) => {
          const sender = other(receiver);
          const octets = altered(written(sender, events, negotiated(options)[sender]), changes);
          const limits = { message: 500, frame: 400, fragments: 4 };
          const whole = outcome(receiver, [octets], options, { limits });
          const split = outcome(receiver, cut(octets, sizes), options, { limits });
          const [one, two] = [whole, split].map((result) => ({
            ...result,
            unfinished: "",
            lines: result.lines.map((line) => line.replace(FAULT_OF_CONTENT, "a fault of content")),
          }));
          expect(two).toEqual(one);
          expectSameUnfinished(whole, split);
        },
      ),
      { numRuns: 100 },
    );
  });

  test.each([
    ["too much", deflateRawSync(new Uint8Array(600)), "1009 ERR_MESSAGE_SIZE error in extension"],
    [
      "corrupt",
      concat(
        deflateRawSync(utf8("a".repeat(100)), { finishFlush: constants.Z_SYNC_FLUSH }),
        hex("07ff"),
      ),
      "1007 ERR_EXTENSION error in extension",
    ],
    [
      "no text",
      deflateRawSync(concat(utf8("a".repeat(100)), hex("ff"), utf8("a".repeat(100)))),
      "1007 ERR_UTF8 invalid UTF-8: met 0xff, expected the first octet of a character",
    ],
  ])(
    "R7692-7.2.2-02, R7692-6.1-03: one fault of what was inflated is the same failure: %s",
    (_name, payload, fault) => {
      fc.assert(
        fc.property(role, cuts, (receiver, sizes) => {
          const octets = arriving(receiver, frame({ opcode: 1, rsv: 4, payload }));
          const { lines } = outcome(
            receiver,
            cut(octets, sizes),
            {},
            {
              limits: { message: 500 },
            },
          );
          expect(lines).toEqual([`fail ${fault}`, "close 1006 null"]);
        }),
      );
    },
  );
});
