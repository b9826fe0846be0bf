import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { RemoteProtocolError } from "../errors.ts";
import { RejectConnection } from "../events.ts";
import { SERVER } from "../states.ts";
import { WSConnection } from "../ws-connection.ts";
import { splitTarget, UpgradeRequest } from "./upgrade-request.ts";

/** Fields up to which Node's server keeps all, unless its `maxHeadersCount` says otherwise. */
const DEFAULT_HEADERS_COUNT = 1000;

/** A request to upgrade that Node's HTTP server has parsed. */
export class IncomingUpgrade {
  readonly #message: IncomingMessage;
  readonly stream: Duplex;
  /** What was read beyond the head. */
  readonly #rest: Uint8Array;
  #request: UpgradeRequest | null | undefined = undefined;

  constructor(message: IncomingMessage, stream: Duplex, rest: Uint8Array) {
    this.#message = message;
    this.stream = stream;
    this.#rest = rest;
  }

  /** The path of its target, whatever else is wrong with it. */
  get path(): string {
    return splitTarget(this.#message.url ?? "").path;
  }

  /** The request as the engine sees it; null if it would refuse it. */
  get request(): UpgradeRequest | null {
    if (this.#request === undefined) this.#request = this.#judge();
    return this.#request;
  }

  #judge(): UpgradeRequest | null {
    const ws = new WSConnection(SERVER);
    try {
      this.#giveHead(ws);
    } catch {
      // Of what it refuses it makes no event.
    }
    const request = [...ws.events()].find((event) => event.type === "Request");
    return request === undefined ? null : new UpgradeRequest(request, this.stream);
  }

  /**
   * Gives the request to the engine as it came, and what came with it.
   * @throws RemoteProtocolError if the engine refuses it, or Node has not kept all of it
   */
  giveTo(ws: WSConnection): void {
    this.#giveHead(ws);
    if (this.#rest.length > 0) ws.receiveData(this.#rest);
  }

  /** Field by field: the joined `headers` of Node hide repeats. */
  #giveHead(ws: WSConnection): void {
    const { rawHeaders, method = "", url = "", httpVersion } = this.#message;
    requireWhole(rawHeaders.length / 2, this.stream);
    const headers: [string, string][] = [];
    for (let index = 0; index < rawHeaders.length; index += 2) {
      headers.push([rawHeaders[index]!, rawHeaders[index + 1]!]);
    }
    ws.initiateUpgradeConnection(headers, url, { method, httpVersion });
  }
}

/** Node drops fields beyond `maxHeadersCount` without a word. */
function requireWhole(count: number, stream: Duplex): void {
  const most = headersCount(stream);
  if (most === 0 || count < most) return;
  throw new RemoteProtocolError(
    `${count} header fields, expected fewer than the HTTP server keeps, ${most}`,
    "ERR_HEAD_SIZE",
    new RejectConnection({ statusCode: 431 }),
  );
}

/** `maxHeadersCount` of the server that a socket belongs to; 0: it keeps all. */
function headersCount(stream: Duplex): number {
  const server: unknown = Reflect.get(stream, "server");
  const known = typeof server === "object" && server !== null && "maxHeadersCount" in server;
  const count: unknown = known ? server.maxHeadersCount : null;
  return typeof count === "number" ? count : DEFAULT_HEADERS_COUNT;
}
