import { createDeflater, createInflater, type Deflater, type Inflater } from "#platform";
import { LocalProtocolError, RemoteProtocolError } from "../errors.ts";
import { RejectConnection } from "../events.ts";
import { CloseCode } from "../frames/close.ts";
import { isControl, Opcode, type RsvBits } from "../frames/opcode.ts";
import {
  agreedBy,
  answerTo,
  type DeflateSettings,
  offerOf,
  readDeflateParameters,
} from "./deflate-offer.ts";
import { Extension, type FrameContext, NO_RSV_BITS } from "./extension.ts";
import { formatParameter, parseExtension } from "./header.ts";

/** What a PerMessageDeflate is made from. Members that are left out or undefined have their defaults. */
export interface PerMessageDeflateOptions {
  /** Whether the client compresses each message on its own. False. */
  readonly clientNoContextTakeover?: boolean | undefined;
  /** Whether the server compresses each message on its own. False. */
  readonly serverNoContextTakeover?: boolean | undefined;
  /** Base-two logarithm of the client's window at most, 8 to 15. 15. */
  readonly clientMaxWindowBits?: number | undefined;
  /** Base-two logarithm of the server's window at most, 8 to 15. 15. */
  readonly serverMaxWindowBits?: number | undefined;
  /** How hard the own compressor tries: 0 (stored) to 9 (smallest), -1 for the codec's default. -1. */
  readonly level?: number | undefined;
  /** How much memory the own compressor takes, 1 to 9. 8. */
  readonly memLevel?: number | undefined;
  /**
   * Messages with fewer octets go uncompressed, unless they ask for compression. 0. A message in several pieces
   * counts as large, since its first piece decides.
   */
  readonly threshold?: number | undefined;
}

const rsv1: RsvBits = { rsv1: true, rsv2: false, rsv3: false };

/** The "Per-Message Compressed" bit (RFC 7692, 6). */
const RSV1: typeof rsv1 = Object.freeze(rsv1);

/** What a sender takes off the end of a message and a receiver puts back (RFC 7692, 7.2.1 and 7.2.2). */
const TAIL: Uint8Array = Uint8Array.of(0x00, 0x00, 0xff, 0xff);

const NOTHING: Uint8Array = new Uint8Array(0);

/**
 * The extension permessage-deflate (RFC 7692): messages compressed with DEFLATE (RFC 1951).
 *
 * An object belongs to one connection: it holds the windows of both directions. Once it has been negotiated, to offer
 * or negotiate it again is a LocalProtocolError. An offer that it declined leaves no trace in it.
 *
 * Secrets and text that an attacker chose should not be compressed together (8): see `compress` of the messages.
 */
export class PerMessageDeflate extends Extension {
  readonly name = "permessage-deflate" as const;
  override readonly reservedBits: RsvBits = RSV1;
  override readonly worksOn = "message" as const;
  override readonly sparesUnmarked: boolean = true;

  /** Before the negotiation what this end wants, after it what was agreed. */
  #settings: DeflateSettings;
  readonly #level: number;
  readonly #memLevel: number;
  readonly #threshold: number;
  #negotiated = false;
  #released = false;

  // Made with the first message that needs them.
  #inflater: Inflater | null = null;
  #deflater: Deflater | null = null;

  /** Whether the message being received is compressed. Control frames within it leave this alone. */
  #inflating = false;
  /** Whether the frame being received is a part of it. */
  #inflatingFrame = false;
  /** Whether the message being sent is compressed. */
  #deflating = false;

  /**
   * @throws TypeError for an option of another type, RangeError for a number out of its range.
   */
  constructor(options: PerMessageDeflateOptions = {}) {
    super();
    this.#settings = {
      clientNoContextTakeover: flag("clientNoContextTakeover", options.clientNoContextTakeover),
      serverNoContextTakeover: flag("serverNoContextTakeover", options.serverNoContextTakeover),
      clientMaxWindowBits: whole("clientMaxWindowBits", options.clientMaxWindowBits, 15, 8, 15),
      serverMaxWindowBits: whole("serverMaxWindowBits", options.serverMaxWindowBits, 15, 8, 15),
    };
    this.#level = whole("level", options.level, -1, -1, 9);
    this.#memLevel = whole("memLevel", options.memLevel, 8, 1, 9);
    this.#threshold = whole("threshold", options.threshold, 0, 0, Infinity);
  }

  get clientNoContextTakeover(): boolean {
    return this.#settings.clientNoContextTakeover;
  }

  get serverNoContextTakeover(): boolean {
    return this.#settings.serverNoContextTakeover;
  }

  /** Base-two logarithm of the window that the client's compressor may use. */
  get clientMaxWindowBits(): number {
    return this.#settings.clientMaxWindowBits;
  }

  /** Base-two logarithm of the window that the server's compressor may use. */
  get serverMaxWindowBits(): number {
    return this.#settings.serverMaxWindowBits;
  }

  override enabled(): boolean {
    return this.#negotiated;
  }

  /**
   * The parameters to offer: both windows, then the flags that are set.
   * @throws LocalProtocolError if it has been negotiated already.
   */
  offer(): string {
    this.#requireFresh();
    return offerOf(this.#settings).map(formatParameter).join("; ");
  }

  /**
   * The parameters of the answer, "" for none; null declines an offer whose parameters are unknown, repeated or wrong.
   * @throws LocalProtocolError if it has been negotiated already.
   * @throws RemoteProtocolError if the offer is not an element of the header at all (RFC 6455, 9.1).
   */
  override accept(offer: string): string | null {
    this.#requireFresh();
    const offered = readDeflateParameters(parseExtension(offer).parameters);
    if (typeof offered === "string") return null;
    const { agreed, answer } = answerTo(offered, this.#settings);
    this.#settings = agreed;
    this.#negotiated = true;
    return answer.map(formatParameter).join("; ");
  }

  /**
   * @throws LocalProtocolError if it has been negotiated already.
   * @throws RemoteProtocolError if the answer has wrong parameters or is none to what was offered.
   */
  override finalize(answer: string): void {
    this.#requireFresh();
    const answered = readDeflateParameters(parseExtension(answer).parameters);
    const agreed = typeof answered === "string" ? answered : agreedBy(answered, this.#settings);
    if (typeof agreed === "string") {
      throw new RemoteProtocolError(
        `bad answer for permessage-deflate: ${agreed}`,
        "ERR_EXTENSION",
        new RejectConnection(),
      );
    }
    this.#settings = agreed;
    this.#negotiated = true;
  }

  override frameInboundHeader(
    _context: FrameContext,
    opcode: Opcode,
    rsv: RsvBits,
    _payloadLength: number,
  ): RsvBits | number {
    if (opcode === Opcode.TEXT || opcode === Opcode.BINARY) {
      this.#inflating = rsv.rsv1;
      this.#inflatingFrame = rsv.rsv1;
      return RSV1;
    }
    // Only the first frame of a message says that it is compressed (6.1).
    if (rsv.rsv1) return CloseCode.PROTOCOL_ERROR;
    this.#inflatingFrame = this.#inflating && opcode === Opcode.CONTINUATION;
    return NO_RSV_BITS;
  }

  override frameInboundPayloadData(context: FrameContext, data: Uint8Array): Uint8Array | number {
    return this.#inflatingFrame ? this.#inflate(context, data) : data;
  }

  override frameInboundComplete(context: FrameContext, fin: boolean): Uint8Array | number | null {
    if (!fin || !this.#inflatingFrame) return null;
    const data = this.#inflate(context, TAIL);
    this.#inflating = false;
    const { serverNoContextTakeover, clientNoContextTakeover } = this.#settings;
    if (context.client ? serverNoContextTakeover : clientNoContextTakeover) this.#inflater?.reset();
    return data;
  }

  override frameOutbound(
    context: FrameContext,
    opcode: Opcode,
    rsv: RsvBits,
    data: Uint8Array,
    fin: boolean,
  ): { readonly rsv: RsvBits; readonly data: Uint8Array } {
    if (isControl(opcode)) return { rsv, data };
    const first = opcode !== Opcode.CONTINUATION;
    if (first) this.#deflating = this.#wantsToDeflate(context, data, fin);
    if (!this.#deflating) return { rsv, data };
    const compressed = this.#deflate(context, data, fin);
    return { rsv: first ? withRsv1(rsv) : rsv, data: compressed };
  }

  override release(): void {
    this.#released = true;
    this.#deflating = false;
    this.#inflater?.close();
    this.#deflater?.close();
    this.#inflater = null;
    this.#deflater = null;
  }

  /** As Python's wsproto prints it: `<PerMessageDeflate client_max_window_bits=15; …>`. */
  override toString(): string {
    return `<PerMessageDeflate ${offerOf(this.#settings).map(formatParameter).join("; ")}>`;
  }

  #requireFresh(): void {
    if (!this.#negotiated) return;
    throw new LocalProtocolError(
      "this PerMessageDeflate belongs to a connection already: make one for each connection",
      "ERR_EXTENSION",
    );
  }

  #inflate(context: FrameContext, data: Uint8Array): Uint8Array | number {
    if (this.#released) return NOTHING;
    const { serverMaxWindowBits, clientMaxWindowBits } = this.#settings;
    this.#inflater ??= createInflater(context.client ? serverMaxWindowBits : clientMaxWindowBits);
    const inflated = this.#inflater.inflate(data, context.budget);
    if (typeof inflated !== "string") return inflated;
    this.release();
    return inflated === "corrupt"
      ? CloseCode.INVALID_FRAME_PAYLOAD_DATA
      : CloseCode.MESSAGE_TOO_BIG;
  }

  #wantsToDeflate(context: FrameContext, data: Uint8Array, fin: boolean): boolean {
    if (this.#released) return false;
    return context.compress ?? (!fin || data.length >= this.#threshold);
  }

  #deflate(context: FrameContext, data: Uint8Array, fin: boolean): Uint8Array {
    const settings = this.#settings;
    this.#deflater ??= createDeflater({
      windowBits: context.client ? settings.clientMaxWindowBits : settings.serverMaxWindowBits,
      level: this.#level,
      memLevel: this.#memLevel,
    });
    const deflated = this.#deflater.deflate(data, fin);
    if (!fin) return deflated;
    if (context.client ? settings.clientNoContextTakeover : settings.serverNoContextTakeover) {
      this.#deflater.reset();
    }
    // With nothing to flush the codec gives nothing; an empty message is an empty block, one octet 00 (7.2.3.6).
    if (deflated.length === 0) return new Uint8Array(1);
    return deflated.subarray(0, deflated.length - TAIL.length);
  }
}

function withRsv1(rsv: RsvBits): RsvBits {
  return rsv.rsv2 || rsv.rsv3 ? { ...rsv, rsv1: true } : RSV1;
}

function flag(name: string, value: boolean | undefined): boolean {
  if (value === undefined) return false;
  if (typeof value === "boolean") return value;
  throw new TypeError(`${name} must be a boolean, not ${typeof value}`);
}

function whole(
  name: string,
  value: number | undefined,
  byDefault: number,
  least: number,
  most: number,
): number {
  if (value === undefined) return byDefault;
  if (typeof value !== "number")
    throw new TypeError(`${name} must be a number, not ${typeof value}`);
  if ((Number.isInteger(value) || value === Infinity) && value >= least && value <= most)
    return value;
  throw new RangeError(`${name} must be a whole number from ${least} to ${most}, not ${value}`);
}
