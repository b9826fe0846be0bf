/** How a connection ended. */
export interface CloseInfo {
  /** The code of the first Close that came from the peer; 1005 if it had none, 1006 if none came (RFC 6455, 7.1.5). */
  readonly code: number;
  /** Its reason, "" if there was none. Not meant for end users (5.5.1). */
  readonly reason: string;
  /** Whether both ends sent their Close before the stream ended (7.1.4). */
  readonly wasClean: boolean;
}

/** Why a part of a session does no more. Most connections end with nobody waiting: the error is made when it is asked for. */
export interface EndReason {
  readonly error: Error;
}

/** Why reading, sending or waiting stopped: the connection has ended, and not by a clean closing handshake. */
export class ConnectionClosedError extends Error implements CloseInfo {
  static {
    Object.defineProperty(this.prototype, "name", {
      value: "ConnectionClosedError",
      configurable: true,
      writable: true,
    });
  }

  readonly code: number;
  readonly reason: string;
  readonly wasClean: boolean;

  /** @param cause what broke the connection, where that is known */
  constructor(info: CloseInfo, cause: unknown) {
    super(
      `the connection was closed with code ${info.code}`,
      cause === undefined ? undefined : { cause },
    );
    this.code = info.code;
    this.reason = info.reason;
    this.wasClean = info.wasClean;
  }
}

/** The end of a connection, as those hear of it who wait: all of them get the same error. */
export class ConnectionEnd implements EndReason {
  readonly #info: CloseInfo;
  readonly #cause: unknown;
  #error: ConnectionClosedError | null = null;

  constructor(info: CloseInfo, cause: unknown) {
    this.#info = info;
    this.#cause = cause;
  }

  get error(): ConnectionClosedError {
    this.#error ??= new ConnectionClosedError(this.#info, this.#cause);
    return this.#error;
  }
}
