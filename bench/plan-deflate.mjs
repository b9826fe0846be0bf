// What `npm run bench:deflate` measures: permessage-deflate of a server, in both directions.

import { own, ws } from "./plan.mjs";

const KIBIBYTE = 1024;
/** Octets of JSON in a message. */
const SIZES = [330, KIBIBYTE, 16 * KIBIBYTE, 64 * KIBIBYTE];
const TITLES = { parse: "inflating", serialise: "deflating" };

function group(direction, takeover) {
  const id = `deflate/${direction}/${takeover ? "takeover" : "no-takeover"}`;
  const cases = SIZES.map((size) => ({
    id: `${id}/json/${size}`,
    direction,
    role: "server",
    kind: "json",
    size,
    deflate: true,
    takeover,
    perChunk: 1,
  }));
  const title = `${TITLES[direction]}, ${takeover ? "with" : "without"} context takeover`;
  return { id, title, cases, columns: [own("wsproto"), ws] };
}

/** All groups, in the order in which they are measured. */
export function planOfDeflate() {
  return [true, false].flatMap((takeover) =>
    Object.keys(TITLES).map((direction) => group(direction, takeover)),
  );
}

/** What a connection holds in memory that has received and sent one message of `size`. */
export function planOfMemory() {
  return [true, false].map((takeover) => ({
    id: `deflate/memory/${takeover ? "takeover" : "no-takeover"}`,
    title: takeover ? "with context takeover" : "without context takeover",
    testCase: {
      id: "memory",
      role: "server",
      kind: "json",
      size: 64 * KIBIBYTE,
      deflate: true,
      takeover,
      perChunk: 1,
    },
    columns: [own("wsproto"), ws],
  }));
}

/** The cells of `--quick`. */
export const QUICK = /\/(330|65536)$/;
