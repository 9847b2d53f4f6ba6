// What the classes of this package share of a session: its calls under way, its views and feeds, and the order
// in which it closes. Not here: the face (session.js), and the order of the calls on one view (selected.js).

import * as check from "./arguments.js";
import { Feed } from "./changes.js";
import { closed } from "./errors.js";
import { isTelling } from "./results.js";
import { cancellable } from "./search.js";
import { SelectedMailbox, View, viewIn } from "./selected.js";
import { throwIfAborted } from "./signals.js";

/** What a reader of mailbox events may leave unread; what happens then is told, summed up, once there is room. */
const UNREAD_EVENTS = 100;

/** Not part of the session's face. */
export class SessionCore {
  #inFlight = new Set();
  #views = new Set();
  #feeds = new Set();
  #durable = new Map();
  #closing;

  constructor(engine, handle, about) {
    this.engine = engine;
    this.handle = handle;
    this.about = about;
    /** The options of calls that may be made in a view's turn. */
    this.naming = { selected: (given) => this.view(given), durability: check.durability };
  }

  get closed() {
    return this.#closing !== undefined;
  }

  /** Runs a method's work; counted until it settles, so that close can wait for it. */
  async run(work) {
    if (this.#closing) throw closed("session");
    const running = (async () => work())();
    this.#inFlight.add(running);
    try {
      return await running;
    } finally {
      this.#inFlight.delete(running);
    }
  }

  call(task, durability) {
    return this.engine.call(() => task(this.#handleFor(durability)));
  }

  /** The handle whose commits are as durable as a call asks, or else as the session is. */
  #handleFor(durability) {
    if (durability === undefined || durability === this.about.durability) return this.handle;
    if (!this.#durable.has(durability)) this.#durable.set(durability, this.handle.withDurability(durability));
    return this.#durable.get(durability);
  }

  view(selected) {
    return viewIn(this, selected);
  }

  /**
   * Runs a task in the turn of a view, or, without one, at once. A signal ends the wait for the turn; with
   * `abandon`, for calls that change nothing, the wait for the answer too.
   */
  turn({ selected: view, signal, abandon }, task) {
    if (view) return view.run(task, { signal, abandon });
    throwIfAborted(signal);
    return task(undefined);
  }

  /** The same for a call, which gets the handle that is as durable as asked. */
  inTurn(how, task) {
    return this.turn(how, (id) => this.call((handle) => task(handle, id), how.durability));
  }

  /**
   * The same for a call that is given an event, which ends it early, and tells `onProgress`. One that was
   * ended rejects with the signal's reason.
   */
  endable(how, task) {
    return cancellable(this.engine, how, (event, progress) => this.inTurn(how, (handle, id) => task(handle, id, event, progress)));
  }

  /** NOOP, or with `waitOn` IDLE: looks, and waits outside the view's turns if there is nothing. */
  async checked(view, { signal, waitOn, housekeeping = false }) {
    const look = async (upkeep) => {
      const { updates } = await this.inTurn({ selected: view, signal }, (handle, id) => handle.checkMailbox(id, upkeep));
      return updates;
    };
    const updates = await look(housekeeping);
    if (!waitOn || waitOn.aborted || isTelling(updates)) return updates;
    return (await view.nextUpdates(waitOn, signal)) ?? look(false);
  }

  opened({ snapshot, view }) {
    const opened = new View(this, this.engine, this.handle, view);
    this.#views.add(opened);
    return { selected: new SelectedMailbox(opened), snapshot };
  }

  forget(view) {
    this.#views.delete(view);
  }

  /** What happens to mailboxes from now on. */
  events(signal) {
    let event;
    let stopped = false;
    let room = () => {};
    const feed = new Feed(
      () => {
        stopped = true;
        room();
        const waiting = event;
        if (waiting) this.engine.quietly(() => waiting.set());
        this.#feeds.delete(feed);
      },
      () => room(),
    );
    if (this.#closing) {
      feed.fail(closed("session"));
      return feed;
    }
    this.#feeds.add(feed);
    feed.until(signal);
    const follow = async () => {
      let { sequence } = await this.call((handle) => handle.sequence());
      while (!stopped) {
        if (feed.length >= UNREAD_EVENTS) {
          await new Promise((resolve) => {
            room = resolve;
          });
          continue;
        }
        event = this.engine.callNow((glue) => new glue.WaitEvent());
        try {
          const told = await this.call((handle) => handle.waitEvents(sequence, event));
          sequence = told.sequence;
          if (!stopped && (told.resync || told.events.length > 0)) feed.push(told);
        } finally {
          const ended = event;
          event = undefined;
          this.engine.quietly(() => ended.free());
        }
      }
    };
    follow().catch((error) => feed.fail(error));
    return feed;
  }

  close() {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close() {
    // Not before `closed` is true: what ends here may call at once.
    await undefined;
    for (const feed of [...this.#feeds]) feed.end();
    const released = [...this.#views].map((view) => view.release());
    await Promise.allSettled([...this.#inFlight, ...released]);
    for (const view of [...this.#views]) view.end();
    await this.call((handle) => handle.close());
    this.engine.callNow(() => {
      for (const handle of this.#durable.values()) handle.free();
      this.handle.free();
    });
  }
}
