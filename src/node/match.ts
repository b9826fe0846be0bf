import { typeName } from "../headers.ts";
import type { UpgradeRequest } from "./upgrade-request.ts";

/** A path, or a function that picks requests. */
export type MatchRule = string | ((request: UpgradeRequest) => boolean);

/** @throws TypeError for what is no MatchRule, or a path that no request has */
export function resolveMatch(rule: MatchRule | undefined): MatchRule | null {
  if (rule === undefined) return null;
  if (typeof rule === "function") return rule;
  if (typeof rule === "string" && /^\/[^?#]*$/.test(rule)) return rule;
  throw new TypeError(
    `match must be a path such as "/chat", or a function, not ${JSON.stringify(rule)}`,
  );
}

/** @throws TypeError if the function gives no boolean: a promise, say, would pick all; what it throws */
export function picks(
  match: (request: UpgradeRequest) => boolean,
  request: UpgradeRequest,
): boolean {
  const picked: unknown = match(request);
  if (typeof picked === "boolean") return picked;
  throw new TypeError(`match must give a boolean, not ${typeName(picked)}`);
}
