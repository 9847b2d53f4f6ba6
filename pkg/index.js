// The package's entry: opening sessions and deleting databases. Importing it does nothing else.

import * as check from "./arguments.js";
import { backendFor } from "./backends.js";
import { loadEngine, loadedEngine } from "./engine.js";
import { MailboxError } from "./errors.js";
import { Session, SessionCore } from "./session.js";
import { abandonable, throwIfAborted } from "./signals.js";
import { version } from "./version.js";

export { backends, registerBackend } from "./backends.js";
export { ERROR_CODES, MailboxError } from "./errors.js";
export { FilterSet } from "./filter_set.js";
export { MailboxData, MailboxSet } from "./mailbox_set.js";
export { SelectedMailbox } from "./selected.js";
export { Session, version };

const OPTIONS = ["owner", "database", "backend", "durability", "disabledSearchKeys", "wasm", "signal"];

const ownerOf = (value) => check.text(value, "owner", { min: 1, max: 255 });
const databaseOf = (value, what = "database") => check.text(value, what, { min: 1, max: 300 });
const databaseOfOwner = (owner) => `offline-mailbox:${owner}`;

export async function openSession(options) {
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
    const engine = await loadEngine(given.wasm ?? undefined);
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

export async function deleteDatabase(database) {
  const isOwner = database !== null && typeof database === "object";
  const name = isOwner
    ? databaseOfOwner(ownerOf(check.options(database, ["owner"], "the database").owner))
    : databaseOf(database, "the database");
  if (typeof indexedDB !== "object" || indexedDB === null) {
    throw new MailboxError("UNAVAILABLE", "there is no IndexedDB here");
  }
  const engine = await (loadedEngine() ?? loadEngine());
  await engine.call((glue) => glue.deleteDatabase(name));
}
