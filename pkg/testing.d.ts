/**
 * The store contract as tests: what a {@link StoreAdapter} of your own must do, as cases that any test
 * framework, or none, can run, in Node and in browsers.
 *
 * ```js
 * import { test } from "node:test"; // or "vitest"
 * import { runStoreContract } from "offline-mailbox/testing";
 *
 * runStoreContract((name) => openMyStore(name), { test, remove: (name) => deleteMyStore(name), persistent: true });
 * ```
 *
 * It is the contract of one store, without a mailbox in it; who passes may go on to open a session on it.
 * All cases together commit some 5,000 times and write some 10 MB.
 *
 * @module offline-mailbox/testing
 */

import type { StoreAdapter } from "./index.js";

/**
 * Another connection to the database of this name, which is created where there is none. Each case takes a
 * new name (`store-contract-` and 16 hexadecimal digits), opens it once or more, and closes every connection.
 */
export type StoreConnector = (name: string) => StoreAdapter | Promise<StoreAdapter>;

/** Options of {@link storeContract} and {@link runStoreContract}. */
export interface StoreContractOptions {
  /** Takes the database away; called after its last connection was closed, also where the case failed. */
  remove?: ((name: string) => unknown) | null | undefined;
  /** Whether a database outlives its last connection; `false` where absent. Only then is reopening tested. */
  persistent?: boolean | null | undefined;
  /** Whether a database can have several connections at a time; `true` where absent. */
  shared?: boolean | null | undefined;
}

/** A case. */
export interface StoreContractCase {
  /** What it is about, the same in every version that has it. */
  readonly name: string;
  /** Runs it on a new database. Rejects with an `Error` that says what was found and what was expected. */
  run(): Promise<void>;
}

/** The cases, to be run by whatever runs tests. */
export function storeContract(connect: StoreConnector, options?: StoreContractOptions): StoreContractCase[];

/**
 * Runs the cases. With `test`, hands each to it (`test(name, run)`, as in `node:test`, vitest, jest and
 * mocha) and resolves when all it returned has settled; nobody need wait for that. Without, runs them one after
 * the other and rejects with an `AggregateError` of all failures, each naming its case.
 *
 * Fails with `INVALID_ARGUMENT` where the arguments are not as above.
 */
export function runStoreContract(
  connect: StoreConnector,
  options?: StoreContractOptions & { test?: ((name: string, run: () => Promise<void>) => unknown) | null | undefined },
): Promise<void>;
