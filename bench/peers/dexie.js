// Dexie, with a table of rows and its indexes, and tables for the octets and the texts: bulk calls, transactions
// around what belongs together, compound indexes for what is sorted.

import { Dexie } from "/bench/node_modules/dexie/dist/modern/dexie.min.mjs";
import { change, headerTest, parsed, pipelined, seen, threads, unseen } from "./message.js";

const INBOX = "INBOX";
/** Rows at a time, for what goes through a whole mailbox. */
const ROWS = 2_000;
const TEXTS = 500;

const contentOf = (mailbox, uid) => mailbox * 2 ** 32 + uid;

function database(name, chromeTransactionDurability) {
  const db = new Dexie(name, { chromeTransactionDurability });
  db.version(1).stores({
    mailboxes: "name",
    messages: "[mailbox+uid], [mailbox+sortSubject], [mailbox+sortFrom]",
    bodies: "content",
    texts: "content",
    // Of importRaw alone.
    raws: "++uid",
  });
  db.on("populate", (tx) => tx.table("mailboxes").add({ name: INBOX, id: 1, exists: 0, unseen: 0, uidNext: 1 }));
  return db;
}

class DexieEngine {
  #name;
  #db;
  #strict;
  #ids = new Map();

  constructor(name) {
    this.#name = name;
    this.#db = database(name, "relaxed");
  }

  async open() {
    await this.#db.open();
    return this;
  }

  async close() {
    this.#db.close();
    this.#strict?.close();
  }

  /** Durability is an option of a database, so there are two for the asking. */
  #durable(durability) {
    return durability === "strict" ? (this.#strict ??= database(this.#name, "strict")) : this.#db;
  }

  async #id(name) {
    let id = this.#ids.get(name);
    if (id === undefined) {
      id = (await this.#db.mailboxes.get(name)).id;
      this.#ids.set(name, id);
    }
    return id;
  }

  createMailboxes(names) {
    return this.#db.transaction("rw", this.#db.mailboxes, async () => {
      let id = await this.#db.mailboxes.count();
      await this.#db.mailboxes.bulkAdd(names.map((name) => ({ name, id: ++id, exists: 0, unseen: 0, uidNext: 1 })));
    });
  }

  async importMessages(mailbox, messages) {
    await pipelined(messages, parsed, (run) => this.#append(mailbox, run));
  }

  async deliver(mailbox, message) {
    return this.#append(mailbox, await parsed([message]));
  }

  #append(name, run) {
    const db = this.#db;
    return db.transaction("rw", db.mailboxes, db.messages, db.bodies, db.texts, async () => {
      const box = await db.mailboxes.get(name);
      const first = box.uidNext;
      const rows = [];
      const bodies = [];
      const texts = [];
      for (const { row, raw, text } of run) {
        const uid = box.uidNext++;
        const content = contentOf(box.id, uid);
        rows.push({ mailbox: box.id, uid, content, ...row });
        bodies.push({ content, raw });
        texts.push({ content, text });
      }
      box.exists += rows.length;
      box.unseen += unseen(rows);
      await Promise.all([
        db.messages.bulkAdd(rows),
        db.bodies.bulkAdd(bodies),
        db.texts.bulkAdd(texts),
        db.mailboxes.put(box),
      ]);
      return first;
    });
  }

  async importRaw(_mailbox, messages) {
    const unparsed = (run) => run.map(({ raw, internalDate, flags }) => ({ raw, internalDate, flags }));
    await pipelined(messages, unparsed, (run) => this.#db.raws.bulkAdd(run));
  }

  deliverRaw(_mailbox, { raw, internalDate, flags }) {
    return this.#db.raws.add({ raw, internalDate, flags });
  }

  select(mailbox) {
    return this.#db.mailboxes.get(mailbox);
  }

  async list(mailbox, offset, limit) {
    const id = await this.#id(mailbox);
    const newest = this.#all(id).reverse();
    if (offset === 0) return newest.limit(limit).toArray();
    // Skipping moves a cursor over keys; the rows are then asked for at once.
    const [from] = await newest.offset(offset).limit(1).primaryKeys();
    if (!from) return [];
    return this.#between([id, Dexie.minKey], from).reverse().limit(limit).toArray();
  }

  #between(low, high) {
    return this.#db.messages.where("[mailbox+uid]").between(low, high, true, true);
  }

  #all(id, db = this.#db) {
    return db.messages.where("[mailbox+uid]").between([id, Dexie.minKey], [id, Dexie.maxKey]);
  }

  /** The rows of those of the uids that are there, in their order. */
  async #rows(id, uids, db = this.#db) {
    if (uids.length > 1 && uids.at(-1) - uids[0] < uids.length * 2) {
      const wanted = new Set(uids);
      const rows = await db.messages.where("[mailbox+uid]").between([id, uids[0]], [id, uids.at(-1)], true, true).toArray();
      return rows.filter(({ uid }) => wanted.has(uid));
    }
    const rows = await db.messages.bulkGet(uids.map((uid) => [id, uid]));
    return rows.filter((row) => row !== undefined);
  }

  async setFlag(mailbox, uids, flag, on, durability) {
    const db = this.#durable(durability);
    const id = await this.#id(mailbox);
    if (flag !== "\\Seen" && uids.length === 1) {
      let count = 0;
      await db.messages.update([id, uids[0]], (row) => {
        count = change(row, flag, on) ? 1 : 0;
      });
      return count;
    }
    return db.transaction("rw", flag === "\\Seen" ? [db.messages, db.mailboxes] : [db.messages], async () => {
      const rows = (await this.#rows(id, uids, db)).filter((row) => change(row, flag, on));
      await db.messages.bulkPut(rows);
      if (flag === "\\Seen" && rows.length > 0) await recount(db, mailbox, (box) => (box.unseen += on ? -rows.length : rows.length));
      return rows.length;
    });
  }

  async markAll(mailbox, on) {
    const db = this.#db;
    const id = await this.#id(mailbox);
    return db.transaction("rw", db.messages, db.mailboxes, async () => {
      let count = 0;
      for await (const batch of this.#batches(id, ROWS)) {
        const rows = batch.filter((row) => change(row, "\\Seen", on));
        await db.messages.bulkPut(rows);
        count += rows.length;
      }
      if (count > 0) await recount(db, mailbox, (box) => (box.unseen += on ? -count : count));
      return count;
    });
  }

  /** All rows of a mailbox, ascending, a batch at a time, each going on where the last one ended. */
  async *#batches(id, size) {
    let after = Dexie.minKey;
    for (;;) {
      const rows = await this.#db.messages
        .where("[mailbox+uid]")
        .between([id, after], [id, Dexie.maxKey], false)
        .limit(size)
        .toArray();
      yield rows;
      if (rows.length < size) return;
      after = rows.at(-1).uid;
    }
  }

  async expunge(mailbox, uids) {
    const db = this.#db;
    const id = await this.#id(mailbox);
    return db.transaction("rw", db.messages, db.mailboxes, async () => {
      const rows = await this.#rows(id, uids);
      await this.#remove(mailbox, rows);
      return rows.length;
    });
  }

  async #remove(mailbox, rows) {
    await this.#db.messages.bulkDelete(rows.map(({ mailbox: id, uid }) => [id, uid]));
    await recount(this.#db, mailbox, (box) => {
      box.exists -= rows.length;
      box.unseen -= unseen(rows);
    });
  }

  copy(mailbox, uids, destination) {
    return this.#copy(mailbox, uids, destination, false);
  }

  move(mailbox, uids, destination) {
    return this.#copy(mailbox, uids, destination, true);
  }

  async #copy(mailbox, uids, destination, moved) {
    const db = this.#db;
    const id = await this.#id(mailbox);
    return db.transaction("rw", db.messages, db.mailboxes, async () => {
      const rows = await this.#rows(id, uids);
      let copies;
      await recount(db, destination, (box) => {
        copies = rows.map((row) => ({ ...row, mailbox: box.id, uid: box.uidNext++ }));
        box.exists += rows.length;
        box.unseen += unseen(rows);
      });
      await db.messages.bulkAdd(copies);
      if (moved) await this.#remove(mailbox, rows);
      return rows.length;
    });
  }

  status(mailboxes) {
    return this.#db.mailboxes.bulkGet([...mailboxes]);
  }

  async refresh(mailbox) {
    const [rows, counts] = await Promise.all([this.list(mailbox, 0, 50), this.select(mailbox)]);
    return { rows, counts };
  }

  check(mailbox) {
    return this.select(mailbox);
  }

  async sort(mailbox, by) {
    const id = await this.#id(mailbox);
    const keys = await this.#db.messages
      .where(by === "subject" ? "[mailbox+sortSubject]" : "[mailbox+sortFrom]")
      .between([id, Dexie.minKey], [id, Dexie.maxKey])
      .primaryKeys();
    return keys.map(([, uid]) => uid);
  }

  async thread(mailbox) {
    const id = await this.#id(mailbox);
    const rows = [];
    for await (const batch of this.#batches(id, ROWS)) for (const row of batch) rows.push(row);
    return threads(rows);
  }

  async searchHeader(mailbox, field, text) {
    const id = await this.#id(mailbox);
    const test = headerTest(field, text);
    const uids = [];
    for await (const rows of this.#batches(id, ROWS)) for (const row of rows) if (test(row)) uids.push(row.uid);
    return uids;
  }

  async searchBody(mailbox, text) {
    const db = this.#db;
    const id = await this.#id(mailbox);
    const needle = text.toLowerCase();
    return db.transaction("r", db.messages, db.texts, async () => {
      const uids = [];
      for await (const rows of this.#batches(id, TEXTS)) {
        const found = await this.#texts(rows.map(({ content }) => content));
        rows.forEach(({ uid }, i) => {
          if (found[i].text.toLowerCase().includes(needle)) uids.push(uid);
        });
      }
      return uids;
    });
  }

  /** The texts of these numbers: as one range where they lie close together. */
  async #texts(numbers) {
    if (numbers.length === 0) return [];
    const low = Math.min(...numbers);
    const high = Math.max(...numbers);
    if (high - low >= numbers.length * 2) return this.#db.texts.bulkGet(numbers);
    const records = await this.#db.texts.where("content").between(low, high, true, true).toArray();
    const found = new Map(records.map((record) => [record.content, record]));
    return numbers.map((number) => found.get(number));
  }

  async read(mailbox, uids) {
    const db = this.#db;
    const id = await this.#id(mailbox);
    return db.transaction("r", db.messages, db.bodies, async () => {
      const rows = await db.messages.bulkGet(uids.map((uid) => [id, uid]));
      const bodies = await db.bodies.bulkGet(rows.map(({ content }) => content));
      return bodies.map(({ raw }) => raw);
    });
  }

  /** Deletes the contents that no message has any more. */
  async housekeeping() {
    const db = this.#db;
    await db.transaction("rw", db.mailboxes, db.messages, db.bodies, db.texts, async () => {
      const kept = new Set();
      for (const { id } of await db.mailboxes.toArray()) {
        for await (const rows of this.#batches(id, ROWS)) for (const { content } of rows) kept.add(content);
      }
      const dead = (await db.bodies.toCollection().primaryKeys()).filter((content) => !kept.has(content));
      await Promise.all([db.bodies.bulkDelete(dead), db.texts.bulkDelete(dead)]);
    });
  }
}

/** Changes the counts kept with a mailbox, in the transaction that changes what they count. */
async function recount(db, name, edit) {
  const box = await db.mailboxes.get(name);
  edit(box);
  await db.mailboxes.put(box);
}

export default {
  name: "dexie",
  version: Dexie.semVer,
  notes: [
    "Expunging leaves octets and texts that no message has to its housekeeping, as copies share them.",
    "A strict commit is one of a second Dexie on the same database, opened at the first: durability is an option of the database.",
  ],
  open: ({ database }) => new DexieEngine(database).open(),
  destroy: (name) => Dexie.delete(name),
};
