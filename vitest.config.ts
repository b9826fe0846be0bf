import { readdirSync, readFileSync } from "node:fs";
import { defineConfig, type TestProjectInlineConfiguration } from "vitest/config";

const FILES = readdirSync(new URL("tests/", import.meta.url), { recursive: true, encoding: "utf8" })
  .map((file) => `tests/${file.replaceAll("\\", "/")}`)
  .filter((file) => file.endsWith(".test.ts"));

/** What is of Node alone, or is the same on every platform. */
const ON_NODE_ALONE = /^tests\/(adapters|docs|exhaustive|memory|scripts)\/|^tests\/platform\/node-/;

/** What depends on its process, or says how a module is when it was just loaded. */
const APART = /^tests\/(adapters|docs|memory|platform|scripts)\//;

/** Mocks and spies, which other files would see. */
const USES_VI = /import \{[^}]*\bvi\b/;

/** Whether a file has a process to itself. */
function isApart(file: string): boolean {
  return APART.test(file) || USES_VI.test(readFileSync(new URL(file, import.meta.url), "utf8"));
}

/**
 * The tests on the sources, with one implementation of `#platform`: in two projects, for the files that have a process to
 * themselves and for the others, which load the engine once and take half the time. `tests/scripts/suites.test.ts` sees
 * to it that what these share stays as it is.
 */
function on(
  platform: "node" | "portable",
  condition: string,
  files: string[],
): TestProjectInlineConfiguration[] {
  return [false, true].map((apart) => ({
    extends: true,
    ssr: { resolve: { conditions: ["wsproto-source", condition] } },
    test: {
      name: apart ? `${platform}-apart` : platform,
      include: files.filter((file) => isApart(file) === apart),
      isolate: apart,
      provide: { platform },
      globalSetup: apart && platform === "node" ? ["tests/build.ts"] : [],
    },
  }));
}

export default defineConfig({
  test: {
    pool: "forks",
    // As many as there are cores; by default it is one less.
    maxWorkers: "100%",
    // For tests that hang; how fast a machine is decides nothing.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // The report is for .ci/run, which counts the tests.
    reporters:
      process.env["CI"] === undefined
        ? ["default"]
        : ["default", ["json", { outputFile: ".cache/test-results.json" }]],
    projects: [
      ...on("node", "node", FILES),
      ...on(
        "portable",
        "browser",
        FILES.filter((file) => !ON_NODE_ALONE.test(file)),
      ),
    ],
    coverage: {
      provider: "v8",
      include: ["src/**/*.ts"],
      reportsDirectory: ".cache/coverage",
      thresholds: { 100: true, perFile: true },
    },
  },
});
