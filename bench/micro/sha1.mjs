// SHA-1 of the 60 octets of an accept key (RFC 6455, 4.2.2): the platform's against what else there is.
//
//   npx tsc -b && node bench/micro/sha1.mjs

import { createHash } from "node:crypto";
import { sha1Base64 as sha1OfNode } from "../../dist/platform/node.js";
import { sha1Base64 as sha1OfPortable } from "../../dist/platform/portable.js";
import { race } from "./race.mjs";

const data = new Uint8Array(
  Buffer.from("dGhlIHNhbXBsZSBub25jZQ==258EAFA5-E914-47DA-95CA-C5AB0DC85B11"),
);

race(import.meta.url, ["accept key"], {
  "crypto.hash": () => () => sha1OfNode(data),
  createHash: () => () => createHash("sha1").update(data).digest("base64"),
  "portable platform": () => () => sha1OfPortable(data),
});
