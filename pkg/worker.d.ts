/**
 * What runs in a worker. As the script of a dedicated or a shared worker, or of a thread of Node, it
 * serves sessions to whoever connects; imported anywhere else it does nothing by itself. A worker of
 * one's own imports it beside what else it does, such as to register a backend:
 *
 * ```js
 * import { registerBackend } from "offline-mailbox/worker";
 * import { myStore } from "./my-store.js";
 *
 * registerBackend("mine", ({ database }) => myStore(database));
 * ```
 *
 * The page then gives that worker: `openSession({ owner, backend: "mine", worker })`.
 *
 * @module offline-mailbox/worker
 */

import type { MessageTarget } from "./index.js";

export type { MessageTarget } from "./index.js";
export { backends, registerBackend } from "./index.js";

/** One side of a port that serves sessions. */
export interface ServedPort {
  /** How many sessions, views, mailboxes, iterations and calls the other side has open. */
  readonly size: number;
  /** Closes its sessions and the port. */
  close(): void;
}

/** Serves sessions to the other end of a port, such as one that came with a message. */
export function serve(port: MessageTarget): ServedPort;
