import { LocalProtocolError } from "../errors.ts";
import type { HeaderList } from "../headers.ts";
import { HttpFault } from "./fault.ts";

/*
 * Fields (RFC 9110, 5):
 *
 *   field-name  = token
 *   token       = 1*( "!" / "#" / "$" / "%" / "&" / "'" / "*" / "+" / "-" / "." / "^" / "_" / "`" / "|" / "~"
 *                     / DIGIT / ALPHA )
 *   field-value = characters from SP, HTAB, VCHAR and obs-text, with no SP or HTAB at either end
 */

const TOKEN = 1;
const VISIBLE = 2;
const VALUE = 4;

/** What each octet may stand in. */
const classes: Uint8Array = new Uint8Array(256);
for (let octet = 0x20; octet <= 0xff; octet++) {
  if (octet !== 0x7f) classes[octet] = octet > 0x20 && octet < 0x7f ? VISIBLE | VALUE : VALUE;
}
classes[0x09] = VALUE;
for (const character of "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") {
  classes[character.charCodeAt(0)]! |= TOKEN;
}

export function isTokenOctet(octet: number): boolean {
  return (classes[octet]! & TOKEN) !== 0;
}

/** VCHAR: printable ASCII without the space. */
export function isVisibleOctet(octet: number): boolean {
  return (classes[octet]! & VISIBLE) !== 0;
}

/** An octet of a field value: no control character but HTAB. */
export function isValueOctet(octet: number): boolean {
  return (classes[octet]! & VALUE) !== 0;
}

export function isToken(text: string): boolean {
  return text !== "" && consistsOf(text, isTokenOctet);
}

export function isVisible(text: string): boolean {
  return consistsOf(text, isVisibleOctet);
}

function isFieldValue(text: string): boolean {
  return consistsOf(text, isValueOctet) && trimSpace(text) === text;
}

/** Characters above U+00FF have no class, so that they are refused. */
function consistsOf(text: string, accepts: (octet: number) => boolean): boolean {
  for (let index = 0; index < text.length; index++) {
    if (!accepts(text.charCodeAt(index))) return false;
  }
  return true;
}

/** `text` without the spaces and tabs at its ends (OWS), and no other white space. */
export function trimSpace(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isSpace(text, start)) start++;
  while (end > start && isSpace(text, end - 1)) end--;
  return end - start === text.length ? text : text.slice(start, end);
}

function isSpace(text: string, index: number): boolean {
  const code = text.charCodeAt(index);
  return code === 0x20 || code === 0x09;
}

const NONE: readonly string[] = Object.freeze([]);

/** The values of all fields with this name, given in lower case, in order. */
export function fieldValues(headers: HeaderList, name: string): readonly string[] {
  let values: string[] | null = null;
  for (const field of headers) {
    const other = field[0];
    // Most names differ in their length already.
    if (other.length !== name.length || (other !== name && other.toLowerCase() !== name)) continue;
    if (values === null) values = [field[1]];
    else values.push(field[1]);
  }
  return values ?? NONE;
}

/**
 * The elements of a list field that knows no quoted strings; several lines are one list, empty elements are dropped
 * (RFC 9110, 5.6.1).
 */
export function listElements(values: readonly string[]): readonly string[] {
  if (values.length === 0) return NONE;
  const elements: string[] = [];
  for (const value of values) {
    let start = 0;
    while (start <= value.length) {
      const comma = value.indexOf(",", start);
      const end = comma === -1 ? value.length : comma;
      const element = trimSpace(value.slice(start, end));
      if (element !== "") elements.push(element);
      start = end + 1;
    }
  }
  return elements;
}

/** Whether `elements` has `name`, which is given in lower case, in any case. */
export function hasElement(elements: readonly string[], name: string): boolean {
  return elements.some((element) => element.toLowerCase() === name);
}

/**
 * Fields that something else has read from the wire, as the reader of heads gives them: names in lower case, values
 * without white space around them.
 * @throws HttpFault for a name that is no token, a value with a forbidden character
 */
export function readFields(fields: HeaderList): HeaderList {
  return fields.map(([name, untrimmed]) => {
    if (!isToken(name)) throw new HttpFault(`field name ${quoted(name)}, expected a token`);
    const value = trimSpace(untrimmed);
    if (isFieldValue(value)) return [name.toLowerCase(), value];
    throw new HttpFault(`field value ${quoted(value)}, expected no control characters`);
  });
}

/**
 * Fields that are to be sent.
 * @param reserved names, in lower case, of fields that whoever sends them writes itself
 * @throws LocalProtocolError for a name that is no token or is reserved, a value that RFC 9110, 5.5 does not allow
 */
export function checkFields(fields: HeaderList, reserved: ReadonlySet<string>): void {
  for (const [name, value] of fields) {
    if (!isToken(name)) {
      throw new LocalProtocolError(`header name ${quoted(name)}, expected a token`, "ERR_HEADER");
    }
    if (!isFieldValue(value)) {
      throw new LocalProtocolError(
        `value ${quoted(value)} of header ${name}, expected characters up to U+00FF without control characters, ` +
          "and no white space around them",
        "ERR_HEADER",
      );
    }
    if (reserved.has(name.toLowerCase())) {
      throw new LocalProtocolError(
        `header ${name} is the handshake's own, or contradicts it`,
        "ERR_HEADER",
      );
    }
  }
}

/** How a message shows a text that may be long, or may not be printable. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 64 ? `${text.slice(0, 64)}...` : text);
}
