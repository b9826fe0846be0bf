import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LocalProtocolError, RemoteProtocolError } from "../../src/errors.ts";
import { RejectConnection } from "../../src/events.ts";
import { Extension, NO_RSV_BITS } from "../../src/extensions/extension.ts";
import {
  clientExtensionsHandshake,
  negotiateExtensions,
  offerExtensions,
  serverExtensionsHandshake,
  SUPPORTED_EXTENSIONS,
} from "../../src/extensions/negotiation.ts";
import { PerMessageDeflate } from "../../src/extensions/permessage-deflate.ts";
import type { RsvBits } from "../../src/frames/opcode.ts";

/** An extension that says what it is told to say, and keeps what it was told. */
class Stub extends Extension {
  readonly name: string;
  override readonly reservedBits: RsvBits;
  override readonly worksOn: "message" | "frame" | null;
  readonly heard: string[] = [];
  readonly #offer: boolean | string;
  readonly #accept: boolean | string | null;
  readonly #failure: Error | null;

  constructor(
    name: string,
    says: {
      readonly offer?: boolean | string;
      readonly accept?: boolean | string | null;
      readonly failure?: Error;
      readonly bit?: keyof RsvBits;
      readonly worksOn?: "message" | "frame";
    } = {},
  ) {
    super();
    this.name = name;
    this.#offer = says.offer ?? true;
    this.#accept = says.accept === undefined ? true : says.accept;
    this.#failure = says.failure ?? null;
    this.reservedBits = says.bit === undefined ? NO_RSV_BITS : { ...NO_RSV_BITS, [says.bit]: true };
    this.worksOn = says.worksOn ?? null;
  }

  offer(): boolean | string {
    return this.#offer;
  }

  override accept(offer: string): boolean | string | null {
    this.heard.push(offer);
    return this.#accept;
  }

  override finalize(answer: string): void {
    this.heard.push(answer);
    if (this.#failure !== null) throw this.#failure;
  }
}

function failureOf(act: () => unknown): RemoteProtocolError {
  try {
    act();
  } catch (error) {
    if (error instanceof RemoteProtocolError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("SUPPORTED_EXTENSIONS", () => {
  test("F98: it holds permessage-deflate and nothing else, whatever is looked up", () => {
    expect(Object.entries(SUPPORTED_EXTENSIONS)).toEqual([
      ["permessage-deflate", PerMessageDeflate],
    ]);
    expect(Object.isFrozen(SUPPORTED_EXTENSIONS)).toBe(true);
    for (const name of ["constructor", "toString", "__proto__"]) {
      expect(name in SUPPORTED_EXTENSIONS).toBe(false);
    }
  });
});

describe("offerExtensions", () => {
  test.each<[string, boolean | string, string | null]>([
    ["true", true, "foo"],
    ["no parameters", "", "foo"],
    ["parameters", "a=1; b", "foo; a=1; b"],
    ["a quoted value", 'a="1"', 'foo; a="1"'],
    ["false", false, null],
  ])("F56: an offer of %s", (_what, offer, value) => {
    const stub = new Stub("foo", { offer });
    expect(offerExtensions([stub])).toEqual({ value, extensions: value === null ? [] : [stub] });
  });

  test("F56: offers keep their order, of one name too, and those that offer nothing are left out", () => {
    const [a, b, c] = [
      new Stub("a"),
      new Stub("b", { offer: false }),
      new Stub("a", { offer: "x" }),
    ];
    const { value, extensions } = offerExtensions([a, b, c]);
    expect(value).toBe("a, a; x");
    expect(extensions).toEqual([a, c]);
    expect(offerExtensions([])).toEqual({ value: null, extensions: [] });
  });

  test.each([
    ["", true],
    ["a b", true],
    ["a,b", true],
    ["a; b", true],
    [" a", true],
    ["\u00fc", true],
    ["a\r\nb", true],
    ["a", "b, c"],
    ["a", "b=1 2"],
    ["a", "b\r\nHost: x"],
    ["a", "; b"],
    ["a", 'b="1'],
  ])("R6455-9.1-04: name %j with offer %j is refused", (name, offer) => {
    const error = catchLocal(() => offerExtensions([new Stub(name, { offer })]));
    expect(error.code).toBe("ERR_EXTENSION");
    expect(error.message).toMatch(/^an extension must be a token with parameters .*, not "/);
  });

  test.each([["foo"], [null], [undefined], [{}], [PerMessageDeflate]])(
    "D6: %j is no extension",
    (value) => {
      const message = "an extension must be an instance of Extension, not ";
      expect(() => offerExtensions([value])).toThrow(new TypeError(message + nameOf(value)));
      expect(() => negotiateExtensions([], [value])).toThrow(TypeError);
    },
  );
});

function nameOf(value: unknown): string {
  if (value === null) return "null";
  return typeof value === "object" ? "Object" : typeof value;
}

function catchLocal(act: () => unknown): LocalProtocolError {
  try {
    act();
  } catch (error) {
    if (error instanceof LocalProtocolError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("serverExtensionsHandshake", () => {
  test.each<[boolean | string | null, string | null]>([
    [true, "foo"],
    ["", "foo"],
    ["a=1; b", "foo; a=1; b"],
    [false, null],
    [null, null],
  ])("F99: accept() gives %j, the answer is %j", (accept, answer) => {
    const stub = new Stub("foo", { accept });
    expect(serverExtensionsHandshake(["foo; x=1"], [stub])).toBe(answer);
    expect(stub.heard).toEqual(["foo; x=1"]);
  });

  test("F99: without offers, without extensions and without a match nothing is answered", () => {
    expect(serverExtensionsHandshake([], [new Stub("foo")])).toBeNull();
    expect(serverExtensionsHandshake(["foo"], [])).toBeNull();
    expect(serverExtensionsHandshake(["foo"], [new Stub("bar"), new Stub("Foo")])).toBeNull();
  });

  test("R7692-5-01, F99: of each name the first offer that is accepted counts, by the first that accepts it", () => {
    const [first, second] = [new Stub("a", { accept: false }), new Stub("a", { accept: "s" })];
    const other = new Stub("b");
    const result = negotiateExtensions(["b", "a; 1", "a; 2", "b; 3"], [first, second, other]);
    expect(result).toEqual({ value: "b, a; s", extensions: [other, second] });
    expect(first.heard).toEqual(["a; 1"]);
    expect(second.heard).toEqual(["a; 1"]);
    expect(other.heard).toEqual(["b"]);
  });

  test("D11, R6455-9.1-03: those accepted are in the order of the answer", () => {
    const [a, b] = [new Stub("a"), new Stub("b")];
    expect(negotiateExtensions(["b", "a"], [a, b])).toEqual({ value: "b, a", extensions: [b, a] });
    expect(negotiateExtensions(["a", "b"], [a, b])).toEqual({ value: "a, b", extensions: [a, b] });
  });

  test("R6455-9-01, R6455-4.2.2-06: nothing is answered that was not offered", () => {
    const names = fc.array(fc.constantFrom<string>("a", "b", "c", "d", "permessage-deflate"));
    const accept = fc.constantFrom<boolean | string | null>(true, false, null, "", "x=1");
    const supported = fc.array(fc.tuple(fc.constantFrom("a", "b", "c", "x"), accept));
    fc.assert(
      fc.property(names, supported, (offers, stubs) => {
        const extensions = stubs.map(([name, answer]) => new Stub(name, { accept: answer }));
        const result = negotiateExtensions(offers, extensions);
        const answered = result.value?.split(", ").map((text) => text.split("; ")[0]) ?? [];
        expect(answered.filter((name) => !offers.includes(name ?? ""))).toEqual([]);
        expect(new Set(answered).size).toBe(answered.length);
        expect(result.extensions.map(({ name }) => name)).toEqual(answered);
        expect(result.value).not.toBe("");
      }),
    );
  });

  test("R6455-9.1-01: one malformed element, and nothing is accepted", () => {
    const stub = new Stub("a");
    const error = failureOf(() => serverExtensionsHandshake(["a", "b;"], [stub]));
    expect(error.code).toBe("ERR_EXTENSION");
    expect(error.eventHint).toEqual(new RejectConnection());
    expect(stub.heard).toEqual([]);
  });

  test("R6455-9.1-04: an answer that has not the form of parameters is refused", () => {
    const stub = new Stub("a", { accept: "b, c" });
    expect(catchLocal(() => serverExtensionsHandshake(["a"], [stub])).code).toBe("ERR_EXTENSION");
  });

  test("WS-2017-0421, D17: names such as __proto__ are ordinary ones", () => {
    const names = ["__proto__", "constructor", "toString"];
    const stubs = names.map((name) => new Stub(name));
    expect(serverExtensionsHandshake(names, [])).toBeNull();
    expect(serverExtensionsHandshake(names, stubs)).toBe("__proto__, constructor, toString");
    expect(clientExtensionsHandshake(names, stubs)).toEqual(stubs);
    expect(failureOf(() => clientExtensionsHandshake(["__proto__"], [])).message).toBe(
      "unrecognized extension __proto__",
    );
  });
});

describe("clientExtensionsHandshake", () => {
  test("F100, D11: those accepted are finalized, in the order of the answer", () => {
    const [a, b, c] = [new Stub("a"), new Stub("b"), new Stub("c")];
    expect(clientExtensionsHandshake(["c; x=1", "a"], [a, b, c])).toEqual([c, a]);
    expect([a.heard, b.heard, c.heard]).toEqual([["a"], [], ["c; x=1"]]);
    expect(clientExtensionsHandshake([], [a])).toEqual([]);
  });

  test.each(["foo", "foo; bar", "Permessage-deflate"])(
    "F100, R7692-5-02, R6455-4.1-21: %s was not offered",
    (text) => {
      const error = failureOf(() => clientExtensionsHandshake([text], [new PerMessageDeflate()]));
      expect(error.message).toBe(`unrecognized extension ${text.split(";")[0]}`);
      expect(error.code).toBe("ERR_EXTENSION");
      expect(error.eventHint).toEqual(new RejectConnection());
    },
  );

  test("D13, F62: an extension accepted twice fails the connection", () => {
    const stubs = [new Stub("a"), new Stub("a")];
    const error = failureOf(() => clientExtensionsHandshake(["a", "a; x"], stubs));
    expect(error.message).toBe("extension a accepted twice");
    expect(error.eventHint).toEqual(new RejectConnection());
  });

  test("R6455-9.1-01: a malformed element fails before any other is finalized", () => {
    const stub = new Stub("a");
    expect(failureOf(() => clientExtensionsHandshake(["a", "a b"], [stub])).code).toBe(
      "ERR_EXTENSION",
    );
    expect(stub.heard).toEqual([]);
  });

  test("R7692-5-07: of several offers of one name, the first that takes the answer is in use", () => {
    const failure = new RemoteProtocolError("no", "ERR_EXTENSION");
    const [first, second, third] = [new Stub("a", { failure }), new Stub("a"), new Stub("a")];
    expect(clientExtensionsHandshake(["a"], [first, second, third])).toEqual([second]);
    expect(third.heard).toEqual([]);
    expect(failureOf(() => clientExtensionsHandshake(["a"], [first]))).toBe(failure);
  });

  test("F100: any other exception out of finalize() is passed on at once", () => {
    const failure = new Error("a fault of the extension");
    const stubs = [new Stub("a", { failure }), new Stub("a")];
    expect(() => clientExtensionsHandshake(["a"], stubs)).toThrow(failure);
    expect(stubs[1]?.heard).toEqual([]);
  });
});

describe("extensions together", () => {
  test.each<[string, Stub, Stub, string]>([
    ["one bit", new Stub("a", { bit: "rsv1" }), new Stub("b", { bit: "rsv1" }), "a"],
    ["one bit", new Stub("a", { bit: "rsv2" }), new Stub("b", { bit: "rsv2" }), "a"],
    ["one bit", new Stub("a", { bit: "rsv3" }), new Stub("b", { bit: "rsv3" }), "a"],
    ["two bits", new Stub("a", { bit: "rsv2" }), new Stub("b", { bit: "rsv3" }), "a, b"],
    ["no bits", new Stub("a"), new Stub("b"), "a, b"],
  ])("R7692-5-03: two that claim %s", (_what, a, b, answer) => {
    expect(serverExtensionsHandshake(["a", "b"], [a, b])).toBe(answer);
    if (answer === "a") {
      const error = failureOf(() => clientExtensionsHandshake(["a", "b"], [a, b]));
      expect(error.message).toBe("extension b accepted behind one that it cannot work behind");
      expect(error.eventHint).toEqual(new RejectConnection());
    } else {
      expect(clientExtensionsHandshake(["a", "b"], [a, b])).toEqual([a, b]);
    }
  });

  test("R7692-5-03: permessage-deflate and another extension with RSV1 exclude each other", () => {
    const other = new Stub("permessage-other", { bit: "rsv1" });
    const names = ["permessage-other", "permessage-deflate"];
    expect(serverExtensionsHandshake(names, [other, new PerMessageDeflate()])).toBe(
      "permessage-other",
    );
    const reversed = ["permessage-deflate", "permessage-other"];
    expect(serverExtensionsHandshake(reversed, [other, new PerMessageDeflate()])).toBe(
      "permessage-deflate",
    );
    failureOf(() => clientExtensionsHandshake(names, [other, new PerMessageDeflate()]));
    failureOf(() => clientExtensionsHandshake(reversed, [other, new PerMessageDeflate()]));
  });

  test("R7692-5-04: permessage-deflate never stands behind an extension that works on frames", () => {
    const frames = new Stub("x", { worksOn: "frame", bit: "rsv2" });
    const behind = ["x", "permessage-deflate"];
    const before = ["permessage-deflate", "x"];
    const declined = new PerMessageDeflate();
    expect(serverExtensionsHandshake(behind, [frames, declined])).toBe("x");
    expect(declined.enabled()).toBe(false);
    expect(serverExtensionsHandshake(before, [frames, new PerMessageDeflate()])).toBe(
      "permessage-deflate, x",
    );
    failureOf(() => clientExtensionsHandshake(behind, [frames, new PerMessageDeflate()]));
    const deflate = new PerMessageDeflate();
    expect(clientExtensionsHandshake(before, [frames, deflate])).toEqual([deflate, frames]);
  });

  test("R7692-5-04: it may stand behind one that works on messages or on neither", () => {
    for (const other of [new Stub("x", { worksOn: "message" }), new Stub("x")]) {
      const offers = ["x", "permessage-deflate"];
      expect(serverExtensionsHandshake(offers, [other, new PerMessageDeflate()])).toBe(
        "x, permessage-deflate",
      );
    }
  });

  test("R7692-5-04: an offer that could not follow is not shown to the extension", () => {
    const stub = new Stub("m", { worksOn: "message" });
    serverExtensionsHandshake(["x", "m"], [new Stub("x", { worksOn: "frame" }), stub]);
    expect(stub.heard).toEqual([]);
  });
});
