/* What compiles and what must not: checked by `tsc -b`, nothing here runs. */

import { expectTypeOf } from "vitest";
import type {
  AbortSignalLike,
  SendOptions,
  WaitOptions,
  WebSocketConnection,
} from "../../src/node/index.ts";

/** A signal of the platform is one for a session. */
export async function signals(connection: WebSocketConnection, signal: AbortSignal): Promise<void> {
  expectTypeOf(signal).toExtend<AbortSignalLike>();
  expectTypeOf<SendOptions>().toExtend<WaitOptions>();
  expectTypeOf(await connection.receive({ signal })).toEqualTypeOf<string | Uint8Array | null>();
  expectTypeOf(await connection.ping(undefined, { signal })).toEqualTypeOf<number>();
  await connection.drained({ signal });
  await connection.send("Hello", { signal, compress: false, copy: false });
  // @ts-expect-error -- the signal, not what makes it
  await connection.receive({ signal: new AbortController() });
  // @ts-expect-error -- nothing is compressed here
  await connection.drained({ compress: false });
}
