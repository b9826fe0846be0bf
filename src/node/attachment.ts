import type { IncomingMessage, Server as HttpServer } from "node:http";
import type { Server as HttpsServer } from "node:https";
import type { Duplex } from "node:stream";
import { hasElement, listElements } from "../http/fields.ts";
import { ignore } from "../session/deferred.ts";
import { IncomingUpgrade } from "./incoming-upgrade.ts";

/** Who takes upgrades of a server of HTTP. Neither method throws. */
export interface Attachment {
  /** Takes an upgrade if it is for this one; tells whether it is. */
  offer(upgrade: IncomingUpgrade): boolean;
  /** Takes an upgrade that is for nobody, to refuse it. */
  refuse(upgrade: IncomingUpgrade): void;
}

/**
 * Lets `attachment` take the upgrades that are for it; the first of several gets one. Those for none are left to the
 * other listeners of the server; where there is no other, the first attachment has to refuse them.
 * Returns what undoes it, once.
 */
export function attachTo(server: HttpServer | HttpsServer, attachment: Attachment): () => void {
  let junction = junctions.get(server);
  if (junction === undefined) junctions.set(server, (junction = new Junction(server)));
  return junction.add(attachment);
}

const junctions = new WeakMap<HttpServer | HttpsServer, Junction>();

/** The attachments of one server. It listens as long as there is one, for a listener changes what the server does. */
class Junction {
  readonly #server: HttpServer | HttpsServer;
  readonly #attachments: Attachment[] = [];
  #widen: () => void = ignore;
  readonly #listener = (message: IncomingMessage, stream: Duplex, head: Buffer): void => {
    const upgrade = new IncomingUpgrade(message, stream, head);
    if (this.#attachments.some((attachment) => attachment.offer(upgrade))) return;
    if (this.#server.listenerCount("upgrade") === 1) this.#attachments[0]!.refuse(upgrade);
  };

  constructor(server: HttpServer | HttpsServer) {
    this.#server = server;
  }

  add(attachment: Attachment): () => void {
    if (this.#attachments.length === 0) this.#begin();
    this.#attachments.push(attachment);
    return () => {
      this.#attachments.splice(this.#attachments.indexOf(attachment), 1);
      if (this.#attachments.length === 0) this.#end();
    };
  }

  #begin(): void {
    this.#server.on("upgrade", this.#listener);
    this.#widen = narrowUpgrades(this.#server);
  }

  #end(): void {
    this.#server.off("upgrade", this.#listener);
    this.#widen();
  }
}

/**
 * Since Node 22.21 and 24.9 a server of HTTP can be told which requests to upgrade. An upgrade to something else than
 * WebSocket, for which nobody else listens, is then answered as if none had been asked for (RFC 9110, 7.8).
 * Returns what undoes it.
 */
function narrowUpgrades(server: HttpServer | HttpsServer): () => void {
  if (!("shouldUpgradeCallback" in server)) return ignore;
  const before = server.shouldUpgradeCallback;
  if (typeof before !== "function") return ignore;
  const narrowed = (message: IncomingMessage): boolean => {
    const upgrades = Boolean(Reflect.apply(before, server, [message]));
    return upgrades && (server.listenerCount("upgrade") > 1 || asksForWebSocket(message));
  };
  server.shouldUpgradeCallback = narrowed;
  return () => {
    if (server.shouldUpgradeCallback === narrowed) server.shouldUpgradeCallback = before;
  };
}

function asksForWebSocket({ headers }: IncomingMessage): boolean {
  return hasElement(listElements([String(headers.upgrade)]), "websocket");
}
