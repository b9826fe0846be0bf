import { WebSocketServer } from "ws";
import { BROADCAST_SIZE, report } from "./common.mjs";

const news = Buffer.alloc(BROADCAST_SIZE);
const server = new WebSocketServer({ port: 0, host: "127.0.0.1" }, () => {
  report(server.address().port);
});
server.on("connection", (socket) => {
  socket.on("message", (data, isBinary) => {
    if (data.length === 1) {
      for (let count = data[0]; count > 0; count--) {
        for (const client of server.clients) client.send(news);
      }
    } else socket.send(data, { binary: isBinary });
  });
});
