import { Agent, request as httpRequest } from "node:http";
import { expect, test } from "vitest";
import { type Changes, requestHead } from "../../helpers/handshake.ts";
import type { RawPeer } from "./raw-peer.ts";
import { httpServer, rawPeer, type Reports, running } from "./running.ts";

/*
 * What is refused, on a socket of our own and through a server of node:http: the same, for the engine decides both
 * times. Node's joined headers are never looked at.
 */

interface Entrance {
  readonly connect: () => Promise<RawPeer>;
  readonly reports: Reports;
  /** How many requests have come to the hook, and how many connections were opened. */
  readonly counts: { hook: number; opened: number };
}

async function entrance(kind: "own" | "attached"): Promise<Entrance> {
  const counts = { hook: 0, opened: 0 };
  const accept = (): true => {
    counts.hook += 1;
    return true;
  };
  const handler = (): void => {
    counts.opened += 1;
  };
  if (kind === "own") {
    const { port, reports } = await running({ accept }, handler);
    return { connect: async () => rawPeer({ port }), reports, counts };
  }
  const { http, port } = await httpServer();
  http.maxHeadersCount = 0;
  const { reports } = await running(
    { port: undefined, host: undefined, server: http, accept },
    handler,
  );
  return { connect: async () => rawPeer({ port }), reports, counts };
}

const both: ("own" | "attached")[] = ["own", "attached"];
const key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
const manyHeaders = Array.from({ length: 101 }, (_, index) => `X-${index}: a`);

/** What node:http lets through to a listener of "upgrade", and what it has to be answered with. */
const faults: [what: string, changes: Changes, status: number][] = [
  ["a second Key", { lines: [key] }, 400],
  ["a second Version", { lines: ["Sec-WebSocket-Version: 13"] }, 400],
  ["a second Host", { lines: ["Host: other.example"] }, 400],
  ["no Host", { fields: { Host: null } }, 400],
  ["an empty Host", { fields: { Host: "" } }, 400],
  ["HTTP/1.0", { line: "GET / HTTP/1.0" }, 400],
  ["another method", { line: "POST / HTTP/1.1", lines: ["Content-Length: 0"] }, 400],
  ["a declared body", { lines: ["Content-Length: 5"], rest: "\x81\x82\0\0\0\0hi" }, 400],
  ["a chunked body", { lines: ["Transfer-Encoding: chunked"], rest: "0\r\n\r\n" }, 400],
  ["more than 100 header lines", { lines: manyHeaders }, 431],
  ["no Key", { fields: { "Sec-WebSocket-Key": null } }, 400],
  ["no Version", { fields: { "Sec-WebSocket-Version": null } }, 400],
  ["another Version", { fields: { "Sec-WebSocket-Version": "12" } }, 426],
  ["another protocol to upgrade to", { fields: { Upgrade: "h2c" } }, 400],
  ["Expect: 100-continue", { lines: ["Expect: 100-continue"] }, 417],
  ["a subprotocol that is no token", { lines: ["Sec-WebSocket-Protocol: a b"] }, 400],
  ["an extension that is none", { lines: ["Sec-WebSocket-Extensions: ;"] }, 400],
  ["two Origins", { lines: ["Origin: http://example.com", "Origin: http://example.com"] }, 400],
  ["a foreign Origin", { lines: ["Origin: http://other.example"] }, 403],
  ["the Origin null", { lines: ["Origin: null"] }, 403],
];

for (const kind of both) {
  test.each(faults)(
    `node-upgrade-listener, R9112-2.2-06 (${kind}): %s`,
    async (_, changes, status) => {
      const { connect, reports, counts } = await entrance(kind);
      const peer = await connect();
      peer.send(requestHead(changes));
      await peer.end();
      expect(peer.text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
      expect(peer.text.match(/HTTP\/1/g)).toHaveLength(1);
      expect(peer.text).toMatch(/\r\nConnection: close\r\n/);
      expect(peer.text).toMatch(/\r\ncontent-length: 0\r\n/i);
      expect(peer.error).toBeNull();
      expect(counts).toEqual({ hook: 0, opened: 0 });
      expect(reports.errors).toEqual([]);
    },
  );

  test(`R6455-4.2.2-02 (${kind}): an unwelcome Origin gets 403, none gets in`, async () => {
    const { connect, counts } = await entrance(kind);
    const foreign = await connect();
    foreign.send(requestHead({ lines: ["Origin: https://evil.example"] }));
    await foreign.end();
    expect(foreign.text).toMatch(/^HTTP\/1\.1 403 /);
    const own = await connect();
    own.send(requestHead({ lines: ["Origin: https://example.com"] }));
    await own.has("HTTP/1.1 101 ");
    const none = await connect();
    none.send(requestHead());
    await none.has("HTTP/1.1 101 ");
    expect(counts).toEqual({ hook: 2, opened: 2 });
  });

  test(`tunnel-smuggling (${kind}): a request behind one that is refused is not answered`, async () => {
    const { connect, counts } = await entrance(kind);
    const peer = await connect();
    const second = "GET /secret HTTP/1.1\r\nHost: example.com\r\n\r\n";
    peer.send(requestHead({ fields: { "Sec-WebSocket-Version": "777" }, rest: second }));
    await peer.end();
    peer.send(second);
    peer.stream.end();
    await peer.closed;
    expect(peer.text).toMatch(/^HTTP\/1\.1 426 /);
    expect(peer.text).toContain("\r\nSec-WebSocket-Version: 13\r\n");
    expect(peer.text.match(/HTTP\/1/g)).toHaveLength(1);
    expect(peer.error).toBeNull();
    expect(counts).toEqual({ hook: 0, opened: 0 });
  });

  test(`a request behind one that is accepted is no frame, and fails the connection (${kind})`, async () => {
    const { connect } = await entrance(kind);
    const peer = await connect();
    peer.send(requestHead({ rest: "GET /secret HTTP/1.1\r\nHost: example.com\r\n\r\n" }));
    await peer.end();
    const [head, frames] = peer.text.split("\r\n\r\n");
    expect(head).toMatch(/^HTTP\/1\.1 101 /);
    // A Close with 1002.
    expect([frames![0], frames!.slice(2, 4)]).toEqual(["\x88", "\x03\xea"]);
    expect(peer.text.match(/HTTP\/1/g)).toHaveLength(1);
  });
}

test("octets that are no HTTP at all get 400 on a socket of our own, at the first octet", async () => {
  const { port } = await running();
  const peer = await rawPeer({ port });
  peer.send("\x16");
  await peer.end();
  expect(peer.text).toMatch(/^HTTP\/1\.1 400 /);
});

test("CVE-2026-22815: a mebibyte of headers gets 431 and the end", async () => {
  const { port } = await running();
  const peer = await rawPeer({ port });
  peer.send(requestHead({ lines: Array.from({ length: 64 }, () => `X: ${"a".repeat(16_000)}`) }));
  await peer.end();
  expect(peer.text).toMatch(/^HTTP\/1\.1 431 /);
});

test.each([
  ["its default", undefined, 1200, 431],
  ["20", 20, 60, 431],
  ["20, and fewer fields", 20, 10, 101],
  ["none", 0, 1200, 101],
])(
  "node-upgrade-listener: fields that the HTTP server has dropped are not taken for absent (maxHeadersCount: %s)",
  async (_, maxHeadersCount, count, status) => {
    const { http, port } = await httpServer();
    if (maxHeadersCount !== undefined) http.maxHeadersCount = maxHeadersCount;
    const limits = { headerLines: Infinity, head: Infinity };
    await running({ port: undefined, host: undefined, server: http, limits });
    const peer = await rawPeer({ port });
    peer.send(requestHead({ lines: Array.from({ length: count }, () => "a:b") }));
    await peer.has(`HTTP/1.1 ${status} `);
  },
);

test("an HTTP server goes on to answer what is no upgrade", async () => {
  const { http, port } = await httpServer();
  await running({ port: undefined, host: undefined, server: http });
  const agent = new Agent();
  const status = await new Promise((resolve, reject) => {
    httpRequest({ port, host: "127.0.0.1", agent }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on("error", reject)
      .end();
  });
  expect(status).toBe(200);
});

test.each(both)(
  "R6455-4.2.2-04 (%s): a path that the server does not have gets 404",
  async (kind) => {
    const { http, port: httpPort } = await httpServer();
    const place = kind === "own" ? {} : { port: undefined, host: undefined, server: http };
    const { port } = await running({ ...place, match: "/chat" });
    const peer = await rawPeer({ port: kind === "own" ? port : httpPort });
    peer.send(requestHead({ line: "GET /chat/ HTTP/1.1" }));
    await peer.end();
    expect(peer.text).toMatch(/^HTTP\/1\.1 404 /);
    const other = await rawPeer({ port: kind === "own" ? port : httpPort });
    other.send(requestHead({ line: "GET /chat?room=1 HTTP/1.1" }));
    await other.has("HTTP/1.1 101 ");
  },
);
