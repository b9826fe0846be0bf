import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { load } from "../measure.mjs";
import { Peer } from "../peer-process.mjs";

const LIMITED = fileURLToPath(new URL("../limited.mjs", import.meta.url));

export const descriptors = {
  "64 file descriptors, 100 connections": async () => {
    const child = spawn("sh", ["-c", 'ulimit -n 64; exec "$0" "$1"', process.execPath, LIMITED], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    const [port] = await once(child, "message");
    const usage = async () => {
      child.send("usage");
      return (await once(child, "message"))[0];
    };
    const peer = await Peer.start();
    const accepted = await peer.do("tryOpen", { port, count: 100, time: 2000 });
    const busy = await load(2000, usage);
    await peer.do("drop");
    await peer.do("open", { port, count: 20 });
    await peer.do("slowestEcho", { count: 1 });
    child.disconnect();
    return [
      {
        what: "accepted before they are exhausted",
        figure: accepted,
        bound: 10,
        unit: "",
        least: true,
      },
      { what: "accepted, of 100", figure: accepted, bound: 64, unit: "" },
      { what: "load while they are", figure: busy * 100, bound: 5, unit: "%" },
    ];
  },
};
