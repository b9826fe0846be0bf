// How the cost of a message grows with the number of connections that a server of `wsproto/node` has, over loopback.

/* oxlint-disable no-await-in-loop -- one after the other */

import { median } from "../measure.mjs";
import { echo } from "./cases.mjs";
import { measure, startServer, stop } from "./driver.mjs";

const SPAN = { milliseconds: 1000, warmUp: 500 };

const id = "growth/connections/node";
measureConnections.group = {
  id,
  title: "Connections of a server over loopback, each has one message of 16 octets under way",
  of: "message",
  columns: [{ id: "wsproto", own: true }, { id: "ws" }, { id: "net" }],
  cases: [10, 100, 1000, 10_000].map((amount) => ({ id: `${id}/${amount}`, amount })),
};

/** The cost of one message on every connection: `{ [server]: [{ amount, total }] }`, nanoseconds. */
export async function measureConnections({ columns, cases }, rounds) {
  const servers = await Promise.all(columns.map((column) => startServer(column.id)));
  const points = Object.fromEntries(columns.map((column) => [column.id, []]));
  for (const { amount } of cases) {
    const rates = Object.fromEntries(columns.map((column) => [column.id, []]));
    for (let round = 0; round < rounds; round++) {
      for (const server of servers) {
        rates[server.name].push(await measure(server, echo(amount, 1, 16), SPAN));
      }
    }
    for (const { name } of servers) {
      points[name].push({ amount, total: (amount * 1e9) / median(rates[name]) });
    }
  }
  await Promise.all(servers.map((server) => stop(server)));
  return points;
}
