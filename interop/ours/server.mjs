import { createServer as createHttpServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { once } from "node:events";
import { answer, cut, pathOf, PING, SUBPROTOCOL } from "../contract.mjs";
import { serve } from "../../dist/node/index.js";
import { Endings } from "../waiting.mjs";
import { deflateSettings } from "./deflate.mjs";

/**
 * Starts our server. With `page`, a string of HTML, it is attached to an HTTP server that has this page at /page.
 * @param options `{ tls, deflate, page, limits, keepAlive }`; `tls` is null or `{ key, cert }`
 */
export async function start({ tls, deflate, page, limits, keepAlive }) {
  const endings = new Endings();
  const http = page === undefined ? null : await startHttp(tls, page);
  const where =
    http === null ? { port: 0, host: "127.0.0.1", tls: tls ?? undefined } : { server: http };
  const errors = [];
  const server = await serve(
    {
      ...where,
      limits,
      keepAlive,
      deflate: deflateSettings(deflate, { byDefault: false }),
      subprotocols: [SUBPROTOCOL],
      accept: ({ target }) => pathOf(target) !== "/refuse" || { status: 403, body: "no" },
      onError: (error) => errors.push(error),
    },
    (socket) => handle(socket, endings),
  );
  return {
    port: server.port ?? http.address().port,
    endings,
    async stop() {
      await server.close();
      http?.closeAllConnections();
      http?.close();
      if (errors.length > 0) throw new AggregateError(errors, `our server reported ${errors[0]}`);
    },
  };
}

async function startHttp(tls, page) {
  const http = tls === null ? createHttpServer() : createHttpsServer(tls);
  http.on("request", (request, response) => {
    response.statusCode = pathOf(request.url) === "/page" ? 200 : 404;
    response.setHeader("content-type", "text/html; charset=utf-8");
    response.end(response.statusCode === 200 ? page : "");
  });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  return http;
}

async function handle(socket, endings) {
  const { target } = socket.request;
  const path = pathOf(target);
  const means = {
    send: (message) => socket.send(message),
    sendPieces: (message) => socket.send(cut(message)),
    close: (code, reason) => void socket.close(code, reason),
  };
  void socket.closed.then(({ code, reason }) => {
    const deflate = socket.extensions.includes("permessage-deflate");
    endings.put(target, { code, reason, subprotocol: socket.subprotocol ?? "", deflate });
  });
  if (path === "/ping") {
    await socket.ping(new TextEncoder().encode(PING));
    await socket.send(PING);
  }
  for await (const message of socket) await answer(path, message, means);
}
