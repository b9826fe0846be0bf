/** How many streams a server may have. */
export interface AdmissionLimits {
  readonly connections: number;
  readonly connectionsPerAddress: number;
  readonly handshakes: number;
}

/**
 * Counts the streams of a server from their first octet until they are closed: in all, for each address, and those in
 * the opening handshake. Those beyond the limits get a place to be refused in, as long as there are not too many of
 * them as well.
 */
export class Admission<Connection> {
  /** The connections that were opened and are not closed. */
  readonly open: Set<Connection> = new Set();
  readonly #limits: AdmissionLimits;
  #connections: number = 0;
  #handshakes: number = 0;
  #refused: number = 0;
  readonly #addresses: Map<string, number> = new Map();
  readonly #waiting: (() => void)[] = [];

  constructor(limits: AdmissionLimits) {
    this.#limits = limits;
  }

  /** Whether addresses make a difference; to ask the system for one costs something. */
  get asksAddress(): boolean {
    return this.#limits.connectionsPerAddress < this.#limits.connections;
  }

  /** A place for a stream of `address`, or null if it has to be cut. Streams without an address share "". */
  enter(address: string): Place<Connection> | null {
    const { connections, connectionsPerAddress, handshakes } = this.#limits;
    const ofAddress = this.#addresses.get(address) ?? 0;
    const admitted =
      this.#connections < connections &&
      this.#handshakes < handshakes &&
      ofAddress < connectionsPerAddress;
    if (!admitted) return this.enterRefused();
    this.#connections += 1;
    this.#handshakes += 1;
    this.#addresses.set(address, ofAddress + 1);
    return new Place(this, address);
  }

  /** A place for a stream to be refused in, or null if it has to be cut. */
  enterRefused(): Place<Connection> | null {
    if (this.#refused >= this.#limits.handshakes) return null;
    this.#refused += 1;
    return new Place(this, null);
  }

  /** Settles when no stream is left. */
  empty(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#tellIfEmpty();
    });
  }

  /** Called by a place, once. */
  handshakeEnded(): void {
    this.#handshakes -= 1;
  }

  /** Called by a place, once. */
  left(address: string | null): void {
    if (address === null) this.#refused -= 1;
    else this.#leaveAddress(address);
    this.#tellIfEmpty();
  }

  #leaveAddress(address: string): void {
    this.#connections -= 1;
    const ofAddress = this.#addresses.get(address)!;
    if (ofAddress === 1) this.#addresses.delete(address);
    else this.#addresses.set(address, ofAddress - 1);
  }

  #tellIfEmpty(): void {
    if (this.#connections + this.#refused > 0) return;
    for (const tell of this.#waiting.splice(0)) tell();
  }
}

/** A stream's place among those of a server. */
export class Place<Connection> {
  readonly #admission: Admission<Connection>;
  /** Null: it is beyond the limits. */
  readonly #address: string | null;
  #stage: "handshake" | "after" | "left";
  #connection: Connection | null = null;

  constructor(admission: Admission<Connection>, address: string | null) {
    this.#admission = admission;
    this.#address = address;
    this.#stage = address === null ? "after" : "handshake";
  }

  /** Whether the stream is within the limits; if not, it may only be refused. */
  get admitted(): boolean {
    return this.#address !== null;
  }

  /** The opening handshake is over, with a connection or without. */
  handshakeEnded(connection: Connection | null): void {
    this.#endHandshake();
    if (connection === null) return;
    this.#connection = connection;
    this.#admission.open.add(connection);
  }

  #endHandshake(): void {
    if (this.#stage !== "handshake") return;
    this.#stage = "after";
    this.#admission.handshakeEnded();
  }

  /** The stream is closed. */
  leave(): void {
    if (this.#stage === "left") return;
    this.#endHandshake();
    this.#stage = "left";
    if (this.#connection !== null) this.#admission.open.delete(this.#connection);
    this.#admission.left(this.#address);
  }
}
