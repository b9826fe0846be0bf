import { DEFLATE } from "../contract.mjs";

/** The option `deflate` for one of DEFLATE. What is the default of the side is left out. */
export function deflateSettings(deflate, { byDefault }) {
  if (deflate === DEFLATE.tight) {
    return {
      clientNoContextTakeover: true,
      serverNoContextTakeover: true,
      clientMaxWindowBits: 9,
      serverMaxWindowBits: 9,
    };
  }
  const on = deflate === DEFLATE.on;
  return on === byDefault ? undefined : on;
}
