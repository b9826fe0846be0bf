// undici: the parser and the queue of its WebSocket, without the DOM events around them. A client only.

import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const { ByteParser } = require("undici/lib/web/websocket/receiver.js");
const { SendQueue } = require("undici/lib/web/websocket/sender.js");
const { opcodes, sendHints } = require("undici/lib/web/websocket/constants.js");
const { utf8Decode } = require("undici/lib/web/websocket/util.js");

export function parser(_settings, deliver) {
  const handler = {
    onMessage: (opcode, data) => deliver(opcode === opcodes.TEXT ? utf8Decode(data) : data, true),
    onFail(code, reason) {
      throw new Error(`${code} ${reason}`);
    },
  };
  const byteParser = new ByteParser(handler, null);
  return { feed: (chunk) => byteParser.write(chunk) };
}

function sent() {}

export function serialiser(_settings, write) {
  const socket = {
    cork() {},
    uncork() {},
    write(data, callback) {
      write(data);
      callback?.();
    },
  };
  const queue = new SendQueue(socket);
  return {
    send(data) {
      if (typeof data === "string") queue.add(Buffer.from(data), sent, sendHints.text);
      else queue.add(data, sent, sendHints.typedArray);
    },
  };
}
