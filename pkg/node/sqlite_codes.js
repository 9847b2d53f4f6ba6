// What a failure of SQLite, or of the file system, means: one table from its code to ours. Not here: what is done about it.

import { MailboxError } from "../errors.js";

// https://www.sqlite.org/rescode.html. An extended code that is not here counts as its last eight bits.
const SQLITE = Object.freeze({
  1: "INTERNAL", // ERROR
  2: "INTERNAL", // INTERNAL
  3: "UNAVAILABLE", // PERM
  4: "UNAVAILABLE", // ABORT
  5: "UNAVAILABLE", // BUSY: waited for in vain
  6: "UNAVAILABLE", // LOCKED
  7: "UNAVAILABLE", // NOMEM
  8: "UNAVAILABLE", // READONLY
  9: "UNAVAILABLE", // INTERRUPT
  10: "UNAVAILABLE", // IOERR
  11: "CORRUPT", // CORRUPT
  12: "INTERNAL", // NOTFOUND
  13: "QUOTA_EXCEEDED", // FULL
  14: "UNAVAILABLE", // CANTOPEN
  15: "UNAVAILABLE", // PROTOCOL
  17: "INTERNAL", // SCHEMA
  18: "LIMIT", // TOOBIG
  19: "INTERNAL", // CONSTRAINT
  20: "INTERNAL", // MISMATCH
  21: "INTERNAL", // MISUSE
  22: "LIMIT", // NOLFS
  23: "UNAVAILABLE", // AUTH
  24: "CORRUPT", // FORMAT
  25: "INTERNAL", // RANGE
  26: "CORRUPT", // NOTADB
  522: "CORRUPT", // IOERR_SHORT_READ: the file ends too early
  4874: "QUOTA_EXCEEDED", // IOERR_SHMSIZE: no room for the index of the log
  8202: "CORRUPT", // IOERR_DATA
  8458: "CORRUPT", // IOERR_CORRUPTFS
});

const BUSY = new Set([5, 6, 15]);

const FILES = Object.freeze({
  ENOSPC: "QUOTA_EXCEEDED",
  EDQUOT: "QUOTA_EXCEEDED",
});

const primary = (errcode) => errcode & 0xff;

/** Our code for SQLite's, extended or not; `UNAVAILABLE` for one that nobody knows. */
export const codeOfSqlite = (errcode) => SQLITE[errcode] ?? SQLITE[primary(errcode)] ?? "UNAVAILABLE";

/** Whether it goes away by waiting: somebody else is writing. */
export const isBusy = (error) => typeof error?.errcode === "number" && BUSY.has(primary(error.errcode));

/** Whether it is not known if what was under way has reached the disk. */
export const isInputOutput = (error) => typeof error?.errcode === "number" && primary(error.errcode) === 10;

/** What Node threw, about this file, as an error of ours. */
export function fromNode(error, file) {
  if (error instanceof MailboxError) return error;
  const words = error?.message ?? String(error);
  const failed = (code, what) => new MailboxError(code, `${file}: ${what}`, { cause: error });
  if (typeof error?.errcode === "number") return failed(codeOfSqlite(error.errcode), `${words} (SQLite ${error.errcode})`);
  // A number beyond 2^53-1, which nobody here wrote.
  if (error?.code === "ERR_OUT_OF_RANGE") return failed("CORRUPT", words);
  // Node's for a database that was closed.
  if (error?.code === "ERR_INVALID_STATE") return failed("CLOSED", words);
  if (typeof error?.code === "string" && /^E[A-Z]/.test(error.code)) return failed(FILES[error.code] ?? "UNAVAILABLE", words);
  return failed("INTERNAL", words);
}
