// Python's `websockets` (Debian's package python3-websockets), both roles, each in a process of its own.

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { endedEarly, startProgram } from "../child.mjs";
import { SUBPROTOCOL } from "../contract.mjs";
import { deferred, Endings, Refused, within } from "../waiting.mjs";

export const NAME = "Python's websockets";

const PYTHON = "/usr/bin/python3"; // Debian's, which has Debian's packages
const SCRIPT = fileURLToPath(new URL("python_peer.py", import.meta.url));

export const isInstalled = () => spawnSync(PYTHON, ["-c", "import websockets"]).status === 0;

function start(role, options, onLine) {
  const child = startProgram(PYTHON, [SCRIPT, role, JSON.stringify(options)], {
    onLine: (line) => onLine(JSON.parse(line)),
  });
  const failed = child.exited.then((exit) => Promise.reject(endedEarly("python", exit)));
  failed.catch(() => {});
  return { ...child, failed };
}

/** @param options `{ tls, deflate }` */
export async function startServer({ tls, deflate }) {
  const endings = new Endings();
  const listening = deferred();
  const options = {
    deflate,
    subprotocol: SUBPROTOCOL,
    cert: tls?.certFile ?? null,
    key: tls?.keyFile ?? null,
  };
  const child = start("server", options, ({ port, target, ...ending }) => {
    if (port === undefined) endings.put(target, ending);
    else listening.resolve(port);
  });
  const port = await within(10_000, "Python", Promise.race([listening.promise, child.failed]));
  return { port, endings, stop: () => child.kill() };
}

/** @param options `{ ca, deflate }` */
export function startClient({ ca, deflate }) {
  const answers = new Map();
  const child = start(
    "client",
    { ca: ca?.certFile ?? null, deflate },
    ({ id, error, ...answer }) => {
      const { resolve, reject } = answers.get(id);
      answers.delete(id);
      if (error === undefined) resolve(answer);
      else reject(new Error(error));
    },
  );
  let lastId = 0;
  const perform = (command) => {
    const id = (lastId += 1);
    child.write(`${JSON.stringify({ ...command, id })}\n`);
    const answer = deferred();
    answers.set(id, answer);
    return Promise.race([answer.promise, child.failed]).then((result) => ({ ...result, id }));
  };
  return {
    open: (url, { subprotocols }) => open(perform, url, subprotocols),
    stop: () => child.kill(),
  };
}

async function open(perform, url, subprotocols) {
  const { status, id, subprotocol, deflate } = await perform({ do: "open", url, subprotocols });
  if (status !== undefined) throw new Refused(status);
  const act = (name, more) => perform({ do: name, socket: id, ...more });
  return {
    subprotocol,
    deflate,
    send: (message) => act("send", encode(message)),
    sendPieces: (message) => act("sendPieces", encode(message)),
    ping: (payload) => act("ping", { payload }),
    receive: async () => decode(await act("receive")),
    // What goes wrong with it is seen in `closed`.
    close: (code, reason) => void act("close", { code, reason }).catch(() => {}),
    closed: act("closed").catch((error) => ({ code: null, reason: error.message })),
  };
}

function encode(message) {
  return typeof message === "string"
    ? { text: message }
    : { binary: Buffer.from(message).toString("base64") };
}

function decode({ text, binary }) {
  return text ?? new Uint8Array(Buffer.from(binary, "base64"));
}
