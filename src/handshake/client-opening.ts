import { Connection, type ConnectionOptions } from "../connection.ts";
import { LocalProtocolError } from "../errors.ts";
import { RejectConnection, RejectData } from "../events.ts";
import { type BodyReader, createBodyReader } from "../http/body.ts";
import { HttpFault } from "../http/fault.ts";
import { mergeContentLength } from "../http/framing.ts";
import { readFraming } from "../http/framing.ts";
import { HeadReader } from "../http/head.ts";
import { RESPONSE_HEAD, type StatusLine } from "../http/start-line.ts";
import type { Limits } from "../limits.ts";
import { CLIENT } from "../states.ts";
import { generateNonce } from "./accept-key.ts";
import type { Emit, HandshakeEvent, Opening } from "./opening.ts";
import { type OpeningOffer, writeOpeningRequest } from "./opening-request.ts";
import { readSwitchingProtocols } from "./opening-response.ts";

const SWITCHING_PROTOCOLS = 101;
const NO_OCTETS: Uint8Array = new Uint8Array(0);

/** The client's part: sends the request, reads the response (RFC 6455, 4.1). */
export class ClientOpening implements Opening {
  readonly #limits: Limits;
  readonly #options: ConnectionOptions;
  #head: HeadReader<StatusLine>;
  /** The body of a refusal. */
  #body: BodyReader | null = null;
  #sent: { readonly key: string; readonly offer: OpeningOffer } | null = null;
  #ended: boolean = false;
  #connection: Connection | null = null;

  constructor(limits: Limits, options: ConnectionOptions) {
    this.#limits = limits;
    this.#options = options;
    this.#head = new HeadReader(RESPONSE_HEAD, limits);
  }

  get connection(): Connection | null {
    return this.#connection;
  }

  send(event: HandshakeEvent): Uint8Array {
    if (event.type !== "Request") {
      throw new LocalProtocolError(`a client sends no ${event.type}`, "ERR_STATE");
    }
    if (this.#sent !== null) {
      throw new LocalProtocolError("a second Request, expected one", "ERR_STATE");
    }
    if (this.#ended) {
      throw new LocalProtocolError("a Request after the end of the stream", "ERR_STATE");
    }
    const { octets, key, offer } = writeOpeningRequest(event, () =>
      generateNonce(this.#options.random),
    );
    this.#sent = { key, offer };
    return octets;
  }

  receive(chunk: Uint8Array, emit: Emit): void {
    let offset = 0;
    while (this.#body === null && offset < chunk.length) {
      offset = this.#head.read(chunk, offset);
      if (!this.#head.complete) return;
      // A complete head has a start line.
      const line = this.#head.start!;
      if (line.status === SWITCHING_PROTOCOLS) {
        this.#accept(chunk.subarray(offset), emit);
        return;
      }
      if (line.status >= 200) this.#refuse(line, emit);
      else this.#skipInterim();
    }
    this.#readBody(chunk, offset, emit);
  }

  end(emit: Emit): void {
    this.#ended = true;
    if (this.#body !== null) {
      this.#body.end();
      emit(new RejectData({ data: NO_OCTETS }));
    } else if (this.#sent !== null || this.#head.begun) {
      throw new HttpFault("the stream ended, expected a response", "ERR_STREAM_ENDED");
    }
  }

  #accept(trailingData: Uint8Array, emit: Emit): void {
    const { key, offer } = this.#requireRequest();
    const accept = readSwitchingProtocols(this.#head.headers, key, offer);
    this.#connection = new Connection(CLIENT, accept.extensions, trailingData, this.#options);
    emit(accept);
  }

  /** RFC 9110, 15.2: a client reads on after interim responses, whatever they are. */
  #skipInterim(): void {
    this.#requireRequest();
    this.#head = new HeadReader(RESPONSE_HEAD, this.#limits);
  }

  #requireRequest(): { readonly key: string; readonly offer: OpeningOffer } {
    if (this.#sent !== null) return this.#sent;
    throw new HttpFault("a response without a request, expected at most a refusal");
  }

  /** The response is an ordinary one of HTTP, with or without a request: a server may answer before (408). */
  #refuse(line: StatusLine, emit: Emit): void {
    const { headers } = this.#head;
    this.#body = createBodyReader(readFraming(line, headers), this.#limits.chunkLine);
    emit(
      new RejectConnection({
        statusCode: line.status,
        headers: mergeContentLength(headers),
        hasBody: true,
      }),
    );
  }

  /** What is behind the body is not looked at. */
  #readBody(chunk: Uint8Array, offset: number, emit: Emit): void {
    const body = this.#body;
    if (body === null) return;
    body.read(chunk, offset, (data) => emit(new RejectData({ data, bodyFinished: false })));
    if (body.complete) emit(new RejectData({ data: NO_OCTETS }));
  }
}
