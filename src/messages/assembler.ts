import { BytesMessage, type Message, TextMessage } from "../events.ts";
import { typeName } from "../headers.ts";
import { BytesJoiner, TextJoiner } from "./joiner.ts";

/**
 * Joins the pieces of messages. A message of one piece is passed on as it is. Until the message is whole, no more than
 * twice its octets so far and 4 KiB are held, however many pieces there are; how large it may grow is for the
 * connection's `limits`.
 */
export class MessageAssembler {
  #bytes: BytesJoiner | null = null;
  #text: TextJoiner | null = null;

  /**
   * Takes the next piece. Returns the whole message when this was its last piece, else null.
   * @throws TypeError if it is no piece of a message
   */
  push(event: Message): Message | null {
    if (event instanceof TextMessage) return this.#pushText(event);
    if (event instanceof BytesMessage) return this.#pushBytes(event);
    throw new TypeError(`a piece must be a TextMessage or a BytesMessage, not ${typeName(event)}`);
  }

  #pushText(event: TextMessage): TextMessage | null {
    if (this.#text === null) {
      if (event.messageFinished) return event;
      this.#text = new TextJoiner();
    }
    this.#text.add(event.data);
    if (!event.messageFinished) return null;
    const data = this.#text.join();
    this.#text = null;
    return new TextMessage({ data });
  }

  #pushBytes(event: BytesMessage): BytesMessage | null {
    if (this.#bytes === null) {
      if (event.messageFinished) return event;
      this.#bytes = new BytesJoiner();
    }
    this.#bytes.add(event.data);
    if (!event.messageFinished) return null;
    const data = this.#bytes.join();
    this.#bytes = null;
    return new BytesMessage({ data });
  }
}
