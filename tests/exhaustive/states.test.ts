import { describe, expect, test } from "vitest";
import type { Connection } from "../../src/connection.ts";
import { LocalProtocolError } from "../../src/errors.ts";
import {
  AcceptConnection,
  BytesMessage,
  CloseConnection,
  type Event,
  Ping,
  Pong,
  RejectConnection,
  RejectData,
  Request,
  TextMessage,
} from "../../src/events.ts";
import {
  ConnectionState,
  type Incoming,
  Phase,
  publicState,
  RECEIVING,
  SENDING,
  stateName,
} from "../../src/states.ts";
import {
  arriving,
  frame,
  hex,
  open,
  type Role,
  ROLES,
  summary,
  withoutStacks,
} from "../helpers/wire.ts";

const PHASES = Object.entries(Phase);

/** What may be sent (F48 to F52, F55, F70, D3), as `phase event -> next phase`. */
const MAY_BE_SENT = `
  CONNECTING  Request                    -> CONNECTING
  CONNECTING  AcceptConnection           -> OPEN
  CONNECTING  RejectConnection           -> CLOSED
  CONNECTING  RejectConnection with body -> REJECTING
  REJECTING   RejectData                 -> REJECTING
  REJECTING   RejectData, last           -> CLOSED
  OPEN        TextMessage                -> OPEN
  OPEN        BytesMessage               -> OPEN
  OPEN        Ping                       -> OPEN
  OPEN        Pong                       -> OPEN
  OPEN        CloseConnection            -> LOCAL_CLOSING
  REMOTE_CLOSING CloseConnection         -> CLOSED
  FAILED      CloseConnection            -> FAILED_CLOSING
`;

/** What is heeded when it comes (F46, F47, F61 to F65, F73 to F81, D2, D3, D20). */
const IS_HEEDED = `
  CONNECTING  Request                    -> CONNECTING
  CONNECTING  AcceptConnection           -> OPEN
  CONNECTING  RejectConnection           -> CLOSED
  CONNECTING  RejectConnection with body -> REJECTING
  CONNECTING  failure                    -> CONNECTING
  REJECTING   RejectData                 -> REJECTING
  REJECTING   RejectData, last           -> CLOSED
  REJECTING   failure                    -> REJECTING
  OPEN        TextMessage                -> OPEN
  OPEN        BytesMessage               -> OPEN
  OPEN        Ping                       -> OPEN
  OPEN        Pong                       -> OPEN
  OPEN        CloseConnection            -> REMOTE_CLOSING
  OPEN        failure                    -> FAILED
  OPEN        end of stream              -> CLOSED
  REMOTE_CLOSING end of stream           -> CLOSED
  LOCAL_CLOSING TextMessage              -> LOCAL_CLOSING
  LOCAL_CLOSING BytesMessage             -> LOCAL_CLOSING
  LOCAL_CLOSING Ping                     -> LOCAL_CLOSING
  LOCAL_CLOSING Pong                     -> LOCAL_CLOSING
  LOCAL_CLOSING CloseConnection          -> CLOSED
  LOCAL_CLOSING failure                  -> FAILED_CLOSING
  LOCAL_CLOSING end of stream            -> CLOSED
  FAILED      end of stream              -> CLOSED
  FAILED_CLOSING end of stream           -> CLOSED
`;

type Table = Readonly<Record<Phase, Readonly<Partial<Record<string, Phase>>>>>;

/** A table of the engine in the form of those above. */
function rows(table: Table): string[] {
  const nameOf = new Map<Phase, string>(PHASES.map(([name, phase]) => [phase, name]));
  return PHASES.flatMap(([name, phase]) =>
    Object.entries(table[phase]).map(([input, next]) => `${name} ${input} -> ${nameOf.get(next!)}`),
  ).sort();
}

function written(text: string): string[] {
  return text
    .trim()
    .split("\n")
    .map((row) => row.trim().replaceAll(/\s+/g, " "))
    .sort();
}

/** How far a state is on the way from CONNECTING to CLOSED. */
const RANK: Readonly<Record<ConnectionState, number>> = {
  [ConnectionState.CONNECTING]: 0,
  [ConnectionState.REJECTING]: 1,
  [ConnectionState.OPEN]: 1,
  [ConnectionState.REMOTE_CLOSING]: 2,
  [ConnectionState.LOCAL_CLOSING]: 2,
  [ConnectionState.CLOSED]: 3,
};

describe("the tables", () => {
  test("F70, F48, F51, F52, D3: what may be sent in which phase", () => {
    expect(rows(SENDING)).toEqual(written(MAY_BE_SENT));
  });

  test("F73, F75, F76, F78, F81, F65, D2, D3: what is heeded in which phase", () => {
    expect(rows(RECEIVING)).toEqual(written(IS_HEEDED));
  });

  test("F5, D3: a phase shows as a state of the same name, a failed one as where it failed", () => {
    for (const [name, phase] of PHASES) {
      const shown =
        new Map([
          ["FAILED", "OPEN"],
          ["FAILED_CLOSING", "LOCAL_CLOSING"],
        ]).get(name) ?? name;
      expect(stateName(publicState(phase))).toBe(shown);
    }
  });

  test("law 1, D2: the state never goes back, and nothing follows CLOSED", () => {
    for (const table of [SENDING, RECEIVING]) {
      for (const [, phase] of PHASES) {
        for (const next of Object.values<Phase>(table[phase])) {
          const [from, to] = [publicState(phase), publicState(next)];
          expect(RANK[to]).toBeGreaterThanOrEqual(RANK[from]);
          if (RANK[to] === RANK[from]) expect(to).toBe(from);
        }
      }
      expect(table[Phase.CLOSED]).toEqual({});
    }
  });

  test("law 2, F81, D3: sending and receiving do not wait for each other: either order leads to one phase", () => {
    const [sending, receiving]: readonly Table[] = [SENDING, RECEIVING];
    for (const [, phase] of PHASES) {
      if (phase === Phase.CONNECTING || phase === Phase.REJECTING) continue;
      for (const [sent, afterSent] of Object.entries(sending![phase])) {
        for (const [came, afterCame] of Object.entries(receiving![phase])) {
          const sentFirst = receiving![afterSent!][came];
          const cameFirst = sending![afterCame!][sent];
          // What the other made impossible has no order.
          if (sentFirst !== undefined && cameFirst !== undefined) expect(sentFirst).toBe(cameFirst);
        }
      }
    }
    const closing = SENDING[Phase.OPEN].CloseConnection!;
    const closed = RECEIVING[Phase.OPEN].CloseConnection!;
    expect(RECEIVING[closing].CloseConnection).toBe(Phase.CLOSED);
    expect(SENDING[closed].CloseConnection).toBe(Phase.CLOSED);
  });

  test("law 3, D3: a failure only takes away: what is left leads to the same states", () => {
    for (const [failed, sound] of [
      [Phase.FAILED, Phase.OPEN],
      [Phase.FAILED_CLOSING, Phase.LOCAL_CLOSING],
    ] as const) {
      expect(publicState(failed)).toBe(publicState(sound));
      for (const table of [SENDING, RECEIVING] as readonly Table[]) {
        for (const [input, next] of Object.entries(table[failed])) {
          expect(publicState(next!)).toBe(publicState(table[sound][input]!));
        }
      }
    }
  });
});

const EVENTS: readonly Event[] = [
  new Request({ host: "a", target: "/" }),
  new AcceptConnection(),
  new RejectConnection(),
  new RejectData({ data: hex("") }),
  new CloseConnection({ code: 1000 }),
  new TextMessage({ data: "a" }),
  new BytesMessage({ data: hex("00") }),
  new Ping(),
  new Pong(),
];

const INPUTS = {
  text: frame({ opcode: 1, payload: "a" }),
  bytes: frame({ opcode: 2, payload: hex("00") }),
  ping: frame({ opcode: 9 }),
  pong: frame({ opcode: 10 }),
  close: frame({ opcode: 8, payload: hex("03e8") }),
  fault: frame({ opcode: 3 }),
};

const SENT = {
  text: EVENTS[5]!,
  bytes: EVENTS[6]!,
  ping: EVENTS[7]!,
  pong: EVENTS[8]!,
  close: EVENTS[4]!,
  request: EVENTS[0]!,
};

const EVENT_OF = {
  text: "TextMessage",
  bytes: "BytesMessage",
  ping: "Ping",
  pong: "Pong",
  close: "CloseConnection",
} as const;

type Step =
  | { readonly act: "receive"; readonly what: keyof typeof INPUTS }
  | { readonly act: "send"; readonly what: keyof typeof SENT }
  | { readonly act: "end" }
  | { readonly act: "fail" };

const receiveClose: Step = { act: "receive", what: "close" };
const receiveFault: Step = { act: "receive", what: "fault" };
const sendClose: Step = { act: "send", what: "close" };

const STEPS: readonly Step[] = [
  { act: "end" },
  { act: "fail" },
  // Octets go as text does, and a Pong as a Ping: they are in the test of each phase.
  ...(["text", "ping"] as const).flatMap((what): readonly Step[] => [
    { act: "receive", what },
    { act: "send", what },
  ]),
  receiveClose,
  receiveFault,
  sendClose,
  { act: "send", what: "request" },
];

/** How a Connection comes into each of its phases. */
const WAYS: readonly (readonly [name: string, phase: Phase, way: readonly Step[]])[] = [
  ["OPEN", Phase.OPEN, []],
  ["REMOTE_CLOSING", Phase.REMOTE_CLOSING, [receiveClose]],
  ["LOCAL_CLOSING", Phase.LOCAL_CLOSING, [sendClose]],
  ["CLOSED", Phase.CLOSED, [receiveClose, sendClose]],
  ["FAILED", Phase.FAILED, [receiveFault]],
  ["FAILED_CLOSING", Phase.FAILED_CLOSING, [receiveFault, sendClose]],
];

/** What a step did: the error, or how many octets were sent, or the events. */
function perform(connection: Connection, role: Role, step: Step): string {
  try {
    switch (step.act) {
      case "fail":
        return connection.fail(1011).length > 0 ? "sent" : "nothing sent";
      case "send":
        return connection.send(SENT[step.what]).length > 0 ? "sent" : "nothing sent";
      case "end":
        connection.receiveData(null);
        break;
      case "receive":
        connection.receiveData(arriving(role, INPUTS[step.what]));
    }
    return summary(connection.events()).join(", ");
  } catch (error) {
    if (error instanceof LocalProtocolError && error.code === "ERR_STATE") return error.message;
    throw error;
  }
}

/** D2, D3, F70 to F81 and RFC 6455, 7.1, in words. */
class Model {
  sentClose = false;
  gotClose = false;
  failed = false;
  lost = false;
  ended = false;

  get state(): string {
    if (this.lost || (this.sentClose && this.gotClose)) return "CLOSED";
    if (this.gotClose) return "REMOTE_CLOSING";
    return this.sentClose ? "LOCAL_CLOSING" : "OPEN";
  }

  get closeExpected(): boolean {
    return this.state === "CLOSED" || (this.failed && this.sentClose);
  }

  perform(step: Step): string {
    switch (step.act) {
      case "end":
        return this.end();
      case "fail":
        return this.fail();
      case "send":
        return this.send(step.what);
      case "receive":
        return this.receive(step.what);
    }
  }

  private send(what: keyof typeof SENT): string {
    const onlyClose = this.state === "REMOTE_CLOSING" || this.failed;
    const silent = this.state === "CLOSED" || this.sentClose;
    if (what === "request" || silent || (onlyClose && what !== "close")) {
      const { type } = SENT[what];
      const why = this.failed && this.state !== "CLOSED" ? " The connection has failed." : "";
      return `Event ${type} cannot be sent in state ${this.state}.${why}`;
    }
    if (what === "close") this.sentClose = true;
    return "sent";
  }

  private receive(what: keyof typeof INPUTS): string {
    if (this.state === "CLOSED") return "Connection already closed.";
    if (this.ended) return "octets after the end of the stream";
    if (this.failed || this.gotClose) return "";
    switch (what) {
      case "close":
        this.gotClose = true;
        return "close 1000 ";
      case "fault":
        this.failed = true;
        return "fail 1002 ERR_OPCODE Invalid opcode 0x3";
      case "text":
        return "text a";
      case "bytes":
        return "bytes 00";
      default:
        return `${what} `;
    }
  }

  private end(): string {
    this.ended = true;
    if (this.state === "CLOSED") return "";
    this.lost = true;
    return "close 1006 null";
  }

  private fail(): string {
    if (this.state === "CLOSED") return "nothing sent";
    const octets = this.sentClose ? "nothing sent" : "sent";
    this.sentClose = true;
    if (!this.gotClose) this.failed = true;
    return octets;
  }
}

describe.each(ROLES)("a Connection, %s", (role) => {
  test.each(WAYS)(
    "R6455-6.1-01, R6455-5.1-05, R6455-5.5.1-02, F70, F72, D3, D6: every event in phase %s",
    (_name, phase, way) => {
      for (const event of EVENTS) {
        for (const method of ["send", "sendParts"] as const) {
          const connection = open(role);
          for (const step of way) perform(connection, role, step);
          const { state } = connection;
          const next: Phase | undefined = SENDING[phase][event.type];
          if (next !== undefined) {
            expect(connection[method](event).length).toBeGreaterThan(0);
            expect(connection.state).toBe(publicState(next));
          } else {
            expect(() => connection[method](event)).toThrow(
              new RegExp(`^Event ${event.type} cannot be sent in state ${stateName(state)}\\.`),
            );
            expect(connection.state).toBe(state);
          }
        }
      }
    },
  );

  test.each(WAYS)("F73, F80, F81, D3: every input in phase %s", (_name, phase, way) => {
    for (const what of ["text", "bytes", "ping", "pong", "close", "fault"] as const) {
      const connection = open(role);
      const model = new Model();
      for (const step of [...way, { act: "receive", what } as const]) {
        expect(perform(connection, role, step)).toBe(model.perform(step));
        expect(stateName(connection.state)).toBe(model.state);
      }
      const input: Incoming = what === "fault" ? "failure" : EVENT_OF[what];
      expect(connection.state).toBe(publicState(RECEIVING[phase][input] ?? phase));
    }
  });

  test("R6455-6.1-01, R6455-7.1.5-01, R6455-7.1.7-03, F70, F73, F75, F76, F78, F80, F81, R11, R12, D2, D3: every four steps", () => {
    const wrong: string[] = [];
    withoutStacks(() => {
      for (let number = 0; number < STEPS.length ** 4; number++) {
        const fault = follow(role, pathOf(number));
        if (fault !== null) wrong.push(fault);
      }
    });
    expect(wrong.slice(0, 10)).toEqual([]);
  });
});

/** The four steps with this number. */
function pathOf(number: number): Step[] {
  return [1, 2, 3, 4].map(
    (place) => STEPS[Math.floor(number / STEPS.length ** (place - 1)) % STEPS.length]!,
  );
}

/** The first step at which the connection is not as the model, or null. */
function follow(role: Role, path: readonly Step[]): string | null {
  const connection = open(role);
  const model = new Model();
  for (const step of path) {
    const expected = model.perform(step);
    const actual = perform(connection, role, step);
    const state = stateName(connection.state);
    const isRight =
      actual === expected &&
      state === model.state &&
      connection.closeExpected === model.closeExpected;
    if (!isRight)
      return `${JSON.stringify(path)}: ${actual} (${state}), not ${expected} (${model.state})`;
  }
  return null;
}
