import { createServer } from "node:net";
import { BROADCAST_SIZE, report } from "./common.mjs";

/** No protocol at all: what arrives goes back; one octet alone asks for a broadcast; a request is answered with a bare 101. */
const news = Buffer.alloc(BROADCAST_SIZE + 4);
const answer = Buffer.from("HTTP/1.1 101 Switching Protocols\r\n\r\n");
const sockets = new Set();
const server = createServer({ noDelay: true }, (socket) => {
  sockets.add(socket);
  let opened = false;
  socket.on("data", (chunk) => {
    if (!opened) {
      opened = true;
      socket.write(answer);
    } else if (chunk.length === 7) {
      // The octet and its mask.
      for (let count = chunk[6] ^ chunk[2]; count > 0; count--) {
        for (const other of sockets) other.write(news);
      }
    } else socket.write(chunk);
  });
  socket.on("close", () => sockets.delete(socket));
  socket.on("error", () => {});
}).listen(0, "127.0.0.1", () => report(server.address().port));
