import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  AcceptConnection,
  type Event,
  RejectConnection,
  RejectData,
  Request,
} from "../../src/events.ts";
import type { H11Handshake } from "../../src/handshake/h11-handshake.ts";
import { ConnectionState } from "../../src/states.ts";
import {
  acceptHead,
  asking,
  bytewise,
  client,
  cutAt,
  describeError,
  feed,
  hintOf,
  latin1,
  requestHead,
  responseHead,
  server,
  StubExtension,
  textOf,
} from "../helpers/handshake.ts";
import { isUnfinished, summary } from "../helpers/wire.ts";

/** Events with the data of a refusal joined, for how it is cut is the chunks' affair. */
function joined(events: readonly Event[]): unknown[] {
  const list: unknown[] = [];
  let data = "";
  for (const event of events) {
    if (event.type === "RejectData") {
      data += textOf(event.data);
      if (event.bodyFinished) list.push(`end of ${data}`);
    } else {
      list.push(event);
    }
  }
  return [...list, data];
}

/** What came of these chunks, but for a message cut off by their end, of which more or less may be known. */
function result(handshake: H11Handshake, chunks: readonly (Uint8Array | null)[]): unknown {
  const { events, error } = feed(handshake, ...chunks);
  const { state, closeExpected } = handshake;
  const lines = summary(handshake.connection?.events() ?? []);
  const frames = lines.filter((line) => !isUnfinished(line));
  return { events: joined(events), error: describeError(error), state, closeExpected, frames };
}

const requests = [
  requestHead(),
  requestHead({ lines: ['Sec-WebSocket-Extensions: foo; a="1", bar', "X-A: b"], rest: "early" }),
  requestHead({ fields: { "Sec-WebSocket-Version": "8" } }),
  requestHead({ lines: ["X : a"] }),
  requestHead({ line: "GET http://a/b HTTP/1.1", lines: ["Sec-WebSocket-Protocol: a, b"] }),
];
const responses = [
  acceptHead(),
  acceptHead({ lines: ["Sec-WebSocket-Extensions: foo", "X: a", " b"], rest: "\u0089\u0000" }),
  acceptHead({ fields: { Upgrade: "x" } }),
  latin1(`HTTP/1.1 103 X\r\nA: b\r\n\r\n${textOf(acceptHead())}`),
  responseHead("HTTP/1.1 403 X", { fields: { "Content-Length": "5" }, rest: "Hello, world" }),
  responseHead("HTTP/1.1 403 X", {
    fields: { "Transfer-Encoding": "chunked" },
    rest: "5\r\nHello\r\n1;a\r\n!\r\n0\r\nX: y\r\n\r\n",
  }),
  responseHead("HTTP/1.1 500 X", { rest: "until the end" }),
];

function mutationsOf(heads: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  const change = fc.record({
    at: fc.nat(300),
    remove: fc.nat(2),
    add: fc.uint8Array({ maxLength: 2 }),
  });
  return fc
    .tuple(fc.constantFrom(...heads), fc.array(change, { maxLength: 3 }))
    .map(([octets, changes]) => {
      let mutated = [...octets];
      for (const { at, remove, add } of changes) {
        mutated = [...mutated.slice(0, at), ...add, ...mutated.slice(at + remove)];
      }
      return Uint8Array.from(mutated);
    });
}

const places = fc.array(fc.nat(320), { maxLength: 8 });
const ends = [
  { name: "server", make: () => server(), octets: mutationsOf(requests) },
  {
    name: "client",
    make: () => client({ extensions: [new StubExtension("foo")] }),
    octets: mutationsOf(responses),
  },
];

describe.each(ends)("a $name", ({ make, octets: mutated }) => {
  test("D12, F31: the same comes of octets however they are split", () => {
    fc.assert(
      fc.property(mutated, places, fc.boolean(), (octets, cuts, ending) => {
        const end = ending ? [null] : [];
        const whole = result(make(), [octets, ...end]);
        expect(result(make(), [...cutAt(octets, cuts), ...end])).toEqual(whole);
        expect(result(make(), [...bytewise(octets), ...end])).toEqual(whole);
      }),
    );
  });

  test("B10, D6: noise causes nothing but a RemoteProtocolError with a hint", () => {
    const noise = fc.oneof(fc.uint8Array({ maxLength: 200 }), mutated);
    fc.assert(
      fc.property(noise, fc.boolean(), (octets, ending) => {
        const { error } = feed(make(), octets, ...(ending ? [null] : []));
        if (error !== null) expect(hintOf(error).statusCode).toBeGreaterThanOrEqual(400);
      }),
    );
  });
});

test("B10, F47: whatever a server was sent, the hint can be sent, and is a complete response", () => {
  fc.assert(
    fc.property(mutationsOf(requests), (octets) => {
      const { handshake, error } = feed(server(), octets);
      const answer = error === null ? new RejectConnection() : hintOf(error);
      const reading = feed(client(), handshake.send(answer));
      expect(handshake.state).toBe(ConnectionState.CLOSED);
      expect(reading.error).toBeNull();
      expect(reading.handshake.state).toBe(ConnectionState.CLOSED);
      expect(reading.events[0]).toMatchObject({ statusCode: answer.statusCode });
    }),
  );
});

describe("what one end sends, the other reads", () => {
  const token = fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,8}$/);
  const value = fc
    .stringMatching(/^[\t -~\u0080-\u00ff]{0,12}$/)
    .map((text) => text.replaceAll(/^[\t ]+|[\t ]+$/g, ""));
  const headers = fc.array(
    fc.tuple(
      token.map((name) => `x-${name.toLowerCase()}`),
      value,
    ),
    { maxLength: 4 },
  );
  const host = fc.constantFrom("example.com", "a:80", "[::1]", "[::1]:443", "localhost");
  const target = fc.stringMatching(/^\/[!"$-~]{0,10}$/);
  const names = fc.uniqueArray(token, { maxLength: 3 });

  test("R6455-4.1-07: requests", () => {
    fc.assert(
      fc.property(
        host,
        target,
        names,
        names,
        headers,
        places,
        (...[at, path, subprotocols, offered, extraHeaders, cuts]) => {
          const extensions = offered.map((name) => new StubExtension(name, "a=1"));
          const fields = { host: at, target: path, subprotocols, extensions, extraHeaders };
          const { sender, octets } = asking(fields);
          const { events, error } = feed(server(), ...cutAt(octets, cuts));
          expect(error).toBeNull();
          const [request] = events;
          if (!(request instanceof Request)) throw new Error("no Request");
          expect(request).toMatchObject({ host: at, target: path, subprotocols });
          expect(request.extensions).toEqual(offered.map((name) => `${name}; a=1`));
          expect(request.extraHeaders.slice(4)).toEqual(extraHeaders);
          expect(sender.state).toBe(ConnectionState.CONNECTING);
        },
      ),
    );
  });

  test("R6455-4.2.2-07: acceptances", () => {
    fc.assert(
      fc.property(names, names, headers, places, (subprotocols, offered, extraHeaders, cuts) => {
        const { octets, sender } = asking({
          subprotocols,
          extensions: offered.map((name) => new StubExtension(name)),
        });
        const answering = feed(server(), octets).handshake;
        const subprotocol = subprotocols.at(-1) ?? null;
        const extensions = offered.slice(1).map((name) => new StubExtension(name));
        const answer = answering.send(
          new AcceptConnection({ subprotocol, extensions, extraHeaders }),
        );
        const { events, error } = feed(sender, ...cutAt(answer, cuts));
        expect(error).toBeNull();
        const [accept] = events;
        if (!(accept instanceof AcceptConnection)) throw new Error("no AcceptConnection");
        expect(accept.subprotocol).toBe(subprotocol);
        expect(accept.extensions.map(({ name }) => name)).toEqual(offered.slice(1));
        expect(accept.extraHeaders).toEqual(extraHeaders);
        expect([sender.state, answering.state]).toEqual([
          ConnectionState.OPEN,
          ConnectionState.OPEN,
        ]);
      }),
    );
  });

  test("F51, F65: refusals with and without a body", () => {
    const body = fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 4 });
    const status = fc
      .integer({ min: 200, max: 999 })
      .filter((code) => code !== 204 && code !== 304);
    fc.assert(
      fc.property(
        status,
        headers,
        body,
        fc.boolean(),
        places,
        (statusCode, given, pieces, measured, cuts) => {
          const length = pieces.reduce((size, piece) => size + piece.length, 0);
          const own: [string, string][] = measured ? [["content-length", String(length)]] : [];
          const { octets, sender } = asking({});
          const answering = feed(server(), octets).handshake;
          const sent = [
            new RejectConnection({ statusCode, headers: [...given, ...own], hasBody: true }),
            ...pieces.map((data) => new RejectData({ data, bodyFinished: false })),
            new RejectData({ data: new Uint8Array(0) }),
          ].map((event) => answering.send(event));
          const { events, error } = feed(sender, ...sent.flatMap((piece) => cutAt(piece, cuts)));
          expect(error).toBeNull();
          const [reject, ...data] = events;
          if (!(reject instanceof RejectConnection)) throw new Error("no RejectConnection");
          expect(reject).toMatchObject({ statusCode, hasBody: true });
          expect(reject.headers.slice(0, given.length)).toEqual(given);
          expect(joined(data).at(-1)).toBe(pieces.map(textOf).join(""));
          expect([sender.state, answering.state]).toEqual([
            ConnectionState.CLOSED,
            ConnectionState.CLOSED,
          ]);
        },
      ),
    );
  });
});
