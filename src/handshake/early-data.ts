import { allocate } from "#platform";
import { RemoteProtocolError } from "../errors.ts";
import { RejectConnection } from "../events.ts";

const NONE: Uint8Array = new Uint8Array(0);

/**
 * Octets that a client sent before its request was accepted. They are copied, for nobody can tell how long the server
 * takes to answer, into one array, for many small chunks cost much more than their octets.
 */
export class EarlyData {
  readonly #limit: number;
  #octets: Uint8Array = NONE;
  #length: number = 0;

  /** @param limit `limits.earlyData` */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * @throws RemoteProtocolError if that makes more octets than the limit
   */
  add(chunk: Uint8Array): void {
    const length = this.#length + chunk.length;
    if (length > this.#limit) {
      throw new RemoteProtocolError(
        `more than limits.earlyData, ${this.#limit} octets, before the request was accepted`,
        "ERR_EARLY_DATA",
        new RejectConnection(),
      );
    }
    if (length > this.#octets.length) {
      const grown = allocate(Math.min(this.#limit, 2 * length));
      grown.set(this.#octets.subarray(0, this.#length));
      this.#octets = grown;
    }
    this.#octets.set(chunk, this.#length);
    this.#length = length;
  }

  /** All of them. */
  take(): Uint8Array {
    return this.#length === 0 ? NONE : this.#octets.subarray(0, this.#length);
  }
}
