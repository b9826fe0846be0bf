import { createServer } from "node:http";
import {
  broadcast,
  connect,
  HandshakeRefusedError,
  type NodeConnection,
  serve,
  type UpgradeRequest,
} from "wsproto/node";

/** What an application looks like to the compiler. */
export async function main(): Promise<number> {
  const users = new WeakMap<UpgradeRequest, string>();
  const http = createServer();
  await using server = await serve(
    {
      server: http,
      match: "/chat",
      origin: ["https://example.com"],
      accept: async (request, { signal }) => {
        if (signal.aborted) return { status: 503 };
        users.set(request, request.header("authorization").join());
        return { subprotocol: request.subprotocols[0] ?? null, headers: { "Set-Cookie": "a=1" } };
      },
      limits: { message: 4096, connections: 10 },
      deadlines: { open: 1000, accept: 1000, close: 1000, write: 1000 },
      keepAlive: false,
    },
    async (socket: NodeConnection, request) => {
      for await (const message of socket) {
        broadcast(`${users.get(request)}: ${message.length}`, server.connections);
      }
    },
  );
  try {
    const socket = await connect("ws://127.0.0.1/", { subprotocols: ["chat"], deflate: true });
    await socket.send(new Uint8Array(3));
    const message: string | Uint8Array | null = await socket.receive();
    return message?.length ?? 0;
  } catch (error) {
    return error instanceof HandshakeRefusedError ? error.status : 0;
  }
}
