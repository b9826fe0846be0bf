import { once } from "node:events";
import { duplexPair } from "node:stream";
import { expect, test } from "vitest";
import { readTarget } from "../../../src/node/client-target.ts";
import { resolveDialOptions } from "../../../src/node/dial-settings.ts";
import { dial, secured } from "../../../src/node/dial.ts";
import { openTunnel } from "../../../src/node/tunnel.ts";
import { RawPeer } from "./raw-peer.ts";
import { running } from "./running.ts";

const reason = new Error("not any more");
const aborted = AbortSignal.abort(reason);
const forEver = new AbortController().signal;

test("what is aborted before it begins begins nothing", async () => {
  const { url } = await running();
  await expect(dial(readTarget(url), resolveDialOptions({}), aborted)).rejects.toBe(reason);
  const [stream, other] = duplexPair();
  const peer = new RawPeer(other);
  const target = readTarget("ws://example.com/");
  await expect(openTunnel(stream, target, null, aborted)).rejects.toBe(reason);
  expect([peer.text, stream.destroyed]).toEqual(["", true]);
});

test("a stream that is closed under TLS, before that stands", async () => {
  const [stream] = duplexPair();
  const failed = secured(stream, readTarget("wss://localhost/"), {}, forEver);
  stream.destroy();
  await expect(failed).rejects.toThrow('the stream was closed before "secureConnect"');
});

test("an error of a stream that nobody has any more is not unhandled", async () => {
  const [stream] = duplexPair();
  const controller = new AbortController();
  const failed = secured(stream, readTarget("wss://localhost/"), {}, controller.signal);
  controller.abort(reason);
  await expect(failed).rejects.toBe(reason);
  stream.emit("error", new Error("late"));
  if (!stream.closed) await once(stream, "close");
});
