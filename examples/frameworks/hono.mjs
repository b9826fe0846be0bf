// A WebSocket in a Hono app on Node: `node hono.mjs`, then open the page it names.
import { serve as serveHttp } from "@hono/node-server";
import { Hono } from "hono";
import { serve } from "wsproto/node";

const app = new Hono();
app.get("/", (context) => context.text("Hello from Hono"));

const port = Number(process.env.PORT ?? 8080);
const server = serveHttp({ fetch: app.fetch, port, hostname: "127.0.0.1" }, (address) => {
  console.log(`listening on http://127.0.0.1:${address.port}/`);
});

// Takes the upgrades of /chat, and answers others with 404 unless another listener takes them.
const chat = await serve({ server, match: "/chat", subprotocols: ["chat"] }, async (socket) => {
  for await (const message of socket) await socket.send(message);
});

process.once("SIGTERM", () => {
  server.close();
  void chat.close(); // 1001 to all
});
