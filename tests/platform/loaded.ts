import { createRequire } from "node:module";

/** Whether this process has loaded pako by a `require`. */
export function isPakoLoaded(): boolean {
  const { cache } = createRequire(import.meta.url);
  return Object.keys(cache).some((file) => /[\\/]pako[\\/]/.test(file));
}
