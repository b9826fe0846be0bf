import { LocalProtocolError, RemoteProtocolError } from "../errors.ts";
import { RejectConnection } from "../events.ts";
import { typeName } from "../headers.ts";
import { Extension } from "./extension.ts";
import { type ExtensionElement, parseExtension } from "./header.ts";
import { PerMessageDeflate } from "./permessage-deflate.ts";

const supportedExtensions = { __proto__: null, "permessage-deflate": PerMessageDeflate } as const;

/** The extensions that come with the package: name and class. It has no prototype, so any name may be looked up. */
export const SUPPORTED_EXTENSIONS: {
  readonly "permessage-deflate": typeof PerMessageDeflate;
} = Object.freeze(supportedExtensions);

/** A value for Sec-WebSocket-Extensions, null for no such header, and the extensions that it names, in its order. */
export interface ExtensionsHeader {
  readonly value: string | null;
  readonly extensions: readonly Extension[];
}

/**
 * Client: the offers for the request, in order of preference (RFC 6455, 9.1). Several extensions of one name are
 * several offers (RFC 7692, 5).
 * @throws TypeError for what is no Extension.
 * @throws LocalProtocolError (ERR_EXTENSION) if a name is no token, or an offer not in the form of parameters.
 */
export function offerExtensions(extensions: readonly unknown[]): ExtensionsHeader {
  const offers: string[] = [];
  const offered: Extension[] = [];
  for (const extension of extensions.map(requireExtension)) {
    const offer = elementOf(extension, extension.offer());
    if (offer === null) continue;
    offers.push(offer);
    offered.push(extension);
  }
  return headerOf(offers, offered);
}

/**
 * Server: judges the offers in their order. Of each name the first one that a supported extension accepts is taken.
 * None is accepted that could not work behind those before it.
 * @param requested elements of the header, as `Request.extensions` has them.
 * @throws TypeError for what is no Extension.
 * @throws RemoteProtocolError (ERR_EXTENSION) if an element is malformed; then none was accepted.
 * @throws LocalProtocolError (ERR_EXTENSION) if an extension answers with what has not the form of parameters.
 */
export function negotiateExtensions(
  requested: readonly string[],
  supported: readonly unknown[],
): ExtensionsHeader {
  const elements = requested.map(parseExtension);
  const candidates = supported.map(requireExtension);
  const answers: string[] = [];
  const accepted: Extension[] = [];
  for (const { name, text } of elements) {
    if (accepted.some((extension) => extension.name === name)) continue;
    for (const extension of candidates) {
      if (extension.name !== name || !canFollow(extension, accepted)) continue;
      const answer = elementOf(extension, extension.accept(text));
      if (answer === null) continue;
      answers.push(answer);
      accepted.push(extension);
      break;
    }
  }
  return headerOf(answers, accepted);
}

/** Server: as `negotiateExtensions`; the value of the answer's header alone, null for none. */
export function serverExtensionsHandshake(
  requested: readonly string[],
  supported: readonly Extension[],
): string | null {
  return negotiateExtensions(requested, supported).value;
}

/**
 * Client: takes the server's answer. Of several offers of one name, the first one that it satisfies counts.
 * @param accepted elements of the header.
 * @param supported the extensions that were offered.
 * @returns the extensions in use, in the order of the answer, which is that of their application.
 * @throws RemoteProtocolError (ERR_EXTENSION, with a RejectConnection as its hint) if an element is malformed, not
 * offered, there twice, no answer to what was offered, or cannot work behind those before it.
 */
export function clientExtensionsHandshake(
  accepted: readonly string[],
  supported: readonly Extension[],
): Extension[] {
  const inUse: Extension[] = [];
  for (const element of accepted.map(parseExtension)) {
    inUse.push(finalizeFirst(element, supported, inUse));
  }
  return inUse;
}

function finalizeFirst(
  { name, text }: ExtensionElement,
  supported: readonly Extension[],
  inUse: readonly Extension[],
): Extension {
  if (inUse.some((extension) => extension.name === name)) {
    throw badAnswer(`extension ${name} accepted twice`);
  }
  let failure = badAnswer(`unrecognized extension ${name}`);
  for (const extension of supported) {
    if (extension.name !== name) continue;
    if (!canFollow(extension, inUse)) {
      failure = badAnswer(`extension ${name} accepted behind one that it cannot work behind`);
      continue;
    }
    try {
      extension.finalize(text);
      return extension;
    } catch (error) {
      if (!(error instanceof RemoteProtocolError)) throw error;
      failure = error;
    }
  }
  throw failure;
}

/** Whether `extension` can be applied to what those in `before` make, in this order (RFC 7692, 5). */
function canFollow(extension: Extension, before: readonly Extension[]): boolean {
  return before.every(
    (other) =>
      !shareBit(extension, other) &&
      !(extension.worksOn === "message" && other.worksOn === "frame"),
  );
}

function shareBit({ reservedBits: one }: Extension, { reservedBits: other }: Extension): boolean {
  return (one.rsv1 && other.rsv1) || (one.rsv2 && other.rsv2) || (one.rsv3 && other.rsv3);
}

/** The element that an extension's `offer` or `accept` stands for; null for none. */
function elementOf({ name }: Extension, parameters: boolean | string | null): string | null {
  if (parameters !== true && typeof parameters !== "string") return null;
  const text = parameters === true || parameters === "" ? name : `${name}; ${parameters}`;
  const element = parseOwn(text);
  if (element?.name === name) return element.text;
  throw new LocalProtocolError(
    `an extension must be a token with parameters (RFC 6455, 9.1), not ${JSON.stringify(text)}`,
    "ERR_EXTENSION",
  );
}

function parseOwn(text: string): ExtensionElement | null {
  try {
    return parseExtension(text);
  } catch {
    return null;
  }
}

function headerOf(elements: readonly string[], extensions: readonly Extension[]): ExtensionsHeader {
  return { value: elements.length === 0 ? null : elements.join(", "), extensions };
}

function requireExtension(value: unknown): Extension {
  if (value instanceof Extension) return value;
  throw new TypeError(`an extension must be an instance of Extension, not ${typeName(value)}`);
}

function badAnswer(message: string): RemoteProtocolError {
  return new RemoteProtocolError(message, "ERR_EXTENSION", new RejectConnection());
}
