// ws: its Receiver and Sender, as its WebSocket uses them. It unmasks in place, and gives text as octets, which
// `message.toString()` makes a string, as its `onmessage` does.

import { PerMessageDeflate, Receiver, Sender, extension } from "ws";

const NAME = "permessage-deflate";
const WITHOUT_TAKEOVER = "client_no_context_takeover; server_no_context_takeover";

function extensions({ role, deflate = false, takeover = true }) {
  if (!deflate) return {};
  const isServer = role === "server";
  const perMessageDeflate = new PerMessageDeflate({ isServer, threshold: 0, maxPayload: 2 ** 30 });
  const offer = takeover ? NAME : `${NAME}; ${WITHOUT_TAKEOVER}`;
  if (!isServer) perMessageDeflate.offer();
  perMessageDeflate.accept(extension.parse(offer)[NAME]);
  return { [NAME]: perMessageDeflate };
}

export function parser(settings, deliver) {
  const receiver = new Receiver({
    isServer: settings.role === "server",
    maxPayload: 100 * 1024 * 1024,
    extensions: extensions(settings),
  });
  receiver.on("error", (error) => {
    throw error;
  });
  receiver.on("message", (data, isBinary) => deliver(isBinary ? data : data.toString(), true));
  if (!settings.deflate) return { feed: (chunk) => receiver.write(chunk) };
  return {
    feed: (chunk) => receiver.write(chunk),
    /** Inflating is asynchronous: the callback of an empty write comes when all before it is done. */
    idle: () =>
      new Promise((resolve) => {
        receiver.write(Buffer.alloc(0), resolve);
      }),
  };
}

/** As much of a socket as the Sender asks for. A string is encoded into fresh memory, as a socket has to. */
function socketTo(write) {
  return {
    cork() {},
    uncork() {},
    write(data, callback) {
      write(typeof data === "string" ? Buffer.from(data) : data);
      callback?.();
    },
  };
}

export function serialiser(settings, write) {
  const sender = new Sender(socketTo(write), extensions(settings));
  const mask = settings.role === "client";
  const compress = settings.deflate === true;
  const send = (data) =>
    sender.send(data, { binary: typeof data !== "string", mask, compress, fin: true }, undefined);
  if (!compress) return { send };
  let last = Promise.resolve();
  return {
    send(data) {
      const options = { binary: typeof data !== "string", mask, compress, fin: true };
      last = new Promise((resolve) => {
        sender.send(data, options, resolve);
      });
    },
    /** Messages are compressed one after the other: the last is the end of all. */
    idle: () => last,
  };
}
