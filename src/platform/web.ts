/** What the standard globals of the Web give, alike on every runtime that has them. */
import type * as contract from "./contract.ts";

declare const URL: new (url: string) => { readonly hostname: string };
declare const WebAssembly: {
  readonly Module: new (octets: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: KernelExports };
};
/** See the contract: everything beside the memory is a function on numbers. */
interface KernelExports {
  readonly memory: { readonly buffer: ArrayBuffer };
}

/** An ASCII character that no domain name has, though a URL may have it beside one. */
const NO_DOMAIN = /[\0-,/:-@[-^`{-\x7f]/;

export const domainToAscii: typeof contract.domainToAscii = (domain) => {
  if (NO_DOMAIN.test(domain)) return null;
  try {
    return new URL(`ws://${domain}`).hostname;
  } catch {
    return null;
  }
};

export const instantiateWasm: typeof contract.instantiateWasm = (octets) => {
  try {
    const module = new WebAssembly.Module(octets);
    const { memory, ...functions } = new WebAssembly.Instance(module).exports;
    return { memory: new Uint8Array(memory.buffer), functions };
  } catch {
    return null;
  }
};
