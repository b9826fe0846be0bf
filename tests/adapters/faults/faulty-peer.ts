import { once } from "node:events";
import { Duplex } from "node:stream";
import { connect as connectTls, createSecureContext, TLSSocket } from "node:tls";
import { RawPeer } from "../node/raw-peer.ts";
import { serverTls, trusted } from "../node/running.ts";
import type { Line } from "./line.ts";

/** How a peer may go, or not go. */
export type Fault =
  | "FIN"
  | "RST"
  | "silence"
  | "half-close"
  | "killed process"
  | "missing close_notify"
  | "TLS alert";

/** The record of a fatal alert, handshake_failure, as long as nothing is encrypted (RFC 8446, 6). */
const ALERT = Buffer.from("15030300020228", "hex");
/** An encrypted record that nobody has encrypted: whoever gets it answers with an alert. */
const FORGED = Buffer.concat([Buffer.from("1703030020", "hex"), Buffer.alloc(32, 7)]);

/** The first flight of a TLS client. */
export async function clientHello(): Promise<Buffer> {
  return new Promise((resolve) => {
    const nowhere = new Duplex({
      read: () => {},
      write: (chunk: Buffer, _encoding, written) => {
        written();
        resolve(chunk);
      },
    });
    connectTls({ socket: nowhere, servername: "localhost" }).on("error", () => {});
  });
}

/** The octets of a line on their way to and from a TLS engine, which does not see where they come from. */
class Wire extends Duplex {
  readonly #line: Line;

  constructor(line: Line) {
    super();
    this.#line = line;
    line.stream.on("data", (chunk: Buffer) => this.push(chunk));
    line.stream.on("end", () => this.push(null));
    line.stream.on("close", () => this.destroy());
  }

  /** Gives the engine octets that the other end did not send. */
  forge(octets: Buffer): void {
    this.push(octets);
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, written: () => void): void {
    this.#line.stream.write(chunk, () => written());
  }

  override _final(ended: () => void): void {
    this.#line.stream.end(() => ended());
  }

  override _destroy(error: Error | null, destroyed: (error: Error | null) => void): void {
    this.#line.stream.end();
    destroyed(error);
  }
}

/** The other end of our connection: a raw one, that breaks when told to. */
export class FaultyPeer {
  readonly #line: Line;
  readonly #raw: RawPeer;
  readonly #wire: Wire | null;
  readonly #over: Promise<unknown>;
  #taken: number = 0;

  private constructor(line: Line, stream: Duplex, wire: Wire | null) {
    this.#line = line;
    this.#raw = new RawPeer(stream);
    this.#wire = wire;
    this.#over = new Promise((resolve) => line.stream.once("end", resolve).once("close", resolve));
  }

  /** A peer without TLS, or before it. */
  static plain(line: Line): FaultyPeer {
    return new FaultyPeer(line, line.stream, null);
  }

  /** A client with TLS, which stands for both ends. */
  static async secureClient(line: Line): Promise<FaultyPeer> {
    const wire = new Wire(line);
    const socket = connectTls({ socket: wire, servername: "localhost", ...trusted });
    const peer = new FaultyPeer(line, socket, wire);
    // A ticket, which the server sends when it has heard that the client is content (RFC 8446, 4.6.1).
    await once(socket, "session");
    return peer;
  }

  /** A server with TLS, which stands. */
  static async secureServer(line: Line): Promise<FaultyPeer> {
    const wire = new Wire(line);
    line.stream.resume();
    const secureContext = createSecureContext(serverTls);
    const socket = new TLSSocket(wire, { isServer: true, secureContext });
    const peer = new FaultyPeer(line, socket, wire);
    await once(socket, "secure");
    return peer;
  }

  send(data: string | Uint8Array): void {
    this.#raw.send(data);
  }

  /** Settles with the head that our end has sent. */
  async head(): Promise<string> {
    this.#line.stream.resume();
    await this.#raw.has("\r\n\r\n");
    this.#taken = this.#raw.text.indexOf("\r\n\r\n") + 4;
    return this.#raw.text.slice(0, this.#taken);
  }

  /** Settles when `count` octets came behind those that were taken already. */
  async takes(count: number): Promise<void> {
    this.#line.stream.resume();
    this.#taken += count;
    await this.#raw.hasOctets(this.#taken);
  }

  /** Does what it is here for. */
  break(fault: Fault): void {
    const { stream } = this.#raw;
    if (fault === "FIN") this.#close();
    else if (fault === "half-close") stream.end();
    else if (fault === "RST") this.#line.reset();
    else if (fault === "silence") this.#line.stream.pause();
    else if (fault === "killed process") this.#line.kill();
    else if (fault === "missing close_notify") this.#line.close();
    else if (this.#wire === null) this.#line.stream.write(ALERT);
    else this.#wire.forge(FORGED);
  }

  #close(): void {
    const { stream } = this.#raw;
    if (stream instanceof TLSSocket) stream.destroySoon();
    else this.#line.close();
  }

  /** Settles when our end has ended its side of the line, or the line is gone. A silent peer reads again. */
  async over(): Promise<void> {
    this.#line.stream.resume();
    await this.#over;
  }

  destroy(): void {
    this.#raw.stream.destroy();
    this.#line.stream.destroy();
  }
}
