// Where the engine of the package is: beside this file. Entries that bring it otherwise must not name it.

/** First choice first. Bundlers know the form of the first, and copy the file. */
export function engineFile() {
  const beside = new URL("./wasm/offline_mailbox_bg.wasm", import.meta.url);
  // The development servers of Vite 7 and before give out packages from a folder of their own, without
  // what lies beside them; the package itself is next to that folder.
  const [modules, inside] = beside.href.split("/.vite/");
  return inside === undefined ? [beside] : [beside, `${modules}/offline-mailbox/wasm/offline_mailbox_bg.wasm`];
}
