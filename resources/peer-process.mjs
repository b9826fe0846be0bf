import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const PEER = fileURLToPath(new URL("peer.mjs", import.meta.url));

/** A raw peer in a process of its own. Each of its methods, see `peer.mjs`, is a method here. */
export class Peer {
  #child;
  #calls = 0;

  static async start() {
    const peer = new Peer();
    peer.#child = fork(PEER, { execArgv: [] });
    await once(peer.#child, "message");
    return peer;
  }

  /** Has a method called with `options`, and settles with its result. */
  async do(method, options = {}) {
    const id = ++this.#calls;
    this.#child.send({ id, method, options });
    return new Promise((resolve, reject) => {
      const take = (answer) => {
        if (answer.id !== id) return;
        this.#child.off("message", take);
        if (answer.error === undefined) resolve(answer.value);
        else reject(new Error(`the peer: ${answer.error}`));
      };
      this.#child.on("message", take);
    });
  }

  stop() {
    this.#child.disconnect();
  }
}
