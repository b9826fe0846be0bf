import type { Scenario, SendStep, Step } from "./format.ts";
import { keptWording } from "./messages.ts";

/** A scenario in which one recorded value of one step is not what was recorded. */
export interface Alteration {
  readonly where: string;
  readonly scenario: Scenario;
  /** Where its steps start among those of the original: a step that is compared by itself stands alone. */
  readonly from: number;
}

/** Every alteration of a step that a comparison has to notice. */
export function* alterations(scenario: Scenario, index: number): Generator<Alteration> {
  const step = scenario.steps[index]!;
  const coalesced = scenario.compare === "coalesced";
  const whole = coalesced || ("semantic" in step && step.semantic !== undefined);
  for (const [what, altered] of alterStep(step, coalesced)) {
    const steps = whole ? scenario.steps.map((old) => (old === step ? altered : old)) : [altered];
    const where = `${scenario.id}, step ${index}: ${what}`;
    yield { where, scenario: { ...scenario, steps }, from: whole ? 0 : index };
  }
}

type Altered<Value> = Generator<[where: string, altered: Value]>;

function* alterStep(step: Step, coalesced: boolean): Altered<Step> {
  if (step.error === undefined) {
    yield ["an error", { ...step, error: { class: "LocalProtocolError", message: "" } }];
  } else {
    const { error: _error, ...rest } = step;
    yield ["no error", rest];
  }
  if (step.op === "send" && step.semantic !== undefined) {
    yield* alterCompressed(step);
    return;
  }
  const json: unknown = JSON.parse(JSON.stringify(step));
  if (!isFields(json)) throw new Error("a step has members");
  for (const name of ["error", "bytes", "events", "state", "result", "extension", "after"]) {
    const recorded = json[name];
    if (recorded === undefined) continue;
    for (const [where, altered] of alter(name, recorded, json, coalesced)) {
      yield [where, Object.assign({}, step, { [name]: altered })];
    }
  }
}

/** The bits of the frame's first octet, and what the message inflates to: the rest is the compressor's own. */
function* alterCompressed(step: SendStep): Altered<Step> {
  const { bytes, event } = step;
  if (typeof bytes === "string") {
    const first = Number.parseInt(bytes.slice(0, 2), 16);
    for (const bits of [0x80, 0x40, 0x03]) {
      const altered = (first ^ bits).toString(16).padStart(2, "0") + bytes.slice(2);
      yield [`bits ${bits} of the frame`, { ...step, bytes: altered }];
    }
  }
  if (event.type === "TextMessage") {
    const data = typeof event.data === "string" ? [event.data] : event.data;
    yield ["data", { ...step, event: { ...event, data: ["~", ...data] } }];
  } else if (event.type === "BytesMessage") {
    yield ["data", { ...step, event: { ...event, data: ["7e", event.data] } }];
  }
}

type Json = null | boolean | number | string | readonly Json[] | Fields;
interface Fields {
  readonly [name: string]: Json;
}

/** Lists that can lose an element and still be read. */
const lists = new Set([
  "events",
  "extensions",
  "extraHeaders",
  "headers",
  "subprotocols",
  "result",
  "after",
]);

/** Copies of `value`, the member `name` of `owner`, that say something else. */
function* alter(name: string, value: Json, owner: Fields, coalesced: boolean): Altered<Json> {
  if (isFree(name, value, owner, coalesced)) return;
  if (holdsBytes(name, owner)) {
    yield [name, ["7e", value]];
  } else if (name === "class") {
    yield [name, value === "RemoteProtocolError" ? "LocalProtocolError" : "RemoteProtocolError"];
  } else if (isList(value)) {
    if (lists.has(name) && value.length > 0 && !(coalesced && isEmptyPiece(value.at(-1)!))) {
      yield [`${name} without the last`, value.slice(0, -1)];
    }
    if (name === "events") yield ["one event more", [...value, { type: "Ping", payload: "" }]];
    for (const [index, element] of value.entries()) {
      for (const [where, altered] of alter(String(index), element, {}, coalesced)) {
        const copy = value.map((old, position) => (position === index ? altered : old));
        yield [`${name}.${where}`, copy];
      }
    }
  } else if (isFields(value)) {
    for (const [member, old] of Object.entries(value)) {
      for (const [where, altered] of alter(member, old, value, coalesced)) {
        yield [`${name}.${where}`, { ...value, [member]: altered }];
      }
    }
  } else {
    yield [name, alterScalar(value)];
  }
}

/** What does not have to be as recorded, or could not be read if it were not. */
function isFree(name: string, value: Json, owner: Fields, coalesced: boolean): boolean {
  if (name === "type") return true;
  if (name === "message" || (name === "reason" && owner["parseFailure"] === true)) {
    return typeof value !== "string" || keptWording(value) === null;
  }
  return coalesced && name === "frameFinished";
}

function holdsBytes(name: string, owner: Fields): boolean {
  if (name === "data") return owner["type"] !== "TextMessage";
  return name === "bytes" || name === "payload";
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

/** A piece that adds nothing to its message. */
function isEmptyPiece(value: Json): boolean {
  return isFields(value) && value["data"] === "" && value["messageFinished"] === false;
}

function alterScalar(value: null | boolean | number | string): Json {
  if (typeof value === "boolean") return !value;
  if (typeof value === "number") return value + 1;
  return `~${String(value)}`;
}
