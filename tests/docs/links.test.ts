import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import packageFile from "../../package.json" with { type: "json" };
import { blocksOf, documents, linksOf } from "./markdown.ts";

/** The anchor that a heading gets. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");
}

function anchorsOf(document: string): string[] {
  const headings = readFileSync(document, "utf8").matchAll(/^#+ (.*)$/gm);
  return [...headings].map(([, heading = ""]) => anchorOf(heading));
}

test.each(documents)("the links of %s lead somewhere", (document) => {
  const broken = linksOf(document).filter(({ target }) => {
    if (/^[a-z]+:/.test(target)) return false;
    const [file = "", anchor] = target.split("#");
    const wanted = file === "" ? document : path.join(path.dirname(document), file);
    if (!existsSync(wanted)) return true;
    return anchor !== undefined && !anchorsOf(wanted).includes(anchor);
  });
  expect(broken).toEqual([]);
});

test.each(documents)("the npm scripts that %s names exist", (document) => {
  const shell = blocksOf(document).filter(({ info }) => info === "sh");
  const inline = readFileSync(document, "utf8").matchAll(/`(npm[^`\n]*)`/g);
  const commands = [...shell.map(({ text }) => text), ...[...inline].map(([, text = ""]) => text)];
  const named = commands.flatMap((text) => [...text.matchAll(/npm (?:run ([\w:-]+)|(test)\b)/g)]);
  const missing = named
    .map(([, run, short]) => run ?? short ?? "")
    .filter((name) => !(name in packageFile.scripts));
  expect(missing).toEqual([]);
});
