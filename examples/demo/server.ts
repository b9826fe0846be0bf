import { createServer } from "node:net";
import {
  AcceptConnection,
  CloseConnection,
  ConnectionState,
  type Event,
  MessageAssembler,
  PerMessageDeflate,
  RejectConnection,
  RejectData,
  type Request,
  SERVER,
  TextMessage,
  WSConnection,
} from "wsproto";
import { checksum, LIMIT, type ServerNews } from "./conversation.ts";
import { Endpoint } from "./endpoint.ts";

/** The process that answers: it tells its parent the port, and then every event of every connection. */
function tell(news: ServerNews): void {
  process.send?.(news);
}

function answerRequest(request: Request, endpoint: Endpoint): void {
  if (request.target === "/members") {
    const headers = { "content-type": "text/plain" };
    endpoint.send(new RejectConnection({ statusCode: 403, headers, hasBody: true }));
    endpoint.send(new RejectData({ data: new TextEncoder().encode("members only") }));
    return;
  }
  const subprotocol = request.subprotocols.includes("chat") ? "chat" : null;
  endpoint.send(new AcceptConnection({ subprotocol, extensions: [new PerMessageDeflate()] }));
  if (request.target === "/news") {
    endpoint.send(new TextMessage({ data: "no news today" }));
    endpoint.send(new CloseConnection({ code: 1001, reason: "closing time" }));
  }
}

function answer(event: Event, endpoint: Endpoint, assembler: MessageAssembler): void {
  switch (event.type) {
    case "Request":
      answerRequest(event, endpoint);
      break;
    case "Ping":
      endpoint.send(event.response());
      break;
    case "CloseConnection":
      if (event.failure !== null || endpoint.ws.state === ConnectionState.REMOTE_CLOSING) {
        endpoint.send(event.response());
      }
      break;
    case "TextMessage":
    case "BytesMessage": {
      const message = assembler.push(event);
      if (message?.type === "TextMessage") endpoint.send(message);
      if (message?.type === "BytesMessage" && message.data.length < 1000) endpoint.send(message);
      else if (message?.type === "BytesMessage") {
        endpoint.send(new TextMessage({ data: `checksum ${checksum(message.data)}` }));
      }
      break;
    }
  }
}

let connections = 0;

const server = createServer({ allowHalfOpen: true }, (socket) => {
  const connection = ++connections;
  const assembler = new MessageAssembler();
  socket.on("close", () => tell({ connection, ended: true }));
  new Endpoint({
    ws: new WSConnection(SERVER, { limits: { message: LIMIT } }),
    socket,
    report: (line) => tell({ connection, line }),
    onEvent: (event, endpoint) => answer(event, endpoint, assembler),
  });
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address !== null && typeof address === "object") tell({ port: address.port });
});
process.on("disconnect", () => process.exit());
