import type { PerMessageDeflateOptions } from "../extensions/permessage-deflate.ts";
import { type Limits, resolveLimits } from "../limits.ts";
import type { Clock } from "../session/clock.ts";
import {
  resolveDeadline,
  resolveNumber,
  resolveSettings,
  type ResolvedSettings,
} from "../session/settings.ts";
import { SERVER } from "../states.ts";
import type { Answer } from "./answer.ts";
import type { ListenOptions } from "./listener.ts";
import { type MatchRule, resolveMatch } from "./match.ts";
import {
  COMMON_NAMES,
  type CommonOptions,
  DEADLINE_NAMES,
  type Deadlines,
  type EngineLimits,
  KEEP_ALIVE_NAMES,
  LIMIT_NAMES,
  type OptionNames,
  requireFunction,
  requireNames,
  resolveDeflate,
  resolveErrorHook,
  resolveSubprotocols,
} from "./options.ts";
import { type OriginPolicy, resolveOriginPolicy } from "./origin.ts";
import { systemClock } from "./system-clock.ts";
import type { UpgradeRequest } from "./upgrade-request.ts";
import type { AcceptContext } from "./waiting.ts";

/** Limits of a server, those of the engine included. */
export interface ServerLimits extends EngineLimits {
  /** Open connections and handshakes in flight. 65,536. Exceeded: 503. */
  readonly connections?: number | undefined;
  /** The same for one remote address. As `connections`; lower it where no proxy stands in front. Exceeded: 503. */
  readonly connectionsPerAddress?: number | undefined;
  /** Handshakes in flight, and as many that are being refused for one of these limits. 4,096. Exceeded: 503; cut. */
  readonly handshakes?: number | undefined;
}

export interface ServerDeadlines extends Deadlines {
  /** From the request to the answer of `accept`. 30,000. Passed: 503. */
  readonly accept?: number | undefined;
}

/** How requests are answered. */
export interface ServerOptions extends CommonOptions {
  /** Which requests are for this server: those for a path, or those that a function picks. All. The others get 404. */
  readonly match?: MatchRule | undefined;
  /** Which pages may connect. "same-host". */
  readonly origin?: OriginPolicy | undefined;
  /**
   * Decides about a request before anything is answered. What it finds out may be kept by its request, which is the
   * very object that the handler gets. If it throws, the answer is 500.
   */
  readonly accept?:
    | ((request: UpgradeRequest, context: AcceptContext) => Answer | Promise<Answer>)
    | undefined;
  readonly limits?: ServerLimits | undefined;
  readonly deadlines?: ServerDeadlines | undefined;
}

/** The options in force. */
export interface ServerSettings {
  readonly clock: Clock;
  readonly session: ResolvedSettings;
  readonly limits: Limits;
  readonly connections: number;
  readonly connectionsPerAddress: number;
  readonly handshakes: number;
  readonly openDeadline: number;
  readonly acceptDeadline: number;
  readonly match: MatchRule | null;
  readonly origin: OriginPolicy;
  readonly accept: NonNullable<ServerOptions["accept"]>;
  readonly subprotocols: readonly string[];
  readonly deflate: boolean | PerMessageDeflateOptions;
  /** `onError`; does not throw. */
  readonly report: (error: unknown) => void;
}

const OPTION_NAMES: OptionNames<ServerOptions & ListenOptions> = {
  ...COMMON_NAMES,
  match: true,
  origin: true,
  accept: true,
  limits: true,
  deadlines: true,
  port: true,
  host: true,
  backlog: true,
  readableAll: true,
  writableAll: true,
  path: true,
  tls: true,
  server: true,
  signal: true,
};
const OWN_LIMIT_NAMES: Readonly<Record<string, true>> = {
  connections: true,
  connectionsPerAddress: true,
  handshakes: true,
};

/** @throws TypeError, RangeError for options of the wrong type or out of their range; they name the option */
export function resolveServerOptions(options: ServerOptions): ServerSettings {
  requireNames("the options", options, OPTION_NAMES);
  const { limits = {}, deadlines = {}, keepAlive = {} } = options;
  requireNames("limits", limits, LIMIT_NAMES, OWN_LIMIT_NAMES);
  requireNames("deadlines", deadlines, DEADLINE_NAMES, { accept: true });
  if (keepAlive !== false) requireNames("keepAlive", keepAlive, KEEP_ALIVE_NAMES);
  requireFunction("accept", options.accept);
  return {
    clock: options.clock ?? systemClock,
    session: resolveSettings(options),
    limits: resolveLimits(SERVER, limits),
    ...resolveCounts(limits),
    openDeadline: resolveDeadline("deadlines.open", deadlines.open, 10_000),
    acceptDeadline: resolveDeadline("deadlines.accept", deadlines.accept, 30_000),
    match: resolveMatch(options.match),
    origin: resolveOriginPolicy(options.origin),
    accept: options.accept ?? (() => true),
    subprotocols: resolveSubprotocols(options.subprotocols),
    deflate: resolveDeflate(options.deflate, false),
    report: resolveErrorHook(options.onError),
  };
}

function resolveCounts(
  limits: ServerLimits,
): Pick<ServerSettings, "connections" | "connectionsPerAddress" | "handshakes"> {
  const connections = resolveNumber("limits.connections", limits.connections, 65_536);
  return {
    connections,
    connectionsPerAddress: resolveNumber(
      "limits.connectionsPerAddress",
      limits.connectionsPerAddress,
      connections,
    ),
    handshakes: resolveNumber("limits.handshakes", limits.handshakes, 4096),
  };
}
