/*
 * A server and a client over a socket: a message there and back, the closing handshake, the end of the server.
 * Called with wsproto/node as `import` or `require` gives it.
 */
const assert = require("node:assert/strict");

module.exports = async function exchange({ connect, serve }) {
  const server = await serve({ port: 0, host: "127.0.0.1", deflate: true }, async (socket) => {
    for await (const message of socket) await socket.send(message);
  });
  const socket = await connect(`ws://127.0.0.1:${server.port}/`);
  await socket.send("grüße");
  assert.equal(await socket.receive(), "grüße");
  assert.deepEqual(await socket.close(1000, "done"), {
    code: 1000,
    reason: "done",
    wasClean: true,
  });
  await server.close();
};
