import { LocalProtocolError } from "../errors.ts";
import type { CloseConnection } from "../events.ts";
import { CloseCode } from "../frames/close.ts";
import { ConnectionState, ConnectionType } from "../states.ts";
import type { Deadlines } from "./clock.ts";
import { type CloseInfo, ConnectionEnd, type EndReason } from "./close-info.ts";
import { Deferred } from "./deferred.ts";
import type { Inbox } from "./inbox.ts";
import type { Outbox } from "./outbox.ts";
import type { SessionParts } from "./parts.ts";
import type { Sender } from "./sender.ts";

/** The departments of a session, all of which have to hear of its end. */
export interface Departments {
  readonly deadlines: Deadlines;
  readonly outbox: Outbox;
  readonly sender: Sender;
  readonly inbox: Inbox;
  /** Reads what has arrived. */
  pump(): void;
  /** Looks no more whether the peer is still there. */
  endKeepAlive(): void;
  /** No pong will come any more. */
  endPings(reason: EndReason): void;
}

/**
 * How a connection ends (RFC 6455, 7): who ends the stream, and when; what is reported. Whatever happens in whatever
 * order, it ends once, by the deadline that the first sign of the end has set.
 */
export class Closing {
  readonly #parts: SessionParts;
  readonly #session: Departments;
  /** The first Close that came from the peer. */
  #received: CloseConnection | null = null;
  /** Whether both ends had sent their Close before the stream was gone (7.1.4). */
  #clean: boolean = false;
  /** What broke the connection, where that is known. */
  #cause: unknown = undefined;
  #peerEnded: boolean = false;
  /** Whether our side of the stream was ended, and whether all of it is gone. */
  #ended: boolean = false;
  #gone: boolean = false;
  #finished: boolean = false;
  #closed: Deferred<CloseInfo> | null = null;

  constructor(parts: SessionParts, session: Departments) {
    this.#parts = parts;
    this.#session = session;
  }

  /** Whether it is all over. */
  get finished(): boolean {
    return this.#finished;
  }

  /** Whether octets may still arrive. */
  get receives(): boolean {
    return !this.#finished && !this.#peerEnded;
  }

  /** Whether messages can be sent. */
  get isOpen(): boolean {
    return !this.#gone && !this.#finished && this.#parts.engine.state === ConnectionState.OPEN;
  }

  /** Settles when it is all over. */
  get closed(): Promise<CloseInfo> {
    if (this.#closed === null) {
      this.#closed = new Deferred();
      if (this.#finished) this.#closed.resolve(this.#info());
    }
    return this.#closed.promise;
  }

  /**
   * Begins the closing handshake. What the peer still sends is not delivered.
   * @throws LocalProtocolError for a code that must not be sent
   */
  close(event: CloseConnection): void {
    if (this.#finished || this.#parts.engine.state !== ConnectionState.OPEN) return;
    if (!this.#gone) this.#session.outbox.write(event);
    this.#session.inbox.discard();
    this.#proceed();
    this.#session.pump();
  }

  /** The peer has sent a Close, or its stream has ended without one (1006). */
  received(event: CloseConnection): void {
    // Nothing more will come; what is left to be read is the end of the stream.
    this.#session.inbox.discard();
    if (event.code !== CloseCode.ABNORMAL_CLOSURE) {
      this.#received = event;
      const answers = this.#parts.engine.state === ConnectionState.REMOTE_CLOSING && !this.#gone;
      if (answers) this.#session.outbox.write(event.response());
      this.#clean = !this.#gone;
    }
    this.#proceed();
  }

  /** Fails the connection (7.1.7): the peer, or the application, has made it impossible to go on. */
  fail(code: number, cause: unknown, reason: string | null = null): void {
    this.#cause ??= cause;
    this.#session.inbox.discard();
    let octets: Uint8Array;
    try {
      octets = this.#parts.engine.fail(code, reason);
    } catch {
      // An extension does not even let a Close pass.
      this.cut(cause);
      return;
    }
    this.#session.outbox.writeEncoded(octets);
    this.#proceed();
    this.#session.pump();
  }

  /** The peer has ended its side of the stream. */
  peerEnded(): void {
    this.#peerEnded = true;
    this.#parts.engine.receiveData(null);
    this.#proceed();
    this.#session.pump();
  }

  /** The stream is gone. What arrived before can still be taken, until the deadline. */
  transportClosed(error: unknown): void {
    if (this.#gone || this.#finished) return;
    this.#cause ??= error;
    this.#gone = true;
    this.#endSending(this.#end());
    this.peerEnded();
  }

  /** Gives up: what is queued in either direction is lost. */
  cut(cause: unknown): void {
    if (this.#finished) return;
    this.#cause ??= cause;
    const { transport } = this.#parts;
    const gone = this.#gone;
    this.#finish();
    if (!gone) transport.destroy();
  }

  /** Goes as far as can be gone, after the first Close, whoever sent it, and after the end of the peer's side. */
  #proceed(): void {
    if (this.#finished) return;
    const { deadlines, outbox, sender, inbox } = this.#session;
    const { engine, settings } = this.#parts;
    this.#session.endKeepAlive();
    if (!deadlines.has("close")) deadlines.set("close", settings.closeDeadline);
    if (engine.state !== ConnectionState.OPEN) {
      sender.end(BY_CLOSING);
    }
    if (!engine.closeExpected) return;
    outbox.flush();
    if (this.#clean) inbox.end(this.#end(), true);
    // The server ends the stream first, the client follows (7.1.1). An end that came already is followed too.
    if (engine.connectionType === ConnectionType.SERVER || this.#peerEnded) this.#endStream();
    if (this.#gone) this.#finish();
  }

  #endStream(): void {
    if (this.#ended || this.#gone) return;
    this.#ended = true;
    this.#parts.transport.end();
  }

  #endSending(reason: EndReason): void {
    this.#session.sender.end(reason);
    this.#session.outbox.end(reason);
    this.#session.endPings(reason);
  }

  #finish(): void {
    if (this.#finished) return;
    this.#finished = true;
    const end = this.#end();
    this.#endSending(end);
    this.#session.inbox.end(end, this.#clean);
    this.#session.endKeepAlive();
    this.#session.deadlines.clearAll();
    this.#parts.engine.release();
    this.#closed?.resolve(this.#info());
  }

  #info(): CloseInfo {
    return {
      code: this.#received?.code ?? CloseCode.ABNORMAL_CLOSURE,
      reason: this.#received?.reason ?? "",
      wasClean: this.#clean,
    };
  }

  #end(): ConnectionEnd {
    return new ConnectionEnd(this.#info(), this.#cause);
  }
}

/** Why nothing can be sent behind the first Close. */
const BY_CLOSING: EndReason = {
  get error() {
    return new LocalProtocolError("the connection is closing", "ERR_STATE");
  },
};
