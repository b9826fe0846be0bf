import { KIB, MIB } from "../measure.mjs";
import { serving } from "../serving.mjs";

const EXTENSION = "Sec-WebSocket-Extensions: permessage-deflate\r\n";

/** The most that was ever resident, in octets. */
const peak = () => process.resourceUsage().maxRSS * KIB;

export const bomb = {
  "CVE-2018-1000518: compression bomb, 64 KiB that stand for 64 MiB, limit 1 MiB, 20 times":
    async () => {
      const seen = [];
      const { peer, port } = await serving(
        async (socket) => {
          for await (const message of socket) {
            seen.push(message.length);
            await socket.send("ok");
          }
        },
        { deflate: { threshold: 1024 } },
      );
      // What is legal, until it needs no more memory than before.
      await peer.do("open", { port, count: 100, extra: EXTENSION });
      for (let round = 0; round < 6; round++) {
        // oxlint-disable-next-line no-await-in-loop -- one round after the other
        await peer.do("sendZeros", { size: MIB, answer: "81026f6b" });
      }
      await peer.do("drop");
      await peer.do("open", { port, count: 20, extra: EXTENSION });
      const before = peak();
      const legal = seen.length;
      await peer.do("sendZeros", { size: 64 * MIB, answer: "03f1" });
      const growth = peak() - before;
      return [
        {
          what: "growth of the peak of resident memory",
          figure: growth / KIB,
          bound: KIB + 256,
          unit: "KiB",
        },
        { what: "messages delivered", figure: seen.length - legal, bound: 0, unit: "" },
      ];
    },
};
