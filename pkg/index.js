// The package's entry: it finds the engine in the file beside it. Importing it does nothing else.

import * as opening from "./open.js";

export * from "./common.js";

export function openSession(options) {
  return opening.openSession(options, engineFile);
}

export function deleteDatabase(database, options) {
  return opening.deleteDatabase(database, options, engineFile);
}

/** Where the engine is: first choice first. Bundlers know the first form, and copy the file. */
function engineFile() {
  return [new URL("./wasm/offline_mailbox_bg.wasm", import.meta.url)];
}
