/**
 * Messages as files of their own (`.eml`), and what all writers of files share.
 *
 * @module offline-mailbox/eml
 */

import type { Blob, ReadableStream } from "./platform.js";
import type { MessageSet, OwnOctets, Session, SignalOption } from "./index.js";

/** Octets, as they come from files, streams and programs. */
export type OctetSource =
  | Blob
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array>
  | Iterable<Uint8Array>
  | Uint8Array
  | ArrayBuffer;

/** A stream of octets that can be iterated too, in every browser. Nothing is read before it is. */
export type OctetStream = ReadableStream<OwnOctets> & AsyncIterable<OwnOctets>;

/** How far an export has come. */
export interface ExportProgress {
  /** Messages written. */
  readonly messages: number;
  /** Their octets, as they are in the mailbox. */
  readonly octets: number;
  /** Messages passed over because their octets are not there any more. */
  readonly missing: number;
  /** Messages to be written. */
  readonly total: number;
}

/** Options of what writes a mailbox's messages. */
export interface ExportOptions extends SignalOption {
  /** Which messages; all where absent. */
  set?: MessageSet | null | undefined;
  /** Called every few messages, and after the last one. What it throws ends the export. */
  onProgress?: ((progress: ExportProgress) => void) | null | undefined;
}

/** A message of a file. `importMessages` takes it as it is. */
export interface EmlMessage {
  readonly raw: Uint8Array;
  readonly date: Date | undefined;
}

/** Options of {@link readEml}. */
export interface ReadEmlOptions extends SignalOption {
  /**
   * Where the date comes from: `"header"`, the default, from its Date field, or else from the file;
   * `"file"` from when a `File` was changed last; `"none"`.
   */
  date?: "header" | "file" | "none" | null | undefined;
  /** The longest message, in octets: 1 to 536,870,912, which is also what applies where absent. */
  maxOctets?: number | null | undefined;
}

/**
 * Reads files of one message each, one after the other: a `File` or `Blob`, a stream, bytes, or an
 * iterable of any of them (bytes in pieces as arrays of `Uint8Array`). Throws `LIMIT` for a message that
 * is too long, `INVALID_ARGUMENT` for what is no source, the signal's reason, and what a source throws.
 */
export function readEml(
  sources: Blob | ReadableStream<Uint8Array> | Uint8Array | ArrayBuffer | Iterable<OctetSource> | AsyncIterable<OctetSource>,
  options?: ReadEmlOptions,
): AsyncIterableIterator<EmlMessage>;

/**
 * One message as a file: its octets, a name for it, its INTERNALDATE. `NOT_FOUND` where there is no
 * such mailbox or message, or its octets are not there any more.
 */
export function exportEml(
  session: Session,
  mailbox: string,
  uid: number,
  options?: SignalOption,
): Promise<{ name: string; raw: OwnOctets; date: Date }>;

/**
 * A name for a file, of a message's subject: at most 200 octets, no path, no character or name that
 * some system forbids, nothing invisible, not hidden; `message` where nothing is left. `extension` is
 * `".eml"` where absent. Throws `INVALID_ARGUMENT`.
 */
export function messageFileName(subject: string | null | undefined, options?: { extension?: string | null | undefined }): string;
