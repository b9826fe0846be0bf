// Carries octets between its standard streams and one TCP connection: a peer that can be killed.
// Its argument is the port to connect to; without one it listens, and tells its port.

import { connect, createServer } from "node:net";

process.on("disconnect", () => process.exit());

function carry(socket) {
  socket.on("error", () => {});
  process.stdin.pipe(socket).pipe(process.stdout);
  process.send("connected");
}

const [port] = process.argv.slice(2);
if (port === undefined) {
  const server = createServer({ allowHalfOpen: true }, carry);
  server.listen(0, "127.0.0.1", () => process.send(server.address().port));
} else {
  const socket = connect({ host: "127.0.0.1", port: Number(port), allowHalfOpen: true });
  socket.on("connect", () => carry(socket));
}
