/*
 * Names of fields that most openings have. To find one here takes 30 to 110 ns, to decode it and put it in lower case 2.5 to
 * 7 times as long; one that is not here takes 20 ns more (Node 20, `node bench/micro/names.mjs`).
 */

const NAMES: readonly string[] = [
  "accept",
  "accept-encoding",
  "accept-language",
  "authorization",
  "cache-control",
  "connection",
  "content-length",
  "content-type",
  "cookie",
  "date",
  "forwarded",
  "host",
  "origin",
  "pragma",
  "sec-fetch-dest",
  "sec-fetch-mode",
  "sec-fetch-site",
  "sec-websocket-accept",
  "sec-websocket-extensions",
  "sec-websocket-key",
  "sec-websocket-protocol",
  "sec-websocket-version",
  "server",
  "upgrade",
  "user-agent",
  "via",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
  "x-real-ip",
];

const byLength: readonly (readonly string[])[] = Array.from(
  { length: Math.max(...NAMES.map(({ length }) => length)) + 1 },
  (_, length) => NAMES.filter((name) => name.length === length),
);

/** The known name that the octets from `start` to `end` are, in upper or lower case; null if none. */
export function knownName(octets: Uint8Array, start: number, end: number): string | null {
  const candidates = byLength[end - start];
  if (candidates === undefined) return null;
  for (const name of candidates) if (isNamed(octets, start, name)) return name;
  return null;
}

/** Whether `name` begins at `start`. */
function isNamed(octets: Uint8Array, start: number, name: string): boolean {
  for (let index = 0; index < name.length; index++) {
    const octet = octets[start + index]!;
    const lower = octet >= 0x41 && octet <= 0x5a ? octet | 0x20 : octet;
    if (lower !== name.charCodeAt(index)) return false;
  }
  return true;
}
