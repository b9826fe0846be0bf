/*
 * Two connections joined in memory, and their session replayed from a recording: the engine reads no clock and, given
 * its random octets, does the same again. `npm run example:in-memory`
 */
import assert from "node:assert/strict";
import {
  AcceptConnection,
  BytesMessage,
  CLIENT,
  CloseConnection,
  type ConnectionOptions,
  type ConnectionType,
  ConnectionState,
  type Event,
  PerMessageDeflate,
  Request,
  SERVER,
  TextMessage,
  WSConnection,
} from "wsproto";

/** What happened at one end, in order. */
type Entry =
  | { readonly sent: Event; readonly octets: Uint8Array }
  | { readonly received: Uint8Array; readonly events: readonly string[] };

/** Octets that look random and are the same each time. For replays only: a real client's must be unpredictable. */
function predictable(seed: number): (size: number) => Uint8Array {
  let state = seed;
  return (size) =>
    Uint8Array.from({ length: size }, () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state >>> 24;
    });
}

/** One end of the pair, which records what it does. */
class RecordedEnd {
  readonly ws: WSConnection;
  readonly tape: Entry[] = [];

  constructor(connectionType: ConnectionType, options: ConnectionOptions) {
    this.ws = new WSConnection(connectionType, options);
  }

  send(event: Event): Uint8Array {
    const octets = this.ws.send(event);
    this.tape.push({ sent: event, octets });
    return octets;
  }

  receive(received: Uint8Array): Event[] {
    this.ws.receiveData(received);
    const events = [...this.ws.events()];
    this.tape.push({ received, events: events.map(({ type }) => type) });
    return events;
  }
}

function converse(client: RecordedEnd, server: RecordedEnd): void {
  const extensions = [new PerMessageDeflate()];
  server.receive(client.send(new Request({ host: "example.com", target: "/", extensions })));
  client.receive(server.send(new AcceptConnection({ extensions: [new PerMessageDeflate()] })));
  for (const data of ["one", "two", "two again, two again, two again"]) {
    for (const event of server.receive(client.send(new TextMessage({ data })))) {
      if (event.type === "TextMessage") client.receive(server.send(event));
    }
  }
  client.receive(server.send(new BytesMessage({ data: Uint8Array.of(1, 2, 3) })));
  for (const event of server.receive(client.send(new CloseConnection({ code: 1000 })))) {
    if (event.type === "CloseConnection") client.receive(server.send(event.response()));
  }
}

/** Feeds a new connection what the recorded one was fed, and compares all that comes out. */
function replay(
  end: RecordedEnd,
  connectionType: ConnectionType,
  options: ConnectionOptions,
): void {
  const again = new RecordedEnd(connectionType, options);
  for (const entry of end.tape) {
    if ("sent" in entry) assert.deepEqual(again.send(fresh(entry.sent)), entry.octets);
    else again.receive(entry.received);
  }
  assert.deepEqual(again.tape.filter(isReceived), end.tape.filter(isReceived));
  console.log(`${end.tape.length} steps replayed, each the same`);
}

function isReceived(entry: Entry): boolean {
  return "received" in entry;
}

/** An extension belongs to one connection; the replayed one gets its own. */
function fresh(event: Event): Event {
  const extensions = [new PerMessageDeflate()];
  if (event.type === "Request") return new Request({ ...event, extensions });
  if (event.type === "AcceptConnection") return new AcceptConnection({ ...event, extensions });
  return event;
}

const client = new RecordedEnd(CLIENT, { random: predictable(1) });
const server = new RecordedEnd(SERVER, {});
converse(client, server);
assert.equal(client.ws.state, ConnectionState.CLOSED);
assert.equal(server.ws.state, ConnectionState.CLOSED);
replay(client, CLIENT, { random: predictable(1) });
replay(server, SERVER, {});
