/**
 * The package with the engine inside its JavaScript, gzipped, for places without assets: a single
 * file, an extension, a bundler that copies none. About a third larger on the wire than the wasm
 * itself. Where bundles are made for pages, `offline-mailbox` is the better entry: browsers compile
 * the wasm while it arrives, and keep the compiled code.
 *
 * `openSession` fails with `UNAVAILABLE` on platforms without `DecompressionStream` (browsers before
 * May 2023). All else is as in `offline-mailbox`, and the same: the entries share their classes and
 * the engine.
 *
 * @module offline-mailbox/inline
 */

import type { OpenSessionOptions, Session } from "./index.js";

export * from "./index.js";

/** As `openSession` of `offline-mailbox`, in this thread. */
export function openSession(options: OpenSessionOptions): Promise<Session>;
