/*
 * A look at the states: two connections joined without a network, one event after the other.
 * `npm run example:states`
 */
import {
  AcceptConnection,
  CLIENT,
  CloseConnection,
  ConnectionState,
  type Event,
  Ping,
  Request,
  SERVER,
  TextMessage,
  WSConnection,
} from "wsproto";

const names = Object.keys(ConnectionState);
const client = new WSConnection(CLIENT);
const server = new WSConnection(SERVER);

function show(what: string): void {
  const states = `client ${names[client.state]!.padEnd(14)} server ${names[server.state]!}`;
  console.log(`${what.padEnd(52)} ${states}`);
}

/** Sends an event from one end to the other; the receiver's state moves when it reads its events. */
function pass(from: WSConnection, event: Event, to: WSConnection): Event[] {
  const octets = from.send(event);
  show(`${from === client ? "client" : "server"} sends ${event.type}`);
  to.receiveData(octets);
  show("  the octets have arrived, no event was read");
  const events = [...to.events()];
  show(
    `  ${to === client ? "client" : "server"} has read ${events.map(({ type }) => type).join(", ")}`,
  );
  return events;
}

show("at first");
pass(client, new Request({ host: "example.com", target: "/" }), server);
pass(server, new AcceptConnection(), client);
pass(client, new TextMessage({ data: "hello" }), server);
for (const event of pass(server, new Ping(), client)) {
  if (event.type === "Ping") pass(client, event.response(), server);
}
for (const event of pass(client, new CloseConnection({ code: 1000 }), server)) {
  if (event.type === "CloseConnection") pass(server, event.response(), client);
}
