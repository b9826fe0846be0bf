// What only a proxy in between does.

import { noise } from "../messages.mjs";
import { freePort } from "../ports.mjs";

/** A silent connection is cut by a proxy with little patience; one with keep-alive is still there then. */
async function idle(talk) {
  const port = await freePort();
  const proxy = await talk.proxy.start({ ...talk.proxyOptions, port, idle: 2 });
  try {
    const alive = await talk.open("/echo", { port, keepAlive: { interval: 500 } });
    const silent = await talk.open("/echo", { port, keepAlive: false });
    const cut = { code: 1006, reason: "" };
    await talk.ended(silent, { atClient: cut, atServer: cut });
    await talk.echo(alive, "still here");
    await talk.hangUp(alive);
  } finally {
    await proxy.stop();
  }
}

async function large(talk) {
  const connection = await talk.open("/echo");
  const message = noise(4 * 1024 * 1024);
  await talk.echo(connection, message);
  await talk.echo(connection, Buffer.from(message).toString("base64"));
  await talk.hangUp(connection);
}

/** The proxy refuses by itself when the server cannot be reached. */
async function away(talk) {
  await talk.refused("/away", talk.proxy.AWAY);
}

/** Many at once: whatever the proxy shares between its connections, no octet gets into another. */
async function together(talk) {
  const connections = await Promise.all(Array.from({ length: 20 }, () => talk.open("/echo")));
  await Promise.all(
    connections.map(async (connection, index) => {
      for (let round = 0; round < 10; round += 1) await talk.echo(connection, `${index} ${round}`);
    }),
  );
  await Promise.all(connections.map((connection) => talk.hangUp(connection)));
}

export const STEPS = { idle, large, away, together };
