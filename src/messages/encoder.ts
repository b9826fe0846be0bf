import type { OutputBuffer } from "../bytes/output.ts";
import { encodeUtf8 } from "../bytes/utf8.ts";
import { LocalProtocolError } from "../errors.ts";
import {
  type CloseConnection,
  type Message,
  type MessageData,
  type Ping,
  type Pong,
  TextMessage,
  wholeMessage,
} from "../events.ts";
import type { ExtensionPipeline } from "../extensions/pipeline.ts";
import { writeClose } from "../frames/close.ts";
import type { FrameEncoder } from "../frames/encoder.ts";
import { firstOctet, MAX_CONTROL_PAYLOAD, WHOLE_BINARY, WHOLE_TEXT } from "../frames/header.ts";
import { Opcode } from "../frames/opcode.ts";

/** Makes frames of events (RFC 6455, 5.4 to 5.6 and 6.1). Where one throws, nothing was written or begun. */
export class MessageEncoder {
  readonly #frames: FrameEncoder;
  readonly #extensions: ExtensionPipeline | null;
  /** The opcode of the message begun; CONTINUATION between messages. */
  #opcode: Opcode = Opcode.CONTINUATION;

  constructor(frames: FrameEncoder, extensions: ExtensionPipeline | null) {
    this.#frames = frames;
    this.#extensions = extensions;
  }

  /**
   * Writes a message, or a piece of one as a fragment.
   * @throws LocalProtocolError for a piece of another type than the message begun
   */
  writeMessage(event: Message, output: OutputBuffer): void {
    const isText = event instanceof TextMessage;
    const opcode = this.#frameOpcode(isText ? Opcode.TEXT : Opcode.BINARY);
    if (this.#extensions !== null) {
      this.#writeChanged(opcode, event, this.#extensions, output);
    } else {
      const first = firstOctet(opcode, 0, event.messageFinished);
      if (isText) this.#frames.writeTextFrame(first, event.data, output);
      else this.#frames.writeFrame(first, event.data, output);
    }
    this.#advance(event);
  }

  /** As `writeMessage`, of the whole message with `data`. */
  writeData(data: MessageData, output: OutputBuffer): void {
    if (this.#extensions !== null || this.#opcode !== Opcode.CONTINUATION) {
      this.writeMessage(wholeMessage(data), output);
    } else if (typeof data === "string") {
      this.#frames.writeTextFrame(WHOLE_TEXT, data, output);
    } else {
      this.#frames.writeFrame(WHOLE_BINARY, data, output);
    }
  }

  #writeChanged(
    opcode: Opcode,
    event: Message,
    extensions: ExtensionPipeline,
    output: OutputBuffer,
  ): void {
    const { first, data } = this.#changed(opcode, event, extensions);
    this.#frames.writeFrame(first, data, output);
  }

  /**
   * As `writeMessage`, but where the payload can be sent as it is, only the header is written, and the payload returned:
   * the caller's own array, or what an extension made of it.
   */
  writeMessageHead(event: Message, output: OutputBuffer): Uint8Array | null {
    if (this.#frames.masks || (this.#extensions === null && event instanceof TextMessage)) {
      this.writeMessage(event, output);
      return null;
    }
    const opcode = this.#frameOpcode(opcodeOf(event));
    let first = firstOctet(opcode, 0, event.messageFinished);
    let data = payloadOf(event);
    if (this.#extensions !== null) {
      ({ first, data } = this.#changed(opcode, event, this.#extensions));
    }
    this.#frames.writeHeaderOnly(first, data.length, output);
    this.#advance(event);
    return data.length === 0 ? null : data;
  }

  /** @throws LocalProtocolError for more than 125 octets */
  writePing(event: Ping, output: OutputBuffer): void {
    this.#writeControl(Opcode.PING, event.payload, output);
  }

  /** @throws LocalProtocolError for more than 125 octets */
  writePong(event: Pong, output: OutputBuffer): void {
    this.#writeControl(Opcode.PONG, event.payload, output);
  }

  /** @throws LocalProtocolError for a code that must not be sent */
  writeClose(event: CloseConnection, output: OutputBuffer): void {
    this.#writeControl(Opcode.CLOSE, writeClose(event.code, event.reason), output);
  }

  #writeControl(opcode: Opcode, payload: Uint8Array, output: OutputBuffer): void {
    requireControlSize(payload);
    let first = firstOctet(opcode, 0, true);
    let data = payload;
    if (this.#extensions !== null) {
      const changed = this.#extensions.outbound(
        { opcode, fin: true, rsv: 0, data: payload },
        undefined,
      );
      requireControlSize(changed.data);
      first = firstOctet(opcode, changed.rsv, true);
      data = changed.data;
    }
    this.#frames.writeFrame(first, data, output);
  }

  /** The opcode of the frame that carries a piece of a message with `opcode` (5.4). */
  #frameOpcode(opcode: Opcode): Opcode {
    return this.#opcode === Opcode.CONTINUATION ? opcode : continuationOf(this.#opcode, opcode);
  }

  #changed(
    opcode: Opcode,
    event: Message,
    extensions: ExtensionPipeline,
  ): { first: number; data: Uint8Array } {
    const fin = event.messageFinished;
    const changed = extensions.outbound(
      { opcode, fin, rsv: 0, data: payloadOf(event) },
      event.compress,
    );
    return { first: firstOctet(opcode, changed.rsv, fin), data: changed.data };
  }

  #advance(event: Message): void {
    if (event.messageFinished) this.#opcode = Opcode.CONTINUATION;
    else this.#opcode = opcodeOf(event);
  }
}

function opcodeOf(event: Message): Opcode {
  return event instanceof TextMessage ? Opcode.TEXT : Opcode.BINARY;
}

function continuationOf(begun: Opcode, opcode: Opcode): Opcode {
  if (begun === opcode) return Opcode.CONTINUATION;
  throw new LocalProtocolError("Data type mismatch inside message", "ERR_MESSAGE_TYPE");
}

function payloadOf(event: Message): Uint8Array {
  return event instanceof TextMessage ? encodeUtf8(event.data) : event.data;
}

function requireControlSize(payload: Uint8Array): void {
  if (payload.length > MAX_CONTROL_PAYLOAD) {
    throw new LocalProtocolError("payload too long for control frame", "ERR_CONTROL_LENGTH");
  }
}
