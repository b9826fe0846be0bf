import { once } from "node:events";
import { connect, createServer } from "node:net";

/** Relays TCP to `port`, and counts the octets in each direction: `sent` to it, `received` from it. */
export async function startMeter(port) {
  const meter = { sent: 0, received: 0 };
  const sockets = new Set();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    const far = connect({ port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
    }
    near.on("data", (octets) => (meter.sent += octets.length));
    far.on("data", (octets) => (meter.received += octets.length));
    near.on("error", () => far.destroy()).pipe(far);
    far.on("error", () => near.destroy()).pipe(near);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  meter.port = server.address().port;
  meter.stop = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return meter;
}
