import {
  type BytesInput,
  BytesMessage,
  type Message,
  requireBytes,
  TextMessage,
} from "../events.ts";
import { typeName } from "../headers.ts";

/** A piece of a message to send. */
export type Piece = string | BytesInput;

/** A message to send in pieces, all text or all octets: a stream, a generator, an array. */
export type Source = Iterable<Piece> | AsyncIterable<Piece>;

/** Whether a value is a message in pieces; text and octets, which can be iterated too, are none. */
export function isSource(value: unknown): value is Source {
  return (
    typeof value === "object" &&
    value !== null &&
    !ArrayBuffer.isView(value) &&
    (Symbol.asyncIterator in value || Symbol.iterator in value)
  );
}

/**
 * The event that sends `data`.
 * @throws TypeError unless it is a string, an ArrayBuffer or a view; if `compress` is no boolean
 */
export function messageOf(
  data: unknown,
  options: { readonly last: boolean; readonly compress: boolean | undefined },
): Message {
  const { last: messageFinished, compress } = options;
  if (typeof data === "string") return new TextMessage({ data, messageFinished, compress });
  if (typeof data === "object" && data !== null) {
    return new BytesMessage({ data: requireBytes("a message", data), messageFinished, compress });
  }
  throw new TypeError(
    `a message must be a string, an ArrayBuffer, a view or an iterable of these, not ${typeName(data)}`,
  );
}

/** One message that is sent in pieces, each as a fragment as soon as it is there, with an empty one behind the last. */
export class OutgoingPieces {
  readonly #source: Source;
  readonly #compress: boolean | undefined;
  #iterator: AsyncIterator<Piece> | null = null;
  #first: Message | null = null;
  #complete: boolean = false;

  constructor(source: Source, compress: boolean | undefined) {
    this.#source = source;
    this.#compress = compress;
  }

  /** Whether the message was begun, so that it has to be finished. */
  get begun(): boolean {
    return this.#first !== null;
  }

  /** Whether all of it was sent. */
  get complete(): boolean {
    return this.#complete;
  }

  /**
   * @param send sends a fragment, and settles when there is room for the next
   * @throws TypeError if there is no piece, or one of another type than the first; what the source or `send` throws
   */
  async send(send: (event: Message) => Promise<void>): Promise<void> {
    try {
      for await (const piece of this.#pieces()) await this.#sendPiece(piece, send);
    } finally {
      // The loop has told it of its end.
      this.#iterator = null;
    }
    const type = this.#first?.type;
    if (type === undefined) {
      throw new TypeError("a message in pieces had none, expected one at least");
    }
    const empty = type === "TextMessage" ? "" : new Uint8Array(0);
    const sent = send(messageOf(empty, { last: true, compress: this.#compress }));
    this.#complete = true;
    await sent;
  }

  async #sendPiece(piece: Piece, send: (event: Message) => Promise<void>): Promise<void> {
    const event = messageOf(piece, { last: false, compress: this.#compress });
    const { type } = this.#first ?? event;
    if (event.type !== type) throw new TypeError(`a piece of a ${event.type} in a ${type}`);
    const sent = send(event);
    this.#first ??= event;
    await sent;
  }

  #pieces(): Source {
    const source = this.#source;
    if (!(Symbol.asyncIterator in source)) return source;
    const iterator = source[Symbol.asyncIterator]();
    this.#iterator = iterator;
    return { [Symbol.asyncIterator]: () => iterator };
  }

  /** Has the source know that no more is wanted, even if it never gives the piece that it is asked for. */
  async stop(): Promise<void> {
    try {
      await this.#iterator?.return?.();
    } catch {
      // Nobody is interested in the source any more.
    }
  }
}
