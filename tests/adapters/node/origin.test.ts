import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { Request } from "../../../src/events.ts";
import { originFault, resolveOriginPolicy } from "../../../src/node/origin.ts";
import { UpgradeRequest } from "../../../src/node/upgrade-request.ts";

function requestFrom(origins: readonly string[], host = "example.com"): UpgradeRequest {
  const extraHeaders = origins.map((origin): [string, string] => ["origin", origin]);
  return new UpgradeRequest(new Request({ host, target: "/", extraHeaders }), new PassThrough());
}

async function fault(policy: unknown, ...origins: string[]): Promise<400 | 403 | null> {
  return await originFault(resolveOriginPolicy(policy), requestFrom(origins));
}

const list = ["https://example.org", "http://localhost:3000", "chrome-extension://abc"];

test.each<[policy: unknown, origin: string, status: 403 | null]>([
  // By default: the host of the request, whatever the scheme.
  [undefined, "https://example.com", null],
  [undefined, "http://example.com", null],
  [undefined, "HTTPS://EXAMPLE.COM", null],
  [undefined, "https://example.com:443", null],
  [undefined, "https://example.com:8443", 403],
  [undefined, "https://other.example", 403],
  [undefined, "https://sub.example.com", 403],
  [undefined, "https://example.com.evil.example", 403],
  [undefined, "https://example.com@evil.example", 403],
  [undefined, "null", 403],
  [undefined, "", 403],
  [undefined, "example.com", 403],
  [undefined, "chrome-extension://example.com", 403],
  [undefined, "file://", 403],
  ["same-host", "https://example.com", null],
  ["same-host", "https://other.example", 403],
  ["any", "https://other.example", null],
  ["any", "null", null],
  [list, "https://example.org", null],
  [list, "https://EXAMPLE.org:443", null],
  [list, "http://example.org", 403],
  [list, "https://example.org:8443", 403],
  [list, "http://localhost:3000", null],
  [list, "http://localhost", 403],
  [list, "chrome-extension://abc", null],
  [list, "chrome-extension://abd", 403],
  [list, "https://example.com", 403],
  [list, "null", 403],
  [list, "", 403],
  [[], "https://example.com", 403],
  [["null"], "null", null],
  [["https://example.org/"], "https://example.org", null],
  [(origin: string) => origin === "https://example.org", "https://example.org", null],
  [(origin: string) => origin === "https://example.org", "https://example.com", 403],
  [async () => Promise.resolve(true), "https://example.org", null],
  [async () => Promise.resolve(false), "https://example.org", 403],
])(
  "CVE-2025-24010, R6455-10.2-01, R18: policy %j, origin %j: %s",
  async (policy, origin, status) => {
    expect(await fault(policy, origin)).toBe(status);
  },
);

test.each([undefined, "same-host", "any", list, () => false])(
  "R6455-4.2.1-07: a request without Origin comes from no page, and is not asked: policy %j",
  async (policy) => {
    expect(await fault(policy)).toBeNull();
  },
);

test.each([undefined, "any", list, () => true])(
  "two Origin fields are 400, whatever the policy: %j",
  async (policy) => {
    expect(await fault(policy, "https://example.org", "https://example.org")).toBe(400);
  },
);

test("a host that no URL can have is nobody's", async () => {
  const request = requestFrom(["http://a%00b"], "a%00b");
  expect(await originFault("same-host", request)).toBe(403);
  expect(await originFault("same-host", requestFrom(["http://ab"], "a%00b"))).toBe(403);
});

test.each([undefined, null, "yes", 1])(
  "a function that gives %j, which is no boolean, admits nobody",
  async (value) => {
    await expect(fault(() => value, "https://example.org")).rejects.toThrow("must give a boolean");
  },
);

test("a function gets the request as well", async () => {
  const given: unknown[] = [];
  const request = requestFrom(["https://example.org"]);
  await originFault((...parts) => given.push(...parts) > 0, request);
  expect(given).toEqual(["https://example.org", request]);
});
