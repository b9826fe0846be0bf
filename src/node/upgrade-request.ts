import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
import type { Request } from "../events.ts";
import type { HeaderList } from "../headers.ts";
import { isToken } from "../http/fields.ts";
import type { OpeningInfo } from "../session/opened.ts";

/** An opening request, with what Node knows of the other end. */
export class UpgradeRequest implements OpeningInfo {
  /** As sent: `/path?query`, or an absolute URI. */
  readonly target: string;
  readonly subprotocols: readonly string[];
  /** The offers, parameters included. */
  readonly extensions: readonly string[];
  /**
   * The host, then `\r`, name, `\n`, value for each field: every connection keeps them, and strings of their own would
   * take thrice as much.
   */
  readonly #fields: string;
  readonly #stream: Duplex;

  constructor(request: Request, stream: Duplex) {
    this.target = request.target;
    this.subprotocols = shared(request.subprotocols);
    this.extensions = shared(
      request.extensions.map((offer) => (typeof offer === "string" ? offer : offer.name)),
    );
    this.#fields = fieldsAsText(request.host, request.extraHeaders);
    this.#stream = stream;
  }

  get host(): string {
    const end = this.#fields.indexOf("\r");
    return end === -1 ? this.#fields : this.#fields.slice(0, end);
  }

  /** All headers but those that `subprotocols`, `extensions` and `host` stand for; names in lower case. */
  get headers(): HeaderList {
    return this.#fields
      .split("\r")
      .slice(1)
      .map((field) => {
        const nameEnd = field.indexOf("\n");
        return [field.slice(0, nameEnd), field.slice(nameEnd + 1)] as const;
      });
  }

  /** The values of a header, in order; empty if it is not there. */
  header(name: string): readonly string[] {
    if (!isToken(name)) return [];
    const fields = this.#fields;
    const start = `\r${name.toLowerCase()}\n`;
    const values: string[] = [];
    for (let at = fields.indexOf(start); at !== -1; at = fields.indexOf(start, at + 1)) {
      const end = fields.indexOf("\r", at + 1);
      values.push(fields.slice(at + start.length, end === -1 ? fields.length : end));
    }
    return values;
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

/** None of them can have a CR or LF. */
function fieldsAsText(host: string, headers: HeaderList): string {
  const parts: string[] = [host];
  for (const field of headers) parts.push("\r", field[0].toLowerCase(), "\n", field[1]);
  return parts.join("");
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
