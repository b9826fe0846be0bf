import type { RemoteErrorCode } from "../errors.ts";

/**
 * The peer's octets are no HTTP message that can be used. Thrown by whatever reads HTTP, and translated at one boundary,
 * the handshake, into a RemoteProtocolError. Never seen by a caller, except as the `cause` of that.
 */
export class HttpFault extends Error {
  readonly code: RemoteErrorCode;
  /** The status of the response that tells the peer. */
  readonly status: number;

  constructor(message: string, code: RemoteErrorCode = "ERR_HTTP", status: number = 400) {
    super(message);
    this.code = code;
    this.status = status;
  }
}
