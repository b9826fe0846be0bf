import { STEPS, Talk } from "./conversation.mjs";
import { freePort } from "./ports.mjs";
import { Started } from "./started.mjs";

/**
 * Goes through steps, also when one has failed.
 * @throws Error which names all that failed
 */
export async function runSteps(steps, talk) {
  const failures = [];
  for (const [name, step] of Object.entries(steps)) {
    try {
      await step(talk);
    } catch (error) {
      failures.push(`${name}: ${error.message}`);
    }
  }
  if (failures.length > 0) throw new Error(failures.join("\n"));
}

/**
 * One client in conversation with one server, with or without a proxy in between.
 * @param cell `{ client, server, proxy, tls, deflate, steps }`; `proxy` and `steps`, which come after the usual ones, may
 *   be missing; the proxy takes TLS off
 * @param setting `{ folder, certificate, shared }`
 * @returns what to say about it
 */
export async function runCell({ client, server, proxy, tls, deflate, steps }, setting) {
  const started = new Started();
  const certificate = tls ? setting.certificate : null;
  const serverOptions = {
    deflate,
    tls: proxy === undefined ? certificate : null,
    page: client.PAGE,
    limits: proxy === undefined ? undefined : { message: 16 * 1024 * 1024 },
  };
  const clientOptions = { deflate, ca: certificate, shared: setting.shared };
  try {
    const talk = new Talk({
      proxy,
      serverOptions,
      server: await started.add(server.startServer(serverOptions)),
      client: await started.add(client.startClient(clientOptions)),
      scheme: tls ? "wss" : "ws",
      deflate,
    });
    talk.port = talk.server.port;
    if (proxy !== undefined) {
      talk.port = await freePort();
      const ports = { port: talk.port, target: talk.server.port, away: await freePort() };
      talk.proxyOptions = { folder: setting.folder, tls: certificate, idle: 60, ...ports };
      await started.add(proxy.start(talk.proxyOptions));
    }
    const all = { ...STEPS, ...steps };
    await runSteps(all, talk);
    return summary(Object.keys(all), talk.missing);
  } finally {
    await started.stop();
  }
}

/** The steps, and what had to be left out. */
function summary(names, missing) {
  const left = missing.size === 0 ? "" : ` (not in its API: ${[...missing].join(", ")})`;
  return names.join(", ") + left;
}
