import { serve } from "../dist/node/index.js";
import { Peer } from "./peer-process.mjs";

/** Echoes messages, with the pace of the peer. */
export async function echo(socket) {
  for await (const message of socket) await socket.send(message);
}

/** A server in this process with a peer in another: `{ server, peer, port }`; all of it goes with the process. */
export async function serving(handler = echo, options = {}) {
  const server = await serve({ host: "127.0.0.1", port: 0, ...options }, handler);
  return { server, port: server.port, peer: await Peer.start() };
}
