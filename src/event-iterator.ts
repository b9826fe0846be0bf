/**
 * Events as an iterator that is its own iterable. It may be left and taken up again: nothing is lost, and after it was
 * done it goes on as soon as there is more. (A generator costs three times as much for each event, and leaving one ends it.)
 */
export class EventIterator<Item> implements IterableIterator<Item, undefined> {
  readonly #take: () => Item | null;

  /** @param take gives the next event, or null while there is none */
  constructor(take: () => Item | null) {
    this.#take = take;
  }

  next(): IteratorResult<Item, undefined> {
    const value = this.#take();
    return value === null ? { done: true, value: undefined } : { done: false, value };
  }

  [Symbol.iterator](): this {
    return this;
  }
}
