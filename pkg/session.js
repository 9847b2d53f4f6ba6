// A session: checks what is given, keeps calls and views apart, and closes in order. The engine does the rest.

import * as check from "./arguments.js";
import { Feed } from "./changes.js";
import { deliver } from "./deliver.js";
import { closed } from "./errors.js";
import { fetchOptions } from "./fetch_options.js";
import { fetchedAnswer } from "./fetched_message.js";
import { FilterSet } from "./filter_set.js";
import { importAll, importOptions } from "./import.js";
import { MailboxSet } from "./mailbox_set.js";
import { messages as takenMessages, ready } from "./octets.js";
import { isTelling } from "./results.js";
import { rowsOf } from "./rows.js";
import { cancellable, inOneMailbox, searchMailboxOptions, searchOptions } from "./search.js";
import { searchKeys } from "./searchkeys.js";
import { SelectedMailbox, View, isSelected, viewIn } from "./selected.js";
import * as sorting from "./sorting.js";
import { abandonable, onAbort, throwIfAborted } from "./signals.js";

const onlySignal = (given) => check.optionalSignal(check.options(given, ["signal"]).signal);

/** What a reader of mailbox events may leave unread; what happens then is told, summed up, once there is room. */
const UNREAD_EVENTS = 100;

/** What the classes of this package share of a session; not part of its face. */
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

  optionalView(selected) {
    return check.optional(selected, (given) => this.view(given));
  }

  /** Runs a call in the turn of a view, or, without one, at once. */
  inTurn(view, task, signal, durability) {
    if (!view) {
      throwIfAborted(signal);
      return this.call((handle) => task(handle, undefined), durability);
    }
    return view.run((id) => this.call((handle) => task(handle, id), durability), { signal });
  }

  /** The same for a call that changes nothing: given up as soon as the signal says so. */
  readInTurn(view, task, signal) {
    return view.run((id) => this.call((handle) => task(handle, id)), { signal, abandon: true });
  }

  /**
   * Runs a call that is given an event, which ends it early, as `run` does with the call's task. One
   * that was ended rejects with the signal's reason.
   */
  endable(run, task, signal) {
    return cancellable(this.engine, { signal }, (event) => run((handle, id) => task(handle, id, event)));
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
    let stop = () => {};
    let room = () => {};
    const feed = new Feed(() => {
      stopped = true;
      stop();
      room();
      const waiting = event;
      if (waiting) this.engine.quietly(() => waiting.set());
      this.#feeds.delete(feed);
    });
    const read = feed.next.bind(feed);
    feed.next = () => {
      const item = read();
      room();
      return item;
    };
    if (this.#closing) {
      feed.fail(closed("session"));
      return feed;
    }
    this.#feeds.add(feed);
    stop = onAbort(signal, () => feed.abort(signal.reason));
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

const NAMING = ["selected", "durability"];
const durabilityOf = ({ durability }) => check.optional(durability, check.durability, "durability");

/** What a session knows of itself. */
export let aboutOf;

/** A person's mailboxes, as one program uses them. */
export class Session {
  #core;
  #mailboxSet;
  #filterSet;

  static {
    aboutOf = (session) => session.#core.about;
  }

  constructor(core) {
    if (!(core instanceof SessionCore)) throw new TypeError("a Session comes from openSession");
    this.#core = core;
    this.#mailboxSet = new MailboxSet(core);
    this.#filterSet = new FilterSet(core);
  }

  get owner() {
    return this.#core.about.owner;
  }

  get databaseId() {
    return this.#core.about.databaseId;
  }

  get mailboxSet() {
    return this.#mailboxSet;
  }

  get filterSet() {
    return this.#filterSet;
  }

  get closed() {
    return this.#core.closed;
  }

  listMailboxes(options) {
    return this.#core.run(() => {
      const given = check.options(options, ["reference", "pattern", "subscribed", "status", "selected"]);
      const reference = check.optional(given.reference, check.text, "reference") ?? "";
      const pattern = check.optional(given.pattern, check.text, "pattern") ?? "*";
      const subscribed = check.optional(given.subscribed, check.boolean, "subscribed") ?? false;
      const status = check.optional(given.status, check.boolean, "status") ?? false;
      const view = this.#core.optionalView(given.selected);
      return this.#core.inTurn(view, (handle, id) => handle.listMailboxes(reference, pattern, subscribed, status, id));
    });
  }

  getMailbox(name, options) {
    return this.#core.run(async () => {
      check.mailboxName(name);
      const view = this.#core.optionalView(check.options(options, ["selected"]).selected);
      const { snapshot, updates } = await this.#core.inTurn(view, (handle, id) => handle.getMailbox(name, id));
      return view ? { ...snapshot, updates } : snapshot;
    });
  }

  status(name, options) {
    return this.getMailbox(name, options);
  }

  createMailbox(name, options) {
    return this.#core.run(() => {
      check.mailboxName(name);
      const given = check.options(options, ["specialUse", "firstUid", ...NAMING]);
      const specialUse = check.optional(given.specialUse, check.specialUse, "specialUse");
      const firstUid = check.optional(given.firstUid, check.uid, "firstUid");
      const view = this.#core.optionalView(given.selected);
      const task = (handle, id) => handle.createMailbox(name, specialUse, firstUid, id);
      return this.#core.inTurn(view, task, undefined, durabilityOf(given));
    });
  }

  #naming(method, names, options) {
    return this.#core.run(() => {
      for (const name of names) check.mailboxName(name);
      const given = check.options(options, NAMING);
      const view = this.#core.optionalView(given.selected);
      return this.#core.inTurn(view, (handle, id) => handle[method](...names, id), undefined, durabilityOf(given));
    });
  }

  deleteMailbox(name, options) {
    return this.#naming("deleteMailbox", [name], options);
  }

  renameMailbox(before, after, options) {
    return this.#naming("renameMailbox", [before, after], options);
  }

  subscribe(name, options) {
    return this.#naming("subscribe", [name], options);
  }

  unsubscribe(name, options) {
    return this.#naming("unsubscribe", [name], options);
  }

  setReadonly(name, readonly) {
    return this.#core.run(async () => {
      check.mailboxName(name);
      check.boolean(readonly, "readonly");
      await this.#core.call((handle) => handle.setReadonly(name, readonly));
    });
  }

  setSpecialUse(name, specialUse) {
    return this.#core.run(async () => {
      check.mailboxName(name);
      const use = specialUse === null ? undefined : check.specialUse(specialUse, "specialUse");
      await this.#core.call((handle) => handle.setSpecialUse(name, use));
    });
  }

  appendMessages(name, messages, options) {
    return this.#core.run(() => {
      check.mailboxName(name);
      const given = check.options(options, [...NAMING, "signal"]);
      const signal = check.optionalSignal(given.signal);
      const durability = durabilityOf(given);
      const view = this.#core.optionalView(given.selected);
      throwIfAborted(signal);
      const append = async (id) => {
        const taken = await abandonable(takenMessages(messages), signal);
        return this.#core.call((handle) => handle.appendMessages(name, ready(taken), id), durability);
      };
      return view ? view.run(append, { signal }) : append(undefined);
    });
  }

  deliver(raw, options) {
    return this.#core.run(() => deliver(this.#core, raw, options));
  }

  importMessages(name, messages, options) {
    return this.#core.run(() => {
      check.mailboxName(name);
      const given = importOptions(options);
      const { skip, importId, durability } = given;
      return importAll(messages, given, {
        append: (chunk, from) => {
          const task = (handle) => handle.importMessages(name, ready(chunk), skip, importId, from);
          return this.#core.call(task, durability);
        },
        progress: () => this.#core.call((handle) => handle.importProgress(name, importId)),
        emailIdOf: (raw) => this.#core.engine.callNow(() => this.#core.handle.emailIdOf(raw)),
      });
    });
  }

  selectMailbox(name, options) {
    return this.#core.run(async () => {
      check.mailboxName(name);
      const given = check.options(options, ["readonly", "signal"]);
      const readonly = check.optional(given.readonly, check.boolean, "readonly") ?? false;
      throwIfAborted(check.optionalSignal(given.signal));
      return this.#core.opened(await this.#core.call((handle) => handle.selectMailbox(name, readonly)));
    });
  }

  checkMailbox(selected, options) {
    return this.#core.run(async () => {
      const view = this.#core.view(selected);
      const given = check.options(options, ["waitOn", "housekeeping", "signal"]);
      const signal = check.optionalSignal(given.signal);
      const waitOn = check.optionalSignal(given.waitOn, "waitOn");
      const housekeeping = check.optional(given.housekeeping, check.boolean, "housekeeping") ?? false;
      return checked(this.#core, view, { signal, waitOn, housekeeping });
    });
  }

  listMessages(selected, options) {
    return this.#core.run(async () => {
      const view = this.#core.view(selected);
      const given = check.options(options, ["offset", "limit", "sort", "signal"]);
      const offset = check.optional(given.offset, check.integer, "offset", 0, check.MAX_UINT32) ?? 0;
      const limit = check.optional(given.limit, check.integer, "limit", 0, 10_000) ?? 50;
      const { criteria, newest } = sorting.listSort(given.sort ?? "-arrival");
      const signal = check.optionalSignal(given.signal);
      const listed = await this.#core.endable(
        (task) => this.#core.readInTurn(view, task, signal),
        (handle, id, event) => handle.listMessages(id, offset, limit, criteria, newest, event),
        signal,
      );
      return { rows: rowsOf(listed), total: listed.total };
    });
  }

  fetchMessages(selected, set, options) {
    return this.#core.run(() => {
      const view = this.#core.view(selected);
      return this.#fetch(view, check.messageSet(set), fetchOptions(options));
    });
  }

  async #fetch(view, { numbers, uid }, wanted) {
    const task = (handle, id) => handle.fetchMessages(id, numbers, uid, wanted, wanted.changedSince);
    // The answer may bring updates, so that the view has moved on: not given up once it began.
    const answer = await this.#core.inTurn(view, task, wanted.signal);
    return fetchedAnswer(this.#core, view.mailboxId, answer, wanted);
  }

  async *fetchPages(selected, set, options) {
    const core = this.#core;
    const view = core.view(selected);
    const wanted = fetchOptions(options, { once: false, more: ["pageSize"] });
    const pageSize = check.optional(options?.pageSize, check.integer, "pageSize", 1, 1000) ?? 100;
    const { numbers, uid } = check.messageSet(set);
    const { uids } = await core.run(() =>
      core.readInTurn(view, (handle, id) => handle.resolve(id, numbers, uid), wanted.signal),
    );
    for (let at = 0; at < uids.length; at += pageSize) {
      const page = { numbers: uids.subarray(at, at + pageSize), uid: true };
      yield await core.run(() => this.#fetch(view, page, wanted));
    }
  }

  searchMailbox(selected, keys, options) {
    return this.#core.run(() => {
      const view = this.#core.view(selected);
      const wanted = searchKeys(keys);
      const { signal, onProgress, returns } = searchMailboxOptions(options);
      return cancellable(this.#core.engine, { signal, onProgress: inOneMailbox(onProgress) }, (cancel, progress) =>
        this.#core.inTurn(view, (handle, id) => handle.searchMailbox(id, wanted, returns, cancel, progress), signal),
      );
    });
  }

  search(keys, options) {
    return this.#core.run(() => {
      const wanted = searchKeys(keys);
      const { mailboxes, ...given } = searchOptions(options);
      return cancellable(this.#core.engine, given, (cancel, progress) =>
        this.#core.call((handle) => handle.search(wanted, mailboxes, cancel, progress)),
      );
    });
  }

  #ordered(selected, keys, options, task) {
    const view = this.#core.view(selected);
    const tree = searchKeys(keys ?? {});
    const signal = onlySignal(options);
    return this.#core.endable(
      (call) => this.#core.inTurn(view, call, signal),
      (handle, id, event) => task(handle, id, tree, event),
      signal,
    );
  }

  sortMailbox(selected, sort, keys, options) {
    return this.#core.run(() => {
      const criteria = sorting.criteria(sort);
      const task = (handle, id, tree, event) => handle.sortMailbox(id, criteria, tree, event);
      return this.#ordered(selected, keys, options, task);
    });
  }

  threadMailbox(selected, algorithm, keys, options) {
    return this.#core.run(() => {
      check.oneOf(algorithm, "the algorithm", ["references", "orderedsubject"]);
      const task = (handle, id, tree, event) => handle.threadMailbox(id, algorithm, tree, event);
      return this.#ordered(selected, keys, options, task);
    });
  }

  expungeMailbox(selected, options) {
    return this.#core.run(async () => {
      const view = this.#core.view(selected);
      const given = check.options(options, ["uids", "durability", "signal"]);
      const uids = check.optional(given.uids, check.numberSet, "uids");
      const signal = check.optionalSignal(given.signal);
      const task = (handle, id) => handle.expungeMailbox(id, uids);
      const { updates } = await this.#core.inTurn(view, task, signal, durabilityOf(given));
      return updates;
    });
  }

  #transfer(method, selected, set, destination, options) {
    return this.#core.run(() => {
      const view = this.#core.view(selected);
      const { numbers, uid } = check.messageSet(set);
      check.mailboxName(destination, "the destination");
      const given = check.options(options, ["durability", "signal"]);
      const signal = check.optionalSignal(given.signal);
      const task = (handle, id) => handle[method](id, numbers, uid, destination);
      return this.#core.inTurn(view, task, signal, durabilityOf(given));
    });
  }

  copyMessages(selected, set, destination, options) {
    return this.#transfer("copyMessages", selected, set, destination, options);
  }

  moveMessages(selected, set, destination, options) {
    return this.#transfer("moveMessages", selected, set, destination, options);
  }

  updateFlags(selected, set, flags, operation, options) {
    return this.#core.run(() => {
      const view = this.#core.view(selected);
      const { numbers, uid } = check.messageSet(set);
      const names = check.flags(flags);
      const how = check.operation(operation);
      const given = check.options(options, ["silent", "unchangedSince", "durability", "signal"]);
      const silent = check.optional(given.silent, check.boolean, "silent") ?? false;
      const unchangedSince = check.optional(given.unchangedSince, check.modSeq, "unchangedSince");
      const task = (handle, id) => handle.updateFlags(id, numbers, uid, names, how, silent, unchangedSince);
      return this.#core.inTurn(view, task, check.optionalSignal(given.signal), durabilityOf(given));
    });
  }

  closeMailbox(selected, options) {
    return this.#core.run(async () => {
      const view = this.#core.view(selected);
      const expunge = check.optional(check.options(options, ["expunge"]).expunge, check.boolean, "expunge") ?? false;
      await view.finish((id) => this.#core.call((handle) => handle.closeMailbox(id, expunge)));
    });
  }

  changes(selected, options) {
    try {
      if (isSelected(selected)) return this.#core.view(selected).feed(onlySignal(options));
      if (options !== undefined) throw check.refuse("selected", "a SelectedMailbox", selected);
      return this.#core.events(onlySignal(selected));
    } catch (error) {
      const feed = new Feed();
      feed.fail(error);
      return feed;
    }
  }

  cleanup(options) {
    return this.#core.run(async () => {
      const given = check.options(options, ["thorough", "signal"]);
      const thorough = check.optional(given.thorough, check.boolean, "thorough") ?? false;
      const signal = check.optionalSignal(given.signal);
      throwIfAborted(signal);
      await abandonable(this.#core.call((handle) => handle.cleanup(thorough)), signal);
    });
  }

  verify(options) {
    return this.#core.run(() => {
      const signal = onlySignal(options);
      throwIfAborted(signal);
      return abandonable(this.#core.call((handle) => handle.verify()), signal);
    });
  }

  storage() {
    return this.#core.run(async () => {
      const { backend, database, storage: own } = this.#core.about;
      if (own) return { backend, database, ...(await own()) };
      const storage = globalThis.navigator?.storage;
      const [estimate, persistent] = await Promise.all([
        storage?.estimate?.().catch(() => undefined),
        storage?.persisted?.().catch(() => undefined),
      ]);
      return { backend, database, usage: estimate?.usage, quota: estimate?.quota, persistent };
    });
  }

  requestPersistence() {
    return this.#core.run(async () => {
      if (this.#core.about.storage) return true;
      const storage = globalThis.navigator?.storage;
      return (await storage?.persist?.().catch(() => false)) ?? false;
    });
  }

  close() {
    return this.#core.close();
  }
}

/** NOOP, or with `waitOn` IDLE: looks, and waits outside the view's turns if there is nothing. */
export async function checked(core, view, { signal, waitOn, housekeeping = false }) {
  const look = async (upkeep) => (await core.inTurn(view, (handle, id) => handle.checkMailbox(id, upkeep), signal)).updates;
  const updates = await look(housekeeping);
  if (!waitOn || waitOn.aborted || isTelling(updates)) return updates;
  return (await view.nextUpdates(waitOn, signal)) ?? look(false);
}
