import { broadcast, serve } from "../../../dist/node/index.js";
import { BROADCAST_SIZE, report } from "./common.mjs";

const news = new Uint8Array(BROADCAST_SIZE);
/** From so many octets on it makes a difference. */
const LARGE = 16 * 1024;
const NOT_COPIED = { copy: false };
const limits = { message: 16 * 1024 * 1024 };
const server = await serve({ port: 0, host: "127.0.0.1", limits }, (socket) => {
  socket.on("message", (data) => {
    if (data.length === 1) {
      for (let count = data[0]; count > 0; count--) broadcast(news, server.connections);
    } else void socket.send(data, data.length < LARGE ? undefined : NOT_COPIED);
  });
});
report(server.port);
