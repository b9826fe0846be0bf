// Ours, from the compiled package. Messages are read whole, as all others give them; with `data` as their data, where that
// can be; with `pieces` as they come.

import {
  BytesMessage,
  Connection,
  ConnectionType,
  OutputBuffer,
  PerMessageDeflate,
  TextMessage,
} from "../../dist/index.js";

/** So much is written together before it is handed on; as much as a stream of Node takes before it asks to wait. */
const FLUSH_AT = 16 * 1024;

function extensions({ role, deflate = false, takeover = true }) {
  if (!deflate) return [];
  const options = { clientNoContextTakeover: !takeover, serverNoContextTakeover: !takeover };
  const client = new PerMessageDeflate(options);
  const server = new PerMessageDeflate(options);
  const offer = client.offer();
  const answer = server.accept(`${client.name}${typeof offer === "string" ? `; ${offer}` : ""}`);
  if (answer === null || answer === false) throw new Error("permessage-deflate was declined");
  client.finalize(`${client.name}${typeof answer === "string" && answer ? `; ${answer}` : ""}`);
  return [role === "server" ? server : client];
}

function connect(settings) {
  const { role, ownsInput = false, unlimited = false } = settings;
  const type = role === "server" ? ConnectionType.SERVER : ConnectionType.CLIENT;
  return new Connection(type, extensions(settings), undefined, {
    ownsInput,
    ...(unlimited && { limits: { message: Infinity } }),
  });
}

export function parser(settings, deliver) {
  const connection = connect(settings);
  if (settings.pieces) {
    return {
      feed(chunk) {
        connection.receiveData(chunk);
        for (const event of connection.events()) deliver(event.data, event.messageFinished);
      },
    };
  }
  if (settings.data) {
    return {
      feed(chunk) {
        connection.receiveData(chunk);
        for (;;) {
          const met = connection.nextData();
          if (met === null) break;
          deliver(typeof met === "string" || met instanceof Uint8Array ? met : met.data, true);
        }
      },
    };
  }
  return {
    feed(chunk) {
      connection.receiveData(chunk);
      for (;;) {
        const event = connection.nextWhole();
        if (event === null) break;
        deliver(event.data, true);
      }
    },
  };
}

function toEvent(data) {
  return typeof data === "string" ? new TextMessage({ data }) : new BytesMessage({ data });
}

const WAYS = {
  send: (connection, write) => ({ send: (data) => write(connection.send(toEvent(data))) }),
  parts: (connection, write) => ({
    send(data) {
      for (const part of connection.sendParts(toEvent(data))) write(part);
    },
  }),
  into: (connection, write) =>
    joined(write, (data, output) => connection.sendInto(toEvent(data), output)),
  dataInto: (connection, write) =>
    joined(write, (data, output) => connection.sendDataInto(data, output)),
};

/** Writes messages one behind the other with `sendInto`. */
function joined(write, sendInto) {
  const output = new OutputBuffer();
  // A socket of Node that takes all at once, as most do, is done with the memory.
  const flush = () => {
    const octets = output.lend();
    write(octets);
    output.giveBack(octets);
  };
  return {
    send(data) {
      sendInto(data, output);
      if (output.length >= FLUSH_AT) flush();
    },
    idle() {
      if (output.length > 0) flush();
    },
  };
}

export function serialiser(settings, write) {
  return WAYS[settings.way ?? "send"](connect(settings), write);
}
