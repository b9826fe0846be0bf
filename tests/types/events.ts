/* What compiles and what must not: checked by `tsc -b`, nothing here runs. */

import { expectTypeOf } from "vitest";
import {
  AcceptConnection,
  BytesMessage,
  CloseConnection,
  type Event,
  type Extension,
  type HeaderList,
  type Message,
  Ping,
  Pong,
  RejectConnection,
  RejectData,
  type RemoteProtocolError,
  Request,
  TextMessage,
} from "../../src/index.ts";

/** `switch (event.type)` tells all nine apart, and there is no tenth. */
export function narrowsByType(event: Event): boolean {
  switch (event.type) {
    case "Request":
      return expectTypeOf(event).toEqualTypeOf<Request>();
    case "AcceptConnection":
      return expectTypeOf(event).toEqualTypeOf<AcceptConnection>();
    case "RejectConnection":
      return expectTypeOf(event).toEqualTypeOf<RejectConnection>();
    case "RejectData":
      return expectTypeOf(event).toEqualTypeOf<RejectData>();
    case "CloseConnection":
      return expectTypeOf(event).toEqualTypeOf<CloseConnection>();
    case "TextMessage":
      return expectTypeOf(event).toEqualTypeOf<TextMessage>();
    case "BytesMessage":
      return expectTypeOf(event).toEqualTypeOf<BytesMessage>();
    case "Ping":
      return expectTypeOf(event).toEqualTypeOf<Ping>();
    case "Pong":
      return expectTypeOf(event).toEqualTypeOf<Pong>();
    default:
      return expectTypeOf(event).toBeNever();
  }
}

/** So does `instanceof`. */
export function narrowsByClass(event: Event): void {
  if (event instanceof TextMessage) expectTypeOf(event.data).toEqualTypeOf<string>();
  else if (event instanceof BytesMessage) expectTypeOf(event.data).toEqualTypeOf<Uint8Array>();
  else if (event instanceof Ping) expectTypeOf(event.response()).toEqualTypeOf<Pong>();
  else if (event instanceof CloseConnection) {
    expectTypeOf(event.response()).toEqualTypeOf<CloseConnection>();
    expectTypeOf(event.failure).toEqualTypeOf<RemoteProtocolError | null>();
  } else {
    expectTypeOf(event).toEqualTypeOf<
      Request | AcceptConnection | RejectConnection | RejectData | Pong
    >();
  }
}

/** A message is one of two, told apart by its type or by its data. */
export function narrowsMessages(message: Message): void {
  expectTypeOf(message).toEqualTypeOf<TextMessage | BytesMessage>();
  expectTypeOf(message.data).toEqualTypeOf<string | Uint8Array>();
  if (message.type === "TextMessage") expectTypeOf(message).toEqualTypeOf<TextMessage>();
  expectTypeOf<Message>().toExtend<Event>();
  // @ts-expect-error -- a Ping is no message
  new Ping() satisfies Message;
  // @ts-expect-error -- a Pong is no Ping
  new Pong() satisfies Ping;
}

/** The fields have the types that the documentation says. */
export function fields(request: Request, accept: AcceptConnection, reject: RejectConnection): void {
  expectTypeOf(request.host).toEqualTypeOf<string>();
  expectTypeOf(request.target).toEqualTypeOf<string>();
  expectTypeOf(request.extensions).toEqualTypeOf<readonly (Extension | string)[]>();
  expectTypeOf(request.extraHeaders).toEqualTypeOf<HeaderList>();
  expectTypeOf(request.subprotocols).toEqualTypeOf<readonly string[]>();
  expectTypeOf(accept.subprotocol).toEqualTypeOf<string | null>();
  expectTypeOf(accept.extensions).toEqualTypeOf<readonly Extension[]>();
  expectTypeOf(reject.statusCode).toEqualTypeOf<number>();
  expectTypeOf(reject.hasBody).toEqualTypeOf<boolean>();
}

/** No field can be assigned to. */
export function readonlyFields(
  message: TextMessage,
  close: CloseConnection,
  request: Request,
): void {
  // @ts-expect-error -- readonly
  message.data = "other";
  // @ts-expect-error -- readonly
  message.type = "TextMessage";
  // @ts-expect-error -- readonly
  message.messageFinished = false;
  // @ts-expect-error -- readonly
  close.code = 1000;
  // @ts-expect-error -- readonly
  close.failure = null;
  // @ts-expect-error -- readonly
  request.host = "other.example";
  // @ts-expect-error -- the lists are readonly too
  void request.subprotocols.push;
  // @ts-expect-error -- readonly
  request.extraHeaders[0] = ["a", "b"];
}

/** What the constructors take. */
export function accepted(octets: ArrayBuffer, view: DataView, node: Buffer): readonly Event[] {
  return [
    new Request({ host: "example.com", target: "/" }),
    new Request({ host: "example.com", target: "/", subprotocols: ["chat"], extensions: ["x"] }),
    new AcceptConnection(),
    new AcceptConnection({ subprotocol: null, extensions: [] }),
    new RejectConnection(),
    new RejectConnection({ statusCode: 404, hasBody: true }),
    new RejectData({ data: octets, bodyFinished: false }),
    new CloseConnection({ code: 4000 }),
    new CloseConnection({ code: 1000, reason: null }),
    new TextMessage({ data: "", messageFinished: false, compress: undefined }),
    new BytesMessage({ data: view, compress: true }),
    new BytesMessage({ data: node }),
    new BytesMessage({ data: new Float64Array(1) }),
    new Ping(),
    new Ping({ payload: octets }),
    new Pong({}),
  ];
}

/** What they refuse. */
export function refused(request: Request): void {
  // @ts-expect-error -- one object of fields, not positions
  new TextMessage("Hello");
  // @ts-expect-error -- a message has data
  new TextMessage({});
  // @ts-expect-error -- text is a string
  new TextMessage({ data: new Uint8Array(1) });
  // @ts-expect-error -- no such field
  new TextMessage({ data: "", fin: true });
  // @ts-expect-error -- a flag is a boolean
  new TextMessage({ data: "", messageFinished: 1 });
  // @ts-expect-error -- octets are no string
  new BytesMessage({ data: "Hello" });
  // @ts-expect-error -- octets are no list of numbers
  new BytesMessage({ data: [72, 105] });
  // @ts-expect-error -- a Close has a code
  new CloseConnection({});
  // @ts-expect-error -- a code is a number
  new CloseConnection({ code: "1000" });
  // @ts-expect-error -- a code is a number
  new CloseConnection({ code: null });
  // @ts-expect-error -- a payload is octets
  new Ping({ payload: "ping" });
  // @ts-expect-error -- a request has a target
  new Request({ host: "example.com" });
  // @ts-expect-error -- subprotocols are a list
  new Request({ host: "example.com", target: "/", subprotocols: "chat" });
  // @ts-expect-error -- an acceptance names Extension objects
  new AcceptConnection({ extensions: ["permessage-deflate"] });
  // @ts-expect-error -- a status is a number
  new RejectConnection({ statusCode: "404" });
  // @ts-expect-error -- a piece of a body has data
  new RejectData({});
  // @ts-expect-error -- only a Ping and a Close have a response
  void request.response;
}
