import { base64Size } from "../bytes/base64.ts";
import { LocalProtocolError, type RemoteErrorCode, RemoteProtocolError } from "../errors.ts";
import { RejectConnection, Request } from "../events.ts";
import { parseExtensionList } from "../extensions/header.ts";
import { type ExtensionsHeader, offerExtensions } from "../extensions/negotiation.ts";
import type { HeaderList } from "../headers.ts";
import { checkTarget, readHost, writeHost } from "../http/authority.ts";
import {
  checkFields,
  fieldValues,
  hasElement,
  isToken,
  listElements,
  quoted,
} from "../http/fields.ts";
import { mergeContentLength, readContentLength } from "../http/framing.ts";
import { writeHead } from "../http/head.ts";
import type { RequestLine } from "../http/start-line.ts";

/*
 * The opening request (RFC 6455, 4.1 and 4.2.1). The first half of this file is common to all versions of HTTP, the
 * second is what only HTTP/1.1 has: the method GET, the key, and the Upgrade.
 */

const KEY_SIZE = 16;
const VERSION = "13";

/** What a server has to know of a request to answer it. */
export interface OpeningRequest {
  readonly request: Request;
  /** The offered extensions, as `request.extensions` has them. */
  readonly offers: readonly string[];
}

/** What a client has to know of its request to judge the answer. */
export interface OpeningOffer {
  readonly subprotocols: readonly string[];
  readonly extensions: ExtensionsHeader["extensions"];
}

/** Fields that the handshake writes itself, in every version of HTTP. */
const OWN_FIELDS: readonly string[] = [
  "host",
  "sec-websocket-version",
  "sec-websocket-protocol",
  "sec-websocket-extensions",
];

/**
 * The fields that offer a connection, and what they offer.
 * @param reserved names, in lower case, that the extra headers must not have, besides those written here
 * @throws LocalProtocolError for subprotocols, extensions or headers that must not be sent; TypeError for what is no
 * Extension
 */
export function writeOffer(
  request: Request,
  reserved: readonly string[],
): { readonly headers: HeaderList; readonly offer: OpeningOffer } {
  const { subprotocols, extraHeaders } = request;
  const wrong = wrongSubprotocol(subprotocols);
  if (wrong !== undefined) {
    throw new LocalProtocolError(
      `subprotocol ${quoted(wrong)}, expected tokens, each of them once`,
      "ERR_SUBPROTOCOL",
    );
  }
  checkFields(extraHeaders, new Set([...OWN_FIELDS, ...reserved]));
  const { value, extensions } = offerExtensions(request.extensions);
  const headers: [string, string][] = [["Sec-WebSocket-Version", VERSION]];
  if (subprotocols.length > 0) headers.push(["Sec-WebSocket-Protocol", subprotocols.join(", ")]);
  if (value !== null) headers.push(["Sec-WebSocket-Extensions", value]);
  return { headers: [...headers, ...extraHeaders], offer: { subprotocols, extensions } };
}

/**
 * Reads what a request offers, beyond its version.
 * @throws RemoteProtocolError if subprotocols or extensions are malformed
 */
export function readOffer(host: string, target: string, headers: HeaderList): OpeningRequest {
  const subprotocols = listElements(fieldValues(headers, "sec-websocket-protocol"));
  const wrong = wrongSubprotocol(subprotocols);
  if (wrong !== undefined) {
    throw badRequest(
      `Sec-WebSocket-Protocol has ${quoted(wrong)}, expected tokens, each of them once`,
      "ERR_SUBPROTOCOL",
    );
  }
  const offers = fieldValues(headers, "sec-websocket-extensions")
    .flatMap(parseExtensionList)
    .map(({ text }) => text);
  const extraHeaders = headers.filter((field) => !fieldsOfRequest.has(field[0]));
  const request = new Request({ host, target, subprotocols, extensions: offers, extraHeaders });
  return { request, offers };
}

/** The first that is no token, or there already (RFC 6455, 4.1). */
function wrongSubprotocol(names: readonly string[]): string | undefined {
  if (names.length === 0) return undefined;
  const seen = new Set<string>();
  return names.find((name) => !isToken(name) || seen.size === seen.add(name).size);
}

/** Fields of which `Request` has members of their own. */
const fieldsOfRequest: ReadonlySet<string> = new Set([
  "host",
  "sec-websocket-protocol",
  "sec-websocket-extensions",
]);

/**
 * @throws RemoteProtocolError unless the version is 13; its hint names that version (RFC 6455, 4.4)
 */
export function requireVersion(headers: HeaderList): void {
  const versions = fieldValues(headers, "sec-websocket-version");
  const version = versions[0] ?? "";
  if (versions.length < 2 && version === VERSION) return;
  const unsupported = versions.length === 1 && version !== "";
  throw new RemoteProtocolError(
    "Missing header, 'Sec-WebSocket-Version'",
    "ERR_VERSION",
    new RejectConnection({
      statusCode: unsupported ? 426 : 400,
      headers: [["Sec-WebSocket-Version", VERSION]],
    }),
  );
}

/** A fault of a request that is answered with 400. */
function badRequest(message: string, code: RemoteErrorCode): RemoteProtocolError {
  return new RemoteProtocolError(message, code, new RejectConnection());
}

// HTTP/1.1

/** Fields that belong to the handshake or announce a body, in HTTP/1.1. */
const OWN_FIELDS_OF_HTTP_1: readonly string[] = ["sec-websocket-key", "transfer-encoding"];

/**
 * The octets of the request, and what it offers.
 * @param createKey gives the Sec-WebSocket-Key; called once everything else is known to be right
 * @throws LocalProtocolError for what must not be sent; TypeError for what is no Extension
 */
export function writeOpeningRequest(
  request: Request,
  createKey: () => string,
): { readonly octets: Uint8Array; readonly key: string; readonly offer: OpeningOffer } {
  const host = writeHost(request.host);
  checkTarget(request.target);
  requireNoBody(request.extraHeaders);
  const { headers, offer } = writeOffer(request, OWN_FIELDS_OF_HTTP_1);
  const key = createKey();
  const octets = writeHead(`GET ${request.target} HTTP/1.1`, [
    ["Host", host],
    ["Upgrade", "websocket"],
    ["Connection", "Upgrade"],
    ["Sec-WebSocket-Key", key],
    ...headers,
  ]);
  return { octets, key, offer };
}

/** A request of ours has no body. */
function requireNoBody(headers: HeaderList): void {
  const lengths = fieldValues(headers, "content-length");
  if (lengths.length === 0 || lengths.join() === "0") return;
  throw new LocalProtocolError(
    `Content-Length ${quoted(lengths.join(", "))} on a request without a body`,
    "ERR_HEADER",
  );
}

/**
 * Reads a request, and its key.
 * @throws HttpFault, RemoteProtocolError if it does not ask for a WebSocket connection
 */
export function readOpeningRequest(
  line: RequestLine,
  received: HeaderList,
): OpeningRequest & { readonly key: string } {
  const host = readHost(line.target, received);
  const length = readContentLength(received);
  const headers = mergeContentLength(received);
  if (line.method !== "GET") throw badRequest("Request method must be GET", "ERR_METHOD");
  requireConnectionUpgrade(headers);
  requireVersion(headers);
  const key = readKey(headers);
  requireUpgradeWebSocket(headers);
  if ((length ?? 0) > 0 || fieldValues(headers, "transfer-encoding").length > 0) {
    throw badRequest("a request to upgrade with a body, expected none", "ERR_BODY");
  }
  if (hasElement(listElements(fieldValues(headers, "expect")), "100-continue")) {
    throw new RemoteProtocolError(
      "Expect: 100-continue on a request without a body",
      "ERR_EXPECT",
      new RejectConnection({ statusCode: 417 }),
    );
  }
  const { request, offers } = readOffer(host, line.target, headers);
  return { request, offers, key };
}

/**
 * Of a request and of a response (RFC 6455, 4.2.1 and 4.1).
 * @throws RemoteProtocolError unless `Connection`, a list of tokens, has `Upgrade`
 */
export function requireConnectionUpgrade(headers: HeaderList): void {
  const values = fieldValues(headers, "connection");
  if (isAlone("upgrade", values)) return;
  const options = listElements(values);
  if (hasElement(options, "upgrade") && options.every(isToken)) return;
  throw badRequest("Missing header, 'Connection: Upgrade'", "ERR_CONNECTION");
}

/** A list of protocols, with or without a version each (RFC 9110, 7.8). */
function requireUpgradeWebSocket(headers: HeaderList): void {
  const values = fieldValues(headers, "upgrade");
  if (isAlone("websocket", values)) return;
  const protocols = listElements(values);
  if (hasElement(protocols, "websocket") && protocols.every(isProtocol)) return;
  throw badRequest("Missing header, 'Upgrade: websocket'", "ERR_UPGRADE");
}

/** Whether a list has just `name`, which is given in lower case: no need to take it apart. */
function isAlone(name: string, values: readonly string[]): boolean {
  return values.length === 1 && values[0]!.toLowerCase() === name;
}

function isProtocol(text: string): boolean {
  const nameEnd = text.indexOf("/");
  if (nameEnd === -1) return isToken(text);
  return isToken(text.slice(0, nameEnd)) && isToken(text.slice(nameEnd + 1));
}

function readKey(headers: HeaderList): string {
  const keys = fieldValues(headers, "sec-websocket-key");
  const key = keys[0];
  if (key === undefined) throw badRequest("Missing header, 'Sec-WebSocket-Key'", "ERR_KEY");
  if (keys.length === 1 && base64Size(key) === KEY_SIZE) return key;
  throw badRequest(
    `Sec-WebSocket-Key ${quoted(keys.join(", "))}, expected ${KEY_SIZE} octets in Base64, once`,
    "ERR_KEY",
  );
}
