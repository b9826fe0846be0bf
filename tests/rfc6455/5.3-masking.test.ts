import { describe, expect, test } from "vitest";
import { BytesMessage, Ping, TextMessage } from "../../src/events.ts";
import { hex, KEY, open, received, receive, summary, toHex, wrong } from "../helpers/wire.ts";

describe("5.3", () => {
  test("R6455-5.3-02: the samples of 5.7", () => {
    expect(summary(receive(open("server"), hex("81 85 37fa213d 7f9f4d5158")))).toEqual([
      "text Hello",
    ]);
    expect(open("client").send(new TextMessage({ data: "Hello" }))).toEqual(
      hex("81 85 37fa213d 7f9f4d5158"),
    );
    expect(received("client", [hex("89 05 48656c6c6f")])).toEqual(["ping 48656c6c6f"]);
    expect(summary(receive(open("server"), hex("8a 85 37fa213d 7f9f4d5158")))).toEqual([
      "pong 48656c6c6f",
    ]);
  });

  test("R6455-5.3-02: the length does not count the key", () => {
    const sent = open("client").send(new BytesMessage({ data: new Uint8Array(3) }));
    expect(toHex(sent)).toBe("82833 7fa213d 37fa21".replaceAll(" ", ""));
  });

  test.each([
    ["zero", "00000000"],
    ["ones", "ffffffff"],
    ["its first octet zero", "00a1b2c3"],
    ["its last octet above 0x7f", "01020384"],
  ])("R6455-5.3-02: any key will do: %s", (_name, key) => {
    const data = Uint8Array.from({ length: 300 }, (_, index) => index & 0xff);
    const sent = open("client", { random: () => hex(key) }).send(new BytesMessage({ data }));
    expect(toHex(sent.subarray(4, 8))).toBe(key);
    expect(summary(receive(open("server"), sent))).toEqual([`bytes ${toHex(data)}`]);
    expect(summary(receive(open("server", { ownsInput: true }), sent))).toEqual([
      `bytes ${toHex(data)}`,
    ]);
  });

  test("R6455-5.3-02: each frame of a message starts with the first octet of its own key", () => {
    const keys = [hex("01020304"), hex("a0b0c0d0")];
    const client = open("client", { random: () => keys.shift()! });
    const first = client.send(
      new BytesMessage({ data: new Uint8Array(3), messageFinished: false }),
    );
    const second = client.send(new BytesMessage({ data: new Uint8Array(3) }));
    expect(toHex(first)).toBe("028301020304010203");
    expect(toHex(second)).toBe("8083a0b0c0d0a0b0c0");
  });

  test("D24, R6455-5.3-01: the source is asked for four octets for each frame, in the order of sending", () => {
    const asked: number[] = [];
    let next = 0;
    const client = open("client", {
      random: (size) => {
        asked.push(size);
        next += 1;
        return new Uint8Array(size).fill(next);
      },
    });
    const sent = [new Ping(), new TextMessage({ data: "" }), new BytesMessage({ data: KEY })].map(
      (event) => toHex(client.send(event).subarray(2, 6)),
    );
    expect(sent).toEqual(["01010101", "02020202", "03030303"]);
    expect(asked).toEqual([4, 4, 4]);
  });

  test("D24: a server asks for none", () => {
    const server = open("server", {
      random: () => {
        throw new Error("asked");
      },
    });
    expect(toHex(server.send(new Ping()))).toBe("8900");
  });

  test.each([
    ["too few octets", () => new Uint8Array(3)],
    ["too many octets", () => new Uint8Array(5)],
    ["no octets", () => wrong("abcd")],
  ])("D24, D6: a source that gives %s is a TypeError, and nothing was sent", (_name, random) => {
    let broken = true;
    const client = open("client", { random: (size) => (broken ? random() : KEY.slice(0, size)) });
    const message = new TextMessage({ data: "a", messageFinished: false });
    expect(() => client.send(message)).toThrow(TypeError);
    broken = false;
    expect(toHex(client.send(new TextMessage({ data: "a" })))).toBe("818137fa213d56");
  });

  test("R6455-5.3-01: without a source of the caller's the keys are all different", () => {
    const client = open("client", { random: undefined });
    const keys = new Set<string>();
    for (let count = 0; count < 5000; count++) {
      keys.add(toHex(client.send(new Ping()).subarray(2, 6)));
    }
    // By chance two of 5,000 are equal in one run of 340; three pairs in one of 200 million.
    expect(keys.size).toBeGreaterThan(4997);
  });
});
