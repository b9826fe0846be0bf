import { defineConfig, type TestProjectInlineConfiguration } from "vitest/config";

/** The same tests, once with each implementation of `#platform`, on the sources. */
function on(
  platform: "node" | "portable",
  condition: string,
  exclude: string[],
): TestProjectInlineConfiguration {
  return {
    extends: true,
    ssr: { resolve: { conditions: ["wsproto-source", condition] } },
    test: {
      name: platform,
      include: ["tests/**/*.test.ts"],
      exclude,
      provide: { platform },
      globalSetup: platform === "node" ? ["tests/build.ts"] : [],
    },
  };
}

export default defineConfig({
  test: {
    // For tests that hang; how fast a machine is decides nothing.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // The report is for .ci/run, which counts the tests.
    reporters:
      process.env["CI"] === undefined
        ? ["default"]
        : ["default", ["json", { outputFile: ".cache/test-results.json" }]],
    projects: [
      on("node", "node", []),
      on("portable", "browser", [
        "tests/adapters/**",
        "tests/docs/**",
        // Long, and the same on every platform.
        "tests/exhaustive/**",
        "tests/memory/**",
        "tests/platform/node-*",
        "tests/scripts/**",
      ]),
    ],
    coverage: {
      provider: "v8",
      include: ["src/**/*.ts"],
      reportsDirectory: ".cache/coverage",
      thresholds: { 100: true, perFile: true },
    },
  },
});
