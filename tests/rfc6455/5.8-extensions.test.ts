import { describe, expect, test } from "vitest";
import { PerMessageDeflate } from "../../src/extensions/permessage-deflate.ts";
import { arriving, frame, hex, open, receive, ROLES, summary } from "../helpers/wire.ts";

describe.each(ROLES)("5.8, %s", (role) => {
  const compressed = arriving(role, frame({ opcode: 1, rsv: 4, payload: hex("f248cdc9c90700") }));
  const refused = ["fail 1002 ERR_RSV Reserved bit set unexpectedly"];

  test("R6455-5.8-01, CVE-2026-59881: without an extension RSV1 fails (F-pmd-unneg)", () => {
    expect(summary(receive(open(role), compressed))).toEqual(refused);
  });

  test("R6455-5.8-01, F79: an extension that is not enabled claims nothing", () => {
    const extension = new PerMessageDeflate();
    expect(extension.enabled()).toBe(false);
    expect(summary(receive(open(role, {}, [extension]), compressed))).toEqual(refused);
  });

  test("R6455-5.8-01, F79: one that was negotiated does", () => {
    const extension = new PerMessageDeflate();
    extension.finalize("permessage-deflate");
    const connection = open(role, {}, [extension]);
    expect(summary(receive(connection, compressed))).toEqual(["text Hello"]);
    const others = arriving(role, frame({ opcode: 1, rsv: 6, payload: hex("f248cdc9c90700") }));
    expect(summary(receive(connection, others))).toEqual(refused);
  });
});
