import { describe, expect, test } from "vitest";
import * as wsproto from "../src/index.ts";
import { isControl } from "../src/frames/opcode.ts";
import { requireConnectionType, stateName } from "../src/states.ts";

/** Everything that can be imported, types aside. */
const NAMES = [
  "AcceptConnection",
  "BytesMessage",
  "CLIENT",
  "CloseCode",
  "CloseConnection",
  "CloseReason",
  "Connection",
  "ConnectionState",
  "ConnectionType",
  "Extension",
  "H11Handshake",
  "LocalProtocolError",
  "MessageAssembler",
  "Opcode",
  "OutputBuffer",
  "PerMessageDeflate",
  "Ping",
  "Pong",
  "ProtocolError",
  "RejectConnection",
  "RejectData",
  "RemoteProtocolError",
  "Request",
  "SERVER",
  "SUPPORTED_EXTENSIONS",
  "TextMessage",
  "WSConnection",
  "clientExtensionsHandshake",
  "generateAcceptToken",
  "generateNonce",
  "serverExtensionsHandshake",
];

/** What the documents of the reference promise, in our names. */
const PROMISED = [
  "WSConnection",
  "Connection",
  "ConnectionType",
  "ConnectionState",
  "H11Handshake",
  "serverExtensionsHandshake",
  "clientExtensionsHandshake",
  "Request",
  "AcceptConnection",
  "RejectConnection",
  "RejectData",
  "CloseConnection",
  "TextMessage",
  "BytesMessage",
  "Ping",
  "Pong",
  "Opcode",
  "CloseReason",
  "Extension",
  "SUPPORTED_EXTENSIONS",
  "LocalProtocolError",
  "RemoteProtocolError",
];

describe("the package", () => {
  test("F1, F2: exports these names and no other", () => {
    expect(Object.keys(wsproto).sort()).toEqual([...NAMES].sort());
  });

  test.each(PROMISED)("F3: exports %s, which the reference promises", (name) => {
    expect(Object.keys(wsproto)).toContain(name);
  });

  test("F8: CloseReason is another name of CloseCode", () => {
    expect(wsproto.CloseReason).toBe(wsproto.CloseCode);
  });
});

describe("enumerations", () => {
  test("F5: the states have their numbers", () => {
    expect(wsproto.ConnectionState).toEqual({
      CONNECTING: 0,
      OPEN: 1,
      REMOTE_CLOSING: 2,
      LOCAL_CLOSING: 3,
      CLOSED: 4,
      REJECTING: 5,
    });
    expect(Object.isFrozen(wsproto.ConnectionState)).toBe(true);
  });

  test.each(Object.entries(wsproto.ConnectionState))("F5: %s is named so", (name, state) => {
    expect(stateName(state)).toBe(name);
  });

  test("F6: the types have their numbers", () => {
    expect(wsproto.ConnectionType).toEqual({ CLIENT: 1, SERVER: 2 });
    expect([wsproto.CLIENT, wsproto.SERVER]).toEqual([1, 2]);
    expect(Object.isFrozen(wsproto.ConnectionType)).toBe(true);
    expect(requireConnectionType(1)).toBe(wsproto.CLIENT);
    expect(requireConnectionType(2)).toBe(wsproto.SERVER);
  });

  test.each([0, 3, "1", null])("F6, D6: %o is no type", (value) => {
    expect(() => requireConnectionType(value)).toThrow(
      new TypeError(`a connection type must be CLIENT (1) or SERVER (2), not ${value}`),
    );
  });

  test("F7: the opcodes have their numbers, and bit 3 marks the control frames", () => {
    expect(wsproto.Opcode).toEqual({
      CONTINUATION: 0,
      TEXT: 1,
      BINARY: 2,
      CLOSE: 8,
      PING: 9,
      PONG: 10,
    });
    expect(Object.isFrozen(wsproto.Opcode)).toBe(true);
    const control = Object.values(wsproto.Opcode).filter((opcode) => isControl(opcode));
    expect(control).toEqual([8, 9, 10]);
  });
});
