// A mail store in SQLite: the schema and the statements. How a database file is opened is the business of sqlite.js,
// which knows its two stores.

import { commits, parsed, seen } from "./message.js";

const INBOX = "INBOX";
/** Bits of the system's flags; keywords get the ones after them as they come. */
const SYSTEM = ["\\Seen", "\\Answered", "\\Flagged", "\\Deleted", "\\Draft"];
const SEEN = 1;
const FLAG_BITS = 31;

const SCHEMA = `
  CREATE TABLE mailboxes (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    total INTEGER NOT NULL DEFAULT 0,
    unseen INTEGER NOT NULL DEFAULT 0,
    uid_next INTEGER NOT NULL DEFAULT 1
  );
  CREATE TABLE keywords (bit INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
  CREATE TABLE messages (
    mailbox INTEGER NOT NULL REFERENCES mailboxes,
    uid INTEGER NOT NULL,
    flags INTEGER NOT NULL,
    content INTEGER NOT NULL,
    internal_date INTEGER NOT NULL,
    sent_date INTEGER NOT NULL,
    size INTEGER NOT NULL,
    has_attachment INTEGER NOT NULL,
    subject TEXT NOT NULL,
    from_name TEXT NOT NULL,
    from_address TEXT NOT NULL,
    recipients TEXT NOT NULL,
    message_id TEXT NOT NULL,
    sort_subject TEXT NOT NULL,
    sort_from TEXT NOT NULL,
    thread_key TEXT NOT NULL,
    preview TEXT NOT NULL,
    PRIMARY KEY (mailbox, uid)
  ) WITHOUT ROWID;
  -- For what goes through a mailbox and needs no row: skipping, and finding the texts.
  CREATE INDEX messages_uid ON messages (mailbox, uid, content);
  -- Each has all that its queries read: the sort, and the search in that header field.
  CREATE INDEX messages_subject ON messages (mailbox, sort_subject, uid, subject);
  CREATE INDEX messages_from ON messages (mailbox, sort_from, uid, from_name, from_address);
  CREATE INDEX messages_thread ON messages (mailbox, thread_key, uid);
  CREATE TABLE bodies (content INTEGER PRIMARY KEY, raw BLOB NOT NULL);
  CREATE TABLE texts (content INTEGER PRIMARY KEY, body TEXT NOT NULL);
  INSERT INTO mailboxes (name) VALUES ('${INBOX}');
`;

const COLUMNS =
  "mailbox, uid, flags, content, internal_date, sent_date, size, has_attachment, subject, from_name, from_address, recipients, message_id, sort_subject, sort_from, thread_key, preview";
const COPIED = COLUMNS.replace("mailbox, uid, ", "");
const ROW = "uid, subject, from_name, from_address, internal_date, flags, size, has_attachment, preview";
const COUNTS = "total, unseen, uid_next";
const HEADERS = { subject: "subject", from: "from_name || ' <' || from_address || '>'" };

export class SqliteMailbox {
  #db;
  #prepared = new Map();
  #keywords = [];
  #closed;

  /** `closed` gives back what the database file was opened by. */
  constructor(db, pragmas, closed = async () => {}) {
    this.#db = db;
    this.#closed = closed;
    // Those of the store first, as its locking has to be known before the file is read. Then 64 MB of pages.
    db.exec(`${pragmas}; PRAGMA cache_size = -65536`);
    if (db.selectValue("SELECT count(*) FROM sqlite_schema") === 0) db.transaction("IMMEDIATE", () => db.exec(SCHEMA));
  }

  async close() {
    for (const statement of this.#prepared.values()) statement.finalize();
    this.#db.exec("PRAGMA optimize");
    this.#db.close();
    await this.#closed();
  }

  /** A statement prepared once. */
  #statement(sql) {
    let statement = this.#prepared.get(sql);
    if (!statement) {
      statement = this.#db.prepare(sql);
      this.#prepared.set(sql, statement);
    }
    return statement;
  }

  /** Runs a statement that answers with nothing; how many rows it changed. */
  #run(sql, bound) {
    this.#statement(sql).bind(bound).stepReset();
    return this.#db.changes();
  }

  /** The rows of a query, each as `make` reads it. */
  #rows(sql, bound, make) {
    const statement = this.#statement(sql);
    if (bound.length > 0) statement.bind(bound);
    const rows = [];
    try {
      while (statement.step()) rows.push(make(statement));
    } finally {
      statement.reset();
    }
    return rows;
  }

  /** Numbers of a query's first column, which come over from wasm as one text instead of one call each. */
  #numbers(sql, bound) {
    const [list] = this.#rows(`SELECT json_group_array(n) FROM (${sql})`, bound, (statement) => statement.getString(0));
    return JSON.parse(list);
  }

  #write(work) {
    return this.#db.transaction("IMMEDIATE", work);
  }

  #mailbox(name) {
    const [box] = this.#rows("SELECT id, uid_next FROM mailboxes WHERE name = ?", [name], (row) => ({
      id: row.getInt(0),
      uidNext: row.getInt(1),
    }));
    if (!box) throw new Error(`no mailbox ${name}`);
    return box;
  }

  /** The bits of these flags; a keyword not met before gets one. */
  #bits(flags) {
    let bits = 0;
    for (const flag of flags) bits |= this.#bit(flag);
    return bits;
  }

  #bit(flag) {
    const system = SYSTEM.indexOf(flag);
    if (system >= 0) return 1 << system;
    let keyword = this.#keywords.indexOf(flag);
    if (keyword < 0) {
      this.#run("INSERT OR IGNORE INTO keywords (bit, name) SELECT count(*), ? FROM keywords", [flag]);
      this.#learn();
      keyword = this.#keywords.indexOf(flag);
    }
    const bit = SYSTEM.length + keyword;
    if (bit >= FLAG_BITS) throw new Error("too many keywords");
    return 1 << bit;
  }

  #learn() {
    this.#keywords = this.#rows("SELECT name FROM keywords ORDER BY bit", [], (row) => row.getString(0));
  }

  #flags(bits) {
    const known = SYSTEM.length + this.#keywords.length;
    if (bits >> known) this.#learn();
    const flags = [];
    for (let bit = 0; bits >> bit; bit++) {
      if ((bits >> bit) & 1) flags.push(bit < SYSTEM.length ? SYSTEM[bit] : this.#keywords[bit - SYSTEM.length]);
    }
    return flags;
  }

  async createMailboxes(names) {
    this.#write(() => {
      for (const name of names) this.#run("INSERT INTO mailboxes (name) VALUES (?)", [name]);
    });
  }

  async importMessages(mailbox, messages) {
    for (const run of commits(messages)) this.#append(mailbox, await parsed(run));
  }

  async deliver(mailbox, message) {
    return this.#append(mailbox, await parsed([message]));
  }

  #append(name, run) {
    return this.#write(() => {
      const { id, uidNext } = this.#mailbox(name);
      const [last] = this.#rows("SELECT coalesce(max(content), 0) FROM bodies", [], (row) => row.getInt(0));
      const body = this.#statement("INSERT INTO bodies (content, raw) VALUES (?, ?)");
      const words = this.#statement("INSERT INTO texts (content, body) VALUES (?, ?)");
      const message = this.#statement(`INSERT INTO messages (${COLUMNS}) VALUES (?${", ?".repeat(16)})`);
      let unseen = 0;
      run.forEach(({ row, raw, text }, i) => {
        const content = last + 1 + i;
        body.bind([content, raw]).stepReset();
        words.bind([content, text]).stepReset();
        message
          .bind([
            id,
            uidNext + i,
            this.#bits(row.flags),
            content,
            row.internalDate,
            row.sentDate,
            row.size,
            row.hasAttachment ? 1 : 0,
            row.subject,
            row.fromName,
            row.fromAddress,
            JSON.stringify(row.to),
            row.messageId,
            row.sortSubject,
            row.sortFrom,
            row.threadKey,
            row.preview,
          ])
          .stepReset();
        if (!seen(row)) unseen++;
      });
      this.#count(id, run.length, unseen, run.length);
      return uidNext;
    });
  }

  /** Adds to the counts kept with a mailbox, in the transaction that changes what they count. */
  #count(id, total, unseen, uids = 0) {
    this.#run("UPDATE mailboxes SET total = total + ?, unseen = unseen + ?, uid_next = uid_next + ? WHERE id = ?", [
      total,
      unseen,
      uids,
      id,
    ]);
  }

  async select(mailbox) {
    return this.#counts(mailbox);
  }

  #counts(mailbox) {
    return this.#rows(`SELECT ${COUNTS} FROM mailboxes WHERE name = ?`, [mailbox], counts)[0];
  }

  async list(mailbox, offset, limit) {
    return this.#list(mailbox, offset, limit);
  }

  #list(mailbox, offset, limit) {
    const { id } = this.#mailbox(mailbox);
    // What is skipped is skipped on an index, which is much smaller than the table.
    const where = offset
      ? "uid <= (SELECT uid FROM messages INDEXED BY messages_uid WHERE mailbox = ?1 ORDER BY uid DESC LIMIT 1 OFFSET ?2)"
      : "?2 = 0";
    return this.#rows(
      `SELECT ${ROW} FROM messages WHERE mailbox = ?1 AND ${where} ORDER BY uid DESC LIMIT ?3`,
      [id, offset, limit],
      (row) => ({
        uid: row.getInt(0),
        subject: row.getString(1),
        fromName: row.getString(2),
        fromAddress: row.getString(3),
        internalDate: row.getFloat(4),
        flags: this.#flags(row.getInt(5)),
        size: row.getInt(6),
        hasAttachment: row.getInt(7) === 1,
        preview: row.getString(8),
      }),
    );
  }

  async setFlag(mailbox, uids, flag, on, durability) {
    if (durability === "strict") this.#db.exec("PRAGMA synchronous = FULL");
    try {
      return this.#write(() => {
        const { id } = this.#mailbox(mailbox);
        const bit = this.#bit(flag);
        const edit = on ? "flags | ?2" : "flags & ~?2";
        const unlike = on ? "flags & ?2 = 0" : "flags & ?2 <> 0";
        const count =
          uids.length === 1
            ? this.#run(`UPDATE messages SET flags = ${edit} WHERE mailbox = ?1 AND uid = ?3 AND ${unlike}`, [id, bit, uids[0]])
            : this.#run(
                `UPDATE messages SET flags = ${edit} WHERE mailbox = ?1 AND uid IN (SELECT value FROM json_each(?3)) AND ${unlike}`,
                [id, bit, JSON.stringify(uids)],
              );
        if (bit === SEEN && count > 0) this.#count(id, 0, on ? -count : count);
        return count;
      });
    } finally {
      if (durability === "strict") this.#db.exec("PRAGMA synchronous = NORMAL");
    }
  }

  async markAll(mailbox, on) {
    return this.#write(() => {
      const { id } = this.#mailbox(mailbox);
      const count = this.#run(
        on
          ? "UPDATE messages SET flags = flags | 1 WHERE mailbox = ? AND flags & 1 = 0"
          : "UPDATE messages SET flags = flags & ~1 WHERE mailbox = ? AND flags & 1 <> 0",
        [id],
      );
      if (count > 0) this.#count(id, 0, on ? -count : count);
      return count;
    });
  }

  async expunge(mailbox, uids) {
    return this.#write(() => {
      const { id } = this.#mailbox(mailbox);
      return this.#remove(id, JSON.stringify(uids), this.#unseen(id, JSON.stringify(uids)));
    });
  }

  #unseen(id, uids) {
    return this.#rows(
      "SELECT count(*) FROM messages WHERE mailbox = ? AND uid IN (SELECT value FROM json_each(?)) AND flags & 1 = 0",
      [id, uids],
      (row) => row.getInt(0),
    )[0];
  }

  #remove(id, uids, unseen) {
    const count = this.#run("DELETE FROM messages WHERE mailbox = ? AND uid IN (SELECT value FROM json_each(?))", [id, uids]);
    this.#count(id, -count, -unseen);
    return count;
  }

  async copy(mailbox, uids, destination) {
    return this.#copy(mailbox, uids, destination, false);
  }

  async move(mailbox, uids, destination) {
    return this.#copy(mailbox, uids, destination, true);
  }

  #copy(mailbox, uids, destination, moved) {
    return this.#write(() => {
      const { id } = this.#mailbox(mailbox);
      const to = this.#mailbox(destination);
      const list = JSON.stringify(uids);
      const unseen = this.#unseen(id, list);
      const count = this.#run(
        `INSERT INTO messages (${COLUMNS}) SELECT ?2, ?3 + row_number() OVER (ORDER BY uid) - 1, flags, ${COPIED.replace("flags, ", "")}
         FROM messages WHERE mailbox = ?1 AND uid IN (SELECT value FROM json_each(?4)) ORDER BY uid`,
        [id, to.id, to.uidNext, list],
      );
      this.#count(to.id, count, unseen, count);
      if (moved) this.#remove(id, list, unseen);
      return count;
    });
  }

  async status(mailboxes) {
    return this.#db.transaction(() => mailboxes.map((name) => this.#counts(name)));
  }

  async refresh(mailbox) {
    return this.#db.transaction(() => ({ rows: this.#list(mailbox, 0, 50), counts: this.#counts(mailbox) }));
  }

  async check(mailbox) {
    return this.#counts(mailbox);
  }

  async sort(mailbox, by) {
    const { id } = this.#mailbox(mailbox);
    return this.#numbers(`SELECT uid AS n FROM messages WHERE mailbox = ? ORDER BY sort_${by}, uid`, [id]);
  }

  async thread(mailbox) {
    const { id } = this.#mailbox(mailbox);
    const [list] = this.#rows(
      `SELECT json_group_array(json(uids)) FROM
         (SELECT json_group_array(uid) AS uids FROM (SELECT thread_key, uid FROM messages WHERE mailbox = ? ORDER BY thread_key, uid) GROUP BY thread_key)`,
      [id],
      (row) => row.getString(0),
    );
    return JSON.parse(list);
  }

  async searchHeader(mailbox, field, text) {
    const { id } = this.#mailbox(mailbox);
    return this.#numbers(
      `SELECT uid AS n FROM messages INDEXED BY messages_${field} WHERE mailbox = ? AND ${HEADERS[field]} LIKE ? ESCAPE '\\' ORDER BY uid`,
      [id, like(text)],
    );
  }

  async searchBody(mailbox, text) {
    const { id } = this.#mailbox(mailbox);
    return this.#numbers(
      `SELECT uid AS n FROM messages INDEXED BY messages_uid CROSS JOIN texts USING (content) WHERE mailbox = ? AND body LIKE ? ESCAPE '\\' ORDER BY uid`,
      [id, like(text)],
    );
  }

  async read(mailbox, uids) {
    return this.#db.transaction(() => {
      const { id } = this.#mailbox(mailbox);
      return uids.map(
        (uid) =>
          this.#rows("SELECT raw FROM messages JOIN bodies USING (content) WHERE mailbox = ? AND uid = ?", [id, uid], (row) =>
            row.getBlob(0),
          )[0],
      );
    });
  }

  /** Deletes the contents that no message has any more, and gives their pages back. */
  async housekeeping() {
    this.#write(() => {
      this.#db.exec(`
        DELETE FROM bodies WHERE content NOT IN (SELECT content FROM messages);
        DELETE FROM texts WHERE content NOT IN (SELECT content FROM bodies);
      `);
    });
    this.#db.exec("VACUUM; PRAGMA optimize");
  }
}

const counts = (row) => ({ exists: row.getInt(0), unseen: row.getInt(1), uidNext: row.getInt(2) });

/** A pattern of LIKE for that text anywhere. */
const like = (text) => `%${text.replace(/[\\%_]/g, "\\$&")}%`;
