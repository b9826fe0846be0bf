import { encodeUtf8 } from "../bytes/utf8.ts";
import {
  type BytesInput,
  CloseConnection,
  type Message,
  type MessageData,
  requireBytes,
} from "../events.ts";
import { CloseCode } from "../frames/close.ts";
import type { HeaderList } from "../headers.ts";
import { type ConnectionState, ConnectionType } from "../states.ts";
import type { CloseInfo } from "./close-info.ts";
import { rejected } from "./deferred.ts";
import type { Inbox, MessageListener } from "./inbox.ts";
import type { OpeningInfo } from "./opened.ts";
import type { SessionParts } from "./parts.ts";
import type { SendOptions } from "./sender.ts";
import { IncomingMessages } from "./pieces.ts";
import { Session } from "./session.ts";
import { requireWaitOptions, WAIT_OPTIONS, type WaitOptions } from "./signal.ts";
import type { Source } from "./source.ts";

/** Octets of a Close's reason: a control frame has 125, two of which are the code (RFC 6455, 5.5.1). */
const MAX_REASON = 123;

/**
 * An open connection, the same for both ends and for every transport. It keeps the policy that the engine leaves open:
 * it answers pings and Closes, keeps the connection alive, bounds what waits in either direction, and ends the stream.
 * No rejection of its promises has to be looked at.
 *
 * What the peer sends has to be taken, if only by a listener that drops it: while a message waits, nothing more is read,
 * and a Close, or the end of the stream, is not seen either.
 */
export class WebSocketConnection<
  Opening extends OpeningInfo = OpeningInfo,
> implements AsyncIterable<MessageData> {
  readonly #session: Session<Opening>;
  #messages: IncomingMessages | null = null;

  constructor(parts: SessionParts<Opening>) {
    this.#session = new Session(parts);
  }

  /** The opening request; adapters add what they know of the peer. */
  get request(): Opening {
    return this.#session.parts.opened.request;
  }

  /** The headers of the response beyond those of the handshake; names in lower case on a client. */
  get responseHeaders(): HeaderList {
    return this.#session.parts.opened.responseHeaders;
  }

  /** The subprotocol in use, or null. */
  get subprotocol(): string | null {
    return this.#session.parts.opened.subprotocol;
  }

  /** The names of the extensions in use. */
  get extensions(): readonly string[] {
    return this.#session.parts.opened.extensions;
  }

  /** OPEN, REMOTE_CLOSING, LOCAL_CLOSING or CLOSED. */
  get state(): ConnectionState {
    return this.#session.state;
  }

  /** Settles when the connection has ended, however it did. Never rejects. */
  get closed(): Promise<CloseInfo> {
    return this.#session.closing.closed;
  }

  /** Octets that were sent and have not left yet; of text that waits behind a message in pieces, UTF-16 units. */
  get bufferedAmount(): number {
    return this.#session.outbox.bufferedAmount;
  }

  /** Whether less is queued than the high-water mark. */
  get writable(): boolean {
    return this.#session.isOpen && this.#session.outbox.isDrained;
  }

  /** The last round trip time in milliseconds, of the application's pings or the keep-alive's; null before the first. */
  get latency(): number | null {
    return this.#session.latency;
  }

  // Sending

  /**
   * Sends a message: text, octets (copied at once, unless `copy` is false), or one of them in pieces, as a fragmented
   * message. What is sent meanwhile follows behind it. Settles when there is room for more.
   *
   * Rejects with TypeError for anything else and for wrong options, QueueFullError if too much is queued already, LocalProtocolError when
   * closing, ConnectionClosedError if the connection ends before there is room. If a source throws, with its error; if a
   * piece was sent before, the connection is failed with 1011.
   *
   * When `signal` is aborted it rejects with its reason. A whole message is sent all the same. Of one in pieces nothing
   * more is: that of which nothing was sent is taken back, for one that was begun the connection is failed with 1011.
   */
  send(data: string | BytesInput | Source, options?: SendOptions): Promise<void> {
    return this.#session.sender.send(data, options);
  }

  /**
   * For `broadcast`: sends the octets of a whole message of a server as they are. "closed" and "full": it cannot be sent
   * now, whoever encodes it; "encode": it has to be sent with `send`.
   */
  sendEncoded(octets: Uint8Array): "sent" | "closed" | "full" | "encode" {
    const session = this.#session;
    if (!session.isOpen) return "closed";
    const { outbox } = session;
    if (outbox.isFull) return "full";
    const masked = session.parts.engine.connectionType === ConnectionType.CLIENT;
    if (masked || session.inPieces) return "encode";
    outbox.writeEncoded(octets);
    return "sent";
  }

  /**
   * Settles when less is queued than the high-water mark. Rejects with ConnectionClosedError if the connection ends
   * before, with the reason of `signal` when it is aborted, TypeError for wrong options.
   */
  drained(options?: WaitOptions): Promise<void> {
    try {
      requireWaitOptions(options, WAIT_OPTIONS);
    } catch (error) {
      return rejected(error);
    }
    return this.#session.outbox.drained(options?.signal);
  }

  /**
   * Sends a Ping, and settles with the round trip time in milliseconds when its Pong has come.
   *
   * Rejects with TypeError for a payload of the wrong type, LocalProtocolError for one that is too long and when closing,
   * QueueFullError if too much is queued already, ConnectionClosedError if the connection ends before, and with the
   * reason of `signal` when it is aborted; a Pong that comes then does not count for `latency`.
   * @param payload up to 125 octets; by default one that no other ping has
   */
  ping(payload?: BytesInput, options?: WaitOptions): Promise<number> {
    try {
      requireWaitOptions(options, WAIT_OPTIONS);
      const octets = payload === undefined ? undefined : requireBytes("payload", payload);
      this.#session.outbox.requireRoom();
      return this.#session.heartbeat.ping(octets, options?.signal);
    } catch (error) {
      return rejected(error);
    }
  }

  // Receiving

  /**
   * The messages, whole, one after the other; no more than one is held in advance. Ends after a clean closing handshake,
   * else rejects with ConnectionClosedError. To leave the loop does not close the connection.
   * @throws TypeError if messages are taken in another style already
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<MessageData> {
    const { inbox } = this.#session;
    inbox.choose("messages");
    return new MessageIterator(inbox);
  }

  /**
   * The next message, or null after a clean closing handshake. Rejects with ConnectionClosedError after another end,
   * TypeError if messages are taken in another style already, and with the reason of `signal` when it is aborted; the
   * next call gets the message then.
   */
  receive(options?: WaitOptions): Promise<MessageData | null> {
    const { inbox } = this.#session;
    try {
      requireWaitOptions(options, WAIT_OPTIONS);
      inbox.choose("messages");
    } catch (error) {
      return rejected(error);
    }
    return inbox.next(toData, options?.signal);
  }

  /**
   * The messages as they arrive, each an iteration over its pieces.
   * @throws TypeError if messages are taken in another style already
   */
  messages(): IncomingMessages {
    this.#session.inbox.choose("pieces");
    this.#messages ??= new IncomingMessages(this.#session.inbox);
    return this.#messages;
  }

  /**
   * Calls `listener` with each whole message. What has come before the first listener is kept until then. If one throws,
   * or returns a promise that rejects, the connection is failed with 1011.
   * @throws TypeError if messages are taken in another style already
   */
  on(type: "message", listener: MessageListener): this {
    requireMessage(type);
    if (typeof listener !== "function") {
      throw new TypeError(`a listener must be a function, not ${typeof listener}`);
    }
    this.#session.inbox.choose("events");
    this.#session.inbox.listen(listener);
    return this;
  }

  /** Undoes one `on`. Without any listener messages wait. */
  off(type: "message", listener: MessageListener): this {
    requireMessage(type);
    this.#session.inbox.unlisten(listener);
    return this;
  }

  /**
   * With `on`: calls no listener, and soon reads no more, until `resume`.
   * @throws TypeError if messages are taken in another style already
   */
  pause(): void {
    this.#session.inbox.choose("events");
    this.#session.inbox.pause();
  }

  /** @throws TypeError if messages are taken in another style already */
  resume(): void {
    this.#session.inbox.choose("events");
    this.#session.inbox.resume();
  }

  // Closing

  /**
   * Begins the closing handshake, and settles as `closed` does. What the peer still sends is not delivered; messages that
   * wait behind one in pieces, and that one, are given up.
   * @param code 1000 to 1003, 1007 to 1014, 3000 to 4999, or 1005 for none
   * @throws TypeError for arguments of the wrong type, RangeError for a reason of more than 123 octets of UTF-8,
   * LocalProtocolError for a code that must not be sent
   */
  close(code: number = CloseCode.NORMAL_CLOSURE, reason: string = ""): Promise<CloseInfo> {
    const event = new CloseConnection({ code, reason });
    if (encodeUtf8(reason).length > MAX_REASON) {
      throw new RangeError(`a close reason has at most ${MAX_REASON} octets of UTF-8`);
    }
    this.#session.close(event);
    return this.closed;
  }

  /** Ends the stream at once, without a closing handshake. */
  terminate(): void {
    this.#session.closing.cut(new Error("terminated"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  // From the transport

  /** Octets have arrived. They are borrowed for as long as the messages made of them live. */
  received(chunk: Uint8Array): void {
    this.#session.received(chunk);
  }

  /** As `received`, of memory that is used again when this returns. */
  receivedLent(chunk: Uint8Array): void {
    this.#session.receivedLent(chunk);
  }

  /** The peer has ended its side. */
  ended(): void {
    this.#session.closing.peerEnded();
  }

  /** The transport has sent something of what was queued. */
  progressed(): void {
    this.#session.progressed();
  }

  /** The transport is gone. @param error why, if that was no orderly end */
  transportClosed(error?: unknown): void {
    this.#session.closing.transportClosed(error);
  }
}

/** Has no `return`: to leave a loop over it changes nothing. */
class MessageIterator implements AsyncIterableIterator<MessageData> {
  readonly #inbox: Inbox;

  constructor(inbox: Inbox) {
    this.#inbox = inbox;
  }

  next(): Promise<IteratorResult<MessageData, undefined>> {
    return this.#inbox.next(toResult);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

function toResult(message: Message | null): IteratorResult<MessageData, undefined> {
  return message === null ? { done: true, value: undefined } : { done: false, value: message.data };
}

function toData(message: Message | null): MessageData | null {
  return message === null ? null : message.data;
}

function requireMessage(type: string): void {
  if (type !== "message") throw new TypeError(`expected "message", not ${JSON.stringify(type)}`);
}
