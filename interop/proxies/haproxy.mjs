// Debian's HAProxy as a reverse proxy.

import { existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startProxy } from "./start.mjs";

export const NAME = "HAProxy";

const PROGRAM = "/usr/sbin/haproxy";

export const isInstalled = () => existsSync(PROGRAM);

/** The status when the server behind it cannot be reached. */
export const AWAY = 503;

/**
 * @param options `{ folder, tls, port, target, away, idle }`: the port to listen on and those to pass on to, and the seconds
 *   after which a silent connection is cut
 */
export function start({ folder, tls, port, ...options }) {
  const own = mkdtempSync(join(folder, "haproxy-"));
  const file = join(own, "haproxy.cfg");
  const both = join(own, "both.pem");
  if (tls !== null) writeFileSync(both, Buffer.concat([tls.cert, tls.key]));
  const secure = tls === null ? "" : ` ssl crt ${both} alpn http/1.1`;
  writeFileSync(file, configuration({ bind: `127.0.0.1:${port}${secure}`, ...options }));
  return startProxy(NAME, { command: PROGRAM, args: ["-db", "-f", file], port });
}

function configuration({ bind, target, away, idle }) {
  return `
global
  maxconn 256
defaults
  mode http
  retries 0
  timeout connect 2s
  timeout client 5s
  timeout server 5s
  timeout tunnel ${idle}s
frontend public
  bind ${bind}
  use_backend nobody if { path /away }
  default_backend ours
backend ours
  server ours 127.0.0.1:${target}
backend nobody
  server nobody 127.0.0.1:${away}
`;
}
