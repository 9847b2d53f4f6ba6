// Async iterators that are fed from outside: everything pushed is yielded once, in order.

export class Feed {
  #items = [];
  #readers = [];
  #ended = false;
  #failure;
  #onReturn;

  /** `onReturn` is called once, when the reader stops, the feed ends or it fails. */
  constructor(onReturn = () => {}) {
    this.#onReturn = onReturn;
  }

  push(item) {
    if (this.#ended) return;
    const reader = this.#readers.shift();
    if (reader) reader.resolve({ value: item, done: false });
    else this.#items.push(item);
  }

  /** How many items wait to be read. */
  get length() {
    return this.#items.length;
  }

  /** Nothing comes after what was pushed. */
  end() {
    if (this.#ended) return;
    this.#ended = true;
    this.#release();
    for (const reader of this.#readers.splice(0)) reader.resolve({ value: undefined, done: true });
  }

  /** What was not read yet is dropped; the reader gets the reason, once. */
  abort(reason) {
    if (this.#ended) return;
    this.#items.length = 0;
    this.fail(reason);
  }

  /** After what was pushed the reader gets the error, once. */
  fail(error) {
    if (this.#ended) return;
    this.#ended = true;
    this.#release();
    const [first, ...others] = this.#readers.splice(0);
    if (first) first.reject(error);
    else this.#failure = { error };
    for (const reader of others) reader.resolve({ value: undefined, done: true });
  }

  #release() {
    const onReturn = this.#onReturn;
    this.#onReturn = () => {};
    onReturn();
  }

  async next() {
    if (this.#items.length > 0) return { value: this.#items.shift(), done: false };
    if (this.#failure) {
      const { error } = this.#failure;
      this.#failure = undefined;
      throw error;
    }
    if (this.#ended) return { value: undefined, done: true };
    return new Promise((resolve, reject) => this.#readers.push({ resolve, reject }));
  }

  async return(value) {
    this.#items.length = 0;
    this.#failure = undefined;
    this.end();
    return { value, done: true };
  }

  async throw(error) {
    await this.return();
    throw error;
  }

  [Symbol.asyncIterator]() {
    return this;
  }
}
