/* A server that can open ten files or sockets more, and prints its port; run by a test that has limited their number. */
import { closeSync, openSync } from "node:fs";
import { serve } from "wsproto/node";

const server = await serve({ port: 0, host: "127.0.0.1", onError: () => {} }, async (socket) => {
  for await (const message of socket) await socket.send(message);
});
console.log(server.port);

const files = [];
try {
  for (;;) files.push(openSync("/dev/null"));
} catch (error) {
  if (error.code !== "EMFILE") throw error;
}
for (const file of files.slice(0, 10)) closeSync(file);
console.log("few are left");
