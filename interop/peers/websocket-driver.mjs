// `websocket-driver` with its extension `permessage-deflate`, both roles. It has no means to send fragments, and does
// not tell what extensions a server has negotiated.

import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { connect as connectTcp } from "node:net";
import { connect as connectTls } from "node:tls";
import permessageDeflate from "permessage-deflate";
import websocket from "websocket-driver";
import { answer, DEFLATE, pathOf, PING, SUBPROTOCOL } from "../contract.mjs";
import { Endings, Mailbox, Refused } from "../waiting.mjs";

export const NAME = "websocket-driver";

function addDeflate(driver, deflate) {
  if (deflate === DEFLATE.off) return;
  const settings = {
    noContextTakeover: true,
    requestNoContextTakeover: true,
    maxWindowBits: 9,
    requestMaxWindowBits: 9,
  };
  const extension =
    deflate === DEFLATE.tight ? permessageDeflate.configure(settings) : permessageDeflate;
  driver.addExtension(extension);
}

function send(driver, message) {
  if (typeof message === "string") driver.text(message);
  else driver.binary(Buffer.from(message));
}

/** @param options `{ tls, deflate }` */
export async function startServer({ tls, deflate }) {
  const endings = new Endings();
  const http = tls === null ? createHttpServer() : createHttpsServer(tls);
  const sockets = new Set();
  http.on("upgrade", (request, socket, head) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket)).on("error", () => {});
    if (pathOf(request.url) === "/refuse") {
      socket.end("HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno");
      return;
    }
    const driver = websocket.http(request, { protocols: [SUBPROTOCOL] });
    addDeflate(driver, deflate);
    handle(driver, request.url, endings);
    driver.on("close", () => socket.end()); // which it leaves to its user
    driver.io.write(head);
    socket.pipe(driver.io).pipe(socket);
    driver.start();
  });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  return {
    port: http.address().port,
    endings,
    sendsWhole: true,
    stop() {
      http.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

function handle(driver, target, endings) {
  const path = pathOf(target);
  const means = {
    send: (message) => send(driver, message),
    sendPieces: (message) => send(driver, message),
    close: (code, reason) => driver.close(reason, code),
  };
  driver.on("message", ({ data }) => void answer(path, data, means));
  driver.on("close", ({ code, reason }) => {
    endings.put(target, { code, reason, subprotocol: driver.protocol ?? "" });
  });
  if (path === "/ping") {
    driver.on("open", () => driver.ping(PING, () => driver.text(PING)));
  }
}

/** @param options `{ ca, deflate }` */
export function startClient({ ca, deflate }) {
  const sockets = new Set();
  return {
    async open(url, { subprotocols }) {
      const { protocol, hostname, port } = new URL(url);
      const socket =
        protocol === "wss:"
          ? connectTls({ host: hostname, port, ca: ca.cert })
          : connectTcp({ host: hostname, port });
      sockets.add(socket);
      const driver = websocket.client(url, { protocols: subprotocols });
      addDeflate(driver, deflate);
      return open(driver, socket, protocol === "wss:" ? "secureConnect" : "connect");
    },
    stop() {
      for (const socket of sockets) socket.destroy();
    },
  };
}

async function open(driver, socket, connected) {
  const messages = new Mailbox();
  driver.on("message", ({ data }) => messages.put(data));
  const closed = new Promise((resolve) => {
    driver.on("close", ({ code, reason }) => {
      socket.end();
      resolve({ code, reason });
    });
  });
  await once(socket, connected);
  await new Promise((resolve, reject) => {
    driver.on("open", resolve);
    driver.on("error", (error) => {
      const refused = driver.statusCode !== null && driver.statusCode !== 101;
      reject(refused ? new Refused(driver.statusCode) : error);
    });
    socket.on("error", reject);
    socket.pipe(driver.io).pipe(socket);
    driver.start();
  });
  const extensions = driver.headers["sec-websocket-extensions"] ?? "";
  return {
    subprotocol: driver.protocol,
    deflate: extensions.includes("permessage-deflate"),
    send: (message) => send(driver, message),
    ping: (payload) => new Promise((resolve) => driver.ping(payload, resolve)),
    receive: () => messages.take(),
    close: (code, reason) => driver.close(reason, code),
    closed,
  };
}
