// A session: checks what is given, keeps calls and views apart, and closes in order. The engine does the rest.

import * as check from "./arguments.js";
import { boolean, durability, signal, text } from "./arguments.js";
import { Feed } from "./changes.js";
import { deliver } from "./deliver.js";
import { fetchOptions } from "./fetch_options.js";
import { fetchedAnswer } from "./fetched_message.js";
import { FilterSet } from "./filter_set.js";
import { importAll, importOptions } from "./import.js";
import { MailboxSet } from "./mailbox_set.js";
import { messages as takenMessages, ready } from "./octets.js";
import { rowsOf } from "./rows.js";
import { inOneMailbox, searchMailboxOptions, searchOptions } from "./search.js";
import { searchKeys } from "./searchkeys.js";
import { isSelected } from "./selected.js";
import { SessionCore } from "./session_core.js";
import * as sorting from "./sorting.js";
import { abandonable, throwIfAborted } from "./signals.js";

const onlySignal = (options) => check.members(options, { signal }).signal;

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
      const { selected } = this.#core.naming;
      const given = check.members(options, { reference: text, pattern: text, subscribed: boolean, status: boolean, selected });
      const { reference = "", pattern = "*", subscribed = false, status = false } = given;
      return this.#core.inTurn(given, (handle, id) => handle.listMailboxes(reference, pattern, subscribed, status, id));
    });
  }

  getMailbox(name, options) {
    return this.#core.run(async () => {
      check.mailboxName(name);
      const { selected } = this.#core.naming;
      const given = check.members(options, { selected });
      const { snapshot, updates } = await this.#core.inTurn(given, (handle, id) => handle.getMailbox(name, id));
      return given.selected ? { ...snapshot, updates } : snapshot;
    });
  }

  status(name, options) {
    return this.getMailbox(name, options);
  }

  createMailbox(name, options) {
    return this.#core.run(() => {
      check.mailboxName(name);
      const given = check.members(options, { ...check.CREATION, ...this.#core.naming });
      const task = (handle, id) => handle.createMailbox(name, given.specialUse, given.firstUid, id);
      return this.#core.inTurn(given, task);
    });
  }

  #naming(method, names, options) {
    return this.#core.run(() => {
      for (const name of names) check.mailboxName(name);
      const given = check.members(options, this.#core.naming);
      return this.#core.inTurn(given, (handle, id) => handle[method](...names, id));
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
      boolean(readonly, "readonly");
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
      const given = check.members(options, { ...this.#core.naming, signal });
      return this.#core.turn(given, async (id) => {
        const taken = await abandonable(takenMessages(messages), given.signal);
        return this.#core.call((handle) => handle.appendMessages(name, ready(taken), id), given.durability);
      });
    });
  }

  deliver(raw, options) {
    return this.#core.run(() => deliver(this.#core, raw, options));
  }

  importMessages(name, messages, options) {
    return this.#core.run(() => {
      check.mailboxName(name);
      const given = importOptions(options);
      return importAll(messages, given, {
        append: (chunk, from) => {
          const task = (handle) => handle.importMessages(name, ready(chunk), given.skip, given.importId, from);
          return this.#core.call(task, given.durability);
        },
        progress: () => this.#core.call((handle) => handle.importProgress(name, given.importId)),
        emailIdOf: (raw) => this.#core.engine.callNow(() => this.#core.handle.emailIdOf(raw)),
      });
    });
  }

  selectMailbox(name, options) {
    return this.#core.run(async () => {
      check.mailboxName(name);
      const given = check.members(options, { readonly: boolean, signal });
      throwIfAborted(given.signal);
      return this.#core.opened(await this.#core.call((handle) => handle.selectMailbox(name, given.readonly ?? false)));
    });
  }

  checkMailbox(selected, options) {
    return this.#core.run(() => {
      const view = this.#core.view(selected);
      return this.#core.checked(view, check.members(options, { waitOn: signal, housekeeping: boolean, signal }));
    });
  }

  listMessages(selected, options) {
    return this.#core.run(async () => {
      const view = this.#core.view(selected);
      const { offset = 0, limit = 50, sort = "-arrival", ...given } = check.members(options, {
        offset: check.within(0, check.MAX_UINT32),
        limit: check.within(0, 10_000),
        sort: check.any,
        signal,
      });
      const { criteria, newest } = sorting.listSort(sort);
      const task = (handle, id, event) => handle.listMessages(id, offset, limit, criteria, newest, event);
      const listed = await this.#core.endable({ ...given, selected: view, abandon: true }, task);
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
    const answer = await this.#core.inTurn({ selected: view, signal: wanted.signal }, task);
    return fetchedAnswer(this.#core, view.mailboxId, answer, wanted);
  }

  async *fetchPages(selected, set, options) {
    const core = this.#core;
    const view = core.view(selected);
    const wanted = fetchOptions(options, true);
    const { pageSize = 100 } = wanted;
    const { numbers, uid } = check.messageSet(set);
    const how = { selected: view, signal: wanted.signal, abandon: true };
    const { uids } = await core.run(() => core.inTurn(how, (handle, id) => handle.resolve(id, numbers, uid)));
    for (let at = 0; at < uids.length; at += pageSize) {
      const page = { numbers: uids.subarray(at, at + pageSize), uid: true };
      yield await core.run(() => this.#fetch(view, page, wanted));
    }
  }

  searchMailbox(selected, keys, options) {
    return this.#core.run(() => {
      const view = this.#core.view(selected);
      const wanted = searchKeys(keys);
      const { returns, ...given } = searchMailboxOptions(options);
      const how = { ...given, selected: view, onProgress: inOneMailbox(given.onProgress) };
      return this.#core.endable(how, (handle, id, ...more) => handle.searchMailbox(id, wanted, returns, ...more));
    });
  }

  search(keys, options) {
    return this.#core.run(() => {
      const wanted = searchKeys(keys);
      const given = searchOptions(options);
      return this.#core.endable(given, (handle, id, ...more) => handle.search(wanted, given.mailboxes, ...more));
    });
  }

  #ordered(method, selected, by, keys, options) {
    const view = this.#core.view(selected);
    const tree = searchKeys(keys ?? {});
    const how = { selected: view, signal: onlySignal(options) };
    return this.#core.endable(how, (handle, id, event) => handle[method](id, by, tree, event));
  }

  sortMailbox(selected, sort, keys, options) {
    return this.#core.run(() => this.#ordered("sortMailbox", selected, sorting.criteria(sort), keys, options));
  }

  threadMailbox(selected, algorithm, keys, options) {
    return this.#core.run(() => {
      check.oneOf(algorithm, "the algorithm", ["references", "orderedsubject"]);
      return this.#ordered("threadMailbox", selected, algorithm, keys, options);
    });
  }

  expungeMailbox(selected, options) {
    return this.#core.run(async () => {
      const view = this.#core.view(selected);
      const { uids, ...given } = check.members(options, { uids: check.numberSet, durability, signal });
      const { updates } = await this.#core.inTurn({ ...given, selected: view }, (handle, id) => handle.expungeMailbox(id, uids));
      return updates;
    });
  }

  #transfer(method, selected, set, destination, options) {
    return this.#core.run(() => {
      const view = this.#core.view(selected);
      const { numbers, uid } = check.messageSet(set);
      check.mailboxName(destination, "the destination");
      const given = check.members(options, { durability, signal });
      const task = (handle, id) => handle[method](id, numbers, uid, destination);
      return this.#core.inTurn({ ...given, selected: view }, task);
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
      const given = check.members(options, { silent: boolean, unchangedSince: check.modSeq, durability, signal });
      const { silent = false, unchangedSince } = given;
      const task = (handle, id) => handle.updateFlags(id, numbers, uid, names, how, silent, unchangedSince);
      return this.#core.inTurn({ ...given, selected: view }, task);
    });
  }

  closeMailbox(selected, options) {
    return this.#core.run(async () => {
      const view = this.#core.view(selected);
      const { expunge = false } = check.members(options, { expunge: boolean });
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

  /** A call that is given up as soon as the signal says so. */
  #abandonable(given, task) {
    throwIfAborted(given.signal);
    return abandonable(this.#core.call(task), given.signal);
  }

  cleanup(options) {
    return this.#core.run(async () => {
      const given = check.members(options, { thorough: boolean, signal });
      await this.#abandonable(given, (handle) => handle.cleanup(given.thorough ?? false));
    });
  }

  verify(options) {
    return this.#core.run(() => this.#abandonable({ signal: onlySignal(options) }, (handle) => handle.verify()));
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
