import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";

/** What belongs to files that share a process, see `vitest.config.ts`. */
const shared = readdirSync("tests", { recursive: true, encoding: "utf8" })
  .map((file) => file.split(path.sep).join("/"))
  .filter((file) => file.endsWith(".ts") && !/^(adapters|docs|platform|scripts)\//.test(file))
  .map((file) => ({ file, text: readFileSync(path.join("tests", file), "utf8") }));
const helpers = shared.filter(({ file }) => !file.endsWith(".test.ts"));

function filesWith(files: typeof shared, pattern: RegExp): string[] {
  return files.filter(({ text }) => pattern.test(text)).map(({ file }) => file);
}

test("there are files that share a process, and helpers that they share", () => {
  expect(filesWith(helpers, /^export /m).length).toBeGreaterThan(10);
  expect(filesWith(shared, /^import .* from "vitest"/m).length).toBeGreaterThan(50);
});

test("no helper has hooks: the second file that imports it would not have them", () => {
  expect(filesWith(helpers, /\b(before|after)(Each|All)\b/)).toEqual([]);
});

test("no helper keeps what one file could leave to the next", () => {
  expect(filesWith(helpers, /^(export )?let /m)).toEqual([]);
});

test("no helper mocks: files that do are known by what they import themselves", () => {
  expect(filesWith(helpers, /\bvi\b/)).toEqual([]);
});

test("no file changes the process", () => {
  const changes = /\bprocess\.(on|once|chdir)\(|\bprocess\.env\S* = |\bglobalThis\S* = /;
  expect(filesWith(shared, changes)).toEqual([]);
});
