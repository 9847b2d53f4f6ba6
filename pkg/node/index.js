// What only Node has: the store in a SQLite file. Importing it loads nothing of Node's.

export { dataDirectory, databaseFile } from "./files.js";
export { deleteSqliteDatabase, sqliteStore } from "./sqlite.js";
