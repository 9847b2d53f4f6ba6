// Engines as an application ships them: each one file with all that it imports, minified, the same way for all. Without
// esbuild (the test of the harness installs nothing) modules are served as they are written. Not here: addresses of anything else.

import { existsSync } from "node:fs";
import path from "node:path";

import { ENGINES } from "./engines.js";

/** What libraries find by their own address, which is now the bundle's. */
const BESIDE = {
  "/bench/wasm/offline_mailbox_first.wasm": "pkg/wasm/offline_mailbox_first.wasm",
  "/bench/wasm/offline_mailbox_rest.wasm": "pkg/wasm/offline_mailbox_rest.wasm",
  "/bench/peers/sqlite3.wasm": "bench/node_modules/@sqlite.org/sqlite-wasm/dist/sqlite3.wasm",
  "/bench/peers/sqlite3-opfs-async-proxy.js": "bench/node_modules/@sqlite.org/sqlite-wasm/dist/sqlite3-opfs-async-proxy.js",
};

/** The file an address means beside a bundle, if it means one. */
export const beside = (root, pathname) => BESIDE[pathname] && path.join(root, BESIDE[pathname]);

/** A function from an address to a promise of the bundle that belongs there, or to nothing. */
export async function bundles(root, instead = {}) {
  if (!existsSync(path.join(root, "bench/node_modules/esbuild"))) return () => undefined;
  const { build } = await import("esbuild");
  const entries = new Set(Object.values(ENGINES).map((address) => address.split("?")[0]));
  const made = new Map();
  const addresses = {
    name: "addresses",
    setup({ onResolve }) {
      onResolve({ filter: /^\/(pkg|bench)\// }, ({ path: address, kind }) =>
        kind === "entry-point" ? undefined : { path: instead[address] ?? path.join(root, address) },
      );
    },
  };
  return (address) => {
    if (!entries.has(address)) return undefined;
    if (!made.has(address)) {
      const options = { entryPoints: [path.join(root, address)], bundle: true, minify: true, format: "esm", target: "es2022", write: false, logLevel: "silent" };
      made.set(address, build({ ...options, plugins: [addresses] }).then(({ outputFiles }) => outputFiles[0].contents));
    }
    return made.get(address);
  };
}
