import { OutputBuffer } from "./bytes/output.ts";
import { randomness, type RandomSource } from "./bytes/random.ts";
import { LocalProtocolError, ParseFailed, RemoteProtocolError } from "./errors.ts";
import {
  BytesMessage,
  type BytesInput,
  CloseConnection,
  type Event,
  type MessageData,
  requireBytes,
  requireEvent,
  TextMessage,
  wholeMessage,
} from "./events.ts";
import { EventIterator } from "./event-iterator.ts";
import type { Extension } from "./extensions/extension.ts";
import { ExtensionPipeline } from "./extensions/pipeline.ts";
import { CloseCode } from "./frames/close.ts";
import { FrameEncoder } from "./frames/encoder.ts";
import { typeName } from "./headers.ts";
import { type Limits, resolveLimits } from "./limits.ts";
import { type FrameEvent, MessageDecoder } from "./messages/decoder.ts";
import { MessageEncoder } from "./messages/encoder.ts";
import {
  type ConnectionState,
  ConnectionType,
  Phase,
  publicState,
  RECEIVING,
  requireConnectionType,
  SENDING,
  stateName,
} from "./states.ts";

/** Settings of the engine, all optional. */
export interface ConnectionOptions {
  /** Bounds on what the peer can make the engine hold or do. */
  readonly limits?: Partial<Limits> | undefined;
  /** Where masks and nonces come from; by default the platform's strong generator. */
  readonly random?: RandomSource | undefined;
  /** Whether the engine may write into the chunks that it is given, to unmask in place. */
  readonly ownsInput?: boolean | undefined;
}

/**
 * @throws TypeError for an option of another type; of the limits see `resolveLimits`
 */
export function requireOptions({ ownsInput, random }: ConnectionOptions): void {
  if (ownsInput !== undefined && typeof ownsInput !== "boolean") {
    throw new TypeError(`ownsInput must be a boolean, not ${typeName(ownsInput)}`);
  }
  if (random !== undefined && typeof random !== "function") {
    throw new TypeError(`random must be a function, not ${typeName(random)}`);
  }
}

/** What `send` writes to; everything is taken before it returns, so one serves all connections. */
const scratch: OutputBuffer = new OutputBuffer();

/** Servers do not mask, so that one serves all. */
const SERVER_FRAMES: FrameEncoder = new FrameEncoder(null);

/** An open connection, without its opening handshake (RFC 6455, sections 5 to 7). */
export class Connection {
  readonly connectionType: ConnectionType;
  readonly #extensions: ExtensionPipeline | null;
  readonly #limits: Limits;
  readonly #ownsInput: boolean;
  readonly #frames: FrameEncoder;
  /** Made when the first octets come, and go: many connections have none for long. */
  #decoder: MessageDecoder | null = null;
  #encoder: MessageEncoder | null = null;
  #phase: Phase = Phase.OPEN;
  /** Whether `receiveData(null)` was called. */
  #ended: boolean = false;
  #iterator: EventIterator<FrameEvent> | null = null;

  /**
   * @param extensions those negotiated, in the order of the answer; those not enabled are left out
   * @param trailingData octets that came behind the opening handshake; null: the stream has ended
   * @throws TypeError, RangeError for an argument of the wrong type, a limit out of its range
   */
  constructor(
    connectionType: ConnectionType,
    extensions: readonly Extension[] = [],
    trailingData: BytesInput | null = new Uint8Array(0),
    options: ConnectionOptions = {},
  ) {
    this.connectionType = requireConnectionType(connectionType);
    requireOptions(options);
    const client = connectionType === ConnectionType.CLIENT;
    const enabled = extensions.filter((extension) => extension.enabled());
    this.#extensions = enabled.length === 0 ? null : new ExtensionPipeline(client, enabled);
    this.#limits = resolveLimits(connectionType, options.limits);
    this.#ownsInput = options.ownsInput ?? false;
    this.#frames = client ? new FrameEncoder(randomness(options.random)) : SERVER_FRAMES;
    this.receiveData(trailingData);
  }

  /** OPEN, REMOTE_CLOSING, LOCAL_CLOSING or CLOSED. Moves as events are read and sent. */
  get state(): ConnectionState {
    return publicState(this.#phase);
  }

  /**
   * Whether nothing more will be read or sent: CLOSED, or failed and our Close was sent. Then a server ends TCP, and a
   * client waits a while for the server to do so (RFC 6455, 7.1.1).
   */
  get closeExpected(): boolean {
    return this.#phase === Phase.CLOSED || this.#phase === Phase.FAILED_CLOSING;
  }

  /**
   * The octets that send `event`: TextMessage, BytesMessage, Ping, Pong or CloseConnection.
   * @throws LocalProtocolError if the state or the protocol does not allow it; TypeError if it is no event
   */
  send(event: Event): Uint8Array {
    scratch.discard();
    this.sendInto(event, scratch);
    return scratch.cut();
  }

  /** As `send`, but writes the octets behind those that are in `output`, so that many events leave in one write. */
  sendInto(event: Event, output: OutputBuffer): void {
    if (
      this.#phase === Phase.OPEN &&
      (event instanceof TextMessage || event instanceof BytesMessage)
    ) {
      this.#messages().writeMessage(event, output);
    } else {
      this.#sendOther(event, output);
    }
  }

  /**
   * As `sendInto` of the whole message with `data`, without making an event of it.
   * @throws LocalProtocolError if the state does not allow it; TypeError if it is neither text nor octets
   */
  sendDataInto(data: string | BytesInput, output: OutputBuffer): void {
    const known = typeof data === "string" ? data : requireBytes("data", data);
    if (this.#phase === Phase.OPEN) this.#messages().writeData(known, output);
    else this.#sendOther(wholeMessage(known), output);
  }

  /** Sends a control frame, or tells why the event cannot be sent. */
  #sendOther(event: Event, output: OutputBuffer): void {
    requireEvent(event);
    const next = SENDING[this.#phase][event.type];
    if (next === undefined) throw this.#notAllowed(event);
    this.#writeControl(event, output);
    this.#enter(next);
  }

  /**
   * As `send`, but for a vectored write: `[head]`, or `[head, payload]` with the payload of a server's message not copied.
   * It then is the caller's own array, borrowed until it was written.
   */
  sendParts(event: Event): [head: Uint8Array] | [head: Uint8Array, payload: Uint8Array] {
    const isMessage = event instanceof TextMessage || event instanceof BytesMessage;
    if (!isMessage || this.#phase !== Phase.OPEN) return [this.send(event)];
    scratch.discard();
    const payload = this.#messages().writeMessageHead(event, scratch);
    const head = scratch.cut();
    return payload === null ? [head] : [head, payload];
  }

  /**
   * Fails the connection (RFC 6455, 7.1.7): whatever is received from now on is ignored. Returns the octets of the
   * Close with `code`; none if our Close was sent already.
   * @throws LocalProtocolError for a code that must not be sent
   */
  fail(code: number, reason: string | null = null): Uint8Array {
    const close = new CloseConnection({ code, reason });
    scratch.discard();
    if (SENDING[this.#phase].CloseConnection !== undefined) {
      this.#messages().writeClose(close, scratch);
    }
    const failed = RECEIVING[this.#phase].failure ?? this.#phase;
    this.#enter(SENDING[failed].CloseConnection ?? failed);
    return scratch.cut();
  }

  /** The stream is gone, and nobody reads what has arrived: lets go of it and of the extensions. CLOSED from then on. */
  release(): void {
    this.#enter(Phase.CLOSED);
  }

  /**
   * Takes a chunk that arrived, or null for the end of the stream. Nothing is parsed before `events` is read.
   * The chunk is borrowed until then, and as long as an event made of it lives.
   * @throws LocalProtocolError for octets after the end of the stream or of the connection; TypeError if it is no octets
   */
  receiveData(data: BytesInput | null): void {
    if (data === null) {
      this.#ended = true;
      return;
    }
    const chunk = requireBytes("data", data);
    if (this.#receives(chunk)) this.#messagesIn().feed(chunk);
  }

  /**
   * As `receiveData`, for memory that is used again, as by who reads into one buffer. It is borrowed until `keepLent`,
   * which has to be called before that; no event holds it. Only the receive buffer (`bytes/receive-buffer.ts`) is written
   * to, and only with `ownsInput`.
   */
  receiveLent(data: BytesInput): void {
    const chunk = requireBytes("data", data);
    if (this.#receives(chunk)) this.#messagesIn().feedLent(chunk);
  }

  /** Copies what was not read of `receiveLent`: little or nothing, if `events` was read to the end. */
  keepLent(): void {
    this.#decoder?.keep();
  }

  /** Whether octets are taken; not in a connection that has failed, nor are there any in an empty chunk. */
  #receives(chunk: Uint8Array): boolean {
    if (this.#phase === Phase.CLOSED) {
      throw new LocalProtocolError("Connection already closed.", "ERR_STATE");
    }
    if (this.#ended) {
      throw new LocalProtocolError("octets after the end of the stream", "ERR_STATE");
    }
    return this.#reads() && chunk.length > 0;
  }

  #messagesIn(): MessageDecoder {
    this.#decoder ??= new MessageDecoder({
      client: this.connectionType === ConnectionType.CLIENT,
      ownsInput: this.#ownsInput,
      limits: this.#limits,
      extensions: this.#extensions,
    });
    return this.#decoder;
  }

  /**
   * What arrived, as an iterator that can be left and taken up again. Frames are parsed and the state moves as it is
   * read. It never throws for what a peer sent: a fault is a CloseConnection with its `failure`.
   */
  events(): IterableIterator<FrameEvent, undefined> {
    this.#iterator ??= new EventIterator(() => this.nextEvent());
    return this.#iterator;
  }

  /** As the next step of `events`, without an object around the event: null while there is none. */
  nextEvent(): FrameEvent | null {
    const data = this.#wholeFrame();
    return data === null ? this.#next(false) : wholeMessage(data);
  }

  /**
   * As `nextEvent`, but messages come whole. A message that is begun is kept here, however many pieces it comes in, as
   * `MessageAssembler` would. Of one that `nextEvent` has given a piece of, only the rest comes.
   */
  nextWhole(): FrameEvent | null {
    const data = this.#wholeFrame();
    return data === null ? this.#next(true) : wholeMessage(data);
  }

  /** As `nextWhole`, but of a message that has come in one frame, as most do, the data alone: no event is made of it. */
  nextData(): FrameEvent | MessageData | null {
    return this.#wholeFrame() ?? this.#next(true);
  }

  #wholeFrame(): MessageData | null {
    const decoder = this.#decoder;
    return decoder !== null && this.#reads() ? decoder.wholeFrame() : null;
  }

  /** Whether frames are read. */
  #reads(): boolean {
    return this.#phase === Phase.OPEN || this.#phase === Phase.LOCAL_CLOSING;
  }

  #next(whole: boolean): FrameEvent | null {
    const decoder = this.#decoder;
    if (decoder !== null && this.#reads()) {
      try {
        const event = whole ? decoder.nextWhole() : decoder.next();
        if (event instanceof CloseConnection) this.#receive("CloseConnection");
        if (event !== null) return event;
      } catch (error) {
        return this.#failed(error);
      }
    }
    return this.#ended ? this.#endOfStream() : null;
  }

  #endOfStream(): CloseConnection | null {
    const next = RECEIVING[this.#phase]["end of stream"];
    if (next === undefined) return null;
    this.#enter(next);
    return new CloseConnection({ code: CloseCode.ABNORMAL_CLOSURE });
  }

  #failed(error: unknown): CloseConnection {
    if (!(error instanceof ParseFailed)) throw error;
    this.#receive("failure");
    return failing(error);
  }

  #receive(input: "CloseConnection" | "failure"): void {
    const next = RECEIVING[this.#phase][input];
    if (next !== undefined) this.#enter(next);
  }

  #enter(phase: Phase): void {
    this.#phase = phase;
    if (phase === Phase.OPEN || phase === Phase.LOCAL_CLOSING) return;
    this.#decoder?.clear();
    this.#extensions?.release();
  }

  #messages(): MessageEncoder {
    return this.#encoder ?? this.#makeEncoder();
  }

  #makeEncoder(): MessageEncoder {
    this.#encoder = new MessageEncoder(this.#frames, this.#extensions);
    return this.#encoder;
  }

  #writeControl(event: Event, output: OutputBuffer): void {
    switch (event.type) {
      case "CloseConnection":
        return this.#messages().writeClose(event, output);
      case "Ping":
        return this.#messages().writePing(event, output);
      case "Pong":
        return this.#messages().writePong(event, output);
    }
  }

  #notAllowed(event: Event): LocalProtocolError {
    const failed = this.#phase === Phase.FAILED || this.#phase === Phase.FAILED_CLOSING;
    return new LocalProtocolError(
      `Event ${event.type} cannot be sent in state ${stateName(this.state)}.` +
        (failed ? " The connection has failed." : ""),
      "ERR_STATE",
    );
  }
}

/** What the application is told of a fault, with the Close that answers it (RFC 6455, 7.1.7). */
function failing(fault: ParseFailed): CloseConnection {
  const { closeCode, message } = fault;
  const answer = new CloseConnection({ code: closeCode, reason: message });
  const failure = new RemoteProtocolError(message, fault.code, answer);
  return new CloseConnection({ code: closeCode, reason: message, failure });
}
