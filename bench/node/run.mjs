/**
 * The Node server beside `ws` and beside a `node:net` echo without any protocol: messages per second of the server's CPU
 * time. The server runs on one core and the load on the other, rounds are interleaved, medians count, ratios are printed.
 *
 *   npm run bench:node -- [--rounds N] [--milliseconds N] [--filter REGEXP]
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { echoCases, goals, otherCases } from "./cases.mjs";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    milliseconds: { type: "string", default: "1000" },
    filter: { type: "string", default: "." },
  },
});
const rounds = Number(values.rounds);
const milliseconds = Number(values.milliseconds);
const filter = new RegExp(values.filter);
const cases = [...echoCases, ...otherCases].filter(({ name }) => filter.test(name));

const names = ["wsproto", "wsproto-iterate", "ws", "net"];

/** Starts a program on one core, where the system can do that. */
function start(file, core, flags = []) {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const options = { stdio: ["ignore", "inherit", "inherit", "ipc"] };
  return process.platform === "linux"
    ? spawn("taskset", ["-c", core, process.execPath, ...flags, path], options)
    : spawn(process.execPath, [...flags, path], options);
}

/** A server, in a process of its own that stays for all cases: it is warm, as one that has run for a while. */
async function startServer(name) {
  const child = start(`servers/${name}.mjs`, "0", ["--expose-gc"]);
  const [{ port }] = await once(child, "message");
  return { name, child, port };
}

async function stop({ child }) {
  child.disconnect();
  await once(child, "exit");
}

async function measure({ name, child, port }, test, warmUp) {
  const load = start("load.mjs", "1");
  const ended = once(load, "exit");
  const result = new Promise((resolve, reject) => {
    load.on("message", async (message) => {
      if (message.result !== undefined) return resolve(message.result);
      child.send("mark");
      const [answer] = await once(child, "message");
      load.send(answer);
    });
    load.on("exit", () => reject(new Error(`${test.name}: the load of ${name} gave no result`)));
  });
  load.send({ port, test, milliseconds, warmUp, masked: name === "net" });
  const measured = await result;
  await ended;
  return measured.bytes ?? measured.count / measured.cpu;
}

function median(numbers) {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1];
}

function applies(name, test) {
  return name !== "wsproto-iterate" || test.type === "echo";
}

/** The figures of one case: each server in its turn, round after round. */
async function measureAll(servers, test) {
  const figures = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const server of servers) {
      if (!applies(server.name, test)) continue;
      // A process that has served others before would give memory back that they have used.
      const own = test.type === "idle" ? await startServer(server.name) : server;
      figures[server.name].push(await measure(own, test, round === 0 ? milliseconds : 100));
      if (own !== server) await stop(own);
    }
  }
  return Object.fromEntries(
    names.map((name) => [name, figures[name].length > 0 ? median(figures[name]) : null]),
  );
}

function row(test, medians) {
  const numbers = names
    .map((name) => (medians[name] === null ? "-" : Math.round(medians[name]).toLocaleString("en")))
    .map((text) => text.padStart(16))
    .join("");
  const ofWs = medians.wsproto / medians.ws;
  const ofNet = medians.wsproto / medians.net;
  const goal = goals[test.name] ?? {};
  const wanted = Object.entries(goal).map(([peer, factor]) => {
    const factorNow = medians.wsproto / medians[peer];
    const reached = test.type === "idle" ? factorNow <= factor : factorNow >= factor;
    return `${test.type === "idle" ? "≤" : "≥"} ${factor} × ${peer}${reached ? "" : " NO"}`;
  });
  return `${test.name.padEnd(28)} ${numbers}  ${ofWs.toFixed(2).padStart(6)}  ${ofNet.toFixed(2).padStart(6)}   ${wanted.join(", ")}`;
}

console.log(`Node ${process.version}, medians of ${rounds} rounds of ${milliseconds} ms`);
console.log(
  `${"case".padEnd(28)} ${names.map((name) => name.padStart(16)).join("")}   of ws   of net   goal`,
);
const servers = await Promise.all(names.map((name) => startServer(name)));
const all = {};
for (const test of cases) {
  all[test.name] = await measureAll(servers, test);
  console.log(row(test, all[test.name]));
}
await Promise.all(servers.map((server) => stop(server)));

const folder = fileURLToPath(new URL("../../.cache/bench/", import.meta.url));
mkdirSync(folder, { recursive: true });
const file = `${folder}node-${new Date().toISOString().replaceAll(":", "-").slice(0, 19)}.json`;
writeFileSync(
  file,
  JSON.stringify({ node: process.version, rounds, milliseconds, cases: all }, null, 2),
);
console.log(
  "messages (deliveries, handshakes) per second of server CPU; idle: octets per connection",
);
