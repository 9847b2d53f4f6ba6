/**
 * The mbox format (RFC 4155 and its dialects), read and written as a stream.
 *
 * @module offline-mailbox/mbox
 */

import type { ExportOptions, OctetSource, OctetStream } from "./eml.js";
import type { Session } from "./index.js";
import type { AbortSignal } from "./platform.js";

export type { ExportOptions, ExportProgress, OctetSource, OctetStream } from "./eml.js";

/** A message of an mbox. `importMessages` takes it as it is. */
export interface MboxMessage {
  /** Its octets, without the `From ` line and the empty line after it; line endings as they were. */
  readonly raw: Uint8Array;
  /** The sender of the `From ` line; empty where there is none. */
  readonly from: string;
  /** The date of the `From ` line, taken as UTC where it names no zone; `undefined` where unreadable. */
  readonly date: Date | undefined;
  /**
   * What its `Status`, `X-Status`, `X-Keywords`, `X-Mozilla-Status` and `X-Mozilla-Keys` fields say, as
   * IMAP flags. Words that no keyword of IMAP can be are passed over.
   */
  readonly flags: readonly string[];
}

/** Options of {@link readMbox}. */
export interface ReadMboxOptions {
  /**
   * How messages are told apart, and how lines that began with `From ` were written:
   * - `"mboxrd"` takes one `>` from lines of `>`s and `From `; `"mboxo"` from `>From ` lines only;
   *   `"none"` changes no line (files that nobody quoted).
   * - `"mboxcl2"`: where `Content-Length` leads to another `From ` line or to the end, the message
   *   ends there; no line is changed. `"mboxcl"`: the same, with lines written as in mboxrd.
   * - `"auto"`, the default, is mboxrd; where the first `From ` line has a date, lines without one
   *   begin no message. As long as every message has a `Content-Length` that leads exactly to the
   *   next `From ` line, it counts, and a message with bare `From ` lines is not unquoted: one that only
   *   some senders wrote is not believed.
   */
  format?: "auto" | "mboxrd" | "mboxo" | "mboxcl" | "mboxcl2" | "none" | null | undefined;
  /**
   * Takes the fields out of the header that mbox programs keep their own matters in: those that `flags`
   * tells of, `X-UID`, `X-IMAP`, `X-IMAPbase`, `Content-Length`. They stay where absent.
   */
  stripStatus?: boolean | null | undefined;
  /** Ends the reading; the iteration throws its reason. */
  signal?: AbortSignal | null | undefined;
}

/** Where an mbox comes from. */
export type MboxSource = OctetSource;

/**
 * Reads the messages of an mbox of any size, holding one at a time. A message begins at a line
 * `From …` at the start of the file or after an empty line. Throws a `MailboxError`
 * `INVALID_ARGUMENT` where the source is not an mbox (its first line that is not empty does not begin with
 * `From `); an empty source yields nothing.
 */
export function readMbox(source: MboxSource, options?: ReadMboxOptions): AsyncIterableIterator<MboxMessage>;

/** Options of {@link writeMbox}. */
export interface WriteMboxOptions extends ExportOptions {
  /**
   * Writes `Status`, `X-Status` and `X-Keywords` with the flags, in place of the fields of these names
   * (and those that `stripStatus` takes out) that a message has. Octets are then no longer those of
   * the message; `readMbox` with `stripStatus` restores those of messages that had no such field.
   */
  status?: boolean | null | undefined;
}

/**
 * The messages of a mailbox, as it is when the stream is first read, as an mboxrd file: `readMbox`
 * reads the same octets and dates (to the second) out of it. A message that does not end its last
 * line has the word `unended` at the end of its `From ` line, as other programs pass over.
 *
 * Reading it fails with `NOT_FOUND`, the errors of `fetchMessages`, and the signal's reason.
 * `INVALID_ARGUMENT` is thrown at once.
 */
export function writeMbox(session: Session, mailbox: string, options?: WriteMboxOptions): OctetStream;
