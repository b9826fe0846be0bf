import { describe, expect, test } from "vitest";
import { arriving, concat, frame, open, receive, ROLES, summary, toHex } from "../helpers/wire.ts";

const FRAGMENTS = 131_072;

describe.each(ROLES)("fragments, %s", (role) => {
  const empty = (opcode: number) => arriving(role, frame({ opcode, fin: false }));

  test.each([0, 1])(
    "ws-a2f4e7c0, CVE-2026-48779, CVE-2026-12151: every fragment counts, those of %d octets too",
    (size) => {
      const piece = (opcode: number) =>
        arriving(role, frame({ opcode, fin: false, payload: new Uint8Array(size) }));
      const connection = open(role);
      receive(connection, piece(1));
      const batch = concat(...Array.from({ length: 1024 }, () => piece(0)));
      let events = 1;
      let last: string[] = [];
      while (last.length === 0) {
        for (const event of receive(connection, batch)) {
          if (event.type === "TextMessage") events++;
          else last = summary([event]);
        }
      }
      expect(events).toBe(FRAGMENTS);
      expect(last).toEqual([`fail 1008 ERR_FRAGMENTS message of more than ${FRAGMENTS} fragments`]);
    },
  );

  test("ws-a2f4e7c0: the limit is that of one message, and control frames do not count", () => {
    const connection = open(role, { limits: { fragments: 3 } });
    const message = concat(
      empty(1),
      arriving(role, frame({ opcode: 9 })),
      empty(0),
      arriving(role, frame({ opcode: 10 })),
      arriving(role, frame({ opcode: 0, payload: "x" })),
    );
    expect(summary(receive(connection, message, message))).toEqual([
      "ping ",
      "pong ",
      "text x",
      "ping ",
      "pong ",
      "text x",
    ]);
    expect(summary(receive(connection, empty(2), empty(0), empty(0), empty(0)))).toEqual([
      "fail 1008 ERR_FRAGMENTS message of more than 3 fragments",
      "bytes… ",
    ]);
  });

  test.each([
    ["octets", 2],
    ["text", 1],
  ])(
    "undici-b4c287b38, CVE-2014-0193, Java-WebSocket-1508: three halves of the limit fail at the third header: %s",
    (_name, opcode) => {
      const connection = open(role, { limits: { message: 2000 } });
      const half = (first: number, fin = false) =>
        arriving(role, frame({ opcode: first, fin, payload: new Uint8Array(1000).fill(0x61) }));
      expect(receive(connection, half(opcode), half(0))).toHaveLength(2);
      const header = half(0, true).subarray(0, 4);
      expect(summary(receive(connection, header))).toEqual([
        "fail 1009 ERR_MESSAGE_SIZE message of more than 2000 octets",
      ]);
    },
  );

  test("undici-b4c287b38, Java-WebSocket-1508: it is held against what was declared, not what came", () => {
    const connection = open(role, { limits: { message: 10 } });
    const octets = concat(
      arriving(role, frame({ opcode: 2, fin: false, payload: "123456" })),
      arriving(role, frame({ opcode: 0, length: 5 })),
    );
    const header = role === "server" ? octets.subarray(0, -4) : octets;
    expect(summary(receive(connection, header))).toEqual([
      "fail 1009 ERR_MESSAGE_SIZE message of more than 10 octets",
      `bytes… ${toHex(new TextEncoder().encode("123456"))}`,
    ]);
  });

  test("undici-b4c287b38: each message starts to count anew", () => {
    const connection = open(role, { limits: { message: 6 } });
    const message = arriving(
      role,
      frame({ opcode: 2, fin: false, payload: "123" }),
      frame({ opcode: 0, payload: "456" }),
    );
    expect(summary(receive(connection, message, message, message))).toEqual([
      "bytes 313233343536",
      "bytes 313233343536",
      "bytes 313233343536",
    ]);
  });
});
