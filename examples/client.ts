/*
 * A client of an engine and a socket: sends a message and a ping, prints what comes, and closes.
 * `npm run example:client -- ws://127.0.0.1:8080/`, with the address that the server printed.
 */
import { connect } from "node:net";
import {
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

const url = new URL(process.argv[2] ?? "ws://127.0.0.1:8080/");
const ws = new WSConnection(CLIENT);
const assembler = new MessageAssembler();
const socket = connect({ host: url.hostname, port: Number(url.port || 80), allowHalfOpen: true });

function send(event: Event): void {
  console.log(`sending ${event.type}`);
  socket.write(ws.send(event));
}

function react(event: Event): void {
  switch (event.type) {
    case "AcceptConnection":
      console.log(
        `open, with ${event.extensions.map(({ name }) => name).join(" ") || "no extension"}`,
      );
      send(new TextMessage({ data: "Hello, server!" }));
      break;
    case "RejectConnection":
      console.log(`rejected with status ${event.statusCode}`);
      break;
    case "TextMessage": {
      const message = assembler.push(event);
      if (message === null) break;
      console.log(`received ${JSON.stringify(message.data)}`);
      send(new Ping({ payload: new TextEncoder().encode("ping") }));
      break;
    }
    case "Pong":
      console.log("received a pong");
      send(new CloseConnection({ code: 1000, reason: "done" }));
      break;
    case "Ping":
      send(event.response());
      break;
    case "CloseConnection":
      console.log(`closed: ${event.code} ${event.reason ?? ""}`);
      if (ws.state !== ConnectionState.CLOSED) send(event.response());
      break;
  }
}

function receive(data: Uint8Array | null): void {
  if (ws.state === ConnectionState.CLOSED) return;
  ws.receiveData(data);
  for (const event of ws.events()) react(event);
}

socket.on("connect", () => {
  const target = url.pathname + url.search;
  send(new Request({ host: url.host, target, extensions: [new PerMessageDeflate()] }));
});
socket.on("data", receive);
// The server ends TCP first (RFC 6455, 7.1.1); the client follows.
socket.on("end", () => {
  receive(null);
  socket.end();
});
