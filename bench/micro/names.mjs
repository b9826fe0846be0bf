// The names of a request's fields: looked up among the known ones, or decoded and put in lower case.
//
//   npx tsc -b && node bench/micro/names.mjs

import { knownName } from "../../dist/http/known-names.js";
import { decodeLatin1 } from "../../dist/platform/node.js";
import { race } from "./race.mjs";

const NAMES = {
  Host: "Host",
  Connection: "Connection",
  "Sec-WebSocket-Version": "Sec-WebSocket-Version",
  "none that is known": "X-Correlation-Id",
};

const decoded = (octets) => decodeLatin1(octets, 0, octets.length).toLowerCase();
const prepared = (name) => new Uint8Array(Buffer.from(NAMES[name]));

race(import.meta.url, Object.keys(NAMES), {
  "known, or decoded": (name) => {
    const octets = prepared(name);
    return () => knownName(octets, 0, octets.length) ?? decoded(octets);
  },
  decoded: (name) => {
    const octets = prepared(name);
    return () => decoded(octets);
  },
});
