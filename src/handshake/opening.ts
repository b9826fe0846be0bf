import type { Connection } from "../connection.ts";
import type { AcceptConnection, RejectConnection, RejectData, Request } from "../events.ts";

/** The events of the opening handshake. */
export type HandshakeEvent = Request | AcceptConnection | RejectConnection | RejectData;

/** Takes an event that has arrived. */
export type Emit = (event: HandshakeEvent) => void;

/**
 * One end's part of the opening handshake over HTTP/1.1: octets to events and events to octets. Who uses it, H11Handshake,
 * knows the state, and calls what it allows.
 */
export interface Opening {
  /** The connection, once it is established. */
  readonly connection: Connection | null;
  /**
   * The octets that send `event`.
   * @throws LocalProtocolError, and nothing has changed
   */
  send(event: HandshakeEvent): Uint8Array;
  /**
   * Takes octets, which are not empty.
   * @throws HttpFault, RemoteProtocolError; events that came before the fault have been emitted
   */
  receive(chunk: Uint8Array, emit: Emit): void;
  /** The stream has ended. Throws as `receive`. */
  end(emit: Emit): void;
}
