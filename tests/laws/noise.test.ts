import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LocalProtocolError, RemoteProtocolError } from "../../src/errors.ts";
import { AcceptConnection, type Event, Request } from "../../src/events.ts";
import { CloseCode } from "../../src/frames/close.ts";
import { WSConnection } from "../../src/index.ts";
import { ConnectionState } from "../../src/states.ts";
import { seededRandom } from "../helpers/pair.ts";
import {
  concat,
  frame,
  open,
  receive,
  type Role,
  summary,
  toHex,
  typeOf,
  wrong,
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

/** Noise that looks a little like frames, so that it comes further. */
const noise = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 30 }),
      fc
        .record({
          opcode: fc.nat(15),
          fin: fc.boolean(),
          rsv: fc.constantFrom(0, 0, 0, 4, 1),
          payload: fc.uint8Array({ maxLength: 140 }),
        })
        .map(frame),
    ),
    { maxLength: 8 },
  )
  .map((parts) => concat(...parts));

const CODES: ReadonlySet<number> = new Set<number>([
  CloseCode.PROTOCOL_ERROR,
  CloseCode.INVALID_FRAME_PAYLOAD_DATA,
  CloseCode.POLICY_VIOLATION,
  CloseCode.MESSAGE_TOO_BIG,
]);

/** Reads chunks and checks that whatever they are, one failure at most comes of it, and it is the last event. */
function readsQuietly(
  receiver: Role,
  chunks: readonly Uint8Array[],
  options: Parameters<typeof negotiated>[0],
): void {
  const connection = open(receiver, {}, negotiated(options)[receiver]);
  const events: Event[] = [];
  for (const chunk of chunks) {
    if (connection.state === ConnectionState.CLOSED) break;
    connection.receiveData(chunk);
    events.push(...connection.events());
  }
  const closes = events.filter((event) => event.type === "CloseConnection");
  expect(closes.length).toBeLessThanOrEqual(1);
  const [close] = closes;
  if (close === undefined) {
    expect(connection.state).toBe(ConnectionState.OPEN);
    return;
  }
  expect(events.at(-1)).toBe(close);
  if (close.failure === null) {
    expect(connection.state).toBe(ConnectionState.REMOTE_CLOSING);
  } else {
    expect(close.failure).toBeInstanceOf(RemoteProtocolError);
    expect(CODES.has(close.code)).toBe(true);
    expect(connection.state).toBe(ConnectionState.OPEN);
  }
  // Either way it can be answered.
  expect(connection.send(close.response()).length).toBeGreaterThan(1);
}

describe("whatever arrives", () => {
  test("R6455-10.7-01, B10, D6, F21: noise causes a failing CloseConnection and nothing else", () => {
    fc.assert(
      fc.property(role, noise, deflate, cuts, (receiver, octets, options, sizes) => {
        readsQuietly(receiver, cut(octets, sizes), options);
      }),
      { numRuns: 150 },
    );
  });

  test("R6455-10.7-01, B10, D6, F21: so does altered traffic", () => {
    fc.assert(
      fc.property(
        role,
        session,
        deflate,
        alterations,
        cuts,
        (receiver, events, options, changes, sizes) => {
          const octets = written(other(receiver), events, negotiated(options)[other(receiver)]);
          readsQuietly(receiver, cut(altered(octets, changes), sizes), options);
        },
      ),
      { numRuns: 100 },
    );
  });

  test("R6455-10.7-01, B10, D6: altered handshakes cause a RemoteProtocolError and nothing else", () => {
    const request = new Request({ host: "example.com", target: "/", subprotocols: ["a", "b"] });
    const client = () => new WSConnection(typeOf("client"), { random: seededRandom(5) });
    const asked = client().send(request).slice();
    const server = new WSConnection(typeOf("server"));
    server.receiveData(asked);
    const answered = server.send(new AcceptConnection({ subprotocol: "a" })).slice();
    fc.assert(
      fc.property(role, alterations, cuts, (receiver, changes, sizes) => {
        const connection = receiver === "client" ? client() : new WSConnection(typeOf("server"));
        if (receiver === "client") connection.send(request);
        const octets = altered(receiver === "client" ? answered : asked, changes);
        const before = connection.state;
        try {
          for (const chunk of cut(octets, sizes)) {
            connection.receiveData(chunk);
            [...connection.events()].forEach((event) => expect(event.type).toBeTypeOf("string"));
          }
        } catch (error) {
          expect(error).toBeInstanceOf(RemoteProtocolError);
          const hint = error instanceof RemoteProtocolError ? error.eventHint : null;
          expect(hint).not.toBeNull();
          if (receiver === "server") {
            expect(connection.state).toBe(before);
            expect(connection.send(hint!).length).toBeGreaterThan(0);
            expect(connection.state).toBe(ConnectionState.CLOSED);
          }
        }
      }),
      { numRuns: 150 },
    );
  });

  test("D6, F21: what a caller sends causes the three kinds of errors and no other", () => {
    fc.assert(
      fc.property(role, fc.anything(), fc.anything(), (sender, one, two) => {
        const connection = open(sender);
        for (const attempt of [
          () => connection.send(wrong(one)),
          () => {
            connection.receiveData(wrong(two));
          },
          () => connection.fail(wrong(one), wrong(two)),
        ]) {
          try {
            attempt();
          } catch (error) {
            const isOurs =
              error instanceof LocalProtocolError ||
              error instanceof TypeError ||
              error instanceof RangeError;
            expect(isOurs, String(error)).toBe(true);
          }
        }
      }),
      { numRuns: 150 },
    );
  });
});

describe("the octets that were passed in", () => {
  test("D15: are never written to, unless the engine owns them; then the results are the same", () => {
    fc.assert(
      fc.property(
        role,
        session,
        deflate,
        cuts,
        fc.option(alterations),
        (receiver, events, options, sizes, changes) => {
          const sent = written(other(receiver), events, negotiated(options)[other(receiver)]);
          const octets = changes === null ? sent : altered(sent, changes);
          const [borrowed, owned] = [false, true].map((ownsInput) => {
            const chunks = cut(octets, sizes);
            const connection = open(receiver, { ownsInput }, negotiated(options)[receiver]);
            const results = chunks.flatMap((chunk) =>
              connection.state === ConnectionState.CLOSED ? [] : receive(connection, chunk),
            );
            return { chunks, results, state: connection.state };
          });
          expect(toHex(concat(...borrowed!.chunks)) === toHex(octets)).toBe(true);
          expect(summary(owned!.results)).toEqual(summary(borrowed!.results));
          expect(owned!.state).toBe(borrowed!.state);
        },
      ),
      { numRuns: 75 },
    );
  });
});

describe("steps", () => {
  test("CVE-2025-5399: are bounded by the octets, and the end is reached", () => {
    fc.assert(
      fc.property(
        role,
        fc.oneof(noise, fc.constant(null)),
        session,
        deflate,
        cuts,
        (receiver, random, events, options, sizes) => {
          const octets =
            random ?? written(other(receiver), events, negotiated(options)[other(receiver)]);
          const connection = open(receiver, {}, negotiated(options)[receiver]);
          for (const chunk of cut(octets, sizes)) {
            if (connection.state === ConnectionState.CLOSED) break;
            connection.receiveData(chunk);
            let steps = 0;
            while (connection.events().next().done !== true) steps++;
            expect(steps).toBeLessThanOrEqual(chunk.length + 8);
          }
        },
      ),
      { numRuns: 100 },
    );
  });
});
