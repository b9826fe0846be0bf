// Debian's nginx as a reverse proxy, configured as its manual has it for WebSocket.

import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startProxy } from "./start.mjs";

export const NAME = "nginx";

const PROGRAM = "/usr/sbin/nginx";

export const isInstalled = () => existsSync(PROGRAM);

/** The status when the server behind it cannot be reached. */
export const AWAY = 502;

/**
 * @param options `{ folder, tls, port, target, away, idle }`: the port to listen on and those to pass on to, and the seconds
 *   after which a silent connection is cut
 */
export function start({ folder, ...options }) {
  const own = mkdtempSync(join(folder, "nginx-"));
  mkdirSync(join(own, "temp"));
  const file = join(own, "nginx.conf");
  writeFileSync(file, configuration(own, options));
  const args = ["-p", own, "-e", "stderr", "-c", file];
  return startProxy(NAME, { command: PROGRAM, args, port: options.port });
}

function configuration(own, { port, tls, target, away, idle }) {
  const certificate = `ssl_certificate ${tls?.certFile}; ssl_certificate_key ${tls?.keyFile};`;
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  return `
daemon off;
master_process off;
pid ${own}/nginx.pid;
error_log stderr crit;
events { worker_connections 256; }
http {
  access_log off;
  ${temporary.map((name) => `${name}_temp_path ${own}/temp/${name};`).join("\n  ")}
  map $http_upgrade $connection_upgrade { default upgrade; "" close; }
  server {
    listen 127.0.0.1:${port}${tls === null ? "" : " ssl"};
    ${tls === null ? "" : certificate}
    proxy_http_version 1.1;
    proxy_set_header Host $http_host;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection $connection_upgrade;
    proxy_read_timeout ${idle}s;
    location / { proxy_pass http://127.0.0.1:${target}; }
    location /away { proxy_pass http://127.0.0.1:${away}; }
  }
}
`;
}
