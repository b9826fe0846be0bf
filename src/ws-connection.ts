import { joinBytes } from "./bytes/join.ts";
import type { OutputBuffer } from "./bytes/output.ts";
import type { Connection, ConnectionOptions } from "./connection.ts";
import { LocalProtocolError } from "./errors.ts";
import { EventIterator } from "./event-iterator.ts";
import {
  type BytesInput,
  type Event,
  type MessageData,
  requireBytes,
  wholeMessage,
} from "./events.ts";
import { H11Handshake } from "./handshake/h11-handshake.ts";
import type { HeadersInput } from "./headers.ts";
import { type ConnectionState, ConnectionType } from "./states.ts";

/** A WebSocket connection over HTTP/1.1: first the opening handshake, then the frames (RFC 6455). */
export class WSConnection {
  /** The opening handshake. */
  readonly handshake: H11Handshake;
  #connection: Connection | null = null;
  /** Whether the events of the handshake were read, so that those of the connection can be given without a detour. */
  #openingRead: boolean = false;
  #iterator: EventIterator<Event> | null = null;

  /** @throws TypeError, RangeError for an argument of the wrong type, a limit out of its range */
  constructor(connectionType: ConnectionType, options: ConnectionOptions = {}) {
    this.handshake = new H11Handshake(connectionType, options);
  }

  get connectionType(): ConnectionType {
    return this.handshake.connectionType;
  }

  /** The framed part, once the handshake has established it. */
  get connection(): Connection | null {
    return this.#connection;
  }

  /** The state of the handshake, then that of the connection. */
  get state(): ConnectionState {
    return (this.#connection ?? this.handshake).state;
  }

  /** Whether nothing more will be read or sent; see `Connection.closeExpected`. After a refused handshake too. */
  get closeExpected(): boolean {
    return (this.#connection ?? this.handshake).closeExpected;
  }

  /**
   * The octets that send `event`.
   * @throws LocalProtocolError if the state or the protocol does not allow it; TypeError if it is no event
   */
  send(event: Event): Uint8Array {
    if (this.#connection !== null) return this.#connection.send(event);
    const octets = this.handshake.send(event);
    this.#connection = this.handshake.connection;
    return octets;
  }

  /** As `send`, but writes the octets behind those that are in `output`, so that many events leave in one write. */
  sendInto(event: Event, output: OutputBuffer): void {
    if (this.#connection !== null) this.#connection.sendInto(event, output);
    else output.append(this.send(event));
  }

  /** As `sendInto` of the whole message with `data`; see `Connection.sendDataInto`. */
  sendDataInto(data: string | BytesInput, output: OutputBuffer): void {
    if (this.#connection !== null) this.#connection.sendDataInto(data, output);
    else
      this.sendInto(
        wholeMessage(typeof data === "string" ? data : requireBytes("data", data)),
        output,
      );
  }

  /** As `send`, but in parts, for a vectored write; see `Connection.sendParts`. */
  sendParts(event: Event): [head: Uint8Array] | [head: Uint8Array, payload: Uint8Array] {
    return this.#connection === null ? [this.send(event)] : this.#connection.sendParts(event);
  }

  /**
   * Fails the connection; see `Connection.fail`.
   * @throws LocalProtocolError before it is open: a server sends RejectConnection, a client just ends the stream
   */
  fail(code: number, reason: string | null = null): Uint8Array {
    if (this.#connection !== null) return this.#connection.fail(code, reason);
    throw new LocalProtocolError(
      "the connection is not open: expected a RejectConnection from a server, the end of the stream from a client",
      "ERR_STATE",
    );
  }

  /** The stream is gone, and nobody reads what has arrived; see `Connection.release`. */
  release(): void {
    this.#connection?.release();
  }

  /**
   * Takes a chunk that arrived, or null for the end of the stream. The handshake is parsed at once, frames as `events` is read.
   * @throws RemoteProtocolError if the handshake fails, with `eventHint`; LocalProtocolError for octets after the end
   */
  receiveData(data: BytesInput | null): void {
    if (this.#connection !== null) {
      this.#connection.receiveData(data);
      return;
    }
    this.handshake.receiveData(data);
    this.#connection = this.handshake.connection;
  }

  /** As `receiveData`, for memory that is used again; see `Connection.receiveLent`. */
  receiveLent(data: BytesInput): void {
    if (this.#connection !== null) {
      this.#connection.receiveLent(data);
      return;
    }
    const chunk = requireBytes("data", data);
    const copied = this.connectionType === ConnectionType.SERVER;
    this.receiveData(copied ? chunk : joinBytes([chunk], chunk.length));
  }

  /** Copies what was not read of `receiveLent`. */
  keepLent(): void {
    this.#connection?.keepLent();
  }

  /** What arrived, as an iterator that can be left and taken up again; see `Connection.events`. */
  events(): IterableIterator<Event, undefined> {
    if (this.#openingRead && this.#connection !== null) return this.#connection.events();
    this.#iterator ??= new EventIterator(() => this.nextEvent());
    return this.#iterator;
  }

  /** As the next step of `events`, without an object around the event: null while there is none. */
  nextEvent(): Event | null {
    const opening = this.#nextOfOpening();
    return opening === null && this.#connection !== null ? this.#connection.nextEvent() : opening;
  }

  /** As `nextEvent`, but messages come whole; see `Connection.nextWhole`. */
  nextWhole(): Event | null {
    const opening = this.#nextOfOpening();
    return opening === null && this.#connection !== null ? this.#connection.nextWhole() : opening;
  }

  /** As `nextWhole`, but of most messages the data alone; see `Connection.nextData`. */
  nextData(): Event | MessageData | null {
    const opening = this.#nextOfOpening();
    return opening === null && this.#connection !== null ? this.#connection.nextData() : opening;
  }

  #nextOfOpening(): Event | null {
    const opening = this.handshake.nextEvent();
    if (opening === null && this.#connection !== null) this.#openingRead = true;
    return opening;
  }

  /**
   * Server: takes a request that something else has parsed; it comes out of `events` as a Request.
   * @throws RemoteProtocolError if it is no opening request; LocalProtocolError on a client, or when there was one
   */
  initiateUpgradeConnection(
    headers: HeadersInput,
    path: string | Uint8Array,
    requestLine: { readonly method?: string; readonly httpVersion?: string } = {},
  ): void {
    this.handshake.initiateUpgradeConnection(headers, path, requestLine);
  }
}
