import { domainToAscii } from "#platform";
import { LocalProtocolError } from "../errors.ts";
import type { HeaderList } from "../headers.ts";
import { HttpFault } from "./fault.ts";
import { fieldValues, isVisible, quoted } from "./fields.ts";

/*
 * The host that a request is for, and its target (RFC 3986, 3.2; RFC 9110, 7.2; RFC 9112, 3.2):
 *
 *   authority      = host [ ":" *DIGIT ]
 *   host           = "[" ( IPv6address / IPvFuture ) "]" / IPv4address / reg-name
 *   request-target = "/" ... / ( "http" / "https" / "ws" / "wss" ) "://" authority ...
 *
 * User information is not allowed (RFC 9110, 4.2.4), nor is an empty host (4.2.1), nor a fragment (RFC 6455, 3). Of a
 * path and a query only what could break the message is refused: browsers leave more than RFC 3986 allows.
 */

const REG_NAME = /^(?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})+$/;
const PORT = /^:[0-9]*$/;
const IPV4_NUMBER = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
const IPV4 = new RegExp(`^${IPV4_NUMBER}(?:\\.${IPV4_NUMBER}){3}$`);
const IPV6_GROUP = /^[0-9A-Fa-f]{1,4}$/;
const IPV_FUTURE = /^[vV][0-9A-Fa-f]+\.[A-Za-z0-9\-._~!$&'()*+,;=:]+$/;
const ABSOLUTE = /^(?:https?|wss?):\/\/([^/?]*)/i;
const BEYOND_ASCII = /[\u0080-\uffff]/;
/** A name that has an ASCII form: what else ASCII has means something in a URI. */
const INTERNATIONAL_NAME = /^[A-Za-z0-9\-._\u0080-\uffff]+$/;

/** Whether `text` is a host, with or without a port. */
export function isAuthority(text: string): boolean {
  const literalEnd = text.startsWith("[") ? text.indexOf("]") : -1;
  if (literalEnd !== -1) {
    return isAddress(text.slice(1, literalEnd)) && isPort(text.slice(literalEnd + 1));
  }
  const colon = text.indexOf(":");
  const hostEnd = colon === -1 ? text.length : colon;
  return REG_NAME.test(text.slice(0, hostEnd)) && isPort(text.slice(hostEnd));
}

function isPort(text: string): boolean {
  return text === "" || PORT.test(text);
}

/** What stands between the brackets of an IP literal. */
function isAddress(text: string): boolean {
  return isIpv6(text) || IPV_FUTURE.test(text);
}

/** Eight groups; "::" once for one or more of them that are zero; the last two may be an IPv4 address. */
function isIpv6(text: string): boolean {
  const halves = text.split("::");
  if (halves.length > 2) return false;
  const groups = halves.flatMap((half) => (half === "" ? [] : half.split(":")));
  const last = text.endsWith("::") ? "" : (groups.at(-1) ?? "");
  const dotted = IPV4.test(last);
  if (!(dotted ? groups.slice(0, -1) : groups).every((group) => IPV6_GROUP.test(group))) {
    return false;
  }
  const count = groups.length + (dotted ? 1 : 0);
  return halves.length === 2 ? count < 8 : count === 8;
}

/** The authority in a target in absolute form, null in origin form; undefined if the target is neither. */
export function targetAuthority(target: string): string | null | undefined {
  if (!isVisible(target) || target.includes("#")) return undefined;
  if (target.startsWith("/")) return null;
  const authority = ABSOLUTE.exec(target)?.[1];
  return authority !== undefined && isAuthority(authority) ? authority : undefined;
}

/**
 * The host that a received request is for: that of its target, else its Host field, of which there has to be one.
 * @throws HttpFault if there is none, more than one, or one that is not valid (RFC 9112, 3.2)
 */
export function readHost(target: string, headers: HeaderList): string {
  const hosts = fieldValues(headers, "host");
  const host = hosts[0];
  if (host === undefined) throw new HttpFault("Missing header, 'Host'", "ERR_HOST");
  if (hosts.length > 1) {
    throw new HttpFault(`Host is there ${hosts.length} times, expected once`, "ERR_HOST");
  }
  if (!isAuthority(host)) {
    throw new HttpFault(`Host ${quoted(host)}, expected a host and perhaps a port`, "ERR_HOST");
  }
  return targetAuthority(target) ?? host;
}

/**
 * The Host field for `host`; a name beyond ASCII in its ASCII form (RFC 6455, 11.1).
 * @throws LocalProtocolError if it is not a host and perhaps a port
 */
export function writeHost(host: string): string {
  const written = BEYOND_ASCII.test(host) ? internationalHost(host) : host;
  if (written !== null && isAuthority(written)) return written;
  throw new LocalProtocolError(
    `host ${quoted(host)}, expected a name or an address and perhaps a port`,
    "ERR_HOST",
  );
}

function internationalHost(host: string): string | null {
  const colon = host.lastIndexOf(":");
  const nameEnd = colon === -1 ? host.length : colon;
  const name = host.slice(0, nameEnd);
  const ascii = INTERNATIONAL_NAME.test(name) ? domainToAscii(name) : null;
  return ascii === null ? null : ascii + host.slice(nameEnd);
}

/**
 * @throws LocalProtocolError if `target` is neither in origin form nor in absolute form with a scheme of HTTP or WebSocket
 */
export function checkTarget(target: string): void {
  if (targetAuthority(target) !== undefined) return;
  throw new LocalProtocolError(
    `target ${quoted(target)}, expected "/..." or an absolute http, https, ws or wss URI, ` +
      "in visible ASCII and without a fragment",
    "ERR_TARGET",
  );
}
