// A WebSocket in an Express app: `node express.mjs`, then open the page it names.
import express from "express";
import { serve } from "wsproto/node";

const app = express();
app.get("/", (request, response) => {
  response.send("Hello from Express");
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
