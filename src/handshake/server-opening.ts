import { Connection, type ConnectionOptions } from "../connection.ts";
import { LocalProtocolError } from "../errors.ts";
import type { AcceptConnection, RejectConnection } from "../events.ts";
import type { HeaderList } from "../headers.ts";
import { BodyWriter } from "../http/body.ts";
import { HttpFault } from "../http/fault.ts";
import { HeadReader } from "../http/head.ts";
import { REQUEST_HEAD, type RequestLine } from "../http/start-line.ts";
import type { Limits } from "../limits.ts";
import { SERVER } from "../states.ts";
import { EarlyData } from "./early-data.ts";
import type { Emit, HandshakeEvent, Opening } from "./opening.ts";
import { type OpeningRequest, readOpeningRequest } from "./opening-request.ts";
import { writeRefusal, writeSwitchingProtocols } from "./opening-response.ts";

/** The server's part: reads the request, sends the response (RFC 6455, 4.2). */
export class ServerOpening implements Opening {
  readonly #options: ConnectionOptions;
  readonly #head: HeadReader<RequestLine>;
  readonly #earlyData: EarlyData;
  #opening: (OpeningRequest & { readonly key: string }) | null = null;
  /** Whether a request came whole, from octets or parsed by something else. */
  #requested: boolean = false;
  #ended: boolean = false;
  /** The body of a refusal. */
  #body: BodyWriter | null = null;
  #connection: Connection | null = null;

  constructor(limits: Limits, options: ConnectionOptions) {
    this.#options = options;
    this.#head = new HeadReader(REQUEST_HEAD, limits);
    this.#earlyData = new EarlyData(limits.earlyData);
  }

  get connection(): Connection | null {
    return this.#connection;
  }

  /** Whether something of a request has been received. */
  get begun(): boolean {
    return this.#opening !== null || this.#head.begun;
  }

  send(event: HandshakeEvent): Uint8Array {
    switch (event.type) {
      case "Request":
        throw new LocalProtocolError("a server sends no Request", "ERR_STATE");
      case "AcceptConnection":
        return this.#sendAccept(event);
      case "RejectConnection":
        return this.#sendReject(event);
      case "RejectData":
        // The state allows it only behind a RejectConnection with a body.
        return this.#body!.write(event.data, { last: event.bodyFinished });
    }
  }

  receive(chunk: Uint8Array, emit: Emit): void {
    let offset = 0;
    if (this.#opening === null) {
      offset = this.#head.read(chunk, 0);
      if (!this.#head.complete) return;
      // A complete head has a start line.
      this.receiveRequest(this.#head.start!, this.#head.headers, emit);
    }
    if (offset < chunk.length) this.#earlyData.add(chunk.subarray(offset));
  }

  /** Takes a request, of which line and fields were checked. Throws as `receive`. */
  receiveRequest(line: RequestLine, headers: HeaderList, emit: Emit): void {
    this.#requested = true;
    this.#opening = readOpeningRequest(line, headers);
    emit(this.#opening.request);
  }

  end(): void {
    this.#ended = true;
    if (this.#opening === null && this.#head.begun) {
      throw new HttpFault("the stream ended inside a request", "ERR_STREAM_ENDED");
    }
  }

  #sendAccept(event: AcceptConnection): Uint8Array {
    if (this.#opening === null) {
      throw new LocalProtocolError("an AcceptConnection before a request", "ERR_STATE");
    }
    if (this.#ended) {
      throw new LocalProtocolError("an AcceptConnection after the end of the stream", "ERR_STATE");
    }
    const { octets, extensions } = writeSwitchingProtocols(event, this.#opening);
    this.#connection = new Connection(SERVER, extensions, this.#earlyData.take(), this.#options);
    return octets;
  }

  #sendReject(event: RejectConnection): Uint8Array {
    const knowsChunks = this.#requested || this.#head.start !== null;
    const { octets, framing } = writeRefusal(event, { knowsChunks });
    if (event.hasBody) this.#body = new BodyWriter(framing);
    return octets;
  }
}
