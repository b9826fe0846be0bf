// The conversation that every cell holds, step by step. Each step opens connections of its own.

import assert from "node:assert/strict";
import { DEFLATE, OFFERED, PING, SUBPROTOCOL } from "./contract.mjs";
import { CLOSES, log, noise, SIZES, TEXTS } from "./messages.mjs";
import { startMeter } from "./meter.mjs";
import { Refused, within } from "./waiting.mjs";

const DEADLINE = 5_000; // for each thing that is waited for
let lastId = 0;

/** One client and one server in conversation. */
export class Talk {
  /** What the APIs have no means for. */
  missing = new Set();

  /** @param parts `{ client, server, scheme, port, deflate }`; `port` is where the client connects to */
  constructor(parts) {
    Object.assign(this, parts);
  }

  /** Opens a connection, and checks what was negotiated. */
  async open(path, { port = this.port, ...options } = {}) {
    const id = String((lastId += 1));
    const url = `${this.scheme}://127.0.0.1:${port}${path}?id=${id}`;
    const opening = this.client.open(url, { subprotocols: OFFERED, ...options });
    const connection = await within(DEADLINE, `to open ${path}`, opening);
    this.#checkNegotiated(connection, "the client");
    const soon = (what, promise) => within(DEADLINE, what, promise);
    return {
      ...connection,
      id,
      send: (message) => soon("the end of sending", connection.send(message)),
      receive: () => soon("a message", connection.receive()),
    };
  }

  #checkNegotiated({ subprotocol, deflate }, who) {
    assert.equal(subprotocol, SUBPROTOCOL, `the subprotocol that ${who} has`);
    const expected = this.deflate !== DEFLATE.off;
    if (deflate !== undefined) assert.equal(deflate, expected, `whether ${who} has deflate`);
  }

  /** Sends, and expects the same back. */
  async echo(connection, message) {
    await connection.send(message);
    this.same(await connection.receive(), message);
  }

  same(actual, expected) {
    const same =
      typeof expected === "string"
        ? actual === expected
        : actual instanceof Uint8Array && Buffer.compare(actual, expected) === 0;
    if (!same) assert.fail(`got ${describe(actual)} in place of ${describe(expected)}`);
  }

  /** Both sides have ended; what each saw of the Close is checked. */
  async ended(connection, { atClient, atServer }) {
    const seen = await within(DEADLINE, "the end at the client", connection.closed);
    assert.deepEqual(pick(seen, atClient), atClient, "the Close that the client saw");
    await this.endedAtServer(connection.id, atServer);
  }

  async endedAtServer(id, close) {
    const taken = this.server.endings.take(id);
    const ending = await within(DEADLINE, "the end at the server", taken);
    assert.deepEqual(pick(ending, close), close, "the Close that the server saw");
    this.#checkNegotiated(ending, "the server");
  }

  /** Closes in order. */
  async hangUp(connection) {
    const close = { code: 1000, reason: "done" };
    connection.close(close.code, close.reason);
    await this.ended(connection, { atClient: { code: 1000 }, atServer: close });
  }

  async refused(path, status, options = {}) {
    const error = await this.open(path, options).then(
      () => assert.fail(`${path} was accepted`),
      (reason) => reason,
    );
    if (!(error instanceof Refused)) throw error;
    assert.equal(error.status, status, `the status for ${path}`);
  }
}

async function text(talk) {
  const connection = await talk.open("/echo");
  for (const message of TEXTS) await talk.echo(connection, message);
  await talk.hangUp(connection);
}

async function binary(talk) {
  const connection = await talk.open("/echo");
  for (const size of SIZES) await talk.echo(connection, noise(size));
  await talk.hangUp(connection);
}

async function fragments(talk) {
  const toServer = await talk.open("/echo");
  for (const message of [...TEXTS, noise(65_536)]) {
    if (toServer.sendPieces === undefined) {
      talk.missing.add("fragments of the client");
      break;
    }
    await toServer.sendPieces(message);
    talk.same(await toServer.receive(), message);
  }
  await talk.hangUp(toServer);

  const fromServer = await talk.open("/fragments");
  for (const message of [...TEXTS, noise(65_536)]) await talk.echo(fromServer, message);
  if (talk.server.sendsWhole) talk.missing.add("fragments of the server");
  await talk.hangUp(fromServer);
}

async function pings(talk) {
  const fromServer = await talk.open("/ping");
  talk.same(await fromServer.receive(), PING);
  await talk.hangUp(fromServer);

  const fromClient = await talk.open("/echo");
  if (fromClient.ping === undefined) talk.missing.add("pings of the client");
  else await within(DEADLINE, "a pong", fromClient.ping(PING));
  await talk.hangUp(fromClient);
}

async function pipeline(talk) {
  const connection = await talk.open("/echo");
  const messages = Array.from({ length: 50 }, (_, index) =>
    index % 2 === 0 ? `${index} ${log(index)}` : noise(index * 100),
  );
  const sent = Promise.all(messages.map((message) => connection.send(message)));
  for (const message of messages) talk.same(await connection.receive(), message);
  await sent;
  await talk.hangUp(connection);
}

async function closes(talk) {
  for (const close of CLOSES) {
    const connection = await talk.open("/echo");
    connection.close(close.code, close.reason);
    await talk.ended(connection, { atClient: { code: close.code }, atServer: close });
  }
  for (const close of CLOSES) {
    const connection = await talk.open("/close");
    await connection.send(`${close.code} ${close.reason}`);
    await talk.ended(connection, { atClient: close, atServer: { code: close.code } });
  }
}

async function refusal(talk) {
  await talk.refused("/refuse", 403);
  // And is not in the way of the next one.
  await talk.hangUp(await talk.open("/echo"));
}

/** What was negotiated is used: the octets on the way are counted. */
async function compression(talk) {
  const meter = await startMeter(talk.port);
  try {
    const connection = await talk.open("/echo", { port: meter.port });
    const message = log(8000);
    const before = { sent: meter.sent, received: meter.received };
    await talk.echo(connection, message);
    const whole = Buffer.byteLength(message);
    const compressed = talk.deflate !== DEFLATE.off;
    const sent = meter.sent - before.sent;
    const received = meter.received - before.received;
    if (compressed && talk.client.sendsPlain) talk.missing.add("compression of the client");
    checkSize(sent, whole, { who: "client", compressed: compressed && !talk.client.sendsPlain });
    checkSize(received, whole, { who: "server", compressed });
    await talk.hangUp(connection);
  } finally {
    meter.stop();
  }
}

function checkSize(octets, whole, { who, compressed }) {
  const fits = compressed ? octets < whole / 3 : octets >= whole;
  const how = compressed ? "compressed" : "as it is";
  assert.ok(fits, `a message of ${whole} octets by the ${who}, ${how}, took ${octets}`);
}

export const STEPS = { text, binary, fragments, pings, pipeline, closes, refusal, compression };

function pick(object, like) {
  return Object.fromEntries(Object.keys(like).map((key) => [key, object[key]]));
}

function describe(message) {
  if (typeof message === "string") {
    return `text of ${message.length}: ${JSON.stringify(message.slice(0, 40))}`;
  }
  return message instanceof Uint8Array ? `${message.length} octets` : String(message);
}
