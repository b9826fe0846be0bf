// Waiting for what happens elsewhere, never longer than a deadline.

/** Settles as `promise` does; rejects after `milliseconds` with an error that says what was missing. */
export function within(milliseconds, what, promise) {
  let timer;
  const late = new Promise((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new Error(`${what}: nothing after ${milliseconds} ms`)),
      milliseconds,
    );
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** A promise, and what settles it. */
export function deferred() {
  const parts = {};
  parts.promise = new Promise((resolve, reject) => Object.assign(parts, { resolve, reject }));
  return parts;
}

/** What was put is taken in the same order; who takes too early waits. */
export class Mailbox {
  #waiting = [];
  #values = [];
  #error = null;

  put(value) {
    const taker = this.#waiting.shift();
    if (taker === undefined) this.#values.push(value);
    else taker.resolve(value);
  }

  /** Nothing more will come: who waits, and who takes when it is empty, gets `error`. */
  fail(error) {
    this.#error ??= error;
    for (const { reject } of this.#waiting.splice(0)) reject(this.#error);
  }

  take() {
    if (this.#values.length > 0) return Promise.resolve(this.#values.shift());
    if (this.#error !== null) return Promise.reject(this.#error);
    const taker = deferred();
    this.#waiting.push(taker);
    return taker.promise;
  }
}

/** How the connections of a server ended, by the `id` in the query of their request. */
export class Endings {
  #boxes = new Map();

  /** @param ending `{ code, reason, subprotocol, deflate }`; `deflate` is undefined where the API does not tell */
  put(target, ending) {
    this.#box(new URL(target, "http://host").searchParams.get("id")).put(ending);
  }

  take(id) {
    return this.#box(id).take();
  }

  #box(id) {
    let box = this.#boxes.get(id);
    if (box === undefined) this.#boxes.set(id, (box = new Mailbox()));
    return box;
  }
}

/** The server has answered the handshake with another status than 101. */
export class Refused extends Error {
  constructor(status) {
    super(`the handshake was refused with status ${status}`);
    this.status = status;
  }
}
