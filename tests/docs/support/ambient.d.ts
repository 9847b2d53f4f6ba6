// What blocks may use without making it: support/stage.mjs has it when they are run.

import type { SelectedMailbox, Session } from "offline-mailbox";

declare global {
  const session: Session;
  /** A view of INBOX, which has messages. */
  const selected: SelectedMailbox;
  /** One of its messages, with an attachment. */
  const uid: number;
  /** A message's octets. */
  const raw: Uint8Array<ArrayBuffer>;
  /** An mbox file. */
  const file: File;
  /** Takes a file that is written. */
  const writable: WritableStream<Uint8Array>;
  const signal: AbortSignal;
  /** Stand for whatever an application does with an answer. */
  function show(...what: unknown[]): void;
  function render(what: unknown): void;
  function renderTree(what: unknown): void;
}
