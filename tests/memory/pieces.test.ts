import { describe, expect, test } from "vitest";
import { BytesMessage, TextMessage } from "../../src/events.ts";
import { MessageAssembler } from "../../src/messages/assembler.ts";
import { expectGrowthBelow, KIBIBYTE, MEBIBYTE } from "../helpers/memory.ts";
import { lend } from "../helpers/lending.ts";
import { arriving, concat, frame, open, ROLES, utf8 } from "../helpers/wire.ts";

/** The assembler itself, its lists, the views of its blocks, and what is compiled meanwhile. */
const OBJECTS = 64 * KIBIBYTE;

/** What an assembler may hold of so many octets. */
function allowance(payload: number): number {
  return 2 * payload + 4 * KIBIBYTE + OBJECTS;
}

describe("what the assembler holds", () => {
  test.each([
    [1, 32_768],
    [3, 10_000],
    [1000, 500],
    [1024, 500],
    [5000, 100],
  ])(
    "CVE-2026-48779, D10: pieces of %d octets: twice their octets and 4 KiB at most, of %d",
    (size, count) => {
      const result = expectGrowthBelow(allowance(size * count), () => {
        const assembler = new MessageAssembler();
        for (let index = 0; index < count; index++) {
          assembler.push(new BytesMessage({ data: new Uint8Array(size), messageFinished: false }));
        }
        return assembler;
      });
      expect(result.push(new BytesMessage({ data: new Uint8Array(0) }))?.data).toHaveLength(
        size * count,
      );
    },
  );

  test.each([1, 2000, 40_000])(
    "CVE-2026-48779, D15: pieces of %d octets that are views of chunks of 64 KiB do not hold these",
    (size) => {
      const count = Math.min(1000, Math.ceil(60_000 / size));
      const result = expectGrowthBelow(allowance(size * count), () => {
        const assembler = new MessageAssembler();
        for (let index = 0; index < count; index++) {
          const data = new Uint8Array(64 * KIBIBYTE).subarray(0, size);
          assembler.push(new BytesMessage({ data, messageFinished: false }));
        }
        return assembler;
      });
      expect(result.push(new BytesMessage({ data: new Uint8Array(0) }))).not.toBeNull();
    },
  );

  test.each([
    ["one octet", "a"],
    ["three octets", "世"],
    ["some of each", "aя世👋"],
    ["a hundred octets", "a".repeat(100)],
  ])(
    "CVE-2026-48779, D10: pieces of text: twice their octets and 4 KiB at most: %s",
    (_name, data) => {
      const count = 32_768 / Math.max(1, data.length / 4);
      const result = expectGrowthBelow(allowance(utf8(data).length * count), () => {
        const assembler = new MessageAssembler();
        for (let index = 0; index < count; index++) {
          // A string of its own each time, as a decoder makes it.
          const own = Buffer.from(data).toString();
          assembler.push(new TextMessage({ data: own, messageFinished: false }));
        }
        return assembler;
      });
      expect(result.push(new TextMessage({ data: "" }))).not.toBeNull();
    },
  );

  test("CVE-2026-48779: empty pieces hold nothing", () => {
    const text = new TextMessage({ data: "", messageFinished: false });
    const bytes = new BytesMessage({ data: new Uint8Array(0), messageFinished: false });
    const result = expectGrowthBelow(OBJECTS, () => {
      const assemblers = [new MessageAssembler(), new MessageAssembler()];
      for (let index = 0; index < 4_000_000; index++) {
        assemblers[0]!.push(text);
        assemblers[1]!.push(bytes);
      }
      return assemblers;
    });
    expect(result).toHaveLength(2);
  });
});

describe.each(ROLES)("a large message of which a part has come, %s", (role) => {
  const size = MEBIBYTE;
  const octets = arriving(role, frame({ opcode: 2, payload: new Uint8Array(size) }));

  test.each([1000, 200_000, 400_000, 530_000, 1_000_000])(
    "CVE-2022-35922, D10: %d octets of a MiB: twice as many and 4 KiB at most",
    (count) => {
      for (const [piece, ownsInput] of [
        [8000, true],
        [60_000, false],
        [250_000, true],
      ] as const) {
        const chunks = Array.from({ length: Math.ceil(count / piece) }, (_, index) =>
          octets.subarray(index * piece, Math.min(count, (index + 1) * piece)),
        );
        const connection = expectGrowthBelow(allowance(count), () => {
          const begun = open(role, { ownsInput });
          for (const chunk of chunks) {
            lend(begun, chunk, "the receive buffer", () => expect(begun.nextWhole()).toBeNull());
          }
          return begun;
        });
        connection.receiveData(octets.slice(count));
        const message = connection.nextWhole();
        expect(message?.type === "BytesMessage" && message.data.length).toBe(size);
      }
    },
  );
});

describe.each(ROLES)("a message in very many fragments, %s", (role) => {
  test.each([
    ["text", 1],
    ["octets", 2],
  ])(
    "CVE-2026-48779, CVE-2026-12151: a million fragments of %s grow memory by less than 4 MiB",
    (_name, opcode) => {
      const batch = concat(
        ...Array.from({ length: 1000 }, () =>
          arriving(role, frame({ opcode: 0, fin: false, payload: "a" })),
        ),
      );
      const result = expectGrowthBelow(4 * MEBIBYTE, () => {
        const connection = open(role);
        let failure: number | null = null;
        connection.receiveData(arriving(role, frame({ opcode, fin: false, payload: "a" })));
        for (let sent = 0; sent < 1_000_000; sent += 1000) {
          connection.receiveData(batch);
          const event = connection.nextWhole();
          if (event?.type === "CloseConnection") failure = event.code;
        }
        return { connection, failure };
      });
      expect(result.failure).toBe(1008);
    },
  );

  test("CVE-2026-62389: 200 connections with fragments just under their limit hold little", () => {
    const fragments = 1000;
    const batch = concat(
      arriving(role, frame({ opcode: 2, fin: false, payload: "a" })),
      ...Array.from({ length: fragments - 1 }, () =>
        arriving(role, frame({ opcode: 0, fin: false, payload: "a" })),
      ),
    );
    // 131,071 fragments of each would hold 256 KiB + 4 KiB of each: 51 MiB of all, below the 64 MiB that are asked for.
    const bound = 200 * (2 * fragments + 4 * KIBIBYTE + 4 * KIBIBYTE);
    const result = expectGrowthBelow(bound, () =>
      Array.from({ length: 200 }, () => {
        const connection = open(role, { limits: { fragments } });
        connection.receiveData(batch.slice());
        expect(connection.nextWhole()).toBeNull();
        return connection;
      }),
    );
    const kept = result.map((connection) => connection.nextEvent());
    const expected = { type: "BytesMessage", data: { length: fragments }, messageFinished: false };
    for (const piece of kept) expect(piece).toMatchObject(expected);
  });
});
