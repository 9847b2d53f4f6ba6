/**
 * The package without an engine: you bring it, as the option `wasm`. For bundlers that would copy
 * the engine where it is not wanted, and for those that do not copy it by themselves. The file is
 * `offline-mailbox/offline_mailbox.wasm`:
 *
 * ```js
 * import { openSession } from "offline-mailbox/slim";
 * import wasm from "offline-mailbox/offline_mailbox.wasm?url"; // Vite's way to an asset's address
 *
 * const session = await openSession({ owner: "ada@example.org", wasm });
 * ```
 *
 * `deleteDatabase` takes it as an option, too, unless the engine is loaded. All else is as in
 * `offline-mailbox`, and the same: the entries share their classes and the engine.
 *
 * @module offline-mailbox/slim
 */

import type { OpenSessionOptions, Session, WasmSource } from "./index.js";

export * from "./index.js";

/** Options of this entry's {@link openSession}. */
export interface SlimOpenSessionOptions extends OpenSessionOptions {
  /** The engine's bytes, their address, or the compiled module; read once per page, by the first call. */
  wasm: WasmSource | Promise<WasmSource>;
}

/** As `openSession` of `offline-mailbox`; without `wasm` it fails with `INVALID_ARGUMENT` unless the engine is loaded. */
export function openSession(options: SlimOpenSessionOptions): Promise<Session>;
