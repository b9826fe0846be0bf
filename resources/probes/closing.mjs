import { load, MIB } from "../measure.mjs";
import { serving } from "../serving.mjs";

export const closing = {
  "CVE-2026-77791: closing behind 8 MiB that the peer does not read": async ({ full }) => {
    let opened;
    const connection = new Promise((resolve) => {
      opened = resolve;
    });
    const { peer, port } = await serving(async (socket) => {
      opened(socket);
      await socket.closed;
    });
    await peer.do("open", { port });
    await peer.do("pause");
    const socket = await connection;
    const sent = socket.send(new Uint8Array(8 * MIB)).catch((error) => error.name);
    const closed = socket.close();
    const begin = performance.now();
    const busy = await load(full ? 9_000 : 4_000);
    const waiting = socket.bufferedAmount;
    const { code, wasClean } = await closed;
    const took = performance.now() - begin;
    return [
      { what: "load", figure: busy * 100, bound: 1, unit: "%" },
      { what: "octets that waited", figure: waiting, bound: MIB, unit: "", least: true },
      { what: "cut after", figure: took / 1000, bound: 11, unit: "s" },
      { what: "cut after", figure: took / 1000, bound: 9.9, unit: "s", least: true },
      {
        what: "ends but a cut",
        figure: Number(wasClean || code !== 1006 || (await sent) !== "ConnectionClosedError"),
        bound: 0,
        unit: "",
      },
    ];
  },
};
