import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect as connectTcp, type Socket } from "node:net";
import path from "node:path";
import { expect, test } from "vitest";
import type { AcceptContext, NodeConnection } from "../../../src/node/index.ts";
import { requestHead } from "../../helpers/handshake.ts";
import { ManualClock } from "./manual-clock.ts";
import { RawPeer } from "./raw-peer.ts";
import { after, client, deferred, eventually, httpServer, rawPeer, running } from "./running.ts";

test("CVE-2022-21676, CVE-2022-41940: resets right behind the request, a thousand of them, harm nothing", async () => {
  const own = await running({
    accept: async () => new Promise((resolve) => setImmediate(resolve, true)),
  });
  const { http, port } = await httpServer();
  const attached = await running({ port: undefined, host: undefined, server: http });
  for (const target of [own.port, port]) {
    for (let round = 0; round < 20; round++) {
      const peers = await Promise.all(
        Array.from({ length: 25 }, async () => RawPeer.to({ port: target })),
      );
      for (const peer of peers) {
        peer.send(requestHead());
        peer.stream.resetAndDestroy();
      }
      await Promise.all(peers.map(async (peer) => peer.closed));
    }
    const socket = await client(`ws://127.0.0.1:${target}/`);
    await socket.send("alive");
    expect(await socket.receive()).toBe("alive");
    await socket.close();
  }
  for (const { server, reports } of [own, attached]) {
    await server.close();
    expect([server.connections.size, reports.errors]).toEqual([0, []]);
  }
});

test.each([
  ["ends its side", (peer: RawPeer<Socket>) => peer.stream.end()],
  ["goes", (peer: RawPeer<Socket>) => peer.stream.destroy()],
  ["resets the stream", (peer: RawPeer<Socket>) => peer.stream.resetAndDestroy()],
])(
  "CVE-2025-11677, uWS-1583, CVE-2025-11234: a peer that %s while the hook thinks gets nothing, and no handler runs",
  async (_, leave) => {
    const begun = deferred<AcceptContext>();
    const answer = deferred<boolean>();
    let handled = 0;
    const { server, port, reports } = await running(
      {
        accept: async (_request, context) => {
          begun.resolve(context);
          return answer.promise;
        },
      },
      () => {
        handled += 1;
      },
    );
    const peer = await rawPeer({ port });
    peer.send(requestHead());
    const { signal } = await begun.promise;
    const aborted = once(signal, "abort");
    leave(peer);
    await aborted;
    answer.resolve(true);
    await peer.over();
    await server.close();
    expect([peer.text, handled, reports.errors]).toEqual(["", 0, []]);
  },
);

test("a peer that goes while its Origin is looked into is not given to the hook", async () => {
  const begun = deferred();
  const admitted = deferred<boolean>();
  let asked = 0;
  const { server, port } = await running({
    origin: async () => {
      begun.resolve();
      return admitted.promise;
    },
    accept: () => {
      asked += 1;
      return true;
    },
  });
  const peer = await rawPeer({ port });
  peer.send(requestHead({ lines: ["Origin: https://example.org"] }));
  await begun.promise;
  peer.stream.destroy();
  const closed = server.close();
  await closed;
  admitted.resolve(true);
  await new Promise((resolve) => setImmediate(resolve));
  expect(asked).toBe(0);
});

test.each([
  [true, "101", 1],
  [false, "403", 0],
])("a function that gives %s for an Origin: %s", async (admits, status, expected) => {
  let asked = 0;
  const { port } = await running({
    origin: async () => admits,
    accept: () => {
      asked += 1;
      return true;
    },
  });
  const peer = await rawPeer({ port });
  peer.send(requestHead({ lines: ["Origin: https://example.org"] }));
  await peer.has(`HTTP/1.1 ${status} `);
  expect(asked).toBe(expected);
});

test.each<[how: string, answer: () => boolean | Promise<boolean>]>([
  ["", () => true],
  [", with a promise", async () => true],
])("a hook that closes the server: 503, whatever it answers%s", async (_how, answer) => {
  const { server, port, reports } = await running({
    accept: () => {
      void server.close();
      return answer();
    },
  });
  const peer = await rawPeer({ port });
  peer.send(requestHead());
  await peer.end();
  expect(peer.text).toMatch(/^HTTP\/1\.1 503 /);
  await server.close();
  expect(reports.errors).toEqual([]);
});

test("R6455-7.2.2-01: half a request and the end: nothing is answered, nothing is left", async () => {
  const { server, port, reports } = await running();
  for (const octets of ["", "GET / HT", "GET / HTTP/1.1\r\nHost: a\r\n"]) {
    const peer = await rawPeer({ port });
    peer.send(octets);
    peer.stream.end();
    await peer.over();
    expect(peer.text).toBe("");
  }
  await server.close();
  expect(reports.errors).toEqual([]);
});

test("a fault of the server's own: 500, and the error hook hears of it", async () => {
  const { http, port } = await httpServer();
  const { reports } = await running({ port: undefined, host: undefined, server: http });
  // Somebody has taken the request apart before.
  http.prependListener("upgrade", (request) => {
    Object.assign(request, { rawHeaders: ["Host"] });
  });
  const peer = await rawPeer({ port });
  peer.send(requestHead());
  await peer.end();
  expect(peer.text).toMatch(/^HTTP\/1\.1 500 /);
  expect(reports.errors).toEqual([expect.any(TypeError)]);
});

test("CVE-2026-77791: a closing connection with a full socket sets no timer but its deadlines", async () => {
  const opened = deferred<NodeConnection>();
  const clock = new ManualClock();
  const { port } = await running({ clock, maxQueued: Infinity }, (socket) =>
    opened.resolve(socket),
  );
  const peer = await rawPeer({ port });
  peer.stream.pause();
  peer.send(requestHead());
  const socket = await opened.promise;
  void socket.send(new Uint8Array(32 * 1024 * 1024));
  const closed = socket.close();
  await clock.set(30_000);
  expect(clock.delays.sort((a, b) => a - b)).toEqual([10_000, 30_000]);
  clock.advance(10_000);
  expect(await closed).toMatchObject({ code: 1006 });
  expect(clock.delays).toEqual([]);
});

test("exhausted file descriptors: it accepts again when there are some", async () => {
  // A process of its own, that may have few of them.
  const program = path.resolve("tests/adapters/node/few-descriptors.mjs");
  const child = spawn("sh", ["-c", 'ulimit -n 200 && exec "$0" "$1"', process.execPath, program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  after(() => child.kill());
  let output = "";
  for await (const chunk of child.stdout) {
    output += String(chunk);
    if (output.includes("few are left")) break;
  }
  const port = Number.parseInt(output, 10);
  const crowd = await Promise.all(
    Array.from({ length: 60 }, async () => {
      const socket = connectTcp(port, "127.0.0.1");
      socket.on("error", () => {});
      await once(socket, "connect");
      return socket;
    }),
  );
  for (const socket of crowd) socket.destroy();
  // Until it has heard of that, it may have to close what comes.
  await eventually(async () => {
    const socket = await client(`ws://127.0.0.1:${port}/`).catch(() => null);
    if (socket === null) return false;
    await socket.send("alive");
    expect(await socket.receive()).toBe("alive");
    await socket.close();
    return true;
  });
});
