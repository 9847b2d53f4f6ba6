// Iterables that cross to a worker, and iterators that are over there. Not here: the port (client.js).

import { reading } from "./arguments.js";
import { closed } from "./errors.js";
import { ITEMS, LISTS, pack } from "./protocol.js";

/** As many octets of an iterable are sent ahead of their use, a message counting for some itself. */
const AHEAD = 1024 * 1024;
const MESSAGE = 1024;

const isOctets = (value) => typeof value === "string" || ArrayBuffer.isView(value);

const iteratorOf = (messages) =>
  reading("messages", () => (messages[Symbol.asyncIterator] ?? messages[Symbol.iterator]).call(messages));

/** An iterable of messages that the worker reads. */
export class Items {
  #iterator;
  #messages;
  #ahead;
  #running = false;
  #ended = false;

  constructor(messages) {
    this.#messages = messages;
  }

  /** Sends until as much is ahead as may be. */
  async more(send, failed) {
    this.#ahead = 0;
    if (this.#running) return;
    this.#running = true;
    try {
      this.#iterator ??= iteratorOf(this.#messages);
      while (!this.#ended && this.#ahead < AHEAD) {
        const { value: given, done } = await this.#iterator.next();
        if (this.#ended) return;
        const item = done ? undefined : await given;
        const { value } = reading("messages", () => pack([item]));
        send({ value: value[0], done });
        const octets = value[0]?.raw ?? value[0];
        this.#ahead += MESSAGE + (octets?.byteLength ?? octets?.length ?? 0);
        this.#ended = done;
      }
    } catch (error) {
      this.#ended = true;
      failed(error);
      send({ failed: true });
    } finally {
      this.#running = false;
    }
  }

  stop() {
    if (this.#ended) return;
    this.#ended = true;
    // As where nothing crosses: a source that is stuck would hold up the abort.
    (async () => this.#iterator?.return?.())().catch(() => {});
  }
}

/** Lists and iterables as they are sent; anything else is for the worker to refuse. */
export function sendable(method, args) {
  const copy = [...args];
  const items = args[ITEMS[method]];
  if (typeof (items?.[Symbol.asyncIterator] ?? items?.[Symbol.iterator]) === "function" && !isOctets(items)) {
    copy[ITEMS[method]] = new Items(items);
  }
  const list = args[LISTS[method]];
  if (typeof list?.[Symbol.iterator] === "function" && !isOctets(list)) copy[LISTS[method]] = listed(list);
  return copy;
}

/** As far as its items can be messages: one that is none is refused over there, and what follows is not read. */
function listed(list) {
  const items = [];
  for (const item of list) {
    items.push(item);
    if (item === null || typeof item !== "object") break;
  }
  return items;
}

export function endOf(call) {
  call.ended = true;
  for (const stop of call.stops) stop();
}

/** An iterator over there: each item is asked for. */
export class RemoteStream {
  #call;
  #begin;
  #ask;

  constructor(call, begin, ask) {
    this.#call = call;
    this.#begin = begin;
    this.#ask = ask;
  }

  async next() {
    const call = this.#call;
    const { session } = call.it;
    if (!call.begun) this.#begin();
    if (call.ended || (call.feed && session.over && !call.failure)) return { value: undefined, done: true };
    try {
      if (call.failure) throw call.failure.error;
      if (!call.feed && session.closing) throw closed("session");
      const result = await this.#ask("next");
      if (result.done) endOf(call);
      return result;
    } catch (error) {
      endOf(call);
      throw error;
    }
  }

  async return(value) {
    const call = this.#call;
    const open = call.begun && !call.ended && !call.failure;
    // A generator that never began does not begin any more.
    call.begun = true;
    endOf(call);
    if (open) await this.#ask("return").catch(() => {});
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
