// Debian's Chromium, headless: a page that our server has served, and its WebSocket.

import { existsSync, readFileSync } from "node:fs";
import { once } from "node:events";
import { chromium } from "playwright-core";
import { Refused, within } from "../waiting.mjs";

export const NAME = "Chromium";

const PROGRAM = "/usr/bin/chromium";

export const isInstalled = () => existsSync(PROGRAM);

const FLAGS = [
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-gpu",
  "--disable-quic",
  "--disable-sync",
  "--no-first-run",
];

/** The page that the server has to have at /page. */
export const PAGE = readFileSync(new URL("chromium-page.html", import.meta.url), "utf8");

async function launch() {
  const browser = await chromium.launch({
    executablePath: PROGRAM,
    chromiumSandbox: false,
    args: FLAGS,
  });
  return { browser, stop: () => browser.close() };
}

/** @param options `{ shared }`: where the browser is kept for the next client */
export async function startClient({ shared }) {
  const { browser } = await shared.share(NAME, launch);
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  const pages = new Map();
  let lastId = 0;

  /** The page of an origin, loaded once. */
  function pageOf(origin) {
    if (!pages.has(origin)) pages.set(origin, load(context, origin));
    return pages.get(origin);
  }

  return {
    /** `origin` is that of the page which connects; by default it comes from the same server. */
    async open(url, { subprotocols, origin = new URL(url.replace(/^ws/, "http")).origin }) {
      const page = await pageOf(origin);
      return open(page, { id: (lastId += 1), url, subprotocols });
    },
    /** Leaves a page, with all its connections open. */
    async leave(origin) {
      const page = await pageOf(origin);
      pages.delete(origin);
      await page.goto("about:blank");
    },
    stop: () => context.close(),
  };
}

async function load(context, origin) {
  const page = await context.newPage();
  const response = await page.goto(`${origin}/page`);
  if (!response.ok()) throw new Error(`${response.url()} has status ${response.status()}`);
  return page;
}

async function open(page, { id, url, subprotocols }) {
  const appeared = once(page, "websocket");
  const failed = appeared.then(([socket]) => once(socket, "socketerror"));
  failed.catch(() => {}); // of a page that is closed
  const opened = await page.evaluate(
    ([own, to, names]) => globalThis.interop.open(own, to, names),
    [id, url, subprotocols],
  );
  if (opened === null) throw await refusal(failed);
  const call = (name, ...more) =>
    page.evaluate(([method, list]) => globalThis.interop[method](...list), [name, [id, ...more]]);
  return {
    subprotocol: opened.subprotocol,
    deflate: opened.extensions.includes("permessage-deflate"),
    send: (message) => call("send", encode(message)),
    receive: async () => decode(await call("receive")),
    close: (...close) => void call("close", ...close),
    closed: call("closed").catch((error) => ({ code: null, reason: error.message })),
  };
}

/** A page is not told the status of a refusal; the console of the browser is. */
async function refusal(failed) {
  const [message] = await within(5000, "what Chromium says", failed);
  const status = /response code: (\d+)/.exec(message)?.[1];
  return status === undefined ? new Error(message) : new Refused(Number(status));
}

function encode(message) {
  return typeof message === "string"
    ? { text: message }
    : { binary: Buffer.from(message).toString("base64") };
}

function decode({ text, binary }) {
  return text ?? new Uint8Array(Buffer.from(binary, "base64"));
}
