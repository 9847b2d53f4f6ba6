// The error class and the table of its codes. Not here: which operation fails with what (index.d.ts).

const code = (description, imapCode, retryable = false) => Object.freeze({ description, imapCode, retryable });

/** Every code a MailboxError can have; the same as in the engine (src/model/error.rs). */
export const ERROR_CODES = Object.freeze({
  NOT_FOUND: code("The mailbox (or message, filter, backend) does not exist.", "NONEXISTENT"),
  ALREADY_EXISTS: code("The mailbox (or filter) exists already.", "ALREADYEXISTS"),
  TRY_CREATE: code("The target of an append, copy or move does not exist; creating it would help.", "TRYCREATE"),
  READ_ONLY: code("The mailbox, or this selection of it, is read-only.", "READ-ONLY"),
  CANNOT: code("The operation is never possible here.", "CANNOT"),
  ACTIVE: code("The active filter cannot be deleted.", undefined),
  APPEND_FAILURE: code("A filter refused the message.", undefined),
  BAD_CHARSET: code("The charset of a search is not known.", "BADCHARSET"),
  LIMIT: code("A fixed limit was passed.", "LIMIT"),
  QUOTA_EXCEEDED: code("The disk, or the browser's share of it, is full. Nothing was written.", "OVERQUOTA", true),
  CONFLICT: code("Others kept changing the same data; nothing was written.", "INUSE", true),
  CLOSED: code("The session, view or database is closed, or its mailbox was deleted.", undefined),
  BLOCKED: code("Another tab holds the database in another version and does not let go.", "INUSE", true),
  ABORTED: code("The operation was ended.", undefined),
  UNAVAILABLE: code("The storage, or the engine, cannot be reached here or now.", "UNAVAILABLE", true),
  VERSION_CHANGED: code("Another version of the library changed the database's format; reload.", undefined),
  SCHEMA_TOO_NEW: code("The database was written by a newer version of the library. It was left alone.", undefined),
  STORAGE_LOST: code("The database that was there before is gone.", undefined),
  CORRUPT: code("A stored record is damaged. It was left in place.", "CORRUPTION"),
  UNKNOWN_CTE: code("The transfer encoding of a part is not known.", "UNKNOWN-CTE"),
  INVALID_ARGUMENT: code("An argument is malformed or out of range. Nothing was done.", "CLIENTBUG"),
  INTERNAL: code("A defect in this library.", "SERVERBUG"),
});

/** What a failing call rejects with. */
export class MailboxError extends Error {
  constructor(code, message, options = undefined) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    // A literal, so that it survives minification.
    Object.defineProperty(this, "name", { value: "MailboxError", configurable: true, writable: true });
    this.code = Object.hasOwn(ERROR_CODES, code) ? code : "INTERNAL";
    this.imapCode = options?.imapCode ?? ERROR_CODES[this.code].imapCode;
    this.line = options?.line;
    this.column = options?.column;
  }
}

export const invalid = (message) => new MailboxError("INVALID_ARGUMENT", message);

export const closed = (what) => new MailboxError("CLOSED", `the ${what} is closed`);

/** What the engine rejects with is a plain object; anything else is a defect, or an application's own error. */
export function fromEngine(raw) {
  if (raw instanceof MailboxError) return raw;
  if (raw !== null && typeof raw === "object" && Object.hasOwn(ERROR_CODES, raw.code) && !(raw instanceof Error)) {
    const { line, column } = raw;
    return new MailboxError(raw.code, raw.message, { cause: raw.cause ?? undefined, line, column });
  }
  return new MailboxError("INTERNAL", `the engine failed: ${raw?.message ?? String(raw)}`, { cause: raw });
}
