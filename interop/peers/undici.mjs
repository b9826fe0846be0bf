// `undici`, the client of Node itself. It always offers deflate; messages of its own it does not compress.

import { channel } from "node:diagnostics_channel";
import { Agent, ping, WebSocket } from "undici";
import { Mailbox, Refused } from "../waiting.mjs";

export const NAME = "undici";

/** @param options `{ ca }` */
export function startClient({ ca }) {
  const dispatcher = new Agent({ connect: { ca: ca?.cert } });
  return {
    sendsPlain: true,
    open: (url, { subprotocols }) => open(url, { protocols: subprotocols, dispatcher }),
    stop: () => dispatcher.destroy(),
  };
}

async function open(url, options) {
  const statusOf = watchStatus(new URL(url));
  const socket = new WebSocket(url, options);
  socket.binaryType = "arraybuffer";
  const messages = new Mailbox();
  socket.addEventListener("message", ({ data }) => {
    messages.put(typeof data === "string" ? data : new Uint8Array(data));
  });
  const closed = new Promise((resolve) => {
    socket.addEventListener("close", ({ code, reason }) => {
      messages.fail(new Error(`closed with ${code} ${reason}`));
      resolve({ code, reason });
    });
  });
  await new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve);
    socket.addEventListener("error", ({ error, message }) => {
      const status = statusOf();
      reject(status === null ? (error ?? new Error(message)) : new Refused(status));
    });
  }).finally(() => statusOf.stop());
  return {
    subprotocol: socket.protocol,
    deflate: socket.extensions.includes("permessage-deflate"),
    send: (message) => socket.send(message),
    ping: (payload) => pinged(socket, payload),
    receive: () => messages.take(),
    close: (code, reason) => socket.close(code, reason),
    closed,
  };
}

/** The API of browsers hides the status of a refusal; the diagnostics channels of undici have it. */
function watchStatus({ pathname, search }) {
  const headers = channel("undici:request:headers");
  let status = null;
  const listener = ({ request, response }) => {
    if (request.path === pathname + search) status = response.statusCode;
  };
  headers.subscribe(listener);
  const statusOf = () => status;
  statusOf.stop = () => headers.unsubscribe(listener);
  return statusOf;
}

/** Settles with the Pong. */
async function pinged(socket, payload) {
  const pongs = channel("undici:websocket:pong");
  const listening = new Mailbox();
  const listener = ({ websocket, payload: answer }) => {
    if (websocket === socket) listening.put(Buffer.from(answer).toString());
  };
  pongs.subscribe(listener);
  try {
    ping(socket, Buffer.from(payload));
    const answer = await listening.take();
    if (answer !== payload) throw new Error(`a pong with ${JSON.stringify(answer)}`);
  } finally {
    pongs.unsubscribe(listener);
  }
}
