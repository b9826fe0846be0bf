import {
  AcceptConnection,
  BytesMessage,
  clientExtensionsHandshake,
  CloseConnection,
  Connection,
  ConnectionState,
  ConnectionType,
  type Event,
  type Extension,
  H11Handshake,
  PerMessageDeflate,
  Ping,
  Pong,
  RejectConnection,
  RejectData,
  Request,
  serverExtensionsHandshake,
  TextMessage,
  WSConnection,
} from "../../src/index.ts";
import { describeExtension, makeExtension } from "./extensions.ts";
import {
  bytesOf,
  type CallStep,
  type ConnectionStep,
  type EventToSend,
  type ExtensionOutcome,
  type HandshakeFunctionStep,
  headersOf,
  type Scenario,
  type Step,
  textOf,
} from "./format.ts";
import { actualEvent, type PlainEvent } from "./plain.ts";

/** What the engine did at one step. */
export interface Outcome {
  /** What `send` returned. */
  readonly bytes: Uint8Array | null;
  readonly events: readonly PlainEvent[];
  readonly thrown: Thrown | null;
  /** The name of the connection's state after the step. */
  readonly state: string | null;
  /** What a function or a method returned. */
  readonly result: unknown;
  /** The extensions after the step. */
  readonly extensions: readonly ExtensionOutcome[];
}

export interface Thrown {
  readonly error: unknown;
  /** Which part of the step threw it. */
  readonly by: "operation" | "events";
}

const nothing: Outcome = {
  bytes: null,
  events: [],
  thrown: null,
  state: null,
  result: undefined,
  extensions: [],
};

type Subject = WSConnection | Connection | H11Handshake;

/** Runs every step of the scenario, whatever comes of it, and tells what the engine did. */
export function replay(scenario: Scenario): readonly Outcome[] {
  const run = interpreter(scenario);
  return scenario.steps.map(run);
}

function interpreter(scenario: Scenario): (step: Step) => Outcome {
  if (scenario.type === "function") {
    return (step) => callFunction(only(step, isHandshakeFunction, scenario));
  }
  if (scenario.type === "PerMessageDeflate") {
    const extension = firstExtension(scenario);
    return (step) => callMethod(extension, only(step, isCall, scenario));
  }
  const subject = makeSubject(scenario);
  return (step) => runOn(subject, only(step, isOnConnection, scenario));
}

function only<Kind extends Step>(
  step: Step,
  belongs: (step: Step) => step is Kind,
  scenario: Scenario,
): Kind {
  if (belongs(step)) return step;
  throw new Error(`${scenario.id}: a ${scenario.type} has no operation ${step.op}`);
}

function isCall(step: Step): step is CallStep {
  return step.op === "call";
}

function isHandshakeFunction(step: Step): step is HandshakeFunctionStep {
  return step.op === "serverExtensionsHandshake" || step.op === "clientExtensionsHandshake";
}

function isOnConnection(step: Step): step is ConnectionStep {
  return !isCall(step) && !isHandshakeFunction(step);
}

function firstExtension(scenario: Scenario): PerMessageDeflate {
  const [extension] = (scenario.extensions ?? []).map(makeExtension);
  if (extension instanceof PerMessageDeflate) return extension;
  throw new Error(`${scenario.id}: no PerMessageDeflate to call`);
}

function makeSubject(scenario: Scenario): Subject {
  const type = scenario.role === "client" ? ConnectionType.CLIENT : ConnectionType.SERVER;
  const options = { random: pinnedRandom(scenario) };
  if (scenario.type === "WSConnection") return new WSConnection(type, options);
  if (scenario.type === "H11Handshake") return new H11Handshake(type, options);
  const extensions = (scenario.extensions ?? []).map(makeExtension);
  return new Connection(type, extensions, bytesOf(scenario.trailingData ?? ""), options);
}

/** The nonce when asked for 16 octets, otherwise the masks in turn; nothing that the scenario does not have. */
function pinnedRandom(scenario: Scenario): (size: number) => Uint8Array {
  const { nonce, mask, masks = [] } = scenario;
  let used = 0;
  return (size) => {
    const hex = size === 16 ? nonce : (mask ?? masks[used++]);
    if (hex === undefined) throw new Error(`${scenario.id}: nothing random was to be expected`);
    return bytesOf(hex);
  };
}

function runOn(subject: Subject, step: ConnectionStep): Outcome {
  let bytes: Uint8Array | null = null;
  const events: PlainEvent[] = [];
  const refused = attempt("operation", () => {
    if (step.op === "send") bytes = subject.send(makeEvent(step.event));
    else operate(subject, step);
  });
  // What came before a fault is there to be read.
  const interrupted = attempt("events", () => {
    if (step.op === "send" || step.op === "feed") return;
    for (const event of subject.events()) events.push(actualEvent(event));
  });
  const thrown = interrupted ?? refused;
  return { ...nothing, bytes, events, thrown, state: stateName(subject.state) };
}

function operate(subject: Subject, step: Exclude<ConnectionStep, { op: "send" }>): void {
  if (step.op === "events") return;
  if (step.op !== "initiateUpgrade") {
    subject.receiveData(step.data === null ? null : bytesOf(step.data));
  } else if (subject instanceof Connection) {
    throw new Error("a Connection has no initiateUpgradeConnection");
  } else {
    subject.initiateUpgradeConnection(headersOf(step.headers), step.path);
  }
}

function callMethod(extension: PerMessageDeflate, step: CallStep): Outcome {
  let result: unknown;
  const thrown = attempt("operation", () => {
    const [text = ""] = step.args;
    result = step.method === "offer" ? extension.offer() : extension[step.method](text);
  });
  return { ...nothing, thrown, result, extensions: [describeExtension(extension)] };
}

function callFunction(step: HandshakeFunctionStep): Outcome {
  const supported: readonly Extension[] = step.extensions.map(makeExtension);
  let result: unknown;
  const thrown = attempt("operation", () => {
    result =
      step.op === "serverExtensionsHandshake"
        ? serverExtensionsHandshake(step.texts, supported)
        : clientExtensionsHandshake(step.texts, supported).map(({ name }) => name);
  });
  return { ...nothing, thrown, result, extensions: supported.map(describeExtension) };
}

function attempt(by: Thrown["by"], action: () => void): Thrown | null {
  try {
    action();
    return null;
  } catch (error) {
    return { error, by };
  }
}

function stateName(state: ConnectionState): string {
  const found = Object.entries(ConnectionState).find(([, value]) => value === state);
  if (found === undefined) throw new Error(`${state} is no state`);
  return found[0];
}

function makeEvent(value: EventToSend): Event {
  switch (value.type) {
    case "Request":
      return new Request({
        ...value,
        target: textOf(value.target),
        extraHeaders: headersOf(value.extraHeaders),
        extensions: value.extensions.map((extension) =>
          typeof extension === "string" ? extension : makeExtension(extension),
        ),
      });
    case "AcceptConnection":
      return new AcceptConnection({
        ...value,
        extraHeaders: headersOf(value.extraHeaders),
        extensions: value.extensions.map(makeExtension),
      });
    case "RejectConnection":
      return new RejectConnection({ ...value, headers: headersOf(value.headers) });
    case "RejectData":
      return new RejectData({ ...value, data: bytesOf(value.data) });
    case "CloseConnection":
      // A code has to be a number: 1005 says what None does in Python.
      return new CloseConnection({ ...value, code: value.code ?? 1005 });
    case "TextMessage":
      return new TextMessage({ ...value, data: textOf(value.data) });
    case "BytesMessage":
      return new BytesMessage({ ...value, data: bytesOf(value.data) });
    case "Ping":
      return new Ping({ payload: bytesOf(value.payload) });
    case "Pong":
      return new Pong({ payload: bytesOf(value.payload) });
  }
}
