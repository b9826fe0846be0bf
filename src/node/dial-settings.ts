import type { ConnectionOptions as TlsOptions } from "node:tls";
import { type ClientTarget, readProxy } from "./client-target.ts";
import { requireObject, requireType } from "./options.ts";

/** How to reach a server. */
export interface DialOptions {
  /** The file of a Unix socket to connect to, in place of the URL's host and port. */
  readonly path?: string | undefined;
  /** With wss: options of `node:tls`. Certificates are verified unless these say otherwise. */
  readonly tls?: TlsOptions | undefined;
  /** The URL of an HTTP proxy to tunnel through (CONNECT), http or https, with its credentials. */
  readonly proxy?: string | URL | undefined;
  /** With an https proxy: options of `node:tls`. */
  readonly proxyTls?: TlsOptions | undefined;
}

/** The options in force. */
export interface DialSettings {
  readonly path: string | null;
  readonly tls: TlsOptions;
  readonly proxy: ClientTarget | null;
  readonly proxyTls: TlsOptions;
}

/** @throws TypeError for options of the wrong type, or that exclude each other */
export function resolveDialOptions(options: DialOptions): DialSettings {
  const { path, tls = {}, proxy, proxyTls = {} } = options;
  requireType("path", path, "string");
  requireObject("tls", tls);
  requireObject("proxyTls", proxyTls);
  if (path !== undefined && proxy !== undefined) {
    throw new TypeError("path and proxy were given, expected one of them");
  }
  return {
    path: path ?? null,
    tls,
    proxy: proxy === undefined ? null : readProxy(proxy),
    proxyTls,
  };
}
