import {
  AcceptConnection,
  CloseCode,
  type Event,
  type HeaderList,
  ConnectionState,
  ConnectionType,
  RemoteProtocolError,
  WSConnection,
} from "wsproto";

/** What a server's loop looks like to the compiler. */
export function serve(chunks: Iterable<Uint8Array>, write: (bytes: Uint8Array) => void): number {
  const ws = new WSConnection(ConnectionType.SERVER, { limits: { message: 1024 } });
  let headers: HeaderList = [];
  try {
    for (const chunk of chunks) {
      ws.receiveData(chunk);
      for (const event of ws.events()) {
        if (event.type === "Request") headers = event.extraHeaders;
        const answer = answerTo(event);
        if (answer !== null) write(ws.send(answer));
      }
    }
  } catch (error) {
    if (!(error instanceof RemoteProtocolError)) throw error;
    if (error.eventHint !== null) write(ws.send(error.eventHint));
  }
  return ws.state === ConnectionState.OPEN ? headers.length : CloseCode.NORMAL_CLOSURE;
}

function answerTo(event: Event): Event | null {
  switch (event.type) {
    case "Request":
      return new AcceptConnection();
    case "Ping":
    case "CloseConnection":
      return event.response();
    default:
      return null;
  }
}
