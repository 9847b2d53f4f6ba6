// The backends known in this page. Not here: what a store is (index.d.ts, StoreAdapter).

import * as check from "./arguments.js";
import { MailboxError } from "./errors.js";

const BUILT_IN = ["indexeddb", "memory"];

const registered = new Map();
let chosen;

const checkedName = (name) => check.text(name, "the backend's name", { min: 1, max: 100 });

export function registerBackend(name, factory) {
  if (registered.has(checkedName(name))) {
    throw new MailboxError("ALREADY_EXISTS", `a backend is registered as ${JSON.stringify(name)} already`);
  }
  backends.add(name, factory);
}

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
    return typeof indexedDB === "object" && indexedDB !== null ? "indexeddb" : undefined;
  },

  add(name, factory) {
    registered.set(checkedName(name), check.callback(factory, "the factory"));
  },

  setDefault(name) {
    chosen = name === null ? undefined : known(checkedName(name));
  },
});

/** The backend to use, and its factory where it is not built in. */
export function backendFor(name) {
  const wanted = name === undefined ? backends.default : known(name);
  if (wanted === undefined) {
    throw new MailboxError(
      "UNAVAILABLE",
      'there is no IndexedDB here; name another backend: "memory" keeps mail until the session is closed',
    );
  }
  return { backend: wanted, factory: registered.get(wanted) };
}
