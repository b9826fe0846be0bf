import type { Event } from "../../src/index.ts";
import { describeExtension } from "./extensions.ts";
import { bytesOf, type ExtensionOutcome, headersOf, type ReceivedEvent, textOf } from "./format.ts";
import { keptWording } from "./messages.ts";

type Headers = readonly (readonly [name: string, value: string])[];

/** A message or a piece of one. Octets are Latin-1 text, so that they print and compare like text. */
export interface PlainMessage {
  readonly type: "TextMessage" | "BytesMessage";
  readonly data: string;
  readonly frameFinished: boolean;
  readonly messageFinished: boolean;
}

export interface PlainClose {
  readonly type: "CloseConnection";
  readonly code: number;
  /** Of a failure only what has to be as in the reference. */
  readonly reason: string | null;
  readonly failure: boolean;
}

/** What an event says, in the one form in which the recorded and the engine's are compared. */
export type PlainEvent =
  | PlainMessage
  | PlainClose
  | {
      readonly type: "Request";
      readonly host: string;
      readonly target: string;
      readonly extensions: readonly (ExtensionOutcome | string)[];
      readonly extraHeaders: Headers;
      readonly subprotocols: readonly string[];
    }
  | {
      readonly type: "AcceptConnection";
      readonly subprotocol: string | null;
      readonly extensions: readonly ExtensionOutcome[];
      readonly extraHeaders: Headers;
    }
  | {
      readonly type: "RejectConnection";
      readonly statusCode: number;
      readonly headers: Headers;
      readonly hasBody: boolean;
    }
  | { readonly type: "RejectData"; readonly data: string; readonly bodyFinished: boolean }
  | { readonly type: "Ping" | "Pong"; readonly payload: string };

export function isMessage(event: PlainEvent): event is PlainMessage {
  return event.type === "TextMessage" || event.type === "BytesMessage";
}

export function plainBytes(octets: Uint8Array): string {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString("latin1");
}

function plainClose(close: PlainClose): PlainClose {
  const { reason, failure } = close;
  return failure && reason !== null ? { ...close, reason: keptWording(reason) } : close;
}

/** A recorded event. */
export function expectedEvent(value: ReceivedEvent): PlainEvent {
  switch (value.type) {
    case "Request":
      return {
        ...value,
        target: textOf(value.target),
        extraHeaders: headersOf(value.extraHeaders),
      };
    case "AcceptConnection":
      return { ...value, extraHeaders: headersOf(value.extraHeaders) };
    case "RejectConnection":
      return { ...value, headers: headersOf(value.headers) };
    case "RejectData":
      return { ...value, data: plainBytes(bytesOf(value.data)) };
    case "CloseConnection": {
      const { type, code, reason, parseFailure = false } = value;
      return plainClose({ type, code, reason, failure: parseFailure });
    }
    case "TextMessage":
      return { ...value, data: textOf(value.data) };
    case "BytesMessage":
      return { ...value, data: plainBytes(bytesOf(value.data)) };
    default:
      return { ...value, payload: plainBytes(bytesOf(value.payload)) };
  }
}

/** An event of the engine. */
export function actualEvent(event: Event): PlainEvent {
  switch (event.type) {
    case "Request": {
      const { type, host, target, extraHeaders, subprotocols } = event;
      const extensions = event.extensions.map((extension) =>
        typeof extension === "string" ? extension : describeExtension(extension),
      );
      return { type, host, target, extensions, extraHeaders, subprotocols };
    }
    case "AcceptConnection": {
      const { type, subprotocol, extraHeaders } = event;
      const extensions = event.extensions.map(describeExtension);
      return { type, subprotocol, extensions, extraHeaders };
    }
    case "RejectConnection": {
      const { type, statusCode, headers, hasBody } = event;
      return { type, statusCode, headers, hasBody };
    }
    case "RejectData":
      return {
        type: event.type,
        data: plainBytes(event.data),
        bodyFinished: event.bodyFinished,
      };
    case "CloseConnection": {
      const { type, code, reason, failure } = event;
      return plainClose({ type, code, reason, failure: failure !== null });
    }
    case "TextMessage":
    case "BytesMessage": {
      const { type, frameFinished, messageFinished } = event;
      const data = event.type === "TextMessage" ? event.data : plainBytes(event.data);
      return { type, data, frameFinished, messageFinished };
    }
    default:
      return { type: event.type, payload: plainBytes(event.payload) };
  }
}
