import type { Socket } from "node:net";
import { ConnectionState, type Event, type Message, WSConnection } from "wsproto";
import { describeEvent, megabytes, type Line } from "./report.ts";

/** Octets of a message between two lines that tell how far it has come. */
const PROGRESS_STEP = 1024 * 1024;

const stateNames = Object.keys(ConnectionState);

/** One end of a connection: an engine, a socket, and a report of what passes between them. */
export class Endpoint {
  readonly ws: WSConnection;
  readonly #socket: Socket;
  readonly #report: (line: Line) => void;
  /** The message being received: its octets (characters for text) and frames so far, and where progress is told next. */
  #size = 0;
  #frames = 0;
  #nextProgress = PROGRESS_STEP;

  constructor(options: {
    readonly ws: WSConnection;
    readonly socket: Socket;
    readonly report: (line: Line) => void;
    readonly onEvent: (event: Event, endpoint: Endpoint) => void;
  }) {
    this.ws = options.ws;
    this.#socket = options.socket;
    this.#report = options.report;
    const drain = (octets: number): void => {
      let counted = octets;
      for (const event of this.ws.events()) {
        this.#received(event, counted);
        counted = 0;
        options.onEvent(event, this);
      }
    };
    options.socket.on("data", (chunk) => {
      if (this.#isOver()) return;
      this.ws.receiveData(chunk);
      drain(chunk.length);
      this.#endIfOver();
    });
    options.socket.on("end", () => {
      this.ws.receiveData(null);
      drain(0);
      options.socket.end();
    });
  }

  /** Sends an event; the server ends the stream when nothing more may follow (RFC 6455, 7.1.1). */
  send(event: Event): void {
    const octets = this.ws.send(event);
    this.#socket.write(octets);
    this.#line({ way: ">", text: describeEvent(event), octets: octets.length, expected: true });
    this.#endIfOver();
  }

  /** Sends octets that the engine would not. */
  sendRaw(octets: Uint8Array, text: string): void {
    this.#socket.write(octets);
    this.#line({ way: ">", text, octets: octets.length, expected: true });
  }

  #isOver(): boolean {
    return this.ws.state === ConnectionState.CLOSED;
  }

  #endIfOver(): void {
    if (this.ws.closeExpected && this.ws.connectionType === 2) this.#socket.end();
  }

  #received(event: Event, octets: number): void {
    if (event.type === "TextMessage" || event.type === "BytesMessage") {
      this.#receivedPiece(event, octets);
    } else {
      this.#line({ way: "<", text: describeEvent(event), octets, expected: true });
    }
  }

  /** Pieces are as the network cuts them, so what must happen is told of the whole message. */
  #receivedPiece(event: Message, octets: number): void {
    this.#size += event.data.length;
    if (event.frameFinished) this.#frames++;
    if (event.messageFinished) {
      const text = describeEvent(event, { size: this.#size, frames: this.#frames });
      this.#line({ way: "<", text, octets, expected: true });
      this.#size = 0;
      this.#frames = 0;
      this.#nextProgress = PROGRESS_STEP;
    } else if (this.#size >= this.#nextProgress) {
      const text = `... ${event.type}, ${megabytes(this.#size)} so far`;
      this.#line({ way: "<", text, octets, expected: false });
      this.#nextProgress += PROGRESS_STEP;
    }
  }

  #line(line: Pick<Line, "way" | "text" | "octets" | "expected">): void {
    const { bytesRead, bytesWritten } = this.#socket;
    this.#report({
      ...line,
      time: process.hrtime.bigint().toString(),
      state: stateNames[this.ws.state]!,
      total: line.way === ">" ? bytesWritten : bytesRead,
    });
  }
}
