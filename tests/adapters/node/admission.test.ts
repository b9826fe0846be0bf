import { afterEach, expect, test, vi } from "vitest";
import { Admission, type Place } from "../../../src/node/admission.ts";

const roomy = { connections: 100, connectionsPerAddress: 100, handshakes: 100 };

afterEach(() => {
  vi.unstubAllGlobals();
});

/** Whether a place was given, and with what. */
const kind = (place: Place<object> | null): string => {
  if (place === null) return "cut";
  return place.admitted ? "admitted" : "refused";
};

test.each([
  ["connections", { ...roomy, connections: 2 }, "b", "refused"],
  ["connections of an address", { ...roomy, connectionsPerAddress: 2 }, "a", "refused"],
  ["connections of another address", { ...roomy, connectionsPerAddress: 2 }, "b", "admitted"],
  ["handshakes", { ...roomy, handshakes: 2 }, "b", "refused"],
])(
  "CVE-2026-53522: a third stream, with a limit of two %s, from %s: %s",
  (_, limits, third, outcome) => {
    const admission = new Admission<object>(limits);
    expect(kind(admission.enter("a"))).toBe("admitted");
    expect(kind(admission.enter("a"))).toBe("admitted");
    expect(kind(admission.enter(third))).toBe(outcome);
  },
);

test("a stream that leaves makes room, by every count", () => {
  const admission = new Admission<object>({
    connections: 1,
    connectionsPerAddress: 1,
    handshakes: 1,
  });
  for (let count = 0; count < 3; count++) {
    const place = admission.enter("a")!;
    expect(place.admitted).toBe(true);
    const refused = admission.enter("a")!;
    expect(refused.admitted).toBe(false);
    refused.leave();
    place.leave();
  }
});

test("a handshake that ended makes room for the next, and counts once", () => {
  const admission = new Admission<object>({ ...roomy, handshakes: 1 });
  const first = admission.enter("a")!;
  first.handshakeEnded(null);
  first.handshakeEnded(null);
  const second = admission.enter("a")!;
  expect(second.admitted).toBe(true);
  expect(kind(admission.enter("a"))).toBe("refused");
  first.leave();
  expect(kind(admission.enter("a"))).toBe("cut");
});

test("those beyond the limits get a place to be refused in, as long as there are not too many of them", () => {
  const admission = new Admission<object>({ ...roomy, connections: 0, handshakes: 2 });
  const refused = [admission.enter("a"), admission.enter("b")];
  expect(refused.map(kind)).toEqual(["refused", "refused"]);
  expect(kind(admission.enter("c"))).toBe("cut");
  refused[0]!.handshakeEnded(null);
  refused[0]!.leave();
  expect(kind(admission.enter("c"))).toBe("refused");
});

test("it is empty when all have left, whatever their place", async () => {
  const admission = new Admission<object>({ ...roomy, connections: 1 });
  await admission.empty();
  const admitted = admission.enter("a")!;
  const refused = admission.enter("a")!;
  const order: string[] = [];
  const empty = [1, 2].map(async () => {
    await admission.empty();
    order.push("empty");
  });
  admitted.leave();
  await Promise.resolve();
  order.push("one left");
  refused.leave();
  await Promise.all(empty);
  expect(order).toEqual(["one left", "empty", "empty"]);
});

test("a connection is among the open ones from its handshake until its stream is closed", () => {
  const admission = new Admission<object>(roomy);
  const place = admission.enter("a")!;
  const connection = {};
  place.handshakeEnded(connection);
  expect([...admission.open]).toEqual([connection]);
  place.leave();
  place.leave();
  expect(admission.open.size).toBe(0);
  // Once, not twice: there is room for as many as before, and no more.
  const limited = new Admission<object>({ ...roomy, connections: 1 });
  const first = limited.enter("a")!;
  const second = limited.enter("a")!;
  first.leave();
  first.leave();
  expect([second.admitted, limited.enter("a")!.admitted, limited.enter("a")!.admitted]).toEqual([
    false,
    true,
    false,
  ]);
});

test("who holds the set of open connections sees them come and go", () => {
  const admission = new Admission<object>(roomy);
  const [first, second] = [{ name: "first" }, { name: "second" }];
  const places = [admission.enter("a")!, admission.enter("a")!];
  places[0]!.handshakeEnded(first);
  const { open } = admission;
  expect([...open]).toEqual([first]);
  places[1]!.handshakeEnded(second);
  expect([open.size, open.has(first), open.has(second)]).toEqual([2, true, true]);
  places[0]!.leave();
  expect([open.size, open.has(second), admission.open === open]).toEqual([1, true, true]);
});

test("the set of open connections is made anew when nobody has held it", () => {
  class Forgetful {
    deref(): undefined {}
  }
  vi.stubGlobal("WeakRef", Forgetful);
  const admission = new Admission<object>(roomy);
  const [first, second] = [{ name: "first" }, { name: "second" }];
  const place = admission.enter("a")!;
  place.handshakeEnded(first);
  expect(admission.open.has(first)).toBe(true);
  admission.enter("a")!.handshakeEnded(second);
  expect(admission.open.size).toBe(2);
  place.leave();
  expect(admission.open).toEqual(new Set([second]));
});

test.each([
  [{ connections: 10, connectionsPerAddress: 10 }, false],
  [{ connections: 10, connectionsPerAddress: 11 }, false],
  [{ connections: 10, connectionsPerAddress: 9 }, true],
  [{ connections: Infinity, connectionsPerAddress: Infinity }, false],
])("addresses are asked for only if they make a difference: %j", (limits, asks) => {
  expect(new Admission<object>({ ...roomy, ...limits }).asksAddress).toBe(asks);
});
