import { expect, test, vi } from "vitest";
import {
  broadcast,
  connect,
  ConnectionClosedError,
  type NodeConnection,
  serve,
} from "../../../src/node/index.ts";
import { ConnectionState } from "../../../src/states.ts";
import { requestHead } from "../../helpers/handshake.ts";
import { untyped } from "../../helpers/rig.ts";
import { after, client, deferred, echo, end, rawPeer, running } from "./running.ts";

const broken = new Error("broken");

test.each([
  [
    "throws",
    () => {
      throw broken;
    },
  ],
  ["rejects", async () => Promise.reject(broken)],
  [
    "rejects later",
    async (socket: NodeConnection) => {
      await socket.receive();
      throw broken;
    },
  ],
  [
    "has a listener that throws",
    (socket: NodeConnection) => {
      socket.on("message", () => {
        throw broken;
      });
    },
  ],
  [
    "has a listener that rejects",
    (socket: NodeConnection) => {
      socket.on("message", async () => Promise.reject(broken));
    },
  ],
])("a handler that %s: 1011, and the error hook hears of it, once", async (_, handler) => {
  const { url, reports } = await running({}, handler);
  const socket = await client(url);
  await socket.send("go").catch(() => {});
  expect(await socket.closed).toMatchObject({ code: 1011 });
  expect(reports.errors).toEqual([broken]);
});

test.each([
  [
    "a handler",
    (_socket: NodeConnection) => {
      throw broken;
    },
  ],
  [
    "a listener",
    (socket: NodeConnection) => {
      socket.on("message", () => {
        throw broken;
      });
    },
  ],
])(
  "WebSocket-Node-1.0.31: when the hook hears of what %s has thrown, the connection is closing already",
  async (_, act) => {
    const states: ConnectionState[] = [];
    let connection: NodeConnection | null = null;
    const { url } = await running({ onError: () => states.push(connection!.state) }, (socket) => {
      connection = socket;
      act(socket);
    });
    const socket = await client(url);
    await Promise.all(["one", "two", "three"].map(async (text) => socket.send(text))).catch(
      () => {},
    );
    expect(await socket.closed).toMatchObject({ code: 1011 });
    expect(states).toEqual([expect.toSatisfy((state) => state !== ConnectionState.OPEN)]);
  },
);

test("a handler that ends because its connection has ended is no error", async () => {
  const ends: unknown[] = [];
  const finished = deferred();
  const { port, reports } = await running({}, async (socket) => {
    try {
      for await (const message of socket) await socket.send(message);
    } catch (error) {
      ends.push(error);
      throw error;
    } finally {
      finished.resolve();
    }
  });
  const peer = await rawPeer({ port });
  peer.send(requestHead());
  await peer.has("\r\n\r\n");
  peer.stream.destroy();
  await finished.promise;
  expect(ends).toEqual([expect.any(ConnectionClosedError)]);
  expect(reports.errors).toEqual([]);
});

test("nor is one that sends while the peer closes", async () => {
  const finished = deferred<unknown>();
  const { url, reports } = await running({}, async (socket) => {
    try {
      for (;;) {
        await socket.send("more");
        await socket.ping();
      }
    } catch (error) {
      finished.resolve(error);
      throw error;
    }
  });
  const socket = await client(url);
  await socket.receive();
  await socket.close();
  expect(await finished.promise).toBeInstanceOf(Error);
  await socket.closed;
  expect(reports.errors).toEqual([]);
});

test("the end of another connection is an error of the handler", async () => {
  const upstream = await running();
  const { url, reports } = await running({}, async () => {
    const other = await connect(upstream.url);
    after(() => other.terminate());
    for (const connection of upstream.server.connections) connection.terminate();
    await other.receive();
  });
  const socket = await client(url);
  expect(await socket.closed).toMatchObject({ code: 1011 });
  expect(reports.errors).toEqual([expect.any(ConnectionClosedError)]);
});

test("without an error hook errors are printed", async () => {
  const print = vi.spyOn(console, "error").mockImplementation(() => {});
  after(() => print.mockRestore());
  const server = await serve({ port: 0, host: "127.0.0.1" }, () => {
    throw broken;
  });
  after(() => end(server));
  const socket = await client(`ws://127.0.0.1:${server.port}/`);
  expect(await socket.closed).toMatchObject({ code: 1011 });
  expect(print.mock.calls).toEqual([[broken]]);
});

test("an error hook that throws: both errors are printed, and nothing else breaks", async () => {
  const print = vi.spyOn(console, "error").mockImplementation(() => {});
  after(() => print.mockRestore());
  const second = new Error("the hook");
  const { url } = await running(
    {
      onError: () => {
        throw second;
      },
    },
    () => {
      throw broken;
    },
  );
  const socket = await client(url);
  expect(await socket.closed).toMatchObject({ code: 1011 });
  expect(print.mock.calls).toEqual([[broken], [second]]);
});

test("a client's listener that throws: 1011, and the client's error hook hears of it", async () => {
  const closed = deferred<unknown>();
  const { url } = await running({}, async (socket) => {
    await socket.send("go");
    closed.resolve(await socket.closed);
  });
  const errors: unknown[] = [];
  const socket = await client(url, { onError: (error) => errors.push(error) });
  socket.on("message", () => {
    throw broken;
  });
  expect(await closed.promise).toMatchObject({ code: 1011 });
  expect(errors).toEqual([broken]);
});

test("a handler need not read, nor return", async () => {
  const { server, url } = await running({}, async () => new Promise(() => {}));
  const socket = await client(url);
  await socket.send("unread");
  await server.close();
  expect(await socket.closed).toMatchObject({ code: 1001 });
});

test("broadcast sends one message to many, whatever they have negotiated", async () => {
  const { server, url } = await running({ deflate: true });
  const plain = await client(url, { deflate: false });
  const compressed = await client(url);
  const closing = await client(url);
  void closing.close();
  for (const data of ["to all: ü", Uint8Array.of(1, 2, 3)]) {
    const received = [plain, compressed].map(async (socket) => socket.receive());
    expect(broadcast(data, server.connections)).toBeGreaterThanOrEqual(2);
    expect(await Promise.all(received)).toEqual([data, data]);
  }
  expect(() => broadcast(untyped(1), server.connections)).toThrow(TypeError);
  // From clients it is masked for each.
  expect(broadcast("from clients", [plain, compressed])).toBe(2);
  for (const socket of [plain, compressed]) expect(await socket.receive()).toBe("from clients");
});

test("CVE-2012-4929: a secret can be sent uncompressed", async () => {
  const { port } = await running({ deflate: true }, async (socket) => {
    await socket.send("public public public");
    await socket.send("secret secret secret", { compress: false });
    await echo(socket, socket.request);
  });
  const peer = await rawPeer({ port });
  peer.send(requestHead({ fields: { "Sec-WebSocket-Extensions": "permessage-deflate" } }));
  await peer.has("\x81\x14secret secret secret");
  expect(peer.text).not.toContain("public public");
});

test("R6455-10.3-01: what was sent does not change with the array it was in", async () => {
  const { url } = await running();
  const socket = await client(url);
  const octets = Uint8Array.of(1, 2, 3);
  const sent = socket.send(octets);
  octets.fill(9);
  await sent;
  expect(await socket.receive()).toEqual(Uint8Array.of(1, 2, 3));
});

test("R6455-5.5.2-01, R6455-5.5.3-02: pings are answered, of several in one turn the newest", async () => {
  const { port } = await running();
  const peer = await rawPeer({ port });
  peer.send(requestHead());
  await peer.has("\r\n\r\n");
  const ping = (text: string): string =>
    `\x89${String.fromCharCode(0x80 | text.length)}\0\0\0\0${text}`;
  peer.send(`${ping("one")}${ping("two")}${ping("three")}`);
  await peer.has("\x8a\x05three");
  peer.send(ping(""));
  await peer.has("\x8a\x00");
  expect(peer.text.split("\r\n\r\n")[1]).toBe("\x8a\x05three\x8a\x00");
});

test("CVE-2020-36406: many messages, and a broadcast to many, go through without recursion", async () => {
  const count = 50_000;
  const done = deferred<number>();
  let received = 0;
  const { port, server } = await running({}, (socket) => {
    socket.on("message", () => {
      received += 1;
      if (received === count) done.resolve(received);
    });
  });
  const peer = await rawPeer({ port });
  peer.send(requestHead({ rest: "" }));
  await peer.has("\r\n\r\n");
  peer.send("\x81\x80\0\0\0\0".repeat(count));
  expect(await done.promise).toBe(count);
  const [connection] = server.connections;
  expect(
    broadcast(
      "x",
      Array.from({ length: count }, () => connection!),
    ),
  ).toBe(count);
  await peer.hasOctets(count * 3);
});
