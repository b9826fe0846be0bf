import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { check } from "../../scripts/check-layers.mjs";

const roots: string[] = [];

afterAll(() => {
  for (const root of roots) rmSync(root, { recursive: true });
});

/** A tree of these files (paths in src/ and their text). */
function plant(files: Record<string, string>): string {
  const root = mkdtempSync(path.join(tmpdir(), "check-layers-"));
  roots.push(root);
  mkdirSync(path.join(root, "src"));
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(root, "src", name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  return root;
}

function faultsOf(files: Record<string, string>): string[] {
  return check(path.join(plant(files), "src")).faults;
}

/** A small tree without a fault, one file in most layers. */
const clean: Record<string, string> = {
  "platform/contract.ts": "export declare function sha1(data: Uint8Array): Uint8Array;",
  "platform/node.ts": `import { hash } from "node:crypto";
import type * as contract from "./contract.ts";
export const sha1: typeof contract.sha1 = (data) => hash("sha1", data);`,
  "events.ts": `import type { Extension } from "./extensions/extension.ts";
export class Ping { extension?: Extension }`,
  "bytes/base64.ts": `import { sha1 } from "#platform";
import type { Ping } from "../events.ts";
export const ping = (_: Ping) => sha1;`,
  "frames/header.ts": `import { Ping } from "../events.ts"; export const header = new Ping();`,
  "extensions/extension.ts": `import { header } from "../frames/header.ts";
export class Extension { header = header }`,
  "connection.ts": `export { Extension as Connection } from "./extensions/extension.ts";`,
  "index.ts": `export { Connection } from "./connection.ts"; export type { Ping } from "./events.ts";`,
};

test("the layers as they should be pass", () => {
  expect(faultsOf(clean)).toEqual([]);
});

test("a tree without sources fails", () => {
  expect(faultsOf({})).toEqual(["no sources"]);
});

test("as a program it says so with its exit code", () => {
  const run = (files: Record<string, string>) =>
    execFileSync(process.execPath, ["scripts/check-layers.mjs", plant(files)], {
      encoding: "utf8",
      stdio: "pipe",
    });
  expect(run(clean)).toBe("check-layers: 8 files, 0 faults\n");
  expect(() => run({ ...clean, "utils.ts": "" })).toThrow("src/utils.ts:1: belongs to no layer");
});

test.each<[what: string, files: Record<string, string>, complaint: string]>([
  [
    "a value of a higher layer",
    { "frames/a.ts": `\nimport { Connection } from "../connection.ts";` },
    "src/frames/a.ts:2: frames may not import values of connection (../connection.ts)",
  ],
  [
    "a type of a higher layer",
    { "bytes/a.ts": `import type { header } from "../frames/header.ts";` },
    "src/bytes/a.ts:1: bytes may not import types of frames (../frames/header.ts)",
  ],
  [
    "an import whose names alone are types is still an import of values",
    { "bytes/a.ts": `import { type Ping } from "../events.ts";` },
    "src/bytes/a.ts:1: bytes may not import values of vocabulary (../events.ts)",
  ],
  [
    "a re-export",
    { "bytes/a.ts": `export * from "../events.ts";` },
    "src/bytes/a.ts:1: bytes may not import values of vocabulary (../events.ts)",
  ],
  [
    "a dynamic import",
    { "http/a.ts": `export const later = () => import("../index.ts");` },
    "src/http/a.ts:1: http may not import values of index (../index.ts)",
  ],
  [
    "a type by import()",
    { "bytes/a.ts": `export type A = typeof import("../connection.ts");` },
    "src/bytes/a.ts:1: bytes may not import types of connection (../connection.ts)",
  ],
  [
    "an import of something computed",
    { "http/a.ts": `export const load = (name: string) => import(name);` },
    "src/http/a.ts:1: an import of something that is no literal",
  ],
  [
    "a module of Node's in the engine",
    { "handshake/a.ts": `import { hash } from "node:crypto";` },
    "src/handshake/a.ts:1: handshake may not import node:crypto",
  ],
  [
    "a module of Node's by another way than import",
    { "handshake/a.ts": `export const load = (get: (name: string) => void) => get("node:fs");` },
    "src/handshake/a.ts:1: handshake may not import node:fs",
  ],
  [
    "a module of Node's in the portable platform",
    { "platform/portable.ts": `import "node:zlib";` },
    "src/platform/portable.ts:1: platform may not import node:zlib",
  ],
  [
    "a package that the layer does not need",
    { "extensions/a.ts": `import { inflate } from "pako";` },
    "src/extensions/a.ts:1: extensions may not import pako",
  ],
  [
    "require",
    { "extensions/a.ts": `declare const require: (name: string) => unknown; require("pako");` },
    "src/extensions/a.ts:1: extensions may not import pako",
  ],
  [
    "the platform by its path",
    { "bytes/a.ts": `import { sha1 } from "../platform/node.ts";` },
    "src/bytes/a.ts:1: bytes may not import values of platform on Node (../platform/node.ts)",
  ],
  [
    "a value of the contract, which only declares",
    { "platform/portable.ts": `import { sha1 } from "./contract.ts";` },
    "src/platform/portable.ts:1: ./contract.ts has no values to import",
  ],
  [
    "the platform in the vocabulary",
    { "limits.ts": `import { sha1 } from "#platform";` },
    "src/limits.ts:1: vocabulary may not import #platform",
  ],
  [
    "a file that is not there",
    { "bytes/a.ts": `import "./b.ts";` },
    "src/bytes/a.ts:1: ./b.ts does not exist",
  ],
  [
    "a file outside of src",
    { "bytes/a.ts": `import "../../tests/b.ts";` },
    "src/bytes/a.ts:1: ../../tests/b.ts is outside of src",
  ],
  [
    "a file that belongs to no layer",
    { "utils.ts": "export const a = 1;" },
    "src/utils.ts:1: belongs to no layer: add it to the table of scripts/check-layers.mjs",
  ],
  [
    "a cycle inside a layer",
    {
      "http/a.ts": `import { b } from "./b.ts"; export const a = () => b;`,
      "http/b.ts": `import { c } from "./c.ts"; export const b = () => c;`,
      "http/c.ts": `import { b } from "./b.ts"; export const c = () => b;`,
    },
    "a cycle: src/http/b.ts -> src/http/c.ts -> src/http/b.ts",
  ],
  [
    "an index.ts that defines something",
    { "index.ts": "export const version = 1;" },
    "src/index.ts:1: an index.ts only re-exports, and by name",
  ],
  [
    "an index.ts that exports everything there is",
    { "index.ts": `export * from "./connection.ts";` },
    "src/index.ts:1: an index.ts only re-exports, and by name",
  ],
])("a fault is found: %s", (_what, files, complaint) => {
  expect(faultsOf({ ...clean, ...files })).toEqual([complaint]);
});

test("a cycle of types alone is none", () => {
  const files = {
    "http/a.ts": `import type { B } from "./b.ts"; export interface A { b: B }`,
    "http/b.ts": `import type { A } from "./a.ts"; export interface B { a: A }`,
  };
  expect(faultsOf({ ...clean, ...files })).toEqual([]);
});
