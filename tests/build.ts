import { spawnSync } from "node:child_process";
import path from "node:path";

/** Compiles the package and the examples once, for the tests that run them as a user does. */
export function setup(): void {
  const tsc = path.resolve("node_modules/.bin/tsc");
  const build = spawnSync(tsc, ["-b", "tsconfig/examples.json"], {
    encoding: "utf8",
    shell: process.platform === "win32",
  });
  if (build.status !== 0) throw new Error(`the package does not compile:\n${build.stdout}`);
}
