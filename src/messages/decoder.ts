import { Utf8Decoder } from "../bytes/utf8.ts";
import { joinBytes } from "../bytes/join.ts";
import { ParseFailed } from "../errors.ts";
import {
  BytesMessage,
  CloseConnection,
  type Message,
  type MessageData,
  Ping,
  Pong,
  TextMessage,
} from "../events.ts";
import type { ExtensionPipeline } from "../extensions/pipeline.ts";
import { CloseCode, readClose } from "../frames/close.ts";
import { FrameDecoder } from "../frames/decoder.ts";
import { Opcode } from "../frames/opcode.ts";
import type { Limits } from "../limits.ts";
import { KeptMessage } from "./kept.ts";

/** What frames become. */
export type FrameEvent = Message | Ping | Pong | CloseConnection;

/** Lengths above this cannot be counted exactly; they are too much whatever the limits are. */
const MAX_LENGTH = Number.MAX_SAFE_INTEGER;

/** Makes events of frames: control frames whole, data frames in the pieces in which they arrive (RFC 6455, 5.4 to 5.6). */
export class MessageDecoder {
  readonly #frames: FrameDecoder;
  readonly #extensions: ExtensionPipeline | null;
  readonly #limits: Limits;
  /** Octets that a message of one frame may have to be taken at once; -1 where none is. */
  readonly #wholeLimit: number;
  readonly #utf8: Utf8Decoder = new Utf8Decoder();
  /** What `nextWhole` has kept of a message; null if nothing. */
  #kept: KeptMessage | null = null;
  /** Whether a header was read and its frame not finished. */
  #inFrame: boolean = false;
  /** Whether the text of a message that `wholeFrame` has read was no UTF-8. */
  #refused: boolean = false;
  /** The opcode of the message begun; CONTINUATION between messages. */
  #opcode: Opcode = Opcode.CONTINUATION;
  #fragments: number = 0;
  /** Octets of the message, and of the frame where extensions change it. */
  #messageSize: number = 0;
  #frameSize: number = 0;

  constructor(options: {
    readonly client: boolean;
    readonly ownsInput: boolean;
    readonly limits: Limits;
    readonly extensions: ExtensionPipeline | null;
  }) {
    this.#frames = new FrameDecoder({
      client: options.client,
      ownsInput: options.ownsInput,
      rsvPolicy: options.extensions,
    });
    this.#limits = options.limits;
    this.#extensions = options.extensions;
    const { message, frame, fragments } = options.limits;
    const isOrdinary = options.extensions === null && fragments > 0;
    this.#wholeLimit = isOrdinary ? Math.min(message, frame) : -1;
  }

  /** Takes a chunk. It is borrowed until it was read, and as long as an event that came of it lives. */
  feed(chunk: Uint8Array): void {
    this.#frames.feed(chunk);
  }

  /** As `feed`, for a chunk that is only there until `keep`. */
  feedLent(chunk: Uint8Array): void {
    this.#frames.feedLent(chunk);
  }

  /** Copies what was not read of a chunk that was lent. */
  keep(): void {
    this.#frames.keep();
  }

  /** Lets go of all octets. */
  clear(): void {
    this.#frames.clear();
    this.#kept = null;
  }

  /**
   * The next event, or null if more octets are needed. `wholeFrame` is asked first.
   * @throws ParseFailed for whatever the peer did wrong; the decoder cannot be used afterwards.
   */
  next(): FrameEvent | null {
    if (this.#refused) throw this.#notUtf8();
    if (this.#kept !== null) return this.#givePiece(this.#kept);
    const count = this.#payloadAtHand();
    if (count < 0) return null;
    if (this.#frames.header.opcode >= Opcode.CLOSE) return this.#controlFrame();
    return this.#piece(count);
  }

  /** As `next`, but a message comes whole, save for what `next` has given of it: its pieces are kept until the last. */
  nextWhole(): FrameEvent | null {
    if (this.#refused) throw this.#notUtf8();
    for (;;) {
      const count = this.#payloadAtHand();
      if (count < 0) return null;
      if (this.#frames.header.opcode >= Opcode.CLOSE) return this.#controlFrame();
      const message = this.#keepPiece(count);
      if (message !== null) return message;
    }
  }

  /**
   * The data of a message of one frame, as most are: there is nothing to be counted or checked that `openWhole` has not
   * seen. Null if the next is none, or faulty: what it is `next` and `nextWhole` tell.
   */
  wholeFrame(): MessageData | null {
    if (this.#inFrame || this.#opcode !== Opcode.CONTINUATION) return null;
    const frames = this.#frames;
    const length = frames.openWhole(this.#wholeLimit);
    if (length < 0) return null;
    return frames.header.opcode === Opcode.BINARY
      ? frames.takeBytes(length)
      : this.#wholeText(length);
  }

  #wholeText(length: number): string | null {
    const text = this.#frames.takeText(length, this.#utf8, true);
    if (text === null) this.#refused = true;
    return text;
  }

  /** Reads up to the payload of the next frame. Returns how many of its octets are at hand; -1 if more are needed. */
  #payloadAtHand(): number {
    const frames = this.#frames;
    if (!this.#inFrame) {
      if (!frames.readHeader()) return -1;
      if (frames.header.opcode < Opcode.CLOSE) this.#beginDataFrame();
      this.#inFrame = true;
    }
    if (!frames.readKey()) return -1;
    const count = frames.available();
    return count === 0 && frames.remaining > 0 ? -1 : count;
  }

  #piece(count: number): Message {
    const frames = this.#frames;
    if (this.#extensions?.changes(frames.header.opcode)) {
      return this.#changedPiece(frames.takeBytes(count), this.#extensions);
    }
    return this.#opcode === Opcode.TEXT ? this.#textPiece(count) : this.#bytesPiece(count);
  }

  /** Keeps a piece of a message; returns the message if it was the last one. */
  #keepPiece(count: number): Message | null {
    const frames = this.#frames;
    const isText = this.#opcode === Opcode.TEXT;
    const frameFinished = count === frames.remaining;
    const messageFinished = frameFinished && frames.header.fin;
    if (messageFinished && this.#kept === null) return this.#piece(count);
    const kept = (this.#kept ??= new KeptMessage(frames, this.#utf8));
    if (this.#extensions?.changes(frames.header.opcode)) {
      kept.add(this.#piece(count));
    } else {
      if (!isText) kept.takeBytes(count);
      else if (!kept.takeText(count, messageFinished)) throw this.#notUtf8();
      if (frameFinished) this.#endDataFrame();
    }
    if (!messageFinished) return null;
    this.#kept = null;
    return kept.join(isText, true, true);
  }

  /** What was kept, as a piece. */
  #givePiece(kept: KeptMessage): Message {
    this.#kept = null;
    return kept.join(this.#opcode === Opcode.TEXT, !this.#inFrame, false);
  }

  /** Checks the order of frames (5.4), then the limits, before any of the payload is looked at. */
  #beginDataFrame(): void {
    const { opcode, length } = this.#frames.header;
    if (opcode === Opcode.CONTINUATION) {
      if (this.#opcode === Opcode.CONTINUATION) {
        throw outOfOrder("unexpected CONTINUATION");
      }
      this.#fragments++;
    } else {
      if (this.#opcode !== Opcode.CONTINUATION) {
        throw outOfOrder(
          `expected CONTINUATION, got ${opcode === Opcode.TEXT ? "TEXT" : "BINARY"}`,
        );
      }
      this.#opcode = opcode;
      this.#fragments = 1;
      this.#messageSize = 0;
    }
    const { fragments } = this.#limits;
    if (this.#fragments > fragments) {
      const message = `message of more than ${fragments} fragments`;
      throw new ParseFailed(message, "ERR_FRAGMENTS", CloseCode.POLICY_VIOLATION);
    }
    if (length > MAX_LENGTH) throw tooBig("frame", MAX_LENGTH);
    this.#frameSize = 0;
    if (!this.#extensions?.changes(opcode)) this.#grow(length);
  }

  /** Counts octets of the message. */
  #grow(count: number): void {
    const { message, frame } = this.#limits;
    this.#frameSize += count;
    this.#messageSize += count;
    if (this.#frameSize > frame) throw tooBig("frame", frame);
    if (this.#messageSize > message) throw tooBig("message", message);
  }

  #controlFrame(): FrameEvent | null {
    let payload = this.#frames.takeControlPayload();
    if (payload === null) return null;
    const { opcode } = this.#frames.header;
    if (this.#extensions?.changes(opcode))
      payload = this.#changedControl(payload, this.#extensions);
    this.#inFrame = false;
    if (opcode === Opcode.PING) return new Ping({ payload });
    if (opcode === Opcode.PONG) return new Pong({ payload });
    return new CloseConnection(readClose(payload));
  }

  #changedControl(payload: Uint8Array, extensions: ExtensionPipeline): Uint8Array {
    const changed = extensions.inboundPayload(payload, Infinity);
    const added = extensions.inboundComplete(true, Infinity);
    return joinBytes([changed, added], changed.length + added.length);
  }

  #textPiece(count: number): TextMessage {
    const frames = this.#frames;
    const frameFinished = count === frames.remaining;
    const messageFinished = frameFinished && frames.header.fin;
    const data = frames.takeText(count, this.#utf8, messageFinished);
    if (data === null) throw this.#notUtf8();
    if (frameFinished) this.#endDataFrame();
    return new TextMessage({ data, frameFinished, messageFinished });
  }

  #bytesPiece(count: number): BytesMessage {
    const frames = this.#frames;
    const frameFinished = count === frames.remaining;
    const messageFinished = frameFinished && frames.header.fin;
    const data = frames.takeBytes(count);
    if (frameFinished) this.#endDataFrame();
    return new BytesMessage({ data, frameFinished, messageFinished });
  }

  /** A piece that extensions change; its size is known only afterwards. */
  #changedPiece(piece: Uint8Array, extensions: ExtensionPipeline): Message {
    const frames = this.#frames;
    const frameFinished = frames.remaining === 0;
    const messageFinished = frameFinished && frames.header.fin;
    let data = extensions.inboundPayload(piece, this.#budget());
    this.#grow(data.length);
    if (frameFinished) {
      const added = extensions.inboundComplete(frames.header.fin, this.#budget());
      this.#grow(added.length);
      if (added.length > 0) data = joinBytes([data, added], data.length + added.length);
    }
    const isText = this.#opcode === Opcode.TEXT;
    if (frameFinished) this.#endDataFrame();
    if (!isText) return new BytesMessage({ data, frameFinished, messageFinished });
    const text = this.#utf8.decode(data, 0, data.length, 0, messageFinished);
    if (text === null) throw this.#notUtf8();
    return new TextMessage({ data: text, frameFinished, messageFinished });
  }

  #budget(): number {
    const { message, frame } = this.#limits;
    return Math.min(message - this.#messageSize, frame - this.#frameSize);
  }

  #endDataFrame(): void {
    this.#inFrame = false;
    if (this.#frames.header.fin) this.#opcode = Opcode.CONTINUATION;
  }

  #notUtf8(): ParseFailed {
    return new ParseFailed(this.#utf8.problem, "ERR_UTF8", CloseCode.INVALID_FRAME_PAYLOAD_DATA);
  }
}

function outOfOrder(message: string): ParseFailed {
  return new ParseFailed(message, "ERR_CONTINUATION", CloseCode.PROTOCOL_ERROR);
}

function tooBig(what: "frame" | "message", limit: number): ParseFailed {
  const message = `${what} of more than ${limit} octets`;
  return new ParseFailed(message, "ERR_MESSAGE_SIZE", CloseCode.MESSAGE_TOO_BIG);
}
