import { readFileSync } from "node:fs";

/** Octets: hex, readable text, a repetition, or an array of these to be joined. */
export type BytesValue =
  | string
  | { readonly ascii: string }
  | { readonly repeat: string; readonly times: number }
  | readonly BytesValue[];

/** Text, or an array of texts and repetitions to be joined. */
export type TextValue =
  | string
  | readonly (string | { readonly repeat: string; readonly times: number })[];

type HeadersValue = readonly (readonly [name: TextValue, value: TextValue])[];

interface DeflateValue {
  readonly kind?: undefined;
  readonly name: string;
  readonly clientNoContextTakeover?: boolean;
  readonly serverNoContextTakeover?: boolean;
  readonly clientMaxWindowBits?: number;
  readonly serverMaxWindowBits?: number;
  readonly finalize?: string;
  readonly acceptOffer?: string;
}

export interface FakeValue {
  readonly kind: "fake";
  readonly name: string;
  readonly offer: boolean | string;
  readonly accept: boolean | string | null;
}

export interface ProbeValue {
  readonly kind: "probe";
  readonly name: string;
  readonly rsv: 1 | 2 | 3;
  readonly inSuffix: string;
  readonly outSuffix: string;
  readonly refuseOpcode: number | null;
  readonly refusePayload: string | null;
  readonly code: number;
}

/** How to make an extension. */
export type ExtensionValue = DeflateValue | FakeValue | ProbeValue;

/** What became of an extension. */
export interface ExtensionOutcome {
  readonly name: string;
  readonly enabled: boolean;
  readonly clientNoContextTakeover?: boolean;
  readonly serverNoContextTakeover?: boolean;
  readonly clientMaxWindowBits?: number;
  readonly serverMaxWindowBits?: number;
}

interface RequestValue<ExtensionForm> {
  readonly type: "Request";
  readonly host: string;
  readonly target: TextValue;
  readonly extensions: readonly (ExtensionForm | string)[];
  readonly extraHeaders: HeadersValue;
  readonly subprotocols: readonly string[];
}

interface AcceptConnectionValue<ExtensionForm> {
  readonly type: "AcceptConnection";
  readonly subprotocol: string | null;
  readonly extensions: readonly ExtensionForm[];
  readonly extraHeaders: HeadersValue;
}

interface RejectConnectionValue {
  readonly type: "RejectConnection";
  readonly statusCode: number;
  readonly headers: HeadersValue;
  readonly hasBody: boolean;
}

interface RejectDataValue {
  readonly type: "RejectData";
  readonly data: BytesValue;
  readonly bodyFinished: boolean;
}

interface CloseConnectionValue<Code> {
  readonly type: "CloseConnection";
  readonly code: Code;
  readonly reason: string | null;
  readonly parseFailure?: true;
}

interface TextMessageValue {
  readonly type: "TextMessage";
  readonly data: TextValue;
  readonly frameFinished: boolean;
  readonly messageFinished: boolean;
}

interface BytesMessageValue {
  readonly type: "BytesMessage";
  readonly data: BytesValue;
  readonly frameFinished: boolean;
  readonly messageFinished: boolean;
}

interface ControlValue {
  readonly type: "Ping" | "Pong";
  readonly payload: BytesValue;
}

type CommonEventValue =
  | RejectConnectionValue
  | RejectDataValue
  | TextMessageValue
  | BytesMessageValue
  | ControlValue;

/** An event to be sent. */
export type EventToSend =
  | RequestValue<ExtensionValue>
  | AcceptConnectionValue<ExtensionValue>
  | CloseConnectionValue<number | null>
  | CommonEventValue;

/** An event that was received. */
export type ReceivedEvent =
  | RequestValue<never>
  | AcceptConnectionValue<ExtensionOutcome>
  | CloseConnectionValue<number>
  | CommonEventValue;

export interface ErrorValue {
  readonly class: string;
  readonly message: string;
  readonly eventHint?: ReceivedEvent;
}

export interface SemanticValue {
  readonly kind: "deflate";
  readonly windowBits: number;
  readonly takeover: boolean;
}

/** What was recorded beside the operation's own results. */
interface Recorded {
  readonly error?: ErrorValue;
  readonly errorIn?: "receive" | "events";
  readonly state?: string;
}

export interface SendStep extends Recorded {
  readonly op: "send";
  readonly event: EventToSend;
  readonly bytes?: BytesValue;
  readonly semantic?: SemanticValue;
}

export interface ReceiveStep extends Recorded {
  readonly op: "receive";
  readonly data: BytesValue | null;
  readonly events: readonly ReceivedEvent[];
}

export interface FeedStep extends Recorded {
  readonly op: "feed";
  readonly data: BytesValue | null;
}

export interface EventsStep extends Recorded {
  readonly op: "events";
  readonly events: readonly ReceivedEvent[];
}

export interface InitiateUpgradeStep extends Recorded {
  readonly op: "initiateUpgrade";
  readonly headers: HeadersValue;
  readonly path: string;
  readonly events: readonly ReceivedEvent[];
}

export interface CallStep extends Recorded {
  readonly op: "call";
  readonly method: "offer" | "accept" | "finalize";
  readonly args: readonly string[];
  readonly result?: boolean | string | null;
  readonly extension: ExtensionOutcome;
}

export interface HandshakeFunctionStep extends Recorded {
  readonly op: "serverExtensionsHandshake" | "clientExtensionsHandshake";
  readonly texts: readonly string[];
  readonly extensions: readonly ExtensionValue[];
  readonly result?: string | null | readonly string[];
  readonly after: readonly ExtensionOutcome[];
}

export type ConnectionStep = SendStep | ReceiveStep | FeedStep | EventsStep | InitiateUpgradeStep;
export type Step = ConnectionStep | CallStep | HandshakeFunctionStep;

export interface Scenario {
  readonly id: string;
  readonly group: string;
  readonly description: string;
  readonly type: "WSConnection" | "Connection" | "H11Handshake" | "PerMessageDeflate" | "function";
  readonly role?: "client" | "server";
  readonly extensions?: readonly ExtensionValue[];
  readonly trailingData?: BytesValue;
  readonly nonce?: string;
  readonly mask?: string;
  readonly masks?: readonly string[];
  readonly compare?: "coalesced";
  readonly deviation?: string;
  readonly deviationKind?: "bug" | "lenient" | "strict" | "leak" | "quirk" | "platform";
  readonly deviationFrom?: number;
  readonly steps: readonly Step[];
}

/** The members that the interpreter reads: anything else in the file would go unnoticed otherwise. */
export const SCENARIO_MEMBERS: readonly (keyof Scenario)[] = [
  "id",
  "group",
  "description",
  "type",
  "role",
  "extensions",
  "trailingData",
  "nonce",
  "mask",
  "masks",
  "compare",
  "deviation",
  "deviationKind",
  "deviationFrom",
  "steps",
];

const connectionMembers = ["op", "error", "errorIn", "state"];

export const STEP_MEMBERS: Readonly<Record<Step["op"], readonly string[]>> = {
  send: [...connectionMembers, "event", "bytes", "semantic"],
  receive: [...connectionMembers, "data", "events"],
  feed: [...connectionMembers, "data"],
  events: [...connectionMembers, "events"],
  initiateUpgrade: [...connectionMembers, "headers", "path", "events"],
  call: ["op", "error", "method", "args", "result", "extension"],
  serverExtensionsHandshake: ["op", "error", "texts", "extensions", "result", "after"],
  clientExtensionsHandshake: ["op", "error", "texts", "extensions", "result", "after"],
};

interface VectorsFile {
  readonly format: 1;
  readonly scenarios: readonly Scenario[];
}

function isVectorsFile(value: unknown): value is VectorsFile {
  if (typeof value !== "object" || value === null) return false;
  if (!("format" in value && "scenarios" in value)) return false;
  return value.format === 1 && Array.isArray(value.scenarios);
}

/** All scenarios of the file. */
export function readScenarios(): readonly Scenario[] {
  const text = readFileSync(new URL("./wsproto.json", import.meta.url), "utf8");
  const file: unknown = JSON.parse(text);
  if (!isVectorsFile(file)) throw new Error("wsproto.json is not in format 1");
  return file.scenarios;
}

/** The first step at which the engine may differ; the number of steps where it may not. */
export function firstFreeStep(scenario: Scenario): number {
  return scenario.deviation === undefined ? scenario.steps.length : (scenario.deviationFrom ?? 0);
}

export function bytesOf(value: BytesValue): Uint8Array {
  return new Uint8Array(bufferOf(value));
}

function bufferOf(value: BytesValue): Buffer {
  if (typeof value === "string") return Buffer.from(value, "hex");
  if ("ascii" in value) return Buffer.from(value.ascii, "latin1");
  if (!("repeat" in value)) return Buffer.concat(value.map(bufferOf));
  const unit = Buffer.from(value.repeat, "hex");
  return Buffer.alloc(unit.length * value.times, unit);
}

export function textOf(value: TextValue): string {
  if (typeof value === "string") return value;
  return value
    .map((part) => (typeof part === "string" ? part : part.repeat.repeat(part.times)))
    .join("");
}

export function headersOf(value: HeadersValue): [name: string, value: string][] {
  return value.map(([name, text]) => [textOf(name), textOf(text)]);
}
