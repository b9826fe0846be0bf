import type { Socket } from "node:net";
import {
  ConnectionState,
  type Event,
  type Message,
  OutputBuffer,
  SERVER,
  type WSConnection,
} from "wsproto";
import { describeEvent, megabytes, type Line } from "./report.ts";

/** Octets of a message between two lines that tell how far it has come. */
const PROGRESS_STEP = 1024 * 1024;

const stateNames = Object.keys(ConnectionState);

/** One end of a connection: an engine, a socket, and a report of what passes between them. */
export class Endpoint {
  readonly ws: WSConnection;
  readonly #socket: Socket;
  readonly #report: (line: Line) => void;
  /** What is to be written: all that is sent while one chunk is read leaves in one write. */
  readonly #output = new OutputBuffer();
  #sent = 0;
  #received = 0;
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
    const receive = (data: Uint8Array | null): void => {
      if (this.ws.state === ConnectionState.CLOSED) return;
      this.ws.receiveData(data);
      let octets = data === null ? 0 : data.length;
      this.#received += octets;
      for (const event of this.ws.events()) {
        this.#noteReceived(event, octets);
        octets = 0;
        options.onEvent(event, this);
      }
      this.flush();
    };
    options.socket.on("data", receive);
    options.socket.on("end", () => {
      receive(null);
      options.socket.end();
    });
  }

  /** Sends an event, with the next `flush`. */
  send(event: Event): void {
    const before = this.#output.length;
    this.ws.sendInto(event, this.#output);
    this.#noteSent(describeEvent(event), this.#output.length - before);
  }

  /** Sends octets that the engine would not. */
  sendRaw(octets: Uint8Array, text: string): void {
    this.#output.append(octets);
    this.#noteSent(text, octets.length);
  }

  /** Writes what was sent; the server ends the stream when nothing more may follow (RFC 6455, 7.1.1). */
  flush(): void {
    if (this.#output.length > 0) this.#socket.write(this.#output.take());
    if (this.ws.closeExpected && this.ws.connectionType === SERVER) this.#socket.end();
  }

  #noteSent(text: string, octets: number): void {
    this.#sent += octets;
    this.#note({ way: ">", text, octets, expected: true });
  }

  #noteReceived(event: Event, octets: number): void {
    if (event.type === "TextMessage" || event.type === "BytesMessage") {
      this.#notePiece(event, octets);
    } else {
      this.#note({ way: "<", text: describeEvent(event), octets, expected: true });
    }
  }

  /** Pieces are as the network cuts them, so what must happen is told of the whole message. */
  #notePiece(event: Message, octets: number): void {
    this.#size += event.data.length;
    if (event.frameFinished) this.#frames++;
    if (event.messageFinished) {
      const text = describeEvent(event, { size: this.#size, frames: this.#frames });
      this.#note({ way: "<", text, octets, expected: true });
      this.#size = 0;
      this.#frames = 0;
      this.#nextProgress = PROGRESS_STEP;
    } else if (this.#size >= this.#nextProgress) {
      const text = `... ${event.type}, ${megabytes(this.#size)} so far`;
      this.#note({ way: "<", text, octets, expected: false });
      this.#nextProgress += PROGRESS_STEP;
    }
  }

  #note(line: Pick<Line, "way" | "text" | "octets" | "expected">): void {
    this.#report({
      ...line,
      time: process.hrtime.bigint().toString(),
      state: stateNames[this.ws.state]!,
      total: line.way === ">" ? this.#sent : this.#received,
    });
  }
}
