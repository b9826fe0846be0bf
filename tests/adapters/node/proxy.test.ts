import { once } from "node:events";
import { connect as connectTcp, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { expect, test } from "vitest";
import { connect, ProxyError } from "../../../src/node/index.ts";
import { RawPeer } from "./raw-peer.ts";
import { client, deferred, listening, running, serverTls, trusted } from "./running.ts";

/** A proxy that knows CONNECT; what it was asked for, head by head. */
async function tunnelling(
  tls: boolean,
  answer = "HTTP/1.1 200 Connection established\r\n\r\n",
): Promise<{ readonly port: number; readonly requests: string[]; readonly server: Server }> {
  const requests: string[] = [];
  const serve = (socket: Socket): void => {
    socket.on("error", () => {});
    socket.once("data", (head: Buffer) => {
      requests.push(head.toString());
      const port = Number(/^CONNECT \S+:(\d+) /.exec(head.toString())![1]);
      const target = connectTcp(port, "127.0.0.1", () => {
        socket.write(answer);
        socket.pipe(target).pipe(socket);
      });
      target.on("error", () => socket.destroy());
      socket.on("close", () => target.destroy());
    });
  };
  const server = tls ? createTlsServer(serverTls, serve) : createServer(serve);
  return { port: await listening(server), requests, server };
}

test.each([
  ["http", false, false],
  ["http", false, true],
  ["https", true, false],
  ["https", true, true],
])(
  "R6455-4.1-03: through an %s proxy, which is asked with CONNECT first (TLS to the proxy %s, to the server %s)",
  async (scheme, proxyTls, tls) => {
    const proxy = await tunnelling(proxyTls);
    const { port, url } = await running(tls ? { tls: serverTls } : {});
    const socket = await client(url, {
      proxy: `${scheme}://user:pass%3Aword@localhost:${proxy.port}`,
      tls: trusted,
      proxyTls: trusted,
    });
    for (const data of ["text", "x".repeat(200_000)]) {
      await socket.send(data);
      expect(await socket.receive()).toBe(data);
    }
    expect(proxy.requests).toEqual([
      [
        `CONNECT localhost:${port} HTTP/1.1`,
        `Host: localhost:${port}`,
        "Proxy-Authorization: Basic dXNlcjpwYXNzOndvcmQ=",
        "\r\n",
      ].join("\r\n"),
    ]);
    expect(await socket.close()).toMatchObject({ wasClean: true });
  },
);

test("an interim response and an answer in pieces", async () => {
  const { url } = await running();
  const answer = "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 204 \r\nVia: 1.1 x\r\n\r\n";
  const server = createServer((socket) => {
    socket.once("data", (head: Buffer) => {
      const port = Number(/:(\d+) HTTP/.exec(head.toString())![1]);
      const target = connectTcp(port, "127.0.0.1", () => {
        for (const octet of Buffer.from(answer)) socket.write(Uint8Array.of(octet));
        socket.pipe(target).pipe(socket);
      });
      socket.on("error", () => {}).on("close", () => target.destroy());
    });
  });
  const socket = await client(url, { proxy: `http://127.0.0.1:${await listening(server)}` });
  await socket.send("here");
  expect(await socket.receive()).toBe("here");
});

/** A proxy that does what it is told with each stream. */
async function proxyThat(
  answer: (peer: RawPeer<Socket>) => void,
): Promise<{ readonly url: string; readonly peer: Promise<RawPeer<Socket>> }> {
  const peer = deferred<RawPeer<Socket>>();
  const server = createServer((socket) => {
    const raw = new RawPeer(socket);
    peer.resolve(raw);
    raw.has("\r\n\r\n").then(
      () => answer(raw),
      () => {},
    );
  });
  return { url: `http://127.0.0.1:${await listening(server)}`, peer: peer.promise };
}

test("R6455-4.1-04: a proxy that refuses fails the connection, with its answer", async () => {
  const { url, peer } = await proxyThat((raw) => {
    raw.send(
      'HTTP/1.1 407 \r\nProxy-Authenticate: Basic realm="a"\r\nContent-Length: 4\r\n\r\nnope',
    );
  });
  const failed = connect("ws://example.com/", { proxy: url });
  await expect(failed).rejects.toBeInstanceOf(ProxyError);
  await expect(failed).rejects.toMatchObject({
    name: "ProxyError",
    message: "the proxy answered CONNECT with status 407, expected 2xx",
    status: 407,
    headers: [
      ["proxy-authenticate", 'Basic realm="a"'],
      ["content-length", "4"],
    ],
  });
  await (await peer).over();
});

test.each<[what: string, answer: (peer: RawPeer<Socket>) => void, message: string]>([
  ["no HTTP", (peer) => peer.send("SSH-2.0\r\n"), "HTTP"],
  ["101", (peer) => peer.send("HTTP/1.1 101 \r\n\r\n"), "the proxy closed the stream before"],
  [
    "octets that nobody can have sent",
    (peer) => peer.send("HTTP/1.1 200 \r\n\r\n\x81\x02hi"),
    "4 octets behind",
  ],
  [
    "the end of the stream",
    (peer) => peer.stream.end(),
    "the proxy closed the stream before its answer",
  ],
  ["a reset", (peer) => peer.stream.resetAndDestroy(), "ECONNRESET"],
])(
  "R6455-4.1-04: a proxy that answers with %s fails the connection",
  async (_, answer, message) => {
    const { url, peer } = await proxyThat((raw) => {
      answer(raw);
      raw.stream.end();
    });
    await expect(connect("ws://example.com/", { proxy: url })).rejects.toThrow(message);
    await (await peer).over();
  },
);

test("a proxy that is not there", async () => {
  const unused = createServer();
  const port = await listening(unused);
  unused.close();
  await once(unused, "close");
  const failed = connect("ws://example.com/", { proxy: `http://127.0.0.1:${port}` });
  await expect(failed).rejects.toMatchObject({ code: "ECONNREFUSED" });
});

test("a proxy whose certificate is not trusted gets no request", async () => {
  const { port, requests } = await tunnelling(true);
  const failed = connect("ws://example.com/", { proxy: `https://localhost:${port}` });
  await expect(failed).rejects.toMatchObject({ code: "UNABLE_TO_VERIFY_LEAF_SIGNATURE" });
  expect(requests).toEqual([]);
});

test("signal: aborted while the proxy says nothing", async () => {
  const asked = deferred();
  const { url, peer } = await proxyThat(() => asked.resolve());
  const controller = new AbortController();
  const failed = connect("ws://example.com/", { proxy: url, signal: controller.signal });
  failed.catch(() => {});
  await asked.promise;
  const reason = new Error("not any more");
  controller.abort(reason);
  await expect(failed).rejects.toBe(reason);
  await (await peer).over();
});
