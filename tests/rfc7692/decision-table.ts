/*
 * The decision table of the negotiation (RFC 7692, 7.1), told a second time: on the texts of an offer, with none of the
 * engine's code.
 */

/** The text of a parameter's value as it stands in the header; null: without a value; undefined: not there. */
export type Written = string | null | undefined;

export interface WrittenParameters {
  readonly clientNoContextTakeover: Written;
  readonly serverNoContextTakeover: Written;
  readonly clientMaxWindowBits: Written;
  readonly serverMaxWindowBits: Written;
}

export interface Outcome {
  readonly clientNoContextTakeover: boolean;
  readonly serverNoContextTakeover: boolean;
  readonly clientMaxWindowBits: number;
  readonly serverMaxWindowBits: number;
  /** What the answer says: the parameters, sorted. None on a client. */
  readonly answer: readonly string[];
}

/** An end's settings. */
export type Own = Omit<Outcome, "answer">;

export const wireNames = {
  clientNoContextTakeover: "client_no_context_takeover",
  serverNoContextTakeover: "server_no_context_takeover",
  clientMaxWindowBits: "client_max_window_bits",
  serverMaxWindowBits: "server_max_window_bits",
} as const;

const windows = new Map(
  [8, 9, 10, 11, 12, 13, 14, 15].flatMap((bits) => {
    const text = String(bits);
    const escaped = text.replaceAll(/./g, "\\$&");
    return [text, `"${text}"`, `"${escaped}"`].map((written) => [written, bits] as const);
  }),
);

/** Ways to write a value, right ones and wrong ones. */
export const writtenValues: readonly Written[] = [
  undefined,
  null,
  ..."7 8 9 12 15 16 08 0x0f abc".split(" "),
  '"12"',
  '"\\1\\1"',
];

/** Every window, and those beyond, as they are written. */
export const writtenWindows: readonly Written[] = [
  undefined,
  null,
  ..."7 8 9 10 11 12 13 14 15 16".split(" "),
];

/** Every setting that differs in what it allows. */
export const ownSettings: readonly Own[] = [false, true].flatMap((clientNoContextTakeover) =>
  [false, true].flatMap((serverNoContextTakeover) =>
    [8, 11, 15].flatMap((clientMaxWindowBits) =>
      [8, 11, 15].map((serverMaxWindowBits) => ({
        clientNoContextTakeover,
        serverNoContextTakeover,
        clientMaxWindowBits,
        serverMaxWindowBits,
      })),
    ),
  ),
);

/** The header's element, its parameters in an order that depends on `turn`. */
export function write(parameters: WrittenParameters, turn: number): string {
  const written = [
    [wireNames.clientNoContextTakeover, parameters.clientNoContextTakeover] as const,
    [wireNames.serverMaxWindowBits, parameters.serverMaxWindowBits] as const,
    [wireNames.clientMaxWindowBits, parameters.clientMaxWindowBits] as const,
    [wireNames.serverNoContextTakeover, parameters.serverNoContextTakeover] as const,
  ].flatMap(([name, value]) =>
    value === undefined ? [] : [value === null ? name : `${name}=${value}`],
  );
  const first = turn % (written.length + 1);
  return ["permessage-deflate", ...written.slice(first), ...written.slice(0, first)].join("; ");
}

/** Null: the offer is declined. */
export function serverOutcome(offer: WrittenParameters, own: Own): Outcome | null {
  if (typeof offer.clientNoContextTakeover === "string") return null;
  if (typeof offer.serverNoContextTakeover === "string") return null;
  if (offer.serverMaxWindowBits === null) return null;
  if (isWrongWindow(offer.serverMaxWindowBits)) return null;
  if (isWrongWindow(offer.clientMaxWindowBits)) return null;
  const answer: string[] = [];

  let clientMaxWindowBits = 15;
  if (offer.clientMaxWindowBits !== undefined) {
    clientMaxWindowBits = own.clientMaxWindowBits;
    const offered = windowOf(offer.clientMaxWindowBits);
    if (offered < clientMaxWindowBits) clientMaxWindowBits = offered;
    answer.push(`client_max_window_bits=${clientMaxWindowBits}`);
  }
  let { serverMaxWindowBits } = own;
  if (offer.serverMaxWindowBits !== undefined) {
    const offered = windowOf(offer.serverMaxWindowBits);
    if (offered < serverMaxWindowBits) serverMaxWindowBits = offered;
    answer.push(`server_max_window_bits=${serverMaxWindowBits}`);
  }
  const clientNoContextTakeover =
    own.clientNoContextTakeover || offer.clientNoContextTakeover === null;
  if (clientNoContextTakeover) answer.push("client_no_context_takeover");
  const serverNoContextTakeover =
    own.serverNoContextTakeover || offer.serverNoContextTakeover === null;
  if (serverNoContextTakeover) answer.push("server_no_context_takeover");
  return {
    clientNoContextTakeover,
    serverNoContextTakeover,
    clientMaxWindowBits,
    serverMaxWindowBits,
    answer: answer.sort(),
  };
}

/** Null: the connection is failed. */
export function clientOutcome(answer: WrittenParameters, own: Own): Outcome | null {
  if (typeof answer.clientNoContextTakeover === "string") return null;
  if (typeof answer.serverNoContextTakeover === "string") return null;
  if (answer.serverMaxWindowBits === null || answer.clientMaxWindowBits === null) return null;
  if (isWrongWindow(answer.serverMaxWindowBits)) return null;
  if (isWrongWindow(answer.clientMaxWindowBits)) return null;
  const serverMaxWindowBits = windowOf(answer.serverMaxWindowBits);
  if (serverMaxWindowBits > own.serverMaxWindowBits) return null;
  const clientWindow = windowOf(answer.clientMaxWindowBits);
  return {
    clientNoContextTakeover: own.clientNoContextTakeover || answer.clientNoContextTakeover === null,
    serverNoContextTakeover: answer.serverNoContextTakeover === null,
    clientMaxWindowBits:
      clientWindow < own.clientMaxWindowBits ? clientWindow : own.clientMaxWindowBits,
    serverMaxWindowBits,
    answer: [],
  };
}

function isWrongWindow(written: Written): boolean {
  return typeof written === "string" && !windows.has(written);
}

/** 15 where nothing limits it. */
function windowOf(written: Written): number {
  return typeof written === "string" ? (windows.get(written) ?? Number.NaN) : 15;
}
