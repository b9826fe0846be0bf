import { expect, test } from "vitest";
import { HandshakeRefusedError, reconnectDelay } from "../../../src/node/index.ts";
import { client, echo, running } from "./running.ts";

test("R6455-7.2.3-01: clients that lost their server together come back at different times, later after each failure", async () => {
  const failures = 3;
  const clients = 10;
  let refusals = failures * clients;
  const { url } = await running({ accept: () => refusals-- <= 0 || { status: 503 } }, echo);

  /** Connects until it succeeds; gives the delays that it would have waited for. */
  const comeBack = async (part: number): Promise<number[]> => {
    const delays: number[] = [];
    for (let attempt = 0; attempt < failures; attempt++) {
      delays.push(reconnectDelay(attempt, { random: () => part }));
      await expect(client(url)).rejects.toBeInstanceOf(HandshakeRefusedError);
    }
    return delays;
  };
  const all = [];
  for (let index = 0; index < clients; index++) all.push(await comeBack(index / clients));
  expect(all[9]).toEqual([4500, 9000, 18_000]);
  expect(new Set(all.map(([first]) => first)).size).toBe(clients);
  const socket = await client(url);
  await socket.send("here");
  expect(await socket.receive()).toBe("here");
});
