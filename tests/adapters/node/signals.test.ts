import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import type { NodeConnection } from "../../../src/node/index.ts";
import { client, deferred, running } from "./running.ts";

const reason = new Error("enough");

test("an AbortSignal ends what waits, loses no message, and is left without listeners", async () => {
  const peer = deferred<NodeConnection>();
  const { url } = await running({ highWaterMark: 1 }, (socket) => peer.resolve(socket));
  const socket = await client(url, { limits: { message: Infinity, frame: Infinity } });
  const server = await peer.promise;
  const controller = new AbortController();
  const { signal } = controller;

  // More than the system takes from one that sends, or holds for one that does not read.
  const large = new Uint8Array(64 * 1024 * 1024);
  const waiting = [
    server.receive({ signal }),
    server.ping(undefined, { signal }),
    server.send(large, { signal }),
    server.drained({ signal }),
  ].map((promise) => promise.catch((error: unknown) => error));
  expect(getEventListeners(signal, "abort")).not.toEqual([]);
  controller.abort(reason);
  expect(await Promise.all(waiting)).toEqual(waiting.map(() => reason));
  expect(getEventListeners(signal, "abort")).toEqual([]);

  await socket.send("for the next");
  expect(await server.receive()).toBe("for the next");
  expect(await socket.receive()).toHaveLength(large.length);
});

test("a signal is used again and again, and never has a listener more than there are calls that wait", async () => {
  const { url } = await running();
  const socket = await client(url);
  const { signal } = new AbortController();
  for (let count = 0; count < 20; count++) {
    await socket.send("echo", { signal });
    expect(await socket.receive({ signal })).toBe("echo");
    await socket.ping(undefined, { signal });
    expect(getEventListeners(signal, "abort")).toEqual([]);
  }
});

test("an aborted message in pieces that was begun ends the connection with 1011", async () => {
  const { url } = await running();
  const socket = await client(url);
  const controller = new AbortController();
  const source = (async function* pieces(): AsyncGenerator<string> {
    yield "begun";
    controller.abort(reason);
    await new Promise(() => {});
  })();
  const closed = deferred<unknown>();
  await expect(socket.send(source, { signal: controller.signal })).rejects.toBe(reason);
  void socket.receive().catch((error: unknown) => closed.resolve(error));
  expect(await closed.promise).toMatchObject({ name: "ConnectionClosedError", cause: reason });
});
