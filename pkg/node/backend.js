// The backend "sqlite", as the rest of the package sees it. Bundlers for browsers take absent.js in its place (package.json).

import { databaseFile, storageOf } from "./files.js";
import { sqliteStore } from "./sqlite.js";

export { deleteSqliteDatabase } from "./sqlite.js";

/** What `placeOf` (../backends.js) says of a database in a file. */
export function sqlitePlace(database, where) {
  const file = databaseFile(database, where);
  return { place: file, store: () => sqliteStore({ path: file }), storage: () => storageOf(file) };
}
