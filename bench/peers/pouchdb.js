// PouchDB on its IndexedDB adapter: a document per message, another for its text with the octets attached, and one
// per mailbox with its counts. Bulk calls, and ids made so that a range of them is the query.

import PouchDB from "/bench/node_modules/pouchdb/dist/pouchdb.min.js";
import { change, headerTest, parsed, pipelined, sorted, threads, unseen } from "./message.js";

const INBOX = "INBOX";
/** Documents at a time, for what goes through a whole mailbox. */
const DOCUMENTS = 1_000;
const TEXTS = 250;

const boxId = (name) => `b:${name}`;
const padded = (number) => String(number).padStart(10, "0");
const contentId = (mailbox, uid) => `c:${padded(mailbox)}:${padded(uid)}`;
const messageId = (mailbox, uid) => `m:${padded(mailbox)}:${padded(uid)}`;
/** Above every uid. */
const END = "\uffff";
const range = (mailbox) => ({ startkey: `m:${padded(mailbox)}:`, endkey: `m:${padded(mailbox)}:${END}` });
const box = (name, id) => ({ _id: boxId(name), id, exists: 0, unseen: 0, uidNext: 1 });

class Pouch {
  #db;
  #ids = new Map();

  constructor(db) {
    this.#db = db;
  }

  async open() {
    await this.#db.put(box(INBOX, 1)).catch((error) => {
      if (error.status !== 409) throw error;
    });
    return this;
  }

  close() {
    return this.#db.close();
  }

  /** Writes all of these, or says which it could not. */
  async #bulk(documents) {
    const results = await this.#db.bulkDocs(documents);
    const failed = results.find(({ error }) => error);
    if (failed) throw new Error(`${failed.id}: ${failed.message}`);
  }

  async #id(name) {
    let id = this.#ids.get(name);
    if (id === undefined) {
      ({ id } = await this.#db.get(boxId(name)));
      this.#ids.set(name, id);
    }
    return id;
  }

  async createMailboxes(names) {
    const { rows } = await this.#db.allDocs({ startkey: "b:", endkey: `b:${END}` });
    await this.#bulk(names.map((name, i) => box(name, rows.length + 1 + i)));
  }

  async importMessages(mailbox, messages) {
    await pipelined(messages, parsed, (run) => this.#append(mailbox, run));
  }

  async deliver(mailbox, message) {
    return this.#append(mailbox, await parsed([message]));
  }

  async #append(name, run) {
    const counts = await this.#db.get(boxId(name));
    const first = counts.uidNext;
    const documents = [counts];
    for (const { row, raw, text } of run) {
      const uid = counts.uidNext++;
      const content = contentId(counts.id, uid);
      const data = new Blob([raw], { type: "message/rfc822" });
      documents.push({ _id: messageId(counts.id, uid), uid, content, ...row });
      documents.push({ _id: content, text, _attachments: { raw: { content_type: "message/rfc822", data } } });
    }
    counts.exists += run.length;
    counts.unseen += unseen(run.map(({ row }) => row));
    await this.#bulk(documents);
    return first;
  }

  select(mailbox) {
    return this.#db.get(boxId(mailbox));
  }

  async list(mailbox, offset, limit) {
    const { startkey, endkey } = range(await this.#id(mailbox));
    const descending = { startkey: endkey, endkey: startkey, descending: true };
    const { rows } = await this.#db.allDocs({ ...descending, skip: offset, limit, include_docs: true });
    return rows.map(({ doc }) => doc);
  }

  /** The documents of those of the uids that are there, in their order. */
  async #rows(id, uids) {
    let found;
    if (uids.at(-1) - uids[0] < uids.length * 2) {
      const wanted = new Set(uids);
      const near = { startkey: messageId(id, uids[0]), endkey: messageId(id, uids.at(-1)) };
      found = (await this.#db.allDocs({ ...near, include_docs: true })).rows.filter(({ doc }) => wanted.has(doc.uid));
    } else {
      found = (await this.#db.allDocs({ keys: uids.map((uid) => messageId(id, uid)), include_docs: true })).rows;
    }
    return found.filter(({ doc }) => doc).map(({ doc }) => doc);
  }

  /** All of a mailbox, ascending, a batch at a time, each going on where the last one ended. */
  async *#batches(id, size = DOCUMENTS) {
    let { startkey, endkey } = range(id);
    for (;;) {
      const { rows } = await this.#db.allDocs({ startkey, endkey, limit: size, include_docs: true });
      yield rows.map(({ doc }) => doc);
      if (rows.length < size) return;
      startkey = messageId(id, rows.at(-1).doc.uid + 1);
    }
  }

  async #all(mailbox) {
    const rows = [];
    for await (const batch of this.#batches(await this.#id(mailbox))) for (const row of batch) rows.push(row);
    return rows;
  }

  async setFlag(mailbox, uids, flag, on) {
    const rows = (await this.#rows(await this.#id(mailbox), uids)).filter((row) => change(row, flag, on));
    return this.#flagged(mailbox, rows, flag, on);
  }

  /** Writes rows whose flag has changed, and the count that changes with them; how many rows. */
  async #flagged(mailbox, rows, flag, on) {
    const documents = [...rows];
    if (flag === "\\Seen" && rows.length > 0) {
      const counts = await this.#db.get(boxId(mailbox));
      counts.unseen += on ? -rows.length : rows.length;
      documents.push(counts);
    }
    await this.#bulk(documents);
    return rows.length;
  }

  async markAll(mailbox, on) {
    const rows = (await this.#all(mailbox)).filter((row) => change(row, "\\Seen", on));
    return this.#flagged(mailbox, rows, "\\Seen", on);
  }

  async expunge(mailbox, uids) {
    const rows = await this.#rows(await this.#id(mailbox), uids);
    await this.#bulk([...removed(rows), await this.#less(mailbox, rows)]);
    return rows.length;
  }

  /** The mailbox's document without these. */
  async #less(mailbox, rows) {
    const counts = await this.#db.get(boxId(mailbox));
    counts.exists -= rows.length;
    counts.unseen -= unseen(rows);
    return counts;
  }

  async copy(mailbox, uids, destination) {
    const { rows, documents } = await this.#copies(mailbox, uids, destination);
    await this.#bulk(documents);
    return rows.length;
  }

  async move(mailbox, uids, destination) {
    const { rows, documents } = await this.#copies(mailbox, uids, destination);
    await this.#bulk([...documents, ...removed(rows), await this.#less(mailbox, rows)]);
    return rows.length;
  }

  async #copies(mailbox, uids, destination) {
    const rows = await this.#rows(await this.#id(mailbox), uids);
    const counts = await this.#db.get(boxId(destination));
    const documents = rows.map(({ _id, _rev, ...row }) => {
      const uid = counts.uidNext++;
      return { ...row, _id: messageId(counts.id, uid), uid };
    });
    counts.exists += rows.length;
    counts.unseen += unseen(rows);
    return { rows, documents: [...documents, counts] };
  }

  async status(mailboxes) {
    const { rows } = await this.#db.allDocs({ keys: mailboxes.map(boxId), include_docs: true });
    return rows.map(({ doc }) => doc);
  }

  async refresh(mailbox) {
    const [rows, counts] = await Promise.all([this.list(mailbox, 0, 50), this.select(mailbox)]);
    return { rows, counts };
  }

  check(mailbox) {
    return this.select(mailbox);
  }

  async sort(mailbox, by) {
    return sorted(await this.#all(mailbox), by === "subject" ? "sortSubject" : "sortFrom");
  }

  async thread(mailbox) {
    return threads(await this.#all(mailbox));
  }

  async searchHeader(mailbox, field, text) {
    const test = headerTest(field, text);
    const uids = [];
    for await (const rows of this.#batches(await this.#id(mailbox))) {
      for (const row of rows) if (test(row)) uids.push(row.uid);
    }
    return uids;
  }

  async searchBody(mailbox, text) {
    const needle = text.toLowerCase();
    const uids = [];
    for await (const rows of this.#batches(await this.#id(mailbox), TEXTS)) {
      const found = await this.#texts(rows.map(({ content }) => content));
      rows.forEach(({ uid }, i) => {
        if (found[i].toLowerCase().includes(needle)) uids.push(uid);
      });
    }
    return uids;
  }

  /** The texts of these: as one range where it holds nothing else. */
  async #texts(ids) {
    if (ids.length === 0) return [];
    const ordered = ids.every((id, i) => i === 0 || ids[i - 1] < id);
    if (ordered) {
      const { rows } = await this.#db.allDocs({
        startkey: ids[0],
        endkey: ids.at(-1),
        limit: ids.length * 2,
        include_docs: true,
      });
      const found = new Map(rows.map(({ id, doc }) => [id, doc.text]));
      if (ids.every((id) => found.has(id))) return ids.map((id) => found.get(id));
    }
    const { rows } = await this.#db.allDocs({ keys: ids, include_docs: true });
    return rows.map(({ doc }) => doc.text);
  }

  async read(mailbox, uids) {
    const id = await this.#id(mailbox);
    if (uids.length === 1) {
      const { content } = await this.#db.get(messageId(id, uids[0]));
      return [await octets(await this.#db.getAttachment(content, "raw"))];
    }
    const { rows } = await this.#db.allDocs({ keys: uids.map((uid) => messageId(id, uid)), include_docs: true });
    const keys = rows.map(({ doc }) => doc.content);
    const found = await this.#db.allDocs({ keys, include_docs: true, attachments: true, binary: true });
    return Promise.all(found.rows.map(({ doc }) => octets(doc._attachments.raw.data)));
  }

  /** Deletes the contents that no message has any more, and compacts. */
  async housekeeping() {
    const messages = await this.#db.allDocs({ startkey: "m:", endkey: `m:${END}`, include_docs: true });
    const kept = new Set(messages.rows.map(({ doc }) => doc.content));
    const contents = await this.#db.allDocs({ startkey: "c:", endkey: `c:${END}` });
    const dead = contents.rows.filter(({ id }) => !kept.has(id));
    await this.#bulk(dead.map(({ id, value }) => ({ _id: id, _rev: value.rev, _deleted: true })));
    await this.#db.compact();
  }
}

const removed = (rows) => rows.map(({ _id, _rev }) => ({ _id, _rev, _deleted: true }));
const octets = async (blob) => new Uint8Array(await blob.arrayBuffer());

export default {
  name: "pouchdb",
  version: PouchDB.version,
  maxN: 10_000,
  notes: [
    "It knows no durability: what IndexedDB does by default.",
    "Documents are not written together by promise; its IndexedDB adapter writes one bulkDocs call in one transaction.",
    "Expunging leaves octets and texts that no message has to its housekeeping, as copies share them.",
  ],
  open: ({ database }) => new Pouch(new PouchDB(database, { adapter: "idb" })).open(),
  destroy: (database) => new PouchDB(database, { adapter: "idb" }).destroy(),
};
