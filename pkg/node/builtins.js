// Node's own modules, fetched when they are needed. Not by `import`: bundlers for browsers would look for them.

import { MailboxError } from "../errors.js";

/** Whether this is Node, or claims to be. */
export const isNode = () => typeof globalThis.process?.versions?.node === "string";

function runtime() {
  const { versions, version } = globalThis.process;
  const other = ["bun", "deno"].find((each) => Object.hasOwn(versions, each));
  return other === undefined ? `Node ${version}` : `${other} ${versions[other]}`;
}

/** Whether this runtime says that it has `node:sqlite`; does not load it. */
export function hasSqlite() {
  try {
    return isNode() && globalThis.process.getBuiltinModule?.("node:module")?.isBuiltin?.("node:sqlite") === true;
  } catch {
    return false;
  }
}

/** What to do where there is no `node:sqlite`. */
export const noSqlite = (cause) =>
  new MailboxError(
    "UNAVAILABLE",
    'the backend "sqlite" needs the module node:sqlite, which is in Node 22.13 and newer, not ' +
      `${isNode() ? `in this program (${runtime()})` : "in a browser"}; ` +
      'name another backend: "memory" keeps mail until the session is closed',
    { cause },
  );

/** One of Node's modules, by its name without `node:`. */
export function builtin(name) {
  const found = globalThis.process?.getBuiltinModule?.(`node:${name}`);
  if (found === undefined) throw noSqlite();
  return found;
}

/** Node's class of a database, under its new name or the old one. */
export function sqliteDatabase() {
  let found;
  try {
    found = builtin("sqlite");
  } catch (cause) {
    throw noSqlite(cause);
  }
  const Database = found.Database ?? found.DatabaseSync;
  if (typeof Database !== "function") throw noSqlite();
  return Database;
}
