// Many raw connections to a server, without any WebSocket but the octets. Told what to do by messages.

import { connect } from "node:net";
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import { constants, deflateRawSync } from "node:zlib";

const HEAD = (extra) =>
  Buffer.from(
    "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
      `Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n${extra}\r\n`,
  );
/** Octets that are given to a socket at once. */
const SHARE = 64 * 1024;
/** Connections that are opened at once. */
const AT_ONCE = 100;
const CLOSE = Buffer.from("88820000000003e8", "hex");

class Connection {
  socket;
  /** The last octets that were received, and how many in all. */
  tail = Buffer.alloc(0);
  #waiting = null;

  constructor(port) {
    this.socket = connect({ host: "127.0.0.1", port, noDelay: true });
    this.socket.on("error", () => {});
    this.socket.on("data", (chunk) => {
      this.tail = Buffer.concat([this.tail, chunk]).subarray(-512);
      this.#waiting?.();
    });
    this.socket.on("close", () => this.#waiting?.());
  }

  get accepted() {
    return this.tail.subarray(0, 12).equals(Buffer.from("HTTP/1.1 101"));
  }

  /** Settles when `condition` holds or the connection has ended; with whether it holds. */
  async until(condition) {
    while (!condition() && !this.socket.closed) {
      await new Promise((resolve) => {
        this.#waiting = resolve;
      });
    }
    return condition();
  }

  /** Settles when `octets` are among the last that were received. */
  async receives(octets) {
    if (await this.until(() => this.tail.includes(octets))) return;
    throw new Error(
      `${octets.toString("hex")} expected, closed after ${this.tail.toString("hex")}`,
    );
  }

  /** Settles when the server has accepted. */
  async open(extra = "") {
    this.socket.write(HEAD(extra));
    if (await this.until(() => this.tail.includes("\r\n\r\n") && this.accepted)) return;
    throw new Error(`no 101, closed after ${JSON.stringify(this.tail.toString("latin1"))}`);
  }

  async write(octets) {
    if (this.socket.destroyed) return;
    await new Promise((resolve) => this.socket.write(octets, () => resolve()));
  }

  async gone() {
    this.socket.resume();
    await this.until(() => false);
  }
}

/** A frame of a client; its mask changes nothing. */
function frame(first, payload) {
  const { length } = payload;
  let head;
  if (length < 126) {
    head = Buffer.from([first, 0x80 | length]);
  } else if (length < 0x10000) {
    head = Buffer.from([first, 0xfe, length >> 8, length & 0xff]);
  } else {
    head = Buffer.from([first, 0xff, 0, 0, 0, 0, 0, 0, 0, 0]);
    head.writeUInt32BE(length, 6);
  }
  return Buffer.concat([head, Buffer.alloc(4), payload]);
}

/** A compressed message of zeros. */
function zeros(size) {
  const deflated = deflateRawSync(Buffer.alloc(size), { finishFlush: constants.Z_SYNC_FLUSH });
  return frame(0xc2, deflated.subarray(0, -4));
}

/** Runs `count` times, some at once. */
async function repeat(count, atOnce, action) {
  let left = count;
  const work = async () => {
    while (left-- > 0) await action();
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, work));
}

let connections = [];
const all = (action) => Promise.all(connections.map(action));

const METHODS = {
  /** Opens connections; all must be accepted. */
  async open({ port, count = 1, extra }) {
    await repeat(count, AT_ONCE, async () => {
      const connection = new Connection(port);
      await connection.open(extra);
      connections.push(connection);
    });
  },

  /** Opens connections, as many as there is room for; how many are accepted after a while. */
  async tryOpen({ port, count, time }) {
    const tried = Array.from({ length: count }, () => new Connection(port));
    connections.push(...tried);
    for (const connection of tried) connection.open().catch(() => {});
    await sleep(time);
    return tried.filter((connection) => connection.accepted && !connection.socket.closed).length;
  },

  /** Sends `octets` over and over on all connections; first `before`. */
  async send({ octets, times = 1, before = "" }) {
    const one = Buffer.from(octets, "hex");
    const atOnce = Math.max(1, Math.min(times, Math.floor(SHARE / one.length)));
    const share = Buffer.concat(Array(atOnce).fill(one));
    await all(async (connection) => {
      if (before !== "") await connection.write(Buffer.from(before, "hex"));
      for (let left = times; left > 0 && !connection.socket.destroyed; left -= atOnce) {
        await connection.write(share.subarray(0, Math.min(left, atOnce) * one.length));
      }
    });
  },

  /** As `send`, one piece at a time on each connection in turn, so that each travels alone. */
  async trickle({ octets, times, before }) {
    await all((connection) => connection.write(Buffer.from(before, "hex")));
    for (let count = 0; count < times; count++) {
      await all((connection) => connection.write(Buffer.from(octets, "hex")));
      await turn();
    }
  },

  /** Sends a compressed message of zeros on all connections, one after the other, and waits for `answer` to each. */
  async sendZeros({ size, answer }) {
    const octets = zeros(size);
    for (const connection of connections) {
      await connection.write(octets);
      await connection.receives(Buffer.from(answer, "hex"));
    }
  },

  /** Sends the beginning of a head on each of many connections. */
  async halfHeads({ port, count }) {
    await repeat(count, AT_ONCE, async () => {
      const connection = new Connection(port);
      connections.push(connection);
      await connection.write(HEAD("").subarray(0, 40));
    });
  },

  pause: () => all(({ socket }) => void socket.pause()),
  resume: () => all(({ socket }) => void socket.resume()),

  /** Settles when `octets` are among the last that each connection has received. */
  async receives({ octets }) {
    await all((connection) => connection.receives(Buffer.from(octets, "hex")));
  },

  /** Milliseconds that the slowest of some echoes took, one after the other on the first connection. */
  async slowestEcho({ count }) {
    const [connection] = connections;
    let slowest = 0;
    for (let number = 0; number < count; number++) {
      const payload = Buffer.alloc(4);
      payload.writeUInt32BE(number);
      const begin = performance.now();
      await connection.write(frame(0x82, payload));
      await connection.receives(payload);
      slowest = Math.max(slowest, performance.now() - begin);
    }
    return slowest;
  },

  /** Opens connections, sends a message and gets it back, and closes them in order, over and over. */
  async churn({ port, count }) {
    await repeat(count, 20, async () => {
      const connection = new Connection(port);
      await connection.open();
      await connection.write(frame(0x82, Buffer.from("octets")));
      await connection.receives(Buffer.from("octets"));
      await connection.write(CLOSE);
      await connection.gone();
    });
  },

  /** Destroys all connections. */
  async drop() {
    for (const { socket } of connections) socket.destroy();
    await all((connection) => connection.gone());
    connections = [];
  },
};

process.on("disconnect", () => process.exit());
async function serve({ id, method, options }) {
  try {
    process.send({ id, value: await METHODS[method](options) });
  } catch (error) {
    process.send({ id, error: String(error.stack) });
  }
}

process.on("message", (request) => void serve(request));
process.send("ready");
