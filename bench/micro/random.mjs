// The four octets of a masking key: from the engine's pool of 8 KiB, and asked of the generator each time.
//
//   npx tsc -b && node bench/micro/random.mjs

import { randomFillSync } from "node:crypto";
import { randomness } from "../../dist/bytes/random.js";
import { race } from "./race.mjs";

race(import.meta.url, ["key"], {
  pool: () => {
    const platform = randomness(undefined);
    return () => platform.maskingKey();
  },
  randomFillSync: () => {
    const key = new Uint8Array(4);
    return () => randomFillSync(key);
  },
  "crypto.getRandomValues": () => {
    const key = new Uint8Array(4);
    return () => crypto.getRandomValues(key);
  },
});
