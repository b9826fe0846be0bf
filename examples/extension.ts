/*
 * An extension of one's own: every text and binary message is sent with its octets reversed and RSV2 set. It composes
 * with permessage-deflate. `npm run example:extension`
 */
import assert from "node:assert/strict";
import {
  AcceptConnection,
  CLIENT,
  Extension,
  type FrameContext,
  MessageAssembler,
  Opcode,
  PerMessageDeflate,
  Request,
  type RsvBits,
  SERVER,
  TextMessage,
  WSConnection,
} from "wsproto";

const RSV2: RsvBits = { rsv1: false, rsv2: true, rsv3: false };
const NONE: RsvBits = { rsv1: false, rsv2: false, rsv3: false };
const EMPTY = new Uint8Array(0);

/** `x-reverse`: without parameters; frames are reversed one by one. */
class Reverse extends Extension {
  readonly name = "x-reverse";
  #enabled = false;
  /** The pieces of the frame being received, if it is reversed: they are given out at its end. */
  #pieces: Uint8Array[] | null = null;

  override enabled(): boolean {
    return this.#enabled;
  }

  offer(): boolean {
    return true;
  }

  override accept(): boolean {
    this.#enabled = true;
    return true;
  }

  override finalize(): void {
    this.#enabled = true;
  }

  override frameInboundHeader(_context: FrameContext, opcode: Opcode, rsv: RsvBits): RsvBits {
    const isData = opcode < Opcode.CLOSE;
    this.#pieces = isData && rsv.rsv2 ? [] : null;
    return isData ? RSV2 : NONE;
  }

  override frameInboundPayloadData(_context: FrameContext, data: Uint8Array): Uint8Array {
    if (this.#pieces === null) return data;
    this.#pieces.push(data);
    return EMPTY;
  }

  override frameInboundComplete(): Uint8Array | null {
    return this.#pieces === null
      ? null
      : Uint8Array.from(this.#pieces.flatMap((piece) => [...piece])).reverse();
  }

  override frameOutbound(
    _context: FrameContext,
    opcode: Opcode,
    rsv: RsvBits,
    data: Uint8Array,
  ): { rsv: RsvBits; data: Uint8Array } {
    if (opcode >= Opcode.CLOSE) return { rsv, data };
    return { rsv: { ...rsv, rsv2: true }, data: Uint8Array.from(data).reverse() };
  }
}

const client = new WSConnection(CLIENT);
const server = new WSConnection(SERVER);
const assembler = new MessageAssembler();

const extensions = [new PerMessageDeflate(), new Reverse()];
server.receiveData(client.send(new Request({ host: "example.com", target: "/", extensions })));
for (const event of server.events()) {
  if (event.type !== "Request") continue;
  const offers = event.extensions.filter((offer) => typeof offer === "string");
  console.log(`offered: ${offers.join(", ")}`);
  const accept = new AcceptConnection({ extensions: [new PerMessageDeflate(), new Reverse()] });
  client.receiveData(server.send(accept));
}
for (const event of client.events()) {
  if (event.type !== "AcceptConnection") continue;
  console.log(`in use: ${event.extensions.map(({ name }) => name).join(", ")}`);
}

const text = "Never odd or even. ".repeat(10);
const octets = client.send(new TextMessage({ data: text }));
console.log(`${text.length} characters left in ${octets.length} octets`);
server.receiveData(octets);
for (const event of server.events()) {
  if (event.type !== "TextMessage") continue;
  const message = assembler.push(event);
  if (message === null) continue;
  assert.equal(message.data, text);
  console.log(`received: ${JSON.stringify(message.data.slice(0, 38))}...`);
}
