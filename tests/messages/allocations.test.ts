import { describe, expect, test, vi } from "vitest";
import type * as contract from "../../src/platform/contract.ts";
import { arriving, concat, frame, open, ROLES } from "../helpers/wire.ts";
import { lend } from "../helpers/lending.ts";
import { cut } from "../laws/traffic.ts";

const allocated = vi.hoisted(() => ({ octets: 0 }));

vi.mock(import("#platform"), async (original) => {
  const platform = await original();
  const allocate: typeof contract.allocate = (size) => {
    allocated.octets += size;
    return platform.allocate(size);
  };
  return { ...platform, allocate };
});

const SIZE = 1_000_000;

describe.each(ROLES)("the memory that is made for a message, %s", (role) => {
  const inFragments = (count: number): Uint8Array =>
    concat(
      ...Array.from({ length: count }, (_, index) =>
        arriving(
          role,
          frame({
            opcode: index === 0 ? 2 : 0,
            fin: index === count - 1,
            payload: new Uint8Array(SIZE / count),
          }),
        ),
      ),
    );

  describe.each([1, 2, 10, 100, 1000])("in %d fragments", (fragments) => {
    const octets = inFragments(fragments);

    test.each([700, 7000, 70_000, 250_000])(
      "CVE-2026-48779: is four times its size at most, whatever it comes in: chunks of %d octets",
      (size) => {
        for (const ownsInput of [false, true]) {
          for (const lends of [false, true]) {
            const connection = open(role, { ownsInput });
            allocated.octets = 0;
            let whole = 0;
            for (const chunk of cut(octets, [size])) {
              const read = (): void => {
                const event = connection.nextWhole();
                if (event?.type === "BytesMessage") whole = event.data.length;
              };
              if (lends) {
                lend(connection, chunk, "the receive buffer", read);
              } else {
                connection.receiveData(chunk);
                read();
              }
            }
            expect(whole).toBe(SIZE);
            expect(allocated.octets).toBeLessThanOrEqual(4 * SIZE);
          }
        }
      },
    );
  });
});
