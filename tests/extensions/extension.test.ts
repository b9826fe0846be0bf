import { describe, expect, test } from "vitest";
import { Extension, NO_RSV_BITS } from "../../src/extensions/extension.ts";
import { Opcode, type RsvBits } from "../../src/frames/opcode.ts";
import { contextOf } from "../helpers/deflate-frames.ts";

/** As little as an extension has to have. */
class Least extends Extension {
  readonly name = "least" as const;

  offer(): boolean {
    return true;
  }
}

describe("Extension", () => {
  const context = contextOf(true);
  const data = Uint8Array.of(1, 2, 3);

  test("F95: unless it says otherwise it is not enabled, declines offers and takes answers", () => {
    const extension = new Least();
    expect(extension.enabled()).toBe(false);
    expect(extension.accept("least")).toBeNull();
    expect(extension.finalize("least")).toBeUndefined();
    expect(extension.release()).toBeUndefined();
    expect(extension.reservedBits).toBe(NO_RSV_BITS);
    expect(extension.worksOn).toBeNull();
  });

  test("F95: unless it says otherwise it claims no bit and leaves frames as they are", () => {
    const extension = new Least();
    const rsv: RsvBits = { rsv1: true, rsv2: false, rsv3: false };
    expect(extension.frameInboundHeader(context, Opcode.TEXT, rsv, 3)).toEqual({
      rsv1: false,
      rsv2: false,
      rsv3: false,
    });
    expect(extension.frameInboundPayloadData(context, data)).toBe(data);
    expect(extension.frameInboundComplete(context, true)).toBeNull();
    const sent = extension.frameOutbound(context, Opcode.TEXT, rsv, data, true);
    expect(sent.rsv).toBe(rsv);
    expect(sent.data).toBe(data);
  });

  test("F95: NO_RSV_BITS cannot be changed", () => {
    expect(Object.isFrozen(NO_RSV_BITS)).toBe(true);
  });
});
