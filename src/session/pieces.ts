import type { Message, MessageData } from "../events.ts";
import { ignore } from "./deferred.ts";
import type { Inbox } from "./inbox.ts";

type Result<Value> = IteratorResult<Value, undefined>;

/** Has reads follow one another, however many are asked for at once. */
type InTurn = <Value>(read: () => Promise<Value>) => Promise<Value>;

/** The pieces of one message. */
class Pieces {
  readonly #inbox: Inbox;
  #ahead: Message | null;
  #finished: boolean = false;

  constructor(first: Message, inbox: Inbox) {
    this.#inbox = inbox;
    this.#ahead = first;
  }

  async next(): Promise<Result<MessageData>> {
    if (this.#finished) return { done: true, value: undefined };
    const piece = await this.#read();
    // A Close may come inside a message: that it ends the connection cleanly does not make the message whole.
    if (piece === null) throw this.#inbox.endError;
    return { done: false, value: piece.data };
  }

  /** Reads what is left, without keeping it. */
  async skip(): Promise<void> {
    let more = !this.#finished;
    while (more) {
      const piece = await this.#read();
      more = piece !== null && !piece.messageFinished;
    }
  }

  async #read(): Promise<Message | null> {
    const piece = this.#ahead ?? (await this.#inbox.next(same));
    this.#ahead = null;
    this.#finished = piece?.messageFinished === true;
    return piece;
  }
}

/** A message as it arrives: an iteration over its pieces. Text is checked on the way, and cut at characters. */
export class IncomingMessage implements AsyncIterableIterator<MessageData> {
  /** Whether the pieces are strings or octets. */
  readonly type: "text" | "binary";
  readonly #pieces: Pieces;
  readonly #inTurn: InTurn;

  constructor(type: "text" | "binary", pieces: Pieces, inTurn: InTurn) {
    this.type = type;
    this.#pieces = pieces;
    this.#inTurn = inTurn;
  }

  /** The next piece. Rejects with ConnectionClosedError if the connection ends before the message does. */
  next(): Promise<Result<MessageData>> {
    return this.#inTurn(() => this.#pieces.next());
  }

  /** Reads what is left, without keeping it. */
  skip(): Promise<void> {
    return this.#inTurn(() => this.#pieces.skip());
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

/** Messages as they arrive. Who asks for the next one skips what is left of the one before. */
export class IncomingMessages implements AsyncIterableIterator<IncomingMessage> {
  readonly #inbox: Inbox;
  #current: Pieces | null = null;
  /** Settles when the reads asked for so far are done. */
  #last: Promise<void> = Promise.resolve();
  readonly #inTurn: InTurn = (read) => {
    const result = this.#last.then(read);
    this.#last = result.then(ignore, ignore);
    return result;
  };

  constructor(inbox: Inbox) {
    this.#inbox = inbox;
  }

  /** The next message. Rejects with ConnectionClosedError if the connection ends without a closing handshake. */
  next(): Promise<Result<IncomingMessage>> {
    return this.#inTurn(async () => {
      await this.#current?.skip();
      const first = await this.#inbox.next(same);
      if (first === null) return { done: true, value: undefined };
      this.#current = new Pieces(first, this.#inbox);
      const type = first.type === "TextMessage" ? "text" : "binary";
      return { done: false, value: new IncomingMessage(type, this.#current, this.#inTurn) };
    });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

function same(message: Message | null): Message | null {
  return message;
}
