import { within } from "./waiting.mjs";

/** Things that were started, to be stopped in the opposite order. */
export class Started {
  #stops = [];
  #shared = new Map();

  /** @param thing what has a method `stop`, or a promise of it */
  async add(thing) {
    const started = await thing;
    this.#stops.push(() => started.stop());
    return started;
  }

  /** What was started under this name, or else what `start` starts now. */
  share(name, start) {
    if (!this.#shared.has(name)) this.#shared.set(name, this.add(start()));
    return this.#shared.get(name);
  }

  async stop() {
    for (const stop of this.#stops.splice(0).reverse()) await within(10_000, "to stop", stop());
  }
}
