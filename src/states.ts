import type { Event } from "./events.ts";

const connectionTypes = { CLIENT: 1, SERVER: 2 } as const;

/** Which end of the connection this is. */
export const ConnectionType: typeof connectionTypes = Object.freeze(connectionTypes);
export type ConnectionType = (typeof connectionTypes)[keyof typeof connectionTypes];

export const CLIENT: typeof ConnectionType.CLIENT = ConnectionType.CLIENT;
export const SERVER: typeof ConnectionType.SERVER = ConnectionType.SERVER;

/**
 * @throws TypeError unless `value` is CLIENT or SERVER
 */
export function requireConnectionType(value: unknown): ConnectionType {
  if (value === CLIENT || value === SERVER) return value;
  throw new TypeError(`a connection type must be CLIENT (1) or SERVER (2), not ${String(value)}`);
}

const connectionStates = {
  /** The opening handshake is under way. */
  CONNECTING: 0,
  /** Messages go both ways. */
  OPEN: 1,
  /** The peer's Close was received, ours is to be sent. */
  REMOTE_CLOSING: 2,
  /** Our Close was sent, the peer's is to come. */
  LOCAL_CLOSING: 3,
  /** Nothing more will come or go. */
  CLOSED: 4,
  /** The opening request was refused, the body of the refusal is under way. */
  REJECTING: 5,
} as const;

/** The states of a connection. */
export const ConnectionState: typeof connectionStates = Object.freeze(connectionStates);
export type ConnectionState = (typeof connectionStates)[keyof typeof connectionStates];

/** How a message names a state. */
export function stateName(state: ConnectionState): string {
  return Object.keys(connectionStates)[state]!;
}

const phases = {
  CONNECTING: 0,
  OPEN: 1,
  REMOTE_CLOSING: 2,
  LOCAL_CLOSING: 3,
  CLOSED: 4,
  REJECTING: 5,
  /** As OPEN, but the peer broke the protocol: its octets are ignored, only a Close may be sent. */
  FAILED: 6,
  /** As LOCAL_CLOSING, but the peer's octets are ignored. */
  FAILED_CLOSING: 7,
} as const;

/** What the state machine distinguishes: the public states and the two of a connection that has failed. */
export const Phase: typeof phases = Object.freeze(phases);
export type Phase = (typeof phases)[keyof typeof phases];

/** The public state of a phase. */
export function publicState(phase: Phase): ConnectionState {
  if (phase === Phase.FAILED) return ConnectionState.OPEN;
  if (phase === Phase.FAILED_CLOSING) return ConnectionState.LOCAL_CLOSING;
  return phase;
}

/** What can be sent: the events, with the last piece of a rejection told apart from those before it. */
export type Outgoing = Event["type"] | "RejectConnection with body" | "RejectData, last";

/** What can happen on the receiving side, the peer's faults included. */
export type Incoming = Outgoing | "end of stream" | "failure";

type Transitions<Input extends string> = Readonly<
  Record<Phase, { readonly [Name in Input]?: Phase }>
>;

const opening = {
  Request: Phase.CONNECTING,
  AcceptConnection: Phase.OPEN,
  RejectConnection: Phase.CLOSED,
  "RejectConnection with body": Phase.REJECTING,
} as const;

const rejecting = { RejectData: Phase.REJECTING, "RejectData, last": Phase.CLOSED } as const;

function frames<Next extends Phase>(
  phase: Next,
): Readonly<Record<"TextMessage" | "BytesMessage" | "Ping" | "Pong", Next>> {
  return { TextMessage: phase, BytesMessage: phase, Ping: phase, Pong: phase };
}

/** `SENDING[phase][event]`: the next phase; an absent entry is a LocalProtocolError. */
export const SENDING: Transitions<Outgoing> = {
  [Phase.CONNECTING]: opening,
  [Phase.REJECTING]: rejecting,
  [Phase.OPEN]: { ...frames(Phase.OPEN), CloseConnection: Phase.LOCAL_CLOSING },
  [Phase.REMOTE_CLOSING]: { CloseConnection: Phase.CLOSED },
  [Phase.LOCAL_CLOSING]: {},
  [Phase.CLOSED]: {},
  [Phase.FAILED]: { CloseConnection: Phase.FAILED_CLOSING },
  [Phase.FAILED_CLOSING]: {},
};

/** `RECEIVING[phase][input]`: the next phase; where there is no entry, the input is ignored and gives no event. */
export const RECEIVING: Transitions<Incoming> = {
  [Phase.CONNECTING]: { ...opening, failure: Phase.CONNECTING },
  [Phase.REJECTING]: { ...rejecting, failure: Phase.REJECTING },
  [Phase.OPEN]: {
    ...frames(Phase.OPEN),
    CloseConnection: Phase.REMOTE_CLOSING,
    failure: Phase.FAILED,
    "end of stream": Phase.CLOSED,
  },
  [Phase.REMOTE_CLOSING]: { "end of stream": Phase.CLOSED },
  [Phase.LOCAL_CLOSING]: {
    ...frames(Phase.LOCAL_CLOSING),
    CloseConnection: Phase.CLOSED,
    failure: Phase.FAILED_CLOSING,
    "end of stream": Phase.CLOSED,
  },
  [Phase.CLOSED]: {},
  [Phase.FAILED]: { "end of stream": Phase.CLOSED },
  [Phase.FAILED_CLOSING]: { "end of stream": Phase.CLOSED },
};
