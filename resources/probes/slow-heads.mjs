import { KIB, memory } from "../measure.mjs";
import { Peer } from "../peer-process.mjs";
import { serving } from "../serving.mjs";

export const slowHeads = {
  "2,000 heads that do not end": async () => {
    const count = 2000;
    const { peer, port } = await serving();
    await peer.do("open", { port });
    const before = await memory();
    const slow = await Peer.start();
    // A live connection is served while they come, and when they are there.
    const [during] = await Promise.all([
      peer.do("slowestEcho", { count: 200 }),
      slow.do("halfHeads", { port, count }),
    ]);
    const after = await peer.do("slowestEcho", { count: 200 });
    const growth = (await memory()) - before;
    const fresh = await Peer.start();
    await fresh.do("open", { port, count: 10 });
    return [
      { what: "slowest of 200 echoes while they come", figure: during, bound: 2000, unit: "ms" },
      { what: "slowest of 200 echoes when they are there", figure: after, bound: 1000, unit: "ms" },
      { what: "memory of each", figure: growth / count / KIB, bound: 16, unit: "KiB" },
    ];
  },
};
