/*
 * An echo server of an engine and sockets. `npm run example:server`, or with a port: `npm run example:server -- 8080`.
 */
import { createServer, type Socket } from "node:net";
import {
  AcceptConnection,
  ConnectionState,
  type Event,
  PerMessageDeflate,
  RemoteProtocolError,
  SERVER,
  WSConnection,
} from "wsproto";

/** What the server answers to an event, if anything. */
function answerTo(event: Event, ws: WSConnection): Event | null {
  switch (event.type) {
    case "Request":
      console.log(`request for ${event.target}`);
      return new AcceptConnection({ extensions: [new PerMessageDeflate()] });
    case "Ping":
      return event.response();
    case "TextMessage":
    case "BytesMessage":
      // Pieces go back as they come, as fragments: nothing has to be kept.
      return ws.state === ConnectionState.OPEN ? event : null;
    case "CloseConnection":
      console.log(`closed: ${event.code} ${event.reason ?? ""}`);
      // Not after the end of the stream, nor to the answer to a Close of ours.
      return ws.state === ConnectionState.CLOSED ? null : event.response();
    default:
      return null;
  }
}

function receive(socket: Socket, ws: WSConnection, data: Uint8Array | null): void {
  if (ws.state === ConnectionState.CLOSED) return;
  try {
    ws.receiveData(data);
  } catch (error) {
    if (!(error instanceof RemoteProtocolError)) throw error;
    console.log(`refused: ${error.message}`);
    if (error.eventHint !== null) socket.write(ws.send(error.eventHint));
  }
  for (const event of ws.events()) {
    const answer = answerTo(event, ws);
    if (answer !== null) socket.write(ws.send(answer));
  }
  if (ws.closeExpected || data === null) socket.end();
}

const server = createServer({ allowHalfOpen: true }, (socket) => {
  const ws = new WSConnection(SERVER);
  socket.on("data", (chunk) => receive(socket, ws, chunk));
  socket.on("end", () => receive(socket, ws, null));
  socket.on("error", (error) => console.log(error.message));
});

server.listen(Number(process.argv[2] ?? 0), "127.0.0.1", () => {
  const address = server.address();
  if (address !== null && typeof address === "object") {
    console.log(`listening on ws://127.0.0.1:${address.port}/`);
  }
});
