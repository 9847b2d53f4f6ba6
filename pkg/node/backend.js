// The backend "sqlite", as the rest of the package sees it. Bundlers for browsers take absent.js in its place (package.json).

import { MailboxError } from "../errors.js";
import { databaseFile, identityOf, storageOf } from "./files.js";
import { sqliteStore } from "./sqlite.js";

export { deleteSqliteDatabase } from "./sqlite.js";

/** What `placeOf` (../backends.js) says of a database in a file. */
export function sqlitePlace(database, where, mustExist) {
  const file = databaseFile(database, where);
  const store = () => {
    if (mustExist && identityOf(file) === undefined) throw new MailboxError("STORAGE_LOST", `${file} is gone`);
    return sqliteStore({ path: file });
  };
  return { place: file, store, storage: () => storageOf(file) };
}
