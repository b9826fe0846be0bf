import { RemoteProtocolError } from "../errors.ts";
import { RejectConnection } from "../events.ts";

/*
 * The value of Sec-WebSocket-Extensions (RFC 6455, 9.1), in a request and in a response:
 *
 *   extension-list  = 1#extension
 *   extension       = extension-token *( ";" extension-param )
 *   extension-token = token
 *   extension-param = token [ "=" ( token | quoted-string ) ]
 *                     ; what is quoted has to be a token after unescaping
 *
 * Spaces and tabs may stand around "," ";" and "=" (4.3), and elements of the list may be empty (RFC 9110, 5.6.1).
 */

/** A parameter: its name and its value, unquoted; null where there is none. */
export type ExtensionParameter = readonly [name: string, value: string | null];

/** One element of the list. */
export interface ExtensionElement {
  readonly name: string;
  readonly parameters: readonly ExtensionParameter[];
  /** The element as received, without the white space around it. */
  readonly text: string;
}

/**
 * Reads the list, in time linear in its length.
 * @throws RemoteProtocolError (ERR_EXTENSION, with a RejectConnection as its hint) if it is malformed.
 */
export function parseExtensionList(value: string): ExtensionElement[] {
  const reader = new ExtensionReader(value);
  const elements: ExtensionElement[] = [];
  for (;;) {
    reader.skipSpace();
    if (reader.atEnd) return elements;
    if (reader.take(",")) continue;
    elements.push(reader.element());
    if (!reader.atEnd && !reader.take(",")) throw reader.malformed('";" or ","');
  }
}

/**
 * Reads a single element, as `Extension.accept` and `Extension.finalize` get it.
 * @throws RemoteProtocolError (ERR_EXTENSION, with a RejectConnection as its hint) if it is malformed.
 */
export function parseExtension(text: string): ExtensionElement {
  const reader = new ExtensionReader(text);
  reader.skipSpace();
  const element = reader.element();
  if (!reader.atEnd) throw reader.malformed('";" or the end');
  return element;
}

/** An element as it is sent: `name`, or `name; parameters`. Inverse of `parseExtension` up to white space and quotes. */
export function formatExtension(name: string, parameters: readonly ExtensionParameter[]): string {
  return [name, ...parameters.map(formatParameter)].join("; ");
}

/** `name` or `name=value`. Values are tokens, so that none needs quotes. */
export function formatParameter([name, value]: ExtensionParameter): string {
  return value === null ? name : `${name}=${value}`;
}

/** A cursor over the text. After `element` it stands at its end, behind the white space. */
class ExtensionReader {
  readonly #text: string;
  #position = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get atEnd(): boolean {
    return this.#position === this.#text.length;
  }

  skipSpace(): void {
    while (this.#next() === " " || this.#next() === "\t") this.#position += 1;
  }

  /** Steps over `character`, if it comes next. */
  take(character: string): boolean {
    if (this.#next() !== character) return false;
    this.#position += 1;
    return true;
  }

  element(): ExtensionElement {
    const start = this.#position;
    const name = this.#token();
    const parameters: ExtensionParameter[] = [];
    let end = this.#position;
    this.skipSpace();
    while (this.take(";")) {
      this.skipSpace();
      const parameter = this.#token();
      end = this.#position;
      this.skipSpace();
      let value: string | null = null;
      if (this.take("=")) {
        this.skipSpace();
        value = this.take('"') ? this.#quotedToken() : this.#token();
        end = this.#position;
        this.skipSpace();
      }
      parameters.push([parameter, value]);
    }
    return { name, parameters, text: this.#text.slice(start, end) };
  }

  malformed(expected: string): RemoteProtocolError {
    const met = this.atEnd ? "the end" : JSON.stringify(this.#next());
    return new RemoteProtocolError(
      `malformed Sec-WebSocket-Extensions: expected ${expected} at offset ${this.#position}, met ${met}`,
      "ERR_EXTENSION",
      new RejectConnection(),
    );
  }

  /** The next character, "" at the end. */
  #next(): string {
    return this.#text.charAt(this.#position);
  }

  #token(): string {
    const start = this.#position;
    while (tokenCharacters.has(this.#next())) this.#position += 1;
    if (this.#position === start) throw this.malformed("a token");
    return this.#text.slice(start, this.#position);
  }

  /** The rest of a quoted string, behind its opening quote. */
  #quotedToken(): string {
    let value = "";
    while (!this.take('"')) {
      this.take("\\");
      if (!tokenCharacters.has(this.#next())) throw this.malformed("a token in quotes");
      value += this.#next();
      this.#position += 1;
    }
    if (value === "") throw this.malformed("a token in the quotes before");
    return value;
  }
}

/** RFC 9110, 5.6.2; the same characters as in RFC 2616, 2.2, to which RFC 6455 refers. */
const tokenCharacters: ReadonlySet<string> = new Set(
  "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
);
