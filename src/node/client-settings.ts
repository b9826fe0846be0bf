import { Duplex } from "node:stream";
import type { PerMessageDeflateOptions } from "../extensions/permessage-deflate.ts";
import { type HeaderList, type HeadersInput, toHeaderList } from "../headers.ts";
import { type Limits, resolveLimits } from "../limits.ts";
import type { Clock } from "../session/clock.ts";
import {
  resolveDeadline,
  resolveNumber,
  resolveSettings,
  type ResolvedSettings,
} from "../session/settings.ts";
import { CLIENT } from "../states.ts";
import { type DialOptions, type DialSettings, resolveDialOptions } from "./dial-settings.ts";
import {
  COMMON_NAMES,
  type CommonOptions,
  DEADLINE_NAMES,
  type Deadlines,
  type EngineLimits,
  KEEP_ALIVE_NAMES,
  LIMIT_NAMES,
  type OptionNames,
  requireNames,
  requireSignal,
  requireType,
  resolveDeflate,
  resolveErrorHook,
  resolveSubprotocols,
} from "./options.ts";
import { systemClock } from "./system-clock.ts";

/** How to connect. */
export interface ClientOptions extends CommonOptions, DialOptions {
  /** Headers of the request, such as `Cookie`, `Authorization` and `Origin`. */
  readonly headers?: HeadersInput | undefined;
  readonly limits?: EngineLimits | undefined;
  readonly deadlines?: Deadlines | undefined;
  /**
   * A stream that is connected to the server, in place of a connection to the URL's host. With wss, TLS goes over it.
   * It is ended with the connection, and when the handshake fails. No redirect is followed then.
   */
  readonly transport?: Duplex | undefined;
  /**
   * Redirects to follow. 0. Another host gets neither `Authorization` nor `Cookie`; from wss to ws none is followed.
   */
  readonly redirects?: number | undefined;
  /**
   * Whether to wait until no other handshake with the same address and port is under way among those that wait as well
   * (RFC 6455, 4.1). False: as other clients outside of browsers, this one does not wait.
   */
  readonly serializeConnects?: boolean | undefined;
  /** Gives the handshake up when it is aborted. An open connection is left alone. */
  readonly signal?: AbortSignal | undefined;
}

/** The options in force. */
export interface ClientSettings {
  readonly clock: Clock;
  readonly session: ResolvedSettings;
  readonly limits: Limits;
  readonly headers: HeaderList;
  readonly subprotocols: readonly string[];
  readonly deflate: boolean | PerMessageDeflateOptions;
  readonly openDeadline: number;
  readonly dial: DialSettings;
  readonly transport: Duplex | null;
  readonly redirects: number;
  readonly serializeConnects: boolean;
  readonly signal: AbortSignal;
  /** `onError`; does not throw. */
  readonly report: (error: unknown) => void;
}

const OPTION_NAMES: OptionNames<ClientOptions> = {
  ...COMMON_NAMES,
  path: true,
  tls: true,
  proxy: true,
  proxyTls: true,
  headers: true,
  limits: true,
  deadlines: true,
  transport: true,
  redirects: true,
  serializeConnects: true,
  signal: true,
};

/** @throws TypeError, RangeError for options of the wrong type or out of their range; they name the option */
export function resolveClientOptions(options: ClientOptions): ClientSettings {
  requireNames("the options", options, OPTION_NAMES);
  const { limits = {}, deadlines = {}, keepAlive = {}, transport, serializeConnects } = options;
  requireNames("limits", limits, LIMIT_NAMES);
  requireNames("deadlines", deadlines, DEADLINE_NAMES);
  if (keepAlive !== false) requireNames("keepAlive", keepAlive, KEEP_ALIVE_NAMES);
  requireType("serializeConnects", serializeConnects, "boolean");
  requireSignal(options.signal);
  if (transport !== undefined && !(transport instanceof Duplex)) {
    throw new TypeError("transport must be a Duplex of node:stream");
  }
  const dial = resolveDialOptions(options);
  if (transport !== undefined && (dial.path !== null || dial.proxy !== null)) {
    throw new TypeError("transport was given with path or proxy, expected one of them");
  }
  return {
    clock: options.clock ?? systemClock,
    session: resolveSettings(options),
    limits: resolveLimits(CLIENT, limits),
    headers: toHeaderList(options.headers),
    subprotocols: resolveSubprotocols(options.subprotocols),
    deflate: resolveDeflate(options.deflate, true),
    openDeadline: resolveDeadline("deadlines.open", deadlines.open, 10_000),
    dial,
    transport: transport ?? null,
    redirects: resolveNumber("redirects", options.redirects, 0),
    serializeConnects: serializeConnects ?? false,
    signal: options.signal ?? new AbortController().signal,
    report: resolveErrorHook(options.onError),
  };
}
