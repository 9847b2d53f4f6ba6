// Opening sessions and deleting databases, for the entries. Not here: where the engine comes from (index.js, slim.js, inline.js).

import * as check from "./arguments.js";
import { backendFor } from "./backends.js";
import { loadEngine } from "./engine.js";
import { MailboxError } from "./errors.js";
import { Session, SessionCore } from "./session.js";
import { abandonable, throwIfAborted } from "./signals.js";

const OPTIONS = ["owner", "database", "backend", "durability", "disabledSearchKeys", "wasm", "signal"];

const ownerOf = (value) => check.text(value, "owner", { min: 1, max: 255 });
const databaseOf = (value, what = "database") => check.text(value, what, { min: 1, max: 300 });
const databaseOfOwner = (owner) => `offline-mailbox:${owner}`;

/** As the entries' `openSession`; `engineSource` says where the engine comes from when no option does. */
export async function openSession(options, engineSource) {
  const given = check.options(options, OPTIONS);
  const owner = ownerOf(given.owner);
  const database = check.optional(given.database, databaseOf) ?? databaseOfOwner(owner);
  const durability = check.optional(given.durability, check.durability, "durability") ?? "relaxed";
  const disabled = check.optional(given.disabledSearchKeys, check.flags, "disabledSearchKeys") ?? [];
  const name = check.optional(given.backend, check.text, "backend", { min: 1, max: 100 });
  const signal = check.optionalSignal(given.signal);
  throwIfAborted(signal);
  const { backend, factory } = backendFor(name);

  const opening = (async () => {
    const engine = await loadEngine(given.wasm ?? undefined, engineSource);
    const adapter = factory && (() => factory(Object.freeze({ owner, database })));
    const handle = await engine.call((glue) => glue.open(owner, database, backend, durability, disabled, adapter));
    return new SessionCore(engine, handle, { owner, database, backend, durability });
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
  const isOwner = database !== null && typeof database === "object";
  const name = isOwner
    ? databaseOfOwner(ownerOf(check.options(database, ["owner"], "the database").owner))
    : databaseOf(database, "the database");
  if (typeof indexedDB !== "object" || indexedDB === null) {
    throw new MailboxError("UNAVAILABLE", "there is no IndexedDB here");
  }
  const engine = await loadEngine(wasm ?? undefined, engineSource);
  await engine.call((glue) => glue.deleteDatabase(name));
}
