// The backends known in this page. Not here: what a store is (index.d.ts, StoreAdapter).

import * as check from "./arguments.js";
import { MailboxError, invalid } from "./errors.js";
import { sqlitePlace } from "./node/backend.js";
import { hasSqlite, isNode, noSqlite } from "./node/builtins.js";

const BUILT_IN = ["indexeddb", "memory", "sqlite"];

const registered = new Map();
let chosen;

const checkedName = (name) => check.text(name, "the backend's name", { min: 1, max: 100 });

export function registerBackend(name, factory) {
  if (registered.has(checkedName(name))) {
    throw new MailboxError("ALREADY_EXISTS", `a backend is registered as ${JSON.stringify(name)} already`);
  }
  backends.add(name, factory);
}

export const hasIndexedDb = () => typeof indexedDB === "object" && indexedDB !== null;

function names() {
  return [...new Set([...BUILT_IN, ...registered.keys()])].sort();
}

function known(name) {
  if (!names().includes(name)) {
    throw new MailboxError("NOT_FOUND", `no backend is named ${JSON.stringify(name)}; there are ${names().join(", ")}`);
  }
  return name;
}

export const backends = Object.freeze({
  get names() {
    return Object.freeze(names());
  },

  get default() {
    if (chosen !== undefined) return chosen;
    if (hasIndexedDb()) return "indexeddb";
    return hasSqlite() ? "sqlite" : undefined;
  },

  add(name, factory) {
    registered.set(checkedName(name), check.callback(factory, "the factory"));
  },

  setDefault(name) {
    chosen = name === null ? undefined : known(checkedName(name));
  },
});

/**
 * A browser that was just started opens its files of IndexedDB when it is first asked for something in it: so it is
 * asked, for something that changes nothing, while the engine loads.
 */
export function wakeIndexedDb() {
  try {
    globalThis.indexedDB.databases().catch(() => {});
  } catch {
    // Older browsers have no such question; where storage is forbidden, opening says so.
  }
}

/** The backend to use, and its factory where an application registered it. */
export function backendFor(name) {
  const wanted = name === undefined ? backends.default : known(name);
  if (wanted === undefined) {
    if (isNode()) throw noSqlite();
    throw new MailboxError(
      "UNAVAILABLE",
      'there is no IndexedDB here; name another backend: "memory" keeps mail until the session is closed',
    );
  }
  return { backend: wanted, factory: registered.get(wanted) };
}

/**
 * Where the engine finds a database: the `place` that makes it one with other sessions', what makes its
 * store, where that is not built into the engine, and what tells of its room, where the browser does not.
 * With `mustExist` no file is made.
 */
export function placeOf({ backend, factory, owner, database, directory, path, mustExist }) {
  if (factory !== undefined || backend !== "sqlite") {
    if ((directory ?? path ?? undefined) !== undefined) throw invalid(`the backend ${JSON.stringify(backend)} has no directory or path`);
    return { place: database, store: factory && (() => factory(Object.freeze({ owner, database }))) };
  }
  if (!hasSqlite()) throw noSqlite();
  return sqlitePlace(database, { directory, path }, mustExist);
}

/** What a session in a worker is to name; a factory of this page cannot go there with it. */
export function backendElsewhere(name, ownWorker) {
  const wanted = name ?? chosen;
  if (ownWorker && registered.has(wanted)) {
    throw invalid(
      `the backend ${JSON.stringify(wanted)} was registered in this page, and a worker does not have it: ` +
        "give a worker of your own, which registers it",
    );
  }
  return wanted;
}
