import { once } from "node:events";
import { connect as connectTcp, type Socket } from "node:net";
import { duplexPair } from "node:stream";
import {
  connect as connectTls,
  createSecureContext,
  createServer as createTlsServer,
  TLSSocket,
} from "node:tls";
import { expect, test } from "vitest";
import { connect, type UpgradeRequest } from "../../../src/node/index.ts";
import { requestHead } from "../../helpers/handshake.ts";
import { RawPeer } from "./raw-peer.ts";
import { acceptRequest } from "./raw-server.ts";
import {
  after,
  client,
  deferred,
  echo,
  eventually,
  listening,
  pem,
  rawPeer,
  running,
  securePeer,
  serverTls,
  trusted,
} from "./running.ts";

test("R6455-10.6-01: messages over TLS, both ways", async () => {
  const { url } = await running({ tls: serverTls, deflate: true });
  const socket = await client(url, { tls: trusted });
  for (const data of ["text: ü", Uint8Array.of(1, 2, 3), "x".repeat(200_000)]) {
    await socket.send(data);
    expect(await socket.receive()).toEqual(data);
  }
  expect(socket.request.tls).toBeInstanceOf(TLSSocket);
  expect(socket.request.tls!.authorized).toBe(true);
  expect(await socket.close()).toEqual({ code: 1000, reason: "", wasClean: true });
});

test.each([
  [
    "for another name",
    { cert: pem("other.pem"), key: pem("other.key") },
    trusted,
    "ERR_TLS_CERT_ALTNAME_INVALID",
  ],
  [
    "signed by itself",
    { cert: pem("self-signed.pem"), key: pem("self-signed.key") },
    trusted,
    "DEPTH_ZERO_SELF_SIGNED_CERT",
  ],
  ["signed by nobody who is known", serverTls, {}, "UNABLE_TO_VERIFY_LEAF_SIGNATURE"],
])(
  "CVE-2018-8034, R6455-4.1-05: a certificate %s fails, and nothing is sent",
  async (_, tls, options, code) => {
    const server = createTlsServer(tls);
    const secured: RawPeer[] = [];
    const over = deferred();
    server.on("connection", (carrier: Socket) => carrier.on("close", over.resolve));
    // With TLS 1.3 a server may take the handshake for finished before the client has judged it.
    server.on("secureConnection", (socket: TLSSocket) => secured.push(new RawPeer(socket)));
    const port = await listening(server);
    const failed = connect(`wss://localhost:${port}/`, { tls: options });
    await expect(failed).rejects.toMatchObject({ code });
    await over.promise;
    expect(secured.map(({ text }) => text).join("")).toBe("");
  },
);

test("R6455-4.1-05: certificates are verified unless the options of TLS say otherwise", async () => {
  const { port } = await running({ tls: serverTls });
  await expect(connect(`wss://127.0.0.1:${port}/`)).rejects.toMatchObject({
    code: "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  });
  const socket = await client(`wss://localhost:${port}/`, { tls: { rejectUnauthorized: false } });
  expect(socket.request.tls!.authorized).toBe(false);
});

test.each([
  ["localhost", "localhost"],
  ["127.0.0.1", false],
])("R6455-4.1-06: a server is named if it has a name: %s", async (host, servername) => {
  const seen = deferred<UpgradeRequest>();
  const { port } = await running({ tls: serverTls }, (_socket, request) => seen.resolve(request));
  await client(`wss://${host}:${port}/`, { tls: trusted });
  const { tls } = await seen.promise;
  expect(tls).toMatchObject({ servername, alpnProtocol: "http/1.1" });
});

test("the certificate of a client is seen by the hook", async () => {
  const seen = deferred<unknown>();
  const tls = { ...serverTls, ...trusted, requestCert: true };
  const { port } = await running({
    tls,
    accept: ({ tls: socket }) => {
      seen.resolve([socket!.authorized, socket!.getPeerCertificate().subject.CN]);
      return true;
    },
  });
  const own = { cert: pem("client.pem"), key: pem("client.key") };
  await client(`wss://localhost:${port}/`, { tls: { ...trusted, ...own } });
  expect(await seen.promise).toEqual([true, "somebody"]);
  await expect(connect(`wss://localhost:${port}/`, { tls: trusted })).rejects.toThrow(
    "certificate required",
  );
});

test("ALPN: a client that wants something else only is not served; a callback may decide", async () => {
  const { port } = await running({ tls: serverTls });
  const h2 = { ...trusted, ALPNProtocols: ["h2"] };
  await expect(connect(`wss://localhost:${port}/`, { tls: h2 })).rejects.toThrow("alert");
  const other = await running({ tls: { ...serverTls, ALPNCallback: () => "h2" } });
  const socket = await client(other.url, { tls: h2 });
  expect(socket.request.tls!.alpnProtocol).toBe("h2");
});

test("R6455-4.2.2-01: what is no TLS, or is broken off, ends that stream and nothing else", async () => {
  const { server, port, url, reports } = await running({ tls: serverTls });
  for (const octets of [
    "GET / HTTP/1.1\r\n\r\n",
    "\x16\x03\x01\x00\x05hello",
    "\x15\x03\x01\x00\x02\x02\x28",
  ]) {
    const peer = await rawPeer({ port });
    peer.send(octets);
    await peer.over();
  }
  const half = await rawPeer({ port });
  half.send("\x16\x03\x01");
  half.stream.end();
  await half.over();
  const reset = await rawPeer({ port });
  reset.send("\x16\x03\x01");
  reset.stream.resetAndDestroy();
  await reset.closed;
  const socket = await client(url, { tls: trusted });
  await socket.send("still here");
  expect(await socket.receive()).toBe("still here");
  await socket.close();
  // All of them have left.
  await server.close();
  expect(reports.errors).toEqual([]);
});

test("TLS handshakes that fail give their place back", async () => {
  const { port } = await running({ tls: serverTls, limits: { handshakes: 1, connections: 1 } });
  for (let count = 0; count < 3; count++) {
    const peer = await rawPeer({ port });
    peer.send("nonsense");
    await peer.over();
    peer.stream.destroy();
    await peer.closed;
  }
  await eventually(async () => {
    const next = securePeer(port);
    next.send(requestHead());
    await next.has("\r\n\r\n").catch(() => {});
    next.stream.destroy();
    return next.text.startsWith("HTTP/1.1 101 ");
  });
});

test("R6455-7.1.1-01: a TLS peer that leaves without close_notify is 1006", async () => {
  const closed = deferred<unknown>();
  const { port } = await running({ tls: serverTls }, async (socket) => {
    closed.resolve(await socket.closed);
  });
  const carrier = connectTcp({ port, host: "127.0.0.1" });
  const peer = new RawPeer(connectTls({ socket: carrier, servername: "localhost", ...trusted }));
  peer.send(requestHead());
  await peer.has("\r\n\r\n");
  carrier.destroy();
  expect(await closed.promise).toEqual({ code: 1006, reason: "", wasClean: false });
  await peer.closed;
});

test("a server that ends inside the TLS handshake fails the client", async () => {
  const { port } = await running({}, echo);
  await expect(connect(`wss://127.0.0.1:${port}/`)).rejects.toThrow("wrong version number");
});

test("TLS over a stream that is no socket", async () => {
  const [transport, other] = duplexPair();
  const secureContext = createSecureContext(serverTls);
  const server = new TLSSocket(other, { isServer: true, secureContext });
  const peer = new RawPeer(server);
  after(() => server.destroy());
  const connecting = client("wss://localhost/", { transport, tls: trusted });
  await acceptRequest(peer, [], "\x81\x02hi");
  const socket = await connecting;
  expect(await socket.receive()).toBe("hi");
  socket.terminate();
  if (!transport.closed) await once(transport, "close");
});

test("TLS options that Node refuses fail, and the stream is ended", async () => {
  const [transport] = duplexPair();
  const failed = connect("wss://localhost/", { transport, tls: { cert: "none" } });
  await expect(failed).rejects.toThrow("PEM");
  expect(transport.destroyed).toBe(true);
});
