// SQLite in wasm on the origin private file system, on one of two of its stores, as the address of this module says
// (?vfs=sahpool or ?vfs=opfs): how a database file is opened, durable and deleted. The schema is in sqlite-mailbox.js.

import sqlite3InitModule from "/bench/node_modules/@sqlite.org/sqlite-wasm/dist/index.mjs";
import { SqliteMailbox } from "./sqlite-mailbox.js";

const SHARED = "Expunging leaves octets and texts that no message has to its housekeeping, as copies share them.";

let loading;

/** Of the stores that the library has, it starts those not disabled; the plain one is a worker more. */
function load(disabled) {
  globalThis.sqlite3ApiConfig = { disable: { vfs: Object.fromEntries(disabled.map((name) => [name, true])) } };
  return (loading ??= sqlite3InitModule());
}

async function remove(name, options) {
  const root = await navigator.storage.getDirectory();
  try {
    await root.removeEntry(name, options);
  } catch (error) {
    if (error.name !== "NotFoundError") throw error;
  }
}

// Synchronous access handles of a pool of files: the fastest, and one connection alone.

/** Pools made here, in use or paused. */
const pools = new Map();
const directoryOf = (database) => `.${database}-pool`;

const sahpool = {
  name: "sqlite-sahpool",
  version: "3.54.1",
  skips: { refresh: "a pool of access handles lets one connection in; another tab has to ask the worker that has it" },
  notes: [
    "A write-ahead log, which on this store needs exclusive locking, as its one connection has anyway; no sync at a relaxed commit.",
    SHARED,
  ],

  async open({ database }) {
    const sqlite3 = await load(["kvvfs", "opfs", "opfs-vfs", "opfs-wl"]);
    const pool = await sqlite3.installOpfsSAHPoolVfs({ name: `pool-${database}`, directory: directoryOf(database) });
    pools.set(database, pool);
    if (pool.isPaused()) await pool.unpauseVfs();
    const db = new pool.OpfsSAHPoolDb("/mail.sqlite3");
    const pragmas = "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL";
    return new SqliteMailbox(db, pragmas, async () => pool.pauseVfs());
  },

  async destroy(database) {
    const pool = pools.get(database);
    if (!pool) return remove(directoryOf(database), { recursive: true });
    pools.delete(database);
    if (pool.isPaused()) await pool.unpauseVfs();
    await pool.removeVfs();
  },
};

// The plain store: other tabs may open the database too; another worker does the file's work, and a lock is taken
// and given back with each transaction.

const fileOf = (database) => `${database}.sqlite3`;

const opfs = {
  name: "sqlite-opfs",
  version: "3.54.1",
  notes: [
    "A rollback journal: a write-ahead log needs exclusive locking on this store, which would keep other tabs out.",
    SHARED,
  ],

  async open({ database }) {
    const sqlite3 = await load(["kvvfs", "opfs-sahpool", "opfs-wl"]);
    if (!sqlite3.oo1.OpfsDb) throw new Error("no OPFS: it needs COOP, COEP and a worker");
    return new SqliteMailbox(
      new sqlite3.oo1.OpfsDb(`/${fileOf(database)}`),
      // A journal that stays saves Firefox most of a commit: making and deleting a file is dear there.
      "PRAGMA journal_mode = PERSIST; PRAGMA synchronous = NORMAL",
    );
  },

  async destroy(database) {
    await remove(fileOf(database));
    await remove(`${fileOf(database)}-journal`);
  },
};

export default new URL(import.meta.url).searchParams.get("vfs") === "opfs" ? opfs : sahpool;
