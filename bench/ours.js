// This package as an engine of the benchmark: its public face, used as a webmail in a worker would use it.

import { openSession, deleteDatabase, version } from "/pkg/index.js";

const OWNER = "bench@example.org";

class Ours {
  #session;
  /** The open view of each mailbox: an application keeps the one it shows. */
  #views = new Map();

  constructor(session) {
    this.#session = session;
  }

  async #view(mailbox) {
    const known = this.#views.get(mailbox);
    if (known) return known;
    const { selected } = await this.#session.selectMailbox(mailbox);
    this.#views.set(mailbox, selected);
    return selected;
  }

  /** The next use of it begins with a SELECT. */
  async #leave(mailbox) {
    const view = this.#views.get(mailbox);
    this.#views.delete(mailbox);
    if (view) await this.#session.closeMailbox(view);
  }

  async close() {
    await this.#session.close();
  }

  async createMailboxes(names) {
    for (const name of names) await this.#session.createMailbox(name);
  }

  async importMessages(mailbox, messages) {
    await this.#session.importMessages(mailbox, dated(messages));
    await this.#leave(mailbox);
  }

  async deliver(mailbox, message) {
    const selected = await this.#view(mailbox);
    const { uids } = await this.#session.appendMessages(mailbox, dated([message]), { selected });
    return uids[0];
  }

  async select(mailbox) {
    await this.#leave(mailbox);
    const { selected, snapshot } = await this.#session.selectMailbox(mailbox);
    this.#views.set(mailbox, selected);
    return counts(snapshot);
  }

  async list(mailbox, offset, limit) {
    const { rows } = await this.#session.listMessages(await this.#view(mailbox), { offset, limit });
    return rows.map(row);
  }

  async setFlag(mailbox, uids, flag, on, durability) {
    await this.#session.updateFlags(await this.#view(mailbox), uids, [flag], on ? "add" : "delete", { silent: true, durability });
    return uids.length;
  }

  async markAll(mailbox, seen) {
    const view = await this.#view(mailbox);
    const before = await this.#session.status(mailbox);
    await this.#session.updateFlags(view, "1:*", ["\\Seen"], seen ? "add" : "delete", { silent: true });
    return seen ? before.unseen : before.exists - before.unseen;
  }

  async expunge(mailbox, uids) {
    const view = await this.#view(mailbox);
    await this.#session.updateFlags(view, uids, ["\\Deleted"], "add", { silent: true });
    const { expunged } = await this.#session.expungeMailbox(view, { uids });
    return expunged.uid.length;
  }

  async copy(mailbox, uids, destination) {
    const { copied } = await this.#session.copyMessages(await this.#view(mailbox), uids, destination);
    return copied?.source.length ?? 0;
  }

  async move(mailbox, uids, destination) {
    const { copied } = await this.#session.moveMessages(await this.#view(mailbox), uids, destination);
    return copied?.source.length ?? 0;
  }

  async status(mailboxes) {
    const listed = await this.#session.listMailboxes({ status: true });
    const all = new Map(listed.mailboxes.map(({ name, status }) => [name, status]));
    return mailboxes.map((name) => counts(all.get(name)));
  }

  async refresh(mailbox) {
    const view = await this.#view(mailbox);
    await this.#session.checkMailbox(view);
    const [{ rows }, snapshot] = await Promise.all([this.#session.listMessages(view), this.#session.status(mailbox)]);
    return { rows: rows.map(row), counts: counts(snapshot) };
  }

  async check(mailbox) {
    const view = await this.#view(mailbox);
    await this.#session.checkMailbox(view);
    return counts(await this.#session.status(mailbox));
  }

  async sort(mailbox, by) {
    return (await this.#session.sortMailbox(await this.#view(mailbox), by)).uids;
  }

  async thread(mailbox) {
    const { uids, depths } = await this.#session.threadMailbox(await this.#view(mailbox), "references");
    const threads = [];
    for (let n = 0; n < uids.length; ) {
      const begin = n;
      do n += 1;
      while (n < uids.length && depths[n] > 0);
      // The answer has them by who answers whom; 0 stands for a message that is not there.
      threads.push(uids.subarray(begin, n).filter((uid) => uid > 0).sort());
    }
    return threads;
  }

  async searchHeader(mailbox, field, text) {
    return (await this.#session.searchMailbox(await this.#view(mailbox), { [field]: text })).uids;
  }

  async searchBody(mailbox, text) {
    return (await this.#session.searchMailbox(await this.#view(mailbox), { body: text })).uids;
  }

  async read(mailbox, uids) {
    const { messages } = await this.#session.fetchMessages(await this.#view(mailbox), uids, { source: true });
    if (messages.length === 1) return [messages[0].source];
    const byUid = new Map(messages.map(({ uid, source }) => [uid, source]));
    return uids.map((uid) => byUid.get(uid));
  }

  async housekeeping() {
    await this.#session.cleanup({ thorough: true });
  }
}

function* dated(messages) {
  for (const { raw, flags, internalDate } of messages) yield { raw, flags, internalDate: new Date(internalDate) };
}

const counts = ({ exists, unseen, uidNext }) => ({ exists, unseen, uidNext });

const row = ({ uid, subject, from: [from], internalDate, flags, size, hasAttachment, preview }) => ({
  uid,
  subject,
  fromName: from?.name ?? "",
  fromAddress: from?.address ?? "",
  internalDate: internalDate.getTime(),
  flags,
  size,
  hasAttachment,
  preview,
});

export default {
  name: "ours",
  version,
  notes: ["Ids, mod-sequences, threads, \\Recent and the journal for other tabs are in all of its figures."],
  async open({ database }) {
    return new Ours(await openSession({ owner: OWNER, database }));
  },
  destroy: (database) => deleteDatabase(database),
};
