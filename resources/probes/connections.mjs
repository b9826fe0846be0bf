import { KIB, memory, resident } from "../measure.mjs";
import { serving } from "../serving.mjs";

async function churn({ full }) {
  const count = full ? 100_000 : 5_000;
  // Until what is made once is there.
  const first = full ? count / 5 : count / 2;
  const { server, peer, port } = await serving();
  await peer.do("churn", { port, count: first });
  const before = await memory();
  await peer.do("churn", { port, count: count - first });
  const growth = (await memory()) - before;
  return [
    {
      what: `${count.toLocaleString("en")} opened and closed: memory that each leaves behind`,
      figure: growth / (count - first),
      // Of fewer, what V8 makes once in a while is a larger share; one that stays takes thousands.
      bound: full ? 8 : 192,
      unit: "octets",
    },
    { what: "connections left", figure: server.connections.size, bound: 0, unit: "" },
  ];
}

async function idle({ full }) {
  const count = full ? 10_000 : 2_000;
  const { server, peer, port } = await serving();
  await peer.do("open", { port, count: 100 });
  const before = [await memory(), await resident()];
  await peer.do("open", { port, count });
  const after = [await memory(), await resident()];
  const [held, resides] = after.map((octets, index) => (octets - before[index]) / count / KIB);
  const name = `${count.toLocaleString("en")} idle`;
  return [
    { what: `${name}: memory of each`, figure: held, bound: 16, unit: "KiB" },
    { what: `${name}: resident memory of each`, figure: resides, bound: 32, unit: "KiB" },
    { what: "open", figure: server.connections.size, bound: count + 100, unit: "", least: true },
  ];
}

export const connections = {
  "CVE-2021-42340: connections that come and go": churn,
  "connections that stay": idle,
};
