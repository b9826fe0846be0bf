// A WebSocket in a Koa app: `node koa.mjs`, then open the page it names.
import Koa from "koa";
import { serve } from "wsproto/node";

const app = new Koa();
app.use((context) => {
  if (context.path === "/") context.body = "Hello from Koa";
});

const port = Number(process.env.PORT ?? 8080);
const server = app.listen(port, "127.0.0.1", () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}/`);
});

// Takes the upgrades of /chat, and answers others with 404 unless another listener takes them.
const chat = await serve({ server, match: "/chat", subprotocols: ["chat"] }, async (socket) => {
  for await (const message of socket) await socket.send(message);
});

process.once("SIGTERM", () => {
  server.close();
  void chat.close(); // 1001 to all
});
