// The examples of frameworks, each started as its first line says.

import assert from "node:assert/strict";
import { once } from "node:events";
import { get } from "node:http";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { runSteps } from "../cell.mjs";
import { endedEarly, startProgram } from "../child.mjs";
import { connect, HandshakeRefusedError } from "../../dist/node/index.js";
import { deferred, within } from "../waiting.mjs";

const EXAMPLES = new URL("../../examples/frameworks/", import.meta.url);
const LISTENER = new URL("second-listener.mjs", import.meta.url);
const DEADLINE = 10_000;

/** Starts an example on a free port: `{ url, kill, exited }`. */
async function start(name) {
  const listening = deferred();
  const file = fileURLToPath(new URL(`${name}.mjs`, EXAMPLES));
  const child = startProgram(process.execPath, ["--import", LISTENER.href, file], {
    env: { ...process.env, PORT: "0" },
    onLine: (line) => listening.resolve(/http:\S+/.exec(line)?.[0]),
  });
  const early = child.exited.then((exit) => Promise.reject(endedEarly(name, exit)));
  early.catch(() => {});
  const url = await within(DEADLINE, name, Promise.race([listening.promise, early]));
  return { ...child, url };
}

const wsUrl = (url, path) => new URL(path, url.replace("http:", "ws:"));

/** An upgrade that nobody takes is refused. */
async function unmatched({ url }) {
  const error = await connect(wsUrl(url, "/other")).then(
    () => assert.fail("/other was accepted"),
    (reason) => reason,
  );
  assert.ok(error instanceof HandshakeRefusedError, error.message);
  assert.equal(error.status, 404);
}

/** The framework's own route. */
async function route({ url, greeting }) {
  const response = await fetch(url);
  assert.equal(response.status, 200);
  assert.equal(await response.text(), greeting);
  const other = await fetch(new URL("/nothing", url));
  assert.equal(other.status, 404);
  await other.arrayBuffer();
}

async function echo({ url }) {
  const socket = await connect(wsUrl(url, "/chat?room=1"), { subprotocols: ["chat"] });
  assert.equal(socket.subprotocol, "chat");
  for (const message of ["Hello", new Uint8Array([1, 2, 3]), "x".repeat(100_000)]) {
    await socket.send(message);
    assert.deepEqual(await within(DEADLINE, "a message", socket.receive()), message);
  }
  const { code } = await within(DEADLINE, "the end", socket.close(1000));
  assert.equal(code, 1000);
}

/** Another listener for upgrades gets its own, and nobody else answers there. */
async function secondListener({ url }) {
  const request = get(new URL("/second", url), {
    headers: { connection: "Upgrade", upgrade: "second" },
  });
  const [response, socket, head] = await within(DEADLINE, "an upgrade", once(request, "upgrade"));
  assert.equal(response.headers.upgrade, "second");
  assert.equal(head.toString() + (await text(socket)), "second");
}

/** On SIGTERM the connections get 1001, and the program ends. */
async function ending({ url, kill }) {
  const socket = await connect(wsUrl(url, "/chat"));
  const exit = kill("SIGTERM");
  const { code } = await within(DEADLINE, "the end", socket.closed);
  assert.equal(code, 1001);
  const { code: status, signal, errors } = await within(DEADLINE, "the exit", exit);
  assert.deepEqual({ status, signal, errors }, { status: 0, signal: null, errors: "" });
}

// The second listener is there from the first HTTP request on.
const STEPS = {
  "unmatched upgrade": unmatched,
  route,
  echo,
  "second listener": secondListener,
  "echo beside it": echo,
  ending,
};

function framework(name, title) {
  return {
    name: `example of ${title}`,
    async run() {
      const program = await start(name);
      try {
        await runSteps(STEPS, { ...program, greeting: `Hello from ${title}` });
        return Object.keys(STEPS).join(", ");
      } finally {
        await program.kill();
      }
    },
  };
}

export const FRAMEWORK_CELLS = [
  framework("express", "Express"),
  framework("fastify", "Fastify"),
  framework("hono", "Hono"),
  framework("koa", "Koa"),
];
