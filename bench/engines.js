// The engines there are: their names in tables, and the modules they are.

export const ENGINES = {
  ours: "/bench/ours.js",
  naive: "/bench/peers/naive.js",
  dexie: "/bench/peers/dexie.js",
  pouchdb: "/bench/peers/pouchdb.js",
  "sqlite-sahpool": "/bench/peers/sqlite-sahpool.js",
  "sqlite-opfs": "/bench/peers/sqlite-opfs.js",
};
