import { generateAcceptToken } from "../../../src/handshake/accept-key.ts";
import type { RawPeer } from "./raw-peer.ts";

/** Accepts the request of a client, with these lines besides the usual ones, and what follows the head. */
export async function acceptRequest(
  peer: RawPeer,
  lines: readonly string[] = [],
  rest = "",
): Promise<void> {
  await peer.has("\r\n\r\n");
  const key = /Sec-WebSocket-Key: (\S+)/.exec(peer.text)![1]!;
  const head = [
    "HTTP/1.1 101 Switching Protocols",
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Accept: ${generateAcceptToken(key)}`,
    ...lines,
  ];
  peer.send(`${head.join("\r\n")}\r\n\r\n${rest}`);
}
