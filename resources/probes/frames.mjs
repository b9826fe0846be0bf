import { memory } from "../measure.mjs";
import { serving } from "../serving.mjs";

const FRAMES = {
  pong: "8a840000000061626364",
  ping: "89840000000061626364",
  text: "81840000000061626364",
  binary: "82840000000061626364",
};

/** What each of many frames leaves behind. */
async function left(octets, count) {
  const { peer, port } = await serving(async (socket) => {
    for await (const _ of socket);
  });
  await peer.do("open", { port });
  const sendAll = async (times) => {
    await peer.do("send", { octets, times });
    // They have been read when the pong is there.
    await peer.do("send", { octets: "8981000000007a" });
    await peer.do("receives", { octets: "8a017a" });
  };
  await sendAll(count / 2);
  const before = await memory();
  await sendAll(count);
  return ((await memory()) - before) / count;
}

export const frames = Object.fromEntries(
  Object.entries(FRAMES).map(([name, octets]) => [
    `${name === "pong" ? "CVE-2021-3690: " : ""}100,000 frames, ${name}`,
    async ({ full }) => [
      {
        what: full
          ? "ten times as many: memory that each leaves behind"
          : "memory that each leaves behind",
        figure: await left(octets, full ? 1_000_000 : 100_000),
        // Of fewer, what V8 makes once in a while is a larger share; a frame takes a hundred.
        bound: full ? 0.5 : 4,
        unit: "octets",
      },
    ],
  ]),
);
