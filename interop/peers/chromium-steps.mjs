// What only a browser does.

import { start as startServer } from "../ours/server.mjs";
import { DEFLATE } from "../contract.mjs";

const httpOf = (talk, port) => `${talk.scheme.replace("ws", "http")}://127.0.0.1:${port}`;

/** A page of another origin is refused. */
async function origins(talk) {
  const other = await startServer({ ...talk.serverOptions, deflate: DEFLATE.off });
  try {
    await talk.refused("/echo", 403, { origin: httpOf(talk, other.port) });
  } finally {
    await other.stop();
  }
}

/** Without arguments, `close` sends a Close without a code. */
async function emptyClose(talk) {
  const connection = await talk.open("/echo");
  connection.close();
  const close = { code: 1005, reason: "" };
  await talk.ended(connection, { atClient: close, atServer: close });
}

/** A page that is left says that it goes away. */
async function leaving(talk) {
  const { id } = await talk.open("/echo");
  await talk.client.leave(httpOf(talk, talk.port));
  await talk.endedAtServer(id, { code: 1001 });
}

export const STEPS = { origins, "empty close": emptyClose, leaving };
