// The layer below sessions: MailboxSet and MailboxData, every member a promise. Checks what is given.

import * as check from "./arguments.js";
import { invalid } from "./errors.js";
import { message as takenMessage, messages as takenMessages, ready } from "./octets.js";
import { isTelling, revivedMessage } from "./results.js";

/** A person's mailboxes: names, and what is done to whole mailboxes. */
export class MailboxSet {
  #core;

  constructor(core) {
    if (typeof core?.run !== "function") throw new TypeError("a MailboxSet comes from a session");
    this.#core = core;
  }

  #named(names, task) {
    return this.#core.run(() => {
      for (const name of names) check.mailboxName(name);
      return this.#core.call(task);
    });
  }

  delimiter() {
    return this.#core.run(() => this.#core.call((handle) => handle.delimiter()));
  }

  setSubscribed(name, subscribed) {
    return this.#core.run(async () => {
      check.mailboxName(name);
      check.boolean(subscribed, "subscribed");
      await this.#core.call((handle) => handle.setSubscribed(name, subscribed));
    });
  }

  listSubscribed() {
    return this.#named([], (handle) => handle.listTree(true));
  }

  listMailboxes() {
    return this.#named([], (handle) => handle.listTree(false));
  }

  async getMailbox(name) {
    return new MailboxData(this.#core, await this.#named([name], (handle) => handle.mailboxData(name)));
  }

  addMailbox(name, options) {
    return this.#core.run(() => {
      check.mailboxName(name);
      const given = check.options(options, ["specialUse", "firstUid"]);
      const specialUse = check.optional(given.specialUse, check.specialUse, "specialUse");
      const firstUid = check.optional(given.firstUid, check.uid, "firstUid");
      return this.#core.call((handle) => handle.addMailbox(name, specialUse, firstUid));
    });
  }

  async deleteMailbox(name) {
    await this.#named([name], (handle) => handle.removeMailbox(name));
  }

  async renameMailbox(before, after) {
    await this.#named([before, after], (handle) => handle.moveMailbox(before, after));
  }
}

const recentOption = (options) =>
  check.optional(check.options(options, ["recent"]).recent, check.boolean, "recent") ?? true;

/** One mailbox by its identity. */
export class MailboxData {
  #core;
  #data; // the engine's handle, freed with this object

  constructor(core, data) {
    if (typeof core?.run !== "function") throw new TypeError("a MailboxData comes from MailboxSet.getMailbox");
    this.#core = core;
    this.#data = data;
  }

  #run(task) {
    return this.#core.run(() => task((call) => this.#core.engine.call(() => call(this.#data))));
  }

  mailboxId() {
    return this.#run((call) => call((data) => data.mailboxId()));
  }

  readonly() {
    return this.#run((call) => call((data) => data.readonly()));
  }

  uidValidity() {
    return this.#run((call) => call((data) => data.uidValidity()));
  }

  permanentFlags() {
    return this.#run((call) => call((data) => data.permanentFlags()));
  }

  sessionFlags() {
    return this.#run((call) => call((data) => data.sessionFlags()));
  }

  selectedSet() {
    return this.#run((call) => call((data) => data.selectedSet()));
  }

  /** The view, if it is of this mailbox. */
  async #view(call, selected) {
    const view = this.#core.view(selected);
    if (view.mailboxId !== (await call((data) => data.mailboxId()))) throw invalid("selected is a view of another mailbox");
    return view;
  }

  updateSelected(selected, options) {
    return this.#run(async (call) => {
      const given = check.options(options, ["waitOn", "signal"]);
      const signal = check.optionalSignal(given.signal);
      const waitOn = check.optionalSignal(given.waitOn, "waitOn");
      const view = await this.#view(call, selected);
      const look = async () => {
        const { updates } = await this.#core.inTurn(view, (handle, id) => handle.checkMailbox(id, false), signal);
        return updates;
      };
      const updates = await look();
      if (!waitOn || waitOn.aborted || isTelling(updates)) return updates;
      return (await view.nextUpdates(waitOn, signal)) ?? look();
    });
  }

  append(message, options) {
    return this.#run(async (call) => {
      const recent = recentOption(options);
      const taken = await takenMessage(message, "the message");
      const [appended] = await call((data) => data.appendMany(ready([taken]), recent));
      return revivedMessage(appended);
    });
  }

  appendMany(messages, options) {
    return this.#run(async (call) => {
      const recent = recentOption(options);
      const taken = await takenMessages(messages);
      return (await call((data) => data.appendMany(ready(taken), recent))).map(revivedMessage);
    });
  }

  #destination(destination) {
    // Not by instanceof, which a hostile object can make throw.
    if (destination === null || typeof destination !== "object" || !(#core in destination)) {
      throw invalid("the destination must be a MailboxData");
    }
    if (destination.#core !== this.#core) throw invalid("the destination belongs to another session");
    return destination.#data;
  }

  #transferOne(method, uid, destination, options) {
    return this.#run(async (call) => {
      check.uid(uid);
      const to = this.#destination(destination);
      const recent = recentOption(options);
      return (await call((data) => data[method](Uint32Array.of(uid), to, recent))).destination[0];
    });
  }

  #transferMany(method, uids, destination, options) {
    return this.#run((call) => {
      const taken = check.uint32s(uids, "uids");
      const to = this.#destination(destination);
      const recent = recentOption(options);
      return call((data) => data[method](taken, to, recent));
    });
  }

  copy(uid, destination, options) {
    return this.#transferOne("copyMany", uid, destination, options);
  }

  copyMany(uids, destination, options) {
    return this.#transferMany("copyMany", uids, destination, options);
  }

  move(uid, destination, options) {
    return this.#transferOne("moveMany", uid, destination, options);
  }

  moveMany(uids, destination, options) {
    return this.#transferMany("moveMany", uids, destination, options);
  }

  #cached(cached, uid) {
    if (cached === undefined || cached === null) return undefined;
    if (typeof cached !== "object") throw check.refuse("cached", "a message as get returned it", cached);
    // Copied and checked now: what fails later fails after the change.
    const known = check.reading("cached", () => ({ ...cached }));
    check.uid(known.uid, "cached.uid");
    known.flags = check.flags(known.flags, "cached.flags");
    return known.uid === uid ? known : undefined;
  }

  async #known(call, uid, cached) {
    const found = revivedMessage(await call((data) => data.get(uid)));
    if (found && !(found.expunged && cached)) return found;
    return cached ? { ...cached, expunged: true } : found;
  }

  get(uid, cached) {
    return this.#run((call) => {
      check.uid(uid);
      return this.#known(call, uid, this.#cached(cached, uid));
    });
  }

  update(uid, cached, flags, operation) {
    return this.#run(async (call) => {
      check.uid(uid);
      const known = this.#cached(cached, uid);
      const names = check.flags(flags);
      const how = check.operation(operation);
      await call((data) => data.updateMany(Uint32Array.of(uid), names, how, undefined));
      const message = await this.#known(call, uid, known);
      if (!message?.expunged) return message;
      return { ...message, flags: await call((data) => data.appliedFlags([...message.flags], names, how)) };
    });
  }

  updateMany(uids, flags, operation, options) {
    return this.#run((call) => {
      const taken = check.uint32s(uids, "uids");
      const names = check.flags(flags);
      const how = check.operation(operation);
      const { unchangedSince } = check.options(options, ["unchangedSince"]);
      const since = check.optional(unchangedSince, check.modSeq, "unchangedSince");
      return call((data) => data.updateMany(taken, names, how, since));
    });
  }

  delete(uids) {
    return this.#run(async (call) => {
      const taken = check.uint32s(uids, "uids");
      await call((data) => data.expunge(taken, false));
    });
  }

  expunge(uids) {
    return this.#run((call) => {
      const taken = check.uint32s(uids, "uids");
      return call((data) => data.expunge(taken, true));
    });
  }

  claimRecent(selected) {
    return this.#run(async (call) => {
      const view = await this.#view(call, selected);
      await this.#core.inTurn(view, (handle, id) => handle.claimRecent(id));
    });
  }

  cleanup() {
    return this.#run(async (call) => {
      await call((data) => data.cleanup());
    });
  }

  snapshot() {
    return this.#run((call) => call((data) => data.snapshot()));
  }

  find(set, selected) {
    return this.#run(async (call) => {
      const { numbers, uid } = check.messageSet(set);
      const view = await this.#view(call, selected);
      const { messages } = await this.#core.inTurn(view, (handle, id) => handle.find(id, numbers, uid));
      return messages.map(revivedMessage);
    });
  }

  findDeleted(set, selected) {
    return this.#run(async (call) => {
      const { numbers, uid } = check.messageSet(set);
      const view = await this.#view(call, selected);
      const { uids } = await this.#core.inTurn(view, (handle, id) => handle.findDeleted(id, numbers, uid));
      return uids;
    });
  }

  select(options) {
    return this.#run(async (call) => {
      const { readonly } = check.options(options, ["readonly"]);
      const wanted = check.optional(readonly, check.boolean, "readonly") ?? false;
      const data = await call((each) => each);
      return this.#core.opened(await this.#core.call((handle) => handle.selectData(data, wanted)));
    });
  }
}
