// What every server and every client of this suite does, in whatever language it is written.
//
// A server has these paths; it takes the subprotocol SUBPROTOCOL and no other:
//   /echo       sends every message back
//   /fragments  sends every message back in pieces, if the API has the means for it
//   /ping       sends a Ping with PING, and when it was answered the text PING
//   /close      takes a text "4001 reason" and closes with this code and this reason
//   /refuse     is refused with status 403
// It is `{ port, endings, stop() }`: `endings` tells how each connection has ended, as the server saw it.
//
// A client has `open(url, { subprotocols })`. That gives a connection, or throws `Refused`:
//   subprotocol, deflate     what was negotiated, "" for no subprotocol
//   send(message)            a string or a Uint8Array
//   sendPieces(message)      the same in fragments; missing where the API has no means for it
//   ping(payload)            settles when it was answered; missing likewise
//   receive()                the next message, a string or a Uint8Array
//   close(code, reason)      begins the closing handshake; without arguments as the API does it
//   closed                   settles with `{ code, reason }` when the connection has ended, and never rejects
//
// `deflate` is one of DEFLATE: what a side is told to offer or to accept.

export const SUBPROTOCOL = "interop.v2";
export const OFFERED = ["interop.v3", SUBPROTOCOL];
export const PING = "are you there?";

/** Off, on, and on with the least memory that both sides can agree on. */
export const DEFLATE = { off: "off", on: "on", tight: "tight" };

/** The pieces of a message, three of them; text is cut at characters. */
export function cut(message) {
  if (typeof message === "string") return cut(Array.from(message)).map((piece) => piece.join(""));
  const first = Math.floor(message.length / 3);
  const second = 2 * first;
  return [message.slice(0, first), message.slice(first, second), message.slice(second)];
}

/** Reads what /close was sent. */
export function parseClose(text) {
  const space = text.indexOf(" ");
  return { code: Number(text.slice(0, space)), reason: text.slice(space + 1) };
}

export function pathOf(target) {
  return new URL(target, "http://host").pathname;
}

/** What a server of JavaScript does with a message, given its means to send. */
export async function answer(path, message, { send, sendPieces, close }) {
  if (path === "/close") {
    const { code, reason } = parseClose(message);
    close(code, reason);
  } else if (path === "/fragments") await sendPieces(message);
  else await send(message);
}
