import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { latin1 } from "../../helpers/handshake.ts";

/** The other end of a stream, without any WebSocket: what was received, octet by octet, and how it ended. */
export class RawPeer<Stream extends Duplex = Duplex> {
  readonly stream: Stream;
  #chunks: Buffer[] = [];
  #size = 0;
  /** Whether the stream's end was received: FIN. */
  ended = false;
  /** Why the stream broke: ECONNRESET, say. */
  error: (Error & { readonly code?: string }) | null = null;
  /** Settles when the stream is closed, for whatever reason. */
  readonly closed: Promise<void>;
  readonly #waiting = new Set<() => void>();

  constructor(stream: Stream) {
    this.stream = stream;
    stream.on("data", (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#size += chunk.length;
      this.#tell();
    });
    stream.on("end", () => {
      this.ended = true;
      this.#tell();
    });
    stream.on("error", (error) => {
      this.error ??= error;
    });
    this.closed = new Promise((resolve) => {
      stream.on("close", () => {
        this.#tell();
        resolve();
      });
    });
  }

  /** Connected to a server; keeps its own side open when the other ends. */
  static async to(
    where: { readonly port: number } | { readonly path: string },
  ): Promise<RawPeer<Socket>> {
    const place = "port" in where ? { host: "127.0.0.1", ...where } : where;
    const socket = connect({ ...place, allowHalfOpen: true });
    const peer = new RawPeer(socket);
    await once(socket, "connect");
    return peer;
  }

  /** What was received, one character for each octet. */
  get text(): string {
    const received = Buffer.concat(this.#chunks, this.#size);
    this.#chunks = [received];
    return received.toString("latin1");
  }

  send(data: string | Uint8Array): void {
    this.stream.write(typeof data === "string" ? latin1(data) : data);
  }

  /** Settles when `text` was received. */
  async has(text: string): Promise<void> {
    await this.#until(() => this.text.includes(text), `"${text}"`);
  }

  /** Settles when `count` octets were received. */
  async hasOctets(count: number): Promise<void> {
    await this.#until(() => this.#size >= count, `${count} octets`);
  }

  /** Settles when the other end has ended its side in order. */
  async end(): Promise<void> {
    await this.#until(() => this.ended, "the end of the stream");
  }

  /** Settles when nothing more will come: the other end has ended its side, or the stream is closed. */
  async over(): Promise<void> {
    await this.#until(() => this.ended || this.stream.closed, "its end");
  }

  async #until(condition: () => boolean, what: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const look = (): void => {
        if (!condition() && !this.stream.closed) return;
        this.#waiting.delete(look);
        if (condition()) resolve();
        else reject(new Error(`closed before ${what}, after ${JSON.stringify(this.text)}`));
      };
      this.#waiting.add(look);
      look();
    });
  }

  #tell(): void {
    for (const look of this.#waiting) look();
  }
}
