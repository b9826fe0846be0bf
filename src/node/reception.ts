import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { LocalProtocolError } from "../errors.ts";
import { CloseCode } from "../frames/close.ts";
import { ConnectionClosedError } from "../session/close-info.ts";
import { ignore, isThenable } from "../session/deferred.ts";
import { ConnectionState } from "../states.ts";
import { Admission, type Place } from "./admission.ts";
import type { Refusal } from "./answer.ts";
import type { Attachment } from "./attachment.ts";
import type { IncomingUpgrade } from "./incoming-upgrade.ts";
import type { ListenerHost } from "./listener.ts";
import { type MatchRule, picks } from "./match.ts";
import { originFault } from "./origin.ts";
import { Roster } from "./roster.ts";
import {
  type NodeConnection,
  type OpeningHost,
  type OpeningStart,
  ServerOpening,
} from "./server-opening.ts";
import type { ServerSettings } from "./server-settings.ts";
import type { UpgradeRequest } from "./upgrade-request.ts";
import type { AcceptContext } from "./waiting.ts";

/** Handles a connection. If what it returns rejects, the connection is closed with 1011. */
export type Handler = (socket: NodeConnection, request: UpgradeRequest) => unknown;

/** Where the streams of a server come in, from wherever: they are counted, answered, and given to the handler. */
export class Reception implements OpeningHost, ListenerHost, Attachment {
  readonly settings: ServerSettings;
  readonly #handler: Handler;
  readonly #openings: Roster<ServerOpening> = new Roster();
  readonly #admission: Admission<NodeConnection>;
  #closed: boolean = false;

  constructor(settings: ServerSettings, handler: Handler) {
    this.settings = settings;
    this.#handler = handler;
    this.#admission = new Admission(settings);
  }

  /** The connections whose streams are open. */
  get connections(): ReadonlySet<NodeConnection> {
    return this.#admission.open;
  }

  /** Takes an upgrade of a server that it is attached to, if it is for this one. */
  offer(upgrade: IncomingUpgrade): boolean {
    let refusal: Refusal | undefined;
    try {
      if (!isFor(this.settings.match, upgrade)) return false;
    } catch (error) {
      this.report(error);
      refusal = { status: 500 };
    }
    this.#take(upgrade, true, refusal);
    return true;
  }

  /** Takes an upgrade that is for nobody else. */
  refuse(upgrade: IncomingUpgrade): void {
    this.upgrade(upgrade);
  }

  /** Takes an upgrade. */
  upgrade(upgrade: IncomingUpgrade): void {
    this.#take(upgrade, false);
  }

  #take(upgrade: IncomingUpgrade, matched: boolean, refusal?: Refusal): void {
    const { stream } = upgrade;
    stream.on("error", ignore);
    // Its sender has gone already.
    if (stream.destroyed) return;
    const place = this.enter(stream);
    if (place === null) {
      stream.destroy();
      return;
    }
    // Node's server may have set an idle timer; the deadlines are ours from now on.
    if (stream instanceof Socket) stream.setTimeout(0).setNoDelay();
    this.#begin({ stream, place, timeLeft: this.settings.openDeadline, upgrade, matched }, refusal);
  }

  /** A place for a stream, or null if it has to be cut. */
  enter(stream: Duplex): Place<NodeConnection> | null {
    const admission = this.#admission;
    if (this.#closed) return admission.enterRefused();
    const address =
      admission.asksAddress && stream instanceof Socket ? stream.remoteAddress : undefined;
    return admission.enter(address ?? "");
  }

  begin(stream: Duplex, place: Place<NodeConnection>, timeLeft: number): void {
    this.#begin({ stream, place, timeLeft, upgrade: null, matched: false });
  }

  #begin(start: OpeningStart, refusal?: Refusal): void {
    const opening = new ServerOpening(this, start);
    this.#openings.add(opening);
    if (!start.place.admitted) opening.refuse({ status: 503 });
    else if (refusal === undefined) opening.start(start);
    else opening.refuse(refusal);
  }

  decide(opening: ServerOpening, request: UpgradeRequest, context: AcceptContext): unknown {
    const { match, origin, accept } = this.settings;
    if (!opening.matched && !matches(match, request)) return { status: 404 };
    const fault = originFault(origin, request);
    if (fault === null) return accept(request, context);
    if (typeof fault === "number") return { status: fault };
    return fault.then((status) => {
      if (status !== null) return { status };
      // No hook is asked for somebody who has gone.
      return opening.over ? undefined : accept(request, context);
    });
  }

  openingEnded(opening: ServerOpening, connection: NodeConnection | null): void {
    this.#openings.delete(opening);
    if (connection !== null) this.#handle(connection);
  }

  #handle(connection: NodeConnection): void {
    try {
      const outcome = this.#handler(connection, connection.request);
      if (isThenable(outcome)) {
        Promise.resolve(outcome).catch((error: unknown) => this.#handlerFailed(connection, error));
      }
    } catch (error) {
      this.#handlerFailed(connection, error);
    }
  }

  #handlerFailed(connection: NodeConnection, error: unknown): void {
    // That the connection has ended is no fault of the handler.
    if (connection.state !== ConnectionState.OPEN && tellsOfTheEnd(error)) return;
    void connection.close(CloseCode.INTERNAL_ERROR);
    this.report(error);
  }

  report(error: unknown): void {
    this.settings.report(error);
  }

  /** Refuses whoever comes, and closes what is there. Settles when no stream is left. */
  close(reason: string): Promise<void> {
    this.#closed = true;
    for (const opening of this.#openings.all()) opening.refuse({ status: 503 });
    for (const connection of this.connections) void connection.close(CloseCode.GOING_AWAY, reason);
    return this.#admission.empty();
  }
}

function matches(match: MatchRule | null, request: UpgradeRequest): boolean {
  if (match === null) return true;
  return typeof match === "string" ? request.path === match : picks(match, request);
}

/** The same of an upgrade that the engine has not judged. What it would refuse, a function does not get to see. */
function isFor(match: MatchRule | null, upgrade: IncomingUpgrade): boolean {
  if (typeof match === "string") return upgrade.path === match;
  if (match === null) return true;
  return upgrade.request !== null && picks(match, upgrade.request);
}

function tellsOfTheEnd(error: unknown): boolean {
  if (error instanceof ConnectionClosedError) return true;
  return error instanceof LocalProtocolError && error.code === "ERR_STATE";
}
