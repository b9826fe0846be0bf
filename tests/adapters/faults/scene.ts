import { createHash } from "node:crypto";
import { connect, type NodeConnection } from "../../../src/node/index.ts";
import { acceptHead, requestHead } from "../../helpers/handshake.ts";
import { ManualClock } from "../node/manual-clock.ts";
import {
  after,
  client,
  deferred,
  end,
  eventually,
  Reports,
  running,
  serverTls,
  trusted,
} from "../node/running.ts";
import { clientHello, FaultyPeer } from "./faulty-peer.ts";
import { lineTo, listen } from "./line.ts";
import { describe, Outcomes } from "./watched.ts";

export type Side = "server" | "client";

/** Where a scene begins. */
export interface Beginning {
  readonly tls: boolean;
  /** Whether TLS, if there is any, stands. */
  readonly secured: boolean;
  /** Whether the server is not to answer. */
  readonly undecided: boolean;
  /** Whether the peer is a process, which can be killed. */
  readonly inOwnProcess: boolean;
}

/** One of our ends with its peer; the steps that lead to a phase; and how it must end. */
export interface Scene {
  readonly side: Side;
  readonly peer: FaultyPeer;
  readonly clock: ManualClock;
  readonly reports: Reports;
  readonly outcomes: Outcomes;
  readonly connection: Promise<NodeConnection>;
  /** Our end and the peer have each other; of TLS there is the beginning. */
  connecting(): Promise<void>;
  /** The whole request was sent, and nobody answers. */
  pending(): Promise<void>;
  /** The connection stands. */
  opens(): Promise<void>;
  /** Settles when our end is ready for the next. */
  finished(): Promise<void>;
}

/** Octets of the ping that is sent at once when a connection is watched. */
const PING_SIZE = { server: 6, client: 10 };

const common = () => ({
  clock: new ManualClock(),
  reports: new Reports(),
  outcomes: new Outcomes(),
});

/** Our server, which has room for one connection and not for two, and a client. */
export async function serverScene(beginning: Beginning): Promise<Scene> {
  const shared = common();
  const { clock, reports, outcomes } = shared;
  const connection = deferred<NodeConnection>();
  const asked = deferred();
  let finishing = false;
  let { undecided } = beginning;
  const { server, port, url } = await running(
    {
      clock,
      onError: reports.onError,
      limits: { connections: 1, connectionsPerAddress: 1, handshakes: 1 },
      tls: beginning.tls ? serverTls : undefined,
      accept: (_request, { signal }) => {
        if (!undecided) return true;
        undecided = false;
        signal.addEventListener("abort", () => outcomes.add("accept", describe(signal.reason)));
        asked.resolve();
        return new Promise(() => {});
      },
    },
    async (socket) => {
      if (finishing) return;
      connection.resolve(socket);
      outcomes.add("handler", "called");
      outcomes.watch(socket);
      for await (const message of socket) outcomes.add("message", String(message));
    },
  );
  const line = await lineTo(port, beginning.inOwnProcess);
  const peer = beginning.secured ? await FaultyPeer.secureClient(line) : FaultyPeer.plain(line);
  return {
    ...shared,
    side: "server",
    peer,
    connection: connection.promise,
    connecting: async () => {
      await clock.set(10_000);
      if (!beginning.tls) return;
      peer.send(await clientHello());
      await peer.takes(1);
    },
    pending: async () => {
      peer.send(requestHead());
      await asked.promise;
    },
    opens: async () => {
      peer.send(requestHead());
      await peer.head();
      await peer.takes(PING_SIZE.server);
    },
    finished: async () => {
      finishing = true;
      // All of its counts are back: there is room for one again.
      await eventually(async () => {
        const next = await client(url, { tls: trusted }).catch(() => null);
        return (await next?.close())?.wasClean ?? false;
      });
      await end(server);
    },
  };
}

/** Our client, and a server. */
export async function clientScene(beginning: Beginning): Promise<Scene> {
  const shared = common();
  const { clock, reports, outcomes } = shared;
  const { port, line } = await listen(beginning.inOwnProcess);
  const scheme = beginning.tls ? "wss" : "ws";
  const connection = connect(`${scheme}://localhost:${port}/`, {
    clock,
    onError: reports.onError,
    tls: trusted,
  });
  connection.then(
    (socket) => {
      after(() => socket.terminate());
      outcomes.watch(socket);
    },
    (error: unknown) => outcomes.add("connect", describe(error)),
  );
  const peer = beginning.secured
    ? await FaultyPeer.secureServer(await line)
    : FaultyPeer.plain(await line);
  return {
    ...shared,
    side: "client",
    peer,
    connection,
    connecting: async () => {
      // The beginning of TLS; without it the request is there, and nobody reads it.
      if (beginning.tls) await peer.takes(1);
    },
    pending: async () => {
      await peer.head();
    },
    opens: async () => {
      const key = /sec-websocket-key: (\S+)/i.exec(await peer.head())![1]!;
      peer.send(acceptHead({ fields: { "Sec-WebSocket-Accept": acceptFor(key) } }));
      await peer.takes(PING_SIZE.client);
    },
    finished: async () => {},
  };
}

function acceptFor(key: string): string {
  return createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
}
