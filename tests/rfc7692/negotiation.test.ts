import { describe, expect, test } from "vitest";
import { RemoteProtocolError } from "../../src/errors.ts";
import { RejectConnection } from "../../src/events.ts";
import {
  clientExtensionsHandshake,
  offerExtensions,
  serverExtensionsHandshake,
} from "../../src/extensions/negotiation.ts";
import {
  PerMessageDeflate,
  type PerMessageDeflateOptions,
} from "../../src/extensions/permessage-deflate.ts";
import {
  clientOutcome,
  type Outcome,
  type Own,
  ownSettings,
  serverOutcome,
  wireNames,
  write,
  type WrittenParameters,
  writtenValues,
  writtenWindows,
} from "./decision-table.ts";

function settingsOf(extension: PerMessageDeflate): Own {
  return {
    clientNoContextTakeover: extension.clientNoContextTakeover,
    serverNoContextTakeover: extension.serverNoContextTakeover,
    clientMaxWindowBits: extension.clientMaxWindowBits,
    serverMaxWindowBits: extension.serverMaxWindowBits,
  };
}

/** Every way to write the four parameters, wrong ones included, with the settings in turn. */
function* everyWriting(): Generator<[WrittenParameters, Own]> {
  let turn = 0;
  for (const clientNoContextTakeover of writtenValues) {
    for (const serverNoContextTakeover of writtenValues) {
      const flags = { clientNoContextTakeover, serverNoContextTakeover };
      for (const clientMaxWindowBits of writtenValues) {
        for (const serverMaxWindowBits of writtenValues) {
          const own = ownSettings[turn % ownSettings.length]!;
          yield [{ ...flags, clientMaxWindowBits, serverMaxWindowBits }, own];
          turn++;
        }
      }
    }
  }
}

/** Every pair of windows, with every setting. The flags are right. */
function* everyDecision(): Generator<[WrittenParameters, Own]> {
  for (const own of ownSettings) {
    for (const clientNoContextTakeover of [undefined, null]) {
      for (const serverNoContextTakeover of [undefined, null]) {
        const flags = { clientNoContextTakeover, serverNoContextTakeover };
        for (const clientMaxWindowBits of writtenWindows) {
          for (const serverMaxWindowBits of writtenWindows) {
            yield [{ ...flags, clientMaxWindowBits, serverMaxWindowBits }, own];
          }
        }
      }
    }
  }
}

/** One line for an outcome, whatever order its members are in. */
function line(outcome: Own & { readonly answer?: readonly string[] }): string {
  return [
    outcome.clientNoContextTakeover,
    outcome.serverNoContextTakeover,
    outcome.clientMaxWindowBits,
    outcome.serverMaxWindowBits,
    ...(outcome.answer ?? []),
  ].join(" ");
}

function acceptedLine(text: string, own: Own): string {
  const extension = new PerMessageDeflate(own);
  const answer = extension.accept(text);
  if (answer === null) return refusedLine(extension, own);
  const parameters = answer === "" ? [] : answer.split("; ").sort();
  return `${extension.enabled()} ${line({ ...settingsOf(extension), answer: parameters })}`;
}

function finalizedLine(text: string, own: Own): string {
  const extension = new PerMessageDeflate(own);
  try {
    extension.finalize(text);
  } catch (error) {
    return error instanceof RemoteProtocolError ? refusedLine(extension, own) : String(error);
  }
  return `${extension.enabled()} ${line(settingsOf(extension))}`;
}

function refusedLine(extension: PerMessageDeflate, own: Own): string {
  const trace = extension.enabled() || line(settingsOf(extension)) !== line(own);
  return trace ? "refused, with a trace" : "refused";
}

/** How many cases, how many of them came to an agreement, and a few of those decided in another way than by the model. */
function compare(
  cases: Iterable<readonly [WrittenParameters, Own]>,
  decide: (text: string, own: Own) => string,
  model: (written: WrittenParameters, own: Own) => Outcome | null,
): { count: number; agreements: number; different: string[] } {
  const different: string[] = [];
  let count = 0;
  let agreements = 0;
  for (const [written, own] of cases) {
    const text = write(written, count);
    const met = decide(text, own);
    const outcome = model(written, own);
    const expected = outcome === null ? "refused" : `true ${line(outcome)}`;
    if (outcome !== null) agreements++;
    if (met !== expected && different.length < 5) {
      different.push(`${text} with ${line(own)}: ${met}; expected: ${expected}`);
    }
    count++;
  }
  return { count, agreements, different };
}

describe("the decision table", { timeout: 60_000 }, () => {
  test("R7692-7-01, F106, D8, ws 8.21.3 (e97a20e): a server decides every offer as the table says", () => {
    const result = compare(everyWriting(), acceptedLine, serverOutcome);
    // Of 13 ways to write a value each flag has 2 right ones, the client's window 8, the server's 7.
    expect(result).toEqual({ count: 13 ** 4, agreements: 2 * 2 * 8 * 7, different: [] });
  });

  test("R7692-7-02, F105, D8, CVE-2026-2229: a client decides every answer as the table says", () => {
    const result = compare(everyWriting(), finalizedLine, clientOutcome);
    expect(result).toMatchObject({ count: 13 ** 4, different: [] });
    expect(result.agreements).toBeGreaterThan(50);
  });

  test("R7692-7.1.2.1-01, R7692-7.1.1.1-01, R7692-7.1.1.2-01: a server's settings limit what it accepts", () => {
    const result = compare(everyDecision(), acceptedLine, serverOutcome);
    expect(result).toEqual({
      count: 36 * 2 * 2 * 12 * 12,
      agreements: 36 * 2 * 2 * 10 * 9,
      different: [],
    });
  });

  test("R7692-5-06, R7692-7.1.2.2-02: a client's settings bind itself, the answer alone the server", () => {
    const result = compare(everyDecision(), finalizedLine, clientOutcome);
    // Of the server's windows 8 to 15 and none (15), as many are in reach as are not above 8, 11 and 15.
    expect(result).toEqual({
      count: 36 * 2 * 2 * 12 * 12,
      agreements: 4 * 3 * (1 + 4 + 9) * 2 * 2 * 9,
      different: [],
    });
  });

  test.each(Object.values(wireNames))("R7692-7-01: %s twice declines the offer", (name) => {
    const value = name.endsWith("bits") ? "=10" : "";
    const text = `permessage-deflate; ${name}${value}; ${name}${value}`;
    const fault = `${name} stands there twice`;
    expect(new PerMessageDeflate().accept(text)).toBeNull();
    expect(() => new PerMessageDeflate().finalize(text)).toThrow(fault);
  });

  test.each([
    "foo",
    "foo=1",
    "SERVER_NO_CONTEXT_TAKEOVER",
    "Client_max_window_bits=10",
    "server_no_context_takeover_x",
    "client_no_context",
    "server_max_window_bits_=10",
    "__proto__",
    "constructor=9",
  ])("R7692-7-01, R7692-7-02: the parameter %j is unknown and does not pass", (parameter) => {
    const text = `permessage-deflate; client_max_window_bits=10; ${parameter}`;
    expect(acceptedLine(text, ownSettings[0]!)).toBe("refused");
    expect(finalizedLine(text, ownSettings.at(-1)!)).toBe("refused");
  });

  test.each([
    ["permessage-deflate; foo=1", "foo is not a parameter of permessage-deflate"],
    ["permessage-deflate; server_max_window_bits", "server_max_window_bits has no value"],
    ["permessage-deflate; client_max_window_bits", "client_max_window_bits has no value"],
    [
      "permessage-deflate; server_max_window_bits=16",
      "server_max_window_bits must be from 8 to 15, not 16",
    ],
    [
      "permessage-deflate; client_max_window_bits=+9",
      "client_max_window_bits must be from 8 to 15, not +9",
    ],
    [
      "permessage-deflate; server_no_context_takeover=1",
      "server_no_context_takeover takes no value, not 1",
    ],
    [
      "permessage-deflate; server_max_window_bits=13",
      "server_max_window_bits is 13, offered was 12",
    ],
    ["permessage-deflate", "server_max_window_bits is 15, offered was 12"],
  ])("R7692-7-02: %s fails the connection with a hint", (text, fault) => {
    const extension = new PerMessageDeflate({ serverMaxWindowBits: 12 });
    const error = failureOf(() => extension.finalize(text));
    expect(error.message).toBe(`bad answer for permessage-deflate: ${fault}`);
    expect(error.code).toBe("ERR_EXTENSION");
    expect(error.eventHint).toEqual(new RejectConnection());
  });
});

function failureOf(act: () => unknown): RemoteProtocolError {
  try {
    act();
  } catch (error) {
    if (error instanceof RemoteProtocolError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("offers and answers in the header", () => {
  test("R7692-5-01: of several offers the first acceptable one is taken", () => {
    const server = new PerMessageDeflate();
    const offers = [
      "permessage-deflate; server_max_window_bits=16",
      "permessage-deflate; foo",
      "permessage-deflate; server_max_window_bits=11",
      "permessage-deflate; server_max_window_bits=12",
      "permessage-deflate",
    ];
    expect(serverExtensionsHandshake(offers, [server])).toBe(
      "permessage-deflate; server_max_window_bits=11",
    );
    expect(server.serverMaxWindowBits).toBe(11);
  });

  test("R7692-5-05: if every offer is declined, nothing is answered", () => {
    const server = new PerMessageDeflate();
    const offers = ["permessage-deflate; server_max_window_bits", "permessage-deflate; foo"];
    expect(serverExtensionsHandshake(offers, [server])).toBeNull();
    expect(server.enabled()).toBe(false);
  });

  test("D8: a declined offer leaves no trace", () => {
    const server = new PerMessageDeflate();
    const offers = [
      "permessage-deflate; client_no_context_takeover; client_max_window_bits=9; server_max_window_bits=7",
      "permessage-deflate",
    ];
    expect(serverExtensionsHandshake(offers, [server])).toBe("permessage-deflate");
    expect(settingsOf(server)).toEqual(settingsOf(new PerMessageDeflate()));
  });

  test.each<[PerMessageDeflateOptions, string, Own]>([
    [
      { clientNoContextTakeover: true, clientMaxWindowBits: 10, serverMaxWindowBits: 11 },
      "permessage-deflate; server_max_window_bits=9",
      {
        clientNoContextTakeover: true,
        serverNoContextTakeover: false,
        clientMaxWindowBits: 10,
        serverMaxWindowBits: 9,
      },
    ],
    [
      { serverNoContextTakeover: true },
      "permessage-deflate; client_no_context_takeover; client_max_window_bits=9",
      {
        clientNoContextTakeover: true,
        serverNoContextTakeover: false,
        clientMaxWindowBits: 9,
        serverMaxWindowBits: 15,
      },
    ],
  ])("R7692-5-06: %j offered, %s answered: the answer configures", (offered, answer, agreed) => {
    const client = new PerMessageDeflate(offered);
    expect(clientExtensionsHandshake([answer], [client])).toEqual([client]);
    expect(settingsOf(client)).toEqual(agreed);
  });

  test("R7692-5-07: after several offers an answer has to satisfy one of them", () => {
    const narrow = new PerMessageDeflate({ serverMaxWindowBits: 10 });
    const wide = new PerMessageDeflate();
    expect(offerExtensions([narrow, wide]).value).toBe(
      "permessage-deflate; client_max_window_bits=15; server_max_window_bits=10, " +
        "permessage-deflate; client_max_window_bits=15; server_max_window_bits=15",
    );
    expect(clientExtensionsHandshake(["permessage-deflate"], [narrow, wide])).toEqual([wide]);
    expect(narrow.enabled()).toBe(false);
    expect(wide.enabled()).toBe(true);
  });

  test("R7692-5-07, R7692-7.1.2.1-01: an answer that satisfies none of several offers fails", () => {
    const offers = [9, 10].map((bits) => new PerMessageDeflate({ serverMaxWindowBits: bits }));
    expect(
      failureOf(() => clientExtensionsHandshake(["permessage-deflate"], offers)).message,
    ).toContain("server_max_window_bits is 15, offered was 10");
    expect(offers.some((offer) => offer.enabled())).toBe(false);
  });

  test.each([
    ['permessage-deflate; server_max_window_bits="10"', 10],
    ['permessage-deflate; server_max_window_bits="\\1\\0"', 10],
    ["permessage-deflate ;\tserver_max_window_bits = 10", 10],
  ])("R7692-5.2-01: a quoted value counts as the plain one: %s", (text, bits) => {
    const server = new PerMessageDeflate();
    expect(serverExtensionsHandshake([text], [server])).toBe(
      `permessage-deflate; server_max_window_bits=${bits}`,
    );
    const client = new PerMessageDeflate();
    clientExtensionsHandshake([text], [client]);
    expect(client.serverMaxWindowBits).toBe(bits);
  });

  test("R7692-7.1.1.1-01: a server supports server_no_context_takeover and echoes it", () => {
    const server = new PerMessageDeflate();
    expect(server.accept("permessage-deflate; server_no_context_takeover")).toBe(
      "server_no_context_takeover",
    );
    expect(server.serverNoContextTakeover).toBe(true);
  });

  test("R7692-7.1.1.1-02, R7692-7.1.1.2-01: a server may add both flags unasked, a client takes them", () => {
    const server = new PerMessageDeflate({
      clientNoContextTakeover: true,
      serverNoContextTakeover: true,
    });
    const answer = serverExtensionsHandshake(["permessage-deflate"], [server]);
    expect(answer).toBe(
      "permessage-deflate; client_no_context_takeover; server_no_context_takeover",
    );
    const client = new PerMessageDeflate();
    clientExtensionsHandshake([answer!], [client]);
    expect(settingsOf(client)).toEqual(settingsOf(server));
  });

  test("R7692-7.1.2.1-01: server_max_window_bits unasked is taken", () => {
    const client = new PerMessageDeflate();
    clientExtensionsHandshake(["permessage-deflate; server_max_window_bits=8"], [client]);
    expect(client.serverMaxWindowBits).toBe(8);
  });

  test("R7692-7.1.2.2-01: client_max_window_bits is not answered unless it was offered", () => {
    const server = new PerMessageDeflate({ clientMaxWindowBits: 9 });
    expect(server.accept("permessage-deflate")).toBe("");
    expect(server.clientMaxWindowBits).toBe(15);
  });

  test("R7692-7.1.2.2-01: offered bare, client_max_window_bits is answered with the own setting", () => {
    const server = new PerMessageDeflate({ clientMaxWindowBits: 9 });
    expect(server.accept("permessage-deflate; client_max_window_bits")).toBe(
      "client_max_window_bits=9",
    );
  });

  test("R7692-7.1.2.2-02: an answer above the hint in the offer opens, and the own setting holds", () => {
    const client = new PerMessageDeflate({ clientMaxWindowBits: 10 });
    clientExtensionsHandshake(["permessage-deflate; client_max_window_bits=12"], [client]);
    expect(client.clientMaxWindowBits).toBe(10);
  });

  test("R7692-7.3-01: by default no window is below 1,024 octets, on either side", () => {
    const extension = new PerMessageDeflate();
    expect(extension.clientMaxWindowBits).toBe(15);
    expect(extension.serverMaxWindowBits).toBe(15);
    expect(extension.offer()).toBe("client_max_window_bits=15; server_max_window_bits=15");
  });
});
