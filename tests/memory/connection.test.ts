import { constants, deflateRawSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { OutputBuffer } from "../../src/bytes/output.ts";
import { BytesMessage, TextMessage } from "../../src/events.ts";
import { MessageAssembler } from "../../src/messages/assembler.ts";
import { expectBelow, expectGrowthBelow, KIBIBYTE, MEBIBYTE, used } from "../helpers/memory.ts";
import { arriving, concat, frame, hex, open, ROLES } from "../helpers/wire.ts";
import { negotiated } from "../laws/traffic.ts";

/** What measuring itself and code that is compiled meanwhile may cost. */
const SLACK = 128 * KIBIBYTE;

describe.each(ROLES)("what a connection holds, %s", (role) => {
  const limit = (role === "server" ? 1 : 16) * MEBIBYTE;

  test("CVE-2022-35922, CVE-2016-10542: a header that declares the limit costs less than 4 KiB", () => {
    const header = arriving(role, frame({ opcode: 2, length: limit }));
    const count = 200;
    // Connections and all; they alone are some hundred octets.
    const connections = expectGrowthBelow(count * 4 * KIBIBYTE, () =>
      Array.from({ length: count }, () => {
        const connection = open(role);
        connection.receiveData(header.slice());
        return { connection, events: [...connection.events()] };
      }),
    );
    expect(connections.every(({ events }) => events.length === 0)).toBe(true);
  });

  test("CVE-2022-35922, R6455-10.4-01: a frame that trickles in octet by octet is not kept", () => {
    const size = 128 * KIBIBYTE;
    const octets = arriving(role, frame({ opcode: 2, payload: new Uint8Array(size) }));
    const { connection, received } = expectGrowthBelow(size / 2, () => {
      const trickled = { connection: open(role), received: 0 };
      // All but the last octet.
      for (let index = 0; index < octets.length - 1; index++) {
        trickled.connection.receiveData(octets.slice(index, index + 1));
        for (const event of trickled.connection.events()) {
          if (event.type === "BytesMessage") trickled.received += event.data.length;
        }
      }
      return trickled;
    });
    expect(received).toBe(size - 1);
    connection.receiveData(octets.slice(-1));
    expect([...connection.events()]).toMatchObject([{ messageFinished: true }]);
  });

  test("D1: what is not read is held as the chunks that came, and let go of when it is", () => {
    const chunk = arriving(role, frame({ opcode: 2, payload: new Uint8Array(1000) }));
    const fed = () => {
      const connection = open(role);
      for (let index = 0; index < 1000; index++) connection.receiveData(chunk.slice());
      return connection;
    };
    // An array of a kilobyte costs about 200 octets beside them.
    const connections = [expectGrowthBelow(1000 * (chunk.length + 300) + SLACK, fed)];
    for (const count of [400, 1000]) {
      expectBelow(SLACK - count * chunk.length, () => {
        const connection = fed();
        connections.push(connection);
        const before = used();
        for (let read = 0; read < count; read++) connection.nextEvent();
        return used() - before;
      });
    }
    for (const connection of connections) {
      const rest = [...connection.events()];
      expect([0, 600, 1000]).toContain(rest.length);
      expect(rest.every(({ type }) => type === "BytesMessage")).toBe(true);
    }
  });

  test("D1: a reader that is always one chunk behind makes nothing grow", () => {
    const chunk = arriving(role, frame({ opcode: 2, payload: "a" }));
    const connection = open(role);
    connection.receiveData(chunk);
    expectGrowthBelow(SLACK, () => {
      for (let index = 0; index < 40_000; index++) {
        connection.receiveData(chunk);
        connection.events().next();
      }
    });
    expect([...connection.events()]).toHaveLength(1);
  });

  test("R6455-7.1.7-03: a failed connection lets go of what it was given", () => {
    const connection = expectGrowthBelow(SLACK, () => {
      const failed = open(role);
      failed.receiveData(concat(hex("ffff"), new Uint8Array(MEBIBYTE)));
      failed.receiveData(new Uint8Array(MEBIBYTE));
      failed.events().next();
      failed.receiveData(new Uint8Array(MEBIBYTE));
      return failed;
    });
    expect(connection.closeExpected).toBe(false);
  });

  test.each([
    ["Pongs", frame({ opcode: 10, payload: "a pong" })],
    ["Pings", frame({ opcode: 9, payload: "a ping" })],
    ["texts", frame({ opcode: 1, payload: "some text" })],
    ["messages of octets", frame({ opcode: 2, payload: new Uint8Array(100) })],
    [
      "fragmented messages",
      concat(
        frame({ opcode: 1, fin: false, payload: "a" }),
        frame({ opcode: 0, fin: false }),
        frame({ opcode: 0, payload: "b" }),
      ),
    ],
  ])("CVE-2021-3690: nothing is left of 40,000 %s that were read", (_name, octets) => {
    const chunk = concat(...Array.from({ length: 100 }, () => arriving(role, octets)));
    const connection = open(role);
    const events = expectGrowthBelow(SLACK, () => {
      let count = 0;
      for (let index = 0; index < 400; index++) {
        connection.receiveData(chunk.slice());
        for (const event of connection.events()) if (event.type !== "CloseConnection") count++;
      }
      return count;
    });
    expect(events).toBeGreaterThanOrEqual(40_000);
  });

  test("a large message that was sent is not held by the engine", () => {
    const connection = open(role);
    for (const event of [
      new BytesMessage({ data: new Uint8Array(4 * MEBIBYTE) }),
      new TextMessage({ data: "a".repeat(4 * MEBIBYTE) }),
      new TextMessage({ data: "я".repeat(4 * MEBIBYTE) }),
    ]) {
      expectBelow(MEBIBYTE, () => {
        expect(connection.send(event).length).toBeGreaterThan(4 * MEBIBYTE);
        const after = used();
        // What was held of it would be let go of by what is sent next.
        for (let index = 0; index < 1000; index++) {
          connection.send(new BytesMessage({ data: new Uint8Array(10_000) }));
        }
        return after - used();
      });
    }
  });

  test("large bursts that were sent leave no large memory behind", () => {
    const burst = () => {
      const output = new OutputBuffer();
      const connection = open(role);
      connection.sendInto(new TextMessage({ data: "a" }), output);
      connection.sendInto(new BytesMessage({ data: new Uint8Array(4 * MEBIBYTE) }), output);
      return output.take().length;
    };
    // Eight spare blocks of 256 KiB at most, whatever was written.
    expectGrowthBelow(2 * MEBIBYTE + SLACK, () => {
      for (let index = 0; index < 21; index++) expect(burst()).toBeGreaterThan(4 * MEBIBYTE);
    });
  });

  test("CVE-2018-1000518, CVE-2026-54490: a bomb is never held beyond the limit and 256 KiB", () => {
    const message = MEBIBYTE;
    const bomb = deflateRawSync(new Uint8Array(8 * MEBIBYTE), {
      finishFlush: constants.Z_SYNC_FLUSH,
    });
    expect(bomb.length).toBeLessThan(16 * KIBIBYTE);
    const octets = arriving(role, frame({ opcode: 2, rsv: 4, payload: bomb }));
    /** Feeds the bomb until it fails, and gives the most that was in use meanwhile. */
    const explode = (measure: () => number) => {
      const connection = open(role, { limits: { message } }, negotiated({})[role]);
      const assembler = new MessageAssembler();
      let most = 0;
      let failure: number | null = null;
      for (let start = 0; failure === null; start += 128) {
        connection.receiveData(octets.slice(start, start + 128));
        for (const event of connection.events()) {
          if (event.type === "CloseConnection") failure = event.code;
          else if (event.type === "BytesMessage") assembler.push(event);
        }
        most = Math.max(most, measure());
      }
      const whole = assembler.push(new BytesMessage({ data: new Uint8Array(0) }));
      return { failure, most, size: whole?.data.length };
    };
    expectBelow(message + 256 * KIBIBYTE, () => {
      const before = used();
      const { failure, most, size } = explode(used);
      expect(failure).toBe(1009);
      expect(size).toBeLessThanOrEqual(message);
      return most - before;
    });
  });
});
