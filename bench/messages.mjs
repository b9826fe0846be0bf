// What the messages of the benchmark contain: the same octets in every process and every run.

/** A small generator of pseudo-random 32-bit numbers (mulberry32), so that nothing depends on chance. */
export function randomNumbers(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

const ASCII = `{"id":4711,"type":"update","user":"ada","text":"The quick brown fox jumps over it.","tags":["a","b"]} `;

/** Characters of one to four octets, in the runs in which people write them. */
const SCRIPTS =
  "Съешь ещё этих мягких французских булок, да выпей чаю. Falsches Üben von Xylophonmusik quält jeden größeren Zwerg. " +
  "いろはにほへと ちりぬるを わかよたれそ つねならむ。 Ξεσκεπάζω την ψυχοφθόρα βδελυγμία. 天地玄黃,宇宙洪荒。日月盈昃,辰宿列張。 " +
  "🚀 до луны и обратно 🌍🌔 ✅ 정 참판 양반댁 규수 큰 교자 타고 혼례 치른 날. ";

function binary(octets, next) {
  const data = Buffer.alloc(octets);
  for (let i = 0; i < octets; i++) data[i] = next();
  return data;
}

/** `sample` over and over from a random character on: exactly `octets` in UTF-8, filled up with full stops. */
function text(sample, octets, next) {
  const encoded = Buffer.from(sample);
  let start = next() % encoded.length;
  while (isContinuation(encoded[start])) start--;
  const pattern = Buffer.concat([encoded.subarray(start), encoded.subarray(0, start)]);
  let end = octets;
  while (isContinuation(pattern[end % pattern.length])) end--;
  return Buffer.alloc(octets, pattern).fill(".", end).toString();
}

/** Whether an octet of UTF-8 is not the first of its character. */
function isContinuation(octet) {
  return (octet & 0xc0) === 0x80;
}

/** Records as an application sends them: alike, and never the same. */
function json(octets, next) {
  let data = "[";
  while (data.length < octets) {
    data += `{"time":${1.7e12 + next()},"symbol":"X${next() % 97}","bid":${(next() % 1e5) / 100},"ask":${(next() % 1e5) / 100},"venue":"main"},`;
  }
  return `${data.slice(0, octets - 1)}]`;
}

const MAKERS = {
  binary,
  ascii: (octets, next) => text(ASCII, octets, next),
  multibyte: (octets, next) => text(SCRIPTS, octets, next),
  json,
};

/** `count` messages of `octets` octets: a Buffer each for "binary", a string for the other kinds. */
export function makeMessages(kind, octets, count) {
  const next = randomNumbers(octets * 31 + count);
  return Array.from({ length: count }, () => MAKERS[kind](octets, next));
}

/** A message as it stands in a payload. */
export function toOctets(message) {
  return typeof message === "string" ? Buffer.from(message) : message;
}
