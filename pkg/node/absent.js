// What bundlers for browsers take in place of backend.js: there is no file to keep mail in.

import { noSqlite } from "./builtins.js";

export function sqlitePlace() {
  throw noSqlite();
}

export const deleteSqliteDatabase = sqlitePlace;
