/**
 * Maildir folders and trees of them, in Node; elsewhere everything here fails with `UNAVAILABLE`. Errors
 * of the file system are `NOT_FOUND`, `QUOTA_EXCEEDED` or `UNAVAILABLE`, with Node's own as `cause`.
 *
 * Flags are in the names of files (`:2,FRS`): `D` `\Draft`, `F` `\Flagged`, `P` `$Forwarded`, `R`
 * `\Answered`, `S` `\Seen`, `T` `\Deleted`; `a` to `z` are the keywords of a file `dovecot-keywords`.
 * Where files cannot have `:` in their names, `;` or `!` stands in its place: all three are read.
 *
 * @module offline-mailbox/maildir
 */

import type { ExportOptions, ExportProgress } from "./eml.js";
import type { URL } from "./platform.js";
import type { DurabilityOption, ImportProgress, OwnOctets, Session, SignalOption } from "./index.js";

/** A folder of a Maildir. */
export interface MaildirFolder {
  /** Where it is. */
  readonly path: string;
  /** The mailbox it is, levels separated by `/`; `INBOX` for the Maildir itself. */
  readonly mailbox: string;
}

/** A message of a Maildir. `importMessages` takes it as it is. */
export interface MaildirMessage {
  readonly raw: OwnOctets;
  readonly flags: readonly string[];
  readonly internalDate: Date;
}

/** Where dates come from: when the file was changed last (as Dovecot has it), or the number its name begins with. */
export interface MaildirDateOption {
  /** `"mtime"` where absent. */
  date?: "mtime" | "name" | null | undefined;
}

/**
 * The folders of a Maildir with all below them: of Maildir++ (`.Sub.Folder`) and plain ones within
 * each other, 32 levels deep; names in modified UTF-7 are decoded. Links are not followed.
 * `NOT_FOUND`; `INVALID_ARGUMENT` where no folder has a folder `cur`.
 */
export function listMaildir(directory: string | URL, options?: SignalOption): Promise<MaildirFolder[]>;

/**
 * Reads the messages of one folder, those of `cur` and `new`, by when their names say that they were
 * delivered, holding one at a time. A message that is taken away meanwhile is passed over. Throws
 * `NOT_FOUND`, `INVALID_ARGUMENT` where it has no folder `cur`, `LIMIT` for a file of more than 512 MiB.
 */
export function readMaildir(directory: string | URL, options?: MaildirDateOption & SignalOption): AsyncIterableIterator<MaildirMessage>;

/** How far the import of a Maildir has come: sums of all folders. */
export interface MaildirImportProgress extends ImportProgress {
  /** The mailbox that it is in. */
  readonly mailbox: string;
}

/**
 * Imports all folders of a Maildir, each into the mailbox of its name, which is created where it is
 * missing. Options are those of `importMessages`. Fails as `listMaildir`, `readMaildir`,
 * `createMailbox` and `importMessages` do; what was committed stays.
 */
export function importMaildir(
  session: Session,
  directory: string | URL,
  options?: {
    /** The mailbox that the Maildir itself is, and below which its folders are; `INBOX`, and no level above, where absent. */
    mailbox?: string | null | undefined;
    /** Called after each commit. */
    onProgress?: ((progress: MaildirImportProgress) => void) | null | undefined;
    chunkBytes?: number | null | undefined;
    skipDuplicates?: boolean | "mailbox" | "account" | null | undefined;
    importId?: string | null | undefined;
  } & MaildirDateOption &
    DurabilityOption &
    SignalOption,
): Promise<
  ImportProgress & {
    /** What came into each. */
    mailboxes: { mailbox: string; messages: number; skipped: number; resumed: number }[];
  }
>;

/** What was written. */
export interface MaildirWritten {
  messages: number;
  octets: number;
  /** Messages passed over because their octets are not there any more. */
  missing: number;
  /** Keywords of messages for which none of the 26 letters was left. */
  keywordsDropped: number;
}

/** What stands before the flags in names. */
export interface MaildirSeparatorOption {
  /** `":"` where absent; on Windows `";"`. */
  separator?: ":" | ";" | "!" | null | undefined;
}

/**
 * Writes the messages of a mailbox into one folder, which is made where it is missing, beside what is
 * there: each whole and under a name of its own, those with flags into `cur`, the others into `new`;
 * files are dated as the messages are. `NOT_FOUND`, the errors of `fetchMessages`, the signal's reason;
 * what was written by then stays.
 */
export function writeMaildir(
  session: Session,
  mailbox: string,
  directory: string | URL,
  options?: ExportOptions & MaildirSeparatorOption,
): Promise<MaildirWritten>;

/**
 * Writes mailboxes into a Maildir++: `INBOX` into the folder itself, `Sub/Folder` into `.Sub.Folder`,
 * names in modified UTF-7. Fails as `writeMaildir` does, and with `LIMIT` for a name too long for a folder.
 */
export function exportMaildir(
  session: Session,
  directory: string | URL,
  options?: {
    /** Their names; all where absent. */
    mailboxes?: readonly string[] | null | undefined;
    onProgress?: ((progress: ExportProgress & { readonly mailbox: string }) => void) | null | undefined;
  } & MaildirSeparatorOption &
    SignalOption,
): Promise<MaildirWritten>;
