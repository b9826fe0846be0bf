// A server that echoes, in a process that is not allowed many file descriptors. Asked how much CPU it has used.

import { serve } from "../dist/node/index.js";
import { echo } from "./serving.mjs";

const server = await serve({ host: "127.0.0.1", port: 0 }, echo);
process.on("disconnect", () => process.exit());
process.on("message", () => process.send(process.cpuUsage()));
process.send(server.port);
