/*
 * Bundles the built package for a browser and measures what a page would load.
 *
 *   node scripts/bundle-size.mjs
 *
 * Fails (exit code 1) when a bundle is larger than its bound, or asks for anything that a browser does not have.
 * Needs dist/ (npm run build).
 */
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { brotliCompressSync } from "node:zlib";
import { rolldown } from "rolldown";

/**
 * Bounds in octets of the minified text, compressed by Brotli: what was measured and some 5 percent. pako is a third of
 * the whole. A constant alone must not bring the engine along (`sideEffects` of package.json): it has the bound of a few
 * lines.
 */
const bundles = [
  { name: "all", text: `export * from "wsproto";`, bound: 38_000 },
  { name: "close-code", text: `export { CloseCode } from "wsproto";`, bound: 1024 },
];

/** What no browser has. */
const NOT_OF_BROWSERS = [/\bnode:/, /\bBuffer\b/, /\bprocess\./, /\brequire\(/];

async function bundle({ name, text }) {
  const folder = path.resolve(".cache/bundle");
  mkdirSync(folder, { recursive: true });
  const entry = path.join(folder, `${name}.entry.mjs`);
  writeFileSync(entry, text);
  const build = await rolldown({
    input: entry,
    platform: "browser",
    resolve: { conditionNames: ["browser", "import"] },
  });
  const { output } = await build.write({
    file: path.join(folder, `${name}.js`),
    format: "esm",
    minify: true,
    codeSplitting: false,
  });
  await build.close();
  return output[0];
}

function faultsOf({ code, imports, dynamicImports }, bound, size) {
  const faults = [];
  if (size > bound) faults.push(`${size} octets are more than ${bound}`);
  for (const name of [...imports, ...dynamicImports]) faults.push(`imports ${name}`);
  for (const pattern of NOT_OF_BROWSERS)
    if (pattern.test(code)) faults.push(`contains ${pattern.exec(code)[0]}`);
  return faults;
}

for (const wanted of bundles) {
  const chunk = await bundle(wanted);
  const size = brotliCompressSync(chunk.code).length;
  const faults = faultsOf(chunk, wanted.bound, size);
  for (const fault of faults) console.error(`bundle ${wanted.name}: ${fault}`);
  if (faults.length > 0) process.exitCode = 1;
  console.log(`bundle ${wanted.name}: ${chunk.code.length} octets, ${size} compressed`);
}
