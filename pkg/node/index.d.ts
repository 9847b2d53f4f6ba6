/**
 * What only Node has: the store in a SQLite file, over Node's own `node:sqlite` (Node 22.13 and newer; no
 * add-on). `openSession` uses it by itself where there is no IndexedDB; this entry is for who wants the
 * file's place, or the store under another backend's name. Importing it loads nothing of Node's.
 *
 * One file holds one database, with a log (`-wal`) and its index (`-shm`) beside it while it is open; they
 * belong to it. Several programs, and several threads, may have it open at once; each sees the others' changes within half
 * a second while it waits for some. It must lie on a disk of this machine, not on a network's. To copy a
 * file, close it first in every program, or use SQLite's `VACUUM INTO`.
 *
 * SQLite works on the thread that calls it: a server with many mailboxes should open sessions in workers.
 * Some releases of Node print an `ExperimentalWarning` at the first use; `node --disable-warning=ExperimentalWarning` does without.
 *
 * @module offline-mailbox/node
 */

import type { StoreAdapter } from "../index.js";
import type { URL } from "../platform.js";

/** Where a database's file is. */
export interface SqlitePlace {
  /** The folder; created where it is missing, readable by this user alone. {@link dataDirectory} where absent. */
  directory?: string | URL | null | undefined;
  /** The file itself, in place of a folder; its folder is created where it is missing. */
  path?: string | URL | null | undefined;
}

/** Options of {@link sqliteStore}: an owner, a database or a path must be given. */
export interface SqliteStoreOptions extends SqlitePlace {
  /** Whose database, as in `openSession`. */
  owner?: string | null | undefined;
  /** The database's name; `offline-mailbox:` and the owner where absent. */
  database?: string | null | undefined;
  /** The file's greatest size in octets: what would make it larger fails with `QUOTA_EXCEEDED`. */
  maxBytes?: number | null | undefined;
}

/** A {@link StoreAdapter} on a file. */
export interface SqliteStore extends StoreAdapter {
  /** Lets go of the file, at once. */
  close(): void;
}

/**
 * Opens a database's file, creating it where there is none, as a store for `registerBackend`:
 *
 * ```js
 * registerBackend("small", ({ database }) => sqliteStore({ database, maxBytes: 100_000_000 }));
 * ```
 *
 * A commit is one transaction, which begins by locking out other writers; a read is one, which sees one
 * moment. `"relaxed"` commits (`synchronous = NORMAL`) survive the end of the program, however violent;
 * `"strict"` ones (`FULL`) the loss of power, too. Who finds another program writing waits for up to 30
 * seconds and lets this program go on meanwhile.
 *
 * Fails with `UNAVAILABLE` (no `node:sqlite` here; the folder or the file cannot be reached or written),
 * `BLOCKED` (another program holds it locked), `SCHEMA_TOO_NEW` (a newer version of this library wrote it;
 * left alone), `CORRUPT` (damaged, or no database of this library; left alone), `QUOTA_EXCEEDED` (the disk is
 * full), `INVALID_ARGUMENT`. Its methods fail with `STORAGE_LOST` once the file is gone.
 */
export function sqliteStore(options: SqliteStoreOptions): Promise<SqliteStore>;

/**
 * Deletes a database's file for good. Succeeds where there is none. Fails with `CONFLICT` while this
 * program has it open, `BLOCKED` while another has, `CORRUPT` where a `path` names something else than a
 * database of this library, `UNAVAILABLE`. As `deleteDatabase`, for a database of any name.
 */
export function deleteSqliteDatabase(
  options: SqlitePlace & { owner?: string | null | undefined; database?: string | null | undefined },
): Promise<void>;

/**
 * The folder of this user's databases: `$XDG_DATA_HOME/offline-mailbox` or `~/.local/share/offline-mailbox`,
 * on macOS `~/Library/Application Support/offline-mailbox`, on Windows `%LOCALAPPDATA%\offline-mailbox`.
 * Throws `UNAVAILABLE` outside Node.
 */
export function dataDirectory(): string;

/**
 * The absolute path of a database's file: in the folder, a name made of the readable part of the database's name and a
 * hash of all of it, valid on every file system. Nothing is opened or created. Throws `INVALID_ARGUMENT`
 * (also for a directory and a path together), and `UNAVAILABLE` outside Node.
 */
export function databaseFile(database: string, place?: SqlitePlace): string;
