import { received, receiveBuffer } from "../../src/bytes/receive-buffer.ts";
import type { Connection } from "../../src/connection.ts";

/** Where what is lent may be. */
export const PLACES = ["the receive buffer", "memory of the caller"] as const;
export type Place = (typeof PLACES)[number];

/** Lends a connection a copy of `chunk` for as long as `read` runs, and makes noise of it afterwards. */
export function lend(
  connection: Pick<Connection, "receiveLent" | "keepLent">,
  chunk: Uint8Array,
  place: Place,
  read: () => void,
): void {
  let octets: Uint8Array = chunk.slice();
  if (place === "the receive buffer") {
    receiveBuffer().set(octets);
    octets = received(octets.length);
  }
  connection.receiveLent(octets);
  read();
  connection.keepLent();
  octets.fill(0xee);
}
