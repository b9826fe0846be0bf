// Text to UTF-8 in a buffer at hand, as the frame encoder writes it: the platform's `encodeUtf8Into` against
// the `utf8Write` that it is for longer texts, TextEncoder, and Buffer's ways of making an array.
//
//   npx tsc -b && node bench/micro/encode.mjs

import { encodeUtf8Into } from "../../dist/platform/node.js";
import { makeMessages } from "../messages.mjs";
import { race } from "./race.mjs";

const CASES = ["ascii", "multibyte"].flatMap((kind) =>
  [16, 48, 64, 1024, 16_384, 65_536].map((size) => `${kind} ${size}`),
);
const OFFSET = 8;
const target = new Uint8Array(OFFSET + 3 * 65_536);
const encoder = new TextEncoder();

/** Four texts in turn, so that none is encoded twice in a row. */
function withText(encode) {
  return (name) => {
    const [kind, size] = name.split(" ");
    const texts = makeMessages(kind, Number(size), 4);
    let next = 0;
    return () => encode(texts[next++ & 3]);
  };
}

race(import.meta.url, CASES, {
  encodeUtf8Into: withText((text) => encodeUtf8Into(text, target, OFFSET)),
  utf8Write: withText((text) => Buffer.prototype.utf8Write.call(target, text, OFFSET)),
  encodeInto: withText((text) => encoder.encodeInto(text, target.subarray(OFFSET)).written),
  encode: withText((text) => encoder.encode(text)),
  "Buffer.from": withText((text) => Buffer.from(text)),
  "byteLength, write": withText((text) => {
    const size = Buffer.byteLength(text);
    return Buffer.prototype.utf8Write.call(target, text, OFFSET, size);
  }),
});
