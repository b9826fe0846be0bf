import { serve } from "../../../dist/node/index.js";
import { report } from "./common.mjs";

const limits = { message: 16 * 1024 * 1024 };
const server = await serve({ port: 0, host: "127.0.0.1", limits }, async (socket) => {
  for await (const data of socket) await socket.send(data);
});
report(server.port);
