// Loaded before an example (`node --import`): with the first HTTP request its server gets one more listener for upgrades,
// which takes /second and nothing else, as the hot reloading of a development server would.

import { channel } from "node:diagnostics_channel";

const known = new WeakSet();

channel("http.server.request.start").subscribe(({ server }) => {
  if (known.has(server)) return;
  known.add(server);
  server.on("upgrade", (request, socket) => {
    if (request.url !== "/second") return;
    socket.end(
      "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: second\r\n\r\nsecond",
    );
  });
});
