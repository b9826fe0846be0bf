import type { Event, Message } from "wsproto";

/** One line of the report: what one side sent or received. */
export interface Line {
  readonly way: ">" | "<";
  readonly text: string;
  /** The state after it. */
  readonly state: string;
  /** Octets on the wire: of what was sent, or of the chunk that was received. */
  readonly octets: number;
  /** All octets so far on this connection, that way. */
  readonly total: number;
  /** The monotonic clock that all processes of the machine share, in nanoseconds. */
  readonly time: string;
  /** Whether the line belongs to what must happen; progress depends on the network. */
  readonly expected: boolean;
}

export function megabytes(octets: number): string {
  return `${(octets / 1024 / 1024).toFixed(1)} MiB`;
}

/** An event in a line; of a message in pieces, its size and its frames stand for its data. */
export function describeEvent(
  event: Event,
  whole: { readonly size: number; readonly frames: number } | null = null,
): string {
  switch (event.type) {
    case "Request":
      return `Request ${event.target}, subprotocols ${event.subprotocols.join(" ") || "none"}`;
    case "AcceptConnection": {
      const extensions = event.extensions.map(({ name }) => name).join(" ") || "none";
      return `AcceptConnection, subprotocol ${event.subprotocol ?? "none"}, extensions ${extensions}`;
    }
    case "RejectConnection":
      return `RejectConnection ${event.statusCode}`;
    case "RejectData":
      return `RejectData ${JSON.stringify(new TextDecoder().decode(event.data))}${event.bodyFinished ? ", the last" : ""}`;
    case "CloseConnection":
      return `CloseConnection ${event.code} ${JSON.stringify(event.reason)}`;
    case "Ping":
    case "Pong":
      return `${event.type} ${JSON.stringify(new TextDecoder().decode(event.payload))}`;
    default:
      return describeMessage(event, whole);
  }
}

function describeMessage(
  event: Message,
  whole: { readonly size: number; readonly frames: number } | null,
): string {
  if (
    whole === null ||
    (whole.frames === 1 && whole.size === event.data.length && whole.size < 50)
  ) {
    const data =
      event.type === "TextMessage" && event.data.length < 50
        ? JSON.stringify(event.data)
        : `of ${event.data.length} ${event.type === "TextMessage" ? "characters" : "octets"}`;
    return `${event.type} ${data}${event.messageFinished ? "" : ", to be continued"}`;
  }
  const unit = event.type === "TextMessage" ? "characters" : "octets";
  const frames = whole.frames === 1 ? "1 frame" : `${whole.frames} frames`;
  return `${event.type} of ${whole.size} ${unit} in ${frames}`;
}
