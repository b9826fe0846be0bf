import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
import type { Request } from "../events.ts";
import type { HeaderList } from "../headers.ts";
import type { OpeningInfo } from "../session/opened.ts";

/** An opening request, with what Node knows of the other end. */
export class UpgradeRequest implements OpeningInfo {
  readonly host: string;
  /** As sent: `/path?query`, or an absolute URI. */
  readonly target: string;
  readonly subprotocols: readonly string[];
  /** The offers, parameters included. */
  readonly extensions: readonly string[];
  /** Names and values in turn: every connection keeps them, and pairs would take thrice as much. */
  readonly #fields: readonly string[];
  readonly #stream: Duplex;

  constructor(request: Request, stream: Duplex) {
    this.host = request.host;
    this.target = request.target;
    this.subprotocols = shared(request.subprotocols);
    this.extensions = shared(
      request.extensions.map((offer) => (typeof offer === "string" ? offer : offer.name)),
    );
    this.#fields = request.extraHeaders.flatMap(([name, value]) => [name.toLowerCase(), value]);
    this.#stream = stream;
  }

  /** All headers but those that `subprotocols`, `extensions` and `host` stand for; names in lower case. */
  get headers(): HeaderList {
    const headers: [string, string][] = [];
    for (let index = 0; index < this.#fields.length; index += 2) {
      headers.push([this.#fields[index]!, this.#fields[index + 1]!]);
    }
    return headers;
  }

  /** The values of a header, in order; empty if it is not there. */
  header(name: string): readonly string[] {
    const lower = name.toLowerCase();
    return this.headers.filter(([own]) => own === lower).map(([, value]) => value);
  }

  /** The path, as sent: neither decoded nor made shorter. */
  get path(): string {
    return splitTarget(this.target).path;
  }

  /** What follows the `?` of the target. */
  get query(): URLSearchParams {
    return new URLSearchParams(splitTarget(this.target).query);
  }

  /**
   * The address of the other end of the socket; undefined where there is none (Unix sockets), and when the socket is
   * closed, unless it was asked for before.
   */
  get remoteAddress(): string | undefined {
    return this.#stream instanceof Socket ? this.#stream.remoteAddress : undefined;
  }

  /** The port of the other end; as `remoteAddress`. */
  get remotePort(): number | undefined {
    return this.#stream instanceof Socket ? this.#stream.remotePort : undefined;
  }

  /** The TLS socket, for the peer's certificate and the like; null without TLS. */
  get tls(): TLSSocket | null {
    return this.#stream instanceof TLSSocket ? this.#stream : null;
  }
}

const NONE: readonly string[] = [];

/** The same array for all that have nothing in it. */
function shared(names: readonly string[]): readonly string[] {
  return names.length === 0 ? NONE : names;
}

/** Path and query of a target, in origin form or in absolute form; neither has a fragment. */
export function splitTarget(target: string): { readonly path: string; readonly query: string } {
  const resource = target.startsWith("/") ? target : target.replace(/^[^/]*\/\/[^/?]*/, "");
  const mark = resource.indexOf("?");
  const path = mark === -1 ? resource : resource.slice(0, mark);
  return { path: path === "" ? "/" : path, query: mark === -1 ? "" : resource.slice(mark + 1) };
}
