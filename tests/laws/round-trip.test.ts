import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { OutputBuffer } from "../../src/bytes/output.ts";
import type { Connection } from "../../src/connection.ts";
import { BytesMessage, type Event, Ping, Pong, Request } from "../../src/events.ts";
import { AcceptConnection, CloseConnection, TextMessage, WSConnection } from "../../src/index.ts";
import type { FrameEvent } from "../../src/messages/decoder.ts";
import { MessageAssembler } from "../../src/messages/assembler.ts";
import { ConnectionPair, seededRandom } from "../helpers/pair.ts";
import { concat, frame, hex, open, type Role, ROLES, toHex, typeOf } from "../helpers/wire.ts";
import {
  cut,
  cuts,
  deflate,
  negotiated,
  other,
  role,
  session,
  wholeMessages,
  written,
} from "./traffic.ts";

/** The events with their messages put together by the assembler. */
function assembled(events: Iterable<FrameEvent>): Event[] {
  const assembler = new MessageAssembler();
  const result: Event[] = [];
  for (const event of events) {
    if (event.type === "TextMessage" || event.type === "BytesMessage") {
      const whole = assembler.push(event);
      if (whole !== null) result.push(whole);
    } else result.push(event);
  }
  return result;
}

/** Without what a receiver does not learn. */
function plain(events: readonly Event[]): string[] {
  return events.map((event) => {
    switch (event.type) {
      case "TextMessage":
        return `text ${event.data}`;
      case "BytesMessage":
        return `bytes ${toHex(event.data)}`;
      case "Ping":
      case "Pong":
        return `${event.type} ${toHex(event.payload)}`;
      case "CloseConnection":
        return `close ${event.code} ${event.reason}`;
      default:
        return event.type;
    }
  });
}

describe("what is written is read", () => {
  test("R6455-5.4-03, R6455-5.4-05, R6455-6.1-01, R7692-6.2-01, F90: any session, any agreement, any chunks", () => {
    fc.assert(
      fc.property(role, session, deflate, cuts, (sender, events, options, sizes) => {
        const extensions = negotiated(options);
        const receiver = open(other(sender), {}, extensions[other(sender)]);
        const received: FrameEvent[] = [];
        for (const chunk of cut(written(sender, events, extensions[sender]), sizes)) {
          receiver.receiveData(chunk);
          received.push(...receiver.events());
        }
        expect(plain(assembled(received))).toEqual(plain(wholeMessages(events)));
      }),
      { numRuns: 100 },
    );
  });

  test("R6455-5.4-04, F26: over the opening handshake too, both ways at once", () => {
    fc.assert(
      fc.property(session, session, cuts, (fromClient, fromServer, sizes) => {
        const pair = ConnectionPair.open({ split: (octets) => cut(octets, sizes) });
        const sent = { client: wholeMessages(fromClient), server: wholeMessages(fromServer) };
        const got: Record<Role, FrameEvent[]> = { client: [], server: [] };
        for (let index = 0; index < Math.max(fromClient.length, fromServer.length); index++) {
          for (const [side, events] of [
            ["client", fromClient],
            ["server", fromServer],
          ] as const) {
            const event = events[index];
            // A Close of the other side, read in between, leaves nothing to send but a Close.
            if (event === undefined || event.type === "CloseConnection") continue;
            for (const received of pair.send(side, event)) {
              if (isFrameEvent(received)) got[side].push(received);
            }
          }
        }
        for (const side of ROLES) {
          const expected = plain(sent[side].filter(({ type }) => type !== "CloseConnection"));
          expect(plain(assembled(got[side]))).toEqual(expected);
        }
      }),
      { numRuns: 40 },
    );
  });
});

function isFrameEvent(event: Event): event is FrameEvent {
  return (
    event instanceof TextMessage ||
    event instanceof BytesMessage ||
    event instanceof Ping ||
    event instanceof Pong ||
    event instanceof CloseConnection
  );
}

/** The ways to send. */
const WAYS: Readonly<Record<string, (connection: Connection, event: Event) => Uint8Array>> = {
  send: (connection, event) => connection.send(event),
  sendParts: (connection, event) => concat(...connection.sendParts(event)),
  sendInto: (connection, event) => {
    const output = new OutputBuffer();
    connection.sendInto(event, output);
    return output.take();
  },
  sendDataInto: (connection, event) => {
    const output = new OutputBuffer();
    const isMessage = event.type === "TextMessage" || event.type === "BytesMessage";
    if (isMessage && event.messageFinished && event.compress === undefined) {
      connection.sendDataInto(event.data, output);
    } else {
      connection.sendInto(event, output);
    }
    return output.take();
  },
};

describe("the ways to send", () => {
  test("D15, D24: give the same octets, one event after the other", () => {
    fc.assert(
      fc.property(role, session, deflate, (sender, events, options) => {
        const results = Object.values(WAYS).map((send) => {
          const connection = open(sender, { random: seededRandom(3) }, negotiated(options)[sender]);
          return events.map((event) => toHex(send(connection, event)));
        });
        for (const result of results) expect(result).toEqual(results[0]);
      }),
      { numRuns: 50 },
    );
  });

  test("many events in one output buffer are their octets one behind the other", () => {
    fc.assert(
      fc.property(role, fc.array(session, { maxLength: 3 }), (sender, sessions) => {
        const output = new OutputBuffer();
        const taken: { octets: Uint8Array; copy: string }[] = [];
        for (const events of sessions) {
          const connection = open(sender, { random: seededRandom(7) });
          for (const event of events) connection.sendInto(event, output);
          const octets = output.take();
          expect(toHex(octets) === toHex(written(sender, events))).toBe(true);
          taken.push({ octets, copy: toHex(octets) });
        }
        // What was taken first is not changed by what came later.
        for (const { octets, copy } of taken) expect(toHex(octets) === copy).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  test("what send() gave is not changed by what is sent later", () => {
    fc.assert(
      fc.property(role, session, session, (sender, first, second) => {
        const connections = [open(sender), open(other(sender))];
        const sent = [first, second].flatMap((events, index) =>
          events.map((event) => {
            const octets = connections[index]!.send(event);
            return { octets, copy: toHex(octets) };
          }),
        );
        for (const { octets, copy } of sent) expect(toHex(octets) === copy).toBe(true);
      }),
      { numRuns: 40 },
    );
  });
});

describe("a recorded session", () => {
  /** One end of a session, with what it did. */
  function replay(steps: readonly (Event | Uint8Array | null)[], type: Role): string[] {
    const connection = new WSConnection(typeOf(type), { random: seededRandom(99) });
    const log: string[] = [];
    for (const step of steps) {
      if (step === null || step instanceof Uint8Array) {
        connection.receiveData(step);
        log.push(...plain([...connection.events()]));
      } else log.push(`sent ${toHex(connection.send(step))}`);
      log.push(`state ${connection.state}`);
    }
    return log;
  }

  test("D24: gives the same octets, events and states when it is replayed", () => {
    fc.assert(
      fc.property(session, session, cuts, (ours, theirs, sizes) => {
        // Recorded: what a client sends, and what it received from a server.
        const server = new WSConnection(typeOf("server"));
        const client = new WSConnection(typeOf("client"), { random: seededRandom(99) });
        const request = new Request({ host: "a", target: "/" });
        server.receiveData(client.send(request));
        const steps: (Event | Uint8Array | null)[] = [request];
        const answer = server.send(new AcceptConnection());
        const octets = concat(answer, ...theirs.map((event) => server.send(event)));
        steps.push(...cut(octets.subarray(0, answer.length), sizes));
        steps.push(...ours, ...cut(octets.subarray(answer.length), sizes), null);
        const log = replay(steps, "client");
        expect(replay(steps, "client")).toEqual(log);
        expect(log.at(-1)).toBe("state 4");
      }),
      { numRuns: 40 },
    );
  });

  test("D24: another randomness gives other keys and the same events", () => {
    const [one, two] = [1, 2].map((seed) =>
      open("client", { random: seededRandom(seed) }).send(new Ping({ payload: hex("0102") })),
    );
    expect(one).not.toEqual(two);
    for (const octets of [one!, two!]) {
      const server = open("server");
      server.receiveData(octets);
      expect([...server.events()]).toEqual([new Ping({ payload: hex("0102") })]);
    }
    expect(open("server").send(new Ping())).toEqual(frame({ opcode: 9 }));
  });
});
