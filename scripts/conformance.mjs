/*
 * Which test proves which rule. The rules are in docs/rules.json; a test proves those whose ids its title names. The
 * probes of resources/ count as tests.
 *
 *   node scripts/conformance.mjs             writes docs/conformance.md
 *   node scripts/conformance.mjs --check     fails if that would change it
 *
 * Fails (exit code 1) when a rule has no test in a layer that is there, and when a title names an id that no rule has.
 *
 * Ids with a year or a section (CVE-2020-13935, R6455-5.2-01) count wherever a title has them. Short ones (D8, F82),
 * which also look like octets, count in front of a colon (where an id comes first), in parentheses, or at the end:
 *
 *   "R6455-5.5-01, F92: a control frame has at most 125 octets"      "a ping between fragments changes nothing (B1)"
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

/**
 * @typedef {{ id: string, also?: string[], layers: string[], rule: string }} Rule
 * `also`: other names of the same rule. `layers`: who has to keep it: engine, session (the policy that adapters share),
 * node, http2, whatwg; resources, where a probe of what the Node part uses has to show it.
 * @typedef {{ title: string, rules: Rule[] }} Group
 * @typedef {{ file: string, name: string }} Test `name`: the titles of its blocks and its own, joined by " > ".
 */

const DOCUMENT = "docs/conformance.md";

const LONG_ID = /^(R\d{4}-[\d.]+-\d+|CVE-[\d-]+|GHSA-[\w-]+|PYSEC-[\d-]+|WS-\d{4}-\d+)$/;
const SHORT_ID = /^([FDBR]\d{1,3}|W-\d+)$/;

/** Where the tests of a layer are; those of the engine are everywhere else. */
const FOLDERS = [
  ["session", "tests/session/"],
  ["node", "tests/adapters/"],
  ["http2", "tests/http2/"],
  ["whatwg", "tests/whatwg/"],
  ["resources", "resources/"],
];

/** The layers that are there; the rules of others may wait. */
const PRESENT = new Set(["engine", "session", "node", "resources"]);

const layerOf = ({ file }) =>
  FOLDERS.find(([, folder]) => file.startsWith(folder))?.[0] ?? "engine";

const OCTET = /^[\da-f]{2}$/i;
/** A range would hide the ids inside it. */
const RANGE = /^[FDBR]\d+(-|–|\.\.)[FDBR]?\d+$/;

/**
 * The ids that a test's name claims to prove, known or not.
 * @param {string} name
 * @param {ReadonlySet<string>} known
 * @returns {string[]}
 */
export function idsIn(name, known) {
  const isLong = (word) => LONG_ID.test(word) || (known.has(word) && !SHORT_ID.test(word));
  const isId = (word) => isLong(word) || SHORT_ID.test(word) || RANGE.test(word);
  const found = new Set();
  for (const title of name.split(" > ")) {
    for (const word of wordsOf(title)) if (isLong(word)) found.add(word);
    const head = wordsOf(title.match(/^([^:]*):/)?.[1] ?? "");
    if (head.length > 0 && isId(head[0]) && !head.some((word) => OCTET.test(word) && !isId(word)))
      for (const word of head.filter(isId)) found.add(word);
    for (const [, text] of title.matchAll(/\(([^()]*)\)/g)) {
      const words = wordsOf(text);
      if (words.every(isId)) for (const word of words) found.add(word);
    }
    for (const word of wordsOf(title).toReversed()) {
      if (!isId(word)) break;
      found.add(word);
    }
  }
  return [...found];
}

function wordsOf(text) {
  return text
    .split(/[\s,;:/+&()[\]]+/)
    .map((word) => word.replace(/\.$/, ""))
    .filter((word) => !["", "and", "CVE"].includes(word));
}

/**
 * Which tests prove which rule, and what is wrong.
 * @param {Group[]} groups
 * @param {Test[]} tests
 * @returns {{ proofs: Map<string, Test[]>, faults: string[] }} `proofs`: by the id of the rule.
 */
export function assess(groups, tests) {
  const faults = [];
  const ruleOf = new Map();
  for (const rule of groups.flatMap((group) => group.rules)) {
    for (const id of [rule.id, ...(rule.also ?? [])]) {
      if (ruleOf.has(id)) faults.push(`docs/rules.json has ${id} twice`);
      ruleOf.set(id, rule);
    }
  }
  const known = new Set(ruleOf.keys());
  const proofs = new Map([...ruleOf.values()].map((rule) => [rule.id, []]));
  for (const test of tests) {
    for (const id of idsIn(test.name, known)) {
      const rule = ruleOf.get(id);
      if (rule === undefined) faults.push(`no rule ${id}: ${test.file} > ${test.name}`);
      else if (!proofs.get(rule.id).includes(test)) proofs.get(rule.id).push(test);
    }
  }
  for (const { id, layers, rule } of groups.flatMap((group) => group.rules)) {
    for (const layer of layers.filter((each) => PRESENT.has(each))) {
      if (proofs.get(id).some((test) => layerOf(test) === layer)) continue;
      faults.push(`no test for ${id}${layer === "engine" ? "" : ` in ${layer}`}: ${rule}`);
    }
  }
  return { proofs, faults };
}

const INTRODUCTION = `# Conformance

Written by \`npm run conformance\` from [rules.json](rules.json) and the titles of the tests; do not edit it by hand.

R6455 is a rule of RFC 6455 with its section, and so on; W a rule of the WHATWG standard; CVE, GHSA and the names of
projects are what was once published as a fault of another implementation; F is what Python's wsproto does, D where this
library decides otherwise, B what is a defect there. A rule with "not yet" waits for the layer that is named.
`;

/**
 * @param {Group[]} groups
 * @param {Map<string, Test[]>} proofs
 * @returns {string} The document.
 */
export function render(groups, proofs) {
  const lines = [INTRODUCTION];
  for (const { title, rules } of groups) {
    lines.push(`## ${title}\n`, "| id | rule | tests |", "| --- | --- | --- |");
    for (const { id, also = [], layers, rule } of rules) {
      const tests = proofs.get(id);
      const waiting = layers.filter((layer) => tests.every((test) => layerOf(test) !== layer));
      const cells = [...citations(tests), ...waiting.map((layer) => `not yet: ${layer}`)];
      lines.push(`| ${[id, ...also].join("<br>")} | ${rule} | ${cells.join("<br>")} |`);
    }
    lines.push("");
  }
  return lines.join("\n");
}

const MOST_TITLES = 2;

/**
 * Tests as `file: title; title; and 7 more`, one text for each file.
 * @param {Test[]} tests
 */
function citations(tests) {
  const files = [...new Set(tests.map((test) => test.file))].toSorted();
  return files.map((file) => {
    const names = tests.filter((test) => test.file === file).map((test) => test.name);
    const titles = [...new Set(names.map((name) => name.split(" > ").at(-1)))];
    const cited = titles.slice(0, MOST_TITLES).map(escapeCell);
    const rest = names.length - cited.length;
    if (rest > 0) cited.push(`and ${rest} more`);
    return `\`${file}\`: ${cited.join("; ")}`;
  });
}

function escapeCell(text) {
  return text
    .replaceAll(/[\\`*_|<>[\]]/g, String.raw`\$&`)
    .replaceAll(
      /[\p{C}\p{Zl}\p{Zp}]/gu,
      (character) => `\\\\u{${character.codePointAt(0).toString(16)}}`,
    );
}

/** Runs a script of JavaScript; what it prints on standard error is seen. */
function run(script, parameters, stdout) {
  const options = { stdio: ["ignore", stdout, "inherit"], encoding: "utf8" };
  return spawnSync(process.execPath, [script, ...parameters], options);
}

/** @returns {Test[] | null} All tests as vitest finds them, rows of tables too; null if it could not, and said why. */
function collectTests() {
  const output = path.resolve(".cache/tests.json");
  mkdirSync(path.dirname(output), { recursive: true });
  const projects = ["--project", "node", "--project", "node-apart"];
  const parameters = ["list", ...projects, `--json=${output}`];
  if (run("node_modules/vitest/vitest.mjs", parameters, "inherit").status !== 0) return null;
  return JSON.parse(readFileSync(output, "utf8")).map(({ file, name }) => ({
    file: path.relative(".", file).split(path.sep).join("/"),
    name,
  }));
}

const PROBES = "resources/run.mjs";

/**
 * The probes run on what is compiled, which it is since vitest has collected its tests.
 * @returns {Test[] | null} The probes of resources/; null if they could not be listed, and it said why.
 */
function collectProbes() {
  const { status, stdout } = run(PROBES, ["--list"], "pipe");
  if (status !== 0) return null;
  return stdout.split("\n").flatMap((name) => (name === "" ? [] : [{ file: PROBES, name }]));
}

function main() {
  const groups = JSON.parse(readFileSync("docs/rules.json", "utf8"));
  const collected = collectTests();
  const probes = collected === null ? null : collectProbes();
  if (probes === null) return false;
  const tests = [...collected, ...probes];
  const { proofs, faults } = assess(groups, tests);
  const text = render(groups, proofs);
  if (!process.argv.includes("--check")) writeFileSync(DOCUMENT, text);
  else if (!existsSync(DOCUMENT) || readFileSync(DOCUMENT, "utf8") !== text)
    faults.push(`${DOCUMENT} is not up to date: npm run conformance`);
  for (const fault of faults) console.error(fault);
  console.log(`conformance: ${proofs.size} rules, ${tests.length} tests, ${faults.length} faults`);
  return faults.length === 0;
}

if (process.argv[1] === import.meta.filename) process.exitCode = main() ? 0 : 1;
