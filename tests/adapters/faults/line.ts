import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import path from "node:path";
import { Duplex } from "node:stream";
import { after, deferred, listening } from "../node/running.ts";

/** A TCP connection to our end, with the ways in which it can break. */
export interface Line {
  readonly stream: Duplex;
  /** Sends FIN, and closes the socket. */
  close(): void;
  /** Sends RST. */
  reset(): void;
  /** Kills the process that has the socket. */
  kill(): void;
}

/** A line that is or will be there; `port` is where our client finds it. */
export interface Listening {
  readonly port: number;
  readonly line: Promise<Line>;
}

const RELAY = path.resolve("tests/adapters/faults/relay.mjs");

/** A connection to our server. */
export async function lineTo(port: number, inOwnProcess: boolean): Promise<Line> {
  if (inOwnProcess) {
    const relay = startRelay([String(port)]);
    await once(relay, "message");
    return relayed(relay);
  }
  const socket = connect({ host: "127.0.0.1", port, allowHalfOpen: true });
  await once(socket, "connect");
  return direct(socket);
}

/** A place for our client to connect to, once. */
export async function listen(inOwnProcess: boolean): Promise<Listening> {
  if (inOwnProcess) {
    const relay = startRelay([]);
    const port = Number((await once(relay, "message"))[0]);
    return { port, line: once(relay, "message").then(() => relayed(relay)) };
  }
  const accepted = deferred<Line>();
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
    accepted.resolve(direct(socket));
    server.close();
  });
  return { port: await listening(server), line: accepted.promise };
}

function direct(socket: Socket): Line {
  socket.on("error", () => {});
  after(() => socket.destroy());
  return {
    stream: socket,
    close: () => socket.destroySoon(),
    reset: () => socket.resetAndDestroy(),
    kill: () => {
      throw new Error("only a process can be killed");
    },
  };
}

function startRelay(options: string[]): ChildProcess {
  const relay = spawn(process.execPath, [RELAY, ...options], {
    stdio: ["pipe", "pipe", "inherit", "ipc"],
  });
  after(async () => {
    if (relay.exitCode !== null || relay.signalCode !== null) return;
    const exited = once(relay, "exit");
    relay.kill("SIGKILL");
    await exited;
  });
  return relay;
}

function relayed(relay: ChildProcess): Line {
  const stream = Duplex.from({ readable: relay.stdout!, writable: relay.stdin! });
  stream.on("error", () => {});
  const kill = (): void => {
    relay.kill("SIGKILL");
  };
  const impossible = (): void => {
    throw new Error("a process of its own is killed, nothing else");
  };
  return { stream, close: impossible, reset: impossible, kill };
}
