import {
  AcceptConnection,
  type BytesInput,
  Connection,
  type ConnectionOptions,
  type ConnectionState,
  ConnectionType,
  type Event,
  type Extension,
  Request,
  WSConnection,
} from "../../src/index.ts";

export type Side = "client" | "server";

/** Cuts what was sent into the chunks in which it arrives. */
export type Split = (octets: Uint8Array) => Iterable<Uint8Array>;

/** What both a Connection and a WSConnection are. */
export interface End {
  readonly state: ConnectionState;
  send(event: Event): Uint8Array;
  receiveData(data: BytesInput | null): void;
  events(): Iterable<Event>;
}

export interface PairOptions {
  /** By default everything arrives as it was sent. */
  readonly split?: Split;
  /** Where the client's nonce and masks start; the same seed gives the same octets. */
  readonly seed?: number;
  /** Settings of either end, beside its randomness. */
  readonly client?: Omit<ConnectionOptions, "random">;
  readonly server?: Omit<ConnectionOptions, "random">;
}

/** Two ends joined in memory: what one sends, the other receives at once. */
export class ConnectionPair<Kind extends End> {
  readonly client: Kind;
  readonly server: Kind;
  readonly #split: Split;

  constructor(client: Kind, server: Kind, split: Split = whole) {
    this.client = client;
    this.server = server;
    this.#split = split;
  }

  /** Two framed connections, without an opening handshake. Extensions that are enabled already. */
  static framed(
    options: PairOptions = {},
    extensions: { readonly [Name in Side]?: readonly Extension[] } = {},
  ): ConnectionPair<Connection> {
    return new ConnectionPair(
      new Connection(ConnectionType.CLIENT, extensions.client, new Uint8Array(0), {
        ...options.client,
        random: seededRandom(options.seed),
      }),
      new Connection(ConnectionType.SERVER, extensions.server, new Uint8Array(0), options.server),
      options.split,
    );
  }

  /** Two ends before their opening handshake. */
  static connecting(options: PairOptions = {}): ConnectionPair<WSConnection> {
    return new ConnectionPair(
      new WSConnection(ConnectionType.CLIENT, {
        ...options.client,
        random: seededRandom(options.seed),
      }),
      new WSConnection(ConnectionType.SERVER, options.server),
      options.split,
    );
  }

  /** Two ends after their opening handshake. */
  static open(
    options: PairOptions = {},
    request: Request = new Request({ host: "example.com", target: "/" }),
    acceptance: AcceptConnection = new AcceptConnection(),
  ): ConnectionPair<WSConnection> {
    const pair = ConnectionPair.connecting(options);
    pair.send("client", request);
    pair.send("server", acceptance);
    return pair;
  }

  /** Sends an event and returns what the other end makes of it. */
  send(from: Side, event: Event): Event[] {
    return this.deliver(other(from), this[from].send(event));
  }

  /** Ends the stream of one side and returns what the other end makes of it. */
  end(from: Side): Event[] {
    const to = this[other(from)];
    to.receiveData(null);
    return [...to.events()];
  }

  /** Gives octets to one side, cut as the pair cuts them, and returns what it makes of them. */
  deliver(to: Side, octets: Uint8Array): Event[] {
    const end = this[to];
    const events: Event[] = [];
    for (const chunk of this.#split(octets)) {
      end.receiveData(chunk);
      events.push(...end.events());
    }
    return events;
  }
}

export function other(side: Side): Side {
  return side === "client" ? "server" : "client";
}

/** Cuts into chunks of `size` octets; the last may be shorter. */
export function chunksOf(size: number): Split {
  return function* (octets) {
    for (let start = 0; start < octets.length; start += size) {
      yield octets.slice(start, start + size);
    }
  };
}

/** A source for the option `random` whose octets follow from the seed alone. */
export function seededRandom(seed: number = 1): (size: number) => Uint8Array {
  let state = seed >>> 0;
  return (size) =>
    Uint8Array.from({ length: size }, () => {
      // A linear congruential generator; its upper bits are the better ones.
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state >>> 24;
    });
}

function whole(octets: Uint8Array): Iterable<Uint8Array> {
  return [octets];
}
