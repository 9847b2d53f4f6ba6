/**
 * A store in one `Map`, as an example of an adapter, and useful itself for small mailboxes: with `load` and
 * `save` it is written through to anything that can keep a batch of entries at once (a key-value database,
 * a file, a server). All of it is in memory, and one program at a time may have it.
 *
 * @module offline-mailbox/adapters/map
 */

import type { StoreAdapter } from "../index.js";

/** Options of {@link mapStore}. */
export interface MapStoreOptions {
  /** The entries saved before, in any order; called once. Nothing where absent. */
  load?: (() => Iterable<readonly [string, unknown]> | Promise<Iterable<readonly [string, unknown]>>) | undefined;
  /**
   * Keeps what a commit changes: names with their new values, `undefined` where one is to be deleted. All
   * of it or nothing, and as durable as it should be when it resolves. The values can be cloned structurally (numbers,
   * and objects of numbers and `Uint8Array`s) and are to be given back by `load` as they were. Where it rejects,
   * the commit fails with the error's `code`, or `UNAVAILABLE`, and nothing has changed. Never called again before it settled.
   */
  save?: ((changes: ReadonlyMap<string, unknown>) => unknown) | undefined;
  /** How many journal entries to keep, 4,096 at least; 4,096 where absent. */
  kept?: number | undefined;
}

/**
 * Makes the store, for `registerBackend`. Rejects with whatever `load` does.
 *
 * ```js
 * registerBackend("mine", () => mapStore({ load: () => db.entries(), save: (changes) => db.writeBatch(changes) }));
 * ```
 */
export function mapStore(options?: MapStoreOptions): Promise<StoreAdapter>;
