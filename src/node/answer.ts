import { joinBytes } from "../bytes/join.ts";
import { encodeUtf8 } from "../bytes/utf8.ts";
import { type BytesInput, RejectConnection, RejectData, requireBytes } from "../events.ts";
import { type HeaderList, type HeadersInput, toHeaderList, typeName } from "../headers.ts";
import { SERVER } from "../states.ts";
import { WSConnection } from "../ws-connection.ts";
import { type OptionNames, requireNames } from "./options.ts";

/** Accepts a request. */
export interface Acceptance {
  /** One of the client's, or null for none; by default the client's first that the server has. */
  readonly subprotocol?: string | null | undefined;
  /** Headers of the response, such as `Set-Cookie`. */
  readonly headers?: HeadersInput | undefined;
}

/** Refuses a request, with an HTTP response. */
export interface Refusal {
  /** 200 to 999; 401, 403, 404 and the like. */
  readonly status: number;
  readonly headers?: HeadersInput | undefined;
  /** Text is sent as UTF-8. */
  readonly body?: string | BytesInput | undefined;
}

/** What a server answers to a request: true and undefined accept it, false refuses it with 403. */
export type Answer = boolean | undefined | Acceptance | Refusal;

const ACCEPTANCE_NAMES: OptionNames<Acceptance> = { subprotocol: true, headers: true };
const REFUSAL_NAMES: OptionNames<Refusal> = { status: true, headers: true, body: true };

/**
 * What an application has answered. Nothing but an acceptance may pass for one.
 * @throws TypeError for what is no Answer
 */
export function readAnswer(answer: unknown): Acceptance | Refusal {
  if (answer === true || answer === undefined) return {};
  if (answer === false) return { status: 403 };
  if (typeof answer !== "object" || answer === null) {
    throw new TypeError(`accept must give a boolean or an object, not ${typeName(answer)}`);
  }
  const names = "status" in answer ? REFUSAL_NAMES : ACCEPTANCE_NAMES;
  requireNames("the answer of accept", answer, names);
  return answer;
}

/**
 * The octets of a whole response that refuses, behind which the stream ends.
 * @param ws what has read the request
 * @throws LocalProtocolError, TypeError for a refusal that cannot be sent
 */
export function writeRefusal(ws: WSConnection, { status, headers, body }: Refusal): Uint8Array {
  const data =
    typeof body === "string"
      ? encodeUtf8(body)
      : body && requireBytes("the body of a refusal", body);
  const reject = new RejectConnection({
    statusCode: status,
    headers: closing(toHeaderList(headers), data),
    hasBody: data !== undefined,
  });
  const pieces = [ws.send(reject)];
  if (data !== undefined) pieces.push(ws.send(new RejectData({ data })));
  return joinBytes(
    pieces,
    pieces.reduce((size, piece) => size + piece.length, 0),
  );
}

/** The refusal where there is none that can be sent. */
export function writeBareRefusal(status: number): Uint8Array {
  return writeRefusal(new WSConnection(SERVER), { status });
}

/** `headers`, and those that a refusal has to have: its date (RFC 9110, 6.6.1), and that nothing follows. */
function closing(headers: HeaderList, body: Uint8Array | undefined): HeaderList {
  const names = new Set(headers.map(([name]) => name.toLowerCase()));
  const added: [string, string][] = [["Connection", "close"]];
  if (!names.has("date")) added.push(["Date", new Date().toUTCString()]);
  if (body !== undefined && !names.has("content-length")) {
    added.push(["Content-Length", String(body.length)]);
  }
  if (body !== undefined && !names.has("content-type")) {
    added.push(["Content-Type", "text/plain; charset=utf-8"]);
  }
  return [...headers.filter(([name]) => name.toLowerCase() !== "connection"), ...added];
}
