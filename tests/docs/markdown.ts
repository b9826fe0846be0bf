import { existsSync, readdirSync, readFileSync } from "node:fs";

/** A fenced block of a document. */
export interface Block {
  readonly document: string;
  /** Of the opening fence, from 1. */
  readonly line: number;
  /** What stands behind the fence: `ts`, `text output` and so on. */
  readonly info: string;
  /** What stands between the fences, with its last line end. */
  readonly text: string;
}

/** The documents of the project: those at its root and those in docs/, without what scripts write. */
export const documents: readonly string[] = [
  ...readdirSync("."),
  ...(existsSync("docs") ? readdirSync("docs", { encoding: "utf8", recursive: true }) : [])
    .map((name) => `docs/${name}`)
    .sort(),
].filter((name) => name.endsWith(".md") && name !== "docs/conformance.md");

export function blocksOf(document: string): Block[] {
  const blocks: Block[] = [];
  let open: { line: number; fence: string; info: string; start: number } | null = null;
  const lines = readFileSync(document, "utf8").split("\n");
  for (const [index, line] of lines.entries()) {
    const [, fence = "", info = ""] = /^(`{3,})(.*)$/.exec(line) ?? [];
    if (open === null) {
      if (fence !== "") open = { line: index + 1, fence, info: info.trim(), start: index + 1 };
    } else if (line === open.fence) {
      const text = lines.slice(open.start, index).map((each) => `${each}\n`);
      blocks.push({ document, line: open.line, info: open.info, text: text.join("") });
      open = null;
    }
  }
  if (open !== null) throw new Error(`${document}:${open.line}: a block without an end`);
  return blocks;
}

/** The targets of links and images outside of code, with the line that each stands on. */
export function linksOf(document: string): { target: string; line: number }[] {
  const text = readFileSync(document, "utf8").replaceAll(/^```[\s\S]*?^```$|`[^`\n]*`/gm, (code) =>
    code.replaceAll(/[^\n]/g, " "),
  );
  return [...text.matchAll(/\]\(([^)\s]+)[^)]*\)|^\[[^\]]+\]: (\S+)/gm)].map((match) => ({
    target: match[1] ?? match[2] ?? "",
    line: text.slice(0, match.index).split("\n").length,
  }));
}
