// Opening sessions and deleting databases, for the entries. Not here: where the engine comes from (index.js, slim.js, inline.js).

import * as check from "./arguments.js";
import { backendFor, hasIndexedDb, placeOf, wakeIndexedDb } from "./backends.js";
import { loadEngine } from "./engine.js";
import { MailboxError } from "./errors.js";
import { forgetting, nameOf, recalled, remember } from "./marker.js";
import { deleteSqliteDatabase } from "./node/backend.js";
import { hasSqlite } from "./node/builtins.js";
import { Session, SessionCore } from "./session.js";
import { abandonable, throwIfAborted } from "./signals.js";

const OPTIONS = [
  "owner", "database", "backend", "directory", "path", "durability", "disabledSearchKeys", "expectDatabaseId", "wasm", "signal",
];

const ownerOf = (value) => check.text(value, "owner", { min: 1, max: 255 });
const databaseOf = (value, what = "database") => check.text(value, what, { min: 1, max: 300 });
const LOST = "the database that was here before is gone; openSession({ expectDatabaseId: null }) begins a new one";

/**
 * As the entries' `openSession`; `engineSource` says where the engine comes from when no option does,
 * `id` which database a window remembers, for one that asks from there.
 */
export async function openSession(options, engineSource, id) {
  const given = check.options(options, OPTIONS);
  const owner = ownerOf(given.owner);
  const database = nameOf({ owner, database: check.optional(given.database, databaseOf) });
  const durability = check.optional(given.durability, check.durability, "durability") ?? "relaxed";
  const disabled = check.optional(given.disabledSearchKeys, check.flags, "disabledSearchKeys") ?? [];
  const name = check.optional(given.backend, check.text, "backend", { min: 1, max: 100 });
  const named = check.optional(given.expectDatabaseId, check.text, "expectDatabaseId", { min: 1, max: 64 });
  const signal = check.optionalSignal(given.signal);
  throwIfAborted(signal);
  const { backend, factory } = backendFor(name);
  const { directory, path } = given;
  const marked = backend === "indexeddb" && factory === undefined;
  // Absent: what is remembered; null: whatever is there.
  const expected = given.expectDatabaseId === undefined && marked ? (id ?? recalled(database)) : named;
  const { place, store, storage } = placeOf({ backend, factory, owner, database, directory, path, mustExist: expected !== undefined });

  if (marked) wakeIndexedDb();
  const opening = (async () => {
    const engine = await loadEngine(given.wasm ?? undefined, engineSource);
    let failure;
    const adapter = store && (() => (async () => store())().catch((error) => Promise.reject((failure = error))));
    const opened = engine.call((glue) => glue.open(owner, place, backend, durability, disabled, expected, adapter));
    const handle = await opened.catch((error) => {
      // The engine passes on an error's code, but its words only as a cause.
      const told = failure instanceof MailboxError ? failure : error;
      throw told.code === "STORAGE_LOST" ? new MailboxError("STORAGE_LOST", LOST, { cause: told }) : told;
    });
    const databaseId = engine.callNow(() => handle.databaseId());
    if (marked) remember(database, databaseId);
    return new SessionCore(engine, handle, { owner, database, databaseId, backend, marked, durability, storage });
  })();
  try {
    return new Session(await abandonable(opening, signal));
  } catch (error) {
    // Given up: a session that still opens has nobody to close it.
    opening.then(
      (core) => core.close().catch(() => {}),
      () => {},
    );
    throw error;
  }
}

/** As the entries' `deleteDatabase`. */
export async function deleteDatabase(database, options, engineSource) {
  const { wasm } = check.options(options, ["wasm"]);
  const isObject = database !== null && typeof database === "object";
  const { owner, directory, path } = isObject ? check.options(database, ["owner", "directory", "path"], "the database") : {};
  const name = isObject ? nameOf({ owner: ownerOf(owner) }) : databaseOf(database, "the database");
  const isFile = (directory ?? path ?? undefined) !== undefined;
  if (isFile || (!hasIndexedDb() && hasSqlite())) {
    await deleteSqliteDatabase({ database: name, directory, path });
    return;
  }
  if (!hasIndexedDb()) throw new MailboxError("UNAVAILABLE", "there is no IndexedDB here");
  const engine = await loadEngine(wasm ?? undefined, engineSource);
  await forgetting(name, engine.call((glue) => glue.deleteDatabase(name)));
}
