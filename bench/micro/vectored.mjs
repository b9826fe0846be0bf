// A head of 10 octets and a large payload on a socket: copied into one array that is written again and again, or passed on
// as they are in one vectored write. CPU time of the process that writes, for each message; another process reads.
//
//   node bench/micro/vectored.mjs

import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer } from "node:net";

const SIZES = [16_384, 65_536, 262_144, 1_048_576];
const ROUNDS = 7;
const OCTETS = 256 * 1024 * 1024;
const head = Buffer.from([0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]);

if (process.argv[2] === "--reader") {
  connect(Number(process.argv[3]), "127.0.0.1").resume();
} else {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const options = [process.argv[1], "--reader", String(server.address().port)];
  const reader = spawn(process.execPath, options, { stdio: "inherit" });
  const [socket] = await once(server, "connection");
  for (const size of SIZES) {
    const samples = { copied: [], vectored: [] };
    for (let round = 0; round < ROUNDS; round++) {
      for (const [name, write] of Object.entries(writers(socket, size))) {
        samples[name].push(await measure(socket, write, OCTETS / size));
      }
    }
    const [copied, vectored] = [samples.copied, samples.vectored].map(median);
    console.log(
      `${size} octets: copied ${copied.toFixed(1)} us, vectored ${(vectored / copied).toFixed(2)} x`,
    );
  }
  reader.kill();
  server.close();
  socket.destroy();
}

/** Each message has another payload, as if it had just been made. */
function writers(socket, size) {
  const payloads = Array.from({ length: 4 }, (_, index) => Buffer.alloc(size, index));
  const block = Buffer.alloc(head.length + size);
  let next = 0;
  return {
    copied() {
      block.set(head);
      block.set(payloads[next++ & 3], head.length);
      socket.write(block);
    },
    vectored() {
      socket.cork();
      socket.write(head);
      socket.write(payloads[next++ & 3]);
      socket.uncork();
    },
  };
}

async function measure(socket, write, count) {
  const before = process.cpuUsage();
  for (let message = 0; message < count; message++) {
    write();
    // What was copied is not written over before it has left.
    if (socket.writableLength > 0) await once(socket, "drain");
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / count;
}

function median(numbers) {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1];
}
