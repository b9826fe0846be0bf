// What is sent.

/** Octets that no compressor makes smaller, the same in every run. */
export function noise(size) {
  const octets = new Uint8Array(size);
  let state = 0x9e3779b9;
  for (let index = 0; index < size; index += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    octets[index] = state;
  }
  return octets;
}

/** Text that a compressor makes much smaller: lines of a log. */
export function log(lines) {
  return Array.from({ length: lines }, (_, line) => `${line} message of the day: ✓ größer\n`).join(
    "",
  );
}

export const TEXTS = ["Hello", "", "größer, 漢字, 🦆", "x".repeat(125), "x".repeat(126), log(2000)];

export const SIZES = [0, 1, 125, 126, 65_535, 65_536, 1024 * 1024];

/** What the one who closes says, and what the other one has to hear. */
export const CLOSES = [
  { code: 1000, reason: "" },
  { code: 1000, reason: "done" },
  { code: 3000, reason: "schönen Gruß 🦆" },
  { code: 4999, reason: "x".repeat(123) },
];
