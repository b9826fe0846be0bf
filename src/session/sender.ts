import {
  type BytesInput,
  BytesMessage,
  isData,
  type Message,
  type MessageData,
} from "../events.ts";
import { typeName } from "../headers.ts";
import type { EndReason } from "./close-info.ts";
import { Deferred, rejected } from "./deferred.ts";
import type { Outbox } from "./outbox.ts";
import { type AbortSignalLike, onAbort, requireWaitOptions, type WaitOptions } from "./signal.ts";
import { isSource, messageOf, OutgoingPieces, type Source } from "./source.ts";

/** How a message is sent. */
export interface SendOptions extends WaitOptions {
  /** Whether to compress it, where that was negotiated; by default it is, from the extension's threshold on. */
  readonly compress?: boolean | undefined;
  /**
   * Whether its octets are copied; by default they are, so that the caller may change them as soon as `send` has returned.
   * False: the caller does not change them before they have left. Then the large uncompressed messages of a server leave
   * from where they are. Of text, and of messages in pieces, it means nothing.
   */
  readonly copy?: boolean | undefined;
}

const SEND_OPTIONS: ReadonlySet<string> = new Set(["compress", "copy", "signal"]);
const NO_OPTIONS: SendOptions = { compress: undefined, copy: undefined, signal: undefined };

/** A message that waits for the end of the one before it. */
interface Waiting {
  readonly message: Message | OutgoingPieces;
  /** What of it counts as queued: octets, of text UTF-16 units. */
  readonly size: number;
  readonly sent: Deferred<void>;
}

/** Sends messages one after the other: while one is sent in pieces, others wait for its end (RFC 6455, 5.4). */
export class Sender {
  readonly #outbox: Outbox;
  readonly #owner: { brokenOff(error: unknown): void };
  /** The message in pieces that is under way. */
  #current: { readonly pieces: OutgoingPieces; readonly sent: Deferred<void> } | null = null;
  #waiting: Waiting[] | null = null;
  #end: EndReason | null = null;

  /** @param owner is told when a message that was begun cannot be finished */
  constructor(outbox: Outbox, owner: { brokenOff(error: unknown): void }) {
    this.#outbox = outbox;
    this.#owner = owner;
  }

  /** Whether a message in pieces is under way. */
  get inPieces(): boolean {
    return this.#current !== null;
  }

  /** Sends a message whole or in pieces; settles when there is room for more, or `signal` is aborted. */
  send(data: string | BytesInput | Source, options?: SendOptions): Promise<void> {
    const isOrdinary = options === undefined && this.#end === null && this.#current === null;
    return isOrdinary && isData(data) ? this.#sendAtOnce(data) : this.#sendWith(data, options);
  }

  /** As nearly all messages are sent: with less to be looked at, more of it is compiled together. */
  #sendAtOnce(data: MessageData): Promise<void> {
    try {
      return this.#outbox.send(data);
    } catch (error) {
      return rejected(error);
    }
  }

  #sendWith(data: string | BytesInput | Source, options: SendOptions = NO_OPTIONS): Promise<void> {
    try {
      if (options !== NO_OPTIONS) requireSendOptions(options);
      if (this.#end !== null) throw this.#end.error;
      const { compress, copy, signal } = options;
      const message = isSource(data)
        ? new OutgoingPieces(data, compress)
        : messageOf(data, { last: true, compress });
      const outbox = this.#outbox;
      outbox.requireRoom();
      if (this.#current !== null || message instanceof OutgoingPieces) {
        return this.#queue(copy === false ? message : copyOf(message), signal);
      }
      if (copy === false) outbox.writeUncopied(message);
      else outbox.write(message);
      return outbox.room(signal);
    } catch (error) {
      return rejected(error);
    }
  }

  /** Has a message wait for its turn. Nobody changes it any more. */
  #queue(message: Message | OutgoingPieces, signal: AbortSignalLike | undefined): Promise<void> {
    const inPieces = message instanceof OutgoingPieces;
    const size = inPieces ? 0 : message.data.length;
    const sent = new Deferred<void>();
    this.#waiting ??= [];
    this.#waiting.push({ message, size, sent });
    if (signal !== undefined) {
      onAbort(signal, sent.promise, (reason) => {
        sent.reject(reason);
        if (inPieces) this.#giveUp(message, reason);
      });
    }
    this.#outbox.hold(size);
    if (this.#current === null) this.#sendNext();
    return sent.promise;
  }

  /** Sends what waits, up to the next message in pieces. */
  #sendNext(): void {
    this.#current = null;
    while (this.#current === null) {
      const next = this.#waiting?.shift();
      if (next === undefined) break;
      const { message, sent } = next;
      if (message instanceof OutgoingPieces) {
        this.#current = { pieces: message, sent };
        void this.#sendPieces(message, sent);
      } else {
        this.#sendWhole(message, next);
      }
    }
  }

  #sendWhole(message: Message, { size, sent }: Waiting): void {
    try {
      this.#outbox.writeUncopied(message);
    } catch (error) {
      sent.reject(error);
    }
    this.#outbox.release(size);
    this.#outbox.room().then(
      () => sent.resolve(),
      (error: unknown) => sent.reject(error),
    );
  }

  async #sendPieces(pieces: OutgoingPieces, sent: Deferred<void>): Promise<void> {
    try {
      await pieces.send((event) => {
        // It was given up, which its source learns when it is asked for no more.
        if (this.#current?.pieces !== pieces) throw new Error("nobody waits for the message");
        this.#outbox.write(event);
        return this.#outbox.room();
      });
      sent.resolve();
    } catch (error) {
      sent.reject(error);
      // What is missing of the message will never come.
      if (this.#current?.pieces === pieces && pieces.begun) this.#owner.brokenOff(error);
    }
    if (this.#current?.pieces === pieces) this.#sendNext();
  }

  /** Nobody waits for a message in pieces any more: what was not sent of it will never be. */
  #giveUp(pieces: OutgoingPieces, reason: unknown): void {
    if (this.#current?.pieces !== pieces) {
      this.#waiting = this.#waiting?.filter(({ message }) => message !== pieces) ?? null;
      return;
    }
    if (pieces.complete) return;
    if (pieces.begun) {
      this.#owner.brokenOff(reason);
    } else {
      void pieces.stop();
      this.#sendNext();
    }
  }

  /** Nothing more will be sent. */
  end(reason: EndReason): void {
    this.#end = reason;
    const waiting = this.#waiting ?? [];
    this.#waiting = null;
    for (const { size, sent } of waiting) {
      this.#outbox.release(size);
      sent.reject(reason.error);
    }
    if (this.#current === null) return;
    const { pieces, sent } = this.#current;
    this.#current = null;
    sent.reject(reason.error);
    void pieces.stop();
  }
}

/** @throws TypeError for what is no option of a send; the reason of a signal that is aborted already */
function requireSendOptions(options: SendOptions): void {
  requireWaitOptions(options, SEND_OPTIONS);
  const { copy } = options;
  if (copy !== undefined && typeof copy !== "boolean") {
    throw new TypeError(`copy must be a boolean, not ${typeName(copy)}`);
  }
}

/** The same message with a copy of its octets: it leaves later, but as it is now (RFC 6455, 10.3). */
function copyOf(message: Message | OutgoingPieces): Message | OutgoingPieces {
  if (message instanceof OutgoingPieces || message.type === "TextMessage") return message;
  return new BytesMessage({ data: message.data.slice(), compress: message.compress });
}
