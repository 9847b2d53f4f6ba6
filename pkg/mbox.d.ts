/**
 * The mbox format (RFC 4155 and its dialects), read as a stream.
 *
 * @module offline-mailbox/mbox
 */

import type { AbortSignal, Blob, ReadableStream } from "./platform.js";

/** A message of an mbox. `importMessages` takes it as it is. */
export interface MboxMessage {
  /** Its octets, without the `From ` line and the empty line after it; line endings as they were. */
  readonly raw: Uint8Array;
  /** The sender of the `From ` line; empty where there is none. */
  readonly from: string;
  /** The date of the `From ` line, taken as UTC where it names no zone; `undefined` where unreadable. */
  readonly date: Date | undefined;
  /** What its `Status` and `X-Status` fields say, as IMAP flags. The fields stay in `raw`. */
  readonly flags: readonly string[];
}

/** Options of {@link readMbox}. */
export interface ReadMboxOptions {
  /**
   * How lines that began with `From ` were written: `"mboxrd"` takes one `>` from lines of `>`s and
   * `From `, `"mboxo"` from `>From ` lines only, `"none"` changes no line (mboxcl, and files nobody quoted). `"auto"`, the
   * default, is `"mboxrd"`, and where the first `From ` line has a date, lines without one begin no message.
   */
  format?: "mboxrd" | "mboxo" | "none" | "auto" | null | undefined;
  /** Ends the reading; the iteration throws its reason. */
  signal?: AbortSignal | null | undefined;
}

/** Where an mbox comes from. */
export type MboxSource =
  | Blob
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array>
  | Iterable<Uint8Array>
  | Uint8Array
  | ArrayBuffer;

/**
 * Reads the messages of an mbox of any size, holding one at a time. A message begins at a line
 * `From …` at the start of the file or after an empty line. Throws a `MailboxError`
 * `INVALID_ARGUMENT` where the source is not an mbox (its first line that is not empty does not begin with
 * `From `); an empty source yields nothing.
 */
export function readMbox(source: MboxSource, options?: ReadMboxOptions): AsyncIterableIterator<MboxMessage>;
