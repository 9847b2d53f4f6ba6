// Where the engine of the package is: beside this file, in two parts. Entries that bring it otherwise must not name it.

/** First choice first. Bundlers know the form of the first, and copy both files. */
export function engineFile() {
  const first = new URL("./wasm/offline_mailbox_first.wasm", import.meta.url);
  const rest = new URL("./wasm/offline_mailbox_rest.wasm", import.meta.url);
  const parts = (beside) => ({ first: `${beside}_first.wasm`, rest: `${beside}_rest.wasm` });
  const beside = first.href.replace("_first.wasm", "");
  // The development servers of Vite 7 and before give out packages from a folder of their own, without
  // what lies beside them; the package itself is next to that folder.
  const [modules, inside] = first.href.split("/.vite/");
  const elsewhere = inside === undefined ? [] : [parts(`${modules}/offline-mailbox/wasm/offline_mailbox`)];
  // Who copies files by hand may have copied the engine in one piece. No bundler is to follow this.
  return [{ first, rest }, ...elsewhere, { first: `${beside}_bg.wasm` }];
}
