import { describe, expect, test } from "vitest";
import {
  LocalProtocolError,
  ParseFailed,
  ProtocolError,
  RemoteProtocolError,
} from "../src/errors.ts";
import { RejectConnection } from "../src/events.ts";

describe("errors", () => {
  test("F19: both are ProtocolErrors and Errors, with a name, a message and a code", () => {
    const local = new LocalProtocolError("not now", "ERR_STATE");
    const remote = new RemoteProtocolError("bad", "ERR_OPCODE");
    for (const error of [local, remote]) {
      expect(error).toBeInstanceOf(ProtocolError);
      expect(error).toBeInstanceOf(Error);
      expect(error.name).toBe(error.constructor.name);
      expect(error.stack).toContain(`${error.name}: ${error.message}`);
    }
    expect(local).toMatchObject({ message: "not now", code: "ERR_STATE" });
    expect(remote).toMatchObject({ message: "bad", code: "ERR_OPCODE" });
    expect(local).not.toBeInstanceOf(RemoteProtocolError);
    expect(remote).not.toBeInstanceOf(LocalProtocolError);
  });

  test("F19: the name is the prototype's, so that it is no field of each error", () => {
    const error = new LocalProtocolError("m", "ERR_STATE");
    expect(Object.keys(error)).toEqual(["code"]);
    expect(String(error)).toBe("LocalProtocolError: m");
    error.name = "Other";
    expect(error.name).toBe("Other");
    expect(new LocalProtocolError("m", "ERR_STATE").name).toBe("LocalProtocolError");
  });

  test("F19: the hint is an event or null", () => {
    const hint = new RejectConnection();
    expect(new RemoteProtocolError("bad", "ERR_HTTP").eventHint).toBeNull();
    expect(new RemoteProtocolError("bad", "ERR_HTTP", hint).eventHint).toBe(hint);
  });

  test("F20: what parsing throws has the close code, and is no ProtocolError", () => {
    const failed = new ParseFailed("bad", "ERR_RSV", 1002);
    expect(failed).toMatchObject({ message: "bad", code: "ERR_RSV", closeCode: 1002 });
    expect(failed).not.toBeInstanceOf(ProtocolError);
  });
});
