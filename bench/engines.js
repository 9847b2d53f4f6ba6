// The engines there are: their names in tables, and the modules they are; a query says which of a module's two.

export const ENGINES = {
  ours: "/bench/ours.js",
  naive: "/bench/peers/naive.js",
  dexie: "/bench/peers/dexie.js",
  pouchdb: "/bench/peers/pouchdb.js",
  "sqlite-sahpool": "/bench/peers/sqlite.js?vfs=sahpool",
  "sqlite-opfs": "/bench/peers/sqlite.js?vfs=opfs",
};
