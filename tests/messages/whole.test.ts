import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Connection } from "../../src/connection.ts";
import {
  AcceptConnection,
  BytesMessage,
  isData,
  Ping,
  TextMessage,
  wholeMessage,
} from "../../src/events.ts";
import type { FrameEvent } from "../../src/messages/decoder.ts";
import { ConnectionState } from "../../src/states.ts";
import { WSConnection } from "../../src/ws-connection.ts";
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
} from "../laws/traffic.ts";
import { requestHead } from "../helpers/handshake.ts";
import {
  arriving,
  frame,
  hex,
  isUnfinished,
  open,
  ROLES,
  type Role,
  summary,
  typeOf,
  utf8,
} from "../helpers/wire.ts";

type Way = "nextEvent" | "nextWhole" | "nextData";

/** Reads what there is, in the way that `next` says for one event after the other; data alone is made one. */
function read(connection: Connection, next: () => Way): FrameEvent[] {
  const events: FrameEvent[] = [];
  for (;;) {
    const met = connection[next()]();
    if (met === null) return events;
    events.push(isData(met) ? wholeMessage(met) : met);
  }
}

function feed(
  connection: Connection,
  chunks: readonly Uint8Array[],
  next: () => Way,
): FrameEvent[] {
  const events: FrameEvent[] = [];
  for (const chunk of chunks) {
    if (connection.closeExpected) break;
    connection.receiveData(chunk);
    events.push(...read(connection, next));
  }
  connection.receiveData(null);
  return [...events, ...read(connection, next)];
}

const inPieces = (): Way => "nextEvent";
const wholes = (): Way => "nextWhole";
const data = (): Way => "nextData";

/** Without a message that has not come to its end, which is not given whole. */
function finished(events: readonly FrameEvent[]): string[] {
  return summary(events).filter((line) => !isUnfinished(line));
}

function isWhole(event: FrameEvent): boolean {
  if (!(event instanceof TextMessage) && !(event instanceof BytesMessage)) return true;
  return event.messageFinished && event.frameFinished;
}

describe("nextWhole and nextData", () => {
  test("R6455-5.4-04, R6455-6.2-01: give the messages whole that nextEvent gives in pieces, and all else", () => {
    fc.assert(
      fc.property(
        role,
        session,
        deflate,
        cuts,
        fc.boolean(),
        (receiver, events, options, sizes, ownsInput) => {
          const sender = other(receiver);
          const octets = written(sender, events, negotiated(options)[sender]);
          const pieces = feed(
            open(receiver, {}, negotiated(options)[receiver]),
            cut(octets, sizes),
            inPieces,
          );
          for (const way of [wholes, data]) {
            const connection = open(receiver, { ownsInput }, negotiated(options)[receiver]);
            const met = feed(connection, cut(octets.slice(), sizes), way);
            expect(met.every(isWhole)).toBe(true);
            expect(summary(met)).toEqual(finished(pieces));
          }
        },
      ),
      { numRuns: 100 },
    );
  });

  test("R6455-7.1.7-03, F78: altered traffic fails as it does in pieces", () => {
    fc.assert(
      fc.property(role, session, cuts, alterations, (receiver, events, sizes, changes) => {
        const octets = altered(written(other(receiver), events), changes);
        const limits = { message: 500, frame: 400, fragments: 4 };
        const [one, two, three] = [inPieces, wholes, data].map((way) => {
          const connection = open(receiver, { limits });
          const lines = finished(feed(connection, cut(octets, sizes), way));
          return { lines, state: connection.state, closeExpected: connection.closeExpected };
        });
        expect(two).toEqual(one);
        expect(three).toEqual(one);
      }),
      { numRuns: 150 },
    );
  });

  test("D1: all of them may take turns at any time: nothing is lost, and nothing comes twice", () => {
    fc.assert(
      fc.property(
        role,
        session,
        deflate,
        cuts,
        fc.array(fc.constantFrom<Way>("nextEvent", "nextWhole", "nextData"), {
          minLength: 1,
          maxLength: 9,
        }),
        (receiver, events, options, sizes, turns) => {
          const sender = other(receiver);
          const octets = written(sender, events, negotiated(options)[sender]);
          const chunks = cut(octets, sizes);
          let turn = 0;
          const pieces = feed(open(receiver, {}, negotiated(options)[receiver]), chunks, inPieces);
          const inTurns = feed(
            open(receiver, {}, negotiated(options)[receiver]),
            chunks,
            () => turns[turn++ % turns.length]!,
          );
          expect(finished(inTurns)).toEqual(finished(pieces));
        },
      ),
      { numRuns: 100 },
    );
  });

  describe.each(ROLES)("%s", (receiver: Role) => {
    const sizes = [1, 60, 100, 1023, 1024, 5000, 70_000];

    test.each(sizes)(
      "R6455-5.4-04: octets and text of all kinds in chunks of %d octets",
      (size) => {
        for (const payload of [
          Uint8Array.from({ length: 150_000 }, (_, index) => (index * 31) >>> 3),
          utf8("ASCII alone. ".repeat(11_000)),
          utf8("ASCII, and in the end more. ".repeat(3000) + "Grüße, 世界 🎉 ".repeat(2000)),
          utf8("æøå ".repeat(20_000)),
        ]) {
          const opcode = payload[0] === 0 ? 2 : 1;
          const octets = arriving(
            receiver,
            frame({ opcode, fin: false, payload: payload.subarray(0, 3000) }),
            frame({ opcode: 9, payload: "between" }),
            frame({ opcode: 0, payload: payload.subarray(3000) }),
          );
          const chunks = cut(octets, [size]);
          const expected = summary(feed(open(receiver), chunks, inPieces));
          expect(summary(feed(open(receiver), chunks, wholes))).toEqual(expected);
        }
      },
    );

    test("R6455-8.1-01: text that is not UTF-8 fails at once, and not at its end", () => {
      const connection = open(receiver);
      const octets = arriving(
        receiver,
        frame({ opcode: 1, fin: false, payload: "valid so far" }),
        frame({ opcode: 0, fin: false, payload: hex("c3") }),
        frame({ opcode: 0, fin: false, payload: hex("28") }),
      );
      connection.receiveData(octets);
      expect(summary(read(connection, wholes))).toEqual([
        "fail 1007 ERR_UTF8 invalid UTF-8: met 0x28, expected an octet from 0x80 to 0xbf",
      ]);
      expect(connection.nextWhole()).toBeNull();
    });

    test("D1: nextData gives the data alone of a message in one frame, and an event of all else", () => {
      const connection = open(receiver);
      connection.receiveData(
        arriving(
          receiver,
          frame({ opcode: 1, payload: "" }),
          frame({ opcode: 2, payload: hex("0102") }),
          frame({ opcode: 9, payload: "p" }),
          frame({ opcode: 1, fin: false, payload: "a" }),
          frame({ opcode: 0, payload: "b" }),
          frame({ opcode: 1, payload: hex("ff") }),
        ),
      );
      expect(Array.from({ length: 6 }, () => connection.nextData())).toEqual([
        "",
        hex("0102"),
        new Ping({ payload: utf8("p") }),
        new TextMessage({ data: "ab" }),
        expect.objectContaining({ type: "CloseConnection", code: 1007 }),
        null,
      ]);
    });

    test("D1: what was kept of a message comes as a piece when nextEvent asks", () => {
      const connection = open(receiver);
      connection.receiveData(
        arriving(receiver, frame({ opcode: 2, fin: false, payload: hex("0102") })),
      );
      expect(connection.nextWhole()).toBeNull();
      expect(connection.nextEvent()).toEqual(
        new BytesMessage({ data: hex("0102"), messageFinished: false }),
      );
      expect(connection.nextEvent()).toBeNull();
      connection.receiveData(arriving(receiver, frame({ opcode: 0, payload: hex("03") })));
      expect(connection.nextWhole()).toEqual(new BytesMessage({ data: hex("03") }));
    });

    test("F73: nothing of a message that was begun comes after the end", () => {
      const connection = open(receiver);
      connection.receiveData(
        arriving(receiver, frame({ opcode: 1, fin: false, payload: "begun" })),
      );
      expect(connection.nextWhole()).toBeNull();
      connection.release();
      expect(connection.state).toBe(ConnectionState.CLOSED);
      expect([connection.nextWhole(), connection.nextData(), connection.nextEvent()]).toEqual([
        null,
        null,
        null,
      ]);
    });
  });

  test("D1: a WSConnection gives the opening first, then messages whole, in however many chunks", () => {
    const server = new WSConnection(typeOf("server"));
    expect(server.nextWhole()).toBeNull();
    server.receiveData(requestHead());
    expect(server.nextWhole()).toMatchObject({ type: "Request" });
    server.send(new AcceptConnection());
    const octets = arriving(
      "server",
      frame({ opcode: 1, fin: false, payload: "a" }),
      frame({ opcode: 0, payload: "b" }),
    );
    for (const octet of octets.subarray(0, -1)) {
      server.receiveData(Uint8Array.of(octet));
      expect(server.nextWhole()).toBeNull();
    }
    server.receiveData(octets.subarray(-1));
    expect(server.nextWhole()).toEqual(new TextMessage({ data: "ab" }));
  });

  test("D1: a WSConnection gives the opening as an event, then the data alone", () => {
    const server = new WSConnection(typeOf("server"));
    expect(server.nextData()).toBeNull();
    server.receiveData(requestHead());
    expect(server.nextData()).toMatchObject({ type: "Request" });
    server.send(new AcceptConnection());
    server.receiveData(arriving("server", frame({ opcode: 1, payload: "a" })));
    expect([server.nextData(), server.nextData()]).toEqual(["a", null]);
  });
});
