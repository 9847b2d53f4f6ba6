// The store in a file, over Node's SQLite: one transaction per read and per commit. Here: the tables, the
// contract's three methods, waiting for other processes. Not here: what values mean, where files are.

import * as check from "../arguments.js";
import { MailboxError, closed } from "../errors.js";
import { builtin, sqliteDatabase } from "./builtins.js";
import { companions, createPrivately, databaseFile, identityOf } from "./files.js";
import { fromNode, isBusy, isInputOutput } from "./sqlite_codes.js";

/** The version of the tables this code writes; a file of a newer one is refused. */
const VERSION = 1;
/** In the file's header: a database of ours. */
const APPLICATION_ID = 0x4f4d_6278;

const TABLES = `
  CREATE TABLE records (key BLOB NOT NULL PRIMARY KEY, value BLOB NOT NULL) STRICT;
  CREATE TABLE guards (guard INTEGER PRIMARY KEY, revision INTEGER NOT NULL) STRICT;
  CREATE TABLE journal (sequence INTEGER PRIMARY KEY, id BLOB NOT NULL, note BLOB NOT NULL) STRICT;
`;

const scan = (columns, order) =>
  `SELECT ${columns} FROM records WHERE key >= ? AND key < ? ORDER BY key ${order} LIMIT ?`;

const STATEMENTS = {
  beginReading: "BEGIN",
  beginWriting: "BEGIN IMMEDIATE",
  commit: "COMMIT",
  rollback: "ROLLBACK",
  // The newest entry is never dropped, so that nothing else need remember the sequence.
  sequence: "SELECT coalesce(max(sequence), 0) AS sequence FROM journal",
  revision: "SELECT revision FROM guards WHERE guard = ?",
  move: "INSERT INTO guards VALUES (?, ?) ON CONFLICT (guard) DO UPDATE SET revision = excluded.revision",
  value: "SELECT value FROM records WHERE key = ?",
  rows: scan("key, value", "ASC"),
  rowsReverse: scan("key, value", "DESC"),
  keys: scan("key", "ASC"),
  keysReverse: scan("key", "DESC"),
  deleteRange: "DELETE FROM records WHERE key >= ? AND key < ?",
  delete: "DELETE FROM records WHERE key = ?",
  // Bytes of no length may arrive as NULL.
  put: "INSERT INTO records VALUES (?, coalesce(?, x'')) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
  note: "INSERT INTO journal VALUES (?, ?, coalesce(?, x''))",
  trim: "DELETE FROM journal WHERE sequence <= ?",
  entries: "SELECT sequence, id, note FROM journal WHERE sequence > ? ORDER BY sequence LIMIT ?",
  first: "SELECT min(sequence) AS sequence FROM journal",
};

const JOURNAL_LENGTH = 4096;
/** Every so many commits the journal's old entries are dropped. */
const TRIM_EVERY = 256;
const UNLIMITED = 0xffff_ffff;

/** How long SQLite itself waits for others, in milliseconds: nothing else runs meanwhile. */
const WAIT_AT_ONCE_MS = 20;
/** How long to wait in all, letting this program go on: others write for seconds at most. */
const PATIENCE_MS = 30_000;
const PAUSE_MS = 25;
const PAGES_AT_ONCE = 16_384;
const LONGEST_LOG = 64 * 1024 * 1024;

const pause = () => new Promise((resolve) => setTimeout(resolve, 1 + Math.random() * PAUSE_MS));

/** Runs `work`, again while others are in its way. */
async function patiently(file, work, patience = PATIENCE_MS, atLast = undefined) {
  const end = performance.now() + patience;
  for (;;) {
    try {
      return work();
    } catch (error) {
      if (!isBusy(error)) throw fromNode(error, file);
      if (performance.now() > end) {
        const what = "another program is writing and does not come to an end";
        throw new MailboxError(atLast ?? "UNAVAILABLE", `${file}: ${what}`, { cause: error });
      }
    }
    await pause();
  }
}

/** The files that this program has open, with how often. */
const openFiles = new Map();

const pragma = (db, name) => Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0];

/** The version of the tables in a file, 0 for an empty one. Refuses what a newer version or another program made. */
function versionIn(db, file) {
  const [application, version] = [pragma(db, "application_id"), pragma(db, "user_version")];
  const made = db.prepare("SELECT count(*) AS tables FROM sqlite_schema").get().tables > 0;
  if (application === 0 && version === 0 && !made) return 0;
  if (application !== APPLICATION_ID) throw new MailboxError("CORRUPT", `${file} is not a database of this library`);
  if (version > VERSION) {
    throw new MailboxError("SCHEMA_TOO_NEW", `${file} was written by a newer version of this library`);
  }
  return version;
}

/** Makes the tables where there are none; what it refuses it leaves alone. */
function prepare(db, file, maxBytes) {
  db.exec(`PRAGMA busy_timeout = ${WAIT_AT_ONCE_MS}`);
  if (versionIn(db, file) === 0) db.exec("PRAGMA auto_vacuum = INCREMENTAL");
  // Not everywhere: a file system without shared memory gives another mode.
  const isLogged = pragma(db, "journal_mode = WAL") === "wal";
  // The system's own call does not reach the disk on macOS; elsewhere this changes nothing.
  db.exec(`PRAGMA fullfsync = ON; PRAGMA journal_size_limit = ${LONGEST_LOG}`);
  if (maxBytes !== undefined) db.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(maxBytes / pragma(db, "page_size")))}`);
  db.exec("BEGIN IMMEDIATE");
  try {
    if (versionIn(db, file) === 0) {
      db.exec(`${TABLES} PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${VERSION}`);
    }
    db.exec("COMMIT");
  } catch (error) {
    undo(db);
    throw error;
  }
  return { isLogged };
}

function undo(db) {
  try {
    db.exec("ROLLBACK");
  } catch {
    // SQLite has done so already.
  }
}

class SqliteStore {
  pollIntervalMs = 500;
  #file;
  #db;
  #run = {};
  #isLogged;
  #synchronous;
  #identity;

  constructor(file, db, { isLogged }) {
    this.#file = file;
    this.#db = db;
    this.#isLogged = isLogged;
    this.#identity = identityOf(file);
    // Deleted by another program while it was opened.
    if (this.#identity === undefined) throw new MailboxError("STORAGE_LOST", `${file} is gone`);
    try {
      for (const [name, sql] of Object.entries(STATEMENTS)) this.#run[name] = db.prepare(sql);
    } catch (error) {
      // No such table.
      throw error.errcode === 1 ? new MailboxError("CORRUPT", `${file} is damaged: ${error.message}`, { cause: error }) : error;
    }
  }

  #check() {
    if (this.#db === undefined) throw closed("store");
    // Who writes into a file without a name loses it all.
    if (identityOf(this.#file) !== this.#identity) throw new MailboxError("STORAGE_LOST", `${this.#file} is gone`);
  }

  #transaction(begin, work) {
    begin.run();
    try {
      const answer = work();
      this.#run.commit.run();
      return answer;
    } catch (error) {
      undo(this.#db);
      throw error;
    }
  }

  #reading(work) {
    return patiently(this.#file, () => {
      this.#check();
      return this.#transaction(this.#run.beginReading, work);
    });
  }

  read({ keys, scans, guards }) {
    const run = this.#run;
    return this.#reading(() => ({
      sequence: run.sequence.get().sequence,
      values: keys.map((key) => run.value.get(key)?.value ?? null),
      scanned: scans.map((each) => this.#scanned(each)),
      revisions: guards.map((guard) => run.revision.get(guard)?.revision ?? 0),
    }));
  }

  #scanned({ from, to, reverse, keysOnly, maxBytes, maxRows }) {
    const run = this.#run;
    if (keysOnly) return (reverse ? run.keysReverse : run.keys).all(from, to, maxRows).map(({ key }) => [key, null]);
    const statement = reverse ? run.rowsReverse : run.rows;
    if (maxBytes >= UNLIMITED) return statement.all(from, to, maxRows).map(({ key, value }) => [key, value]);
    const rows = [];
    let bytes = 0;
    for (const { key, value } of statement.iterate(from, to, maxRows)) {
      rows.push([key, value]);
      bytes += value.length;
      if (bytes >= maxBytes) break;
    }
    return rows;
  }

  commit(batch) {
    return patiently(this.#file, () => {
      this.#check();
      this.#beDurable(batch.durability === "strict");
      let written = false;
      try {
        return this.#transaction(this.#run.beginWriting, () => {
          const answer = this.#write(batch);
          written = true;
          return answer;
        });
      } catch (error) {
        if (!written || !isInputOutput(error)) throw error;
        throw Object.assign(fromNode(error, this.#file), { outcomeUnknown: true });
      }
    });
  }

  /** Whether commits wait for the disk from now on. Without a log only waiting keeps the file whole. */
  #beDurable(strict) {
    const synchronous = strict || !this.#isLogged ? "FULL" : "NORMAL";
    if (synchronous === this.#synchronous) return;
    this.#db.exec(`PRAGMA synchronous = ${synchronous}`);
    this.#synchronous = synchronous;
  }

  #write({ id, guards, deleteRanges, deletes, puts, note }) {
    const run = this.#run;
    const moved = guards.filter(([guard, revision]) => (run.revision.get(guard)?.revision ?? 0) !== revision);
    if (moved.length > 0) return { conflict: moved.map(([guard]) => guard) };
    for (const { from, to } of deleteRanges) run.deleteRange.run(from, to);
    for (const key of deletes) run.delete.run(key);
    for (const [key, value] of puts) run.put.run(key, value);
    for (const [guard, revision] of guards) run.move.run(guard, revision + 1);
    const sequence = run.sequence.get().sequence + 1;
    run.note.run(sequence, id, note);
    if (sequence % TRIM_EVERY === 0) run.trim.run(sequence - JOURNAL_LENGTH);
    return { committed: sequence };
  }

  journal(after, max) {
    return this.#reading(() => {
      const first = this.#run.first.get().sequence;
      const entries = this.#run.entries.all(after, max);
      return { entries, truncated: first !== null && after + 1 < first };
    });
  }

  close() {
    const db = this.#db;
    if (db === undefined) return;
    this.#db = undefined;
    try {
      giveBack(db);
    } catch {
      // Somebody is writing, or the disk is full: another time.
    }
    try {
      db.close();
    } finally {
      const left = openFiles.get(this.#file) - 1;
      if (left > 0) openFiles.set(this.#file, left);
      else openFiles.delete(this.#file);
    }
  }
}

/** Makes the file smaller where a quarter of it is free: a part at a time, for nothing else runs meanwhile. */
function giveBack(db) {
  if (pragma(db, "freelist_count") * 4 > pragma(db, "page_count")) db.prepare(`PRAGMA incremental_vacuum(${PAGES_AT_ONCE})`).all();
}

const STORE_OPTIONS = ["owner", "database", "directory", "path", "maxBytes"];

/** Which file the options of `sqliteStore` and `deleteSqliteDatabase` name. */
export function fileOf(options, keys = STORE_OPTIONS) {
  const { owner, database, directory, path } = check.options(options, keys);
  const name = check.optional(owner, check.text, "owner", { min: 1, max: 255 });
  if (path === undefined && database === undefined && name === undefined) {
    throw new MailboxError("INVALID_ARGUMENT", "an owner, a database or a path must say which database");
  }
  return databaseFile(database ?? `offline-mailbox:${name ?? ""}`, { directory, path });
}

export async function sqliteStore(options) {
  const Database = sqliteDatabase();
  const file = fileOf(options);
  const maxBytes = check.optional(options.maxBytes, check.integer, "maxBytes", 1, Number.MAX_SAFE_INTEGER);
  createPrivately(file);
  const store = await patiently(
    file,
    () => {
      const db = new Database(file);
      try {
        return new SqliteStore(file, db, prepare(db, file, maxBytes));
      } catch (error) {
        db.close();
        throw error;
      }
    },
    PATIENCE_MS,
    "BLOCKED",
  );
  openFiles.set(file, (openFiles.get(file) ?? 0) + 1);
  return store;
}

export async function deleteSqliteDatabase(options) {
  const Database = sqliteDatabase();
  const file = fileOf(options, ["owner", "database", "directory", "path"]);
  if (openFiles.has(file)) throw new MailboxError("CONFLICT", `${file}: a session of this program has the database open`);
  const fs = builtin("fs");
  if (!fs.existsSync(file)) return;
  let db;
  try {
    db = alone(new Database(file), file);
  } catch (error) {
    const failure = fromNode(error, file);
    // One of ours may go even where it is damaged; what somebody named may be anything.
    if (failure.code !== "CORRUPT" || (options.path ?? undefined) !== undefined) throw failure;
  }
  const isWindows = globalThis.process.platform === "win32";
  try {
    // Windows deletes no open file; elsewhere nobody may come in between.
    if (isWindows) db?.close();
    for (const each of companions(file)) fs.rmSync(each, { force: true });
  } catch (error) {
    throw fromNode(error, file);
  } finally {
    if (!isWindows) db?.close();
  }
}

/** The same database, to itself. */
function alone(db, file) {
  try {
    db.exec("PRAGMA busy_timeout = 1000");
    versionIn(db, file);
    // Only who is alone can end the log.
    pragma(db, "journal_mode = DELETE");
    db.exec("BEGIN EXCLUSIVE");
    return db;
  } catch (error) {
    db.close();
    if (!isBusy(error)) throw error;
    throw new MailboxError("BLOCKED", `${file}: another program has the database open`, { cause: error });
  }
}
