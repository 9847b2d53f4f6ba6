// IndexedDB without a library: a record per message with an index on the date, the octets and the texts in stores of
// their own. What a careful author writes who measures transactions and round trips, but not layouts.

import { change, headerTest, parsed, pipelined, seen, sorted, threads, unseen } from "./message.js";

const INBOX = "INBOX";
/** Rows read or written at a time by what goes through a whole mailbox. */
const ROWS = 2_000;
/** Texts, which are larger. */
const TEXTS = 500;

const answer = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** The answers of all of them; requests are answered in the order of their making, so the last one's event is enough. */
async function answers(requests) {
  if (requests.length === 0) return [];
  await answer(requests.at(-1));
  return requests.map((request) => request.result);
}

const all = (mailbox) => IDBKeyRange.bound([mailbox], [mailbox, []]);
const after = (mailbox, uid) => IDBKeyRange.bound([mailbox, uid], [mailbox, []], true);
/** Uids are never given twice, so that a message's first place is a number of its own for what it has stored. */
const contentOf = (mailbox, uid) => mailbox * 2 ** 32 + uid;

class Naive {
  #db;
  #ids = new Map();

  constructor(db) {
    this.#db = db;
    db.onversionchange = () => db.close();
  }

  async close() {
    this.#db.close();
  }

  /** One transaction that writes: settles when it is committed, with what `work` answered. */
  async #write(stores, work, durability = "relaxed") {
    const tx = this.#db.transaction(stores, "readwrite", { durability });
    const done = new Promise((resolve, reject) => {
      tx.oncomplete = resolve;
      tx.onabort = () => reject(tx.error ?? new Error("aborted"));
    });
    try {
      const value = await work(tx);
      tx.commit();
      await done;
      return value;
    } catch (error) {
      try {
        tx.abort();
      } catch {
        // It has ended by itself.
      }
      await done.catch(() => {});
      throw error;
    }
  }

  #read(stores) {
    return this.#db.transaction(stores, "readonly");
  }

  /** The mailbox's number, which never changes. */
  async #id(name) {
    let id = this.#ids.get(name);
    if (id === undefined) {
      const box = await answer(this.#read("mailboxes").objectStore("mailboxes").get(name));
      if (!box) throw new Error(`no mailbox ${name}`);
      id = box.id;
      this.#ids.set(name, id);
    }
    return id;
  }

  async createMailboxes(names) {
    await this.#write("mailboxes", async (tx) => {
      const store = tx.objectStore("mailboxes");
      let id = await answer(store.count());
      for (const name of names) store.add({ name, id: ++id, exists: 0, unseen: 0, uidNext: 1 });
    });
  }

  async importMessages(mailbox, messages) {
    await pipelined(messages, parsed, (run) => this.#append(mailbox, run));
  }

  async deliver(mailbox, message) {
    return this.#append(mailbox, await parsed([message]));
  }

  /** Adds at the mailbox's end; the uid of the first. */
  #append(name, run) {
    return this.#write(["mailboxes", "messages", "bodies", "texts"], async (tx) => {
      const mailboxes = tx.objectStore("mailboxes");
      const box = await answer(mailboxes.get(name));
      const first = box.uidNext;
      const messages = tx.objectStore("messages");
      const bodies = tx.objectStore("bodies");
      const texts = tx.objectStore("texts");
      for (const { row, raw, text } of run) {
        const uid = box.uidNext++;
        const content = contentOf(box.id, uid);
        messages.add({ mailbox: box.id, uid, content, ...row });
        bodies.add(raw, content);
        texts.add({ content, text });
      }
      box.exists += run.length;
      box.unseen += unseen(run.map(({ row }) => row));
      mailboxes.put(box);
      return first;
    });
  }

  async select(mailbox) {
    return answer(this.#read("mailboxes").objectStore("mailboxes").get(mailbox));
  }

  async list(mailbox, offset, limit) {
    const id = await this.#id(mailbox);
    return this.#newest(this.#read("messages").objectStore("messages"), id, offset, limit);
  }

  async #newest(store, id, offset, limit) {
    let range = all(id);
    if (offset > 0) {
      // Only keys are gone through on the way there.
      const request = store.openKeyCursor(range, "prev");
      const cursor = await answer(request);
      if (!cursor) return [];
      cursor.advance(offset);
      if ((await answer(request)) === null) return [];
      range = IDBKeyRange.bound([id], request.result.primaryKey);
    }
    if ("getAllRecords" in store) return answer(store.getAll({ query: range, count: limit, direction: "prev" }));
    const rows = [];
    const request = store.openCursor(range, "prev");
    await new Promise((resolve, reject) => {
      request.onerror = () => reject(request.error);
      request.onsuccess = () => {
        const cursor = request.result;
        if (cursor) rows.push(cursor.value);
        if (!cursor || rows.length === limit) resolve();
        else cursor.continue();
      };
    });
    return rows;
  }

  /** The rows of those of the uids that are there, in their order: as one range where they lie close together. */
  async #rows(store, id, uids) {
    if (uids.length === 0) return [];
    if (uids.at(-1) - uids[0] < uids.length * 2) {
      const wanted = new Set(uids);
      const rows = await answer(store.getAll(IDBKeyRange.bound([id, uids[0]], [id, uids.at(-1)])));
      return rows.filter(({ uid }) => wanted.has(uid));
    }
    const rows = await answers(uids.map((uid) => store.get([id, uid])));
    return rows.filter((row) => row !== undefined);
  }

  /** All rows of a mailbox, ascending, a batch at a time; the next one is on its way while one is worked on. */
  async *#batches(store, id, size = ROWS) {
    let pending = answer(store.getAll(all(id), size));
    for (;;) {
      const rows = await pending;
      const more = rows.length === size;
      if (more) pending = answer(store.getAll(after(id, rows.at(-1).uid), size));
      yield rows;
      if (!more) return;
    }
  }

  async setFlag(mailbox, uids, flag, on, durability) {
    const counted = flag === "\\Seen";
    const id = await this.#id(mailbox);
    return this.#write(
      counted ? ["messages", "mailboxes"] : "messages",
      async (tx) => {
        const store = tx.objectStore("messages");
        const rows = await this.#rows(store, id, uids);
        const count = put(store, rows, flag, on);
        if (counted && count > 0) await recount(tx, mailbox, (box) => (box.unseen += on ? -count : count));
        return count;
      },
      durability,
    );
  }

  async markAll(mailbox, on) {
    const id = await this.#id(mailbox);
    return this.#write(["messages", "mailboxes"], async (tx) => {
      const store = tx.objectStore("messages");
      let count = 0;
      for await (const rows of this.#batches(store, id)) count += put(store, rows, "\\Seen", on);
      if (count > 0) await recount(tx, mailbox, (box) => (box.unseen += on ? -count : count));
      return count;
    });
  }

  async expunge(mailbox, uids) {
    const id = await this.#id(mailbox);
    return this.#write(["messages", "mailboxes"], async (tx) => {
      const store = tx.objectStore("messages");
      const rows = await this.#rows(store, id, uids);
      await this.#remove(tx, store, mailbox, rows);
      return rows.length;
    });
  }

  async #remove(tx, store, mailbox, rows) {
    for (const { mailbox: id, uid } of rows) store.delete([id, uid]);
    await recount(tx, mailbox, (box) => {
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
    const id = await this.#id(mailbox);
    return this.#write(["messages", "mailboxes"], async (tx) => {
      const store = tx.objectStore("messages");
      const rows = await this.#rows(store, id, uids);
      await recount(tx, destination, (box) => {
        for (const row of rows) store.add({ ...row, mailbox: box.id, uid: box.uidNext++ });
        box.exists += rows.length;
        box.unseen += unseen(rows);
      });
      if (moved) await this.#remove(tx, store, mailbox, rows);
      return rows.length;
    });
  }

  async status(mailboxes) {
    const store = this.#read("mailboxes").objectStore("mailboxes");
    return answers(mailboxes.map((name) => store.get(name)));
  }

  async refresh(mailbox) {
    const id = await this.#id(mailbox);
    const tx = this.#read(["messages", "mailboxes"]);
    const [rows, counts] = await Promise.all([
      this.#newest(tx.objectStore("messages"), id, 0, 50),
      answer(tx.objectStore("mailboxes").get(mailbox)),
    ]);
    return { rows, counts };
  }

  check(mailbox) {
    return this.select(mailbox);
  }

  async #all(mailbox) {
    const id = await this.#id(mailbox);
    const rows = [];
    for await (const batch of this.#batches(this.#read("messages").objectStore("messages"), id)) {
      for (const row of batch) rows.push(row);
    }
    return rows;
  }

  async sort(mailbox, by) {
    return sorted(await this.#all(mailbox), by === "subject" ? "sortSubject" : "sortFrom");
  }

  async thread(mailbox) {
    return threads(await this.#all(mailbox));
  }

  async searchHeader(mailbox, field, text) {
    const id = await this.#id(mailbox);
    const test = headerTest(field, text);
    const uids = [];
    for await (const rows of this.#batches(this.#read("messages").objectStore("messages"), id)) {
      for (const row of rows) if (test(row)) uids.push(row.uid);
    }
    return uids;
  }

  async searchBody(mailbox, text) {
    const id = await this.#id(mailbox);
    const needle = text.toLowerCase();
    const tx = this.#read(["messages", "texts"]);
    const texts = tx.objectStore("texts");
    const uids = [];
    for await (const rows of this.#batches(tx.objectStore("messages"), id, TEXTS)) {
      const found = await contents(texts, rows);
      rows.forEach(({ uid }, i) => {
        if (found[i].text.toLowerCase().includes(needle)) uids.push(uid);
      });
    }
    return uids;
  }

  async read(mailbox, uids) {
    const id = await this.#id(mailbox);
    const tx = this.#read(["messages", "bodies"]);
    const rows = await this.#rows(tx.objectStore("messages"), id, uids);
    const bodies = tx.objectStore("bodies");
    const order = new Map(rows.map(({ uid, content }) => [uid, content]));
    return answers(uids.map((uid) => bodies.get(order.get(uid))));
  }

  /** Deletes the contents that no message has any more. */
  async housekeeping() {
    await this.#write(["messages", "bodies", "texts"], async (tx) => {
      const kept = new Set(await contentNumbers(tx.objectStore("messages")));
      const bodies = tx.objectStore("bodies");
      const texts = tx.objectStore("texts");
      for (const content of await answer(bodies.getAllKeys())) {
        if (kept.has(content)) continue;
        bodies.delete(content);
        texts.delete(content);
      }
    });
  }
}

/** Stores the rows whose flag is not as asked; how many. */
function put(store, rows, flag, on) {
  let count = 0;
  for (const row of rows) {
    if (!change(row, flag, on)) continue;
    store.put(row);
    count++;
  }
  return count;
}

/** Changes the counts kept with a mailbox, in the transaction that changes what they count. */
async function recount(tx, name, edit) {
  const store = tx.objectStore("mailboxes");
  const box = await answer(store.get(name));
  edit(box);
  store.put(box);
}

/** The texts' records of these rows: as one range where they lie close together. */
async function contents(store, rows) {
  if (rows.length === 0) return [];
  const numbers = rows.map(({ content }) => content);
  const [low, high] = numbers.reduce(([a, b], n) => [Math.min(a, n), Math.max(b, n)], [Infinity, -Infinity]);
  if (high - low < numbers.length * 2) {
    const records = await answer(store.getAll(IDBKeyRange.bound(low, high)));
    const found = new Map(records.map((record) => [record.content, record]));
    return numbers.map((content) => found.get(content));
  }
  return answers(numbers.map((content) => store.get(content)));
}

async function contentNumbers(store) {
  const numbers = [];
  let range = null;
  for (;;) {
    const rows = await answer(store.getAll(range, ROWS));
    for (const { content } of rows) numbers.push(content);
    if (rows.length < ROWS) return numbers;
    range = IDBKeyRange.lowerBound([rows.at(-1).mailbox, rows.at(-1).uid], true);
  }
}

export default {
  name: "naive",
  version: "IndexedDB",
  notes: [
    "Expunging leaves octets and texts that no message has to its housekeeping, as copies share them.",
    "A list is paged by moving a cursor, whose cost grows with the distance.",
  ],

  async open({ database }) {
    const request = indexedDB.open(database, 1);
    request.onupgradeneeded = () => {
      const db = request.result;
      db.createObjectStore("mailboxes", { keyPath: "name" }).add({ name: INBOX, id: 1, exists: 0, unseen: 0, uidNext: 1 });
      const messages = db.createObjectStore("messages", { keyPath: ["mailbox", "uid"] });
      messages.createIndex("date", ["mailbox", "internalDate"]);
      db.createObjectStore("bodies");
      db.createObjectStore("texts", { keyPath: "content" });
    };
    return new Naive(await answer(request));
  },

  async destroy(database) {
    await answer(indexedDB.deleteDatabase(database));
  },
};
