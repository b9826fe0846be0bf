import { ConnectionClosedError, type NodeConnection } from "../../../src/node/index.ts";

/** What came of everything that had to come to an end; each thing may be named once only. */
export class Outcomes {
  readonly seen: Record<string, string> = {};

  add(what: string, how: string): void {
    this.seen[what] = what in this.seen ? `${this.seen[what]}, and again: ${how}` : how;
  }

  /** Notes how all of a connection ends: itself, whoever reads, and a ping that is under way. */
  watch(connection: NodeConnection): void {
    void connection.closed.then(({ code, wasClean }) => {
      this.add("closed", `${code}${wasClean ? " clean" : ""}`);
    });
    this.#settles("ping", connection.ping(new Uint8Array(4)));
    this.#settles("reader", connection.receive());
  }

  #settles(what: string, promise: Promise<unknown>): void {
    promise.then(
      (value) => this.add(what, String(value)),
      (error: unknown) => this.add(what, describe(error)),
    );
  }
}

/** An error in a word or two. */
export function describe(error: unknown): string {
  if (!(error instanceof Error)) return `no Error: ${String(error)}`;
  if (error instanceof ConnectionClosedError) {
    return `ConnectionClosedError ${error.code}${error.wasClean ? " clean" : ""}`;
  }
  const code = "code" in error ? error.code : undefined;
  return error.constructor === Error && typeof code === "string" ? code : error.name;
}
