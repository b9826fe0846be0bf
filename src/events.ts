import { RemoteProtocolError } from "./errors.ts";
import type { Extension } from "./extensions/extension.ts";
import { type HeaderList, type HeadersInput, toHeaderList, typeName } from "./headers.ts";

/** Octets as a caller may give them. Nothing passed in is ever written to. */
export type BytesInput = Uint8Array | ArrayBuffer | ArrayBufferView;

/** The opening request (RFC 6455, 4.1). A client sends it; a server receives it and answers. */
export class Request {
  readonly type: "Request";
  /** Host, with the port if it is not the default. Names beyond ASCII are sent in their ASCII form. */
  readonly host: string;
  /** `/path?query`, or an absolute http, https, ws or wss URI. No fragment. */
  readonly target: string;
  /** On a client the extensions to offer, in order of preference; on a server the offers as they were received. */
  readonly extensions: readonly (Extension | string)[];
  /** Headers beyond those that the opening handshake itself has; as received, names are in lower case. */
  readonly extraHeaders: HeaderList;
  /** Subprotocols in order of preference: tokens, each once. */
  readonly subprotocols: readonly string[];

  constructor(fields: {
    readonly host: string;
    readonly target: string;
    readonly extensions?: readonly (Extension | string)[];
    readonly extraHeaders?: HeadersInput;
    readonly subprotocols?: readonly string[];
  }) {
    this.type = "Request";
    this.host = requireString("host", fields.host);
    this.target = requireString("target", fields.target);
    this.extensions = requireArray("extensions", fields.extensions);
    this.extraHeaders = toHeaderList(fields.extraHeaders);
    this.subprotocols = requireArray("subprotocols", fields.subprotocols);
    for (const name of this.subprotocols) requireString("a subprotocol", name);
  }
}

/** The acceptance of the opening request, status 101 (RFC 6455, 4.2.2). The connection is open from then on. */
export class AcceptConnection {
  readonly type: "AcceptConnection";
  /** The subprotocol chosen from the client's, or null. */
  readonly subprotocol: string | null;
  /** On a server the extensions it supports; on a client those in use, in the order of the answer. */
  readonly extensions: readonly Extension[];
  readonly extraHeaders: HeaderList;

  constructor(
    fields: {
      readonly subprotocol?: string | null;
      readonly extensions?: readonly Extension[];
      readonly extraHeaders?: HeadersInput;
    } = {},
  ) {
    this.type = "AcceptConnection";
    const { subprotocol = null } = fields;
    this.subprotocol = subprotocol === null ? null : requireString("subprotocol", subprotocol);
    this.extensions = requireArray("extensions", fields.extensions);
    this.extraHeaders = toHeaderList(fields.extraHeaders);
  }
}

/** The refusal of the opening request: an HTTP response other than 101. With `hasBody`, RejectData follows. */
export class RejectConnection {
  readonly type: "RejectConnection";
  /** 200 to 999. */
  readonly statusCode: number;
  readonly headers: HeaderList;
  readonly hasBody: boolean;

  constructor(
    fields: {
      readonly statusCode?: number;
      readonly headers?: HeadersInput;
      readonly hasBody?: boolean;
    } = {},
  ) {
    this.type = "RejectConnection";
    this.statusCode = requireNumber("statusCode", fields.statusCode, 400);
    this.headers = toHeaderList(fields.headers);
    this.hasBody = requireBoolean("hasBody", fields.hasBody, false);
  }
}

/** A piece of a refusal's body. */
export class RejectData {
  readonly type: "RejectData";
  readonly data: Uint8Array;
  /** Whether this is the last piece. */
  readonly bodyFinished: boolean;

  constructor(fields: { readonly data: BytesInput; readonly bodyFinished?: boolean }) {
    this.type = "RejectData";
    this.data = requireBytes("data", fields.data);
    this.bodyFinished = requireBoolean("bodyFinished", fields.bodyFinished, true);
  }
}

/** The Close frame (RFC 6455, 5.5.1), the end of the stream (1006), or the failure of the connection (7.1.7). */
export class CloseConnection {
  readonly type: "CloseConnection";
  /** The close code (7.4). 1005: a Close without one. 1006: no Close came. With `failure`, the code to fail with. */
  readonly code: number;
  /** Up to 123 octets of UTF-8; not meant for end users. Null with 1006. */
  readonly reason: string | null;
  /** What the peer did wrong, where the connection has to be failed; null on a Close that the peer sent. */
  readonly failure: RemoteProtocolError | null;

  constructor(fields: {
    readonly code: number;
    readonly reason?: string | null;
    readonly failure?: RemoteProtocolError | null;
  }) {
    this.type = "CloseConnection";
    this.code = requireNumber("code", fields.code);
    const { reason = null, failure = null } = fields;
    this.reason = reason === null ? null : requireString("reason", reason);
    this.failure = requireFailure(failure);
  }

  /** The Close that answers this one: the same code and reason. */
  response(): CloseConnection {
    return new CloseConnection({ code: this.code, reason: this.reason });
  }
}

/*
 * The members of messages are only declared: as fields they would be made before the constructor sets them, by a function
 * of its own.
 */

/** A text message (RFC 6455, 5.6) or a piece of one. Pieces are cut at characters. */
export class TextMessage {
  declare readonly type: "TextMessage";
  declare readonly data: string;
  /** As received: whether the piece ends its frame. Not looked at when sending. */
  declare readonly frameFinished: boolean;
  /** Whether the piece ends the message. */
  declare readonly messageFinished: boolean;
  /** When sending: whether to compress the message; undefined leaves it to the extension's threshold. */
  declare readonly compress: boolean | undefined;

  constructor(fields: {
    readonly data: string;
    readonly frameFinished?: boolean;
    readonly messageFinished?: boolean;
    readonly compress?: boolean | undefined;
  }) {
    const { frameFinished = true, messageFinished = true, compress } = fields;
    this.type = "TextMessage";
    this.data = requireString("data", fields.data);
    requireFlags(frameFinished, messageFinished, compress);
    this.frameFinished = frameFinished;
    this.messageFinished = messageFinished;
    this.compress = compress;
  }
}

/** A binary message (RFC 6455, 5.6) or a piece of one. */
export class BytesMessage {
  declare readonly type: "BytesMessage";
  /** As received, it may be a view of the chunk that was passed in. */
  declare readonly data: Uint8Array;
  /** As received: whether the piece ends its frame. Not looked at when sending. */
  declare readonly frameFinished: boolean;
  /** Whether the piece ends the message. */
  declare readonly messageFinished: boolean;
  /** When sending: whether to compress the message; undefined leaves it to the extension's threshold. */
  declare readonly compress: boolean | undefined;

  constructor(fields: {
    readonly data: BytesInput;
    readonly frameFinished?: boolean;
    readonly messageFinished?: boolean;
    readonly compress?: boolean | undefined;
  }) {
    const { frameFinished = true, messageFinished = true, compress } = fields;
    this.type = "BytesMessage";
    this.data = requireBytes("data", fields.data);
    requireFlags(frameFinished, messageFinished, compress);
    this.frameFinished = frameFinished;
    this.messageFinished = messageFinished;
    this.compress = compress;
  }
}

/** A Ping frame (RFC 6455, 5.5.2): to be answered with `response()`. */
export class Ping {
  readonly type: "Ping";
  /** Up to 125 octets. */
  readonly payload: Uint8Array;

  constructor(fields: { readonly payload?: BytesInput } = {}) {
    this.type = "Ping";
    this.payload = requireBytes("payload", fields.payload === undefined ? EMPTY : fields.payload);
  }

  /** The Pong that answers this Ping: the same payload. */
  response(): Pong {
    return new Pong({ payload: this.payload });
  }
}

/** A Pong frame (RFC 6455, 5.5.3): the answer to a Ping, or unsolicited. */
export class Pong {
  readonly type: "Pong";
  /** Up to 125 octets. */
  readonly payload: Uint8Array;

  constructor(fields: { readonly payload?: BytesInput } = {}) {
    this.type = "Pong";
    this.payload = requireBytes("payload", fields.payload === undefined ? EMPTY : fields.payload);
  }
}

/** A message or a piece of one. */
export type Message = TextMessage | BytesMessage;

/** What a message carries: text, or octets. */
export type MessageData = string | Uint8Array;

/** The whole message with `data`. */
export function wholeMessage(data: MessageData): Message {
  return typeof data === "string" ? new TextMessage({ data }) : new BytesMessage({ data });
}

/** Whether it is the data of a message, and no event. */
export function isData(met: MessageData | object | null): met is MessageData {
  return typeof met === "string" || met instanceof Uint8Array;
}

/** Whatever is received or sent. */
export type Event =
  | Request
  | AcceptConnection
  | RejectConnection
  | RejectData
  | CloseConnection
  | Message
  | Ping
  | Pong;

const EMPTY: Uint8Array = new Uint8Array(0);

const eventClasses = [
  Request,
  AcceptConnection,
  RejectConnection,
  RejectData,
  CloseConnection,
  TextMessage,
  BytesMessage,
  Ping,
  Pong,
] as const;

/**
 * @throws TypeError if `value` is not one of the nine events.
 */
export function requireEvent(value: unknown): asserts value is Event {
  if (!eventClasses.some((eventClass) => value instanceof eventClass)) {
    throw new TypeError(`an event must be an instance of an event class, not ${typeName(value)}`);
  }
}

/*
 * The checks that every message passes have an unlikely part in a function of its own: what has up to 27 octets of bytecode
 * is always compiled into its caller.
 */

/**
 * `value` as octets, not copied.
 * @throws TypeError unless it is an ArrayBuffer or a view of one.
 */
export function requireBytes(name: string, value: unknown): Uint8Array {
  return value instanceof Uint8Array ? value : toBytes(name, value);
}

function toBytes(name: string, value: unknown): Uint8Array {
  if (ArrayBuffer.isView(value))
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  return refuse(name, "an ArrayBuffer or a view", value);
}

function requireString(name: string, value: unknown): string {
  return typeof value === "string" ? value : refuse(name, "a string", value);
}

function requireNumber(name: string, value: unknown, byDefault?: number): number {
  if (typeof value === "number") return value;
  if (value === undefined && byDefault !== undefined) return byDefault;
  return refuse(name, "a number", value);
}

function requireBoolean(name: string, value: unknown, byDefault: boolean): boolean {
  if (value === undefined) return byDefault;
  return typeof value === "boolean" ? value : refuse(name, "a boolean", value);
}

/** The flags of a message, with their defaults. */
function requireFlags(frameFinished: unknown, messageFinished: unknown, compress: unknown): void {
  if (typeof frameFinished === "boolean" && typeof messageFinished === "boolean") {
    if (compress === undefined || typeof compress === "boolean") return;
  }
  refuseFlags(frameFinished, messageFinished, compress);
}

function refuseFlags(frameFinished: unknown, messageFinished: unknown, compress: unknown): never {
  requireBoolean("frameFinished", frameFinished, true);
  requireBoolean("messageFinished", messageFinished, true);
  return refuse("compress", "a boolean", compress);
}

function refuse(name: string, expected: string, value: unknown): never {
  throw new TypeError(`${name} must be ${expected}, not ${typeName(value)}`);
}

function requireFailure(value: unknown): RemoteProtocolError | null {
  if (value === null || value instanceof RemoteProtocolError) return value;
  return refuse("failure", "a RemoteProtocolError", value);
}

function requireArray<Item>(name: string, value: readonly Item[] = []): readonly Item[] {
  // A guard on `value` itself would make its items any.
  const given: unknown = value;
  if (Array.isArray(given)) return value;
  return refuse(name, "an array", value);
}
