// The entry without an engine: the caller brings it. It names no file, so that no bundler picks one up.

import { MailboxError } from "./errors.js";
import * as opening from "./open.js";

export * from "./common.js";

export function openSession(options) {
  return opening.openSession(options, noEngine);
}

export function deleteDatabase(database, options) {
  return opening.deleteDatabase(database, options, noEngine);
}

function noEngine() {
  throw new MailboxError(
    "INVALID_ARGUMENT",
    "offline-mailbox/slim has no engine of its own: pass offline_mailbox_bg.wasm, its address or its bytes, as the option wasm",
  );
}
