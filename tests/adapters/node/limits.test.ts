import { expect, test } from "vitest";
import type { Answer } from "../../../src/node/index.ts";
import { requestHead } from "../../helpers/handshake.ts";
import {
  client,
  deferred,
  eventually,
  httpServer,
  rawPeer,
  running,
  securePeer,
  serverTls,
} from "./running.ts";

const nowhere = { port: undefined, host: undefined };

test.each([
  ["connections", { connections: 2 }],
  ["connectionsPerAddress", { connectionsPerAddress: 2 }],
])(
  "CVE-2026-53522, CVE-2025-69199: limits.%s: one more gets 503, and room is made by one that leaves",
  async (_, limits) => {
    const { server, port, url, reports } = await running({ limits });
    const [first, second] = [await client(url), await client(url)];
    const refused = client(url);
    await expect(refused).rejects.toMatchObject({ name: "HandshakeRefusedError", status: 503 });
    const peer = await rawPeer({ port });
    await peer.end();
    expect(peer.text).toMatch(/^HTTP\/1\.1 503 [^]*\r\nConnection: close\r\n/);
    expect(server.connections.size).toBe(2);
    await first.close();
    const again = await client(url);
    await again.send("in");
    expect(await again.receive()).toBe("in");
    await second.send("still");
    expect(await second.receive()).toBe("still");
    expect(reports.errors).toEqual([]);
  },
);

test("CVE-2026-53522: limits.handshakes: one more in flight gets 503, before its request is looked at", async () => {
  const answer = deferred<Answer>();
  let asked = 0;
  const { port, url } = await running({
    limits: { handshakes: 2 },
    accept: () => {
      asked += 1;
      return answer.promise;
    },
  });
  const slow = await rawPeer({ port });
  slow.send("GET / HTTP/1.1\r\n");
  const waiting = await rawPeer({ port });
  waiting.send(requestHead());
  const third = await rawPeer({ port });
  third.send(requestHead());
  await third.end();
  expect(third.text).toMatch(/^HTTP\/1\.1 503 /);
  answer.resolve(true);
  await waiting.has("HTTP/1.1 101 ");
  // An open connection is no handshake any more.
  await client(url);
  expect(asked).toBe(2);
});

test("the limits hold for attached servers as well", async () => {
  const { http, port } = await httpServer();
  let asked = 0;
  const { server } = await running({
    ...nowhere,
    server: http,
    limits: { connections: 1, handshakes: 1 },
    accept: () => {
      asked += 1;
      return true;
    },
  });
  await client(`ws://127.0.0.1:${port}/`);
  const refused = await rawPeer({ port });
  refused.send(requestHead());
  await refused.end();
  expect(refused.text).toMatch(/^HTTP\/1\.1 503 /);
  // That one is still there: there is no place to refuse another in.
  const cut = await rawPeer({ port });
  cut.send(requestHead());
  await cut.over();
  expect(cut.text).toBe("");
  expect([asked, server.connections.size]).toEqual([1, 1]);
});

test("those that are refused count as well: too many are cut", async () => {
  const { port } = await running({ limits: { connections: 0, handshakes: 1 } });
  const refused = await rawPeer({ port });
  await refused.end();
  expect(refused.text).toMatch(/^HTTP\/1\.1 503 /);
  const cut = await rawPeer({ port });
  await cut.over();
  expect(cut.text).toBe("");
  refused.stream.end();
  await eventually(async () => {
    const next = await rawPeer({ port });
    await next.over();
    return next.text.startsWith("HTTP/1.1 503 ");
  });
});

test("with TLS the handshake counts from its first octet, and the refusal comes when it stands", async () => {
  const { port } = await running({ tls: serverTls, limits: { handshakes: 1 } });
  const half = await rawPeer({ port });
  half.send("\x16\x03\x01");
  const refused = securePeer(port);
  await refused.end();
  expect(refused.text).toMatch(/^HTTP\/1\.1 503 /);
  half.stream.destroy();
  refused.stream.destroy();
  await eventually(async () => {
    const next = securePeer(port);
    next.send(requestHead());
    await next.has("\r\n\r\n").catch(() => {});
    return next.text.startsWith("HTTP/1.1 101 ");
  });
});

test("CVE-2020-36049: limits of messages hold before the application's code runs", async () => {
  const seen: unknown[] = [];
  const { url } = await running({ limits: { message: 10, fragments: 3 } }, async (socket) => {
    for await (const message of socket) seen.push(message);
  });
  const tooLong = await client(url);
  await tooLong.send("x".repeat(10));
  await tooLong.send("x".repeat(11));
  expect(await tooLong.closed).toMatchObject({ code: 1009 });
  const tooMany = await client(url);
  await tooMany.send(["a", "b", "c", "d"]);
  expect(await tooMany.closed).toMatchObject({ code: 1008 });
  expect(seen).toEqual(["x".repeat(10)]);
});

test("limits of the head: its own and that of a client", async () => {
  const { port } = await running({ limits: { head: 200 } });
  const peer = await rawPeer({ port });
  peer.send(requestHead({ lines: [`X: ${"a".repeat(100)}`] }));
  await peer.end();
  expect(peer.text).toMatch(/^HTTP\/1\.1 431 /);
  const { url } = await running({ accept: () => ({ headers: { X: "a".repeat(200) } }) });
  await expect(client(url, { limits: { head: 200 } })).rejects.toMatchObject({
    name: "RemoteProtocolError",
    code: "ERR_HEAD_SIZE",
  });
});

test("limits.earlyData: what comes before the answer is bounded", async () => {
  const { port } = await running({
    limits: { earlyData: 10 },
    accept: async () => new Promise(() => {}),
  });
  const peer = await rawPeer({ port });
  peer.send(requestHead({ rest: "x".repeat(11) }));
  await peer.end();
  expect(peer.text).toMatch(/^HTTP\/1\.1 400 /);
});
