import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { RemoteProtocolError } from "../errors.ts";
import { AcceptConnection, type Request } from "../events.ts";
import type { Extension } from "../extensions/extension.ts";
import type { HeaderList } from "../headers.ts";
import { isThenable } from "../session/deferred.ts";
import { WebSocketConnection } from "../session/websocket-connection.ts";
import { SERVER } from "../states.ts";
import { WSConnection } from "../ws-connection.ts";
import type { Place } from "./admission.ts";
import {
  type Acceptance,
  readAnswer,
  type Refusal,
  writeBareRefusal,
  writeRefusal,
} from "./answer.ts";
import { Deadline } from "./deadline.ts";
import { DuplexTransport, type TransportListener } from "./duplex-transport.ts";
import type { IncomingUpgrade } from "./incoming-upgrade.ts";
import { deflateFor } from "./options.ts";
import { type Listed, NOT_LISTED } from "./roster.ts";
import type { ServerSettings } from "./server-settings.ts";
import { turnOf } from "./system-clock.ts";
import { UpgradeRequest } from "./upgrade-request.ts";
import { type AcceptContext, Waiting } from "./waiting.ts";

/** A connection of Node's: it knows its request. */
export type NodeConnection = WebSocketConnection<UpgradeRequest>;

/** What an opening needs of its server. */
export interface OpeningHost {
  readonly settings: ServerSettings;
  /** Decides about a request; gives the answer, or a promise of it. May throw. */
  decide(opening: ServerOpening, request: UpgradeRequest, context: AcceptContext): unknown;
  /** The handshake is over, with a connection or without. */
  openingEnded(opening: ServerOpening, connection: NodeConnection | null): void;
  /** Told of what goes wrong and is not the peer's fault. Does not throw. */
  report(error: unknown): void;
}

/** What is known of a stream before its request is read. */
export interface OpeningStart {
  readonly stream: Duplex;
  readonly place: Place<NodeConnection>;
  /** Milliseconds that are left of the opening deadline. */
  readonly timeLeft: number;
  /** A request that Node's HTTP server has parsed; null: it comes over the stream. */
  readonly upgrade: IncomingUpgrade | null;
  /** Whether the request was found to be for this server already. */
  readonly matched: boolean;
}

/**
 * One opening handshake on the server's side, from the first octet to the connection or the refusal. Every refusal is
 * a whole response with `Connection: close`, behind which the stream ends: nothing else in it is looked at.
 */
export class ServerOpening implements TransportListener, Listed {
  position: number = NOT_LISTED;
  readonly matched: boolean;
  readonly #stream: Duplex;
  readonly #place: Place<NodeConnection>;
  readonly #host: OpeningHost;
  readonly #transport: DuplexTransport;
  readonly #ws: WSConnection;
  /** For the head, for the application's answer, or for the end of a refused stream. */
  readonly #deadline: Deadline;
  readonly #waiting: Waiting = new Waiting();
  /** Whether the handshake is over. */
  over: boolean = false;

  constructor(host: OpeningHost, { stream, place, matched }: OpeningStart) {
    this.matched = matched;
    this.#stream = stream;
    this.#place = place;
    this.#host = host;
    this.#deadline = new Deadline(host.settings.clock);
    // What arrives at a socket is nobody else's; of another stream that is not known.
    const ownsInput = stream instanceof Socket;
    this.#ws = new WSConnection(SERVER, { limits: host.settings.limits, ownsInput });
    this.#transport = new DuplexTransport(stream, place);
    this.#transport.listen(this);
  }

  /** Begins: with what arrives, or with a request that was parsed already. */
  start({ timeLeft, upgrade }: OpeningStart): void {
    this.#deadline.set(timeLeft, () => this.refuse({ status: 408 }));
    if (upgrade !== null) this.#read(() => upgrade.giveTo(this.#ws));
  }

  received(chunk: Uint8Array): void {
    if (!this.over) this.#read(() => this.#ws.receiveData(chunk));
  }

  receivedLent(chunk: Uint8Array): void {
    if (!this.over) this.#read(() => this.#ws.receiveLent(chunk));
  }

  /** The peer has sent half of a request, or does not wait for the answer: there is nobody to talk to. */
  ended(): void {
    if (this.over) return;
    this.#leave(null);
    this.#transport.destroy();
  }

  transportClosed(): void {
    this.#deadline.clear();
    if (!this.over) this.#leave(null);
  }

  /** Refuses, if nothing was answered yet. */
  refuse(refusal: Refusal): void {
    if (this.over) return;
    this.#transport.write(this.#octetsOf(refusal));
    this.#leave(null);
    // In order, so that the response arrives; for good after the deadline.
    this.#transport.end();
    const { closeDeadline } = this.#host.settings.session;
    this.#deadline.set(closeDeadline, () => this.#transport.destroy());
  }

  #octetsOf(refusal: Refusal): Uint8Array {
    try {
      return writeRefusal(this.#ws, refusal);
    } catch (error) {
      // What the application asked for cannot be sent: it has to be told, and the peer gets an answer all the same.
      this.#host.report(error);
      return writeBareRefusal(500);
    }
  }

  #read(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#refuseFault(error);
      return;
    }
    // There is no other event before the answer.
    const event = this.#ws.nextEvent();
    if (event?.type === "Request") this.#requested(event);
  }

  #refuseFault(error: unknown): void {
    const hint = error instanceof RemoteProtocolError ? error.eventHint : null;
    if (hint?.type === "RejectConnection") {
      this.refuse({ status: hint.statusCode, headers: hint.headers });
    } else {
      this.#fault(error);
    }
  }

  /** The server has failed, not the peer. */
  #fault(error: unknown): void {
    this.#host.report(error);
    this.refuse({ status: 500 });
  }

  #requested(event: Request): void {
    const request = new UpgradeRequest(event, this.#stream);
    try {
      const answer = this.#host.decide(this, request, this.#waiting);
      if (isThenable(answer)) void this.#wait(request, answer);
      else if (!this.over) this.#answer(request, readAnswer(answer));
    } catch (error) {
      this.#undecided(error);
    }
  }

  /** Only an answer that takes its time is under a deadline. */
  async #wait(request: UpgradeRequest, answer: PromiseLike<unknown>): Promise<void> {
    const { acceptDeadline } = this.#host.settings;
    if (!this.over) this.#deadline.set(acceptDeadline, () => this.refuse({ status: 503 }));
    try {
      const settled: unknown = await answer;
      if (!this.over) this.#answer(request, readAnswer(settled));
    } catch (error) {
      this.#undecided(error);
    }
  }

  #undecided(error: unknown): void {
    if (!this.#waiting.explains(error)) this.#fault(error);
  }

  #answer(request: UpgradeRequest, answer: Acceptance | Refusal): void {
    if ("status" in answer) this.refuse(answer);
    else this.#accept(request, answer);
  }

  #accept(request: UpgradeRequest, acceptance: Acceptance): void {
    const { settings } = this.#host;
    const { subprotocol = chooseSubprotocol(request, settings.subprotocols), headers = [] } =
      acceptance;
    const extensions = deflateFor(settings.deflate);
    const event = new AcceptConnection({ subprotocol, extensions, extraHeaders: headers });
    const turn = turnOf(settings.clock);
    this.#transport.writeAtEnd(this.#ws.send(event), turn);
    const connection = new WebSocketConnection({
      // That of the acceptance which was just sent.
      engine: this.#ws.connection!,
      transport: this.#transport,
      clock: settings.clock,
      turn,
      settings: settings.session,
      opened: {
        request,
        responseHeaders: event.extraHeaders.length === 0 ? NO_HEADERS : event.extraHeaders,
        subprotocol,
        extensions: namesOf(extensions),
      },
      report: settings.report,
    });
    this.#transport.listen(connection);
    this.#leave(connection);
  }

  /** The handshake is over. */
  #leave(connection: NodeConnection | null): void {
    this.over = true;
    this.#deadline.clear();
    this.#place.handshakeEnded(connection);
    if (connection === null) this.#waiting.end();
    this.#host.openingEnded(this, connection);
  }
}

const NO_HEADERS: HeaderList = Object.freeze([]);
const NO_NAMES: readonly string[] = Object.freeze([]);

/** Of the extensions in use. */
function namesOf(extensions: readonly Extension[]): readonly string[] {
  const enabled = extensions.filter((extension) => extension.enabled());
  return enabled.length === 0 ? NO_NAMES : enabled.map(({ name }) => name);
}

function chooseSubprotocol(request: UpgradeRequest, supported: readonly string[]): string | null {
  return request.subprotocols.find((name) => supported.includes(name)) ?? null;
}
