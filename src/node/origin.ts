import { typeName } from "../headers.ts";
import type { UpgradeRequest } from "./upgrade-request.ts";

/**
 * Which pages may connect (RFC 6455, 10.2): those of the same host ("same-host"), of these origins, those that a
 * function admits, or "any". Requests without `Origin` do not come from a page and are not asked.
 */
export type OriginPolicy =
  | "same-host"
  | "any"
  | readonly string[]
  | ((origin: string, request: UpgradeRequest) => boolean | Promise<boolean>);

/**
 * `policy`, checked, its origins as browsers write them.
 * @throws TypeError for anything else, and for what is no origin
 */
export function resolveOriginPolicy(policy: unknown): OriginPolicy {
  if (policy === undefined) return "same-host";
  if (policy === "same-host" || policy === "any") return policy;
  if (isPredicate(policy)) return policy;
  if (Array.isArray(policy)) return policy.map(originOf);
  const kinds = '"same-host", "any", an array of origins, or a function';
  throw new TypeError(`origin must be ${kinds}, not ${JSON.stringify(policy)}`);
}

function isPredicate(policy: unknown): policy is (origin: string) => boolean {
  return typeof policy === "function";
}

/** Scheme, host and port (RFC 6454, 6.2), in lower case and without the default port. */
function originOf(given: unknown): string {
  if (given === "null") return given;
  const normal = typeof given === "string" ? normalOrigin(given) : null;
  if (normal !== null) return normal;
  throw new TypeError(
    `origin has ${JSON.stringify(given)}, expected origins such as "https://example.com"`,
  );
}

/** Null for what is no origin. Those of schemes that the URL standard does not know are compared as they are. */
function normalOrigin(text: string): string | null {
  if (!URL.canParse(text)) return null;
  const { origin, protocol, host } = new URL(text);
  if (origin !== "null") return origin;
  return host === "" ? null : `${protocol}//${host}`;
}

/** The status to refuse a request with for its origin, or null; a promise of it where a function has to be asked. */
export function originFault(
  policy: OriginPolicy,
  request: UpgradeRequest,
): 400 | 403 | null | Promise<403 | null> {
  const origins = request.header("origin");
  const [origin] = origins;
  if (origin === undefined) return null;
  if (origins.length > 1) return 400;
  if (typeof policy === "function") return faultByFunction(policy, origin, request);
  return isAdmitted(policy, origin, request) ? null : 403;
}

async function faultByFunction(
  policy: Extract<OriginPolicy, (...given: never) => unknown>,
  origin: string,
  request: UpgradeRequest,
): Promise<403 | null> {
  const admits: unknown = await policy(origin, request);
  if (typeof admits === "boolean") return admits ? null : 403;
  throw new TypeError(`origin must give a boolean, not ${typeName(admits)}`);
}

function isAdmitted(
  policy: "same-host" | "any" | readonly string[],
  origin: string,
  request: UpgradeRequest,
): boolean {
  if (policy === "any") return true;
  if (policy === "same-host") return isSameHost(origin, request);
  return policy.includes(origin === "null" ? origin : (normalOrigin(origin) ?? ""));
}

/** Same host and port; the scheme is not compared, as a proxy may have taken TLS off. */
function isSameHost(origin: string, request: UpgradeRequest): boolean {
  if (!URL.canParse(origin)) return false;
  const { protocol, host } = new URL(origin);
  if (protocol !== "http:" && protocol !== "https:") return false;
  const own = `${protocol}//${request.host}`;
  return URL.canParse(own) && new URL(own).host === host;
}
