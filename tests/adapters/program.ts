import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";

/** An example, compiled by `tests/build.ts`, as a process of its own. */
export class Program {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown[]>;
  #output = "";
  #errors = "";
  readonly #waiting = new Set<() => void>();

  constructor(name: string, args: readonly string[] = []) {
    const file = path.resolve(".cache/examples", `${name}.js`);
    this.#child = spawn(process.execPath, [file, ...args], { stdio: ["ignore", "pipe", "pipe"] });
    this.#ended = once(this.#child, "close");
    this.#child.stdout?.on("data", (chunk: Buffer) => {
      this.#output += chunk.toString();
      for (const look of this.#waiting) look();
    });
    this.#child.stderr?.on("data", (chunk: Buffer) => {
      this.#errors += chunk.toString();
    });
  }

  /** Waits until the output matches. */
  async printed(pattern: RegExp): Promise<RegExpExecArray> {
    const found = new Promise<RegExpExecArray>((resolve) => {
      const look = (): void => {
        const match = pattern.exec(this.#output);
        if (match === null) return;
        this.#waiting.delete(look);
        resolve(match);
      };
      this.#waiting.add(look);
      look();
    });
    const ended = this.#ended.then(() => {
      const match = pattern.exec(this.#output);
      if (match !== null) return match;
      throw new Error(`ended without printing ${pattern}:\n${this.#output}\n${this.#errors}`);
    });
    return Promise.race([found, ended]);
  }

  /** Waits for its end. */
  async finished(): Promise<{ code: unknown; output: string; errors: string }> {
    const [code] = await this.#ended;
    return { code, output: this.#output, errors: this.#errors };
  }

  async stop(): Promise<void> {
    this.#child.kill();
    await this.#ended;
  }
}
