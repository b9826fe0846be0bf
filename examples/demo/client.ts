import { connect, type Socket } from "node:net";
import {
  BytesMessage,
  CLIENT,
  CloseConnection,
  ConnectionState,
  type Event,
  MessageAssembler,
  PerMessageDeflate,
  Ping,
  Request,
  TextMessage,
  WSConnection,
} from "wsproto";
import { largeMessage } from "./conversation.ts";
import { Endpoint } from "./endpoint.ts";
import type { Line } from "./report.ts";

/** The client of one scene. */
class Client {
  readonly endpoint: Endpoint;
  readonly #assembler = new MessageAssembler();
  readonly #events: Event[] = [];
  readonly #host: string;
  #wake: () => void = () => {};

  constructor(socket: Socket, report: (line: Line) => void) {
    this.#host = `${socket.remoteAddress}:${socket.remotePort}`;
    this.endpoint = new Endpoint({
      ws: new WSConnection(CLIENT),
      socket,
      report,
      onEvent: (event) => this.#onEvent(event),
    });
  }

  request(target: string, subprotocols: readonly string[] = []): void {
    const extensions = [new PerMessageDeflate()];
    this.send(new Request({ host: this.#host, target, subprotocols, extensions }));
  }

  send(event: Event): void {
    this.endpoint.send(event);
  }

  /** Writes what was sent, and waits for the next event (of a message: the whole), which must have this type. */
  async receive(type: Event["type"]): Promise<Event> {
    this.endpoint.flush();
    while (this.#events.length === 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const event = this.#events.shift()!;
    if (event.type !== type) throw new Error(`expected ${type}, met ${event.type}`);
    return event;
  }

  #onEvent(event: Event): void {
    const isMessage = event.type === "TextMessage" || event.type === "BytesMessage";
    const whole = isMessage ? this.#assembler.push(event) : event;
    if (whole === null) return;
    if (
      event.type === "CloseConnection" &&
      this.endpoint.ws.state === ConnectionState.REMOTE_CLOSING
    ) {
      this.endpoint.send(event.response());
    }
    this.#events.push(whole);
    this.#wake();
  }
}

/** Plays the client's part of scene `index` against the server at `port`; done when the stream has ended. */
export async function playClient(
  index: number,
  port: number,
  report: (line: Line) => void,
): Promise<void> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  const closed = new Promise<void>((resolve, reject) => {
    socket.once("close", () => resolve());
    socket.once("error", reject);
  });
  await new Promise<void>((resolve) => socket.once("connect", resolve));
  await Promise.race([parts[index]!(new Client(socket, report)), closed]);
  await closed;
}

/** The client's part of the scenes: what it sends, and what it waits for in between. */
const parts: readonly ((client: Client) => Promise<void>)[] = [
  async (client) => {
    client.request("/chat", ["superchat", "chat"]);
    await client.receive("AcceptConnection");
    client.send(new TextMessage({ data: "Hello, WebSocket!" }));
    await client.receive("TextMessage");
    client.send(new BytesMessage({ data: Uint8Array.from({ length: 256 }, (_, index) => index) }));
    await client.receive("BytesMessage");
    client.send(new Ping({ payload: new TextEncoder().encode("are you there?") }));
    await client.receive("Pong");
    client.send(new TextMessage({ data: "one message ", messageFinished: false }));
    client.send(new TextMessage({ data: "in three ", messageFinished: false }));
    client.send(new TextMessage({ data: "fragments" }));
    await client.receive("TextMessage");
    client.send(new BytesMessage({ data: largeMessage(), compress: false }));
    await client.receive("TextMessage");
    client.send(new CloseConnection({ code: 1000, reason: "good bye" }));
    await client.receive("CloseConnection");
  },
  async (client) => {
    client.request("/members");
    await client.receive("RejectConnection");
    for (;;) {
      const event = await client.receive("RejectData");
      if (event.type === "RejectData" && event.bodyFinished) break;
    }
  },
  async (client) => {
    client.request("/chat");
    await client.receive("AcceptConnection");
    client.endpoint.sendRaw(Uint8Array.of(0x81, 2, 0x48, 0x69), "the octets 81 02 48 69");
    await client.receive("CloseConnection");
  },
  async (client) => {
    client.request("/news");
    await client.receive("AcceptConnection");
    await client.receive("TextMessage");
    await client.receive("CloseConnection");
  },
];
