/**
 * The load: a process that keeps messages under way on many connections. It knows the lengths of what has to come back and
 * looks at nothing else, so that it costs less than any server. Driven by its parent: { port, test, span } in,
 * { result } out.
 */
import { once } from "node:events";
import { connect } from "node:net";

const AT_ONCE = 50;

const REQUEST =
  "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

/** A frame of a client: masked, with a key that is not zero. */
function maskedFrame(opcode, payload) {
  const { length } = payload;
  const head =
    length < 126
      ? [0x80 | length]
      : length < 65_536
        ? [0xfe, length >> 8, length & 255]
        : [
            0xff,
            0,
            0,
            0,
            0,
            (length >>> 24) & 255,
            (length >>> 16) & 255,
            (length >>> 8) & 255,
            length & 255,
          ];
  const key = [0x37, 0xfa, 0x21, 0x3d];
  return Buffer.from([
    0x80 | opcode,
    ...head,
    ...key,
    ...payload.map((octet, index) => octet ^ key[index & 3]),
  ]);
}

/** A connection that is open. */
async function open(port) {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  await once(socket, "connect");
  socket.write(REQUEST);
  let head = "";
  while (!head.endsWith("\r\n\r\n")) head += (await once(socket, "data"))[0].toString("latin1");
  socket.on("error", () => {});
  return socket;
}

/** So many connections, not too many of them being opened at once. */
async function openAll(port, count) {
  const sockets = [];
  while (sockets.length < count) {
    const next = Math.min(AT_ONCE, count - sockets.length);
    sockets.push(...(await Promise.all(Array.from({ length: next }, () => open(port)))));
  }
  return sockets;
}

async function echo({ port, test, span, masked }) {
  await check({ port, test, masked });
  const { connections, inFlight, size, kind } = test;
  const frame = maskedFrame(kind === "text" ? 1 : 2, Buffer.alloc(size, 0x61));
  // A server does not mask; what echoes without a protocol gives the frame back as it was.
  const back = masked ? frame.length : frame.length - 4;
  const batch = Buffer.concat(Array.from({ length: inFlight }, () => frame));
  const sockets = await openAll(port, connections);
  let messages = 0;
  let running = true;
  for (const socket of sockets) {
    let octets = 0;
    socket.on("data", (chunk) => {
      octets += chunk.length;
      const whole = Math.floor(octets / back);
      octets -= whole * back;
      messages += whole;
      if (running && whole > 0) socket.write(batch.subarray(0, whole * frame.length));
    });
    socket.write(batch);
  }
  const measured = await measure(span, () => messages);
  running = false;
  for (const socket of sockets) socket.destroy();
  return measured;
}

async function broadcast({ port, test, span }) {
  const request = maskedFrame(2, Buffer.from([test.burst]));
  // A head of four octets in either case: a server that echoes without a protocol sends as many.
  const back = test.size + 4;
  const sockets = await openAll(port, test.connections);
  let octets = 0;
  let running = true;
  const all = back * test.burst * test.connections;
  let round = 0;
  for (const socket of sockets) {
    socket.on("data", (chunk) => {
      octets += chunk.length;
      round += chunk.length;
      if (round < all) return;
      round -= all;
      if (running) sockets[0].write(request);
    });
  }
  sockets[0].write(request);
  const measured = await measure(span, () => octets / back);
  running = false;
  for (const socket of sockets) socket.destroy();
  return measured;
}

async function handshakes({ port, test, span }) {
  let count = 0;
  const end = new AbortController();
  const workers = Array.from({ length: test.parallel }, async () => {
    while (!end.signal.aborted) {
      const socket = await open(port);
      count += 1;
      socket.resetAndDestroy();
    }
  });
  const measured = await measure(span, () => count);
  end.abort();
  await Promise.all(workers);
  return measured;
}

async function idle({ port, test }) {
  // What the first ones make the server compile is not theirs.
  const first = await openAll(port, test.connections / 4);
  await pause(300);
  const start = await ask("memory");
  const sockets = await openAll(port, test.connections);
  await pause(300);
  const end = await ask("memory");
  for (const socket of [...first, ...sockets]) socket.destroy();
  return { bytes: (end - start) / test.connections };
}

function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** What comes back has to be what was sent, before it counts. */
async function check({ port, test, masked }) {
  const socket = await open(port);
  const payload = Buffer.from(Uint8Array.from({ length: test.size }, (_, index) => index % 90));
  const opcode = test.kind === "text" ? 1 : 2;
  const sent = maskedFrame(opcode, payload);
  const head = sent.length - test.size - 4;
  const expected = masked ? sent : Buffer.concat([sent.subarray(0, head), payload]);
  // A server does not mask.
  if (!masked) expected[1] &= 0x7f;
  socket.write(sent);
  let received = Buffer.alloc(0);
  while (received.length < expected.length) {
    received = Buffer.concat([received, (await once(socket, "data"))[0]]);
  }
  socket.destroy();
  if (!received.equals(expected))
    throw new Error(`${test.name}: the echo differs from what was sent`);
}

/** "cpu" or "memory" of the server, as its parent asks it. */
async function ask(what) {
  process.send({ ask: what });
  const [answer] = await once(process, "message");
  return answer;
}

/** What of `count()` is added in a time, and the CPU time of the server in it. */
async function measure({ milliseconds, warmUp }, count) {
  await pause(warmUp);
  const start = await ask("cpu");
  const before = count();
  await pause(milliseconds);
  const counted = count() - before;
  const end = await ask("cpu");
  return { count: counted, cpu: end - start };
}

const types = { echo, broadcast, handshakes, idle };

const [task] = await once(process, "message");
process.send({ result: await types[task.test.type](task) });
process.disconnect();
