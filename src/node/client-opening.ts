import type { Duplex } from "node:stream";
import { joinBytes } from "../bytes/join.ts";
import {
  type AcceptConnection,
  type Event,
  type RejectConnection,
  type RejectData,
  Request,
} from "../events.ts";
import type { HeaderList } from "../headers.ts";
import { Deferred } from "../session/deferred.ts";
import { WebSocketConnection } from "../session/websocket-connection.ts";
import { CLIENT } from "../states.ts";
import { WSConnection } from "../ws-connection.ts";
import type { ClientSettings } from "./client-settings.ts";
import { DuplexTransport, type TransportListener } from "./duplex-transport.ts";
import { deflateFor } from "./options.ts";
import type { NodeConnection } from "./server-opening.ts";
import { turnOf } from "./system-clock.ts";
import { UpgradeRequest } from "./upgrade-request.ts";

/** Octets of a refusal's body that are kept. */
const MAX_BODY = 1024 * 1024;

/** The server has refused the handshake, with an ordinary HTTP response. */
export class HandshakeRefusedError extends Error {
  static {
    Object.defineProperty(this.prototype, "name", {
      value: "HandshakeRefusedError",
      configurable: true,
      writable: true,
    });
  }

  readonly status: number;
  /** Names in lower case. */
  readonly headers: HeaderList;
  /** The first MiB of it at most. */
  readonly body: Uint8Array;

  constructor(status: number, headers: HeaderList, body: Uint8Array) {
    super(`the server refused the handshake with status ${status}`);
    this.status = status;
    this.headers = headers;
    this.body = body;
  }

  /** The first value of a header, or null. */
  header(name: string): string | null {
    const lower = name.toLowerCase();
    return this.headers.find(([own]) => own === lower)?.[1] ?? null;
  }
}

/** A request that can be sent. */
export interface PreparedRequest {
  readonly ws: WSConnection;
  readonly request: Request;
  readonly octets: Uint8Array;
}

/** @throws LocalProtocolError, TypeError for a request that cannot be sent */
export function prepareRequest(
  start: {
    readonly host: string;
    readonly target: string;
    readonly extraHeaders: HeaderList;
  },
  settings: ClientSettings,
): PreparedRequest {
  const { host, target, extraHeaders } = start;
  const { limits, subprotocols, deflate } = settings;
  const ws = new WSConnection(CLIENT, { limits });
  const extensions = deflateFor(deflate);
  const request = new Request({ host, target, extraHeaders, subprotocols, extensions });
  return { ws, request, octets: ws.send(request) };
}

/** One opening handshake on the client's side, over a stream that is connected. */
export class ClientOpening implements TransportListener {
  readonly #prepared: PreparedRequest;
  readonly #settings: ClientSettings;
  readonly #stream: Duplex;
  readonly #transport: DuplexTransport;
  readonly #result: Deferred<NodeConnection> = new Deferred();
  #refusal: RejectConnection | null = null;
  readonly #body: Uint8Array[] = [];
  #bodySize: number = 0;
  #settled: boolean = false;

  constructor(stream: Duplex, prepared: PreparedRequest, settings: ClientSettings) {
    this.#prepared = prepared;
    this.#settings = settings;
    this.#stream = stream;
    this.#transport = new DuplexTransport(stream);
  }

  /**
   * Sends the request; settles with the connection.
   * @param signal of this opening alone: aborted at its deadline, and with the caller's
   */
  run(signal: AbortSignal): Promise<NodeConnection> {
    signal.addEventListener("abort", () => this.#giveUp(signal.reason));
    if (signal.aborted) this.#giveUp(signal.reason);
    this.#transport.write(this.#prepared.octets);
    this.#transport.listen(this);
    return this.#result.promise;
  }

  received(chunk: Uint8Array): void {
    this.#read(chunk);
  }

  ended(): void {
    this.#read(null);
  }

  transportClosed(error?: unknown): void {
    const fault = error ?? new Error("the stream was closed before the handshake was answered");
    if (this.#refusal === null) this.#fail(fault);
    else this.#refused(this.#refusal);
  }

  /** The deadline, or the caller, does not wait any longer. */
  #giveUp(reason: unknown): void {
    const byCaller = this.#settings.signal.aborted;
    if (this.#refusal === null || byCaller) this.#fail(reason);
    else this.#refused(this.#refusal);
  }

  #read(data: Uint8Array | null): void {
    // A stream may have more in store than it takes to settle.
    if (this.#settled) return;
    const { ws } = this.#prepared;
    let fault: { readonly error: unknown } | null = null;
    try {
      ws.receiveData(data);
    } catch (error) {
      fault = { error };
    }
    for (const event of ws.events()) {
      this.#handle(event);
      if (this.#settled) return;
    }
    if (fault !== null) this.#fail(fault.error);
  }

  #handle(event: Event): void {
    if (event.type === "AcceptConnection") this.#open(event);
    if (event.type === "RejectConnection") this.#refusal = event;
    if (event.type === "RejectData") this.#keep(event);
  }

  #keep({ data, bodyFinished }: RejectData): void {
    const kept = data.slice(0, MAX_BODY - this.#bodySize);
    this.#bodySize += kept.length;
    this.#body.push(kept);
    // Behind a RejectConnection.
    if (bodyFinished || this.#bodySize === MAX_BODY) this.#refused(this.#refusal!);
  }

  #refused({ statusCode, headers }: RejectConnection): void {
    const body = joinBytes(this.#body, this.#bodySize);
    this.#fail(new HandshakeRefusedError(statusCode, headers, body));
  }

  #open(event: AcceptConnection): void {
    const { clock, session, report } = this.#settings;
    const { ws, request } = this.#prepared;
    const connection = new WebSocketConnection({
      // That of the acceptance which was just read.
      engine: ws.connection!,
      transport: this.#transport,
      clock,
      turn: turnOf(clock),
      settings: session,
      opened: {
        request: new UpgradeRequest(request, this.#stream),
        responseHeaders: event.extraHeaders,
        subprotocol: event.subprotocol,
        extensions: event.extensions.map(({ name }) => name),
      },
      report,
    });
    this.#settled = true;
    this.#transport.listen(connection);
    this.#result.resolve(connection);
  }

  #fail(error: unknown): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#transport.destroy();
    this.#result.reject(error);
  }
}
