import { cut } from "../contract.mjs";
import { connect, HandshakeRefusedError } from "../../dist/node/index.js";
import { Refused } from "../waiting.mjs";
import { deflateSettings } from "./deflate.mjs";

/**
 * Our client.
 * @param options `{ ca, deflate, limits }`; `ca` is the certificate that the server has to have, or null
 */
export function start({ ca, deflate, limits }) {
  const options = {
    limits,
    tls: ca === null ? undefined : { ca: ca.cert },
    deflate: deflateSettings(deflate, { byDefault: true }),
  };
  return {
    open: (url, { subprotocols, ...more }) => open(url, { ...options, subprotocols, ...more }),
    stop() {},
  };
}

async function open(url, options) {
  let socket;
  try {
    socket = await connect(url, options);
  } catch (error) {
    throw error instanceof HandshakeRefusedError ? new Refused(error.status) : error;
  }
  return {
    subprotocol: socket.subprotocol ?? "",
    deflate: socket.extensions.includes("permessage-deflate"),
    send: (message) => socket.send(message),
    sendPieces: (message) => socket.send(cut(message)),
    ping: (payload) => socket.ping(new TextEncoder().encode(payload)),
    receive: () => socket.receive(),
    close: (code, reason) => void socket.close(code, reason),
    closed: socket.closed,
  };
}
