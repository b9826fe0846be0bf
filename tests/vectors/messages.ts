/**
 * The messages that are the reference's word by word (D6); whoever moves from it may compare them. The groups are what
 * is kept: around them stand an event, a state or an opcode as the language prints it.
 */
const KEPT: readonly RegExp[] = [
  // Events that do not belong here (F29, F49 to F52, F70, F73).
  /^(Event ).+( cannot be sent during the handshake)$/s,
  // After a failure, which is no state of its own, the engine says so too (D3).
  /^(Event ).+( cannot be sent in state )(?:ConnectionState\.)?([A-Z_]+\.)(?: The connection has failed\.)?$/s,
  /^(Connection cannot be rejected in state )(?:ConnectionState\.)?([A-Z_]+)$/,
  /^(Cannot send rejection data in state )(?:ConnectionState\.)?([A-Z_]+)$/,
  /^(Cannot initiate an upgrade connection when acting as the client)$/,
  /^(unexpected subprotocol .*)$/,
  /^(Connection already closed\.)$/,
  // The opening handshake (F30, F34 to F39, F58).
  /^(Bad HTTP message)$/,
  /^(Request method must be GET)$/,
  /^(Missing header, '.+')$/,
  /^(Bad accept token)$/,
  /^(unrecognized (?:subprotocol|extension) .*)$/,
  // Frames (F82, F83, F90, F92, F96).
  /^(Invalid opcode 0x[0-9a-f])$/,
  /^(Invalid attempt to fragment control frame)$/,
  /^(Control frame with payload len > 125)$/,
  /^(Payload length used \d bytes when \d would have sufficed)$/,
  /^(8-byte payload length with non-zero MSB)$/,
  /^(error in extension)$/,
  /^(Reserved bit set unexpectedly)$/,
  /^((?:client|server) received unexpected (?:un)?masked frame)$/,
  /^(unexpected CONTINUATION)$/,
  /^(expected CONTINUATION, got ).*(TEXT|BINARY)/,
  /^(Data type mismatch inside message)$/,
  /^(payload too long for control frame)$/,
  // The Close (F87, F93).
  /^(CLOSE with (?:1 byte payload|invalid code|unknown reserved code))$/,
  /^(remote CLOSE with local-only reason)$/,
  /^(Error decoding CLOSE reason: )/,
  /^(cannot specify a reason without a code)$/,
];

/** What of a message has to be as in the reference; null: it is the engine's own. */
export function keptWording(message: string): string | null {
  for (const pattern of KEPT) {
    const match = pattern.exec(message);
    if (match !== null) return match.slice(1).join("…");
  }
  return null;
}
