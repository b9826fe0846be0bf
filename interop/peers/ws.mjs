// `ws`, both roles.

import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { WebSocket, WebSocketServer } from "ws";
import { answer, cut, DEFLATE, pathOf, PING, SUBPROTOCOL } from "../contract.mjs";
import { Endings, Mailbox, Refused } from "../waiting.mjs";

export const NAME = "ws";

function deflateSettings(deflate) {
  if (deflate !== DEFLATE.tight) return deflate === DEFLATE.on;
  return {
    clientNoContextTakeover: true,
    serverNoContextTakeover: true,
    clientMaxWindowBits: 9,
    serverMaxWindowBits: 9,
  };
}

/** @param options `{ tls, deflate }` */
export async function startServer({ tls, deflate }) {
  const endings = new Endings();
  const http = tls === null ? createHttpServer() : createHttpsServer(tls);
  const server = new WebSocketServer({
    server: http,
    perMessageDeflate: deflateSettings(deflate),
    handleProtocols: (offered) => offered.has(SUBPROTOCOL) && SUBPROTOCOL,
    verifyClient: ({ req }, done) => done(pathOf(req.url) !== "/refuse", 403, "no"),
  });
  server.on("connection", (socket, request) => handle(socket, request.url, endings));
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  return {
    port: http.address().port,
    endings,
    stop() {
      for (const socket of server.clients) socket.terminate();
      server.close();
      http.close();
    },
  };
}

function handle(socket, target, endings) {
  const path = pathOf(target);
  const means = {
    send: (message) => socket.send(message),
    sendPieces: (message) => sendPieces(socket, message),
    close: (code, reason) => socket.close(code, reason),
  };
  socket.on("message", (data, isBinary) => void answer(path, messageOf(data, isBinary), means));
  socket.on("close", (code, reason) => {
    const deflate = socket.extensions.includes("permessage-deflate");
    endings.put(target, { code, reason: reason.toString(), subprotocol: socket.protocol, deflate });
  });
  if (path === "/ping") {
    socket.ping(PING);
    socket.on("pong", (payload) => socket.send(payload.toString()));
  }
}

/** @param options `{ ca, deflate }` */
export function startClient({ ca, deflate }) {
  const options = { ca: ca?.cert, perMessageDeflate: deflateSettings(deflate) };
  return {
    open: (url, { subprotocols }) => open(new WebSocket(url, subprotocols, options)),
    stop() {},
  };
}

async function open(socket) {
  const messages = new Mailbox();
  socket.on("message", (data, isBinary) => messages.put(messageOf(data, isBinary)));
  const closed = new Promise((resolve) => {
    socket.on("close", (code, reason) => resolve({ code, reason: reason.toString() }));
  });
  await new Promise((resolve, reject) => {
    socket.on("open", resolve);
    socket.on("error", (error) => {
      messages.fail(error);
      reject(error);
    });
    socket.on("unexpected-response", (request, response) => {
      request.destroy();
      reject(new Refused(response.statusCode));
    });
  });
  return {
    subprotocol: socket.protocol,
    deflate: socket.extensions.includes("permessage-deflate"),
    send: (message) => socket.send(message),
    sendPieces: (message) => sendPieces(socket, message),
    ping: async (payload) => {
      socket.ping(payload);
      const [pong] = await once(socket, "pong");
      if (pong.toString() !== payload) throw new Error(`a pong with ${pong.toString("hex")}`);
    },
    receive: () => messages.take(),
    close: (code, reason) => socket.close(code, reason),
    closed,
  };
}

/** Text is cut between octets, so that characters are in two fragments. */
function sendPieces(socket, message) {
  const binary = typeof message !== "string";
  const pieces = cut(Buffer.from(message));
  pieces.forEach((piece, index) => {
    socket.send(piece, { binary, fin: index === pieces.length - 1 });
  });
}

function messageOf(data, isBinary) {
  return isBinary ? data : data.toString();
}
