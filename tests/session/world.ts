import { expect } from "vitest";
import { Connection } from "../../src/connection.ts";
import {
  BytesMessage,
  CloseConnection,
  type MessageData,
  Ping,
  Pong,
  TextMessage,
} from "../../src/events.ts";
import { MessageAssembler } from "../../src/messages/assembler.ts";
import type { FrameEvent } from "../../src/messages/decoder.ts";
import type { Piece } from "../../src/session/source.ts";
import { CLIENT, ConnectionState, SERVER } from "../../src/states.ts";
import type { SendOptions } from "../../src/session/sender.ts";
import type { WaitOptions } from "../../src/session/signal.ts";
import { type Outcome, outcomeOf, Rig } from "../helpers/rig.ts";
import { TestSignal } from "../helpers/test-signal.ts";

/*
 * A session in a world where anything may happen in any order: peers that send, close, fall silent or break the
 * protocol, transports that stall, end or break, even from inside a call, applications that send, read, pause and close,
 * and time that passes.
 */

export type Style = "messages" | "receive" | "pieces" | "events" | "nobody";

export const STYLES: readonly Style[] = ["messages", "receive", "pieces", "events", "nobody"];

/** What the session does next, as a name and a number. */
export const ACTIONS = {
  peerSends: (world: World, number: number) => world.peerSends(number % 4),
  peerSendsPiece: (world: World) => world.peerSendsPiece(),
  peerPings: (world: World, number: number) =>
    world.arrive(() => new Ping({ payload: Uint8Array.of(number) })),
  peerPongs: (world: World) => world.peerPongs(),
  peerCloses: (world: World, number: number) =>
    world.arrive(() => new CloseConnection({ code: 4000 + (number % 10) })),
  peerBreaksTheProtocol: (world: World) =>
    world.arriveOctets(Uint8Array.of(0x83, 0x80, 0, 0, 0, 0)),
  peerStopsMidway: (world: World) => world.arriveOctets(Uint8Array.of(0x81)),
  peerEnds: (world: World) => world.peerEnds(),
  streamBreaks: (world: World) => world.lose(new Error("ECONNRESET")),
  streamBreaksInside: (world: World, number: number) => world.breakInside(number),
  stall: (world: World) => void (world.rig.transport.flow = 0),
  flow: (world: World, number: number) => void (world.rig.transport.flow = number * 1000),
  octetsLeave: (world: World, number: number) => world.octetsLeave(number * 1000),
  octetsLeaveUntold: (world: World, number: number) => world.rig.transport.leave(number * 1000),
  send: (world: World, number: number) => world.send("x".repeat(number), number),
  sendMuch: (world: World, number: number) => world.send(new Uint8Array(number * 1000), number),
  sendUncopied: (world: World, number: number) =>
    world.send(new Uint8Array(number * 1000), number, { copy: false }),
  sendPieces: (world: World, number: number) => world.send(pieces(number), number),
  sendStuckPieces: (world: World, number: number) => world.send(stuck(), number),
  sendEncoded: (world: World) => void world.rig.connection.sendEncoded(Uint8Array.of(0x81, 0)),
  ping: (world: World, number: number) =>
    void world.promises.push(outcomeOf(world.rig.connection.ping(undefined, world.how(number)))),
  drained: (world: World, number: number) =>
    void world.promises.push(outcomeOf(world.rig.connection.drained(world.how(number)))),
  abort: (world: World) => world.abort(),
  askForTheEnd: (world: World) => world.askForTheEnd(),
  close: (world: World, number: number) => world.close(number),
  terminate: (world: World) => world.rig.connection.terminate(),
  read: (world: World, number: number) => world.read(number),
  pause: (world: World) => world.pause(),
  throwFromListener: (world: World) => void (world.listenerThrows = true),
  turn: (world: World) => world.rig.endTurn(),
  shortTime: (world: World, number: number) => world.rig.clock.advance(number),
  longTime: (world: World, number: number) => world.rig.clock.advance(number * 300),
} satisfies Record<string, (world: World, number: number) => void | Promise<void>>;

export type ActionName = keyof typeof ACTIONS;

export const isActionName = (name: string): name is ActionName => Object.hasOwn(ACTIONS, name);

/** Why signals are aborted. */
const ABORTED = new Error("aborted");

async function* pieces(number: number): AsyncGenerator<Piece> {
  for (let count = 0; count < number % 5; count++) yield "piece";
  if (number % 7 === 0) throw new Error("source");
  yield "last";
}

async function* stuck(): AsyncGenerator<Piece> {
  yield "stuck";
  await new Promise(() => {});
}

export class World {
  readonly rig: Rig;
  readonly style: Style;
  /** Reads what the session writes. */
  readonly validator: Connection;
  readonly promises: Outcome<unknown>[] = [];
  /** What became of what was sent; other things than text are "". */
  readonly sends: { readonly text: string; readonly outcome: Outcome<unknown> }[] = [];
  /** What came of waiting for the end. */
  readonly ends: Outcome<unknown>[] = [];
  /** What is wrong with what the session writes. */
  readonly faults: string[] = [];
  /** The messages that the peer has sent whole, and those that the application got. */
  readonly arrived: MessageData[] = [];
  readonly taken: MessageData[] = [];
  readonly writtenTexts: MessageData[] = [];
  /** All signals there were; the last is not aborted. */
  readonly signals: TestSignal[] = [];
  listenerThrows: boolean = false;
  #signal: TestSignal = new TestSignal();
  /** The first piece of the message that the peer is sending. */
  #begun: string = "";
  #broken: boolean = false;
  #peerEnded: boolean = false;
  #pingPayload: Uint8Array = new Uint8Array(0);
  #reading: boolean = false;
  #paused: boolean = false;
  #count: number = 0;
  readonly #assembler: MessageAssembler = new MessageAssembler();

  constructor(isClient: boolean, style: Style) {
    this.rig = new Rig({ type: isClient ? CLIENT : SERVER });
    this.style = style;
    this.signals.push(this.#signal);
    this.validator = new Connection(isClient ? SERVER : CLIENT, [], undefined, {
      limits: { message: Infinity },
    });
  }

  /** Whether the peer can send frames. */
  get #sends(): boolean {
    return this.#receives && !this.#broken && this.rig.peer.state === ConnectionState.OPEN;
  }

  get #receives(): boolean {
    return !this.#peerEnded && !this.rig.transport.gone && !this.rig.transport.destroyed;
  }

  /** Octets behind which nothing of the peer's makes sense any more. */
  arriveOctets(octets: Uint8Array): void {
    if (!this.#sends) return;
    this.#broken = true;
    this.rig.arriveOctets(octets);
  }

  arrive(...events: (() => Ping | Pong | CloseConnection | TextMessage)[]): void {
    if (!this.#sends) return;
    this.rig.arrive(...events.map((event) => event()));
  }

  peerSends(count: number): void {
    if (!this.#sends || this.#begun !== "") return;
    const texts = Array.from({ length: count + 1 }, () => `message ${this.#count++}`);
    this.arrived.push(...texts);
    this.rig.arrive(...texts.map((data) => new TextMessage({ data })));
  }

  peerSendsPiece(): void {
    if (!this.#sends) return;
    const messageFinished = this.#begun !== "";
    const data = `piece ${this.#count++}`;
    if (messageFinished) this.arrived.push(this.#begun + data);
    this.#begun = messageFinished ? "" : data;
    this.rig.arrive(new TextMessage({ data, messageFinished }));
  }

  peerPongs(): void {
    this.look();
    this.arrive(() => new Pong({ payload: this.#pingPayload }));
  }

  peerEnds(): void {
    if (!this.#receives) return;
    this.#peerEnded = true;
    this.rig.connection.ended();
  }

  lose(error: unknown): void {
    if (!this.rig.transport.gone) this.rig.lose(error);
  }

  breakInside(number: number): void {
    let calls = number % 3;
    this.rig.transport.during = () => {
      if (calls-- === 0) this.lose(new Error("inside"));
    };
  }

  octetsLeave(octets: number): void {
    if (!this.rig.transport.gone) this.rig.drain(octets);
  }

  /** With a signal now and then: the same until it is aborted. */
  how(number: number): WaitOptions | undefined {
    return number % 3 === 0 ? { signal: this.#signal } : undefined;
  }

  abort(): void {
    this.#signal.abort(ABORTED);
    this.#signal = new TestSignal();
    this.signals.push(this.#signal);
  }

  send(
    data: string | Uint8Array | AsyncGenerator<Piece>,
    number: number,
    options: SendOptions = {},
  ): void {
    const how = { ...options, ...this.how(number) };
    const outcome = outcomeOf(this.rig.connection.send(data, how));
    this.sends.push({ text: typeof data === "string" ? data : "", outcome });
    this.promises.push(outcome);
  }

  close(number: number): void {
    this.ends.push(outcomeOf(this.rig.connection.close(1000 + (number % 2))));
  }

  askForTheEnd(): void {
    this.ends.push(outcomeOf(this.rig.connection.closed));
  }

  read(number: number): void {
    const { connection } = this.rig;
    if (this.style === "receive") this.promises.push(outcomeOf(this.#receiveOne(number)));
    else if (this.style === "events" && this.#paused) this.#resume();
    else if (!this.#reading && this.style !== "nobody") {
      this.#reading = true;
      if (this.style === "events") connection.on("message", (data) => this.#listen(data));
      else
        this.promises.push(
          outcomeOf(this.style === "messages" ? this.#loop() : this.#nestedLoop()),
        );
    }
  }

  async #receiveOne(number: number): Promise<void> {
    const message = await this.rig.connection.receive(this.how(number));
    if (message !== null) this.taken.push(message);
  }

  async #loop(): Promise<void> {
    for await (const message of this.rig.connection) this.taken.push(message);
  }

  async #nestedLoop(): Promise<void> {
    for await (const message of this.rig.connection.messages()) {
      let whole = "";
      for await (const piece of message) whole += String(piece);
      this.taken.push(whole);
    }
  }

  #listen(data: MessageData): void {
    this.taken.push(data);
    if (this.listenerThrows) throw new Error("listener");
  }

  pause(): void {
    if (this.style !== "events") return;
    this.#paused = true;
    this.rig.connection.pause();
  }

  #resume(): void {
    this.#paused = false;
    this.rig.connection.resume();
  }

  /** What an adapter does after a step: a stream that was destroyed, or has ended on both sides, is gone. */
  react(): void {
    const { transport } = this.rig;
    if (transport.gone) return;
    if (transport.destroyed || (transport.ended && this.#peerEnded)) this.lose(undefined);
  }

  /** Reads what the session has written since the last time. */
  look(): void {
    const { writes } = this.rig.transport;
    this.rig.transport.writes = [];
    for (const octets of writes) {
      if (this.validator.state !== ConnectionState.OPEN) this.faults.push("a write behind a Close");
      this.validator.receiveData(octets);
      for (const event of this.validator.events()) this.#lookAt(event);
    }
  }

  #lookAt(event: FrameEvent): void {
    if (event.type === "Ping") this.#pingPayload = event.payload;
    else if (event instanceof TextMessage || event instanceof BytesMessage) {
      const whole = this.#assembler.push(event);
      if (whole !== null) this.writtenTexts.push(whole.data);
    } else if (event instanceof CloseConnection && event.failure !== null) {
      this.faults.push(event.failure.message);
    }
  }
}

/** What holds at any time. */
export function expectSane(world: World): void {
  const { rig } = world;
  world.look();
  expect(world.faults).toEqual([]);
  expect(rig.transport.faults).toEqual([]);
  expect(rig.clock.delays.length).toBeLessThanOrEqual(3);
  // Nothing is lost, doubled or out of order.
  expect(world.taken).toEqual(world.arrived.slice(0, world.taken.length));
  expect(rig.connection.bufferedAmount).toBeGreaterThanOrEqual(0);
  if (world.ends.some(({ state }) => state !== "pending")) {
    expect(rig.connection.state).toBe(ConnectionState.CLOSED);
  }
}

/** What holds when all is over. */
export async function expectEnd(world: World): Promise<void> {
  const { rig } = world;
  world.askForTheEnd();
  await rig.endTurn();
  for (const end of world.ends) {
    expect(end.state).toBe("fulfilled");
    expect(end.value).toEqual(world.ends[0]!.value);
  }
  for (const { state } of world.promises) expect(state).not.toBe("pending");
  expect(rig.clock.delays).toEqual([]);
  expect(rig.clock.turnHasWork).toBe(false);
  for (const { listeners } of world.signals) expect(listeners.size).toBe(0);
  expect(rig.connection.writable).toBe(false);
  await expect(rig.connection.send("late")).rejects.toMatchObject({
    name: "ConnectionClosedError",
  });
  await rig.endTurn();
  expectSane(world);
  await expectOutcome(world);
}

async function expectOutcome({ rig, validator, sends, writtenTexts }: World): Promise<void> {
  const { code, wasClean } = await rig.connection.closed;
  const peerClosed = rig.peer.state !== ConnectionState.OPEN;
  if (!peerClosed) expect(code).toBe(1006);
  if (!wasClean) return;
  // Both have sent their Close, and all that was sent in between.
  expect(peerClosed).toBe(true);
  expect(validator.state).toBe(ConnectionState.REMOTE_CLOSING);
  const written = writtenTexts.filter((data) => /^x+$/.test(String(data)));
  const texts = sends.filter(({ text }) => text !== "");
  expect(written).toEqual(texts.slice(0, written.length).map(({ text }) => text));
  // Those whose sender did not wait for them any longer were sent as well.
  const waitedFor = texts
    .slice(0, written.length)
    .filter(({ outcome }) => outcome.error !== ABORTED);
  const fulfilled = texts.filter(({ outcome }) => outcome.state === "fulfilled");
  expect(fulfilled).toEqual(waitedFor.slice(0, fulfilled.length));
}
