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

const servers = ["wsproto", "wsproto-iterate", "ws", "net"];

/** Starts a program on one core, where the system can do that. */
function start(file, core, flags = []) {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const options = { stdio: ["ignore", "inherit", "inherit", "ipc"] };
  return process.platform === "linux"
    ? spawn("taskset", ["-c", core, process.execPath, ...flags, path], options)
    : spawn(process.execPath, [...flags, path], options);
}

async function measure(server, test) {
  const child = start(`servers/${server}.mjs`, "0", ["--expose-gc"]);
  const [{ port }] = await once(child, "message");
  const load = start("load.mjs", "1");
  const result = new Promise((resolve) => {
    load.on("message", async (message) => {
      if (message.result !== undefined) return resolve(message.result);
      child.send("mark");
      const [answer] = await once(child, "message");
      load.send(answer);
    });
  });
  load.send({ port, test, milliseconds, masked: server === "net" });
  const measured = await result;
  child.disconnect();
  await once(child, "exit");
  return measured.bytes ?? measured.count / measured.cpu;
}

function median(numbers) {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1];
}

function applies(server, test) {
  return server !== "wsproto-iterate" || test.type === "echo";
}

const all = {};
console.log(
  `${"case".padEnd(28)} ${servers.map((name) => name.padStart(16)).join("")}   of ws   of net   goal`,
);
for (const test of cases) {
  const figures = Object.fromEntries(servers.map((server) => [server, []]));
  for (let round = 0; round < rounds; round++) {
    for (const server of servers) {
      if (applies(server, test)) figures[server].push(await measure(server, test));
    }
  }
  const medians = Object.fromEntries(
    servers.map((server) => [server, figures[server].length > 0 ? median(figures[server]) : null]),
  );
  all[test.name] = medians;
  console.log(row(test, medians));
}

function row(test, medians) {
  const numbers = servers
    .map((server) =>
      medians[server] === null ? "-" : Math.round(medians[server]).toLocaleString("en"),
    )
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

const folder = fileURLToPath(new URL("../../.cache/bench/", import.meta.url));
mkdirSync(folder, { recursive: true });
const file = `${folder}node-${new Date().toISOString().replaceAll(":", "-").slice(0, 19)}.json`;
writeFileSync(
  file,
  JSON.stringify({ node: process.version, rounds, milliseconds, cases: all }, null, 2),
);
console.log(
  `messages (deliveries, handshakes) per second of server CPU; idle: octets per connection`,
);
