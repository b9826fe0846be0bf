import { once } from "node:events";
import {
  createServer,
  getDefaultAutoSelectFamily,
  setDefaultAutoSelectFamily,
  type Socket,
} from "node:net";
import { duplexPair } from "node:stream";
import { expect, test } from "vitest";
import { connect } from "../../../src/node/index.ts";
import { inTurn } from "../../../src/node/connect-queue.ts";
import { ManualClock } from "./manual-clock.ts";
import { RawPeer } from "./raw-peer.ts";
import { acceptRequest } from "./raw-server.ts";
import { after, client, deferred, listening, running } from "./running.ts";

const pathOf = ({ text }: RawPeer): string => text.split(" ")[1]!;

const forEver = new AbortController().signal;

/** A server of raw peers, in the order in which they came. */
async function rawServer(): Promise<{
  readonly port: number;
  readonly peers: RawPeer[];
  readonly come: (count: number) => Promise<void>;
}> {
  const peers: RawPeer[] = [];
  const server = createServer();
  server.on("connection", (socket: Socket) => peers.push(new RawPeer(socket)));
  const port = await listening(server);
  const come = async (count: number): Promise<void> => {
    while (peers.length < count) await once(server, "connection");
  };
  return { port, peers, come };
}

test("R6455-4.1-02, R17: handshakes with one address and port come one after the other, whatever its name", async () => {
  const { port, peers, come } = await rawServer();
  const options = { serializeConnects: true };
  const first = client(`ws://127.0.0.1:${port}/1`, options);
  await come(1);
  const second = client(`ws://localhost:${port}/2`, options);
  const third = client(`ws://127.0.0.1:${port}/3`, options);
  await peers[0]!.has("\r\n\r\n");
  // A handshake that does not wait is over before those that do have begun.
  const other = client(`ws://127.0.0.1:${port}/other`);
  await come(2);
  await acceptRequest(peers[1]!);
  await other;
  expect(peers.map(pathOf)).toEqual(["/1", "/other"]);
  await acceptRequest(peers[0]!);
  await first;
  await come(3);
  // Which of the two is next is up to the lookup of the name; one of them is.
  await peers[2]!.has("\r\n\r\n");
  expect(peers).toHaveLength(3);
  await acceptRequest(peers[2]!);
  await come(4);
  await acceptRequest(peers[3]!);
  await Promise.all([second, third]);
  expect(peers.map(pathOf).sort()).toEqual(["/1", "/2", "/3", "/other"]);
});

test("R6455-4.1-02: handshakes with other ports do not wait", async () => {
  const { port, come } = await rawServer();
  const { port: other } = await running();
  const controller = new AbortController();
  const options = { serializeConnects: true };
  const slow = connect(`ws://127.0.0.1:${port}/`, { ...options, signal: controller.signal });
  slow.catch(() => {});
  await come(1);
  await client(`ws://127.0.0.1:${other}/`, options);
  controller.abort();
  await expect(slow).rejects.toMatchObject({ name: "AbortError" });
});

test("the deadline of a handshake begins when its turn has come", async () => {
  const clock = new ManualClock();
  const { port, peers, come } = await rawServer();
  const options = { serializeConnects: true, clock, deadlines: { open: 100 } };
  const first = connect(`ws://127.0.0.1:${port}/`, options);
  first.catch(() => {});
  await come(1);
  const second = client(`ws://127.0.0.1:${port}/`, options);
  await peers[0]!.has("\r\n\r\n");
  clock.advance(100);
  await expect(first).rejects.toMatchObject({ name: "TimeoutError" });
  await come(2);
  clock.advance(50);
  await acceptRequest(peers[1]!);
  await second;
});

test("where the address is not known, handshakes wait for those with the same name and port", async () => {
  const [one, otherOne] = duplexPair();
  const [two, otherTwo] = duplexPair();
  const first = client("ws://example.com/", { serializeConnects: true, transport: one });
  const second = client("ws://example.com/", { serializeConnects: true, transport: two });
  const [firstPeer, secondPeer] = [new RawPeer(otherOne), new RawPeer(otherTwo)];
  await firstPeer.has("\r\n\r\n");
  await new Promise((resolve) => setImmediate(resolve));
  expect(secondPeer.text).toBe("");
  await acceptRequest(firstPeer);
  await first;
  await acceptRequest(secondPeer);
  await second;
});

test("a socket file is an address as well; a name that nobody has fails", async () => {
  const options = { serializeConnects: true };
  await expect(connect("ws://x/", { ...options, path: "/nowhere" })).rejects.toMatchObject({
    code: "ENOENT",
  });
  await expect(connect("ws://name.invalid/", options)).rejects.toMatchObject({
    syscall: "getaddrinfo",
  });
});

test.each([true, false])(
  "names are looked up once (Node tries all of their addresses: %s)",
  async (all) => {
    const before = getDefaultAutoSelectFamily();
    setDefaultAutoSelectFamily(all);
    after(() => setDefaultAutoSelectFamily(before));
    const { port } = await running({ host: "localhost" });
    const socket = await client(`ws://localhost:${port}/`, { serializeConnects: true });
    await socket.send("here");
    expect(await socket.receive()).toBe("here");
  },
);

test("one that is aborted while it waits leaves the others in their order", async () => {
  const order: string[] = [];
  const [first, second, third] = [deferred(), deferred(), deferred()];
  const controller = new AbortController();
  const run = async (name: string, end: Promise<void>, signal = forEver): Promise<void> =>
    inTurn(["a"], signal, async () => {
      order.push(name);
      await end;
    });
  const results = [
    run("first", first.promise),
    run("aborted", second.promise, controller.signal),
    run("third", third.promise),
  ];
  results[1]!.catch(() => {});
  const reason = new Error("enough");
  controller.abort(reason);
  await expect(results[1]).rejects.toBe(reason);
  await new Promise((resolve) => setImmediate(resolve));
  expect(order).toEqual(["first"]);
  first.resolve();
  await results[0];
  third.resolve();
  await results[2];
  expect(order).toEqual(["first", "third"]);
});

test("a signal that is aborted already, and an action that fails", async () => {
  const reason = new Error("enough");
  const never = async (): Promise<never> => expect.unreachable();
  await expect(inTurn(["b"], AbortSignal.abort(reason), never)).rejects.toBe(reason);
  await expect(inTurn(["b"], forEver, async () => Promise.reject(reason))).rejects.toBe(reason);
  expect(await inTurn(["b", "c"], forEver, async () => Promise.resolve(1))).toBe(1);
});
