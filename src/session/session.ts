import { type CloseConnection, type Event, isData, type Ping } from "../events.ts";
import { CloseCode } from "../frames/close.ts";
import { ConnectionState } from "../states.ts";
import { type DeadlineName, type DeadlineOwner, Deadlines } from "./clock.ts";
import type { EndReason } from "./close-info.ts";
import { Closing, type Departments } from "./closing.ts";
import { Heartbeat } from "./heartbeat.ts";
import { Inbox, type InboxOwner } from "./inbox.ts";
import type { OpeningInfo } from "./opened.ts";
import { Outbox } from "./outbox.ts";
import type { SessionParts } from "./parts.ts";
import { Sender } from "./sender.ts";
import { type Dated, NOT_IN } from "./timetable.ts";
import type { TurnTask } from "./turn.ts";

/** What stands behind a WebSocketConnection: the events of the engine, the transport and the clock come together here. */
export class Session<Opening extends OpeningInfo = OpeningInfo>
  implements Departments, DeadlineOwner, InboxOwner, TurnTask, Dated
{
  readonly parts: SessionParts<Opening>;
  readonly inbox: Inbox;
  /** When it looks at its peer again: for the timetable of the keep-alive, of which the session is an entry itself. */
  due: number = 0;
  position: number = NOT_IN;
  /** When the peer has given the last sign of life. Whole milliseconds, which take no memory of their own. */
  #lastHeard: number;
  /** Made at their first use: many connections do no more than wait, and memory counts. */
  #deadlines: Deadlines | null = null;
  #heartbeat: Heartbeat | null = null;
  #outbox: Outbox | null = null;
  #sender: Sender | null = null;
  #closing: Closing | null = null;
  /** The newest Ping that was not answered yet; older ones need no answer (RFC 6455, 5.5.3). */
  #unanswered: Ping | null = null;
  /** Whether nothing was read yet: octets may have come with the opening handshake. */
  #fresh: boolean = true;
  #planned: boolean = false;
  #pumping: boolean = false;
  #paused: boolean = false;

  constructor(parts: SessionParts<Opening>) {
    this.parts = parts;
    this.inbox = new Inbox(this);
    this.#lastHeard = Math.ceil(parts.clock.now());
    this.#lookAgain(parts.settings.keepAliveInterval);
    this.plan();
  }

  get deadlines(): Deadlines {
    this.#deadlines ??= new Deadlines(this.parts.clock, this);
    return this.#deadlines;
  }

  get heartbeat(): Heartbeat {
    this.#heartbeat ??= new Heartbeat(this.parts, this.outbox);
    return this.#heartbeat;
  }

  get outbox(): Outbox {
    return this.#outbox ?? this.#makeOutbox();
  }

  #makeOutbox(): Outbox {
    this.#outbox = new Outbox(this.parts, this);
    return this.#outbox;
  }

  get sender(): Sender {
    return this.#sender ?? this.#makeSender();
  }

  #makeSender(): Sender {
    this.#sender = new Sender(this.outbox, this);
    return this.#sender;
  }

  get closing(): Closing {
    this.#closing ??= new Closing(this.parts, this);
    return this.#closing;
  }

  get state(): ConnectionState {
    return this.#closing?.finished === true ? ConnectionState.CLOSED : this.parts.engine.state;
  }

  /** Whether messages can be sent. */
  get isOpen(): boolean {
    if (this.#closing === null) return this.parts.engine.state === ConnectionState.OPEN;
    return this.#closing.isOpen;
  }

  /** Whether a message in pieces is being sent. */
  get inPieces(): boolean {
    return this.#sender !== null && this.#sender.inPieces;
  }

  /** The last round trip time in milliseconds; null before the first. */
  get latency(): number | null {
    return this.#heartbeat === null ? null : this.#heartbeat.latency;
  }

  /** Whether octets may still arrive. */
  #receives(): boolean {
    return this.#closing === null || this.#closing.receives;
  }

  close(event: CloseConnection): void {
    this.#answerPing();
    this.closing.close(event);
  }

  // From the transport

  received(chunk: Uint8Array): void {
    if (!this.#listens()) return;
    this.parts.engine.receiveData(chunk);
    this.pump();
  }

  receivedLent(chunk: Uint8Array): void {
    if (!this.#listens()) return;
    this.parts.engine.receiveLent(chunk);
    this.pump();
    this.parts.engine.keepLent();
  }

  /** Something has arrived. Returns whether the engine takes it. */
  #listens(): boolean {
    if (!this.#receives()) return false;
    this.#heard();
    return this.parts.engine.state !== ConnectionState.CLOSED;
  }

  progressed(): void {
    // A peer that takes a long queue is alive: the ping may stand behind it.
    if (this.outbox.progressed()) this.#heard();
    if (this.#unanswered !== null) this.plan();
  }

  // From the clock

  deadlinePassed(name: DeadlineName): void {
    if (name === "close") this.closing.cut(new Error("closing took too long"));
    else this.#lookAtWrite();
  }

  #lookAtWrite(): void {
    if (this.outbox.look()) return;
    const { writeDeadline } = this.parts.settings;
    this.closing.cut(new Error(`nothing of what is queued has left for ${writeDeadline} ms`));
  }

  // The keep-alive

  /** The peer has given a sign of life. */
  #heard(): void {
    this.#lastHeard = Math.ceil(this.parts.clock.now());
  }

  #lookAgain(delay: number): void {
    if (delay !== Infinity) this.parts.turn.keepAlive.set(this, delay);
  }

  /** It is time to look at the peer. What arrives only leaves its time; the time to look is set anew when it is there. */
  passed(): void {
    // Nobody hears the peer while reading is paused, or while the process stands still.
    if (this.#paused) this.#heard();
    else this.#lastHeard += this.#deafness();
    const { keepAliveInterval, keepAliveTimeout } = this.parts.settings;
    const silence = this.#silence();
    const rest = keepAliveInterval + keepAliveTimeout - silence;
    if (silence < keepAliveInterval) this.#lookAgain(keepAliveInterval - silence);
    else if (rest > 0) this.#pingSilentPeer(Math.min(rest, keepAliveInterval));
    // What has arrived meanwhile is read first.
    else this.parts.clock.defer(() => this.#cutSilentPeer());
  }

  /** How long the process has stood still: since the look was due, or the peer was heard after that. Milliseconds. */
  #deafness(): number {
    return Math.ceil(this.parts.clock.now() - Math.max(this.due, this.#lastHeard));
  }

  #silence(): number {
    return this.parts.clock.now() - this.#lastHeard;
  }

  #cutSilentPeer(): void {
    // The closing handshake has a deadline of its own.
    if (!this.isOpen) return;
    const { keepAliveInterval } = this.parts.settings;
    const silence = this.#silence();
    if (silence < keepAliveInterval) this.#lookAgain(keepAliveInterval - silence);
    else this.closing.cut(new Error("the peer has been silent for too long"));
  }

  #pingSilentPeer(delay: number): void {
    try {
      // First, for the ping may be what ends it all.
      this.#lookAgain(delay);
      void this.heartbeat.ping();
    } catch (error) {
      this.#extensionFailed(error);
    }
  }

  endKeepAlive(): void {
    this.parts.turn.keepAlive.clear(this);
  }

  endPings(reason: EndReason): void {
    this.#heartbeat?.end(reason);
  }

  // The end of a turn

  /** Has `turnEnded` called when what runs now is done. */
  plan(): void {
    if (!this.#planned) this.#planTurn();
  }

  #planTurn(): void {
    this.#planned = true;
    this.parts.turn.atEnd(this);
  }

  turnEnded(): void {
    this.#planned = false;
    if (this.#fresh) this.pump();
    this.#answerPing();
    this.#outbox?.flush();
    this.#pauseUnlessWanted();
  }

  /** Stops reading if the application has not taken what there is by the end of the turn. */
  #pauseUnlessWanted(): void {
    if (this.#paused || this.inbox.wants !== "nothing" || !this.#receives()) return;
    this.#paused = true;
    this.parts.transport.pause();
  }

  #resume(): void {
    if (!this.#paused || !this.#receives()) return;
    this.#paused = false;
    this.#heard();
    this.parts.transport.resume();
  }

  // From the engine

  /** Reads events as long as somebody wants what they bring. */
  pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    this.#fresh = false;
    const drained = this.#read();
    this.#pumping = false;
    if (drained) this.#resume();
    else this.plan();
  }

  /** Returns whether all that has arrived was read. */
  #read(): boolean {
    const { inbox } = this;
    inbox.deliver();
    try {
      const { engine } = this.parts;
      while (inbox.wants !== "nothing") {
        const met = inbox.wants === "messages" ? engine.nextData() : engine.nextEvent();
        if (met === null) return true;
        if (isData(met)) inbox.pushWhole(met);
        else this.#handle(met);
      }
    } catch (error) {
      this.#extensionFailed(error);
      return !this.closing.finished && this.#read();
    }
    return false;
  }

  #handle(event: Event): void {
    switch (event.type) {
      case "TextMessage":
      case "BytesMessage":
        this.inbox.push(event);
        break;
      case "Ping":
        this.#unanswered = event;
        this.plan();
        break;
      case "Pong":
        this.heartbeat.answered(event);
        break;
      case "CloseConnection":
        if (event.failure === null) this.closing.received(event);
        else this.closing.fail(event.code, event.failure, event.reason);
        break;
    }
  }

  /** One Pong is under way at most, and none behind a queue that does not move: a newer ping may come until it does. */
  #answerPing(): void {
    if (this.#unanswered === null || !this.isOpen || !this.outbox.hasRoom) return;
    const pong = this.#unanswered.response();
    this.#unanswered = null;
    try {
      this.outbox.write(pong);
    } catch (error) {
      this.#extensionFailed(error);
    }
  }

  /** What the engine throws here comes from an extension: it has no rule against what is asked of it. */
  #extensionFailed(error: unknown): void {
    this.closing.fail(CloseCode.INTERNAL_ERROR, error);
    this.parts.report?.(error);
  }

  // From the application

  listenerFailed(error: unknown): void {
    if (this.isOpen) this.closing.fail(CloseCode.INTERNAL_ERROR, error);
    this.parts.report?.(error);
  }

  brokenOff(error: unknown): void {
    this.closing.fail(CloseCode.INTERNAL_ERROR, error);
  }
}
