import { type Connection, type ConnectionOptions, requireOptions } from "../connection.ts";
import { LocalProtocolError, RemoteProtocolError } from "../errors.ts";
import {
  type BytesInput,
  type Event,
  RejectConnection,
  requireBytes,
  requireEvent,
} from "../events.ts";
import { EventIterator } from "../event-iterator.ts";
import type { HeadersInput } from "../headers.ts";
import { HttpFault } from "../http/fault.ts";
import { type Limits, resolveLimits } from "../limits.ts";
import {
  CLIENT,
  type ConnectionState,
  type ConnectionType,
  type Outgoing,
  Phase,
  publicState,
  RECEIVING,
  requireConnectionType,
  SENDING,
  stateName,
} from "../states.ts";
import { ClientOpening } from "./client-opening.ts";
import type { HandshakeEvent } from "./opening.ts";
import { ServerOpening } from "./server-opening.ts";
import { checkParsedRequest, parsedRequest, type UpgradeRequestLine } from "./upgrade-request.ts";

export type { UpgradeRequestLine } from "./upgrade-request.ts";

/** The opening handshake over HTTP/1.1 (RFC 6455, section 4). When it is done, `connection` takes over. */
export class H11Handshake {
  readonly connectionType: ConnectionType;
  readonly #limits: Limits;
  readonly #opening: ClientOpening | ServerOpening;
  #phase: Phase = Phase.CONNECTING;
  /** Whether `receiveData(null)` was called. */
  #ended: boolean = false;
  /** Whether the peer broke the protocol: then nothing more is read, and a server may only refuse. */
  #failed: boolean = false;
  /** What arrived; those before `#taken` were taken. */
  #events: HandshakeEvent[] = [];
  #taken: number = 0;
  #iterator: EventIterator<Event> | null = null;

  /** @throws TypeError, RangeError for an argument of the wrong type, a limit out of its range */
  constructor(connectionType: ConnectionType, options: ConnectionOptions = {}) {
    this.connectionType = requireConnectionType(connectionType);
    requireOptions(options);
    this.#limits = resolveLimits(connectionType, options.limits);
    this.#opening = this.#isClient()
      ? new ClientOpening(this.#limits, options)
      : new ServerOpening(this.#limits, options);
  }

  #isClient(): boolean {
    return this.connectionType === CLIENT;
  }

  /** CONNECTING, REJECTING, CLOSED, or OPEN, after which the connection has its own state. */
  get state(): ConnectionState {
    return publicState(this.#phase);
  }

  /** The connection, once the handshake has established it. */
  get connection(): Connection | null {
    return this.#opening.connection;
  }

  /**
   * Whether nothing more will be read or sent: CLOSED, and on a client after a fault of the server or the end of the
   * stream. A server ends TCP then; before that, after a fault, it may still refuse.
   */
  get closeExpected(): boolean {
    if (this.#phase === Phase.OPEN) return false;
    return this.#phase === Phase.CLOSED || (this.#isClient() && (this.#failed || this.#ended));
  }

  /**
   * The octets that send `event`: Request on a client, AcceptConnection, RejectConnection or RejectData on a server.
   * @throws LocalProtocolError if the state or the protocol does not allow it; TypeError if it is no event
   */
  send(event: Event): Uint8Array {
    requireEvent(event);
    if (!isHandshakeEvent(event)) {
      throw new LocalProtocolError(
        `Event ${event.type} cannot be sent during the handshake`,
        "ERR_STATE",
      );
    }
    const next = SENDING[this.#phase][inputOf(event)];
    if (next === undefined) throw this.#notAllowed(event);
    if (this.#failed && this.#phase === Phase.CONNECTING && event.type !== "RejectConnection") {
      throw new LocalProtocolError(
        `Event ${event.type} cannot be sent: the handshake has failed`,
        "ERR_STATE",
      );
    }
    const octets = this.#opening.send(event);
    this.#phase = next;
    return octets;
  }

  /**
   * Takes a chunk that arrived, or null for the end of the stream, and parses it at once. On a client, data of `events`
   * may be views of the chunk; a server holds nothing of it. After a fault, and after a refusal, it is ignored.
   * @throws RemoteProtocolError if the handshake fails; on a server its `eventHint` can be sent. LocalProtocolError for
   * octets after the end of the stream, and when there is a connection to take them. TypeError if it is no octets
   */
  receiveData(data: BytesInput | null): void {
    const chunk = data === null ? null : requireBytes("data", data);
    if (this.#phase === Phase.OPEN) {
      throw new LocalProtocolError(
        "the handshake is over: expected octets go to its connection",
        "ERR_STATE",
      );
    }
    if (this.#isDeaf()) return;
    if (chunk === null) {
      if (this.#ended) return;
      this.#ended = true;
      this.#read(() => this.#opening.end(this.#emit));
    } else if (chunk.length > 0) {
      if (this.#ended) {
        throw new LocalProtocolError("octets after the end of the stream", "ERR_STATE");
      }
      this.#read(() => this.#opening.receive(chunk, this.#emit));
    }
  }

  /** What arrived, as an iterator that can be left and taken up again. */
  events(): IterableIterator<Event, undefined> {
    this.#iterator ??= new EventIterator(() => this.nextEvent());
    return this.#iterator;
  }

  /** The next of `events`, or null while there is none. */
  nextEvent(): HandshakeEvent | null {
    const event = this.#events[this.#taken];
    if (event === undefined) return null;
    this.#taken += 1;
    if (this.#taken === this.#events.length) {
      this.#events = [];
      this.#taken = 0;
    }
    return event;
  }

  /**
   * Server: takes a request that something else has parsed; it comes out of `events` as a Request. What that has read
   * beyond the head goes to `receiveData`.
   * @param headers all of the request's, in order, repeats included
   * @param path the request target
   * @throws RemoteProtocolError if it is no opening request; LocalProtocolError on a client, or when there was one;
   * TypeError for an argument of the wrong type
   */
  initiateUpgradeConnection(
    headers: HeadersInput,
    path: string | Uint8Array,
    requestLine: UpgradeRequestLine = {},
  ): void {
    const opening = this.#opening;
    if (opening instanceof ClientOpening) {
      throw new LocalProtocolError(
        "Cannot initiate an upgrade connection when acting as the client",
        "ERR_STATE",
      );
    }
    if (this.#phase !== Phase.CONNECTING || this.#failed || opening.begun) {
      throw new LocalProtocolError("a second request, expected one", "ERR_STATE");
    }
    const parsed = parsedRequest(headers, path, requestLine);
    this.#read(() => {
      const request = checkParsedRequest(parsed, this.#limits);
      opening.receiveRequest(request.line, request.headers, this.#emit);
    });
  }

  /** The class, the end and the state. */
  toString(): string {
    return `H11Handshake(client=${this.#isClient()}, state=${stateName(this.state)})`;
  }

  /** Whether what arrives is of no interest any more. */
  #isDeaf(): boolean {
    return (
      this.#failed ||
      this.#phase === Phase.CLOSED ||
      (!this.#isClient() && this.#phase === Phase.REJECTING)
    );
  }

  readonly #emit = (event: HandshakeEvent): void => {
    this.#events.push(event);
    this.#phase = RECEIVING[this.#phase][inputOf(event)]!;
  };

  /** Every way for octets to come in: whatever goes wrong, nothing is read afterwards. */
  #read(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#failed = true;
      throw error instanceof HttpFault ? badMessage(error) : error;
    }
  }

  #notAllowed({ type }: HandshakeEvent): LocalProtocolError {
    const state = stateName(this.state);
    if (type === "RejectConnection") {
      return new LocalProtocolError(`Connection cannot be rejected in state ${state}`, "ERR_STATE");
    }
    if (type === "RejectData") {
      return new LocalProtocolError(`Cannot send rejection data in state ${state}`, "ERR_STATE");
    }
    return new LocalProtocolError(`Event ${type} cannot be sent in state ${state}.`, "ERR_STATE");
  }
}

function isHandshakeEvent(event: Event): event is HandshakeEvent {
  const { type } = event;
  return (
    type === "Request" ||
    type === "AcceptConnection" ||
    type === "RejectConnection" ||
    type === "RejectData"
  );
}

/** The event's name in the tables of states. */
function inputOf(event: HandshakeEvent): Outgoing {
  if (event.type === "RejectConnection" && event.hasBody) return "RejectConnection with body";
  if (event.type === "RejectData" && event.bodyFinished) return "RejectData, last";
  return event.type;
}

/** The message is the reference's, whatever was wrong; what it was is the cause. */
function badMessage(fault: HttpFault): RemoteProtocolError {
  return new RemoteProtocolError(
    "Bad HTTP message",
    fault.code,
    new RejectConnection({ statusCode: fault.status }),
    { cause: fault },
  );
}
