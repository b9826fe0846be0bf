/*
 * Two ends in memory: the opening handshake with permessage-deflate, a message each way, the closing handshake.
 * Called with the package as `import` or `require` gives it.
 */
const assert = require("node:assert/strict");

function deliver(from, to, event) {
  to.receiveData(from.send(event));
  return [...to.events()];
}

module.exports = function exchange(wsproto) {
  const { AcceptConnection, CloseConnection, PerMessageDeflate, Request, TextMessage } = wsproto;
  const client = new wsproto.WSConnection(wsproto.ConnectionType.CLIENT);
  const server = new wsproto.WSConnection(wsproto.ConnectionType.SERVER);

  const request = new Request({
    host: "example.com",
    target: "/",
    extensions: [new PerMessageDeflate()],
  });
  assert.equal(deliver(client, server, request)[0].type, "Request");
  const accept = new AcceptConnection({ extensions: [new PerMessageDeflate()] });
  assert.equal(deliver(server, client, accept)[0].extensions.length, 1);

  const text = "grüße ".repeat(100);
  for (const [from, to] of [
    [client, server],
    [server, client],
  ]) {
    const received = deliver(from, to, new TextMessage({ data: text }));
    assert.equal(received.map((event) => event.data).join(""), text);
  }

  const [close] = deliver(client, server, new CloseConnection({ code: 1000, reason: "done" }));
  assert.equal(close.reason, "done");
  deliver(server, client, close.response());
  assert.equal(client.state, wsproto.ConnectionState.CLOSED);
};
