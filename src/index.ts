export type { RandomSource } from "./bytes/random.ts";
export { OutputBuffer } from "./bytes/output.ts";
export { Connection, type ConnectionOptions } from "./connection.ts";
export {
  type LocalErrorCode,
  LocalProtocolError,
  ProtocolError,
  type RemoteErrorCode,
  RemoteProtocolError,
} from "./errors.ts";
export {
  AcceptConnection,
  type BytesInput,
  BytesMessage,
  CloseConnection,
  type Event,
  type Message,
  type MessageData,
  Ping,
  Pong,
  RejectConnection,
  RejectData,
  Request,
  TextMessage,
} from "./events.ts";
export { Extension, type FrameContext } from "./extensions/extension.ts";
export {
  clientExtensionsHandshake,
  serverExtensionsHandshake,
  SUPPORTED_EXTENSIONS,
} from "./extensions/negotiation.ts";
export {
  PerMessageDeflate,
  type PerMessageDeflateOptions,
} from "./extensions/permessage-deflate.ts";
export { CloseCode, CloseCode as CloseReason } from "./frames/close.ts";
export { Opcode, type RsvBits } from "./frames/opcode.ts";
export { generateAcceptToken, generateNonce } from "./handshake/accept-key.ts";
export { H11Handshake } from "./handshake/h11-handshake.ts";
export type { HeaderList, HeadersInput } from "./headers.ts";
export type { Limits } from "./limits.ts";
export { MessageAssembler } from "./messages/assembler.ts";
export type { FrameEvent } from "./messages/decoder.ts";
export { CLIENT, ConnectionState, ConnectionType, SERVER } from "./states.ts";
export { WSConnection } from "./ws-connection.ts";
