// What outlives the loss of a database in IndexedDB: its id, in a window's localStorage, which browsers that
// evict or mend databases mostly leave alone. Not here: what is made of it (open.js, client.js).

/** The name of the database that the options of `openSession` and `deleteDatabase` mean. */
export const nameOf = ({ owner, database }) => database ?? `offline-mailbox:${owner}`;

const keyOf = (database) => `offline-mailbox/id/${database}`;

function quietly(work) {
  try {
    // In Node it is another thing, and asking for it is warned of.
    return typeof document === "object" ? work(globalThis.localStorage) : undefined;
  } catch {
    // Forbidden, or full: then nothing is remembered.
    return undefined;
  }
}

/** The id of the database that was opened under this name, where that is still known. */
export const recalled = (database) => quietly((storage) => storage.getItem(keyOf(database)) ?? undefined);

export const remember = (database, id) => quietly((storage) => storage.setItem(keyOf(database), id));

const forget = (database) => quietly((storage) => storage.removeItem(keyOf(database)));

/** Forgets a database once it is deleted, or will be as soon as others let go of it. */
export async function forgetting(database, deletion) {
  try {
    await deletion;
    forget(database);
  } catch (error) {
    if (error.code === "BLOCKED") forget(database);
    throw error;
  }
}
