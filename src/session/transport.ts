/**
 * What moves a session's octets: a TCP socket, a TLS socket, a stream of HTTP/2. In return the adapter calls `received` or `receivedLent`,
 * `ended` once if the peer ends its side, `progressed`, and in the end `transportClosed`; from inside a method too.
 */
export interface Transport {
  /**
   * Takes octets to send; they are not changed afterwards. Never throws. Returns whether it does not need them any more:
   * whether they have left, or were copied. Then their memory is used again.
   */
  write(octets: Uint8Array): boolean;
  /** As `write` of one behind the other, in one write where that can be done. Neither is changed before it has left. */
  writeBoth(head: Uint8Array, payload: Uint8Array): void;
  /** Octets taken that have not left yet. Grows in `write` and `writeBoth` alone. */
  queued(): number;
  /** A text that changes when octets leave, and stays the same while none do, whatever is written. */
  progressMark(): string;
  /** Ends the sending side behind all that was written. Called once at most. */
  end(): void;
  /** Ends both sides at once. Called once at most, and nothing after it. */
  destroy(): void;
  /** Stops reading, until `resume`. */
  pause(): void;
  resume(): void;
}
