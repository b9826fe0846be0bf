import { createServer, type IncomingMessage } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { expect, test } from "vitest";
import { connect, HandshakeRefusedError } from "../../../src/node/index.ts";
import { client, listening, running, serverTls, trusted } from "./running.ts";

/** A server that redirects everything, with these options of TLS; what it was asked. */
async function redirecting(
  location: string | ((request: IncomingMessage) => string),
  { status = 302, tls = false } = {},
): Promise<{ readonly port: number; readonly requests: IncomingMessage[] }> {
  const requests: IncomingMessage[] = [];
  const server = tls ? createHttpsServer(serverTls) : createServer();
  server.on("request", (request: IncomingMessage, response) => {
    requests.push(request);
    response.writeHead(status, {
      Location: typeof location === "string" ? location : location(request),
    });
    response.end("elsewhere");
  });
  return { port: await listening(server), requests };
}

const secret = { Authorization: "Bearer x", Cookie: "a=1", "X-Public": "1" };

test.each([301, 302, 303, 307, 308])("status %i is followed when asked for", async (status) => {
  const { port } = await running({ match: "/there" });
  const { port: from } = await redirecting(`http://127.0.0.1:${port}/there?a=b`, { status });
  const socket = await client(`ws://127.0.0.1:${from}/here`, { redirects: 1 });
  expect([socket.request.target, socket.request.host]).toEqual(["/there?a=b", `127.0.0.1:${port}`]);
});

test("without that a redirect is a refusal, and so is one more than allowed", async () => {
  const { port } = await running();
  const { port: from } = await redirecting(`ws://127.0.0.1:${port}/`);
  const { port: first } = await redirecting(`ws://127.0.0.1:${from}/`);
  await expect(connect(`ws://127.0.0.1:${from}/`)).rejects.toMatchObject({ status: 302 });
  const once = connect(`ws://127.0.0.1:${first}/`, { redirects: 1 });
  await expect(once).rejects.toMatchObject({ name: "HandshakeRefusedError", status: 302 });
  await client(`ws://127.0.0.1:${first}/`, { redirects: 2 });
  await client(`ws://127.0.0.1:${first}/`, { redirects: Infinity });
});

test("another host gets neither Authorization nor Cookie", async () => {
  const { port } = await running();
  const { port: second, requests: later } = await redirecting(`ws://127.0.0.1:${port}/`);
  const { port: first, requests } = await redirecting(`ws://127.0.0.1:${second}/`);
  const socket = await client(`ws://user:password@127.0.0.1:${first}/`, {
    redirects: 2,
    headers: secret,
  });
  expect(requests[0]!.headers).toMatchObject({
    authorization: "Bearer x",
    cookie: "a=1",
    "x-public": "1",
  });
  for (const names of [
    Object.keys(later[0]!.headers),
    socket.request.headers.map(([name]) => name),
  ]) {
    expect(names).toContain("x-public");
    expect(names).not.toContain("authorization");
    expect(names).not.toContain("cookie");
  }
});

test("the same host gets them again, and the credentials of the URL", async () => {
  const seen: (readonly string[])[] = [];
  const { http, port } = await httpWithSwitch(seen);
  expect(http.listening).toBe(true);
  await client(`ws://user:password@127.0.0.1:${port}/first`, {
    redirects: 1,
    headers: { Cookie: "a=1" },
  });
  expect(seen).toEqual([["Basic dXNlcjpwYXNzd29yZA==", "a=1"]]);
});

/** An HTTP server that redirects /first to /second, where connections are taken. */
async function httpWithSwitch(
  seen: (readonly string[])[],
): Promise<{ http: ReturnType<typeof createServer>; port: number }> {
  const http = createServer();
  const port = await listening(http);
  await running({
    port: undefined,
    host: undefined,
    server: http,
    accept: (request) => {
      if (request.path === "/first") return { status: 307, headers: { Location: "second" } };
      seen.push([...request.header("authorization"), ...request.header("cookie")]);
      return true;
    },
  });
  return { http, port };
}

test("from ws to wss of the same host", async () => {
  const { port } = await running({ tls: serverTls });
  const { port: from } = await redirecting(`https://localhost:${port}/#fragment`);
  const socket = await client(`ws://localhost:${from}/`, { redirects: 1, tls: trusted });
  expect(socket.request.tls!.authorized).toBe(true);
});

test("from wss to ws none is followed", async () => {
  const { port } = await running();
  const { port: from } = await redirecting(`http://localhost:${port}/`, { tls: true });
  const failed = connect(`wss://localhost:${from}/`, { redirects: 5, tls: trusted });
  await expect(failed).rejects.toBeInstanceOf(HandshakeRefusedError);
  await expect(failed).rejects.toMatchObject({ status: 302 });
});

test("from wss to a relative place", async () => {
  const { port, requests } = await redirecting(() => "/again", { tls: true });
  const failed = connect(`wss://localhost:${port}/`, { redirects: 2, tls: trusted });
  await expect(failed).rejects.toMatchObject({ status: 302 });
  expect(requests.map(({ url }) => url)).toEqual(["/", "/again", "/again"]);
});

test.each(["ftp://localhost/", "http://%zz@localhost/", "http://[::1/", "mailto:somebody"])(
  "to %s none is followed",
  async (location) => {
    const { port } = await redirecting(location);
    const failed = connect(`ws://127.0.0.1:${port}/`, { redirects: 5 });
    await expect(failed).rejects.toMatchObject({ name: "HandshakeRefusedError", status: 302 });
  },
);

test("without Location, with another status, and over a stream of the caller's none is followed", async () => {
  const { url } = await running({ accept: () => ({ status: 302 }) });
  await expect(connect(url, { redirects: 5 })).rejects.toMatchObject({ status: 302 });
  const other = await running({ accept: () => ({ status: 401, headers: { Location: "/" } }) });
  await expect(connect(other.url, { redirects: 5 })).rejects.toMatchObject({ status: 401 });
});
