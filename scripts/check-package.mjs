/*
 * Packs the package as it would be published and looks at what a user gets: what is in it, what the modules import,
 * whether publint and attw are content, and whether it installs, compiles and runs somewhere else.
 *
 *   node scripts/check-package.mjs
 *
 * Builds dist/ anew first. Prints one line for each fault and exits with 1 if there is any. Needs no network.
 */
import { execFileSync, spawnSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseAst } from "rolldown/parseAst";

const TOP_LEVEL = ["CHANGELOG.md", "LICENSE", "README.md", "dist", "package.json", "src"];

/** What modules may import besides files of the package: by their path in dist/, the first that matches. */
const IMPORTS = [
  { modules: /^platform\/(node|zlib-handle)\./, names: /^(node:.+|pako)$/ },
  { modules: /^platform\//, names: /^(pako|@noble\/hashes\/legacy\.js)$/ },
  { modules: /^node\//, names: /^(node:.+|#platform)$/ },
  { modules: /./, names: /^#platform$/ },
];

const TYPESCRIPT = {
  nodenext: ["--module", "nodenext"],
  bundler: ["--module", "esnext", "--moduleResolution", "bundler"],
};

const bin = (name) => path.resolve("node_modules/.bin", name);
const faults = [];

/** Runs a command; what it says becomes a fault unless it exits with 0 and, if `quiet`, says nothing. */
function run(command, args, { cwd = ".", quiet = false } = {}) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: "utf8" });
  const said = (stdout + stderr).trim();
  if (status === 0 && !(quiet && said !== "")) return;
  faults.push(`${path.basename(command)} ${args.join(" ")}: exit code ${status}\n${said}`);
}

/** Builds and packs into `folder`; gives the path of the tarball. */
function pack(folder) {
  run("npm", ["run", "--silent", "clean"]);
  run(bin("tsc"), ["-b"]);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const answer = execFileSync("npm", ["pack", "--json", "--pack-destination", folder], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  return path.join(folder, JSON.parse(answer)[0].filename);
}

/**
 * What is wrong with the files of a package that is unpacked at `root`.
 * @param {string} root
 * @returns {string[]}
 */
export function contentFaults(root) {
  const found = [];
  const top = readdirSync(root).toSorted().join(" ");
  if (top !== TOP_LEVEL.join(" "))
    found.push(`the package holds ${top}: expected ${TOP_LEVEL.join(" ")}`);
  const files = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)));
  const present = new Set(files);
  for (const file of files) {
    if (/(^|\/)tests?\/|\.test\.|\.tsbuildinfo$/.test(file)) found.push(`${file} is packed`);
    for (const part of partsOf(file)) if (!present.has(part)) found.push(`${file} has no ${part}`);
    if (/^dist\/.*\.(js|d\.ts)$/.test(file))
      found.push(...importFaults(file, readFileSync(path.join(root, file), "utf8")));
  }
  return found;
}

/** The files that belong to a module, if `file` is its source or its code. */
function partsOf(file) {
  const module = /^src\/(.*)\.ts$/.exec(file)?.[1] ?? /^dist\/(.*)\.js$/.exec(file)?.[1];
  if (module === undefined) return [];
  const built = ["js", "js.map", "d.ts", "d.ts.map"].map((end) => `dist/${module}.${end}`);
  return [`src/${module}.ts`, ...built];
}

/** What a module of dist/ imports and should not. */
function importFaults(file, text) {
  const module = file.slice("dist/".length);
  const { names } = IMPORTS.find(({ modules }) => modules.test(module));
  const lang = file.endsWith(".d.ts") ? "dts" : "js";
  return parseAst(text, { lang }, file)
    .body.map((statement) => statement.source?.value)
    .filter((name) => name !== undefined && !name.startsWith(".") && !names.test(name))
    .map((name) => `${file} imports ${name}`);
}

/** A folder outside of the project where the package and its dependencies are installed. */
function install(tarball) {
  const folder = mkdtempSync(path.join(tmpdir(), "wsproto-package-"));
  const root = path.join(folder, "node_modules/wsproto");
  mkdirSync(root, { recursive: true });
  execFileSync("tar", ["-xzf", tarball, "--strip-components=1", "-C", root]);
  const { dependencies } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
  // Whoever compiles against wsproto/node has the types of Node.
  for (const name of [...Object.keys(dependencies), "@types/node"]) {
    const link = path.join(folder, "node_modules", name);
    mkdirSync(path.dirname(link), { recursive: true });
    symlinkSync(path.resolve("node_modules", name), link);
  }
  cpSync("scripts/package", folder, { recursive: true });
  return { folder, root };
}

/** Whether the installed package runs and compiles. */
function checkUse(folder) {
  for (const program of ["import.mjs", "require.cjs", "import-node.mjs", "require-node.cjs"]) {
    for (const conditions of [[], ["-C", "browser"]])
      run(process.execPath, [...conditions, program], { cwd: folder, quiet: true });
  }
  for (const options of Object.values(TYPESCRIPT)) {
    const strict = ["--strict", "--skipLibCheck", "false", "--target", "es2022", "--noEmit"];
    const alone = ["--lib", "es2022", "--ignoreConfig"];
    for (const [types, program] of [
      ["", "compile.ts"],
      ["node", "compile-node.ts"],
    ]) {
      const given = [...strict, ...alone, "--types", types, ...options, program];
      run(bin("tsc"), given, { cwd: folder });
    }
  }
}

function main() {
  const tarball = pack(path.resolve(".cache/package"));
  run(bin("publint"), ["run", tarball, "--strict"]);
  run(bin("attw"), [tarball, "--profile", "esm-only", "--no-emoji"]);
  const { folder, root } = install(tarball);
  try {
    faults.push(...contentFaults(root));
    checkUse(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
  for (const fault of faults) console.error(fault);
  console.log(`check-package: ${path.basename(tarball)}, ${faults.length} faults`);
  process.exitCode = faults.length === 0 ? 0 : 1;
}

if (process.argv[1] === import.meta.filename) main();
