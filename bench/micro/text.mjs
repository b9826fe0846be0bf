// Masked text of a frame, whole: `Utf8Decoder` against the same with the kernel in JavaScript, and against what the
// runtime offers: XOR by the native add-on bufferutil, then the check and the conversion of Buffer, or a TextDecoder.
//
//   npx tsc -b && node bench/micro/text.mjs

import { isUtf8 } from "node:buffer";
import bufferutil from "bufferutil";
import { decodeLatin1, decodeUtf16 } from "../../dist/platform/node.js";
import { MEMORY_SIZE, OUTPUT } from "../../dist/bytes/kernel.js";
import { PlainKernel } from "../../dist/bytes/plain-kernel.js";
import { Utf8Decoder } from "../../dist/bytes/utf8.js";
import { makeMessages } from "../messages.mjs";
import { race } from "./race.mjs";

const SAMPLES = {
  Russian: "Все люди рождаются свободными и равными в своём достоинстве и правах. ",
  Chinese: "人人生而自由,在尊严和权利上一律平等。",
  German: "Alle Menschen sind frei und gleich an Würde und Rechten geboren. ",
  emoji: "I 😀 love 🚀 it 👍🏽 so much 🎉! ",
};
const CASES = [
  ...["ascii", "multibyte"].flatMap((kind) =>
    [16, 64, 96, 128, 1024, 16_384, 65_536].map((size) => `${kind} ${size}`),
  ),
  ...Object.keys(SAMPLES).flatMap((kind) => [32, 1024].map((size) => `${kind} ${size}`)),
];
const KEY = 0x3d21fa37;
const keyOctets = Buffer.from([0x37, 0xfa, 0x21, 0x3d]);
const START = 6;

/** A sample over and over, cut at a character to `size` octets. */
function repeated(sample, size) {
  const octets = Buffer.from(sample.repeat(Math.ceil(size / sample.length)));
  let end = size;
  while ((octets[end] & 0xc0) === 0x80) end--;
  return octets.toString("utf8", 0, end);
}

function withPayload(decode) {
  return (name) => {
    const [kind, size] = name.split(" ");
    const text =
      kind in SAMPLES
        ? repeated(SAMPLES[kind], Number(size))
        : makeMessages(kind, Number(size), 1)[0];
    const octets = Buffer.from(text);
    const source = new Uint8Array(octets.length + START);
    bufferutil.mask(octets, keyOctets, source, START, octets.length);
    const end = source.length;
    if (decode(source, START, end) !== text) throw new Error(`${name}: another text`);
    return () => decode(source, START, end);
  };
}

const decoder = new Utf8Decoder();
const plain = new PlainKernel(MEMORY_SIZE);
const scratch = new Uint8Array(1 << 20);
const textDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function unmask(source, start, end) {
  bufferutil.mask(source.subarray(start, end), keyOctets, scratch, 0, end - start);
  return scratch.subarray(0, end - start);
}

race(import.meta.url, CASES, {
  Utf8Decoder: withPayload((source, start, end) => decoder.decode(source, start, end, KEY, true)),
  "plain kernel": withPayload((source, start, end) => {
    const count = end - start;
    plain.memory.set(source.subarray(start, end), 0);
    if (plain.mask(0, count, KEY) === 0) return decodeLatin1(plain.memory, 0, count);
    plain.transcode(0, count, OUTPUT);
    return decodeUtf16(plain.memory, OUTPUT, OUTPUT + 2 * plain.transcoded());
  }),
  "isUtf8, utf8Slice": withPayload((source, start, end) => {
    const octets = unmask(source, start, end);
    return isUtf8(octets) ? Buffer.prototype.utf8Slice.call(octets, 0, octets.length) : null;
  }),
  TextDecoder: withPayload((source, start, end) => textDecoder.decode(unmask(source, start, end))),
});
