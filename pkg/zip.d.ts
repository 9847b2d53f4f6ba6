/**
 * Mailboxes as zip archives of `.eml` files.
 *
 * @module offline-mailbox/zip
 */

import type { ExportOptions, OctetStream } from "./eml.js";
import type { Session } from "./index.js";

export type { ExportOptions, ExportProgress, OctetStream } from "./eml.js";

/** Options of {@link zipMessages}. */
export interface ZipOptions extends ExportOptions {
  /** Whether files are deflated, where the platform can; `true` where absent. */
  compress?: boolean | null | undefined;
}

/**
 * The messages of a mailbox, as it is when the stream is first read, as a zip archive: a file each,
 * named by its subject, dated as it arrived. One message at a time is in memory, and some 150 octets
 * for each that was written; archives of more than 65,535 files or 4 GiB are zip64. Fails as
 * `writeMbox` does.
 *
 * For a download: `new Response(zipMessages(session, "INBOX")).blob()`, or piped into a file of the
 * File System Access API or a service worker's answer, which keeps it out of memory.
 */
export function zipMessages(session: Session, mailbox: string, options?: ZipOptions): OctetStream;
