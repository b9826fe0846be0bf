import { sha1Base64 } from "#platform";
import { encodeBase64 } from "../bytes/base64.ts";
import { type RandomSource, randomness } from "../bytes/random.ts";
import { encodeUtf8 } from "../bytes/utf8.ts";
import { isVisible } from "../http/fields.ts";

/** RFC 6455, 1.3. */
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** Characters of every key that is one. */
const KEY_LENGTH = 24;

/** What is hashed of such a key: its characters, which change from call to call, and the GUID. */
const hashed: Uint8Array = Uint8Array.from("=".repeat(KEY_LENGTH) + GUID, (character) =>
  character.charCodeAt(0),
);

/**
 * A value for Sec-WebSocket-Key (RFC 6455, 4.1): 16 random octets in Base64, 24 characters.
 * @param random is asked for the octets; by default the platform's strong generator
 * @throws TypeError if `random` does not give 16 octets
 */
export function generateNonce(random?: RandomSource): string {
  return encodeBase64(randomness(random).nonce());
}

/** The Sec-WebSocket-Accept for a Sec-WebSocket-Key (RFC 6455, 1.3 and 4.2.2): 28 characters. */
export function generateAcceptToken(key: string): string {
  if (key.length !== KEY_LENGTH || !isVisible(key)) {
    return sha1Base64(encodeUtf8(key + GUID));
  }
  for (let index = 0; index < KEY_LENGTH; index++) hashed[index] = key.charCodeAt(index);
  return sha1Base64(hashed);
}
