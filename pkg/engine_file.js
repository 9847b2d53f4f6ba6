// Where the engine of the package is: beside this file, in two parts. Entries that bring it otherwise must not name it.

/** First choice first. Bundlers know the form of the first, and copy the files. */
export function engineFile() {
  const first = new URL("./wasm/offline_mailbox_first.wasm", import.meta.url);
  const rest = new URL("./wasm/offline_mailbox_rest.wasm", import.meta.url);
  // The development servers of Vite 7 and before give out packages from a folder of their own, without
  // what lies beside them; the package itself is next to that folder.
  const [modules, inside] = first.href.split("/.vite/");
  const beside = `${modules}/offline-mailbox/wasm/offline_mailbox_`;
  return inside === undefined ? [{ first, rest }] : [{ first, rest }, { first: `${beside}first.wasm`, rest: `${beside}rest.wasm` }];
}
