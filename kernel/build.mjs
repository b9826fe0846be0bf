/*
 * Compiles kernel.ts and writes the module, in Base64, to ../src/bytes/kernel-module.ts.
 * With --check it writes nothing and fails if that file is not what it would write.
 *
 *   npm ci --ignore-scripts && node build.mjs [--check]
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const OUTPUT = fileURLToPath(new URL("../src/bytes/kernel-module.ts", import.meta.url));
const COMPILER = join(HERE, "node_modules/assemblyscript/bin/asc.js");
/** Pages of 64 KiB; src/bytes/kernel.ts lays them out. */
const PAGES = "8";
const OPTIONS =
  `-O3 --noAssert --runtime stub --enable simd --initialMemory ${PAGES} --maximumMemory ${PAGES}`.split(
    " ",
  );
/** Characters of Base64 a line. */
const LINE = /.{1,96}/g;

function compile() {
  const directory = mkdtempSync(join(tmpdir(), "kernel-"));
  try {
    const module = join(directory, "kernel.wasm");
    execFileSync(process.execPath, [COMPILER, "kernel.ts", "-o", module, ...OPTIONS], {
      cwd: HERE,
      stdio: "inherit",
    });
    return readFileSync(module);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** The TypeScript file that holds the module. */
function embed(octets) {
  const lines = octets.toString("base64").match(LINE) ?? [];
  return `/* Made from kernel/kernel.ts by kernel/build.mjs. Do not edit: run \`npm ci && node build.mjs\` there. */

/** The WebAssembly module of ${octets.length} octets, in Base64. */
export const KERNEL_MODULE: string =
${lines.map((line) => `  "${line}"`).join(" +\n")};
`;
}

const octets = compile();
const text = embed(octets);
if (!process.argv.includes("--check")) {
  writeFileSync(OUTPUT, text);
  console.log(`${OUTPUT}: ${octets.length} octets`);
} else if (readFileSync(OUTPUT, "utf8") === text) {
  console.log(`${OUTPUT} is up to date: ${octets.length} octets`);
} else {
  console.error(`${OUTPUT} is not what kernel.ts gives: run \`node build.mjs\``);
  process.exitCode = 1;
}
