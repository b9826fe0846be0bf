import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { contentFaults } from "../../scripts/check-package.mjs";

const roots: string[] = [];

afterAll(() => {
  for (const root of roots) rmSync(root, { recursive: true });
});

/** The faults of a package of these files; null leaves one out. */
function faultsOf(files: Record<string, string | null>): string[] {
  const root = mkdtempSync(path.join(tmpdir(), "check-package-"));
  roots.push(root);
  for (const [name, text] of Object.entries(files)) {
    if (text === null) continue;
    mkdirSync(path.join(root, path.dirname(name)), { recursive: true });
    writeFileSync(path.join(root, name), text);
  }
  return contentFaults(root);
}

function moduleFiles(name: string, code: string): Record<string, string> {
  return {
    [`src/${name}.ts`]: "",
    [`dist/${name}.js`]: code,
    [`dist/${name}.js.map`]: "",
    [`dist/${name}.d.ts`]: code,
    [`dist/${name}.d.ts.map`]: "",
  };
}

const good: Record<string, string> = {
  "CHANGELOG.md": "",
  LICENSE: "",
  "README.md": "",
  "package.json": "{}",
  ...moduleFiles("index", `export { a } from "./bytes/a.js";`),
  ...moduleFiles("bytes/a", `export { sha1 as a } from "#platform";`),
  ...moduleFiles("platform/node", `export { hash as sha1 } from "node:crypto";`),
};

test("a package as it should be has no faults", () => {
  expect(faultsOf(good)).toEqual([]);
});

test.each(["dist/index.js.map", "dist/index.d.ts"])("a missing %s is found", (missing) => {
  expect(faultsOf({ ...good, [missing]: null })).toEqual([
    `dist/index.js has no ${missing}`,
    `src/index.ts has no ${missing}`,
  ]);
});

test.each<[what: string, files: Record<string, string | null>, fault: string]>([
  [
    "a folder too many",
    { "tsconfig/base.json": "" },
    "the package holds CHANGELOG.md LICENSE README.md dist package.json src tsconfig: expected CHANGELOG.md LICENSE README.md dist package.json src",
  ],
  [
    "no changelog",
    { "CHANGELOG.md": null },
    "the package holds LICENSE README.md dist package.json src: expected CHANGELOG.md LICENSE README.md dist package.json src",
  ],
  ["a test", { "src/tests/a.json": "" }, "src/tests/a.json is packed"],
  ["build info", { "dist/.tsc/a.tsbuildinfo": "" }, "dist/.tsc/a.tsbuildinfo is packed"],
  [
    "code whose source is gone",
    { "src/bytes/a.ts": null },
    "dist/bytes/a.js has no src/bytes/a.ts",
  ],
  [
    "an import of Node's in the engine",
    { "dist/bytes/a.js": `import "node:fs";` },
    "dist/bytes/a.js imports node:fs",
  ],
  [
    "types of a package in the engine",
    { "dist/bytes/a.d.ts": `import type { A } from "pako"; export type B = A;` },
    "dist/bytes/a.d.ts imports pako",
  ],
])("a fault is found: %s", (_what, files, fault) => {
  expect(faultsOf({ ...good, ...files })).toEqual([fault]);
});
