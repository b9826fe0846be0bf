import { expect, test, vi } from "vitest";
import { createDeflater, createInflater } from "#platform";
import { codecSuite } from "./codec-suite.ts";
import { isPakoLoaded } from "./loaded.ts";

vi.mock("../../src/platform/zlib-handle.ts", async (importOriginal) => ({
  ...(await importOriginal<typeof import("../../src/platform/zlib-handle.ts")>()),
  handleWorks: () => false,
}));

test("pako is loaded with the first codec, and not before", () => {
  expect(isPakoLoaded()).toBe(false);
  createInflater(15).close();
  expect(isPakoLoaded()).toBe(true);
});

codecSuite({ createDeflater, createInflater });
