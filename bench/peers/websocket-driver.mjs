// websocket-driver: a driver of each role, opened by a handshake. It unmasks in place.

import { createHash } from "node:crypto";
import websocket from "websocket-driver";

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

function answer(request) {
  const key = /^Sec-WebSocket-Key: (.*)\r$/im.exec(request)[1];
  const accept = createHash("sha1")
    .update(key + GUID)
    .digest("base64");
  return Buffer.from(
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
      `Sec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
}

function serverDriver() {
  return websocket.http({
    method: "GET",
    url: "/",
    headers: {
      host: "localhost",
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
      "sec-websocket-version": "13",
    },
  });
}

/** A driver past its handshake, whose frames go to `write`. */
function openDriver(role, write) {
  const driver = role === "server" ? serverDriver() : websocket.client("ws://localhost/");
  driver.on("error", (error) => {
    throw error;
  });
  let handshake = "";
  const onHandshake = (octets) => {
    handshake += octets;
  };
  driver.io.on("data", onHandshake);
  driver.start();
  if (role === "client") driver.parse(answer(handshake));
  if (driver.getState() !== "open") throw new Error("websocket-driver has not opened");
  driver.io.off("data", onHandshake);
  driver.io.on("data", write);
  return driver;
}

export function parser({ role }, deliver) {
  const driver = openDriver(role, () => {});
  driver.on("message", (event) => deliver(event.data, true));
  return { feed: (chunk) => driver.parse(chunk) };
}

export function serialiser({ role }, write) {
  const driver = openDriver(role, write);
  return {
    send: (data) => (typeof data === "string" ? driver.text(data) : driver.binary(data)),
  };
}
