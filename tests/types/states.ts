/* What compiles and what must not: checked by `tsc -b`, nothing here runs. */

import { expectTypeOf } from "vitest";
import {
  CLIENT,
  CloseCode,
  CloseReason,
  ConnectionState,
  ConnectionType,
  Opcode,
  SERVER,
} from "../../src/index.ts";

/** Each constant is its own literal, so that a comparison with a wrong one does not compile. */
export function literals(state: ConnectionState, code: CloseCode, opcode: Opcode): void {
  expectTypeOf(ConnectionState.CONNECTING).toEqualTypeOf<0>();
  expectTypeOf(ConnectionState.OPEN).toEqualTypeOf<1>();
  expectTypeOf(ConnectionState.REMOTE_CLOSING).toEqualTypeOf<2>();
  expectTypeOf(ConnectionState.LOCAL_CLOSING).toEqualTypeOf<3>();
  expectTypeOf(ConnectionState.CLOSED).toEqualTypeOf<4>();
  expectTypeOf(ConnectionState.REJECTING).toEqualTypeOf<5>();
  expectTypeOf(state).toEqualTypeOf<0 | 1 | 2 | 3 | 4 | 5>();

  expectTypeOf(ConnectionType.CLIENT).toEqualTypeOf<1>();
  expectTypeOf(ConnectionType.SERVER).toEqualTypeOf<2>();
  expectTypeOf(CLIENT).toEqualTypeOf<1>();
  expectTypeOf(SERVER).toEqualTypeOf<2>();
  expectTypeOf<ConnectionType>().toEqualTypeOf<1 | 2>();

  expectTypeOf(opcode).toEqualTypeOf<0 | 1 | 2 | 8 | 9 | 10>();
  expectTypeOf(CloseCode.NORMAL_CLOSURE).toEqualTypeOf<1000>();
  expectTypeOf(CloseCode.BAD_GATEWAY).toEqualTypeOf<1014>();
  expectTypeOf(CloseReason).toEqualTypeOf<typeof CloseCode>();
  expectTypeOf(code).toExtend<number>();
}

/** A state is told apart by its value, exhaustively. */
export function narrows(state: ConnectionState): boolean {
  switch (state) {
    case ConnectionState.CONNECTING:
    case ConnectionState.REJECTING:
      return expectTypeOf(state).toEqualTypeOf<0 | 5>();
    case ConnectionState.OPEN:
      return expectTypeOf(state).toEqualTypeOf<1>();
    case ConnectionState.REMOTE_CLOSING:
    case ConnectionState.LOCAL_CLOSING:
    case ConnectionState.CLOSED:
      return expectTypeOf(state).toEqualTypeOf<2 | 3 | 4>();
    default:
      return expectTypeOf(state).toBeNever();
  }
}

/** The constants cannot be changed or made up. */
export function refused(state: ConnectionState): void {
  // @ts-expect-error -- readonly
  ConnectionState.OPEN = 2;
  // @ts-expect-error -- readonly
  Opcode.TEXT = 2;
  // @ts-expect-error -- no such state
  void ConnectionState.HALF_OPEN;
  // @ts-expect-error -- no such state
  void (6 satisfies ConnectionState);
  // @ts-expect-error -- a state is no text
  void (state === "OPEN");
  // @ts-expect-error -- no such opcode
  void (3 satisfies Opcode);
}
