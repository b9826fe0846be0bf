import type { OutputBuffer } from "../bytes/output.ts";
import type { BytesInput, Event, MessageData } from "../events.ts";
import type { ConnectionState, ConnectionType } from "../states.ts";
import type { Clock } from "./clock.ts";
import type { Opened, OpeningInfo } from "./opened.ts";
import type { ResolvedSettings } from "./settings.ts";
import type { Transport } from "./transport.ts";
import type { Turn } from "./turn.ts";

/** The part of the engine that a session drives: a Connection, or a WSConnection that is open. */
export interface Engine {
  readonly connectionType: ConnectionType;
  readonly state: ConnectionState;
  readonly closeExpected: boolean;
  sendInto(event: Event, output: OutputBuffer): void;
  sendDataInto(data: MessageData, output: OutputBuffer): void;
  sendParts(event: Event): [head: Uint8Array] | [head: Uint8Array, payload: Uint8Array];
  receiveData(data: BytesInput | null): void;
  receiveLent(data: BytesInput): void;
  keepLent(): void;
  nextEvent(): Event | null;
  nextData(): Event | MessageData | null;
  fail(code: number, reason?: string | null): Uint8Array;
  release(): void;
}

/** What an adapter gives a session. */
export interface SessionParts<Opening extends OpeningInfo = OpeningInfo> {
  readonly engine: Engine;
  readonly transport: Transport;
  readonly clock: Clock;
  /** One for all sessions of the clock. */
  readonly turn: Turn;
  readonly settings: ResolvedSettings;
  readonly opened: Opened<Opening>;
  /**
   * Told what a listener, or an extension, has thrown; the connection fails with 1011 then. Must not throw. Without it
   * the error is only the `cause` of what else rejects.
   */
  readonly report?: ((error: unknown) => void) | undefined;
}
