import type { Event } from "./events.ts";

/** What the caller did wrong; stable, for programs. */
export type LocalErrorCode =
  /** Not allowed in this state, or after the end of the stream. */
  | "ERR_STATE"
  /** A piece of another type inside a fragmented message (RFC 6455, 5.4). */
  | "ERR_MESSAGE_TYPE"
  /** A control frame with more than 125 octets (RFC 6455, 5.5). */
  | "ERR_CONTROL_LENGTH"
  /** A close code that an endpoint must not send (RFC 6455, 7.4). */
  | "ERR_CLOSE_CODE"
  /** A header name that is no token, or a value with CR, LF, NUL or another forbidden character. */
  | "ERR_HEADER"
  | "ERR_HOST"
  | "ERR_TARGET"
  | "ERR_SUBPROTOCOL"
  | "ERR_EXTENSION"
  /** A status that a rejection cannot have. */
  | "ERR_STATUS"
  /** A rejection's body that contradicts its head. */
  | "ERR_BODY";

/** What the peer did wrong; stable, for programs. */
export type RemoteErrorCode =
  /** No HTTP/1.1 message by RFC 9112. */
  | "ERR_HTTP"
  /** The head exceeds `limits.head`, `limits.headerLines` or `limits.requestLine`. */
  | "ERR_HEAD_SIZE"
  | "ERR_HTTP_VERSION"
  | "ERR_METHOD"
  | "ERR_TARGET"
  | "ERR_HOST"
  | "ERR_CONNECTION"
  | "ERR_UPGRADE"
  | "ERR_VERSION"
  | "ERR_KEY"
  | "ERR_ACCEPT"
  | "ERR_SUBPROTOCOL"
  | "ERR_EXTENSION"
  | "ERR_EXPECT"
  | "ERR_BODY"
  /** More octets before the accept than `limits.earlyData`. */
  | "ERR_EARLY_DATA"
  /** The stream ended inside the handshake. */
  | "ERR_STREAM_ENDED"
  | "ERR_OPCODE"
  | "ERR_CONTROL_FRAGMENTED"
  | "ERR_CONTROL_LENGTH"
  | "ERR_LENGTH_ENCODING"
  | "ERR_RSV"
  | "ERR_MASK"
  | "ERR_CONTINUATION"
  | "ERR_UTF8"
  | "ERR_CLOSE_PAYLOAD"
  | "ERR_CLOSE_CODE"
  /** More octets than `limits.message` or `limits.frame`. */
  | "ERR_MESSAGE_SIZE"
  /** More fragments than `limits.fragments`. */
  | "ERR_FRAGMENTS";

/** The base of both protocol errors. */
export abstract class ProtocolError extends Error {
  abstract readonly code: LocalErrorCode | RemoteErrorCode;
}

/** `name` on the prototype, as the built-in errors have it, and proof against minifiers. */
function nameErrors(type: { readonly prototype: ProtocolError }, name: string): void {
  Object.defineProperty(type.prototype, "name", {
    value: name,
    configurable: true,
    writable: true,
  });
}

/** The caller asked for what the protocol does not allow (now). Nothing was sent, the state is as before. */
export class LocalProtocolError extends ProtocolError {
  static {
    nameErrors(this, "LocalProtocolError");
  }

  readonly code: LocalErrorCode;

  constructor(message: string, code: LocalErrorCode) {
    super(message);
    this.code = code;
  }
}

/** The peer broke the protocol. */
export class RemoteProtocolError extends ProtocolError {
  static {
    nameErrors(this, "RemoteProtocolError");
  }

  readonly code: RemoteErrorCode;
  /**
   * An event that answers the fault, ready for `send()`: a RejectConnection or a CloseConnection. On a client in the
   * handshake it cannot be sent and only tells what kind of fault it was.
   */
  readonly eventHint: Event | null;

  /** @param options with a `cause`, which says what was wrong where the message does not */
  constructor(
    message: string,
    code: RemoteErrorCode,
    eventHint: Event | null = null,
    options?: { readonly cause: Error },
  ) {
    super(message, options);
    this.code = code;
    this.eventHint = eventHint;
  }
}

/**
 * Thrown by whatever reads frames, and translated at one boundary, the Connection, into a failing
 * CloseConnection with `closeCode`. Never seen by a caller.
 */
export class ParseFailed extends Error {
  readonly closeCode: number;
  readonly code: RemoteErrorCode;

  constructor(message: string, code: RemoteErrorCode, closeCode: number) {
    super(message);
    this.code = code;
    this.closeCode = closeCode;
  }
}
