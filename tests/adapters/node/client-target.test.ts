import { expect, test } from "vitest";
import {
  authorityOf,
  basicAuthorization,
  readProxy,
  readTarget,
} from "../../../src/node/client-target.ts";
import { untyped } from "../../helpers/rig.ts";

test.each<
  [url: string, secure: boolean, hostname: string, port: number, host: string, target: string]
>([
  ["ws://example.com", false, "example.com", 80, "example.com", "/"],
  ["wss://example.com", true, "example.com", 443, "example.com", "/"],
  ["WS://EXAMPLE.com/Chat", false, "example.com", 80, "example.com", "/Chat"],
  ["ws://example.com:80/", false, "example.com", 80, "example.com", "/"],
  ["wss://example.com:443/", true, "example.com", 443, "example.com", "/"],
  ["wss://example.com:80/", true, "example.com", 80, "example.com:80", "/"],
  ["ws://example.com:443/", false, "example.com", 443, "example.com:443", "/"],
  ["ws://example.com:8080/", false, "example.com", 8080, "example.com:8080", "/"],
  ["http://example.com/", false, "example.com", 80, "example.com", "/"],
  ["https://example.com:8443/", true, "example.com", 8443, "example.com:8443", "/"],
  ["ws://[::1]/", false, "::1", 80, "[::1]", "/"],
  ["ws://[2001:DB8::1]:8080/", false, "2001:db8::1", 8080, "[2001:db8::1]:8080", "/"],
  ["ws://127.0.0.1/", false, "127.0.0.1", 80, "127.0.0.1", "/"],
])("R6455-3-01, R6455-4.1-09: %s", (url, secure, hostname, port, host, target) => {
  expect(readTarget(url)).toEqual({ secure, hostname, port, host, target, credentials: null });
  expect(readTarget(new URL(url))).toEqual(readTarget(url));
});

test.each([
  ["ws://h", "/"],
  ["ws://h?x", "/?x"],
  ["ws://h/?", "/"],
  ["ws://h/a/b?c=d&e", "/a/b?c=d&e"],
  ["ws://h/%23?%23", "/%23?%23"],
  ["ws://h/a b?c d", "/a%20b?c%20d"],
])("R6455-3-03: the resource of %s is %s", (url, target) => {
  expect(readTarget(url).target).toBe(target);
});

test("R6455-11.1-01: a host beyond ASCII is written in its ASCII form, the rest in percent-encoded UTF-8", () => {
  const { hostname, host, target } = readTarget("ws://bücher.example/ü?ä");
  expect({ hostname, host, target }).toEqual({
    hostname: "xn--bcher-kva.example",
    host: "xn--bcher-kva.example",
    target: "/%C3%BC?%C3%A4",
  });
});

test.each(["ws://h/#x", "ws://h/#", "ws://h#x", "wss://h/a?b#c", "http://h/#x"])(
  "R6455-3-02: %s has a fragment, and fails",
  (url) => {
    expect(() => readTarget(url)).toThrow("a fragment in a URL of WebSocket");
    expect(() => readTarget(new URL(url))).toThrow(TypeError);
  },
);

test.each([
  ["", "cannot be parsed"],
  ["/chat", "cannot be parsed"],
  ["example.com", "cannot be parsed"],
  ["ws://", "cannot be parsed"],
  ["ws://a b/", "cannot be parsed"],
  ["ws://h:65536/", "cannot be parsed"],
  ["ws://h:x/", "cannot be parsed"],
  ["ws://[::1/", "cannot be parsed"],
  ["ftp://h/", "ftp: in a URL"],
  ["wsx://h/", "wsx: in a URL"],
  ["httpx://h/", "httpx: in a URL"],
  ["ws://%zz@h/", "credentials"],
  ["ws://a:%ff@h/", "credentials"],
])("R6455-4.1-01: %j fails before anything is connected", (url, message) => {
  expect(() => readTarget(url)).toThrow(TypeError);
  expect(() => readTarget(url)).toThrow(message);
});

test("a URL that is neither a string nor a URL", () => {
  expect(() => readTarget(untyped(1))).toThrow("the URL must be a string or a URL, not number");
});

test.each([
  ["ws://user:password@h/", "user:password", "Basic dXNlcjpwYXNzd29yZA=="],
  ["ws://user@h/", "user:", "Basic dXNlcjo="],
  ["ws://:password@h/", ":password", "Basic OnBhc3N3b3Jk"],
  ["ws://us%C3%A9r:p%3Aw@h/", "usér:p:w", "Basic dXPDqXI6cDp3"],
])("the credentials of %s", (url, credentials, authorization) => {
  expect(readTarget(url).credentials).toBe(credentials);
  expect(basicAuthorization(credentials)).toBe(authorization);
});

test.each([
  ["http://proxy.example", 80, false],
  ["https://proxy.example", 443, true],
  ["http://proxy.example:3128", 3128, false],
])("the proxy %s", (url, port, secure) => {
  expect(readProxy(url)).toMatchObject({ hostname: "proxy.example", port, secure });
  expect(readProxy(new URL(url))).toEqual(readProxy(url));
});

test.each(["ws://proxy.example", "ftp://proxy.example"])("%s is no proxy", (url) => {
  expect(() => readProxy(url)).toThrow("expected http: or https:");
});

test.each([
  ["ws://example.com", "example.com:80"],
  ["wss://example.com", "example.com:443"],
  ["ws://[::1]:8080", "[::1]:8080"],
])("what a proxy is asked for: %s is %s", (url, authority) => {
  expect(authorityOf(readTarget(url))).toBe(authority);
});
