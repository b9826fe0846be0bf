import { once } from "node:events";
import { afterEach, expect, test } from "vitest";
import { type AddressInfo, WebSocket, WebSocketServer } from "ws";
import { Program } from "./program.ts";

const running: Program[] = [];

async function startServer(): Promise<{ server: Program; url: string }> {
  const server = new Program("server");
  running.push(server);
  const [, url] = await server.printed(/listening on (ws:\S+)/);
  return { server, url: url! };
}

afterEach(async () => {
  await Promise.all(running.splice(0).map(async (program) => program.stop()));
});

const conversation = [
  "sending Request",
  "open, with permessage-deflate",
  "sending TextMessage",
  'received "Hello, server!"',
  "sending Ping",
  "received a pong",
  "sending CloseConnection",
  "closed: 1000 done",
  "",
].join("\n");

test("the example client and the example server hold a conversation over TCP", async () => {
  const { server, url } = await startServer();
  const client = new Program("client", [`${url}chat?room=1`]);
  expect(await client.finished()).toEqual({ code: 0, output: conversation, errors: "" });
  await server.printed(/request for \/chat\?room=1\n/);
  await server.printed(/closed: 1000 done\n/);
});

test("the example client talks to a server of ws", async () => {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: true });
  await once(server, "listening");
  server.on("connection", (socket) => {
    socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
  });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it listens on TCP
  const { port } = server.address() as AddressInfo;
  const client = new Program("client", [`ws://127.0.0.1:${port}/`]);
  expect(await client.finished()).toEqual({ code: 0, output: conversation, errors: "" });
  server.close();
});

test.each([false, true])(
  "the example server talks to a client of ws (compressed: %s)",
  async (perMessageDeflate) => {
    const { url } = await startServer();
    const client = new WebSocket(url, { perMessageDeflate });
    const messages: string[] = [];
    client.on("message", (data: Buffer, isBinary) => {
      messages.push(isBinary ? data.toString("hex") : data.toString());
      if (messages.length === 3) client.close(4000, "enough");
    });
    await once(client, "open");
    client.send("Grüße");
    client.send(Buffer.from("00ff80", "hex"));
    client.send("x".repeat(100_000));
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- once() does not know an event's types
    const [code, reason] = (await once(client, "close")) as [number, Buffer];
    expect(messages).toEqual(["Grüße", "00ff80", "x".repeat(100_000)]);
    expect([code, reason.toString()]).toEqual([4000, "enough"]);
  },
);

test("the example server refuses what is no opening request", async () => {
  const { server, url } = await startServer();
  const response = await fetch(url.replace("ws:", "http:"));
  expect(response.status).toBe(400);
  await server.printed(/refused: Missing header, 'Connection: Upgrade'\n/);
});

test("the look at the states shows each of them", async () => {
  const { code, output, errors } = await new Program("states").finished();
  expect({ code, errors }).toEqual({ code: 0, errors: "" });
  for (const state of ["CONNECTING", "OPEN", "LOCAL_CLOSING", "REMOTE_CLOSING", "CLOSED"]) {
    expect(output).toContain(state);
  }
  expect(output.trimEnd().split("\n").at(-1)).toMatch(/client CLOSED +server CLOSED$/);
});

test("two connections joined in memory, replayed from a recording, do the same", async () => {
  const { code, output, errors } = await new Program("in-memory").finished();
  expect({ code, errors }).toEqual({ code: 0, errors: "" });
  expect(output).toMatch(/^(\d+ steps replayed, each the same\n){2}$/);
});

test("an extension of one's own works beside permessage-deflate", async () => {
  const { code, output, errors } = await new Program("extension").finished();
  expect({ code, errors }).toEqual({ code: 0, errors: "" });
  expect(output).toContain("in use: permessage-deflate, x-reverse\n");
  expect(output).toContain('received: "Never odd or even.');
});
