import { type Message, type MessageData, wholeMessage } from "../events.ts";
import { MessageAssembler } from "../messages/assembler.ts";
import type { ConnectionClosedError, ConnectionEnd } from "./close-info.ts";
import { Deferred, rejected } from "./deferred.ts";
import { type AbortSignalLike, onAbort } from "./signal.ts";

/** Gets each whole message. */
export type MessageListener = (data: MessageData) => void | Promise<void>;

/** How the application takes what was received; chosen by its first call, for good. */
type Style = "undecided" | "messages" | "pieces" | "events";

/** What should be read now: whole messages; pieces, while nobody has said yet that they are to be joined, or ever; nothing. */
type Wants = "messages" | "pieces" | "nothing";

/** Who waits for a message. */
interface Reader {
  /** Null: there will be none. */
  take(message: Message | null): void;
  reject(error: unknown): void;
  /** Who waits behind. */
  next: Reader | null;
}

class ConvertingReader<Result> extends Deferred<Result> implements Reader {
  readonly #convert: (message: Message | null) => Result;
  next: Reader | null = null;

  constructor(convert: (message: Message | null) => Result) {
    super();
    this.#convert = convert;
  }

  take(message: Message | null): void {
    this.resolve(this.#convert(message));
  }
}

/** Whom an inbox works for. */
export interface InboxOwner {
  /** More is wanted, or what waits can be delivered. */
  pump(): void;
  /** A listener has thrown, or what it returned has rejected. */
  listenerFailed(error: unknown): void;
}

/**
 * What was received and not taken yet: one message (or piece) ahead of the application, no more. The rest stays where it
 * is, unparsed, and in the end with the peer.
 */
export class Inbox {
  readonly #owner: InboxOwner;
  #style: Style = "undecided";
  /** Follows from the others; asked for with every message, and seldom another. */
  #wants: Wants = "pieces";
  #ahead: Message | null = null;
  #firstReader: Reader | null = null;
  #lastReader: Reader | null = null;
  /** Mostly there is one. */
  #listeners: MessageListener | readonly MessageListener[] | null = null;
  #paused: boolean = false;
  #discards: boolean = false;
  /** Has the piece that was taken before it was known that messages are wanted whole. */
  #begun: MessageAssembler | null = null;
  #end: { readonly reason: ConnectionEnd; readonly clean: boolean } | null = null;

  constructor(owner: InboxOwner) {
    this.#owner = owner;
  }

  get wants(): Wants {
    return this.#wants;
  }

  /** Looks again at what is wanted, when something has changed that it depends on. */
  #decide(): void {
    const joined = this.#style === "messages" || this.#style === "events";
    const kind = joined && !this.#discards ? "messages" : "pieces";
    this.#wants = this.#wantsMore() ? kind : "nothing";
  }

  #wantsMore(): boolean {
    if (this.#discards) return true;
    // Nobody waits for a message while there is one.
    if (this.#ahead !== null) return false;
    return this.#style !== "events" || this.#listens();
  }

  #listens(): boolean {
    return this.#listeners !== null && !this.#paused;
  }

  /**
   * Decides how messages are taken.
   * @throws TypeError if it was decided otherwise
   */
  choose(style: Exclude<Style, "undecided">): void {
    if (this.#style === style) return;
    if (this.#style !== "undecided") {
      throw new TypeError(`messages are taken as ${this.#style} already, expected one style only`);
    }
    this.#style = style;
    const piece = this.#ahead;
    if (piece !== null && !piece.messageFinished && style !== "pieces") {
      this.#ahead = null;
      this.#begun = new MessageAssembler();
      this.#begun.push(piece);
    }
    this.#decide();
  }

  /** What is received from now on is dropped. */
  discard(): void {
    this.#discards = true;
    this.#decide();
  }

  /** A whole message has arrived, which was wanted. */
  pushWhole(data: MessageData): void {
    if (this.#style === "events") this.#tell(data);
    else this.push(wholeMessage(data));
  }

  /** A message or a piece of one has arrived. */
  push(event: Message): void {
    if (this.#discards) return;
    const message = this.#begun === null ? event : this.#withBeginning(event, this.#begun);
    if (this.#firstReader !== null) this.#nextReader()!.take(message);
    else if (this.#listens()) this.#tell(message.data);
    else this.#keep(message);
  }

  /** Has a message, or null, wait for whoever takes it. */
  #keep(message: Message | null): void {
    this.#ahead = message;
    this.#decide();
  }

  /** The whole message of which the first piece came before the choice; all that has come since is one. */
  #withBeginning(rest: Message, begun: MessageAssembler): Message {
    this.#begun = null;
    return begun.push(rest)!;
  }

  #nextReader(): Reader | null {
    const reader = this.#firstReader;
    this.#firstReader = reader?.next ?? null;
    // It would hold the message that it took.
    if (this.#firstReader === null) this.#lastReader = null;
    return reader;
  }

  /**
   * Takes the next message (or piece) as `convert` makes it; null stands for the end of it all after a clean closing
   * handshake. Rejects with ConnectionClosedError after another end, and when `signal` is aborted before.
   */
  next<Result>(
    convert: (message: Message | null) => Result,
    signal?: AbortSignalLike,
  ): Promise<Result> {
    const message = this.#ahead;
    if (message !== null) {
      this.#keep(null);
      this.#owner.pump();
      return Promise.resolve(convert(message));
    }
    if (this.#end !== null) {
      return this.#end.clean ? Promise.resolve(convert(null)) : rejected(this.#end.reason.error);
    }
    const reader = new ConvertingReader(convert);
    if (this.#lastReader === null) this.#firstReader = reader;
    else this.#lastReader.next = reader;
    this.#lastReader = reader;
    if (signal !== undefined) {
      onAbort(signal, reader.promise, (reason) => this.#withdraw(reader, reason));
    }
    this.#owner.pump();
    return reader.promise;
  }

  /** Takes a reader out of the queue, unless it has its message already. */
  #withdraw(reader: Reader, reason: unknown): void {
    let before: Reader | null = null;
    let other = this.#firstReader;
    while (other !== null && other !== reader) {
      before = other;
      other = other.next;
    }
    if (other === null) return;
    if (before === null) this.#firstReader = reader.next;
    else before.next = reader.next;
    if (this.#lastReader === reader) this.#lastReader = before;
    reader.reject(reason);
  }

  /** Why nothing more comes, after a clean closing handshake too. Only after the end. */
  get endError(): ConnectionClosedError {
    return this.#end!.reason.error;
  }

  /** Gives messages to `listener` as they come, beginning with the one that waits. */
  listen(listener: MessageListener): void {
    this.#listeners = this.#listeners === null ? listener : [this.#listeners, listener].flat();
    this.#decide();
    this.#owner.pump();
  }

  /** Undoes one `listen`. Without any listener messages wait. */
  unlisten(listener: MessageListener): void {
    if (this.#listeners === listener) {
      this.#listeners = null;
    } else if (this.#listeners !== null && typeof this.#listeners !== "function") {
      const others = [...this.#listeners];
      const index = others.indexOf(listener);
      if (index !== -1) others.splice(index, 1);
      this.#listeners = others.length === 1 ? others[0]! : others;
    }
    this.#decide();
  }

  pause(): void {
    this.#paused = true;
    this.#decide();
  }

  resume(): void {
    this.#paused = false;
    this.#decide();
    this.#owner.pump();
  }

  /** Gives the message that waits to listeners that have come in the meantime. */
  deliver(): void {
    const message = this.#ahead;
    if (message === null || !this.#listens()) return;
    this.#keep(null);
    this.#tell(message.data);
  }

  #tell(data: MessageData): void {
    const listeners = this.#listeners!;
    if (typeof listeners === "function") this.#call(listeners, data);
    else for (const listener of listeners) this.#call(listener, data);
  }

  #call(listener: MessageListener, data: MessageData): void {
    try {
      const outcome = listener(data);
      if (outcome instanceof Promise) this.#follow(outcome);
    } catch (error) {
      this.#owner.listenerFailed(error);
    }
  }

  /** Apart from `#call`, which would make room for its closure with every message. */
  #follow(outcome: Promise<void>): void {
    outcome.catch((error: unknown) => this.#owner.listenerFailed(error));
  }

  /**
   * Nothing more will come. What waits can still be taken.
   * @param clean whether readers just find the end
   */
  end(reason: ConnectionEnd, clean: boolean): void {
    if (this.#end !== null) return;
    this.#end = { reason, clean };
    this.#begun = null;
    for (let reader = this.#nextReader(); reader !== null; reader = this.#nextReader()) {
      if (clean) reader.take(null);
      else reader.reject(reason.error);
    }
  }
}
