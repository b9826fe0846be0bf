import { LocalProtocolError, type RemoteErrorCode, RemoteProtocolError } from "../errors.ts";
import { AcceptConnection, RejectConnection } from "../events.ts";
import { parseExtensionList } from "../extensions/header.ts";
import {
  clientExtensionsHandshake,
  type ExtensionsHeader,
  negotiateExtensions,
} from "../extensions/negotiation.ts";
import type { HeaderList } from "../headers.ts";
import { checkFields, fieldValues, hasElement, listElements } from "../http/fields.ts";
import { type Framing, frameWithBody, frameWithoutBody } from "../http/framing.ts";
import { writeHead } from "../http/head.ts";
import { generateAcceptToken } from "./accept-key.ts";
import {
  type OpeningOffer,
  type OpeningRequest,
  requireConnectionUpgrade,
} from "./opening-request.ts";

/*
 * The answer to the opening request (RFC 6455, 4.2.2 and 4.1): its acceptance or its refusal. Of the acceptance, the
 * first half of this file is common to all versions of HTTP; the Upgrade and the digest of the key are HTTP/1.1's.
 */

/** Fields that an acceptance writes itself, in every version of HTTP. */
const OWN_FIELDS: readonly string[] = ["sec-websocket-protocol", "sec-websocket-extensions"];

/**
 * The fields that accept a connection, and the extensions that will be in use, in the order of their application.
 * @param reserved names, in lower case, that the extra headers must not have
 * @throws LocalProtocolError for a subprotocol that was not offered, headers that must not be sent, an extension that
 * answers with what is no parameters; TypeError for what is no Extension
 */
export function writeAcceptance(
  accept: AcceptConnection,
  { request, offers }: OpeningRequest,
  reserved: ReadonlySet<string>,
): { readonly headers: HeaderList; readonly extensions: ExtensionsHeader["extensions"] } {
  const { subprotocol, extraHeaders } = accept;
  if (subprotocol !== null && !request.subprotocols.includes(subprotocol)) {
    throw new LocalProtocolError(`unexpected subprotocol ${subprotocol}`, "ERR_SUBPROTOCOL");
  }
  checkFields(extraHeaders, reserved);
  // Last, as the extensions keep what they agreed to.
  const { value, extensions } = negotiateExtensions(offers, accept.extensions);
  const headers: [string, string][] = [];
  if (subprotocol !== null) headers.push(["Sec-WebSocket-Protocol", subprotocol]);
  if (value !== null) headers.push(["Sec-WebSocket-Extensions", value]);
  for (const field of extraHeaders) headers.push([field[0], field[1]]);
  return { headers, extensions };
}

/**
 * Reads what an acceptance says of subprotocol and extensions.
 * @throws RemoteProtocolError if that is no answer to `offer`
 */
export function readAcceptance(headers: HeaderList, offer: OpeningOffer): AcceptConnection {
  const subprotocols = fieldValues(headers, "sec-websocket-protocol");
  // No list: one that has a comma was not offered (11.3.4).
  const [subprotocol = null] = subprotocols;
  if (subprotocol !== null && !offer.subprotocols.includes(subprotocol)) {
    throw badResponse(`unrecognized subprotocol ${subprotocol}`, "ERR_SUBPROTOCOL");
  }
  if (subprotocols.length > 1) {
    throw badResponse(
      `Sec-WebSocket-Protocol is there ${subprotocols.length} times, expected once`,
      "ERR_SUBPROTOCOL",
    );
  }
  const answers = fieldValues(headers, "sec-websocket-extensions")
    .flatMap(parseExtensionList)
    .map(({ text }) => text);
  return new AcceptConnection({
    subprotocol,
    extensions: clientExtensionsHandshake(answers, offer.extensions),
    extraHeaders: headers.filter(([name]) => !fieldsOfAcceptance.has(name)),
  });
}

/** Fields that were dealt with, or of which `AcceptConnection` has members of their own. */
const fieldsOfAcceptance: ReadonlySet<string> = new Set([
  "connection",
  "sec-websocket-extensions",
  "sec-websocket-accept",
  "sec-websocket-protocol",
  "upgrade",
]);

/** A fault of a response; the hint tells its kind, a client cannot send it. */
function badResponse(message: string, code: RemoteErrorCode): RemoteProtocolError {
  return new RemoteProtocolError(message, code, new RejectConnection());
}

// HTTP/1.1

/** Fields that belong to the handshake or to a body, which 101 has not (RFC 9110, 8.6; RFC 9112, 6.1). */
const OWN_FIELDS_OF_HTTP_1: ReadonlySet<string> = new Set([
  ...OWN_FIELDS,
  "upgrade",
  "sec-websocket-accept",
  "content-length",
  "transfer-encoding",
]);

/** What all acceptances have in common; the digest of the key follows. */
const ACCEPTANCE =
  "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ";

/** The octets of the acceptance of a request with `key`, and the extensions that will be in use. Throws as `writeAcceptance`. */
export function writeSwitchingProtocols(
  accept: AcceptConnection,
  opening: OpeningRequest & { readonly key: string },
): { readonly octets: Uint8Array; readonly extensions: ExtensionsHeader["extensions"] } {
  const { headers, extensions } = writeAcceptance(accept, opening, OWN_FIELDS_OF_HTTP_1);
  const octets = writeHead(`${ACCEPTANCE}${generateAcceptToken(opening.key)}`, headers);
  return { octets, extensions };
}

/**
 * Reads a response with status 101.
 * @throws RemoteProtocolError if it is no acceptance of a request with `key` and `offer`
 */
export function readSwitchingProtocols(
  headers: HeaderList,
  key: string,
  offer: OpeningOffer,
): AcceptConnection {
  requireConnectionUpgrade(headers);
  // Exactly this, though Upgrade is a list elsewhere (4.1).
  if (fieldValues(headers, "upgrade").join().toLowerCase() !== "websocket") {
    throw badResponse("Missing header, 'Upgrade: websocket'", "ERR_UPGRADE");
  }
  const tokens = fieldValues(headers, "sec-websocket-accept");
  if (tokens.length !== 1 || tokens[0] !== generateAcceptToken(key)) {
    throw badResponse("Bad accept token", "ERR_ACCEPT");
  }
  return readAcceptance(headers, offer);
}

const NO_NAMES: ReadonlySet<string> = new Set();

/**
 * The head of a refusal, and where its body ends.
 * @param peer what is known of the peer, which may not even have sent a request
 * @throws LocalProtocolError for a status or headers that it cannot have
 */
export function writeRefusal(
  { statusCode, headers: given, hasBody }: RejectConnection,
  peer: { readonly knowsChunks: boolean },
): { readonly octets: Uint8Array; readonly framing: Framing } {
  if (!Number.isInteger(statusCode) || statusCode < 200 || statusCode > 999) {
    throw new LocalProtocolError(
      `status ${statusCode} of a refusal, expected 200 to 999`,
      "ERR_STATUS",
    );
  }
  checkFields(given, NO_NAMES);
  const own = statusCode === 426 ? upgradeRequired(given) : given;
  const { headers, framing } = hasBody
    ? frameWithBody(statusCode, own, peer)
    : frameWithoutBody(statusCode, own);
  return { octets: writeHead(`HTTP/1.1 ${statusCode} `, headers), framing };
}

/** RFC 9110, 15.5.22 and 7.8: 426 tells the protocol, in Upgrade, and Connection names that field. */
function upgradeRequired(headers: HeaderList): HeaderList {
  const added: [string, string][] = [];
  if (fieldValues(headers, "upgrade").length === 0) added.push(["Upgrade", "websocket"]);
  if (!hasElement(listElements(fieldValues(headers, "connection")), "upgrade")) {
    added.push(["Connection", "Upgrade"]);
  }
  return [...headers, ...added];
}
