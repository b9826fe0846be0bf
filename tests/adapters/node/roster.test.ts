import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type Listed, NOT_LISTED, Roster } from "../../../src/node/roster.ts";

test("law: a roster has those that were added and not deleted, each of them once", () => {
  const step = fc.record({ adds: fc.boolean(), which: fc.nat({ max: 9 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const roster = new Roster<Listed>();
      const members = Array.from({ length: 10 }, (): Listed => ({ position: NOT_LISTED }));
      const expected = new Set<Listed>();
      for (const { adds, which } of steps) {
        const member = members[which]!;
        if (!adds) roster.delete(member);
        else if (!expected.has(member)) roster.add(member);
        if (adds) expected.add(member);
        else expected.delete(member);
        const all = roster.all();
        expect([all.length, new Set(all)]).toEqual([expected.size, expected]);
        for (const each of all) expect(expected.has(each)).toBe(true);
      }
    }),
  );
});

test("what `all` has given stays as it is", () => {
  const roster = new Roster<Listed>();
  const member: Listed = { position: NOT_LISTED };
  roster.add(member);
  const all = roster.all();
  roster.delete(member);
  expect(all).toEqual([member]);
});
