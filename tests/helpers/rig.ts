import { OutputBuffer } from "../../src/bytes/output.ts";
import { Connection, type ConnectionOptions } from "../../src/connection.ts";
import type { Event } from "../../src/events.ts";
import type { Extension } from "../../src/extensions/extension.ts";
import type { SessionParts } from "../../src/session/parts.ts";
import { resolveSettings, type SessionSettings } from "../../src/session/settings.ts";
import { Turn } from "../../src/session/turn.ts";
import { WebSocketConnection } from "../../src/session/websocket-connection.ts";
import { CLIENT, type ConnectionState, type ConnectionType, SERVER } from "../../src/states.ts";
import { ManualClock } from "./manual-clock.ts";
import { MemoryTransport } from "./memory-transport.ts";
import { seededRandom } from "./pair.ts";

export interface RigOptions extends SessionSettings {
  /** Which end the session is; a server by default. */
  readonly type?: ConnectionType;
  readonly extensions?: readonly Extension[];
  readonly limits?: ConnectionOptions["limits"];
  /** What other sessions share with this one. */
  readonly clock?: ManualClock;
  readonly turn?: Turn;
  /** Events that came with the opening handshake. */
  readonly early?: readonly Event[];
  /** False: nobody is told of what listeners throw. */
  readonly reports?: boolean;
}

export const opened: SessionParts["opened"] = {
  request: { host: "example.com", target: "/", headers: [], subprotocols: ["a", "b"] },
  responseHeaders: [["x-answer", "42"]],
  subprotocol: "b",
  extensions: ["permessage-deflate"],
};

/** A session between a transport and a clock in memory, and a peer that the test plays. */
export class Rig {
  readonly clock: ManualClock;
  readonly transport: MemoryTransport = new MemoryTransport();
  readonly connection: WebSocketConnection;
  /** The engine of the peer. It answers nothing of its own accord. */
  readonly peer: Connection;
  /** What listeners and extensions have thrown, and the state of the connection when that was told. */
  readonly reported: unknown[] = [];
  readonly reportedIn: ConnectionState[] = [];
  #arrivals: number = 0;

  constructor(options: RigOptions = {}) {
    const type = options.type ?? SERVER;
    const seed = seededRandom();
    this.clock = options.clock ?? new ManualClock();
    this.peer = new Connection(type === SERVER ? CLIENT : SERVER, [], new Uint8Array(0), {
      random: seed,
    });
    const engine = new Connection(type, options.extensions, this.encode(...(options.early ?? [])), {
      random: seed,
      limits: options.limits,
    });
    this.connection = new WebSocketConnection({
      engine,
      transport: this.transport,
      clock: this.clock,
      turn: options.turn ?? new Turn(this.clock),
      settings: resolveSettings(options),
      opened,
      report: options.reports === false ? undefined : (error) => this.#report(error),
    });
  }

  #report(error: unknown): void {
    this.reported.push(error);
    this.reportedIn.push(this.connection.state);
  }

  /** The octets by which the peer sends `events`. */
  encode(...events: readonly Event[]): Uint8Array {
    const output = new OutputBuffer();
    for (const event of events) this.peer.sendInto(event, output);
    return output.take();
  }

  /** The peer sends `events`, which arrive in one chunk. */
  arrive(...events: readonly Event[]): void {
    this.arriveOctets(this.encode(...events));
  }

  /** Octets arrive: every second time in memory that is used again. */
  arriveOctets(octets: Uint8Array): void {
    this.#arrivals += 1;
    if (this.#arrivals % 2 === 1) {
      this.connection.received(octets);
    } else {
      this.connection.receivedLent(octets);
      octets.fill(0xee);
    }
  }

  /** What the peer makes of what was written since the last time. */
  read(): Event[] {
    const { writes } = this.transport;
    this.transport.writes = [];
    const events: Event[] = [];
    for (const octets of writes) {
      this.peer.receiveData(octets);
      events.push(...this.peer.events());
    }
    return events;
  }

  /** Queued octets leave, and the session is told; all of them by default. */
  drain(octets: number = Infinity): void {
    this.transport.leave(octets);
    this.connection.progressed();
  }

  /** The stream is gone. */
  lose(error?: unknown): void {
    this.transport.gone = true;
    this.connection.transportClosed(error);
  }

  async endTurn(): Promise<void> {
    await this.clock.endTurn();
  }
}

/** What became of a promise, without waiting for it. */
export function outcomeOf<Value>(promise: Promise<Value>): Outcome<Value> {
  const outcome: Outcome<Value> = { state: "pending", value: undefined, error: undefined };
  promise.then(
    (value) => {
      outcome.state = "fulfilled";
      outcome.value = value;
    },
    (error: unknown) => {
      outcome.state = "rejected";
      outcome.error = error;
    },
  );
  return outcome;
}

export interface Outcome<Value> {
  state: "pending" | "fulfilled" | "rejected";
  value: Value | undefined;
  error: unknown;
}

/** Gathers the messages of a loop, and how it ended. */
export function readAll<Item>(messages: AsyncIterable<Item>): {
  readonly items: Item[];
  readonly end: Outcome<undefined>;
} {
  const items: Item[] = [];
  const read = async (): Promise<undefined> => {
    for await (const item of messages) items.push(item);
    return undefined;
  };
  return { items, end: outcomeOf(read()) };
}

/** A value of a type that the compiler does not allow, as a caller in JavaScript may give it. */
export function untyped(value: unknown): never {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- this is what it is for
  return value as never;
}
