/*
 * Checks the architecture of the sources: which layer may import which, no cycles, which packages a layer may name,
 * and that an index.ts holds nothing but re-exports. (Sizes of files and functions are the linter's affair.)
 *
 *   node scripts/check-layers.mjs [root]      root: the folder that holds src/, by default the current one
 *
 * Prints one line for each fault and exits with 1 if there is any.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { parseAst } from "rolldown/parseAst";

const NODE = /^node:/;
const PLATFORM = /^#platform$/;

const LOWEST = ["vocabulary", "bytes"];
const FRAMED = [...LOWEST, "frames", "extensions"];
const ENGINE = [...FRAMED, "messages", "connection", "http", "handshake", "ws-connection"];

/**
 * From the lowest to the highest. A file belongs to the first layer whose pattern its path in src/ matches.
 * `values`: the layers that it may import, besides its own. `types`: more of them, for `import type` alone;
 * the vocabulary is open to every `import type`. `packages`: what is no path.
 */
const layers = [
  { name: "contract", files: /^platform\/contract\.ts$/, values: [], types: [], packages: [] },
  {
    name: "platform on Node",
    files: /^platform\/(node|zlib-handle)\.ts$/,
    values: ["platform"],
    types: ["contract"],
    packages: [NODE, /^pako$/],
  },
  {
    name: "platform",
    files: /^platform\//,
    values: [],
    types: ["contract"],
    packages: [/^pako$/, /^@noble\/hashes\/legacy\.js$/],
  },
  {
    name: "vocabulary",
    files: /^(events|event-iterator|errors|states|limits|headers)\.ts$/,
    values: [],
    types: ["frames", "extensions"],
    packages: [],
  },
  { name: "bytes", files: /^bytes\//, values: [], types: [], packages: [PLATFORM] },
  { name: "frames", files: /^frames\//, values: LOWEST, types: [], packages: [PLATFORM] },
  {
    name: "extensions",
    files: /^extensions\//,
    values: [...LOWEST, "frames"],
    types: [],
    packages: [PLATFORM],
  },
  { name: "messages", files: /^messages\//, values: FRAMED, types: [], packages: [PLATFORM] },
  {
    name: "connection",
    files: /^connection\.ts$/,
    values: [...FRAMED, "messages"],
    types: [],
    packages: [PLATFORM],
  },
  { name: "http", files: /^http\//, values: LOWEST, types: [], packages: [PLATFORM] },
  {
    // An accepted handshake makes the connection and feeds it what came early.
    name: "handshake",
    files: /^handshake\//,
    values: [...LOWEST, "extensions", "http", "connection"],
    types: [],
    packages: [PLATFORM],
  },
  { name: "ws-connection", files: /^ws-connection\.ts$/, values: ENGINE, types: [], packages: [] },
  { name: "index", files: /^index\.ts$/, values: ENGINE, types: [], packages: [] },
  // What the adapters share: policy, without a runtime.
  { name: "session", files: /^session\//, values: ENGINE, types: [], packages: [] },
  {
    name: "node",
    files: /^node\//,
    values: [...ENGINE, "index", "session"],
    types: [],
    packages: [NODE, PLATFORM],
  },
];

const layerOf = (file) => layers.find((layer) => layer.files.test(file));

/** Every import and re-export of a program: `{ specifier, typeOnly, start }`. */
function importsOf(program) {
  const found = [];
  const add = (source, typeOnly) => {
    const specifier = source?.type === "Literal" ? source.value : null;
    found.push({ specifier, typeOnly, start: source?.start ?? 0 });
  };
  visit(program, (node) => {
    if (node.type === "ImportDeclaration") add(node.source, node.importKind === "type");
    else if (node.type === "ExportAllDeclaration") add(node.source, node.exportKind === "type");
    else if (node.type === "ExportNamedDeclaration" && node.source !== null)
      add(node.source, node.exportKind === "type");
    else if (node.type === "ImportExpression") add(node.source, false);
    else if (node.type === "TSImportType") add(node.source, true);
    else if (node.type === "TSImportEqualsDeclaration") add(node.moduleReference.expression, false);
    else if (node.type === "CallExpression" && node.callee.name === "require")
      add(node.arguments[0], false);
    // However it is loaded, a name of Node's is an import.
    else if (node.type === "Literal" && NODE.test(node.value)) add(node, false);
  });
  return found;
}

function visit(node, enter) {
  if (Array.isArray(node)) {
    for (const item of node) visit(item, enter);
  } else if (node !== null && typeof node === "object") {
    if (typeof node.type === "string") enter(node);
    for (const child of Object.values(node)) visit(child, enter);
  }
}

/** Why `file`, of `layer`, may not have this import, or null. */
function faultOf(file, layer, { specifier, typeOnly }, source) {
  if (specifier === null) return "an import of something that is no literal";
  if (!specifier.startsWith(".")) {
    if (layer.packages.some((pattern) => pattern.test(specifier))) return null;
    return `${layer.name} may not import ${specifier}`;
  }
  const target = path.posix.join(path.posix.dirname(file), specifier);
  if (target.startsWith("..")) return `${specifier} is outside of src`;
  if (!existsSync(path.join(source, target))) return `${specifier} does not exist`;
  const targetLayer = layerOf(target);
  if (targetLayer === undefined) return `${specifier} belongs to no layer`;
  const open = [layer.name, ...layer.values];
  // A module that only declares would be missing at run time.
  if (targetLayer.name === "contract" && !typeOnly) return `${specifier} has no values to import`;
  if (typeOnly) open.push("vocabulary", ...layer.types);
  if (open.includes(targetLayer.name)) return null;
  const kind = typeOnly ? "types" : "values";
  return `${layer.name} may not import ${kind} of ${targetLayer.name} (${specifier})`;
}

/** Statements of an index.ts that are no re-export of named things. */
function otherThanReExports(program) {
  return program.body.filter(
    (node) => node.type !== "ExportNamedDeclaration" || node.source === null,
  );
}

/** One cycle of the graph (a Map from a file to the files it imports), as a list of files; or null. */
function cycleIn(graph) {
  const done = new Set();
  const walk = (file, trail) => {
    if (done.has(file)) return null;
    const start = trail.indexOf(file);
    if (start !== -1) return [...trail.slice(start), file];
    for (const next of graph.get(file) ?? []) {
      const cycle = walk(next, [...trail, file]);
      if (cycle !== null) return cycle;
    }
    done.add(file);
    return null;
  };
  for (const file of graph.keys()) {
    const cycle = walk(file, []);
    if (cycle !== null) return cycle;
  }
  return null;
}

/**
 * Checks the tree under `source`.
 * @param {string} source
 * @returns {{ faults: string[], count: number }} One line for each fault, and the number of files looked at.
 */
export function check(source) {
  const faults = [];
  const graph = new Map();
  const files = readdirSync(source, { recursive: true })
    .map((name) => name.split(path.sep).join("/"))
    .filter((name) => name.endsWith(".ts"))
    .toSorted();
  for (const file of files) {
    const text = readFileSync(path.join(source, file), "utf8");
    const report = (start, message) =>
      faults.push(`src/${file}:${text.slice(0, start).split("\n").length}: ${message}`);
    const layer = layerOf(file);
    if (layer === undefined) {
      report(0, "belongs to no layer: add it to the table of scripts/check-layers.mjs");
      continue;
    }
    const program = parseAst(text, { lang: "ts" }, file);
    const imports = importsOf(program);
    for (const item of imports) {
      const fault = faultOf(file, layer, item, source);
      if (fault !== null) report(item.start, fault);
    }
    if (path.posix.basename(file) === "index.ts") {
      for (const node of otherThanReExports(program))
        report(node.start, "an index.ts only re-exports, and by name");
    }
    const values = imports.filter((item) => !item.typeOnly && item.specifier?.startsWith("."));
    graph.set(
      file,
      values.map((item) => path.posix.join(path.posix.dirname(file), item.specifier)),
    );
  }
  if (files.length === 0) faults.push("no sources");
  const cycle = cycleIn(graph);
  if (cycle !== null) faults.push(`a cycle: ${cycle.map((file) => `src/${file}`).join(" -> ")}`);
  return { faults: [...new Set(faults)], count: files.length };
}

if (process.argv[1] === import.meta.filename) {
  const { faults, count } = check(path.join(process.argv[2] ?? ".", "src"));
  for (const fault of faults) console.error(fault);
  console.log(`check-layers: ${count} files, ${faults.length} faults`);
  process.exitCode = faults.length === 0 ? 0 : 1;
}
