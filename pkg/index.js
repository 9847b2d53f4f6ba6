// The package's entry: it finds the engine in the file beside it. Importing it does nothing else.

import * as opening from "./open.js";

export * from "./common.js";

export function openSession(options) {
  return opening.openSession(options, engineFile);
}

export function deleteDatabase(database, options) {
  return opening.deleteDatabase(database, options, engineFile);
}

/** Where the engine is: first choice first. Bundlers know the form of the first, and copy the file. */
function engineFile() {
  const beside = new URL("./wasm/offline_mailbox_bg.wasm", import.meta.url);
  // The development servers of Vite 7 and before give out packages from a folder of their own, without
  // what lies beside them; the package itself is next to that folder.
  const [modules, inside] = beside.href.split("/.vite/");
  return inside === undefined ? [beside] : [beside, `${modules}/offline-mailbox/wasm/offline_mailbox_bg.wasm`];
}
