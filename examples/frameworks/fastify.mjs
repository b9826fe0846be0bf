// A WebSocket in a Fastify app: `node fastify.mjs`, then open the page it names.
import Fastify from "fastify";
import { serve } from "wsproto/node";

const app = Fastify();
app.get("/", async () => "Hello from Fastify");

// Takes the upgrades of /chat, and answers others with 404 unless another listener takes them.
const chat = await serve(
  { server: app.server, match: "/chat", subprotocols: ["chat"] },
  async (socket) => {
    for await (const message of socket) await socket.send(message);
  },
);
// Before Fastify stops its server, which waits for all sockets: 1001 to all.
app.addHook("preClose", () => chat.close());

const port = Number(process.env.PORT ?? 8080);
console.log(`listening on ${await app.listen({ port, host: "127.0.0.1" })}/`);

process.once("SIGTERM", () => void app.close());
