/**
 * What an engine of the benchmark does: one method per unit of work, so that every engine does the same.
 * What is timed and checked is told here and in README.md; how it is timed is the harness's business.
 *
 * An engine is a module (bench/ours.js, bench/peers/NAME.js) whose default export is an {@link EngineModule}. The
 * harness runs it in a dedicated module worker, which it never shares with another engine. Paths are absolute on
 * the server: `/bench/…`, libraries under `/bench/node_modules/…` (no import maps in workers, nothing is bundled).
 *
 * Rules, the same for all:
 * - **Written as its documentation recommends**: bulk calls where there are bulk calls, prepared statements,
 *   indexes that the queries use, transactions around what belongs together.
 * - **State.** A call's promise settles only when the work is done, and what it wrote survives the killing of the tab
 *   or browser. `"relaxed"`: the operating system has it (IndexedDB `durability: "relaxed"`, SQLite
 *   `synchronous=NORMAL`). `"strict"`: the disk has it (`"strict"`, `synchronous=FULL`). An engine that knows no such
 *   difference says so in `notes` and does what it does.
 * - **Caches.** An engine may keep in memory whatever its library keeps by itself (SQLite's pages: set no
 *   `cache_size` above 64 MB), and open handles and prepared statements. A peer keeps no rows, counts or texts of its
 *   own between calls: another tab may have changed them, and nothing would tell. The exception is what its library
 *   itself keeps right across tabs.
 * - **Content may be stored once and referred to**, as long as reading, copying, moving and expunging stay right.
 * - Nothing is put off: no work left to a timer after a method's promise has settled, except by the library itself.
 */

/** A message as it comes: from the generator, in mail.js. */
export interface RawMail {
  /** RFC 5322 octets, on a buffer of their own. Not transferred, not changed. */
  readonly raw: Uint8Array;
  /** INTERNALDATE, milliseconds since 1970. Ascending with the order of arrival. */
  readonly internalDate: number;
  /** Such as `\Seen`, `\Flagged`, `$Label1`. */
  readonly flags: readonly string[];
}

/** What a list shows; what of it the harness checks is in its README. */
export interface Row {
  /** The first message of a mailbox has 1, each next one the next number, whatever was deleted. */
  readonly uid: number;
  /** Decoded. */
  readonly subject: string;
  /** The first From address. */
  readonly fromName: string;
  readonly fromAddress: string;
  /** Milliseconds. */
  readonly internalDate: number;
  /** All that are set, in any order, without `\Recent`. */
  readonly flags: readonly string[];
  /** Octets of the message. */
  readonly size: number;
  readonly hasAttachment: boolean;
  /** The beginning of the text, at most 200 characters. */
  readonly preview: string;
}

/** What SELECT and STATUS tell. */
export interface Counts {
  readonly exists: number;
  /** Messages without `\Seen`. */
  readonly unseen: number;
  /** The uid the next message will get: never one that a message had. */
  readonly uidNext: number;
}

/** The default export of an engine's module. Importing the module loads the library; so the import is timed too. */
export interface EngineModule {
  /** As in tables: `ours`, `naive`, `dexie`, `pouchdb`, `sqlite-sahpool`, `sqlite-opfs`. */
  readonly name: string;
  /** The library's version, for the table. */
  readonly version: string;
  /** The cases (see cases.js) it cannot do, and why: they are shown as such. */
  readonly skips?: Readonly<Record<string, string>>;
  /** The largest N it is run with; without one there is no limit. */
  readonly maxN?: number;
  /** What a reader of the table has to know; one sentence each. */
  readonly notes?: readonly string[];
  /**
   * Opens a database of that name, creating it, with an empty mailbox INBOX, where there is none. Loads what was not
   * loaded by the import (wasm). Databases of several names may be open in one worker.
   */
  open(options: { database: string }): Promise<Engine>;
  /** Deletes that database for good; it is not open. */
  destroy(database: string): Promise<void>;
}

/** An open database. `mailbox` is always a name, `INBOX` or one given to `createMailboxes`. */
export interface Engine {
  close(): Promise<void>;

  /** Creates mailboxes, which are not there yet. Not timed. */
  createMailboxes(names: readonly string[]): Promise<void>;

  /**
   * Stores messages at the end of a mailbox: the octets; the list row, parsed out of them (peers: `parseMail` of
   * fields.js, which is postal-mime); the searchable text, decoded; what sorting and threading need. In commits of
   * at most 1,000 messages, each all or nothing. Case `import`.
   */
  importMessages(mailbox: string, messages: readonly RawMail[]): Promise<void>;
  /**
   * Optional (Dexie's bound): as above, but stores the octets, flags and date alone, nothing parsed. Into a database
   * of its own. Case `import-raw`.
   */
  importRaw?(mailbox: string, messages: readonly RawMail[]): Promise<void>;

  /** One message, all of `importMessages`, in a commit of its own; returns its uid. Case `deliver`. */
  deliver(mailbox: string, message: RawMail): Promise<number>;
  /** Optional: one message, octets, flags and date alone, in the database of `importRaw`. Case `deliver-raw`. */
  deliverRaw?(mailbox: string, message: RawMail): Promise<number>;

  /** SELECT: how the mailbox stands. Cases `cold-open`, `warm-open` (with the first 50 rows). */
  select(mailbox: string): Promise<Counts>;
  /** Rows `offset` to `offset + limit`, the newest (highest uid) first. Cases `cold-open`, `warm-open`, `list-first`, `list-middle`. */
  list(mailbox: string, offset: number, limit: number): Promise<readonly Row[]>;

  /**
   * Sets or clears one flag on these messages (ascending uids; one, 1,000 random, 10,000 random), in one commit, and
   * returns how many now have another flag set than before. Counts of `select` follow in the same commit.
   * Cases `flag-one`, `flag-one-strict`, `flag-1000`, `flag-10000`.
   */
  setFlag(
    mailbox: string,
    uids: readonly number[],
    flag: string,
    on: boolean,
    durability: "relaxed" | "strict",
  ): Promise<number>;
  /** Sets (or clears, to begin anew) `\Seen` on every message of the mailbox, in one commit; returns how many changed. Case `mark-all`. */
  markAll(mailbox: string, seen: boolean): Promise<number>;

  /**
   * Deletes these messages (ascending uids, spread over the mailbox): they are in no list, count, search or sort
   * after it, their uids are not given again. Their octets need not leave the disk before `housekeeping`, but must be
   * out of reach. Returns how many. Cases `expunge`, `housekeeping`.
   */
  expunge(mailbox: string, uids: readonly number[]): Promise<number>;

  /** Copies these messages (rows, flags, octets, text) to the end of another mailbox, in order, in one commit; returns how many. Case `copy`. */
  copy(mailbox: string, uids: readonly number[], destination: string): Promise<number>;
  /** The same, and they are gone from the first one, in the same commit. Case `move`. */
  move(mailbox: string, uids: readonly number[], destination: string): Promise<number>;

  /** Counts of each of these mailboxes, in order. Case `status-200`. */
  status(mailboxes: readonly string[]): Promise<readonly Counts[]>;

  /**
   * Another worker (another tab, of the same engine and database) has just changed flags of a message among the 50
   * newest, and its call has settled. Answers with what a list of the 50 newest must now show, and the counts. An engine
   * may answer from what it holds in memory if it knows that nothing else changed. Case `refresh`.
   */
  refresh(mailbox: string): Promise<{ rows: readonly Row[]; counts: Counts }>;

  /** Asks whether there is anything new since the last call on this mailbox (there is not): answers with the counts. Case `check`. */
  check(mailbox: string): Promise<Counts>;

  /**
   * Every uid of the mailbox, ascending by `sortSubject`/`sortFrom` of fields.js (columns made of them at import,
   * and indexed, are fine), equal ones by uid. Cases `sort-subject`, `sort-from`, first and repeated.
   */
  sort(mailbox: string, by: "subject" | "from"): Promise<ArrayLike<number>>;

  /**
   * Every message of the mailbox in threads: a list of uids per thread, ascending within each; threads in any order. Messages whose
   * references lead to the same first message are one thread (a thread key stored at import is fine: `threadKey` of
   * fields.js). Case `thread`, first and repeated.
   */
  thread(mailbox: string): Promise<readonly ArrayLike<number>[]>;

  /**
   * Uids, ascending, of messages whose decoded Subject, or first From as `Name <address>`, contains this text
   * anywhere, in any case (ASCII letters at least). Case `search-subject`, `search-from`, first and repeated.
   */
  searchHeader(mailbox: string, field: "subject" | "from", text: string): Promise<ArrayLike<number>>;

  /**
   * Uids, ascending, of messages whose decoded text (`text` of `parseMail`: blanks are single in it) contains this one
   * anywhere, in any case (ASCII letters at least); infix, not words. Without an index of words: SQLite uses LIKE.
   * Cases `search-rare`, `search-common`, `search-phrase`, `search-none`, first and repeated.
   */
  searchBody(mailbox: string, text: string): Promise<ArrayLike<number>>;

  /** The octets of these messages (one; 50 adjacent; 50 random), in the order asked. Cases `read-one`, `read-50-adjacent`, `read-50-random`. */
  read(mailbox: string, uids: readonly number[]): Promise<readonly Uint8Array[]>;

  /** Optional: what the documentation says to do now and then (VACUUM, compaction), after 20 % were expunged. Case `housekeeping`. */
  housekeeping?(): Promise<void>;
}
