import type { Utf8Decoder } from "../bytes/utf8.ts";
import { BytesMessage, type Message, TextMessage } from "../events.ts";
import type { FrameDecoder } from "../frames/decoder.ts";
import { BytesJoiner, KEPT_SIZE, TextJoiner } from "./joiner.ts";

/**
 * What has come of a message that is wanted whole. Small pieces are unmasked where they are kept, text too as long as it is
 * ASCII, so that a piece costs neither an event nor an array nor a string.
 */
export class KeptMessage {
  readonly #frames: FrameDecoder;
  readonly #utf8: Utf8Decoder;
  #bytes: BytesJoiner = new BytesJoiner();
  /** Once not all of it is ASCII, or a piece is large. */
  #text: TextJoiner | null = null;

  constructor(frames: FrameDecoder, utf8: Utf8Decoder) {
    this.#frames = frames;
    this.#utf8 = utf8;
  }

  /** Takes `count` octets of the payload. */
  takeBytes(count: number): void {
    const bytes = this.#bytes;
    const frames = this.#frames;
    const target = this.#placeFor(count);
    if (target === null) bytes.add(frames.takeBytes(count));
    else frames.takeInto(count, target, bytes.position);
  }

  /** Where the next `count` octets of the payload are put; null if they stay where they are. */
  #placeFor(count: number): Uint8Array | null {
    const { remaining, header } = this.#frames;
    if (count < KEPT_SIZE) return this.#bytes.reserve(count, remaining);
    return header.fin ? this.#bytes.reserveRest(count, remaining) : null;
  }

  /** Takes `count` octets of the payload of a text, `last` if it ends with them. False if they are not UTF-8. */
  takeText(count: number, last: boolean): boolean {
    let text: string | null;
    if (this.#text === null && count < KEPT_SIZE) {
      const target = this.#bytes.reserve(count, this.#frames.remaining);
      const { position } = this.#bytes;
      if (this.#frames.takeAsciiInto(count, target, position)) return true;
      this.#bytes.withdraw(count);
      text = this.#utf8.decode(target, position, position + count, 0, last);
    } else {
      text = this.#frames.takeText(count, this.#utf8, last);
    }
    if (text === null) return false;
    this.#asText().add(text);
    return true;
  }

  /** Takes a piece that an extension has changed. */
  add(piece: Message): void {
    if (piece instanceof TextMessage) this.#asText().add(piece.data);
    else this.#bytes.add(piece.data);
  }

  #asText(): TextJoiner {
    if (this.#text === null) {
      this.#text = new TextJoiner();
      this.#text.add(this.#bytes.text());
      this.#bytes = new BytesJoiner();
    }
    return this.#text;
  }

  /** All of it, as a message or as a piece of one. */
  join(isText: boolean, frameFinished: boolean, messageFinished: boolean): Message {
    if (!isText)
      return new BytesMessage({ data: this.#bytes.join(), frameFinished, messageFinished });
    const data = this.#text === null ? this.#bytes.text() : this.#text.join();
    return new TextMessage({ data, frameFinished, messageFinished });
  }
}
