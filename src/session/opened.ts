import type { HeaderList } from "../headers.ts";

/** The opening request, as the server received it or the client sent it. */
export interface OpeningInfo {
  readonly host: string;
  readonly target: string;
  readonly headers: HeaderList;
  /** The subprotocols offered. */
  readonly subprotocols: readonly string[];
}

/** What the opening handshake has settled. */
export interface Opened<Opening extends OpeningInfo> {
  readonly request: Opening;
  /** The subprotocol in use, or null. */
  readonly subprotocol: string | null;
  /** The headers of the response beyond those of the handshake: cookies, say. */
  readonly responseHeaders: HeaderList;
  /** The names of the extensions in use, in the order of their application. */
  readonly extensions: readonly string[];
}
