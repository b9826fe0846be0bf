export const NAME = "our";

export { start as startClient } from "./client.mjs";
export { start as startServer } from "./server.mjs";
