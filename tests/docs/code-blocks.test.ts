/*
 * The code in the documents runs.
 *
 * For whoever writes them (README.md and the other .md files at the root and in docs/):
 * - A block marked `ts` or `js` is a whole program. It is compiled with the options of the sources (unused names are
 *   allowed) and run with the built package, which it imports by its name: `import { WSConnection } from "wsproto"`,
 *   `import { serve } from "wsproto/node"`. Modules of Node's are there as well. It has to end by itself with exit
 *   code 0, within ten seconds, and to write nothing to its standard error. Claims belong into assertions:
 *   `import assert from "node:assert/strict"`.
 * - A block marked `text output` right after a program is its whole standard output, to the letter.
 * - Other blocks are not run: `text`, `sh`, `json`, `http`, `html`, `diff`, `mermaid`, and `py` for Python. Signatures
 *   and fragments are `text`. A block without a mark is a mistake.
 * - The npm scripts that are named in `sh` blocks or in code spans have to exist, and links have to lead somewhere
 *   (links.test.ts).
 * Faults are reported with the line of the document.
 */
import { execFile, spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { beforeAll, expect, test } from "vitest";
import { type Block, blocksOf, documents } from "./markdown.ts";

interface Program {
  readonly block: Block;
  /** The name of its file, without the extension. */
  readonly name: string;
  /** The standard output that the document shows. */
  readonly shown: string | undefined;
}

interface Outcome {
  readonly error: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

const FOLDER = path.resolve(".cache/docs-code");
const TSC = path.resolve("node_modules/.bin/tsc");
const AT_ONCE = 2;
const TIMEOUT = 10_000;
const OTHER_MARKS = /^(text|text output|sh|json|http|html|diff|mermaid|py)$/;

const blocks: readonly Block[] = documents.flatMap(blocksOf);
const programs: readonly Program[] = blocks.flatMap((block, index) => {
  if (block.info !== "ts" && block.info !== "js") return [];
  const next = blocks[index + 1];
  const name = `${block.document.replaceAll(/[^\w]+/g, "-")}-${block.line}`;
  const shown =
    next?.document === block.document && next.info === "text output" ? next.text : undefined;
  return [{ block, name, shown }];
});

let complaints: readonly string[] = [];
const outcomes: Map<Program, Outcome> = new Map();

beforeAll(async () => {
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  for (const { block, name } of programs) {
    // The lines keep their numbers, so that complaints point into the document.
    const text = "\n".repeat(block.line) + block.text;
    writeFileSync(path.join(FOLDER, `${name}.${block.info}`), text);
  }
  writeFileSync(path.join(FOLDER, "tsconfig.json"), JSON.stringify(configuration));
  complaints = spawnSync(TSC, ["-p", "."], { cwd: FOLDER, encoding: "utf8" }).stdout.split("\n");
  await runAll();
});

const configuration = {
  extends: "../../tsconfig/base.json",
  compilerOptions: {
    lib: ["es2022", "esnext.disposable"],
    types: ["node"],
    rootDir: ".",
    outDir: "out",
    allowJs: true,
    composite: false,
    declaration: false,
    declarationMap: false,
    isolatedDeclarations: false,
    sourceMap: false,
    noUnusedLocals: false,
    noUnusedParameters: false,
  },
  include: ["*.ts", "*.js"],
};

/** Runs all programs, a few at once. */
async function runAll(): Promise<void> {
  const queue = [...programs];
  const work = async (): Promise<void> => {
    for (let program = queue.shift(); program !== undefined; program = queue.shift())
      outcomes.set(program, await run(program));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

function run({ name }: Program): Promise<Outcome> {
  return new Promise((resolve) => {
    const options = { encoding: "utf8", timeout: TIMEOUT } as const;
    const file = path.join(FOLDER, "out", `${name}.js`);
    execFile(process.execPath, [file], options, (error, stdout, stderr) => {
      resolve({ error: error?.message ?? null, stdout, stderr });
    });
  });
}

const titled = programs.map(
  (program) => [`${program.block.document}:${program.block.line}`, program] as const,
);

test("README.md shows programs", () => {
  expect(programs.filter(({ block }) => block.document === "README.md")).not.toEqual([]);
});

test.each(titled)("the program at %s compiles and runs", (title, program) => {
  const own = complaints.filter((line) => line.startsWith(`${program.name}.`));
  expect(own, title).toEqual([]);
  const output = program.shown === undefined ? {} : { stdout: program.shown };
  expect(outcomes.get(program)).toMatchObject({ error: null, stderr: "", ...output });
});

test("every block has a mark that is known", () => {
  const strange = blocks.filter(({ info }) => !/^(ts|js)$/.test(info) && !OTHER_MARKS.test(info));
  expect(strange).toEqual([]);
});

test("output is shown after a program alone", () => {
  const shown = programs.filter(({ shown: text }) => text !== undefined);
  const outputs = blocks.filter(({ info }) => info === "text output");
  expect(outputs).toHaveLength(shown.length);
});
