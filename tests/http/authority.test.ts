import { describe, expect, test } from "vitest";
import { LocalProtocolError } from "../../src/errors.ts";
import { checkTarget, isAuthority, targetAuthority, writeHost } from "../../src/http/authority.ts";

describe("D22, R9112-3.2-01: a host and perhaps a port", () => {
  test.each([
    "example.com",
    "EXAMPLE.com",
    "example.com:8080",
    "example.com:",
    "my_service",
    "localhost",
    "a..b",
    "xn--bcher-kva.example",
    "a%20b",
    "a,b",
    "1.2.3.4",
    "999.1.1.1",
    "[::]",
    "[::1]:80",
    "[1::]",
    "[1:2:3:4:5:6:7:8]",
    "[1:2:3:4:5:6:7::]",
    "[::2:3:4:5:6:7:8]",
    "[fe80::abcd:1]",
    "[::ffff:1.2.3.4]",
    "[1:2:3:4:5:6:1.2.3.4]",
    "[v1.fe80::a+en1]",
  ])("%s is one", (text) => {
    expect(isAuthority(text)).toBe(true);
  });

  test.each([
    "",
    ":80",
    "a b",
    "a:b",
    "a:80:90",
    "a/b",
    "user@example.com",
    "ws://example.com",
    "caf\u00e9.example",
    "a%2",
    "a%zz",
    "a\0b",
    "a#b",
    "a?b",
    "[",
    "[]",
    "[::1",
    "::1",
    "[::1]80",
    "[::1]:a",
    "[1:2:3:4:5:6:7]",
    "[1:2:3:4:5:6:7:8:9]",
    "[1:2:3:4::5:6:7:8]",
    "[1::2::3]",
    "[:::]",
    "[:1]",
    "[12345::]",
    "[g::]",
    "[1.2.3.4::]",
    "[::1.2.3.256]",
    "[::1.2.3]",
    "[1.2.3.4:1:2:3:4:5:6]",
    "[1:2:3:4:5:6:7:1.2.3.4]",
    "[fe80::1%25en0]",
    "[v.a]",
    "[v1.]",
    "[v1.a/b]",
  ])("%j is none", (text) => {
    expect(isAuthority(text)).toBe(false);
  });
});

describe("R6455-4.1-08, R6455-4.2.1-01: a target", () => {
  test.each([
    ["/", null],
    ["/chat?a=b&c=%20", null],
    ["//a", null],
    ['/a|b^c[d]{e}`"<>\\', null],
    ["/%zz", null],
    ["http://example.com/", "example.com"],
    ["https://example.com:8443/a?b", "example.com:8443"],
    ["ws://[::1]/", "[::1]"],
    ["WSS://Example.com", "Example.com"],
    ["ws://h?x", "h"],
  ])("%j has the authority %j", (target, authority) => {
    expect(targetAuthority(target)).toBe(authority);
    expect(() => checkTarget(target)).not.toThrow();
  });

  test.each([
    "",
    "*",
    "chat",
    "?x",
    "example.com:80",
    "/a#b",
    "/a b",
    "/\u00fc",
    "/a\r\nX: y",
    "/\u0120",
    "ftp://example.com/",
    "http:///",
    "http://",
    "http:/a",
    "http://a b/",
    "http://user@example.com/",
    "xhttp://a/",
  ])("R9112-3.2-02, D6: %j is none", (target) => {
    expect(targetAuthority(target)).toBeUndefined();
    expect(() => checkTarget(target)).toThrow(
      expect.objectContaining({ constructor: LocalProtocolError, code: "ERR_TARGET" }),
    );
  });
});

describe("the Host to be sent", () => {
  test.each([
    ["localhost", "localhost"],
    ["EXAMPLE.com:80", "EXAMPLE.com:80"],
    ["a..b", "a..b"],
    ["[::1]:9001", "[::1]:9001"],
    ["b\u00fccher.example", "xn--bcher-kva.example"],
    ["www.b\u00fccher.example:8080", "www.xn--bcher-kva.example:8080"],
    ["\u829d\u58eb\u6c49\u5821", "xn--7ks3rz39bh7u"],
    ["stra\u00dfe.example", "xn--strae-oqa.example"],
  ])("D22, R6455-4.1-09: %s is sent as %s", (host, expected) => {
    expect(writeHost(host)).toBe(expected);
  });

  test.each([
    "",
    "ws://example.com",
    "a\r\nb",
    "a b",
    "user@example.com",
    "b\u00fccher.example/evil",
    "b\u00fccher.example\r\n",
    "user@b\u00fccher.example",
    "b\u00fccher%2e.example",
    "[b\u00fccher]",
    "b\u00fccher.example:80:80",
    "b\u00fccher.example:x",
    "\ufffd.example",
    "\u212a\ud800.example",
  ])("B12, D6: %j is refused", (host) => {
    expect(() => writeHost(host)).toThrow(
      expect.objectContaining({ constructor: LocalProtocolError, code: "ERR_HOST" }),
    );
  });
});
