import { allocate } from "#platform";

/** `text`, whose characters are all below U+0100, with one octet for each: the inverse of `decodeLatin1`. */
export function encodeLatin1(text: string): Uint8Array {
  const octets = allocate(text.length);
  for (let index = 0; index < text.length; index++) octets[index] = text.charCodeAt(index);
  return octets;
}
