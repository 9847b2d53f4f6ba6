/**
 * Types of offline-mailbox: a complete mail store with IMAP-exact semantics,
 * running in this page, worker or program.
 *
 * Conventions, valid for everything below:
 * - Every method returns a promise and never throws synchronously. A failure is a
 *   {@link MailboxError}; match on its `code`. A method that fails has changed nothing,
 *   unless its description says otherwise. Any method can fail with `INVALID_ARGUMENT`
 *   (wrong types, values out of range, unknown option keys), `CLOSED`, `UNAVAILABLE`,
 *   `CORRUPT`, `STORAGE_LOST`, `VERSION_CHANGED` and `INTERNAL`; every method that writes
 *   also with `QUOTA_EXCEEDED` and `CONFLICT`. Only other codes are listed at a method.
 * - Data are plain objects, made for each answer (the `updates` of an answer and those that
 *   `changes()` yields for it are one object). Nothing has to be freed but sessions; a view that is
 *   not closed lives as long as its session.
 * - `null` and `undefined` are taken as absent; what is absent in an answer is `undefined`.
 * - Mailbox names are Unicode, levels separated by `/`. `INBOX` is the same in any case.
 *
 * @module offline-mailbox
 */

import type { AbortSignal, Blob, ReadableStream, Response, URL, WebAssemblyModule } from "./platform.js";

/** The package's version, as in its package.json. */
export const version: string;

// ---------------------------------------------------------------------------------------------
// Errors

/** What went wrong, as a stable code. {@link ERROR_CODES} describes each. */
export type ErrorCode =
  | "NOT_FOUND"
  | "ALREADY_EXISTS"
  | "TRY_CREATE"
  | "READ_ONLY"
  | "CANNOT"
  | "ACTIVE"
  | "APPEND_FAILURE"
  | "BAD_CHARSET"
  | "LIMIT"
  | "QUOTA_EXCEEDED"
  | "CONFLICT"
  | "CLOSED"
  | "BLOCKED"
  | "ABORTED"
  | "UNAVAILABLE"
  | "VERSION_CHANGED"
  | "SCHEMA_TOO_NEW"
  | "STORAGE_LOST"
  | "CORRUPT"
  | "UNKNOWN_CTE"
  | "INVALID_ARGUMENT"
  | "INTERNAL";

/** One row of {@link ERROR_CODES}. */
export interface ErrorCodeInfo {
  /** What it means. */
  readonly description: string;
  /** The IMAP response code (RFC 5530, RFC 9051 section 7.1) a server would send, if any. */
  readonly imapCode: string | undefined;
  /** Whether the same call can succeed later without any change by the caller. */
  readonly retryable: boolean;
}

/** Every code a {@link MailboxError} can have. */
export const ERROR_CODES: Readonly<Record<ErrorCode, ErrorCodeInfo>>;

/** What a failing call rejects with. */
export class MailboxError extends Error {
  constructor(
    code: ErrorCode,
    message: string,
    options?: { cause?: unknown; imapCode?: string; line?: number; column?: number },
  );
  readonly name: "MailboxError";
  /** What went wrong; the only part to match on. */
  readonly code: ErrorCode;
  /** The IMAP response code a server would send, if any. */
  readonly imapCode: string | undefined;
  /** The platform's own error or words, where there were any. */
  readonly cause: unknown;
  /** Where in a text that was given (a filter script) it was found: the line, from 1. */
  readonly line: number | undefined;
  /** The character in that line, from 1. */
  readonly column: number | undefined;
}

// ---------------------------------------------------------------------------------------------
// Opening

/**
 * Where the compiled engine comes from, where the default (a file beside index.js) cannot be loaded:
 * its address (a relative one is the page's or the worker's; in Node, Deno and Bun what is no URL is
 * a file's path), the response to a request for it, its bytes, or the module compiled of them.
 */
export type WasmSource = string | URL | Response | ArrayBuffer | ArrayBufferView | WebAssemblyModule;

/** Options of {@link openSession}. */
export interface OpenSessionOptions {
  /** Whose mail it is: any text of 1 to 255 characters, an address for one. Each owner has a database. */
  owner: string;
  /** The name of the database; `offline-mailbox:` and the owner where absent. */
  database?: string | null | undefined;
  /**
   * `"indexeddb"` (the default where there is IndexedDB), `"sqlite"` (the default in Node, 22.13 and
   * newer: a file; see `directory`), `"memory"` (gone with the last session that uses the database), or a
   * name given to {@link registerBackend}.
   */
  backend?: string | null | undefined;
  /**
   * With `"sqlite"`: the folder of the database's file, which is created where it is missing. Where
   * absent, the platform's for this user's data: `$XDG_DATA_HOME/offline-mailbox` or
   * `~/.local/share/offline-mailbox`, `~/Library/Application Support/offline-mailbox`,
   * `%LOCALAPPDATA%\offline-mailbox`. The file's name is made of the database's
   * (`databaseFile` of `offline-mailbox/node`). It must not lie on a network's disk.
   */
  directory?: string | URL | null | undefined;
  /** With `"sqlite"`: the file itself, in place of a folder. */
  path?: string | URL | null | undefined;
  /**
   * When a change counts as done: `"relaxed"` (the default) when the operating system has it,
   * `"strict"` when the disk has it. A program or tab that is killed loses neither.
   */
  durability?: "relaxed" | "strict" | null | undefined;
  /** Search keys that searches refuse with `CANNOT`, by their IMAP names; `hasAttachment` is `HASATTACHMENT`. */
  disabledSearchKeys?: readonly string[] | null | undefined;
  /**
   * The {@link Session.databaseId} of the database that must be there. Where it is gone, or another has
   * its name, the call fails with `STORAGE_LOST` and creates nothing. `null`: whatever is there, or a new
   * one. Where absent, a window remembers what it (or its worker) opened in IndexedDB last, in
   * localStorage, until `deleteDatabase`; elsewhere it is as `null`.
   */
  expectDatabaseId?: string | null | undefined;
  /**
   * The engine in one piece (`offline-mailbox/offline_mailbox.wasm`), where the default is not to be had: two files
   * beside index.js, which Vite and webpack copy into their builds by themselves. esbuild and Rollup copy them when
   * told to, into `wasm/` beside the bundle; else give its address here, or use `offline-mailbox/inline`.
   *
   * Read once: a page, a worker or a program has one engine, which the first call loads; the entries
   * `offline-mailbox`, `/slim` and `/inline` share it.
   */
  wasm?: WasmSource | Promise<WasmSource> | null | undefined;
  /** Ends the wait for the engine or the database. */
  signal?: AbortSignal | null | undefined;
}

/**
 * Loads the engine if need be, opens the database (creating it, with an empty INBOX, where there
 * is none) and returns a session. Sessions of one page share an open database. A failed load is
 * tried anew by the next call.
 *
 * Several tabs, programs and threads may have one database open; each sees the others' changes, at once
 * or, where a hint is lost, within five seconds. One that was frozen or in the page cache is told
 * everything when it comes back. Where a newer version of this library changes the database's format,
 * sessions of older ones let go, and all their calls and feeds fail with `VERSION_CHANGED`: reload the page.
 *
 * Fails with `UNAVAILABLE` (neither IndexedDB nor `node:sqlite` here and no other backend named; the file
 * cannot be reached; the engine cannot be loaded), `NOT_FOUND` (no such backend), `BLOCKED` (another tab
 * holds an older version and does not let go within three seconds; another program has the file locked),
 * `STORAGE_LOST` (see `expectDatabaseId`; also, as `VERSION_CHANGED`, where a session of this page that met
 * with it is still open: close that), `SCHEMA_TOO_NEW`, `CORRUPT` (also for a file that is no database of
 * this library), `QUOTA_EXCEEDED`, `INVALID_ARGUMENT` (also where the database is another owner's).
 */
export function openSession(options: OpenSessionOptions & WorkerOption): Promise<Session>;

/** Where the engine of {@link openSession} runs. */
export interface WorkerOption {
  /**
   * `true`: in a worker of this page's own, which is started by the first such session and ends with
   * the last. Or a worker that serves sessions (see `offline-mailbox/worker`): a `Worker`, a
   * `SharedWorker`, a `MessagePort` to one, or what `createWorker` and `connect` of
   * `offline-mailbox/client` return. Absent or `false`: here.
   *
   * The session is used as any other. What differs:
   * - Octets given are copied to the worker, but `Blob`s and `File`s are not read before they are
   *   there; of a `Uint8Array` only the part it shows is copied. Octets and numbers of answers are
   *   moved, not copied. An iterable given to `importMessages` is read about 1 MiB ahead.
   * - A signal takes a moment to reach the worker: a change may by then be made, and the call resolves.
   * - The `updates` of an answer and those that `changes()` yields for it are equal, not one object.
   * - A `SelectedMailbox` says how the view stood when the worker last answered.
   * - The classes of this package are not those of these objects (`instanceof`), {@link MailboxError} excepted.
   * - A backend that was registered here is not known there: with `true`, one is refused with
   *   `INVALID_ARGUMENT`; a worker of one's own can register it.
   * - `wasm` may be all it may be elsewhere; a compiled module cannot go to a shared worker (`INVALID_ARGUMENT`).
   * - When the worker ends, whatever waits and all that is called later fails with `CLOSED`, and
   *   `close()` resolves. One that cannot be started, does not answer within a minute, or is of another
   *   version, fails with `UNAVAILABLE`.
   */
  worker?: boolean | WorkerTarget | null | undefined;
}

/** What messages can be sent to: a `Worker` or a `MessagePort`, also of Node. */
export interface MessageTarget {
  /** As the platform has it. */
  postMessage(message: any, transfer: any[]): void;
}

/** The way to a worker that serves sessions. */
export type WorkerTarget =
  | MessageTarget
  /** A `SharedWorker`. */
  | { readonly port: MessageTarget }
  | MailboxWorker;

/** Opens sessions whose engine is in a worker; from `offline-mailbox/client`. */
export interface MailboxWorker {
  /** Whether it was closed, or the worker has ended. */
  readonly closed: boolean;
  /** As `openSession` of `offline-mailbox`. */
  openSession(options: OpenSessionOptions): Promise<Session>;
  /** As `deleteDatabase` of `offline-mailbox`: sessions of that worker are the page's own. */
  deleteDatabase: typeof deleteDatabase;
  /** Closes its sessions, and ends the worker where `createWorker` started a dedicated one. */
  close(): Promise<void>;
}

/**
 * Deletes a database for good, in IndexedDB or, where there is none or a place is named, in Node's
 * file: all mail of one owner. Succeeds where there is none. Fails with `CONFLICT` while a session of
 * this page or program is open on it, `BLOCKED` where another tab or program does not let go, `CORRUPT`
 * where `path` names something else than a database of this library, `UNAVAILABLE` with neither kind of storage.
 */
export function deleteDatabase(
  database: string | { owner: string; directory?: string | URL | null | undefined; path?: string | URL | null | undefined },
  options?: DeleteDatabaseOptions | null,
): Promise<void>;

/** Options of {@link deleteDatabase}. */
export interface DeleteDatabaseOptions {
  /** As in {@link OpenSessionOptions}. */
  wasm?: WasmSource | Promise<WasmSource> | null | undefined;
}

/** What a backend's factory is told. */
export interface BackendRequest {
  readonly owner: string;
  readonly database: string;
}

/** Makes the store of one database; see {@link StoreAdapter}. */
export type BackendFactory = (request: BackendRequest) => StoreAdapter | Promise<StoreAdapter>;

/**
 * Makes a backend known under a name, for `openSession({ backend: name })`; a built-in one of that
 * name is hidden. Throws a `MailboxError`: `ALREADY_EXISTS` for a name registered before,
 * `INVALID_ARGUMENT` for an empty name or a factory that is no function.
 */
export function registerBackend(name: string, factory: BackendFactory): void;

/** The backends known in this page or program. */
export const backends: {
  /** Their names: the built-in ones and those registered, sorted. */
  readonly names: readonly string[];
  /** As {@link registerBackend}, but in place of one registered before; open sessions keep theirs. */
  add(name: string, factory: BackendFactory): void;
  /** The one used where `openSession` names none; `undefined` where nothing suits this platform. */
  readonly default: string | undefined;
  /** Sets the default. Throws `NOT_FOUND` for a name that is not registered; `null` restores the built-in choice. */
  setDefault(name: string | null): void;
};

// ---------------------------------------------------------------------------------------------
// Data in

/** Octets. A string is encoded as UTF-8. A shared buffer is refused. */
export type Octets = Uint8Array | ArrayBuffer | Blob | string;

/** A message to append (RFC 9051 section 6.3.12). */
export interface AppendMessage {
  /** The message's octets, stored as they are. */
  raw: Octets;
  /** Its flags: `\Seen` and the like, and keywords. `\Recent` and unknown system flags are dropped. */
  flags?: readonly string[] | null | undefined;
  /** INTERNALDATE; now where absent. */
  internalDate?: Date | null | undefined;
  /** Minutes east of UTC in which that date is shown, -1439 to 1439; 0 where absent. */
  zoneMinutes?: number | null | undefined;
}

/** How flags are changed: union, difference, or the given ones only. */
export type FlagOperation = "add" | "delete" | "replace";

/**
 * Which messages: uids as an IMAP set (`"101:150,160"`, `"200:*"`, `"1:*"` for all) or as numbers;
 * or sequence numbers, written apart because they shift when messages go: `{ seq: "1:50" }`.
 * Messages that are not there are passed over. An empty list means none. Of ranges, `*` is the
 * last message.
 */
export type MessageSet = string | ArrayLike<number> | { readonly seq: string | ArrayLike<number> };

/** RFC 6154. */
export type SpecialUse = "\\All" | "\\Archive" | "\\Drafts" | "\\Flagged" | "\\Junk" | "\\Sent" | "\\Trash";

/** A calendar day: a `Date` means its UTC day, a string is `"2026-01-31"`. */
export type SearchDate = Date | string;

/**
 * What to search for; all keys given must hold, and all objects of an array. `true` and `false`
 * ask for a flag's presence and absence. An empty object or array means every message. Keys that
 * are not known fail with `INVALID_ARGUMENT`, a provider's own (`gmraw`) with `CANNOT`.
 *
 * Texts (`from`, `subject`, `body`, …; at most 4,096 characters) are found anywhere within: mail is
 * searched as it reads, decoded from its charsets and transfer encodings, HTML as its text. Letters
 * match in any case (Unicode's case folding), characters of the same meaning (NFKC: `ﬁ` and `fi`,
 * full and half width) match each other, and any run of blanks matches any other. Of one message
 * the first MiB of text is searched.
 *
 * Flags, numbers, dates of arrival, sizes and ids are answered from the mailbox's index, address
 * fields, `subject`, `sent…` and `hasAttachment` from what a list shows; `body` reads the text that
 * was set aside when the message came, other `header` fields and `text` the message. Only messages
 * that the cheaper keys leave open are read. A message of which a key needs what is damaged does not answer.
 */
export type SearchKeys = SearchObject | readonly SearchKeys[];

/**
 * What to search for, as IMAP writes it after SEARCH (RFC 9051 section 6.4.4 and 9): keys, before
 * them perhaps CHARSET and RETURN: `'UNSEEN SINCE 1-Jan-2026 OR FROM grace SUBJECT "a b"'`.
 * Strings can be literals, of octets: `"SUBJECT {7}\r\nZürich"`. A string is UTF-8 here;
 * for another CHARSET give octets. At most 1 MiB.
 *
 * Text that cannot be read fails with `INVALID_ARGUMENT`, which names the place (`column`, in characters from 1); a
 * CHARSET that is not known, or octets without a meaning in it, with `BAD_CHARSET`; SAVE and `$` with
 * `CANNOT`.
 */
export type SearchText = string | Uint8Array;

/** The keys of {@link SearchKeys}. */
export interface SearchObject {
  /** Every message. */
  all?: true | null | undefined;
  seen?: boolean | null | undefined;
  /** The opposite of `seen`. */
  unseen?: boolean | null | undefined;
  answered?: boolean | null | undefined;
  flagged?: boolean | null | undefined;
  deleted?: boolean | null | undefined;
  draft?: boolean | null | undefined;
  /** `\Recent` in this view. */
  recent?: boolean | null | undefined;
  /** `\Recent` and not `\Seen`. */
  new?: true | null | undefined;
  /** Not `\Recent`. */
  old?: true | null | undefined;
  /** Has this keyword. */
  keyword?: string | null | undefined;
  /** Has it not. */
  unKeyword?: string | null | undefined;
  /** By uid. */
  uid?: string | number | ArrayLike<number> | null | undefined;
  /** By sequence number of this view. */
  seq?: string | number | ArrayLike<number> | null | undefined;
  /** INTERNALDATE, disregarding time and zone, is before this day. */
  before?: SearchDate | null | undefined;
  on?: SearchDate | null | undefined;
  since?: SearchDate | null | undefined;
  /** The day it came into this mailbox (RFC 8514) is before this day. */
  savedBefore?: SearchDate | null | undefined;
  savedOn?: SearchDate | null | undefined;
  savedSince?: SearchDate | null | undefined;
  /** The Date field, disregarding time and zone, is before this day; without one that can be read, none of these three holds. */
  sentBefore?: SearchDate | null | undefined;
  sentOn?: SearchDate | null | undefined;
  sentSince?: SearchDate | null | undefined;
  /** INTERNALDATE is at most this many seconds ago (RFC 5032); 1 or more. */
  younger?: number | null | undefined;
  /** INTERNALDATE is at least this many seconds ago. */
  older?: number | null | undefined;
  /** From contains this text, as `Grace Hopper <grace@example.org>`, several addresses joined by `, `. */
  from?: string | null | undefined;
  to?: string | null | undefined;
  cc?: string | null | undefined;
  bcc?: string | null | undefined;
  /** The first Subject field contains it. */
  subject?: string | null | undefined;
  /** The text of the body contains it: not of the message's own header, but of messages within it. */
  body?: string | null | undefined;
  /** The body as above, or a field of the header, written `Name: value`, contains it. */
  text?: string | null | undefined;
  /** A field of each of these names contains its text; `true` where there must be one, `false` where none. */
  header?: Readonly<Record<string, string | boolean | null | undefined>> | null | undefined;
  /** Whether it carries files, as {@link MessageRow} says. */
  hasAttachment?: boolean | null | undefined;
  /** More octets than this. */
  larger?: number | null | undefined;
  /** Fewer octets than this. */
  smaller?: number | null | undefined;
  emailId?: string | null | undefined;
  threadId?: string | null | undefined;
  /** A mod-sequence of at least this (RFC 7162). */
  modseq?: number | null | undefined;
  not?: SearchKeys | null | undefined;
  /** At least one of these. */
  or?: readonly SearchKeys[] | null | undefined;
}

/**
 * What messages are sorted by. Texts compare without regard to case, missing ones as empty.
 * - `"arrival"`: INTERNALDATE, with its time.
 * - `"date"`: when the message says it was sent; INTERNALDATE where it does not say so readably.
 * - `"subject"`: the subject without its marks of replies, forwards and lists (RFC 5256 section 2.1).
 * - `"from"`, `"to"`, `"cc"`: what stands before the `@` of the first address, as in IMAP.
 * - `"displayFrom"`, `"displayTo"`: the first one's display name or, where it has none, its address (RFC 5957).
 * - `"size"`: octets.
 */
export type SortCriterion =
  | "arrival"
  | "cc"
  | "date"
  | "displayFrom"
  | "displayTo"
  | "from"
  | "size"
  | "subject"
  | "to";

/** One criterion, with `-` the greatest first; or several (1 to 18), the first of which decides first. */
export type Sort = SortCriterion | `-${SortCriterion}` | readonly (SortCriterion | `-${SortCriterion}`)[];

/** Options of calls that can be slow. */
export interface SignalOption {
  /**
   * Ends the call, which rejects with the signal's reason. Never leaves half a change: a change
   * that has begun to be written is finished, and the call resolves.
   */
  signal?: AbortSignal | null | undefined;
}

/** Options of calls that are about a mailbox by name while another (or the same) is selected. */
export interface SelectedOption {
  /** A view to bring up to date by the way: the answer then has `updates`. */
  selected?: SelectedMailbox | null | undefined;
}

/** Options of calls that write. */
export interface DurabilityOption {
  /** When this call's change counts as done, where that shall differ from the session's. */
  durability?: "relaxed" | "strict" | null | undefined;
}

// ---------------------------------------------------------------------------------------------
// Data out

/** A `Uint8Array` of the caller's own, never on a shared buffer: what a `Blob` takes in any version of TypeScript. */
export type OwnOctets = InstanceType<Uint8ArrayConstructor>;

/** A mailbox at one moment: what STATUS and SELECT tell (RFC 9051 sections 6.3.2, 6.3.11). */
export interface MailboxSnapshot {
  readonly name: string;
  /** RFC 8474; kept by a rename. */
  readonly mailboxId: string;
  /** Whether its messages (through this selection) cannot be changed. */
  readonly readonly: boolean;
  readonly uidValidity: number;
  /** The flags that can be stored: the system flags and the keywords there are; empty where read-only. */
  readonly permanentFlags: readonly string[];
  /** Whether new keywords can be stored. */
  readonly acceptsKeywords: boolean;
  /** The flags of a view: `\Recent`. */
  readonly sessionFlags: readonly string[];
  /** How many messages. */
  readonly exists: number;
  /** How many no view has claimed yet; of a selected mailbox, the view's own. */
  readonly recent: number;
  /** How many without `\Seen`. */
  readonly unseen: number;
  /** The sequence number of the first message without `\Seen`. */
  readonly firstUnseen: number | undefined;
  /** How many with `\Deleted`. */
  readonly deleted: number;
  /** Octets of all messages. */
  readonly size: number;
  /** The uid of the next message. */
  readonly uidNext: number;
  readonly highestModSeq: number;
}

/** One row of `listMailboxes` (RFC 9051 section 7.3.1). */
export interface MailboxListEntry {
  readonly name: string;
  readonly delimiter: string;
  /** In this order: `\Noselect`, `\HasChildren` or `\HasNoChildren`, special use, `\Subscribed`, `\NonExistent`. */
  readonly attributes: readonly string[];
  /**
   * How the mailbox stands, where `status: true` asked for it. Absent for names that cannot be selected, and
   * where what is stored of the mailbox cannot be read: `status()` says why.
   */
  readonly status?: MailboxSnapshot;
}

/** Flags of several messages, in columns: the n-th entries belong together, ascending. */
export interface FlagColumns {
  readonly seq: Uint32Array;
  readonly uid: Uint32Array;
  readonly modSeq: Float64Array;
  /** System flags first, then keywords. Equal lists may be one array: do not change them. */
  readonly flags: readonly (readonly string[])[];
}

/** What has changed in a view since it was last told. Apply in the order of the members. */
export interface Updates {
  /** The mailbox is gone (or the view closed): nothing else is told, and calls on the view fail with `CLOSED`. */
  readonly closed: boolean;
  /** Messages that are gone, descending, with the sequence numbers they had before any of these went. */
  readonly expunged: { readonly seq: Uint32Array; readonly uid: Uint32Array };
  /** The new number of messages, where there are new ones. */
  readonly exists: number | undefined;
  /** The new number of messages that are recent in this view, where that (or which) changed. */
  readonly recent: number | undefined;
  /** Flags that changed, and the flags of new messages; new sequence numbers. */
  readonly flags: FlagColumns;
  /** The mod-sequence at which the view now stands. */
  readonly modSeq: number;
}

/** An address of a header, decoded. */
export interface Address {
  /** The display name; empty where there is none. */
  readonly name: string;
  /** `local@domain`, as far as it could be read. */
  readonly address: string;
}

/** The message's own header fields, decoded. Absent and unreadable ones are `undefined` or empty. */
export interface MessageEnvelope {
  /** The Date field. */
  readonly sentDate: Date | undefined;
  readonly subject: string;
  readonly from: readonly Address[];
  /** As `from` where there is no Sender field. */
  readonly sender: readonly Address[];
  /** As `from` where there is no Reply-To field. */
  readonly replyTo: readonly Address[];
  readonly to: readonly Address[];
  readonly cc: readonly Address[];
  readonly bcc: readonly Address[];
  /** The text of the Message-ID field, with its angle brackets. */
  readonly messageId: string | undefined;
  /** The text of the In-Reply-To field. */
  readonly inReplyTo: string | undefined;
}

/** A message's metadata. */
export interface MessageMetadata {
  readonly uid: number;
  /** Its sequence number in the view; in an answer that has `updates`, before these. */
  readonly seq: number;
  /** Stored flags, and `\Recent` where this view has it; system flags first, each part sorted. */
  readonly flags: readonly string[];
  readonly modSeq: number;
  /** INTERNALDATE. */
  readonly internalDate: Date;
  /** The zone in which that date was given, in minutes east of UTC. */
  readonly zoneMinutes: number;
  /** When it came into this mailbox (RFC 8514). */
  readonly saveDate: Date;
  /** Octets. */
  readonly size: number;
  /** RFC 8474: equal octets have equal ids; kept by copy and move. */
  readonly emailId: string | undefined;
  /** RFC 8474: the conversation, across mailboxes. */
  readonly threadId: string | undefined;
  /** Whether it is gone already; the view has not been told yet. */
  readonly expunged: boolean;
  /**
   * There, and `true`, where a stored record of the message is damaged, so that something is not known: its
   * dates (1970) and size (0), its ids (`undefined`), what a list shows (empty) or its content (absent). Uid,
   * flags and `modSeq` are right. What is damaged stays where it is; `session.verify()` names it.
   */
  readonly damaged?: true;
}

/** What a list shows of a message. */
export interface MessageRow extends MessageMetadata, MessageEnvelope {
  readonly hasAttachment: boolean;
  /** The beginning of its text; at most 200 characters. */
  readonly preview: string;
}

/**
 * An address as ENVELOPE has it (RFC 9051 section 7.5.2): raw, encoded words as they stand. One
 * without `host` begins a group, whose name is `mailbox`, or ends it.
 */
export interface RawAddress {
  readonly name?: string;
  /** The source route. */
  readonly adl?: string;
  readonly mailbox?: string;
  readonly host?: string;
}

/**
 * ENVELOPE (RFC 9051 section 7.5.2): header texts unfolded but otherwise as they are written. Absent
 * members and empty lists are NIL. {@link MessageEnvelope} has them decoded.
 */
export interface RawEnvelope {
  readonly date?: string;
  readonly subject?: string;
  readonly from: readonly RawAddress[];
  readonly sender: readonly RawAddress[];
  readonly replyTo: readonly RawAddress[];
  readonly to: readonly RawAddress[];
  readonly cc: readonly RawAddress[];
  readonly bcc: readonly RawAddress[];
  readonly inReplyTo?: string;
  readonly messageId?: string;
}

/**
 * BODYSTRUCTURE (RFC 9051 section 7.5.2) as a tree. Texts are as the headers have them: a file's
 * decoded name is in {@link Attachment}.
 */
export interface BodyStructure {
  /** Its number, for `message.part` and sections; absent from a message that is a multipart. */
  readonly part?: string;
  /** In lower case, such as `text/plain`. */
  readonly type: string;
  /** By names in lower case; of two of one name the first. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Content-ID, with its angle brackets. */
  readonly id?: string;
  readonly description?: string;
  /** The content transfer encoding, in lower case; `7bit` where none is named. */
  readonly encoding: string;
  /** Octets as they stand, without the part's header. */
  readonly size: number;
  /** Of texts and messages. */
  readonly lineCount?: number;
  readonly md5?: string;
  /** In lower case, such as `attachment`. */
  readonly disposition?: string;
  readonly dispositionParameters?: Readonly<Record<string, string>>;
  readonly language?: readonly string[];
  readonly location?: string;
  /** Of a message/rfc822 part: the envelope of the message it holds. */
  readonly envelope?: RawEnvelope;
  /** The parts of a multipart; of a message/rfc822 part the one message it holds. */
  readonly childNodes?: readonly BodyStructure[];
}

/** A file of a message, or a picture, sound or film that it shows. */
export interface Attachment {
  /** Its number, for `message.part`. */
  readonly part: string;
  /** In lower case, such as `image/png`: the sender's word. */
  readonly type: string;
  readonly charset?: string;
  /** Decoded (RFC 2231, RFC 2047) but the sender's: it may hold slashes and control characters. */
  readonly filename?: string;
  /** Octets of its content. */
  readonly size: number;
  /** Octets of it in the message, still encoded. */
  readonly encodedSize: number;
  /** Without angle brackets: what a `cid:` address in the HTML stands for. */
  readonly contentId?: string;
  /** Whether it belongs into the text rather than below it. */
  readonly inline: boolean;
  /** In lower case, where the part names one. */
  readonly disposition?: string;
}

/**
 * A fetched message: metadata, and what was asked for. Members that were not asked for are absent,
 * and so are those that need the content of a message that is gone with its content, or whose content is
 * damaged (`damaged` says which of the two).
 *
 * The data are plain. The methods are not among the own properties: what `structuredClone`,
 * `postMessage`, JSON or spreading make of a message has the data alone. They read the content by the
 * message's mailbox and uid, whatever became of the view, and fail with `NOT_FOUND` once the message
 * (or its mailbox) is gone, with `CORRUPT` where its content is damaged, with `CLOSED` once the session is closed.
 */
export interface FetchedMessage extends MessageMetadata {
  readonly envelope?: MessageEnvelope;
  readonly rawEnvelope?: RawEnvelope;
  readonly bodyStructure?: BodyStructure;
  readonly hasAttachment?: boolean;
  readonly preview?: string;
  /** Of each name asked for, in lower case, the decoded values of its fields, in order. */
  readonly headers?: Readonly<Record<string, readonly string[]>>;
  /** By the texts asked with: octets (copies of one's own), a size, or `undefined` where there is no such part. */
  readonly sections?: Readonly<Record<string, OwnOctets | number | undefined>>;
  /** The text to read, decoded; of HTML alone its text. Lines end with `\n`. Empty where there is none. */
  readonly text?: string;
  /**
   * The HTML to show; absent also where the message has none.
   *
   * **It is the sender's, NOT SANITISED. Put into a page as it is, it runs the sender's scripts with
   * all rights of the application.** Show it in an `<iframe sandbox>` without `allow-scripts` and
   * `allow-same-origin`, or clean it first.
   */
  readonly html?: string;
  /**
   * What is not in the text, in the order of the message: files, inline parts, messages. The one a
   * `cid:` address means has that `contentId`.
   */
  readonly attachments?: readonly Attachment[];
  /** All octets, a copy of one's own; `undefined` also where they are not there any more. */
  readonly source?: OwnOctets;

  /**
   * The octets of a part without their transfer encoding, a copy of one's own; `undefined` where the
   * message has no such part. `"1"` is the body of a message that is no multipart. `NOT_FOUND`,
   * `UNKNOWN_CTE` (the section `BODY[…]` gives the octets as they stand).
   */
  part(number: string, options?: SignalOption): Promise<OwnOctets | undefined>;
  /**
   * The same as a stream, decoded piece by piece as it is read. Fails as `part` does, also with
   * `NOT_FOUND` where there is no such part; cancelling it, or closing the session, ends it.
   */
  partStream(number: string): ReadableStream<OwnOctets>;
  /**
   * The octets of `attachments[index]`, for `new Blob([octets], { type })`. The message must have been
   * fetched with `attachments` (`INVALID_ARGUMENT`). Fails as `part` does.
   */
  attachment(index: number, options?: SignalOption): Promise<OwnOctets>;
  /** The same as a stream; see `partStream`. */
  attachmentStream(index: number): ReadableStream<OwnOctets>;
}

/** One mailbox event of `session.changes()`. */
export interface MailboxEvent {
  readonly type: "created" | "renamed" | "deleted" | "changed" | "attributes";
  /** Its present name; of a deleted one, its last. */
  readonly name: string;
  /** Absent from `attributes`. */
  readonly mailboxId: string | undefined;
  /** Of `renamed`: the name before. */
  readonly before: string | undefined;
  /** Of `created` and `changed`: how it now stands, where it still does. */
  readonly counts: MailboxSnapshot | undefined;
}

/** What happened to mailboxes; see `session.changes()`. */
export interface MailboxEvents {
  /** The step of the database up to which this tells; each commit is one step. */
  readonly sequence: number;
  /** In order; several changes of one mailbox are told once. */
  readonly events: readonly MailboxEvent[];
  /** The history does not reach back to what was told before: list everything anew. */
  readonly resync: boolean;
}

/** How much room there is, as far as the platform says. */
export interface StorageReport {
  readonly backend: string;
  readonly database: string;
  /** Octets used by everything of this origin. */
  readonly usage: number | undefined;
  /** Octets this origin may use, by the browser's word: not to be relied on. */
  readonly quota: number | undefined;
  /** Whether the browser promises not to evict it; `undefined` where it cannot say. */
  readonly persistent: boolean | undefined;
}

/** What `session.verify()` found. */
export interface VerifyReport {
  /** What does not agree; empty where all is well. */
  readonly problems: readonly {
    /** The name of the mailbox it is in; `undefined` where it concerns all. */
    readonly mailbox: string | undefined;
    /**
     * The record that is damaged, or of a later version: its table and its key in hex, as
     * `"rows 0000000100000002"`. `undefined` where records do not agree, or one is missing.
     */
    readonly record: string | undefined;
    readonly description: string;
  }[];
}

/** How far an import has come. */
export interface ImportProgress {
  /** Messages appended and committed by this call. */
  readonly messages: number;
  /** Octets of the messages that this call committed or skipped. */
  readonly octets: number;
  /** Duplicates skipped by this call. */
  readonly skipped: number;
  /** Messages of the source that were dealt with before this call: those of a resumed import. */
  readonly resumed: number;
}

/** Answer of `importMessages`. */
export interface ImportResult extends ImportProgress {
  readonly uidValidity: number;
  /** The uids of the messages appended by this call, in order. */
  readonly uids: Uint32Array;
}

// ---------------------------------------------------------------------------------------------
// Sessions

/**
 * A view of one mailbox: what its owner was told. Moved on by the calls it is given to, which run
 * in the order in which they were made. Its members say how it stood after the last finished one.
 */
export class SelectedMailbox {
  private constructor();
  readonly mailboxId: string;
  readonly readonly: boolean;
  /** Whether it was closed or its mailbox is gone; calls on it then fail with `CLOSED`. */
  readonly closed: boolean;
  /** How many messages it shows. */
  readonly exists: number;
  /** How many of them are `\Recent` here. */
  readonly recent: number;
  readonly modSeq: number;
}

/** A person's mailboxes, as one program uses them. */
export class Session {
  private constructor();
  /** Whose mail it is. */
  readonly owner: string;
  /** The database's random identity, 32 hex digits: another one if it was lost and begun anew. */
  readonly databaseId: string;
  /** The layer below: mailboxes without a session's guards and views. */
  readonly mailboxSet: MailboxSet;
  /** Filter scripts, of which the active one decides what becomes of delivered mail. */
  readonly filterSet: FilterSet;
  /** Whether `close` was called. */
  readonly closed: boolean;

  /**
   * LIST and LSUB. `reference` and `pattern` are joined; in them `*` stands for anything and `%`
   * for anything within one level. INBOX comes first, then the others in order of creation,
   * children after their parents.
   */
  listMailboxes(
    options?: {
      /** Empty where absent. */
      reference?: string | null | undefined;
      /** `"*"` where absent. */
      pattern?: string | null | undefined;
      /** Only names subscribed to. */
      subscribed?: boolean | null | undefined;
      /**
       * Whether each entry has its mailbox's `status` (LIST-STATUS, RFC 5819), all as of one moment: one look at the
       * storage, however many there are. False where absent.
       */
      status?: boolean | null | undefined;
    } & SelectedOption,
  ): Promise<{ mailboxes: MailboxListEntry[]; updates?: Updates }>;

  /** STATUS: how a mailbox stands. `NOT_FOUND`. */
  getMailbox(name: string, options?: SelectedOption): Promise<MailboxSnapshot & { updates?: Updates }>;
  /** Another name for {@link Session.getMailbox}. */
  status(name: string, options?: SelectedOption): Promise<MailboxSnapshot & { updates?: Updates }>;

  /**
   * Creates a mailbox; ancestors need not exist. `ALREADY_EXISTS` (INBOX always; also where another
   * mailbox has the special use).
   */
  createMailbox(
    name: string,
    options?: {
      specialUse?: SpecialUse | null | undefined;
      /** Its first uid, 1 to 4294967295; 1 where absent. */
      firstUid?: number | null | undefined;
    } & SelectedOption & DurabilityOption,
  ): Promise<{ mailboxId: string; updates?: Updates }>;

  /** Deletes a mailbox and its messages; those below it stay. `NOT_FOUND`; `CANNOT` for INBOX. */
  deleteMailbox(name: string, options?: SelectedOption & DurabilityOption): Promise<{ updates?: Updates }>;

  /**
   * Renames a mailbox and those below it; views of them go on. INBOX gives all its messages to the
   * new name and begins anew. `NOT_FOUND`, `ALREADY_EXISTS`.
   */
  renameMailbox(
    before: string,
    after: string,
    options?: SelectedOption & DurabilityOption,
  ): Promise<{ updates?: Updates }>;

  /** Subscribes to a name; it need not exist. */
  subscribe(name: string, options?: SelectedOption & DurabilityOption): Promise<{ updates?: Updates }>;
  /** Takes a subscription back; it need not exist. */
  unsubscribe(name: string, options?: SelectedOption & DurabilityOption): Promise<{ updates?: Updates }>;

  /** Locks a mailbox against changes of its messages, or unlocks it. `NOT_FOUND`. */
  setReadonly(name: string, readonly: boolean): Promise<void>;
  /** Gives a mailbox a special use, `null` takes it away. `NOT_FOUND`; `ALREADY_EXISTS` where another has it. */
  setSpecialUse(name: string, specialUse: SpecialUse | null): Promise<void>;

  /**
   * Appends messages in this order, all in one commit or none. For many, use
   * {@link Session.importMessages}. `TRY_CREATE` where the mailbox does not exist, `READ_ONLY`,
   * `LIMIT` (more than 512 MiB in one commit; more than 56 keywords in a mailbox; no uids left).
   */
  appendMessages(
    name: string,
    messages: Iterable<AppendMessage>,
    options?: SelectedOption & DurabilityOption & SignalOption,
  ): Promise<{ uidValidity: number; uids: Uint32Array; updates?: Updates }>;

  /**
   * Delivers a message that arrived: the active filter says where it goes; without one it goes to
   * `mailbox`. Its octets are stored once, and all mailboxes that the filter names have it in one
   * commit, or none has. Appending, copying and moving ask no filter.
   *
   * A mailbox that the filter names and that does not exist is created where the script says
   * `:create`. One that cannot have the message is told in `missing`, and the message is kept in
   * `mailbox` instead; so it is where the script fails, which `filterError` tells. What a filter
   * would send is in `actions`, for the caller to send: nothing leaves this library.
   *
   * `APPEND_FAILURE` where the filter rejects the message, with its reason as the message; nothing
   * is stored then. Otherwise as {@link Session.appendMessages}; `TRY_CREATE` and `READ_ONLY` are
   * about `mailbox`, where the message is to be kept there.
   */
  deliver(
    raw: Octets,
    options?: EnvelopeOptions & {
      /** Its flags; those that the filter gives come to them. */
      flags?: readonly string[] | null | undefined;
      /** INTERNALDATE; now where absent. */
      internalDate?: Date | null | undefined;
      /** Minutes east of UTC in which that date is shown, -1439 to 1439; 0 where absent. */
      zoneMinutes?: number | null | undefined;
    } & SelectedOption &
      DurabilityOption &
      SignalOption,
  ): Promise<DeliverResult>;

  /**
   * Appends messages as they come, in commits of `chunkBytes` octets or 1,000 messages. Each commit
   * is all or nothing; what was committed when the call fails or is aborted stays, and `onProgress`
   * has told how much. What `readMbox`, `readEml` and `readMaildir` yield can be given directly. Fails
   * as {@link Session.appendMessages} does, and with whatever the source throws; with `importId` also
   * with `INVALID_ARGUMENT` where the source is not the one that the import began with, and with
   * `CONFLICT` where another call goes on with the same import.
   */
  importMessages(
    name: string,
    messages: Iterable<ImportMessage> | AsyncIterable<ImportMessage>,
    options?: {
      /** Called after each commit. */
      onProgress?: ((progress: ImportProgress) => void) | null | undefined;
      /** 65,536 to 67,108,864; 1 MiB where absent. A larger message makes a commit of its own. */
      chunkBytes?: number | null | undefined;
      /**
       * Skips messages that are there already, octet for octet (of the SHA-256 of both, 128 bits are
       * compared): `true` or `"mailbox"` those that this mailbox has, or had from this import;
       * `"account"` those that any mailbox has. `false` where absent.
       */
      skipDuplicates?: boolean | "mailbox" | "account" | null | undefined;
      /**
       * Names the import, in 1 to 255 characters, so that it can be resumed: how far it has come is
       * stored in each commit, with the mailbox, as long as that exists. A call with the same name and
       * the same messages passes over those that were dealt with, whatever has become of them since.
       */
      importId?: string | null | undefined;
    } & DurabilityOption &
      SignalOption,
  ): Promise<ImportResult>;

  /**
   * SELECT, or with `readonly` EXAMINE: opens a view. A read-write view takes every `\Recent` that
   * no other has. `NOT_FOUND`, also for names that are only ancestors. Open views are not closed.
   */
  selectMailbox(
    name: string,
    options?: { readonly?: boolean | null } & SignalOption,
  ): Promise<{ selected: SelectedMailbox; snapshot: MailboxSnapshot }>;

  /**
   * NOOP, CHECK and IDLE: tells what is new. With `waitOn`, waits until there is something new or
   * that signal is aborted, and then resolves (with nothing new in the latter case); other calls on
   * the view go ahead meanwhile. `signal` rejects instead. Of all calls on a view, one alone answers
   * with an update: where several listen, use {@link Session.changes}.
   */
  checkMailbox(
    selected: SelectedMailbox,
    options?: {
      waitOn?: AbortSignal | null | undefined;
      /** Also do some upkeep of the mailbox. */
      housekeeping?: boolean | null | undefined;
    } & SignalOption,
  ): Promise<Updates>;

  /**
   * A window on the messages of a view, for a list on screen: rows `offset` to `offset + limit`.
   * Reads no message content. Tells no updates and moves the view not at all.
   */
  listMessages(
    selected: SelectedMailbox,
    options?: {
      /** 0 where absent. */
      offset?: number | null | undefined;
      /** 0 to 10,000; 50 where absent. */
      limit?: number | null | undefined;
      /**
       * `"-arrival"`, the newest first, where absent. `"arrival"` is here the order in which messages
       * came into the mailbox, and costs nothing; criteria after it decide nothing. Any other sort
       * reads every message's row once, and its order is kept until another is asked for or messages come.
       * Where all criteria are equal, messages stand in the order in which they came.
       */
      sort?: Sort | null | undefined;
    } & SignalOption,
  ): Promise<{
    rows: MessageRow[];
    /** How many messages the view has. */
    total: number;
  }>;

  /**
   * FETCH. Messages that are gone but not yet told are answered from what is still known. For more
   * than some hundreds use {@link Session.fetchPages}. `UNKNOWN_CTE` (sections with BINARY).
   */
  fetchMessages(selected: SelectedMailbox, set: MessageSet, options?: FetchOptions): Promise<FetchResult>;

  /**
   * FETCH in pages of `pageSize` messages (1 to 1,000; 100 where absent), ascending by uid. Each
   * page is read by itself, when it is asked for.
   */
  fetchPages(
    selected: SelectedMailbox,
    set: MessageSet,
    options?: Omit<FetchOptions, "changedSince"> & { pageSize?: number | null },
  ): AsyncIterableIterator<FetchResult>;

  /**
   * SEARCH in a view, of the messages that it was told of: those that are new with this answer's
   * `updates` are found by the next. With `return`, the answer has what was asked for and no arrays,
   * however many hits are counted; a text that begins with RETURN does the same.
   *
   * The signal ends it soon, while messages are read too; the view then stands where it stood.
   * `CANNOT` for disabled keys, `LIMIT` for keys nested too deep.
   */
  searchMailbox(
    selected: SelectedMailbox,
    keys: `${"RETURN" | "return"} ${string}`,
    options?: SearchOptions & { return?: null | undefined },
  ): Promise<ReturnedSearch>;
  searchMailbox(
    selected: SelectedMailbox,
    keys: SearchKeys | SearchText,
    options: SearchOptions & { return: readonly ("min" | "max" | "all" | "count")[] },
  ): Promise<ReturnedSearch>;
  searchMailbox(
    selected: SelectedMailbox,
    keys: SearchKeys | SearchText,
    options?: SearchOptions & { return?: null | undefined },
  ): Promise<SearchResult>;

  /**
   * SEARCH in many mailboxes, without a view: as if each were selected read-only at this moment, with
   * the `\Recent` that no view has claimed. Changes nothing. `onProgress` brings the hits as they are
   * found, so that they can be shown while the search goes on; a mailbox that is deleted meanwhile is
   * passed over, and its hits are not in the answer.
   *
   * `NOT_FOUND` for a name that is no mailbox, `INVALID_ARGUMENT` for a text with RETURN, otherwise as
   * {@link Session.searchMailbox}.
   */
  search(
    keys: SearchKeys | SearchText,
    options?: {
      /** Their names; every mailbox where absent. */
      mailboxes?: readonly string[] | null | undefined;
      /** Called now and then, and at the end. What it throws ends the search, which rejects with that. */
      onProgress?: ((progress: MailboxesSearchProgress) => void) | null | undefined;
    } & SignalOption,
  ): Promise<{
    /** One for each mailbox, with hits or without, in the order of the names or of `listMailboxes`. */
    results: MailboxMatches[];
    /** Hits in all. */
    count: number;
  }>;

  /**
   * SORT (RFC 5256): what `searchMailbox` finds with these keys (everything where there are none),
   * sorted. Where all criteria are equal, messages stand in the mailbox's order. Reads no message
   * content, unless the keys ask for it. Fails as `searchMailbox` does.
   */
  sortMailbox(
    selected: SelectedMailbox,
    sort: Sort,
    keys?: SearchKeys | SearchText | null,
    options?: SignalOption,
  ): Promise<{
    /** The hits, sorted. */
    uids: Uint32Array;
    /** Their sequence numbers. */
    seqs: Uint32Array;
    /** Whether some of the hits are gone already. */
    expungeIssued: boolean;
    updates: Updates;
  }>;

  /**
   * THREAD (RFC 5256): what `searchMailbox` finds with these keys (everything where there are none),
   * in threads. `"references"` goes by who answers whom and joins threads of one subject;
   * `"orderedsubject"` makes one thread of each subject, in which all others answer the first.
   * Threads, and the answers to one message, are in the order of their sent dates. Reads no message
   * content, unless the keys ask for it. Fails as `searchMailbox` does.
   */
  threadMailbox(
    selected: SelectedMailbox,
    algorithm: "references" | "orderedsubject",
    keys?: SearchKeys | SearchText | null,
    options?: SignalOption,
  ): Promise<{
    /**
     * Each message before those that answer it. 0 stands for a message that is not there, at the
     * beginning of a thread of several that answer it.
     */
    uids: Uint32Array;
    /**
     * How far below its thread's beginning each is: 0 begins a thread, and any other answers the last
     * one before it that is one less deep.
     */
    depths: Uint32Array;
    /** Whether some of the messages are gone already. */
    expungeIssued: boolean;
    updates: Updates;
  }>;

  /**
   * EXPUNGE: deletes the messages of the view that have `\Deleted`; with `uids`, only those of them
   * (UID EXPUNGE). `READ_ONLY`. Their octets leave the disk with the upkeep in a pause between calls once
   * 64 messages of the mailbox are gone, or with `cleanup({ thorough: true })`.
   */
  expungeMailbox(
    selected: SelectedMailbox,
    options?: { uids?: string | ArrayLike<number> | null } & DurabilityOption & SignalOption,
  ): Promise<Updates>;

  /** COPY: all or nothing; messages that are gone are passed over. `TRY_CREATE`, `READ_ONLY` (the destination). */
  copyMessages(
    selected: SelectedMailbox,
    set: MessageSet,
    destination: string,
    options?: DurabilityOption & SignalOption,
  ): Promise<CopyResult>;
  /** MOVE (RFC 6851): all or nothing. `TRY_CREATE`, `READ_ONLY`. */
  moveMessages(
    selected: SelectedMailbox,
    set: MessageSet,
    destination: string,
    options?: DurabilityOption & SignalOption,
  ): Promise<CopyResult>;

  /**
   * STORE. Flags that cannot be stored are dropped. `operation` is `"add"` where absent.
   * `READ_ONLY`, `LIMIT` (more than 56 keywords in a mailbox).
   */
  updateFlags(
    selected: SelectedMailbox,
    set: MessageSet,
    flags: readonly string[],
    operation?: FlagOperation,
    options?: {
      /** Leave the changed flags out of the answer, unless they are others than the call alone makes them. */
      silent?: boolean | null | undefined;
      /** Leave messages alone that changed after this mod-sequence (RFC 7162); they come back as `modified`. */
      unchangedSince?: number | null | undefined;
    } & DurabilityOption &
      SignalOption,
  ): Promise<{
    /** The flags now, of every message the set named; none where silent. */
    messages: FlagColumns;
    /** The uids left alone because of `unchangedSince`, ascending. */
    modified: Uint32Array;
    /** Whether some of the messages are gone already. */
    expungeIssued: boolean;
    updates: Updates;
  }>;

  /**
   * Closes a view. With `expunge` as CLOSE does: messages with `\Deleted` are deleted, silently (not
   * by a read-only view); without as UNSELECT does. The view is closed even if the deletion fails;
   * then nothing was deleted.
   */
  closeMailbox(selected: SelectedMailbox, options?: { expunge?: boolean | null }): Promise<void>;

  /**
   * Every update of a view from this call on, each once and in order: changes by other tabs, other
   * sessions and this one, those that calls returned included. Waits for changes while it is
   * iterated. Ends when the view or the session is closed (after an update with `closed`, where the
   * mailbox is gone); throws the signal's reason when that is aborted, and where the storage fails
   * its error, after everything told before it.
   */
  changes(selected: SelectedMailbox, options?: SignalOption): AsyncIterableIterator<Updates>;
  /**
   * What happens to mailboxes from this call on, by any tab or session. Ends when the session is
   * closed; throws as the other form does. Read slowly, it sums up.
   */
  changes(options?: SignalOption): AsyncIterableIterator<MailboxEvents>;

  /**
   * Upkeep: packs small records, drops what is not needed any more, the octets of deleted messages
   * among it. A little of it follows every call; changes nothing one can see.
   */
  cleanup(options?: {
    /** Everything there is to do, not only a little. */
    thorough?: boolean | null | undefined;
  } & SignalOption): Promise<void>;

  /**
   * Looks at every record of the database and names those that are damaged; changes nothing. What is counted
   * from a damaged record is not compared.
   */
  verify(options?: SignalOption): Promise<VerifyReport>;

  /** How much room there is. For a file: what it takes, that and what is free on its disk, and `true`. */
  storage(): Promise<StorageReport>;
  /** Asks the browser not to evict this origin's data; whether it promised. `false` where it cannot be asked. */
  requestPersistence(): Promise<boolean>;

  /**
   * Closes the session: waits end, calls in flight are finished, views closed (without expunging), and
   * upkeep that waits for a pause is done, for half a second at most.
   * Later calls fail with `CLOSED`. May be called again.
   */
  close(): Promise<void>;
}

/** What `importMessages` takes: a message to append, what `readMbox` yields, or just octets. */
export type ImportMessage =
  | Octets
  | (AppendMessage & {
      /** Taken as `internalDate` where that is absent. */
      date?: Date | null | undefined;
      /** Of an mbox, not stored. */
      from?: string | null | undefined;
    });

/**
 * Options of `fetchMessages`. Only what is asked is read: `envelope` and `preview` out of the list's
 * rows, the others out of contents, a few messages at a time. Of contents only what is needed enters
 * the engine's memory: `headers`, `rawEnvelope` and sections of the message's own header need no
 * more than the header, other sections their part; `bodyStructure`, `text`, `html` and
 * `attachments` look at all octets once.
 */
export interface FetchOptions extends SignalOption {
  /** `false` leaves the member out. Metadata are given without asking: they cost nothing more. */
  flags?: boolean | null | undefined;
  /** `false` leaves `internalDate` and `zoneMinutes` out. */
  internalDate?: boolean | null | undefined;
  /** `false` leaves the member out. */
  size?: boolean | null | undefined;
  /** The decoded header fields. */
  envelope?: boolean | null | undefined;
  /** The header fields of ENVELOPE as they are written. */
  rawEnvelope?: boolean | null | undefined;
  /** What the message is made of. */
  bodyStructure?: boolean | null | undefined;
  /** The beginning of the text, and whether there is an attachment. */
  preview?: boolean | null | undefined;
  /** Names of header fields, in any case; at most 1,000. */
  headers?: readonly string[] | null | undefined;
  /**
   * Sections as IMAP writes them (RFC 9051 section 6.4.5, RFC 3516), in any case; at most 1,000:
   * `"1.2"`, `"HEADER.FIELDS (SUBJECT)"`, `"1.MIME"`, `"TEXT"`, or with their item and part:
   * `"BODY[1]<0.100>"`, `"BINARY[2]"` (decoded), `"BINARY.SIZE[2]"` (a number). None sets `\Seen`.
   * One that cannot be read fails with `INVALID_ARGUMENT` before anything is done; BINARY of an
   * unknown encoding fails the whole call with `UNKNOWN_CTE`.
   */
  sections?: readonly string[] | null | undefined;
  /** The text to read, decoded. */
  text?: boolean | null | undefined;
  /** The HTML to show, **not sanitised**. */
  html?: boolean | null | undefined;
  /** The files and inline parts: what they are, not their octets. */
  attachments?: boolean | null | undefined;
  /** All octets. */
  source?: boolean | null | undefined;
  /** IMAP's presets: `FAST` metadata, `ALL` also `envelope`, `FULL` also `bodyStructure`. Other options add to it. */
  macro?: "FAST" | "ALL" | "FULL" | null | undefined;
  /**
   * Also set `\Seen`, as fetching a body does in IMAP; ignored by a read-only view. It is set before
   * anything is read, and stays where reading then fails.
   */
  setSeen?: boolean | null | undefined;
  /** Only messages whose mod-sequence is higher (RFC 7162); `vanished` then tells what went since. */
  changedSince?: number | null | undefined;
}

/** Answer of `fetchMessages`. */
export interface FetchResult {
  /** Ascending. */
  messages: FetchedMessage[];
  /** With `changedSince`: uids of the set that are not in the mailbox (any more), as far as known to have been there. */
  vanished?: Uint32Array;
  /** Whether some of the messages are gone already. */
  expungeIssued: boolean;
  updates: Updates;
}

/** Options of `searchMailbox`. */
export interface SearchOptions extends SignalOption {
  /** Called now and then, and at the end. What it throws ends the search, which rejects with that. */
  onProgress?: ((progress: SearchProgress) => void) | null | undefined;
}

/** How far a search is. */
export interface SearchProgress {
  /** The hits that were not told before, in no order: those of all calls together are all hits. */
  readonly uids: Uint32Array;
  /** Messages about which it is decided. */
  readonly searched: number;
  /** Messages to be searched. */
  readonly total: number;
  /** Hits so far. */
  readonly found: number;
}

/** How far a search in many mailboxes is; numbers of messages are those of all. */
export interface MailboxesSearchProgress extends SearchProgress {
  /** The name of the mailbox that it is in, and whose the `uids` are. */
  readonly mailbox: string;
  /** Mailboxes that it is through with. */
  readonly mailboxesDone: number;
  /** Mailboxes to be searched. */
  readonly mailboxes: number;
}

/** Answer of `searchMailbox`. */
export interface SearchResult {
  /** The hits, ascending. */
  uids: Uint32Array;
  /** Their sequence numbers, before and after `updates`. */
  seqs: Uint32Array;
  /** The lowest uid, where there is a hit. */
  min?: number;
  /** The highest uid, where there is a hit. */
  max?: number;
  /** How many hits. */
  count: number;
  /** Where `modseq` was searched for and there are hits: their highest mod-sequence. */
  modSeq?: number;
  /** Whether some of the hits are gone already. */
  expungeIssued: boolean;
  updates: Updates;
}

/** Answer of `searchMailbox` with `return`: what was asked for, as far as there is a hit. */
export interface ReturnedSearch {
  /** The lowest uid. */
  min?: number;
  /** The highest uid. */
  max?: number;
  /** The uids as a set, such as `"1:7,12"`; also where `return` is empty. */
  all?: string;
  /** How many hits; 0 where there are none. */
  count?: number;
  /** Where `modseq` was searched for: the highest mod-sequence of the hits, or of the ends alone if only these were asked for. */
  modSeq?: number;
  /** Whether some of the hits are gone already. */
  expungeIssued: boolean;
  updates: Updates;
}

/** What `search` found in one mailbox. */
export interface MailboxMatches {
  /** Its name when it was searched. */
  readonly name: string;
  readonly mailboxId: string;
  readonly uidValidity: number;
  /** The hits, ascending. */
  readonly uids: Uint32Array;
}

/** Answer of `copyMessages` and `moveMessages`. */
export interface CopyResult {
  /** COPYUID; `undefined` where nothing was copied. The n-th entries belong together. */
  copied?: { uidValidity: number; source: Uint32Array; destination: Uint32Array };
  updates: Updates;
}

// ---------------------------------------------------------------------------------------------
// Filters and delivery

/** From where and to whom a message comes, beside what it says itself. */
export interface EnvelopeOptions {
  /** The envelope's sender (MAIL FROM) without angle brackets; empty, the null sender, where absent. */
  sender?: string | null | undefined;
  /** The envelope's recipient (RCPT TO); the session's owner where absent. */
  recipient?: string | null | undefined;
  /** Where the message is kept if the filter says nothing else; `INBOX` where absent. */
  mailbox?: string | null | undefined;
}

/** What a filter asks the application to send. */
export type SendAction =
  | {
      /** Send the message on, as it is. */
      readonly type: "redirect";
      /** An address without a display name. */
      readonly address: string;
    }
  | {
      /**
       * Answer that one is away (RFC 5230). That this message may be answered was checked; whether
       * `to` had an answer with this `handle` within the last `seconds` is for the application to
       * remember.
       */
      readonly type: "vacation";
      readonly to: string;
      /** The answer's sender, where the script names one: an address, perhaps with a name. */
      readonly from: string | undefined;
      readonly subject: string;
      /** The text, or with `mime` a MIME entity with its header. */
      readonly reason: string;
      readonly mime: boolean;
      /** The person's other addresses, as the script names them. */
      readonly addresses: readonly string[];
      readonly seconds: number;
      readonly handle: string;
    };

/** What a filter does with a message; the implicit keep is written out. */
export type FilterAction =
  | {
      /** Keep it in the mailbox that the delivery asks for. */
      readonly type: "keep";
      /** Absent where the script says nothing of flags. */
      readonly flags: readonly string[] | undefined;
    }
  | {
      readonly type: "fileinto";
      readonly mailbox: string;
      /** Absent where the script says nothing of flags. */
      readonly flags: readonly string[] | undefined;
      /** Whether the mailbox is created where there is none. */
      readonly create: boolean;
    }
  | {
      /** Refuse it. */
      readonly type: "reject";
      readonly reason: string;
      /** Whether the script asks that the sender's server be told, not the sender (RFC 5429 section 2.1). */
      readonly ereject: boolean;
    }
  | SendAction;

/** Why a filter failed while it ran, and where in the script. */
export interface FilterError {
  readonly message: string;
  /** From 1. */
  readonly line: number;
  /** In characters, from 1. */
  readonly column: number;
}

/** Answer of `deliver`. */
export interface DeliverResult {
  /** Where the message now is, in the order in which the filter named the mailboxes. */
  stored: { mailbox: string; uidValidity: number; uid: number }[];
  /** What the application should send. */
  actions: SendAction[];
  /** Whether the filter dropped the message: it is stored nowhere, and not redirected. */
  discarded: boolean;
  /**
   * Mailboxes that the filter named and that could not have the message: `NOT_FOUND`, `READ_ONLY`,
   * or for a name that no mailbox can have `INVALID_ARGUMENT` or `LIMIT`. It was kept in `mailbox`.
   */
  missing: { mailbox: string; code: ErrorCode }[];
  /** Why the filter failed; the message was kept in `mailbox`. */
  filterError?: FilterError;
  updates?: Updates;
}

/**
 * Named filter scripts, at most one of them active, stored with the mail. Scripts are Sieve (RFC
 * 5228), names 1 to 255 characters. What changes nothing is no commit.
 */
export class FilterSet {
  private constructor();
  /**
   * Stores a script under a name, in place of one that was there; an active one stays active, with
   * what it now says. `INVALID_ARGUMENT` with `line` and `column` for a script that does not
   * compile, and for an empty name or one with a control character; `LIMIT` (a script of more than
   * 1 MiB, a name of more than 255 characters, more than 256 scripts).
   */
  put(name: string, script: string, options?: DurabilityOption): Promise<void>;
  /** The script of that name. `NOT_FOUND`. */
  get(name: string): Promise<string>;
  /** `NOT_FOUND`; `ACTIVE` for the active one. */
  delete(name: string, options?: DurabilityOption): Promise<void>;
  /**
   * Gives a script another name; it stays active if it is. `NOT_FOUND`, `ALREADY_EXISTS` (its own
   * name too); as `put` for a name that no script can have.
   */
  rename(before: string, after: string, options?: DurabilityOption): Promise<void>;
  /** Makes a script the active one. `NOT_FOUND`. */
  setActive(name: string, options?: DurabilityOption): Promise<void>;
  /** Leaves no script active. */
  clearActive(options?: DurabilityOption): Promise<void>;
  /** The active script. */
  getActive(): Promise<string | undefined>;
  /** The active script's name, and all names in the order in which they were first put. */
  getAll(): Promise<{ active: string | undefined; names: string[] }>;
  /** What scripts may `require`, sorted. */
  extensions(): Promise<string[]>;
  /** Compiles a script. `INVALID_ARGUMENT` with `line` and `column`, and `LIMIT`, as `put`. */
  check(script: string): Promise<void>;
  /**
   * What a script would do with a message; stores nothing, for a filter's editor. Fails as
   * {@link FilterSet.check}.
   */
  test(
    script: string,
    raw: Octets,
    options?: EnvelopeOptions,
  ): Promise<{
    /** None where it discards the message. */
    actions: FilterAction[];
    /** Why it failed; a delivery would keep the message. */
    error?: FilterError;
  }>;
}

// ---------------------------------------------------------------------------------------------
// The layer below

/** A person's mailboxes: names, and what is done to whole mailboxes. */
export class MailboxSet {
  private constructor();
  /** What separates levels of names: `/`. */
  delimiter(): Promise<string>;
  /** Subscribes to a name or takes that back; it need not exist. */
  setSubscribed(name: string, subscribed: boolean): Promise<void>;
  /** LSUB: the names subscribed to. */
  listSubscribed(): Promise<MailboxListEntry[]>;
  /** LIST: every mailbox. */
  listMailboxes(): Promise<MailboxListEntry[]>;
  /** `NOT_FOUND`. */
  getMailbox(name: string): Promise<MailboxData>;
  /** Returns the mailbox id. `ALREADY_EXISTS`. */
  addMailbox(name: string, options?: { specialUse?: SpecialUse | null | undefined; firstUid?: number | null }): Promise<string>;
  /** `NOT_FOUND`; `CANNOT` for INBOX. */
  deleteMailbox(name: string): Promise<void>;
  /** `NOT_FOUND`, `ALREADY_EXISTS`. */
  renameMailbox(before: string, after: string): Promise<void>;
}

/** A message of {@link MailboxData}: its metadata; there are no sequence numbers at this layer. */
export type StoredMessage = Omit<MessageMetadata, "seq">;

/**
 * One mailbox by its identity: renames do not disturb it; once it is deleted its methods fail with
 * `CLOSED`. Batches are all-or-nothing. Those that change messages fail with `READ_ONLY` where the
 * mailbox is.
 */
export class MailboxData {
  private constructor();
  /** RFC 8474; kept by a rename. */
  mailboxId(): Promise<string>;
  /** Whether its messages cannot be changed. */
  readonly(): Promise<boolean>;
  /** UIDVALIDITY: while it is the same, a uid means the same message. */
  uidValidity(): Promise<number>;
  /** The flags that can be stored; none where it is read-only. */
  permanentFlags(): Promise<string[]>;
  /** The flags of a view: `\Recent`. */
  sessionFlags(): Promise<string[]>;
  /** The open views of it in this page. */
  selectedSet(): Promise<{
    /** How many. */
    length: number;
    /** Whether one of them is read-write. */
    anySelected: boolean;
  }>;
  /** Brings a view of this mailbox up to date; as `checkMailbox`. */
  updateSelected(selected: SelectedMailbox, options?: { waitOn?: AbortSignal | null } & SignalOption): Promise<Updates>;
  /** With `recent` (the default) it is stored as `\Recent`. */
  append(message: AppendMessage, options?: RecentOption): Promise<StoredMessage>;
  /** Appends messages in this order. Fails as `appendMessages`. */
  appendMany(messages: Iterable<AppendMessage>, options?: RecentOption): Promise<StoredMessage[]>;
  /** The new uid; `undefined` where the message is gone. The destination is a mailbox of the same session's set. */
  copy(uid: number, destination: MailboxData, options?: RecentOption): Promise<number | undefined>;
  /** Copies messages; those that are gone are passed over. */
  copyMany(uids: ArrayLike<number>, destination: MailboxData, options?: RecentOption): Promise<UidPairs>;
  /** Moves a message: the new uid; `undefined` where it is gone. */
  move(uid: number, destination: MailboxData, options?: RecentOption): Promise<number | undefined>;
  /** Moves messages; those that are gone are passed over. */
  moveMany(uids: ArrayLike<number>, destination: MailboxData, options?: RecentOption): Promise<UidPairs>;
  /** A message; where it is gone, `cached` (if that is the same uid) marked as expunged. */
  get(uid: number, cached?: StoredMessage | null): Promise<StoredMessage | undefined>;
  /** Changes flags; where the message is gone, `cached` as it would be. */
  update(
    uid: number,
    cached: StoredMessage | null | undefined,
    flags: readonly string[],
    operation?: FlagOperation,
  ): Promise<StoredMessage | undefined>;
  /** Changes the flags of messages; those that are gone are passed over. `LIMIT`. */
  updateMany(
    uids: ArrayLike<number>,
    flags: readonly string[],
    operation?: FlagOperation,
    options?: { unchangedSince?: number | null },
  ): Promise<{
    /** Uids whose flags are now others, ascending. */
    changed: Uint32Array;
    /** Uids left alone because of `unchangedSince`, ascending. */
    modified: Uint32Array;
  }>;
  /** Deletes these messages whatever their flags. */
  delete(uids: ArrayLike<number>): Promise<void>;
  /** Deletes those that have `\Deleted`; returns them. */
  expunge(uids: ArrayLike<number>): Promise<Uint32Array>;
  /** Gives every unclaimed `\Recent` to this read-write view. */
  claimRecent(selected: SelectedMailbox): Promise<void>;
  /** A little upkeep of this mailbox. */
  cleanup(): Promise<void>;
  /** How it stands. */
  snapshot(): Promise<MailboxSnapshot>;
  /** The view's messages that the set names. */
  find(set: MessageSet, selected: SelectedMailbox): Promise<MessageMetadata[]>;
  /** Uids of the view's messages that the set names and that have `\Deleted`. */
  findDeleted(set: MessageSet, selected: SelectedMailbox): Promise<Uint32Array>;
  /** Opens a view of it, as `selectMailbox`. */
  select(options?: { readonly?: boolean | null }): Promise<{ selected: SelectedMailbox; snapshot: MailboxSnapshot }>;
}

/** Option of what adds messages at the layer below. */
export interface RecentOption {
  /** Whether they are stored as `\Recent`; `true` where absent. */
  recent?: boolean | null | undefined;
}

/** Old and new uids: the n-th entries belong together. */
export interface UidPairs {
  source: Uint32Array;
  destination: Uint32Array;
}

// ---------------------------------------------------------------------------------------------
// Stores of one's own

/** A range of keys: `from` belongs to it, `to` does not. Where `to` is at or before `from`, it holds nothing. */
export interface StoreRange {
  readonly from: Uint8Array;
  readonly to: Uint8Array;
}

/** What to read from a range. */
export interface StoreScan extends StoreRange {
  /** From the end backwards. */
  readonly reverse: boolean;
  /** Values are not looked at: give `null`. */
  readonly keysOnly: boolean;
  /** Stop after the row that brings the values to this many bytes; 4294967295: no limit. Never keeps the first row away. */
  readonly maxBytes: number;
  /** Stop after this many rows; 4294967295: no limit. */
  readonly maxRows: number;
}

/** What one read wants, all seen at one moment. */
export interface StoreRead {
  readonly keys: readonly Uint8Array[];
  readonly scans: readonly StoreScan[];
  readonly guards: readonly number[];
}

/** What one read saw, in the order asked. */
export interface StoreSnapshot {
  /** 0 in a new store. */
  readonly sequence: number;
  /** One per key; `null` where nothing is stored. */
  readonly values: readonly (Uint8Array | ArrayBuffer | null | undefined)[];
  /** One list per scan. */
  readonly scanned: readonly (readonly (readonly [key: Uint8Array, value: Uint8Array | ArrayBuffer | null | undefined])[])[];
  /** One per guard; 0 for one that no commit has named. */
  readonly revisions: readonly number[];
}

/** Changes that land together or not at all. */
export interface StoreBatch {
  /** 16 bytes: the commit's name in the journal. */
  readonly id: Uint8Array;
  readonly guards: readonly (readonly [guard: number, revision: number])[];
  readonly deleteRanges: readonly StoreRange[];
  readonly deletes: readonly Uint8Array[];
  readonly puts: readonly (readonly [key: Uint8Array, value: Uint8Array])[];
  /** For the journal. */
  readonly note: Uint8Array;
  readonly durability: "relaxed" | "strict";
}

/** How a commit ended: the step of the sequence it is, or the guards that had moved. */
export type StoreOutcome = { readonly committed: number } | { readonly conflict: readonly number[] };

/** A part of the journal. */
export interface StoreJournal {
  readonly entries: readonly { readonly sequence: number; readonly id: Uint8Array; readonly note: Uint8Array }[];
  /** Whether an entry that was asked for has been dropped already. */
  readonly truncated: boolean;
}

/**
 * Where a backend keeps its records: bytes under short keys, revisions of guards (both numbers), a
 * sequence that each commit moves by one, and a journal with an entry per commit. It looks into
 * none of them.
 *
 * - Keys are 1 to 33 bytes, ordered bytewise, a key before its longer continuations. The first byte
 *   is a number from 0 to 9 that says what kind of record it is; no range crosses from one into
 *   another.
 * - Values handed out are kept, not copied: do not change them. Arrays handed in are the store's.
 * - Guards, revisions and sequences are whole numbers up to 2^53 - 1.
 * - To fail, throw an error whose `code` is an {@link ErrorCode}; any other counts as
 *   `UNAVAILABLE`. A failing method has changed nothing, unless a failing `commit`'s error has
 *   `outcomeUnknown: true`.
 * - Calls may come while others are under way; each of a kind may answer at once or later.
 *
 * `offline-mailbox/testing` runs all of this as tests on a store of yours; `offline-mailbox/adapters/map` is
 * one in fifty lines to begin with.
 */
export interface StoreAdapter {
  /** Reads everything asked for at one moment: no commit lands between two of its answers. */
  read(request: StoreRead): StoreSnapshot | Promise<StoreSnapshot>;
  /**
   * If a guard's revision is not the one given, changes nothing and names the guards that had
   * moved. Otherwise does all of this or none: empties the ranges, deletes the keys, writes the
   * puts, adds 1 to each named guard's revision and to the sequence, and adds the entry to the
   * journal. Answers with the new sequence once that is as durable as asked.
   */
  commit(batch: StoreBatch): StoreOutcome | Promise<StoreOutcome>;
  /** The entries with a sequence above `after`, oldest first, at most `max`. At least the newest 4,096 are kept. */
  journal(after: number, max: number): StoreJournal | Promise<StoreJournal>;
  /** Called once: call `changed` whenever another process or tab may have committed. Returns what ends that. */
  subscribe?(changed: () => void): (() => void) | void;
  /** How often the engine looks for changes by others, in milliseconds; 5,000 where absent. */
  readonly pollIntervalMs?: number;
  /** Called once, after the last call. */
  close?(): void | Promise<void>;
}
