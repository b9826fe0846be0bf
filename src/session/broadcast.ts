import { forStreams } from "../bytes/join.ts";
import { Connection } from "../connection.ts";
import { SERVER } from "../states.ts";
import type { BytesInput } from "../events.ts";
import { messageOf } from "./source.ts";
import type { WebSocketConnection } from "./websocket-connection.ts";

/**
 * Sends one message to many connections. It is encoded once, and goes uncompressed, to all servers' connections that
 * are not in the middle of a message; the others encode it themselves. Connections that are closing, or that have as
 * much queued as they may, are left out. Returns to how many it was sent.
 * @throws TypeError unless the message is text or octets
 */
export function broadcast(
  data: string | BytesInput,
  connections: Iterable<WebSocketConnection>,
): number {
  const encoder = new Connection(SERVER);
  const octets = forStreams(encoder.send(messageOf(data, { last: true, compress: false })));
  let count = 0;
  for (const connection of connections) {
    const outcome = connection.sendEncoded(octets);
    if (outcome === "closed" || outcome === "full") continue;
    count += 1;
    // That it ends before it has sent the message is no fault of the broadcast.
    if (outcome === "encode") connection.send(data, { compress: false }).catch(() => {});
  }
  return count;
}
