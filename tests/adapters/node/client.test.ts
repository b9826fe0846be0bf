import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { duplexPair } from "node:stream";
import { WebSocketServer as WsServer } from "ws";
import { expect, test } from "vitest";
import { type ClientOptions, connect, HandshakeRefusedError } from "../../../src/node/index.ts";
import { RawPeer } from "./raw-peer.ts";
import { acceptRequest } from "./raw-server.ts";
import { client, deferred, listening, running } from "./running.ts";

/** A server without any WebSocket: each connection is a raw peer. */
async function rawServer(): Promise<{
  readonly port: number;
  readonly next: () => Promise<RawPeer<Socket>>;
}> {
  const server = createServer({ allowHalfOpen: true });
  const port = await listening(server);
  return {
    port,
    next: async () =>
      new Promise((resolve) => {
        server.once("connection", (socket) => resolve(new RawPeer(socket)));
      }),
  };
}

/** What a client sends first, line by line. */
async function requestOf(
  url: (port: number) => string,
  options: ClientOptions = {},
): Promise<string[]> {
  const { port, next } = await rawServer();
  const accepted = next();
  const connecting = connect(url(port), options);
  const peer = await accepted;
  await acceptRequest(peer);
  (await connecting).terminate();
  return peer.text.split("\r\n").filter((line) => line !== "");
}

test("R6455-4.1-09, R6455-4.1-12: the request: target, Host, and the headers given", async () => {
  const lines = await requestOf((port) => `ws://127.0.0.1:${port}/a/b?c=d`, {
    headers: [
      ["Origin", "https://example.com"],
      ["Cookie", "a=1; b=2"],
      ["X-Twice", "1"],
      ["X-Twice", "2"],
    ],
    subprotocols: ["chat", "superchat"],
    deflate: false,
  });
  const port = /:(\d+)$/.exec(lines[1]!)![1];
  expect(lines.filter((line) => !line.startsWith("Sec-WebSocket-Key: "))).toEqual([
    "GET /a/b?c=d HTTP/1.1",
    `Host: 127.0.0.1:${port}`,
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Protocol: chat, superchat",
    "Origin: https://example.com",
    "Cookie: a=1; b=2",
    "X-Twice: 1",
    "X-Twice: 2",
  ]);
});

test.each([
  ["ws://example.com/", "Host: example.com"],
  ["ws://example.com:80/", "Host: example.com"],
  ["ws://example.com:8080/", "Host: example.com:8080"],
  ["ws://[::1]/", "Host: [::1]"],
  ["ws://[2001:DB8::1]:81/", "Host: [2001:db8::1]:81"],
  ["ws://bücher.example/", "Host: xn--bcher-kva.example"],
])("R6455-4.1-09, R6455-11.1-01: %s has %s", async (url, line) => {
  const [transport, other] = duplexPair();
  const connecting = client(url, { transport });
  const peer = new RawPeer(other);
  await acceptRequest(peer);
  await connecting;
  expect(peer.text.split("\r\n")[1]).toBe(line);
});

test("a client offers permessage-deflate unless told not to", async () => {
  const lines = await requestOf((port) => `ws://127.0.0.1:${port}/`);
  expect(lines.join("\n")).toMatch(/^Sec-WebSocket-Extensions: permessage-deflate\b/m);
});

test.each<[url: string, headers: Record<string, string>, line: string | undefined]>([
  ["user:pass%20word@", {}, "Authorization: Basic dXNlcjpwYXNzIHdvcmQ="],
  ["user:password@", { authorization: "Bearer x" }, "authorization: Bearer x"],
  ["", {}, undefined],
])("credentials of a URL: %s %j", async (credentials, headers, line) => {
  const lines = await requestOf((port) => `ws://${credentials}127.0.0.1:${port}/`, { headers });
  expect(lines.filter((each) => /^authorization:/i.test(each))).toEqual(
    line === undefined ? [] : [line],
  );
});

test("a connection tells its request and the response", async () => {
  const { port, next } = await rawServer();
  const accepted = next();
  const connecting = client(`ws://127.0.0.1:${port}/a?b`, {
    headers: { "X-Own": "1" },
    subprotocols: ["a", "b"],
  });
  await acceptRequest(await accepted, [
    "Sec-WebSocket-Protocol: b",
    "Sec-WebSocket-Extensions: permessage-deflate",
    "Set-Cookie: a=1",
    "SET-COOKIE: b=2",
  ]);
  const socket = await connecting;
  expect(socket.subprotocol).toBe("b");
  expect(socket.extensions).toEqual(["permessage-deflate"]);
  expect(socket.responseHeaders).toEqual([
    ["set-cookie", "a=1"],
    ["set-cookie", "b=2"],
  ]);
  const { request } = socket;
  expect([request.host, request.target, request.path]).toEqual([`127.0.0.1:${port}`, "/a?b", "/a"]);
  expect(request.header("x-own")).toEqual(["1"]);
  expect(request.headers).toEqual([["x-own", "1"]]);
  expect(request.subprotocols).toEqual(["a", "b"]);
  expect(request.extensions).toEqual(["permessage-deflate"]);
  expect([request.remoteAddress, request.remotePort, request.tls]).toEqual([
    "127.0.0.1",
    port,
    null,
  ]);
});

test("R6455-4.2.2-08: frames that come with the answer are not lost", async () => {
  const [transport, other] = duplexPair();
  const connecting = client("ws://example.com/", { transport, deflate: false });
  const peer = new RawPeer(other);
  await acceptRequest(peer, [], "\x81\x02hi\x81\x02ho");
  const socket = await connecting;
  expect([await socket.receive(), await socket.receive()]).toEqual(["hi", "ho"]);
});

test.each([
  ["a subprotocol that was not asked for", ["Sec-WebSocket-Protocol: other"], "ERR_SUBPROTOCOL"],
  ["an extension that was not asked for", ["Sec-WebSocket-Extensions: x-other"], "ERR_EXTENSION"],
  ["a second digest", ["Sec-WebSocket-Accept: x"], "ERR_ACCEPT"],
])("an acceptance with %s fails, and the stream ends", async (_, lines, code) => {
  const { port, next } = await rawServer();
  const accepted = next();
  const connecting = connect(`ws://127.0.0.1:${port}/`, { subprotocols: ["chat"] });
  connecting.catch(() => {});
  const peer = await accepted;
  await acceptRequest(peer, lines);
  await expect(connecting).rejects.toMatchObject({ name: "RemoteProtocolError", code });
  await peer.over();
});

test("an answer that is no HTTP fails", async () => {
  const { port, next } = await rawServer();
  const accepted = next();
  const failed = connect(`ws://127.0.0.1:${port}/`);
  failed.catch(() => {});
  const peer = await accepted;
  peer.send("SSH-2.0-x\r\n");
  await expect(failed).rejects.toMatchObject({
    name: "RemoteProtocolError",
    message: "Bad HTTP message",
  });
  await peer.over();
});

// Refusals

const answers: [what: string, response: string, status: number, body: string][] = [
  [
    "a counted body",
    "HTTP/1.1 401 \r\nWWW-Authenticate: Basic\r\nContent-Length: 4\r\n\r\nnope",
    401,
    "nope",
  ],
  [
    "no body",
    "HTTP/1.1 403 Forbidden\r\nWWW-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n",
    403,
    "",
  ],
  [
    "a chunked body",
    "HTTP/1.1 500 \r\nWWW-Authenticate: Basic\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n2;x\r\npe\r\n0\r\n\r\n",
    500,
    "nope",
  ],
  ["a status that has no body", "HTTP/1.1 304 \r\nWWW-Authenticate: Basic\r\n\r\n", 304, ""],
  [
    "interim responses before",
    "HTTP/1.1 100 \r\n\r\nHTTP/1.1 103 \r\nLink: x\r\n\r\nHTTP/1.1 404 \r\nWWW-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n",
    404,
    "",
  ],
  [
    "200, which is no acceptance",
    "HTTP/1.1 200 OK\r\nWWW-Authenticate: Basic\r\nContent-Length: 4\r\n\r\nnope",
    200,
    "nope",
  ],
];

test.each(answers)(
  "a refusal with %s is an error that carries it",
  async (_, response, status, body) => {
    const { port, next } = await rawServer();
    const accepted = next();
    const connecting = connect(`ws://127.0.0.1:${port}/`);
    connecting.catch(() => {});
    const peer = await accepted;
    await peer.has("\r\n\r\n");
    peer.send(`${response}GARBAGE\x81\x02hi`);
    const error: unknown = await connecting.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(HandshakeRefusedError);
    if (!(error instanceof HandshakeRefusedError)) return;
    expect(error.name).toBe("HandshakeRefusedError");
    expect(error.message).toBe(`the server refused the handshake with status ${status}`);
    expect([error.status, Buffer.from(error.body).toString()]).toEqual([status, body]);
    expect([error.header("WWW-Authenticate"), error.header("x-none")]).toEqual(["Basic", null]);
    await peer.over();
  },
);

test("a body that ends with the stream, and one of which the rest never comes", async () => {
  const { port, next } = await rawServer();
  for (const [framing, leave, body] of [
    ["", (peer: RawPeer<Socket>) => peer.stream.end(), "half"],
    ["Content-Length: 10\r\n", (peer: RawPeer<Socket>) => peer.stream.resetAndDestroy(), undefined],
  ] as const) {
    const accepted = next();
    const connecting = connect(`ws://127.0.0.1:${port}/`);
    connecting.catch(() => {});
    const peer = await accepted;
    await peer.has("\r\n\r\n");
    peer.send(`HTTP/1.1 503 \r\n${framing}\r\nhalf`);
    leave(peer);
    const error: unknown = await connecting.catch((reason: unknown) => reason);
    if (body !== undefined)
      expect(error).toMatchObject({ status: 503, body: new TextEncoder().encode(body) });
    else expect(error).toBeInstanceOf(Error);
  }
});

test("of a body that is too long a mebibyte is kept, and the stream ends", async () => {
  const { port, next } = await rawServer();
  const accepted = next();
  const connecting = connect(`ws://127.0.0.1:${port}/`);
  connecting.catch(() => {});
  const peer = await accepted;
  await peer.has("\r\n\r\n");
  peer.send("HTTP/1.1 500 \r\n\r\n");
  peer.send(new Uint8Array(3 * 1024 * 1024));
  const error: unknown = await connecting.catch((refusal: unknown) => refusal);
  expect(error instanceof HandshakeRefusedError && error.body.length).toBe(1024 * 1024);
  await peer.over();
});

test.each([
  [
    "a chunk that is longer than it says",
    "Transfer-Encoding: chunked\r\n\r\n2\r\nnope\r\n0\r\n\r\n",
  ],
  ["two lengths", "Content-Length: 4\r\nContent-Length: 5\r\n\r\nnope"],
  ["half of what its length says, and the end", "Content-Length: 5\r\n\r\nnope"],
])("a refusal with %s is no HTTP", async (_, rest) => {
  const { port, next } = await rawServer();
  const accepted = next();
  const connecting = connect(`ws://127.0.0.1:${port}/`);
  connecting.catch(() => {});
  const peer = await accepted;
  await peer.has("\r\n\r\n");
  peer.send(`HTTP/1.1 403 \r\n${rest}`);
  peer.stream.end();
  await expect(connecting).rejects.toMatchObject({ name: "RemoteProtocolError" });
});

test("a refusal that breaks off is told as far as it came", async () => {
  const [transport, other] = duplexPair();
  const connecting = connect("ws://example.com/", { transport });
  connecting.catch(() => {});
  const peer = new RawPeer(other);
  await peer.has("\r\n\r\n");
  peer.send("HTTP/1.1 503 \r\nContent-Length: 10\r\n\r\nhalf");
  await new Promise((resolve) => setImmediate(resolve));
  transport.destroy(new Error("cable"));
  await expect(connecting).rejects.toMatchObject({
    status: 503,
    body: new TextEncoder().encode("half"),
  });
});

// Faults

test("R6455-4.1-04: a refused connection, and a name that nobody has, fail", async () => {
  const { port } = await rawServer();
  const unused = createServer();
  const free = await listening(unused);
  unused.close();
  await once(unused, "close");
  await expect(connect(`ws://127.0.0.1:${free}/`)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  await expect(connect(`ws://name.invalid:${port}/`)).rejects.toMatchObject({
    syscall: "getaddrinfo",
  });
  await expect(connect("ws://x/", { path: "/nowhere/at/all" })).rejects.toMatchObject({
    code: "ENOENT",
  });
});

test.each([
  ["the end of the stream before the answer", "", "FIN", "Bad HTTP message"],
  ["the end of the stream inside the answer", "HTTP/1.1 101 Swi", "FIN", "Bad HTTP message"],
  ["a reset before the answer", "", "RST", "ECONNRESET"],
])("R6455-7.2.1-01: %s fails the handshake", async (_, begun, how, message) => {
  const { port, next } = await rawServer();
  const accepted = next();
  const connecting = connect(`ws://127.0.0.1:${port}/`);
  connecting.catch(() => {});
  const peer = await accepted;
  await peer.has("\r\n\r\n");
  peer.send(begun);
  if (how === "FIN") peer.stream.end();
  else peer.stream.resetAndDestroy();
  await expect(connecting).rejects.toThrow(message);
  await peer.over();
});

test("a transport that is closed without a word", async () => {
  const [transport] = duplexPair();
  const connecting = connect("ws://example.com/", { transport });
  transport.destroy();
  await expect(connecting).rejects.toThrow(
    "the stream was closed before the handshake was answered",
  );
  await expect(connect("ws://example.com/", { transport })).rejects.toThrow("was closed");
});

test("what a stream has in store behind a refusal is not looked at", async () => {
  const [transport, other] = duplexPair();
  transport.pause();
  // A server may answer before it was asked.
  other.write("HTTP/1.1 408 \r\nContent-Length: 0\r\n\r\n");
  other.write("HTTP/1.1 101 \r\n\r\n");
  await expect(connect("ws://example.com/", { transport })).rejects.toMatchObject({ status: 408 });
});

// Abort

const reason = new Error("not any more");

test("signal: aborted already, nothing is connected", async () => {
  const { port } = await rawServer();
  const signal = AbortSignal.abort(reason);
  await expect(connect(`ws://127.0.0.1:${port}/`, { signal })).rejects.toBe(reason);
});

test.each([
  ["while the name is looked up", "ws://localhost"],
  ["while TCP connects", "ws://127.0.0.1"],
])("signal: aborted %s", async (_, url) => {
  const { port } = await rawServer();
  const controller = new AbortController();
  const connecting = connect(`${url}:${port}/`, { signal: controller.signal });
  controller.abort(reason);
  await expect(connecting).rejects.toBe(reason);
});

test("signal: aborted before the request leaves", async () => {
  const [transport, other] = duplexPair();
  const peer = new RawPeer(other);
  const controller = new AbortController();
  const connecting = connect("ws://example.com/", { transport, signal: controller.signal });
  controller.abort(reason);
  await expect(connecting).rejects.toBe(reason);
  expect([peer.text, transport.destroyed]).toEqual(["", true]);
});

test.each(["ws", "wss"])("signal: aborted while the server says nothing: %s", async (scheme) => {
  const { port, next } = await rawServer();
  const controller = new AbortController();
  const accepted = next();
  const connecting = connect(`${scheme}://127.0.0.1:${port}/`, { signal: controller.signal });
  connecting.catch(() => {});
  const peer = await accepted;
  await peer.hasOctets(1);
  controller.abort(reason);
  await expect(connecting).rejects.toBe(reason);
  await peer.over();
});

test("signal: aborted while the body of a refusal is on its way", async () => {
  const [transport, other] = duplexPair();
  const controller = new AbortController();
  const connecting = connect("ws://example.com/", { transport, signal: controller.signal });
  connecting.catch(() => {});
  const peer = new RawPeer(other);
  await peer.has("\r\n\r\n");
  peer.send("HTTP/1.1 503 \r\nContent-Length: 10\r\n\r\nhalf");
  await new Promise((resolve) => setImmediate(resolve));
  controller.abort(reason);
  await expect(connecting).rejects.toBe(reason);
});

test("signal: a connection that stands is left alone, and the signal forgets it", async () => {
  const { url } = await running();
  const controller = new AbortController();
  const socket = await client(url, { signal: controller.signal });
  controller.abort(reason);
  await socket.send("still here");
  expect(await socket.receive()).toBe("still here");
});

// Another implementation

test("a server of ws", async () => {
  const server = new WsServer({ port: 0, host: "127.0.0.1", perMessageDeflate: true });
  await once(server, "listening");
  const closed = deferred<unknown>();
  server.on("connection", (socket) => {
    socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
    socket.on("close", (code, text) => closed.resolve([code, text.toString()]));
  });
  const address = server.address();
  const port = typeof address === "object" ? address?.port : 0;
  const socket = await client(`ws://127.0.0.1:${port}/`);
  expect(socket.extensions).toEqual(["permessage-deflate"]);
  for (const data of ["text: ü", Uint8Array.of(1, 2, 3), "x".repeat(100_000)]) {
    await socket.send(data);
    expect(await socket.receive()).toEqual(data);
  }
  expect(await socket.close(4000, "done")).toEqual({ code: 4000, reason: "done", wasClean: true });
  expect(await closed.promise).toEqual([4000, "done"]);
  server.close();
});
