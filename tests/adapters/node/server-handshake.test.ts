import { expect, test } from "vitest";
import type { Answer, UpgradeRequest } from "../../../src/node/index.ts";
import { ACCEPT, requestHead } from "../../helpers/handshake.ts";
import { untyped } from "../../helpers/rig.ts";
import { client, deferred, rawPeer, running } from "./running.ts";

/** What a server with this answer sends to the ordinary request, up to the end of the head or of the stream. */
async function answered(answer: unknown): Promise<{ text: string; errors: unknown[] }> {
  const { port, reports } = await running({ accept: () => untyped(answer) });
  const peer = await rawPeer({ port });
  peer.send(requestHead());
  await peer.has("\r\n\r\n");
  if (!peer.text.startsWith("HTTP/1.1 101 ")) await peer.end();
  return { text: peer.text, errors: reports.errors };
}

const accepted = [
  "HTTP/1.1 101 Switching Protocols",
  "Upgrade: websocket",
  "Connection: Upgrade",
  `Sec-WebSocket-Accept: ${ACCEPT}`,
];

/** The lines of a head, without what varies. */
function linesOf(text: string): string[] {
  return text.split("\r\n").filter((line) => line !== "" && !line.startsWith("Date: "));
}

test.each([[true], [undefined], [{}], [{ subprotocol: null }], [{ headers: {} }]])(
  "accept: %j accepts",
  async (answer) => {
    const { text, errors } = await answered(answer);
    expect(linesOf(text)).toEqual(accepted);
    expect(errors).toEqual([]);
  },
);

test("accept may add headers to the response", async () => {
  const { text } = await answered({
    headers: [
      ["Set-Cookie", "a=1"],
      ["set-cookie", "b=2"],
    ],
  });
  expect(linesOf(text)).toEqual([...accepted, "Set-Cookie: a=1", "set-cookie: b=2"]);
});

test.each<[answer: unknown, lines: string[]]>([
  [false, ["HTTP/1.1 403 ", "Connection: close", "content-length: 0"]],
  [{ status: 404 }, ["HTTP/1.1 404 ", "Connection: close", "content-length: 0"]],
  [
    { status: 401, headers: { "WWW-Authenticate": 'Basic realm="a"' } },
    [
      "HTTP/1.1 401 ",
      'WWW-Authenticate: Basic realm="a"',
      "Connection: close",
      "content-length: 0",
    ],
  ],
  [
    { status: 302, headers: { Location: "https://example.com/", Connection: "keep-alive" } },
    ["HTTP/1.1 302 ", "Location: https://example.com/", "Connection: close", "content-length: 0"],
  ],
  [
    { status: 503, body: "zu viele: ü" },
    [
      "HTTP/1.1 503 ",
      "Connection: close",
      "Content-Length: 12",
      "Content-Type: text/plain; charset=utf-8",
      "zu viele: Ã¼",
    ],
  ],
  [
    {
      status: 403,
      headers: { "content-type": "application/json", "content-length": "2" },
      body: Uint8Array.of(0x7b, 0x7d),
    },
    [
      "HTTP/1.1 403 ",
      "content-type: application/json",
      "content-length: 2",
      "Connection: close",
      "{}",
    ],
  ],
])(
  "R9110-9.3-02: accept: %j refuses with a whole response, and the stream ends",
  async (answer, lines) => {
    const { text, errors } = await answered(answer);
    expect(linesOf(text).sort()).toEqual([...lines].sort());
    expect(errors).toEqual([]);
  },
);

test("a refusal has its date, or that of the application", async () => {
  const { text } = await answered({ status: 403 });
  expect(text).toMatch(/\r\nDate: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r\n/);
  const own = await answered({ status: 403, headers: { date: "Thu, 01 Jan 1970 00:00:00 GMT" } });
  expect(own.text.match(/date: .*/gi)).toEqual(["date: Thu, 01 Jan 1970 00:00:00 GMT"]);
});

test.each<[answer: unknown, message: string]>([
  [null, "accept must give a boolean or an object, not null"],
  [1, "accept must give a boolean or an object, not number"],
  ["403", "accept must give a boolean or an object, not string"],
  [{ statusCode: 401 }, 'the answer of accept has a member "statusCode"'],
  [{ status: 401, statusText: "no" }, 'the answer of accept has a member "statusText"'],
  [{ subprotocol: "chat" }, "unexpected subprotocol chat"],
  [{ subprotocol: 1 }, "subprotocol"],
  [{ headers: { Upgrade: "h2c" } }, "Upgrade"],
  [{ headers: { A: "b\r\nC: d" } }, "A"],
  [{ status: 101 }, "status 101"],
  [{ status: 1000 }, "status 1000"],
  [{ status: "403" }, "statusCode"],
  [{ status: 500, headers: { "a b": "c" } }, "a b"],
  [{ status: 403, body: 1 }, "the body of a refusal"],
  [{ status: 204, body: "there is none" }, "204"],
  [{ status: 403, headers: { "content-length": "5" }, body: "abc" }, "5"],
])("accept: %j is no answer: 500, and the error hook hears of it", async (answer, message) => {
  const { text, errors } = await answered(answer);
  expect(linesOf(text)).toEqual(["HTTP/1.1 500 ", "Connection: close", "content-length: 0"]);
  expect(errors).toHaveLength(1);
  expect(String(errors[0])).toContain(message);
});

test.each([
  [
    "throws",
    () => {
      throw new Error("broken");
    },
  ],
  ["rejects", async () => Promise.reject(new Error("broken"))],
])("an accept hook that %s: 500, and the error hook hears of it", async (_, accept) => {
  const { port, reports } = await running({ accept });
  const peer = await rawPeer({ port });
  peer.send(requestHead());
  await peer.end();
  expect(peer.text).toMatch(/^HTTP\/1\.1 500 /);
  expect(reports.errors).toEqual([new Error("broken")]);
});

test("CVE-2025-55070: the hook sees the whole request before anything is answered", async () => {
  const seen = deferred<UpgradeRequest>();
  const answer = deferred<Answer>();
  const { port } = await running({
    accept: (request) => {
      seen.resolve(request);
      return answer.promise;
    },
  });
  const peer = await rawPeer({ port });
  const lines = ["Cookie: a=1", "COOKIE: b=2", "Authorization: Bearer x", "X-Oct: \u00fc\u00ff"];
  peer.send(
    requestHead({
      line: "GET /chat%20room/../a?b=c%20d&b=e HTTP/1.1",
      fields: {
        "Sec-WebSocket-Protocol": "chat, superchat",
        "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits, x-other",
      },
      lines,
    }),
  );
  const request = await seen.promise;
  expect(peer.text).toBe("");
  expect(request.host).toBe("example.com");
  expect(request.target).toBe("/chat%20room/../a?b=c%20d&b=e");
  expect(request.path).toBe("/chat%20room/../a");
  expect(request.query.getAll("b")).toEqual(["c d", "e"]);
  expect(request.header("Cookie")).toEqual(["a=1", "b=2"]);
  expect(request.header("authorization")).toEqual(["Bearer x"]);
  expect(request.header("x-oct")).toEqual(["\u00fc\u00ff"]);
  expect(request.header("X-None")).toEqual([]);
  expect(request.header("authorization\nBearer x\rx-oct")).toEqual([]);
  expect(request.subprotocols).toEqual(["chat", "superchat"]);
  expect(request.extensions).toEqual(["permessage-deflate; client_max_window_bits", "x-other"]);
  expect(request.remoteAddress).toMatch(/127\.0\.0\.1$/);
  expect(request.remotePort).toBe(peer.stream.localPort);
  expect(request.tls).toBeNull();
  answer.resolve(true);
  await peer.has("HTTP/1.1 101 ");
});

test.each([
  ["http://other.example:80/a?b", "other.example:80", "/a", "b"],
  ["ws://other.example", "other.example", "/", ""],
  ["http://other.example?b/c", "other.example", "/", "b/c"],
])("a target in absolute form: %s", async (target, host, path, query) => {
  const seen = deferred<UpgradeRequest>();
  const { port } = await running({ accept: (request) => seen.resolve(request) ?? true });
  const peer = await rawPeer({ port });
  peer.send(requestHead({ line: `GET ${target} HTTP/1.1` }));
  const request = await seen.promise;
  expect([request.host, request.target, request.path]).toEqual([host, target, path]);
  expect(request.query.toString()).toBe(new URLSearchParams(query).toString());
});

test("the handler gets the request that the hook has seen", async () => {
  const users = new WeakMap<UpgradeRequest, string>();
  const seen = deferred<[user: string | undefined, same: boolean]>();
  const { url } = await running(
    {
      accept: async (request) => {
        users.set(request, request.header("authorization").join());
        return Promise.resolve(true);
      },
    },
    (socket, request) => {
      seen.resolve([users.get(request), socket.request === request]);
    },
  );
  await client(url, { headers: { Authorization: "Bearer x" } });
  expect(await seen.promise).toEqual(["Bearer x", true]);
});

test.each<[offered: string[], own: string[] | undefined, answer: Answer, chosen: string | null]>([
  [["a", "b"], ["b", "a"], true, "a"],
  [["a", "b"], ["b"], undefined, "b"],
  [["a", "b"], ["c"], true, null],
  [["a"], undefined, true, null],
  [[], ["a"], true, null],
  [["a", "b"], ["a"], { subprotocol: "b" }, "b"],
  [["a", "b"], undefined, { subprotocol: "b" }, "b"],
  [["a", "b"], ["a"], { subprotocol: null }, null],
  [["__proto__", "constructor"], ["constructor"], true, "constructor"],
])(
  "subprotocols: offered %j, the server's %j, answer %j: %s",
  async (offered, own, answer, chosen) => {
    const opened = deferred<string | null>();
    const { url } = await running({ subprotocols: own, accept: () => answer }, (socket) => {
      opened.resolve(socket.subprotocol);
    });
    const socket = await client(url, { subprotocols: offered });
    expect(socket.subprotocol).toBe(chosen);
    expect(await opened.promise).toBe(chosen);
  },
);

test.each<
  [deflate: boolean | object | undefined, offers: boolean | object | undefined, inUse: string[]]
>([
  [undefined, undefined, []],
  [false, true, []],
  [true, undefined, ["permessage-deflate"]],
  [true, false, []],
  [{ serverMaxWindowBits: 10 }, { clientMaxWindowBits: 12 }, ["permessage-deflate"]],
])("deflate: a server with %j, a client with %j: %j", async (deflate, offers, inUse) => {
  const opened = deferred<readonly string[]>();
  const { url } = await running({ deflate }, async (socket) => {
    opened.resolve(socket.extensions);
    for await (const message of socket) await socket.send(message);
  });
  // Several, as each has to have its own windows.
  const sockets = await Promise.all([1, 2, 3].map(async () => client(url, { deflate: offers })));
  expect(await opened.promise).toEqual(inUse);
  for (const [index, socket] of sockets.entries()) {
    expect(socket.extensions).toEqual(inUse);
    for (const text of [`${index}`.repeat(1000), "a".repeat(1000), `${index}`.repeat(1000)]) {
      await socket.send(text);
      expect(await socket.receive()).toBe(text);
    }
  }
});

test("the response's headers are known at both ends", async () => {
  const opened = deferred<unknown>();
  const { url } = await running(
    { accept: () => ({ headers: { "Set-Cookie": "a=1" } }) },
    (socket) => {
      opened.resolve(socket.responseHeaders);
    },
  );
  const socket = await client(url);
  expect(socket.responseHeaders).toEqual([["set-cookie", "a=1"]]);
  expect(await opened.promise).toEqual([["Set-Cookie", "a=1"]]);
});

test("what a client sends behind its request is read once it is accepted", async () => {
  const { port } = await running({ accept: async () => Promise.resolve(true) });
  const peer = await rawPeer({ port });
  peer.send(requestHead({ rest: "\x81\x82\x00\x00\x00\x00hi" }));
  await peer.has("\x81\x02hi");
});
