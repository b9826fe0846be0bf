import { type Listed, NOT_LISTED, Roster } from "./roster.ts";

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
  readonly #limits: AdmissionLimits;
  /** Of the connections that were opened and are not closed. */
  readonly #places: Roster<Place<Connection>> = new Roster();
  /** These connections as a set, as long as somebody holds it: to keep one costs more than a roster. */
  #open: WeakRef<Set<Connection>> | null = null;
  #connections: number = 0;
  #handshakes: number = 0;
  #refused: number = 0;
  readonly #addresses: Map<string, number> = new Map();
  readonly #waiting: (() => void)[] = [];

  constructor(limits: AdmissionLimits) {
    this.#limits = limits;
  }

  /** The connections that were opened and are not closed; who holds the set sees them come and go. */
  get open(): ReadonlySet<Connection> {
    let open = this.#heldSet();
    if (open === undefined) {
      open = new Set(this.#places.all().map(({ connection }) => connection!));
      this.#open = new WeakRef(open);
    }
    return open;
  }

  #heldSet(): Set<Connection> | undefined {
    const open = this.#open?.deref();
    if (open === undefined) this.#open = null;
    return open;
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
  opened(place: Place<Connection>, connection: Connection): void {
    this.#places.add(place);
    this.#heldSet()?.add(connection);
  }

  /** Called by a place, once. */
  left(place: Place<Connection>, address: string | null): void {
    this.#places.delete(place);
    if (place.connection !== null) this.#heldSet()?.delete(place.connection);
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
export class Place<Connection> implements Listed {
  readonly #admission: Admission<Connection>;
  /** Null: it is beyond the limits. */
  readonly #address: string | null;
  #stage: "handshake" | "after" | "left";
  position: number = NOT_LISTED;
  connection: Connection | null = null;

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
    this.connection = connection;
    this.#admission.opened(this, connection);
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
    this.#admission.left(this, this.#address);
  }
}
