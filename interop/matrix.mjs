// All cells: who talks to whom, and how.

import { DEFLATE } from "./contract.mjs";
import { runCell } from "./cell.mjs";
import { FRAMEWORK_CELLS } from "./frameworks/framework.mjs";
import * as ours from "./ours/index.mjs";
import * as chromium from "./peers/chromium.mjs";
import { STEPS as browserSteps } from "./peers/chromium-steps.mjs";
import * as python from "./peers/python.mjs";
import * as undici from "./peers/undici.mjs";
import * as driver from "./peers/websocket-driver.mjs";
import * as ws from "./peers/ws.mjs";
import * as haproxy from "./proxies/haproxy.mjs";
import * as nginx from "./proxies/nginx.mjs";
import { STEPS as proxySteps } from "./proxies/steps.mjs";

/** Plain and TLS, with deflate and without. */
const USUAL = [
  { tls: false, deflate: DEFLATE.off },
  { tls: false, deflate: DEFLATE.on },
  { tls: true, deflate: DEFLATE.off },
  { tls: true, deflate: DEFLATE.on },
];

const WITH_TIGHT = [...USUAL, { tls: false, deflate: DEFLATE.tight }];

const CONVERSATIONS = [
  { client: ours, server: ours, ways: WITH_TIGHT },
  { client: ours, server: ws, ways: WITH_TIGHT },
  { client: ours, server: driver, ways: WITH_TIGHT },
  { client: ours, server: python, ways: WITH_TIGHT },
  { client: ws, server: ours, ways: WITH_TIGHT },
  { client: driver, server: ours, ways: WITH_TIGHT },
  { client: python, server: ours, ways: WITH_TIGHT },
  { client: undici, server: ours, ways: WITH_TIGHT },
  { client: chromium, server: ours, ways: WITH_TIGHT, steps: browserSteps },
  { client: ours, proxy: nginx, server: ours, ways: USUAL, steps: proxySteps },
  { client: ours, proxy: haproxy, server: ours, ways: USUAL, steps: proxySteps },
  { client: chromium, proxy: nginx, server: ours, ways: [{ tls: true, deflate: DEFLATE.on }] },
  { client: chromium, proxy: haproxy, server: ours, ways: [{ tls: true, deflate: DEFLATE.on }] },
];

/**
 * Each `{ name, run(setting), needs }`; `run` settles with what to say about it. `needs`, which may be missing, are the
 * parties that setup.sh may have failed to install.
 */
export const CELLS = [
  ...CONVERSATIONS.flatMap(({ ways, ...who }) => ways.map((way) => cellOf({ ...who, ...way }))),
  ...FRAMEWORK_CELLS,
];

function cellOf(cell) {
  const parties = [cell.client, cell.server, cell.proxy];
  return {
    name: nameOf(cell),
    run: (setting) => runCell(cell, setting),
    needs: parties.filter((party) => party?.isInstalled !== undefined),
  };
}

function nameOf({ client, server, proxy, tls, deflate }) {
  const compression = { off: "no deflate", on: "deflate", tight: "deflate with small windows" };
  const way = `${tls ? "TLS" : "plain"}, ${compression[deflate]}`;
  const through = proxy === undefined ? "" : `${proxy.NAME} -> `;
  return `${client.NAME} client -> ${through}${server.NAME} server, ${way}`;
}
