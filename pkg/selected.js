// One view: the order of the calls on it, the wait for changes, and who is told. Not here: the calls themselves.

import { Feed } from "./changes.js";
import { MailboxError, closed } from "./errors.js";
import { isTelling } from "./results.js";
import { onAbort, throwIfAborted } from "./signals.js";

/** What a reader may leave unread before its view stops looking for more. */
const UNREAD_LIMIT = 1000;

/**
 * The engine's view behind a SelectedMailbox. Calls run one after another; while none is under way
 * and somebody listens, the view waits for changes, and a call that comes ends that wait.
 */
export class View {
  #engine;
  #handle;
  #tail = Promise.resolve();
  #pending = 0;
  #feeds = new Set();
  #waiters = new Set();
  #wait; // the event that ends the wait under way
  #ended = false;

  constructor(session, engine, handle, opened) {
    this.session = session;
    this.#engine = engine;
    this.#handle = handle;
    this.id = opened.id;
    this.mailboxId = opened.mailboxId;
    this.readonly = opened.readonly;
    this.#absorb(opened);
  }

  get closed() {
    return this.#ended;
  }

  /** Whether nobody is to wait here any more. */
  get #over() {
    return this.#ended || this.session.closed;
  }

  #absorb({ exists, recent, modSeq }) {
    this.exists = exists;
    this.recent = recent;
    this.modSeq = modSeq;
  }

  /**
   * Runs a call in its turn. Its answer brings how the view stands and, mostly, `updates`. A signal
   * ends the wait for the turn; with `abandon`, the wait for the answer too.
   */
  run(task, { signal, abandon = false } = { signal: undefined, abandon: false }) {
    throwIfAborted(signal);
    if (this.#ended) return Promise.reject(closed("view"));
    let given = false;
    this.#pending += 1;
    this.#endWait();
    const turn = this.#tail.then(async () => {
      if (given) return undefined;
      if (this.#ended) throw closed("view");
      given = true;
      return this.#settle(await task(this.id));
    });
    this.#tail = turn.then(
      () => this.#after(),
      () => this.#after(),
    );
    if (!signal) return turn;
    return new Promise((resolve, reject) => {
      const stop = onAbort(signal, () => {
        if (given && !abandon) return;
        given = true;
        reject(signal.reason);
      });
      turn.then(resolve, reject).finally(stop);
    });
  }

  #settle(answer) {
    const { view, ...rest } = answer;
    if (view) this.#absorb(view);
    if (rest.updates) this.#tell(rest.updates);
    if (view?.closed) this.#leave();
    return rest;
  }

  #tell(updates) {
    if (!isTelling(updates)) return false;
    for (const feed of this.#feeds) feed.push(updates);
    return true;
  }

  #after() {
    this.#pending -= 1;
    this.#watch();
  }

  get #watched() {
    if (this.#waiters.size > 0) return true;
    for (const feed of this.#feeds) if (feed.length < UNREAD_LIMIT) return true;
    return false;
  }

  #endWait() {
    const event = this.#wait;
    if (event) this.#engine.quietly(() => event.set());
  }

  /** Waits for changes if somebody wants to know and nothing else is to be done. */
  #watch() {
    if (this.#wait || this.#pending > 0 || this.#over || !this.#watched) return;
    let event;
    try {
      event = this.#engine.callNow((glue) => new glue.WaitEvent());
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#wait = event;
    this.#tail = this.#tail
      .then(async () => {
        if (this.#pending > 0 || this.#over) return;
        const { updates, view } = await this.#engine.call(() => this.#handle.waitMailbox(this.id, event));
        this.#absorb(view);
        if (this.#tell(updates)) {
          // One alone: who applies what calls answer must not get it twice.
          const [first] = this.#waiters;
          first?.resolve(updates);
        }
        if (view.closed) this.#leave();
      })
      .catch((error) => this.#fail(error))
      .then(() => {
        this.#wait = undefined;
        this.#engine.quietly(() => event.free());
        for (const waiter of [...this.#waiters]) waiter.giveUp?.();
        this.#watch();
      });
  }

  #fail(error) {
    for (const waiter of [...this.#waiters]) waiter.reject(error);
    for (const feed of [...this.#feeds]) feed.fail(error);
  }

  /** Updates that come while the view waits; resolves to undefined when `waitOn` is aborted. */
  nextUpdates(waitOn, signal) {
    return new Promise((resolve, reject) => {
      const stops = [];
      const waiter = {};
      const settle = (how) => (value) => {
        this.#waiters.delete(waiter);
        for (const stop of stops) stop();
        if (!this.#watched) this.#endWait();
        how(value);
      };
      waiter.resolve = settle(resolve);
      waiter.reject = settle(reject);
      if (this.#over) {
        reject(closed("view"));
        return;
      }
      this.#waiters.add(waiter);
      // What the wait under way still finds was then told to this call, and must be its answer.
      const giveUp = (how) => {
        waiter.giveUp = how;
        if (this.#wait) this.#endWait();
        else how();
      };
      stops.push(onAbort(waitOn, () => giveUp(() => waiter.resolve(undefined))));
      stops.push(onAbort(signal, () => giveUp(() => waiter.reject(signal.reason))));
      this.#watch();
    });
  }

  /** Every update from now on, as an iterator. */
  feed(signal) {
    let stop = () => {};
    const feed = new Feed(() => {
      stop();
      this.#feeds.delete(feed);
      if (!this.#watched) this.#endWait();
    });
    const read = feed.next.bind(feed);
    feed.next = () => {
      const item = read();
      // What was read makes room.
      this.#watch();
      return item;
    };
    if (this.#over) {
      feed.end();
      return feed;
    }
    this.#feeds.add(feed);
    stop = onAbort(signal, () => feed.abort(signal.reason));
    this.#watch();
    return feed;
  }

  /** Who waits or listens is released; resolves when the calls made so far are finished. */
  release() {
    for (const feed of [...this.#feeds]) feed.end();
    for (const waiter of [...this.#waiters]) waiter.reject(closed("view"));
    this.#endWait();
    return this.#tail;
  }

  /** The mailbox is gone: what the engine keeps of the view is let go. */
  #leave() {
    if (this.#ended) return;
    this.end();
    this.#engine.call(() => this.#handle.closeMailbox(this.id, false)).catch(() => {});
  }

  /** No calls any more. */
  end() {
    if (this.#ended) return;
    this.#ended = true;
    this.release();
    this.session.forget(this);
  }

  /** Runs the last call, after which the view is no more. */
  async finish(task) {
    if (this.#ended) throw closed("view");
    try {
      return await this.run(task);
    } finally {
      this.end();
    }
  }
}

let viewOf;

/** The face of a view. */
export class SelectedMailbox {
  #view;

  static {
    viewOf = (selected) => (typeof selected === "object" && selected !== null && #view in selected ? selected.#view : undefined);
  }

  constructor(view) {
    if (!(view instanceof View)) throw new TypeError("a SelectedMailbox comes from selectMailbox");
    this.#view = view;
  }

  get mailboxId() {
    return this.#view.mailboxId;
  }

  get readonly() {
    return this.#view.readonly;
  }

  get closed() {
    return this.#view.closed;
  }

  get exists() {
    return this.#view.exists;
  }

  get recent() {
    return this.#view.recent;
  }

  get modSeq() {
    return this.#view.modSeq;
  }
}

export const isSelected = (value) => viewOf(value) !== undefined;

/** The view behind a SelectedMailbox of this session. */
export function viewIn(session, selected) {
  const view = viewOf(selected);
  if (view === undefined) {
    throw new MailboxError("INVALID_ARGUMENT", "selected must be a SelectedMailbox, as selectMailbox gives it");
  }
  if (view.session !== session) {
    throw new MailboxError("INVALID_ARGUMENT", "the SelectedMailbox belongs to another session");
  }
  return view;
}

