import { expect } from "vitest";
import type { ConnectionOptions } from "../../src/connection.ts";
import { RemoteProtocolError } from "../../src/errors.ts";
import { type Event, RejectConnection, Request } from "../../src/events.ts";
import { Extension } from "../../src/extensions/extension.ts";
import { H11Handshake } from "../../src/handshake/h11-handshake.ts";
import { CLIENT, SERVER } from "../../src/states.ts";

/*
 * Heads for tests, written down without the help of what is tested.
 */

/** The example of RFC 6455, 1.3. */
export const KEY = "dGhlIHNhbXBsZSBub25jZQ==";
export const ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/** One octet for each character. */
export function latin1(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "latin1"));
}

export function textOf(octets: Uint8Array): string {
  return Buffer.from(octets).toString("latin1");
}

/** What differs from the ordinary head. */
export interface Changes {
  readonly line?: string;
  /** A value in place of the ordinary one, or null for no such field; other names are added. */
  readonly fields?: Readonly<Record<string, string | null>>;
  /** Lines to be added, whatever they are. */
  readonly lines?: readonly string[];
  /** What follows the head. */
  readonly rest?: string;
}

function head(
  line: string,
  fields: Readonly<Record<string, string>>,
  changes: Changes,
): Uint8Array {
  const lines = Object.entries({ ...fields, ...changes.fields })
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name}: ${value}`);
  const all = [changes.line ?? line, ...lines, ...(changes.lines ?? [])];
  return latin1(`${all.join("\r\n")}\r\n\r\n${changes.rest ?? ""}`);
}

export function requestHead(changes: Changes = {}): Uint8Array {
  const fields = {
    Host: "example.com",
    Upgrade: "websocket",
    Connection: "Upgrade",
    "Sec-WebSocket-Key": KEY,
    "Sec-WebSocket-Version": "13",
  };
  return head("GET /chat HTTP/1.1", fields, changes);
}

export function acceptHead(changes: Changes = {}): Uint8Array {
  const fields = { Upgrade: "websocket", Connection: "Upgrade", "Sec-WebSocket-Accept": ACCEPT };
  return head("HTTP/1.1 101 Switching Protocols", fields, changes);
}

/** A response with a status of its own and no fields but those given. */
export function responseHead(line: string, changes: Changes = {}): Uint8Array {
  return head(line, {}, changes);
}

/** Gives the nonce of RFC 6455, 1.3, and masks of zeros. */
export const sampleRandom = (size: number): Uint8Array =>
  size === 16 ? latin1("the sample nonce") : new Uint8Array(size);

export function server(options: ConnectionOptions = {}): H11Handshake {
  return new H11Handshake(SERVER, options);
}

/** A client that has sent a request with `KEY`, and what it has sent. */
export function asking(
  request: Partial<ConstructorParameters<typeof Request>[0]> = {},
  options: ConnectionOptions = {},
): { readonly sender: H11Handshake; readonly octets: Uint8Array } {
  const sender = new H11Handshake(CLIENT, { random: sampleRandom, ...options });
  const octets = sender.send(new Request({ host: "example.com", target: "/chat", ...request }));
  return { sender, octets };
}

export function client(...args: Parameters<typeof asking>): H11Handshake {
  return asking(...args).sender;
}

/** What came of octets: the events, and the error, if one was thrown. */
export interface Outcome {
  readonly handshake: H11Handshake;
  readonly events: readonly Event[];
  readonly error: RemoteProtocolError | null;
}

/**
 * Feeds the chunks, to the connection once there is one, until one is refused. Other errors than RemoteProtocolError
 * are not caught.
 */
export function feed(handshake: H11Handshake, ...chunks: readonly (Uint8Array | null)[]): Outcome {
  let error: RemoteProtocolError | null = null;
  for (const chunk of chunks) {
    try {
      (handshake.connection ?? handshake).receiveData(chunk);
    } catch (thrown) {
      if (!(thrown instanceof RemoteProtocolError)) throw thrown;
      error = thrown;
      break;
    }
  }
  return { handshake, events: [...handshake.events()], error };
}

/** The error of an outcome that must have one, and no event. */
export function refusalOf({ events, error }: Outcome): RemoteProtocolError {
  expect(events).toEqual([]);
  if (error === null) throw new Error("not refused");
  return error;
}

/** The hint of an error, which in a handshake is always a refusal without a body. */
export function hintOf(error: RemoteProtocolError): RejectConnection {
  const hint = error.eventHint;
  if (!(hint instanceof RejectConnection)) throw new Error("no RejectConnection as a hint");
  expect(hint.hasBody).toBe(false);
  return hint;
}

/** The one Request of an outcome. */
export function requestOf({ events, error }: Outcome): Request {
  expect(error).toBeNull();
  const [event, ...others] = events;
  expect(others).toEqual([]);
  if (!(event instanceof Request)) throw new Error("no Request");
  return event;
}

/** An error in short, to be compared. */
export function describeError(error: RemoteProtocolError | null): unknown {
  if (error === null) return null;
  const { statusCode, headers } = hintOf(error);
  const cause = error.cause instanceof Error ? error.cause.message : null;
  return { message: error.message, code: error.code, statusCode, headers, cause };
}

/** `octets` in chunks that end at the given places. */
export function cutAt(octets: Uint8Array, places: readonly number[]): Uint8Array[] {
  const ends = [...places].filter((place) => place <= octets.length).sort((a, b) => a - b);
  const starts = [0, ...ends];
  return starts.map((start, index) => octets.slice(start, ends[index] ?? octets.length));
}

/** `octets` one by one. */
export function bytewise(octets: Uint8Array): Uint8Array[] {
  return [...octets].map((octet) => Uint8Array.of(octet));
}

/** An extension that offers and answers what it is told, and does nothing to frames. */
export class StubExtension extends Extension {
  readonly name: string;
  readonly #offer: boolean | string;
  readonly #answer: boolean | string | null;
  /** What `finalize` was called with. */
  readonly finalized: string[] = [];

  constructor(
    name: string,
    offer: boolean | string = true,
    answer: boolean | string | null = true,
  ) {
    super();
    this.name = name;
    this.#offer = offer;
    this.#answer = answer;
  }

  override enabled(): boolean {
    return true;
  }

  override offer(): boolean | string {
    return this.#offer;
  }

  override accept(): boolean | string | null {
    return this.#answer;
  }

  override finalize(answer: string): void {
    this.finalized.push(answer);
  }
}

/** What `action` throws, null if nothing. */
export function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return null;
}
