import { joinBytes } from "../bytes/join.ts";
import type { OutputBuffer } from "../bytes/output.ts";
import type { Event, Message, MessageData } from "../events.ts";
import { ConnectionType } from "../states.ts";
import type { EndReason } from "./close-info.ts";
import type { Deadlines } from "./clock.ts";
import { rejected } from "./deferred.ts";
import type { SessionParts } from "./parts.ts";
import { type AbortSignalLike, Waiters } from "./signal.ts";
import type { Writer } from "./turn.ts";

/** What was sent in one turn leaves in one write, but not much more than this at once. Octets. */
const WRITE_SIZE = 64 * 1024;
/** Octets, or UTF-16 units, from which a message is not joined with what was sent before it: to copy it costs more. */
const LARGE_SIZE = 16 * 1024;

/** Nothing more is queued: as much as is allowed waits already. */
export class QueueFullError extends Error {
  static {
    Object.defineProperty(this.prototype, "name", {
      value: "QueueFullError",
      configurable: true,
      writable: true,
    });
  }
}

const SETTLED: Promise<void> = Promise.resolve();

/** Whom an outbox works for. */
export interface OutboxOwner {
  readonly deadlines: Deadlines;
  /** Has `flush` called at the end of the turn. */
  plan(): void;
}

/** The octets on their way out: joins those of one turn, counts what waits, and tells when there is room again. */
export class Outbox implements Writer {
  readonly #parts: SessionParts;
  readonly #owner: OutboxOwner;
  /** What was written in this turn, besides what is in the shared buffer: one piece mostly, which needs no list. */
  #piece: Uint8Array | null = null;
  #pieceLent: boolean = false;
  /** All pieces where there are more, and those of them that are a part of the shared buffer. */
  #pieces: Uint8Array[] | null = null;
  #lent: Uint8Array[] | null = null;
  /** The octets of these, and of what is in the shared buffer. */
  #unwritten: number = 0;
  /** Octets of messages that wait for their turn. */
  #held: number = 0;
  /** What the transport had queued when it was last asked. */
  #queued: number = 0;
  /** The transport's mark when octets were last seen to leave, and the time of it. Only while some are queued. */
  #mark: string = "";
  #progressTime: number = 0;
  #room: Waiters | null = null;
  #drained: Waiters | null = null;
  #end: EndReason | null = null;

  constructor(parts: SessionParts, owner: OutboxOwner) {
    this.#parts = parts;
    this.#owner = owner;
  }

  /** Octets that have not left yet, messages that wait for their turn included. */
  get bufferedAmount(): number {
    return this.#outgoing() + this.#held;
  }

  #outgoing(): number {
    return this.#unwritten + this.#inTransport();
  }

  /** What is empty stays so until it is written to: the transport need not be asked for every message. */
  #inTransport(): number {
    if (this.#queued > 0) this.#queued = this.#parts.transport.queued();
    return this.#queued;
  }

  /** Whether less is on its way than the high-water mark. */
  get hasRoom(): boolean {
    const { highWaterMark } = this.#parts.settings;
    // The transport never has more than when it was last asked.
    return this.#unwritten + this.#queued < highWaterMark || this.#outgoing() < highWaterMark;
  }

  /** Whether less is queued than the high-water mark. */
  get isDrained(): boolean {
    return this.bufferedAmount < this.#parts.settings.highWaterMark;
  }

  /** Whether as much is queued as is allowed. */
  get isFull(): boolean {
    const { maxQueued } = this.#parts.settings;
    if (this.#counted() < maxQueued) return false;
    return this.bufferedAmount >= maxQueued;
  }

  /** @throws QueueFullError if as much is queued as is allowed */
  requireRoom(): void {
    if (this.isFull) this.#refuse();
  }

  #refuse(): never {
    const { maxQueued } = this.#parts.settings;
    throw new QueueFullError(
      `${this.bufferedAmount} octets are queued, expected fewer than maxQueued, ${maxQueued}`,
    );
  }

  /** Counts octets as queued that will be written later. */
  hold(octets: number): void {
    this.#held += octets;
  }

  /** Counts octets no more that `hold` has counted. */
  release(octets: number): void {
    this.#held -= octets;
    this.#tell();
  }

  /**
   * Sends an event, by the end of the turn.
   * @throws what the engine throws; after `end`, its error
   */
  write(event: Event): void {
    if (isLarge(event)) this.flush();
    const output = this.#begin();
    const before = output.length;
    this.#parts.engine.sendInto(event, output);
    this.#wrote(output.length - before);
  }

  /**
   * As `write` of the whole message with `data`; settles as `room` does. Both bounds are looked at here first, with one sum
   * that is never too small: their own functions are asked only where it reaches them.
   * @throws QueueFullError too
   */
  send(data: MessageData): Promise<void> {
    const { engine, settings } = this.#parts;
    if (this.#counted() >= settings.maxQueued) this.requireRoom();
    if (data.length >= LARGE_SIZE) this.flush();
    const output = this.#begin();
    const before = output.length;
    engine.sendDataInto(data, output);
    this.#wrote(output.length - before);
    return this.#end === null && this.#counted() < settings.highWaterMark ? SETTLED : this.room();
  }

  /** The buffer to write to. @throws the error of `end` */
  #begin(): OutputBuffer {
    // The transport may have told of its end from inside.
    if (this.#end !== null) throw this.#end.error;
    const { turn } = this.#parts;
    return turn.claimed(this) ?? turn.claim(this);
  }

  /** What is queued and held; less may have stayed in the transport since it was last asked, never more. */
  #counted(): number {
    return this.#unwritten + this.#queued + this.#held;
  }

  /**
   * As `write`, for a message whose octets nobody changes before they have left. Large ones of a server are not copied:
   * for 1 MiB that takes 100 µs less, and the memory stays in the processor's cache for others.
   */
  writeUncopied(message: Message): void {
    const { engine, transport } = this.#parts;
    const copies =
      message.type === "TextMessage" || engine.connectionType === ConnectionType.CLIENT;
    if (copies || !isLarge(message)) {
      this.write(message);
      return;
    }
    this.flush();
    // The transport may have told of its end from inside.
    if (this.#end !== null) throw this.#end.error;
    const parts = engine.sendParts(message);
    const [head, payload] = parts;
    // What an extension made of it may be its own memory.
    if (payload === message.data) transport.writeBoth(head, message.data);
    else transport.write(joinBytes(parts, sizeOf(parts)));
    this.#gave();
  }

  /** As `write`, with octets that are encoded already and will not be changed. They are not copied. */
  writeEncoded(octets: Uint8Array): void {
    if (octets.length >= LARGE_SIZE) this.flush();
    if (this.#end !== null) return;
    this.#parts.turn.take(this);
    this.#add(octets, false);
    this.#wrote(octets.length);
  }

  /** Takes octets over from the shared buffer. */
  collect(octets: Uint8Array): void {
    this.#add(octets, true);
  }

  #add(octets: Uint8Array, lent: boolean): void {
    if (this.#piece === null) {
      this.#piece = octets;
      this.#pieceLent = lent;
      return;
    }
    if (this.#pieces === null) {
      this.#pieces = [this.#piece];
      this.#lent = this.#pieceLent ? [this.#piece] : [];
    }
    this.#pieces.push(octets);
    if (lent) this.#lent!.push(octets);
  }

  #wrote(size: number): void {
    this.#unwritten += size;
    if (this.#unwritten >= WRITE_SIZE) this.flush();
    else this.#owner.plan();
  }

  /** Gives the transport what was written. */
  flush(): void {
    const { turn } = this.#parts;
    const size = this.#unwritten;
    if (size === 0) return;
    this.#unwritten = 0;
    if (this.#piece === null) this.#giveLent(turn.lend());
    else this.#giveCollected(size);
    this.#gave();
  }

  /** The transport was given something. */
  #gave(): void {
    // It may have told of its end from inside.
    if (this.#end !== null) return;
    this.#queued = this.#parts.transport.queued();
    if (this.#queued > 0) this.#watch();
    this.#tell();
  }

  /** Gives the transport a part of the shared buffer. */
  #giveLent(octets: Uint8Array): void {
    const { transport, turn } = this.#parts;
    // What has to wait would hold all that others have written around it.
    const waits = this.#inTransport() > 0;
    const done = transport.write(waits ? octets.slice() : octets);
    if (done || waits) turn.giveBack(octets);
  }

  #giveCollected(size: number): void {
    const { transport, turn } = this.#parts;
    turn.take(this);
    const piece = this.#piece!;
    const pieces = this.#pieces;
    const lent = this.#lent;
    this.#piece = null;
    this.#pieces = null;
    this.#lent = null;
    if (pieces !== null) {
      transport.write(joinBytes(pieces, size));
      for (const octets of lent!) turn.giveBack(octets);
    } else if (this.#pieceLent) {
      this.#giveLent(piece);
    } else {
      transport.write(piece);
    }
  }

  /** Sets a deadline for what has not left at once. */
  #watch(): void {
    if (this.#owner.deadlines.has("write")) return;
    this.#noteProgress();
    this.#owner.deadlines.set("write", this.#parts.settings.writeDeadline);
  }

  /** Notes whether octets have left since the last time. */
  #noteProgress(): boolean {
    const mark = this.#parts.transport.progressMark();
    if (mark === this.#mark) return false;
    this.#mark = mark;
    this.#progressTime = this.#parts.clock.now();
    return true;
  }

  /** The transport may have sent something. Returns whether it has, and has more: the peer takes what it gets. */
  progressed(): boolean {
    if (this.#queued === 0) return false;
    const progress = this.#noteProgress();
    this.#tell();
    if (this.#inTransport() > 0) return progress;
    this.#owner.deadlines.clear("write");
    return false;
  }

  /** The deadline of the write has passed. Returns false if nothing has left for as long. */
  look(): boolean {
    // Not every transport tells before a large write has left as a whole.
    this.#noteProgress();
    if (this.#inTransport() === 0) return true;
    const { clock, settings } = this.#parts;
    const rest = this.#progressTime + settings.writeDeadline - clock.now();
    if (rest <= 0) return false;
    this.#owner.deadlines.set("write", rest);
    return true;
  }

  /** Settles when less is on its way than the high-water mark; rejects if the connection ends, or `signal`, before. */
  room(signal?: AbortSignalLike): Promise<void> {
    return this.#end === null && this.hasRoom ? SETTLED : this.#awaitRoom(signal);
  }

  #awaitRoom(signal: AbortSignalLike | undefined): Promise<void> {
    if (this.#end !== null) return rejected(this.#end.error);
    this.#room ??= new Waiters();
    return this.#room.wait(signal);
  }

  /** As `room`, for all that is queued. */
  drained(signal?: AbortSignalLike): Promise<void> {
    if (this.#end !== null) return rejected(this.#end.error);
    if (this.isDrained) return SETTLED;
    this.#drained ??= new Waiters();
    return this.#drained.wait(signal);
  }

  /** Tells those who wait. */
  #tell(): void {
    if (this.#room !== null && this.hasRoom) {
      this.#room.resolve();
      this.#room = null;
    }
    if (this.#drained !== null && this.isDrained) {
      this.#drained.resolve();
      this.#drained = null;
    }
  }

  /** Nothing more will leave. */
  end(reason: EndReason): void {
    this.#end = reason;
    this.#parts.turn.release(this);
    this.#piece = null;
    this.#pieces = null;
    this.#lent = null;
    this.#unwritten = 0;
    this.#queued = 0;
    this.#owner.deadlines.clear("write");
    this.#room?.reject(reason.error);
    this.#room = null;
    this.#drained?.reject(reason.error);
    this.#drained = null;
  }
}

function sizeOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((size, { length }) => size + length, 0);
}

function isLarge(event: Event): boolean {
  return (
    (event.type === "TextMessage" || event.type === "BytesMessage") &&
    event.data.length >= LARGE_SIZE
  );
}
