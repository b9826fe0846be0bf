import type { LookupFunction } from "node:net";
import type { Duplex } from "node:stream";
import type { HeaderList } from "../headers.ts";
import { ClientOpening, HandshakeRefusedError, prepareRequest } from "./client-opening.ts";
import {
  type ClientOptions,
  type ClientSettings,
  resolveClientOptions,
} from "./client-settings.ts";
import { basicAuthorization, type ClientTarget, readTarget } from "./client-target.ts";
import { addressesOf, inTurn, lookupOf } from "./connect-queue.ts";
import { Deadline } from "./deadline.ts";
import { dial, secured } from "./dial.ts";
import type { NodeConnection } from "./server-opening.ts";

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** Headers that another host must not get. */
const PRIVATE_HEADERS: ReadonlySet<string> = new Set(["authorization", "cookie"]);

/**
 * Connects to a WebSocket server.
 *
 * Rejects with HandshakeRefusedError (status, headers, body) if the server refuses, RemoteProtocolError if its answer is
 * none to the request, ProxyError if the proxy refuses, the error of the socket or of TLS, `signal.reason` when aborted,
 * and with a TimeoutError after `deadlines.open`. With TypeError, RangeError or LocalProtocolError, before anything is
 * sent, for a URL or options that cannot be used.
 */
export async function connect(
  url: string | URL,
  options: ClientOptions = {},
): Promise<NodeConnection> {
  const settings = resolveClientOptions(options);
  let target = readTarget(url);
  let { headers } = settings;
  settings.signal.throwIfAborted();
  for (let left = settings.redirects; ; left -= 1) {
    try {
      return await shakeHands(target, headers, settings);
    } catch (error) {
      const next = left > 0 && settings.transport === null ? redirection(error, target) : null;
      if (next === null) {
        settings.transport?.destroy();
        throw error;
      }
      if (next.host !== target.host) headers = headers.filter(isPublic);
      target = next;
    }
  }
}

/** One opening handshake. */
async function shakeHands(
  target: ClientTarget,
  headers: HeaderList,
  settings: ClientSettings,
): Promise<NodeConnection> {
  const extraHeaders = withCredentials(headers, target.credentials);
  const prepared = prepareRequest({ ...target, extraHeaders }, settings);
  const attempt: Attempt = (lookup) =>
    withDeadline(settings, async (signal) => {
      const stream = await reach(target, settings, signal, lookup);
      return new ClientOpening(stream, prepared, settings).run(signal);
    });
  return settings.serializeConnects ? inOrder(target, settings, attempt) : attempt();
}

type Attempt = (lookup?: LookupFunction) => Promise<NodeConnection>;

/** Makes the attempt when no other with the same address and port is under way; by name where the address is not known. */
async function inOrder(
  { hostname, port }: ClientTarget,
  settings: ClientSettings,
  attempt: Attempt,
): Promise<NodeConnection> {
  const { dial: way, transport, signal } = settings;
  if (transport !== null || way.path !== null || way.proxy !== null) {
    return inTurn([way.path ?? `${hostname}:${port}`], signal, () => attempt());
  }
  const addresses = await withDeadline(settings, (either) => addressesOf(hostname, either));
  const keys = addresses.map(({ address }) => `${address}:${port}`);
  return inTurn(keys, signal, () => attempt(lookupOf(addresses)));
}

/** Runs `action` with a signal that is aborted at the deadline, and with the caller's. */
async function withDeadline<Result>(
  { clock, openDeadline, signal: given }: ClientSettings,
  action: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const controller = new AbortController();
  const deadline = new Deadline(clock);
  deadline.set(openDeadline, () => {
    const message = `no connection within deadlines.open, ${openDeadline} ms`;
    controller.abort(new DOMException(message, "TimeoutError"));
  });
  const abort = (): void => controller.abort(given.reason);
  given.addEventListener("abort", abort);
  try {
    return await action(controller.signal);
  } finally {
    deadline.clear();
    given.removeEventListener("abort", abort);
  }
}

/** A stream to the server, secured where the URL asks for it. */
function reach(
  target: ClientTarget,
  { transport, dial: way }: ClientSettings,
  signal: AbortSignal,
  lookup: LookupFunction | undefined,
): Promise<Duplex> {
  if (transport === null) return dial(target, way, signal, lookup);
  return target.secure ? secured(transport, target, way.tls, signal) : Promise.resolve(transport);
}

function withCredentials(headers: HeaderList, credentials: string | null): HeaderList {
  const has = headers.some(([name]) => name.toLowerCase() === "authorization");
  return credentials === null || has
    ? headers
    : [...headers, ["Authorization", basicAuthorization(credentials)]];
}

function isPublic([name]: HeaderList[number]): boolean {
  return !PRIVATE_HEADERS.has(name.toLowerCase());
}

/** Where a refusal redirects to; null if it does not, to nowhere that could be connected to, or to where TLS is lost. */
function redirection(error: unknown, from: ClientTarget): ClientTarget | null {
  if (!(error instanceof HandshakeRefusedError) || !REDIRECTS.has(error.status)) return null;
  const location = error.header("location");
  const base = `${from.secure ? "wss" : "ws"}://${from.host}${from.target}`;
  if (location === null || !URL.canParse(location, base)) return null;
  const url = new URL(location, base);
  // Not for servers (RFC 9110, 10.2.2).
  url.hash = "";
  const to = readLocation(url);
  if (to === null || (from.secure && !to.secure)) return null;
  // The same host gets again what it got from the URL.
  return to.host === from.host ? { ...to, credentials: to.credentials ?? from.credentials } : to;
}

function readLocation(url: URL): ClientTarget | null {
  try {
    return readTarget(url);
  } catch {
    return null;
  }
}
