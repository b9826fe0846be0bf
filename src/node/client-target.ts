import { encodeBase64 } from "../bytes/base64.ts";
import { encodeUtf8 } from "../bytes/utf8.ts";
import { typeName } from "../headers.ts";

/** Where to connect to, and what to ask for there. */
export interface ClientTarget {
  readonly secure: boolean;
  /** The host to look up; without the brackets of an IPv6 address. */
  readonly hostname: string;
  readonly port: number;
  /** For the Host field: with the port where it is not the scheme's (RFC 6455, 4.1). */
  readonly host: string;
  /** Path and query (RFC 6455, 3). */
  readonly target: string;
  /** `user:password` of the URL, decoded; null where there is none. */
  readonly credentials: string | null;
}

const DEFAULT_PORTS: ReadonlyMap<string, number> = new Map([
  ["ws:", 80],
  ["wss:", 443],
]);

/**
 * Reads a ws or wss URL; http and https stand for them.
 * @throws TypeError for anything else, and for a URL with a fragment (RFC 6455, 3)
 */
export function readTarget(given: string | URL): ClientTarget {
  const url = readUrl("the URL", given);
  const protocol = url.protocol.replace(/^http/, "ws");
  const port = DEFAULT_PORTS.get(protocol);
  if (port === undefined) {
    throw new TypeError(`${url.protocol} in a URL of WebSocket, expected ws: or wss:`);
  }
  if (url.href.includes("#")) {
    throw new TypeError("a fragment in a URL of WebSocket, expected none (RFC 6455, 3)");
  }
  return {
    secure: protocol === "wss:",
    hostname: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? port : Number(url.port),
    host: url.host,
    target: url.pathname + url.search,
    credentials: credentialsOf(url),
  };
}

/**
 * Reads the URL of a proxy.
 * @throws TypeError unless it is an http or https URL
 */
export function readProxy(given: string | URL): ClientTarget {
  const url = readUrl("proxy", given);
  if (url.protocol === "http:" || url.protocol === "https:") return readTarget(url);
  throw new TypeError(`${url.protocol} in the URL of a proxy, expected http: or https:`);
}

function readUrl(what: string, given: unknown): URL {
  if (given instanceof URL) return given;
  if (typeof given !== "string") {
    throw new TypeError(`${what} must be a string or a URL, not ${typeName(given)}`);
  }
  if (URL.canParse(given)) return new URL(given);
  throw new TypeError(`${what} cannot be parsed`);
}

function credentialsOf({ username, password }: URL): string | null {
  if (username === "" && password === "") return null;
  try {
    return `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  } catch {
    throw new TypeError("the credentials in a URL are no percent-encoded UTF-8");
  }
}

/** The value of `Authorization` and `Proxy-Authorization` (RFC 7617). */
export function basicAuthorization(credentials: string): string {
  return `Basic ${encodeBase64(encodeUtf8(credentials))}`;
}

/** Host and port, as a proxy is asked for them (RFC 9112, 3.2.3). */
export function authorityOf({ hostname, port }: ClientTarget): string {
  return `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
}
