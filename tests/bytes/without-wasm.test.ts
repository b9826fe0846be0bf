import { expect, test, vi } from "vitest";
import { kernel } from "../../src/bytes/kernel.ts";
import { PlainKernel } from "../../src/bytes/plain-kernel.ts";

vi.mock(import("#platform"), async (original) => ({
  ...(await original()),
  instantiateWasm: () => null,
}));

test("without WebAssembly the kernel is the plain one", () => {
  expect(kernel()).toBeInstanceOf(PlainKernel);
});

// All that stands on the kernel, once more.
await import("./mask.test.ts");
await import("./receive-buffer.test.ts");
await import("./utf8.test.ts");
