import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { utf8 } from "../helpers/wire.ts";

/** The platform of Node, and the engine's kernel on it, with the environment as it is at this moment. */
async function load() {
  return {
    ...(await import("../../src/platform/node.ts")),
    ...(await import("../../src/bytes/kernel.ts")),
    ...(await import("../../src/bytes/plain-kernel.ts")),
  };
}

/** What of the platform was called that is there for speed. */
const shortLatin1 = vi.fn<() => string>(() => "short");
const writeAscii = vi.fn<() => boolean>(() => true);
const handleWorks = vi.fn<() => boolean>(() => true);

beforeEach(() => {
  vi.resetModules();
  vi.clearAllMocks();
  vi.doMock(import("../../src/platform/short-text.ts"), async (original) => ({
    ...(await original()),
    shortLatin1,
    writeAscii,
  }));
  vi.doMock(import("../../src/platform/zlib-handle.ts"), async (original) => ({
    ...(await original()),
    handleWorks,
  }));
});

afterEach(() => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
  vi.doUnmock("../../src/platform/short-text.ts");
  vi.doUnmock("../../src/platform/zlib-handle.ts");
});

test("WSPROTO_PLAIN=1: nothing is in use that is only there for speed", async () => {
  vi.stubEnv("WSPROTO_PLAIN", "1");
  const {
    allocate,
    createInflater,
    decodeLatin1,
    encodeUtf8Into,
    kernel,
    PlainKernel,
    viewForStreams,
  } = await load();
  expect(kernel()).toBeInstanceOf(PlainKernel);
  for (const size of [0, 1, 64, 65, 1024, 1025, 100_000]) {
    const octets = allocate(size);
    expect(octets).toEqual(new Uint8Array(size));
    expect(octets.buffer.byteLength).toBe(size);
  }
  for (const text of ["", "a", "Hello"]) {
    const octets = utf8(text);
    const target = new Uint8Array(octets.length);
    expect(decodeLatin1(octets, 0, octets.length)).toBe(text);
    expect(encodeUtf8Into(text, target, 0)).toBe(octets.length);
    expect(target).toEqual(octets);
  }
  const view = viewForStreams(new ArrayBuffer(4), 1, 2);
  expect(view).toHaveLength(2);
  expect(view).not.toBeInstanceOf(Buffer);
  createInflater(15).close();
  expect(shortLatin1).not.toHaveBeenCalled();
  expect(writeAscii).not.toHaveBeenCalled();
  expect(handleWorks).not.toHaveBeenCalled();
});

describe.each([undefined, "", "0"])("WSPROTO_PLAIN=%s", (value) => {
  test("all of it is in use", async () => {
    vi.stubEnv("WSPROTO_PLAIN", value);
    const { allocate, createInflater, decodeLatin1, encodeUtf8Into, kernel, PlainKernel } =
      await load();
    expect(kernel()).not.toBeInstanceOf(PlainKernel);
    expect(allocate(100).buffer.byteLength).toBeGreaterThan(100);
    expect(decodeLatin1(utf8("Hello"), 0, 5)).toBe("short");
    expect(encodeUtf8Into("Hello", new Uint8Array(5), 0)).toBe(5);
    expect(writeAscii).toHaveBeenCalledOnce();
    createInflater(15).close();
    expect(handleWorks).toHaveBeenCalledOnce();
  });
});

test("on Deno the environment is not read", async () => {
  const env = {
    get WSPROTO_PLAIN(): string {
      throw new Error("asks the user");
    },
  };
  vi.stubGlobal("process", { versions: { ...process.versions, deno: "2.5.0" }, env });
  const { kernel, PlainKernel } = await load();
  expect(kernel()).not.toBeInstanceOf(PlainKernel);
});
