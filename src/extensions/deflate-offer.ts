import type { ExtensionParameter } from "./header.ts";

/*
 * The parameters of permessage-deflate (RFC 7692, 7.1) and what is agreed on them:
 *
 *   server_no_context_takeover                    never with a value
 *   client_no_context_takeover                    never with a value
 *   server_max_window_bits "=" bits
 *   client_max_window_bits [ "=" bits ]           the value may be left out in an offer
 *
 *   bits = 8 to 15, decimal, without a leading zero; in quotes or not
 */

/** The base-two logarithm of the widest window: what holds where nothing was agreed. */
const WIDEST = 15;

/** The parameters as one offer or one answer names them. */
export interface DeflateParameters {
  readonly clientNoContextTakeover: boolean;
  readonly serverNoContextTakeover: boolean;
  /** "bare": named without a value. Null: not named. */
  readonly clientMaxWindowBits: number | "bare" | null;
  /** Null: not named. */
  readonly serverMaxWindowBits: number | null;
}

/** The four parameters as an endpoint is set to want them, or as they were agreed. */
export interface DeflateSettings {
  readonly clientNoContextTakeover: boolean;
  readonly serverNoContextTakeover: boolean;
  readonly clientMaxWindowBits: number;
  readonly serverMaxWindowBits: number;
}

/** The parameters that `parameters` names; or a text that says what is wrong with them (7). */
export function readDeflateParameters(
  parameters: readonly ExtensionParameter[],
): DeflateParameters | string {
  const named = new Map<string, string | null>();
  for (const [name, value] of parameters) {
    if (named.has(name)) return `${name} stands there twice`;
    const fault = faultIn(name, value);
    if (fault !== null) return fault;
    named.set(name, value);
  }
  const clientBits = named.get("client_max_window_bits");
  const serverBits = named.get("server_max_window_bits");
  return {
    clientNoContextTakeover: named.has("client_no_context_takeover"),
    serverNoContextTakeover: named.has("server_no_context_takeover"),
    clientMaxWindowBits:
      clientBits === undefined ? null : clientBits === null ? "bare" : Number(clientBits),
    serverMaxWindowBits: serverBits === undefined ? null : Number(serverBits),
  };
}

/** What a client offers. Both windows are always named, so that an answer may name both (7.1.2.2). */
export function offerOf(own: DeflateSettings): ExtensionParameter[] {
  return [
    ["client_max_window_bits", `${own.clientMaxWindowBits}`],
    ["server_max_window_bits", `${own.serverMaxWindowBits}`],
    ...flagsOf(own),
  ];
}

/** A server's answer to an offer, and what is agreed by it. */
export function answerTo(
  offer: DeflateParameters,
  own: DeflateSettings,
): { readonly agreed: DeflateSettings; readonly answer: readonly ExtensionParameter[] } {
  const hint = offer.clientMaxWindowBits === "bare" ? WIDEST : offer.clientMaxWindowBits;
  const agreed: DeflateSettings = {
    clientNoContextTakeover: offer.clientNoContextTakeover || own.clientNoContextTakeover,
    serverNoContextTakeover: offer.serverNoContextTakeover || own.serverNoContextTakeover,
    // Not offered, it cannot be asked for (7.1.2.2).
    clientMaxWindowBits: hint === null ? WIDEST : Math.min(hint, own.clientMaxWindowBits),
    serverMaxWindowBits: Math.min(offer.serverMaxWindowBits ?? WIDEST, own.serverMaxWindowBits),
  };
  const answer = flagsOf(agreed);
  if (hint !== null) answer.push(["client_max_window_bits", `${agreed.clientMaxWindowBits}`]);
  if (offer.serverMaxWindowBits !== null) {
    answer.push(["server_max_window_bits", `${agreed.serverMaxWindowBits}`]);
  }
  return { agreed, answer };
}

/**
 * What is agreed by a server's answer to `offerOf(own)`; or a text that says why it is no answer to that.
 * What a client has set for its own compressor goes on binding it; the server's side is as the answer says.
 */
export function agreedBy(
  answer: DeflateParameters,
  own: DeflateSettings,
): DeflateSettings | string {
  if (answer.clientMaxWindowBits === "bare") return "client_max_window_bits has no value";
  const serverMaxWindowBits = answer.serverMaxWindowBits ?? WIDEST;
  if (serverMaxWindowBits > own.serverMaxWindowBits) {
    return `server_max_window_bits is ${serverMaxWindowBits}, offered was ${own.serverMaxWindowBits}`;
  }
  return {
    clientNoContextTakeover: answer.clientNoContextTakeover || own.clientNoContextTakeover,
    serverNoContextTakeover: answer.serverNoContextTakeover,
    clientMaxWindowBits: Math.min(answer.clientMaxWindowBits ?? WIDEST, own.clientMaxWindowBits),
    serverMaxWindowBits,
  };
}

function faultIn(name: string, value: string | null): string | null {
  switch (name) {
    case "client_no_context_takeover":
    case "server_no_context_takeover":
      return value === null ? null : `${name} takes no value, not ${value}`;
    case "client_max_window_bits":
      return value === null ? null : faultInBits(name, value);
    case "server_max_window_bits":
      return value === null ? `${name} has no value` : faultInBits(name, value);
    default:
      return `${name} is not a parameter of permessage-deflate`;
  }
}

function faultInBits(name: string, value: string): string | null {
  return /^(?:[89]|1[0-5])$/.test(value) ? null : `${name} must be from 8 to 15, not ${value}`;
}

function flagsOf(settings: DeflateSettings): ExtensionParameter[] {
  const flags: ExtensionParameter[] = [];
  if (settings.clientNoContextTakeover) flags.push(["client_no_context_takeover", null]);
  if (settings.serverNoContextTakeover) flags.push(["server_no_context_takeover", null]);
  return flags;
}
