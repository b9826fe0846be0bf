import { describe, expect, test } from "vitest";
import { Connection } from "../../src/connection.ts";
import { PerMessageDeflate } from "../../src/extensions/permessage-deflate.ts";
import type { FrameEvent } from "../../src/messages/decoder.ts";
import { ConnectionType } from "../../src/states.ts";
import { type Role, withoutStacks } from "../helpers/wire.ts";

/** Where a header arrives. */
interface Place {
  readonly role: Role;
  readonly deflate: boolean;
  /** Whether a text message has begun and is not compressed. */
  readonly inside: boolean;
}

const NAMES = new Map([
  [0, "continuation"],
  [1, "text"],
  [2, "bytes"],
  [8, "close"],
  [9, "ping"],
  [10, "pong"],
]);

/**
 * RFC 6455, 5.2 to 5.5, and RFC 7692, 6, of a header whose length has its shortest form: why it is refused, or what it
 * begins.
 */
function judge(first: number, second: number, { role, deflate, inside }: Place): string {
  const [fin, rsv1, rsv2, rsv3] = [0x80, 0x40, 0x20, 0x10].map((bit) => (first & bit) !== 0);
  const opcode = first & 0x0f;
  const name = NAMES.get(opcode);
  const isMasked = (second & 0x80) !== 0;
  const length = second & 0x7f;
  const isControl = opcode >= 8;
  if (name === undefined) return `Invalid opcode 0x${opcode.toString(16)}`;
  if (isControl && !fin) return "Invalid attempt to fragment control frame";
  if (isControl && length > 125) return "Control frame with payload len > 125";
  const firstOfMessage = name === "text" || name === "bytes";
  if (deflate && rsv1 && !firstOfMessage) return "error in extension";
  if (rsv2 || rsv3 || (rsv1 && !deflate)) return "Reserved bit set unexpectedly";
  if (role === "client" && isMasked) return "client received unexpected masked frame";
  if (role === "server" && !isMasked) return "server received unexpected unmasked frame";
  if (name === "continuation" && !inside) return "unexpected CONTINUATION";
  if (firstOfMessage && inside) {
    return `expected CONTINUATION, got ${name === "text" ? "TEXT" : "BINARY"}`;
  }
  return rsv1 ? `compressed ${name}` : name;
}

const NO_OCTETS = new Uint8Array(0);
const BEGINNING = { client: Uint8Array.of(1, 0), server: Uint8Array.of(1, 0x80, 0, 0, 0, 0) };

function connect({ role, deflate, inside }: Place): Connection {
  const extensions: PerMessageDeflate[] = [];
  if (deflate) {
    const extension = new PerMessageDeflate();
    extension.finalize("permessage-deflate");
    extensions.push(extension);
  }
  const type = role === "client" ? ConnectionType.CLIENT : ConnectionType.SERVER;
  const connection = new Connection(type, extensions, inside ? BEGINNING[role] : NO_OCTETS);
  if (inside) connection.events().next();
  return connection;
}

/** Octets of the length and of the key that follow the first two octets, by the second one. */
const SIZES = Array.from({ length: 256 }, (_, second) => {
  const marker = second & 0x7f;
  return (marker === 126 ? 2 : marker === 127 ? 8 : 0) + (second < 0x80 ? 0 : 4);
});

/** The shortest length that the header's form can have, and a key of zeros, behind the first two octets. */
function wholeHeader(first: number, second: number): Uint8Array {
  const header = new Uint8Array(2 + SIZES[second]!);
  header[0] = first;
  header[1] = second;
  const marker = second & 0x7f;
  if (marker === 126) header[3] = 126;
  if (marker === 127) header[7] = 1;
  return header;
}

/** What is expected of the engine, in the words of `judge` and with a payload of zeros where it is short. */
function outcome(connection: Connection, header: Uint8Array): string {
  connection.receiveData(header);
  const early = connection.events().next().value;
  if (early?.type === "CloseConnection" && early.failure !== null) {
    return early.code === 1002 ? early.failure.message : `${early.code}`;
  }
  const marker = header[1]! & 0x7f;
  if (early !== undefined) return marker === 0 ? describeEvent(early, 0) : "an event too early";
  if (marker === 0) return "nothing for an empty frame";
  if (marker > 125) return "a long frame";
  connection.receiveData(new Uint8Array(marker));
  const event = connection.events().next().value;
  return event === undefined ? "nothing" : describeEvent(event, marker);
}

/** The event in few words; its flags only where a message goes on. */
function describeEvent(event: FrameEvent, size: number): string {
  switch (event.type) {
    case "TextMessage":
    case "BytesMessage": {
      if (event.data.length !== size || !event.frameFinished) return "a part of the frame";
      const kind = event.type === "TextMessage" ? "text" : "bytes";
      return event.messageFinished ? kind : `${kind} without end`;
    }
    case "Ping":
    case "Pong":
      return event.payload.length === size ? event.type.toLowerCase() : "a part of the payload";
    default:
      return event.failure?.message ?? `close ${event.code}`;
  }
}

/** What `judge` says, in the words of `outcome`. */
function expectation(first: number, second: number, place: Place): string {
  const verdict = judge(first, second, place);
  const length = second & 0x7f;
  switch (verdict) {
    case "text":
    case "bytes":
    case "continuation": {
      if (length > 125) return "a long frame";
      const kind = verdict === "bytes" ? "bytes" : "text";
      return (first & 0x80) === 0 ? `${kind} without end` : kind;
    }
    case "close":
      // A Close of zeros has the code 0.
      if (length === 0) return "close 1005";
      return length === 1 ? "CLOSE with 1 byte payload" : "CLOSE with invalid code";
    default:
      return verdict;
  }
}

function compareAll(place: Place): { wrong: string[]; seen: Set<string> } {
  const wrong: string[] = [];
  const seen = new Set<string>();
  for (let first = 0; first < 256; first++) {
    for (let second = 0; second < 256; second++) {
      const expected = expectation(first, second, place);
      seen.add(expected);
      if (expected.startsWith("compressed")) continue;
      const actual = outcome(connect(place), wholeHeader(first, second));
      if (actual !== expected) wrong.push(`${first} ${second}: ${actual}, not ${expected}`);
    }
  }
  return { wrong, seen };
}

const PLACES: readonly Place[] = (["client", "server"] as const).flatMap((role) =>
  [false, true].flatMap((deflate) => [false, true].map((inside) => ({ role, deflate, inside }))),
);

describe("all first two octets of a frame", () => {
  test.each(PLACES)(
    "R6455-5.2-01, R6455-5.2-02, R6455-5.4-01, R6455-5.5-01, R7692-6.1-01, F82, F83: as the RFC has it: $role, deflate $deflate, inside a message $inside",
    (place) => {
      const { wrong, seen } = withoutStacks(() => compareAll(place));
      expect(wrong).toEqual([]);
      expect(seen.size).toBeGreaterThan(20);
    },
  );

  test.each(PLACES.filter(({ deflate, inside }) => deflate && !inside))(
    "R7692-6.1-01, F107: RSV1 on a first frame is taken as compressed: $role",
    ({ role }) => {
      const mask = role === "server" ? 0x80 : 0;
      for (const first of [0xc1, 0xc2]) {
        const connection = connect({ role, deflate: true, inside: false });
        const header = wholeHeader(first, mask | 7);
        // "Hello", compressed (RFC 7692, 7.2.3.1).
        const payload = Uint8Array.of(0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00);
        connection.receiveData(Uint8Array.of(...header, ...payload));
        const event = connection.events().next().value;
        expect(event).toMatchObject({
          data: first === 0xc1 ? "Hello" : new TextEncoder().encode("Hello"),
          messageFinished: true,
        });
      }
    },
  );
});
