/* What compiles and what must not: checked by `tsc -b`, nothing here runs. */

import { expectTypeOf } from "vitest";
import {
  AcceptConnection,
  clientExtensionsHandshake,
  Connection,
  type ConnectionState,
  ConnectionType,
  type Event,
  Extension,
  H11Handshake,
  type Limits,
  type LocalErrorCode,
  LocalProtocolError,
  type Message,
  PerMessageDeflate,
  Ping,
  type Pong,
  ProtocolError,
  type RemoteErrorCode,
  RemoteProtocolError,
  type CloseConnection,
  serverExtensionsHandshake,
  SUPPORTED_EXTENSIONS,
  WSConnection,
} from "../../src/index.ts";

/** The three engines have the same four members. */
export function sharedMembers(engine: WSConnection | Connection | H11Handshake): void {
  expectTypeOf(engine.state).toEqualTypeOf<ConnectionState>();
  expectTypeOf(engine.send(new Ping())).toEqualTypeOf<Uint8Array>();
  expectTypeOf(engine.receiveData(null)).toEqualTypeOf<void>();
  expectTypeOf(engine.events()).toExtend<IterableIterator<Event>>();
}

/** The framed part gives the events of frames alone. */
export function frameEvents(connection: Connection): void {
  for (const event of connection.events()) {
    expectTypeOf(event).toEqualTypeOf<Message | Ping | Pong | CloseConnection>();
  }
}

/** What is taken for octets. */
export function octets(ws: WSConnection, chunk: Uint8Array<ArrayBuffer>, node: Buffer): void {
  ws.receiveData(chunk);
  ws.receiveData(node);
  ws.receiveData(chunk.buffer);
  ws.receiveData(new DataView(chunk.buffer));
  ws.receiveData(null);
  // @ts-expect-error -- text is no octets
  ws.receiveData("Hello");
  // @ts-expect-error -- the end of the stream is null, written
  ws.receiveData(undefined);
  // @ts-expect-error -- the end of the stream is null, written
  ws.receiveData();
  // @ts-expect-error -- octets are no list of numbers
  ws.receiveData([1, 2]);
  // @ts-expect-error -- an event has a type
  ws.send({ data: "Hello" });
  // @ts-expect-error -- what is sent is an event
  ws.send("Hello");
  // @ts-expect-error -- the state is the engine's own
  ws.state = 4;
}

export function connectionTypes(): void {
  new WSConnection(ConnectionType.CLIENT);
  new H11Handshake(2);
  // @ts-expect-error -- a connection has a type
  new WSConnection();
  // @ts-expect-error -- no such type
  new Connection(3);
  // @ts-expect-error -- a type is no text
  new WSConnection("client");
}

/** D10, D15, D24: the settings, each of which may be left out or undefined. */
export function options(limits: Partial<Limits>, random: (size: number) => Uint8Array): void {
  new WSConnection(ConnectionType.SERVER, {});
  new WSConnection(ConnectionType.SERVER, { limits, random, ownsInput: true });
  new WSConnection(ConnectionType.SERVER, { limits: undefined, random: undefined });
  new WSConnection(ConnectionType.SERVER, { limits: { message: Infinity, fragments: 10 } });
  new Connection(ConnectionType.CLIENT, [new PerMessageDeflate()], new Uint8Array(1), { random });
  // @ts-expect-error -- no such limit
  new WSConnection(ConnectionType.SERVER, { limits: { messages: 1 } });
  // @ts-expect-error -- a limit is a number
  new WSConnection(ConnectionType.SERVER, { limits: { message: "1 MiB" } });
  // @ts-expect-error -- a limit is lifted by Infinity alone
  new WSConnection(ConnectionType.SERVER, { limits: { message: null } });
  // @ts-expect-error -- no such setting
  new WSConnection(ConnectionType.SERVER, { maxPayload: 1 });
  // @ts-expect-error -- random gives octets
  new WSConnection(ConnectionType.SERVER, { random: () => "random" });
  // @ts-expect-error -- extensions are objects
  new Connection(ConnectionType.CLIENT, ["permessage-deflate"]);
  expectTypeOf<keyof Limits>().toEqualTypeOf<
    | "message"
    | "frame"
    | "fragments"
    | "head"
    | "headerLines"
    | "requestLine"
    | "earlyData"
    | "chunkLine"
  >();
}

export function members(ws: WSConnection, handshake: H11Handshake): void {
  expectTypeOf(ws.connection).toEqualTypeOf<Connection | null>();
  expectTypeOf(handshake.connection).toEqualTypeOf<Connection | null>();
  expectTypeOf(ws.sendParts(new Ping())).toEqualTypeOf<
    [head: Uint8Array] | [head: Uint8Array, payload: Uint8Array]
  >();
  expectTypeOf(ws.fail(1002)).toEqualTypeOf<Uint8Array>();
  expectTypeOf(ws.closeExpected).toEqualTypeOf<boolean>();
  ws.initiateUpgradeConnection([["Host", "example.com"]], "/");
  ws.initiateUpgradeConnection(new Headers(), new Uint8Array(1), { method: "GET" });
  // @ts-expect-error -- a request has a path
  ws.initiateUpgradeConnection([]);
}

/** An error is told by its class; both have a code of their own set. */
export function errors(error: unknown): void {
  if (error instanceof RemoteProtocolError) {
    expectTypeOf(error.code).toEqualTypeOf<RemoteErrorCode>();
    expectTypeOf(error.eventHint).toEqualTypeOf<Event | null>();
  } else if (error instanceof LocalProtocolError) {
    expectTypeOf(error.code).toEqualTypeOf<LocalErrorCode>();
    // @ts-expect-error -- our own mistakes are not answered
    void error.eventHint;
  } else if (error instanceof ProtocolError) {
    expectTypeOf(error.code).toEqualTypeOf<LocalErrorCode | RemoteErrorCode>();
  }
  // @ts-expect-error -- abstract
  new ProtocolError("");
  // @ts-expect-error -- no such code
  new LocalProtocolError("", "ERR_UNKNOWN");
  // @ts-expect-error -- a code of the other class
  new RemoteProtocolError("", "ERR_STATE");
}

/** An extension needs a name and an offer; the rest has a default. */
export class Smallest extends Extension {
  readonly name = "x-smallest";
  offer(): boolean {
    return true;
  }
}

// @ts-expect-error -- an extension has an offer
export class WithoutOffer extends Extension {
  readonly name = "x-without-offer";
}

export class WrongHook extends Extension {
  readonly name = "x-wrong-hook";
  offer(): string {
    return "a=1";
  }
  // @ts-expect-error -- the hook gives octets or a close code
  override frameInboundPayloadData(): string {
    return "";
  }
}

export function extensions(): void {
  expectTypeOf(clientExtensionsHandshake(["x-smallest"], [new Smallest()])).toEqualTypeOf<
    Extension[]
  >();
  expectTypeOf(serverExtensionsHandshake(["x-smallest"], [new Smallest()])).toEqualTypeOf<
    string | null
  >();
  expectTypeOf(SUPPORTED_EXTENSIONS["permessage-deflate"]).toEqualTypeOf<
    typeof PerMessageDeflate
  >();
  new AcceptConnection({ extensions: [new Smallest(), new PerMessageDeflate()] });
  new PerMessageDeflate({ clientMaxWindowBits: 9, serverNoContextTakeover: true, threshold: 64 });
  // @ts-expect-error -- abstract
  new Extension();
  // @ts-expect-error -- a window is a number
  new PerMessageDeflate({ clientMaxWindowBits: "9" });
  // @ts-expect-error -- no such option
  new PerMessageDeflate({ windowBits: 9 });
  // @ts-expect-error -- what was agreed is not to be changed
  new PerMessageDeflate().clientMaxWindowBits = 9;
}
