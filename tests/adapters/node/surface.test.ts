import { expect, test } from "vitest";
import * as entry from "../../../src/node/index.ts";
import { client, running } from "./running.ts";

test("CVE-2021-33880: the names of the entry, none of which compares secrets", () => {
  expect(Object.keys(entry).sort()).toEqual([
    "ConnectionClosedError",
    "HandshakeRefusedError",
    "ProxyError",
    "QueueFullError",
    "UpgradeRequest",
    "WebSocketConnection",
    "WebSocketServer",
    "broadcast",
    "connect",
    "reconnectDelay",
    "serve",
  ]);
});

test("CVE-2017-16031: what names a connection is unpredictable: no two keys are the same", async () => {
  const keys = new Set<string>();
  const { url } = await running({
    accept: (request) => {
      keys.add(request.header("sec-websocket-key").join());
      return true;
    },
  });
  for (let count = 0; count < 50; count++) await (await client(url)).close();
  expect(keys.size).toBe(50);
  for (const key of keys) expect(Buffer.from(key, "base64")).toHaveLength(16);
});

test("errors have the names of their classes", () => {
  const { HandshakeRefusedError, ProxyError } = entry;
  expect(new HandshakeRefusedError(403, [], new Uint8Array()).name).toBe("HandshakeRefusedError");
  expect(new ProxyError(407, []).name).toBe("ProxyError");
});
