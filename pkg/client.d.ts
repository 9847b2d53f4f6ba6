/**
 * Sessions whose engine is in a worker, without loading any of it here. `openSession({ worker: true })`
 * of `offline-mailbox` does the same in one line; this is for shared workers, for workers of one's own,
 * and for pages that shall hold no more than what talks to the worker.
 *
 * ```js
 * import { createWorker } from "offline-mailbox/client";
 *
 * const worker = createWorker({ shared: true }); // one engine for all tabs
 * const session = await worker.openSession({ owner: "ada@example.org" });
 * ```
 *
 * A policy of security (CSP) must allow the worker's script: `worker-src 'self'`.
 *
 * @module offline-mailbox/client
 */

import type { MailboxWorker, WorkerTarget } from "./index.js";

export { MailboxError, ERROR_CODES } from "./index.js";
export type { ErrorCode, MailboxWorker, MessageTarget, OpenSessionOptions, Session, WorkerTarget } from "./index.js";

/** Options of {@link createWorker}. */
export interface CreateWorkerOptions {
  /**
   * One worker for all tabs of this origin that ask so; a tab's sessions are closed when it goes, the
   * worker ends with the last tab. `false` where absent: a worker of this page alone.
   */
  shared?: boolean | null | undefined;
}

/**
 * Starts a worker, in Node a thread. Throws `UNAVAILABLE` where there is nothing of that kind (some
 * browsers have no shared workers); whether its script can be loaded, the first session tells.
 */
export function createWorker(options?: CreateWorkerOptions | null): MailboxWorker;

/**
 * A worker that is there already and serves sessions, or a port to one that does. Connecting again to
 * the same gives the same. Throws `INVALID_ARGUMENT` for anything else.
 */
export function connect(worker: WorkerTarget): MailboxWorker;
