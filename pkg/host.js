// The engine's side of a port: runs what the other side asks for, and keeps what that may name again.
// Not here: how a worker comes by its ports (worker.js), the other side (client.js).

import { MailboxError, closed, invalid } from "./errors.js";
import { FetchedMessage, originOf } from "./fetched_message.js";
import { MailboxData } from "./mailbox_set.js";
import { SelectedMailbox } from "./selected.js";
import { Session, aboutOf } from "./session.js";
import { METHODS, STREAMS, buffersOf, holdLock, listen, locksFor, packError, unpack, unpackError } from "./protocol.js";
import { version } from "./version.js";

/** Ends an iteration or a callback that failed on the other side, where the error stayed. */
const THREW = new Error("the other side threw");

/** What a call may name: what is kept under the id, or what belongs to that. */
const FACES = {
  Session: ({ object }) => object,
  MailboxSet: ({ object }) => object.mailboxSet,
  FilterSet: ({ object }) => object.filterSet,
  MailboxData: ({ object }) => object,
  FetchedMessage: ({ session }, args) => {
    const { mailboxId, ...data } = args.shift();
    return session.message(mailboxId, data);
  },
};

/** A call under way: its signals, what it reads, whether its callback threw. */
class Call {
  #post;
  #signals = new Map();
  #reasons = new Map();
  #items;
  #threw = false;

  constructor(id, session, post) {
    this.session = session;
    this.#post = (message) => post({ ...message, id });
  }

  signal(at, aborted) {
    const controller = new AbortController();
    this.#signals.set(at, controller);
    if (aborted) this.abort(at);
    return controller.signal;
  }

  abort(at) {
    const reason = new Error("aborted");
    this.#reasons.set(reason, at);
    this.#signals.get(at)?.abort(reason);
  }

  /** Which signal's reason an error is. */
  signalOf(error) {
    return this.#reasons.get(error);
  }

  threw() {
    this.#threw = true;
  }

  callback(at) {
    return (...args) => {
      if (this.#threw) throw THREW;
      this.#post({ type: "callback", at, args });
    };
  }

  item(item) {
    this.#items?.(item);
  }

  /** What the other side sends ahead, as much as it likes after each "more". */
  items(at) {
    const queue = [];
    let wake = () => {};
    this.#items = (item) => {
      queue.push(item);
      wake();
    };
    const post = this.#post;
    return {
      async next() {
        if (queue.length === 0) {
          post({ type: "more", at });
          await new Promise((resolve) => {
            wake = resolve;
          });
        }
        const { failed, done = false, value } = queue.shift();
        if (failed) throw THREW;
        return { value, done };
      },
      async return() {
        post({ type: "stop", at });
        return { value: undefined, done: true };
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }
}

function iteratorOf(stream) {
  if (!(stream instanceof ReadableStream)) return stream;
  const reader = stream.getReader();
  return { next: () => reader.read(), return: () => reader.cancel() };
}

/** What can be posted of an error that cannot. */
function plainError(error) {
  if (!(error instanceof MailboxError)) return new Error(String(error));
  return unpackError({ ...packError(error), cause: { other: String(error.cause) } });
}

export class Host {
  #port;
  #entry;
  #objects = new Map();
  #streams = new Map();
  #calls = new Map();
  #last = 0;
  #ending = new AbortController();
  #letGo = () => {};

  /** `entry` opens sessions and deletes databases. */
  constructor(port, entry) {
    this.#port = port;
    this.#entry = entry;
    listen(port, "message", ({ data }) => this.#handlers[data?.type]?.(data));
    // What cannot be read names no call: all would wait for ever.
    listen(port, "messageerror", () => this.#post({ type: "lost" }));
    listen(port, "close", () => this.close());
    port.start?.();
    const locks = locksFor(port);
    if (locks) this.#letGo = holdLock(locks, (lock) => this.#post({ type: "lock", lock }));
    this.#post({ type: "ready", version });
  }

  /** How many sessions, views, mailboxes, streams and calls the other side keeps here. */
  get size() {
    return this.#objects.size + this.#streams.size + this.#calls.size;
  }

  #handlers = {
    call: (message) => this.#call(message),
    stream: (message) => this.#stream(message),
    next: (message) => this.#next(message),
    return: (message) => this.#return(message),
    abort: ({ id, at }) => this.#calls.get(id)?.abort(at),
    threw: ({ id }) => this.#calls.get(id)?.threw(),
    item: ({ id, item }) => this.#calls.get(id)?.item(item),
    drop: ({ id }) => this.#objects.delete(id),
    lock: ({ lock }) => {
      // It is to be had once the other side is no more.
      const gone = locksFor(this.#port)?.request(lock, { signal: this.#ending.signal }, () => this.close());
      gone?.catch(() => {});
    },
    bye: () => this.close(),
  };

  /** Closes every session of the other side. */
  close() {
    if (this.#ending.signal.aborted) return;
    this.#ending.abort();
    for (const { object } of this.#objects.values()) if (object instanceof Session) object.close().catch(() => {});
    this.#objects.clear();
    this.#streams.clear();
    this.#calls.clear();
    this.#letGo();
    this.#port.close?.();
  }

  #post(message, transfer = []) {
    this.#port.postMessage(message, transfer);
  }

  #entryOf(id) {
    const kept = this.#objects.get(id);
    // The other side names only what it was given: it was closed.
    if (kept === undefined) throw closed("view, mailbox or session");
    return kept;
  }

  /** Runs a method as soon as it is asked for, so that calls stay in order. */
  #run({ on, face, method, value, marks }, call, table) {
    const args = unpack({ value, marks }, ({ object, signal, callback, at }) => {
      if (object !== undefined) return this.#entryOf(object).object;
      if (signal !== undefined) return call.signal(at, signal);
      return callback ? call.callback(at) : call.items(at);
    });
    if (face === "Entry") return this.#entry[method](...args);
    if (!table[face]?.includes(method)) throw invalid(`there is no ${face}.${method}`);
    return FACES[face](this.#entryOf(on), args)[method](...args);
  }

  #began(message) {
    const call = new Call(message.id, this.#objects.get(message.on)?.session, (posted) => this.#post(posted));
    this.#calls.set(message.id, call);
    return call;
  }

  async #call(message) {
    const { id, face, method } = message;
    const call = this.#began(message);
    try {
      this.#answer(id, call, await this.#run(message, call, METHODS));
    } catch (error) {
      this.#fail(id, call, error);
    } finally {
      this.#calls.delete(id);
      if (face === "Session" && method === "close") this.#forget(call.session);
    }
  }

  #stream(message) {
    const call = this.#began(message);
    const stream = { call, shared: message.method === "changes" };
    try {
      stream.iterator = iteratorOf(this.#run(message, call, STREAMS));
    } catch (error) {
      stream.iterator = { next: () => Promise.reject(error) };
    }
    this.#streams.set(message.id, stream);
  }

  #endStream(of) {
    this.#streams.delete(of);
    this.#calls.delete(of);
  }

  async #next({ id, of }) {
    const stream = this.#streams.get(of);
    if (!stream) return this.#answer(id, undefined, undefined, { done: true });
    const { call, iterator, shared } = stream;
    try {
      const { value, done } = await iterator.next();
      if (done) this.#endStream(of);
      this.#answer(id, call, value, { done, shared });
    } catch (error) {
      this.#endStream(of);
      this.#fail(id, call, error);
    }
  }

  async #return({ id, of }) {
    const stream = this.#streams.get(of);
    this.#endStream(of);
    try {
      await stream?.iterator.return?.();
      this.#answer(id, stream?.call, undefined);
    } catch (error) {
      this.#fail(id, stream?.call, error);
    }
  }

  /** Lets go of all that a closed session left. */
  #forget(session) {
    for (const [id, kept] of this.#objects) if (kept.session === session) this.#objects.delete(id);
    for (const [of, { call }] of this.#streams) if (call.session === session) this.#endStream(of);
  }

  #answer(id, call, value, { done = false, shared = false } = {}) {
    try {
      const { plain, made } = this.#made(value, call);
      const transfer = shared ? [] : [...buffersOf(plain)];
      this.#post({ type: "answer", id, value: plain, made, done, views: this.#news() }, transfer);
    } catch (error) {
      this.#fail(id, call, error);
    }
  }

  #fail(id, call, error) {
    const at = call?.signalOf(error);
    const told = { type: "failed", id, at, views: this.#news() };
    if (at !== undefined) return this.#post(told);
    try {
      this.#post({ ...told, error: packError(error) });
    } catch {
      this.#post({ ...told, error: packError(plainError(error)) });
    }
  }

  #keep(kept) {
    this.#last += 1;
    this.#objects.set(this.#last, kept);
    return this.#last;
  }

  /** An answer without what cannot be cloned, and what the other side makes of it. */
  #made(value, call) {
    if (typeof value !== "object" || value === null) return { plain: value };
    const session = call?.session;
    if (value instanceof Session) {
      const kept = { object: value };
      kept.session = kept;
      const { owner, databaseId, marked } = aboutOf(value);
      return { made: { session: this.#keep(kept), owner, databaseId, marked } };
    }
    if (value instanceof MailboxData) return { made: { data: this.#keep({ object: value, session }) } };
    if (value.selected instanceof SelectedMailbox) {
      const { selected, ...plain } = value;
      const view = this.#keep({ object: selected, session, told: [] });
      return { plain, made: { view, mailboxId: selected.mailboxId, readonly: selected.readonly } };
    }
    const first = value.messages?.[0];
    if (!(first instanceof FetchedMessage)) return { plain: value };
    const { mailboxId, message } = originOf(first);
    session.message = message;
    return { plain: value, made: { messages: mailboxId } };
  }

  /** How views stand that have moved since the other side was told. */
  #news() {
    const news = [];
    for (const [id, kept] of this.#objects) {
      if (!kept.told) continue;
      const { closed, exists, recent, modSeq } = kept.object;
      const now = [closed, exists, recent, modSeq];
      if (now.every((each, at) => each === kept.told[at])) continue;
      kept.told = now;
      news.push([id, ...now]);
      if (closed) this.#objects.delete(id);
    }
    return news;
  }
}
