// Stores: Node's file, the example adapter, the contract's runner. Compiling is the test.

import { type StoreAdapter, deleteDatabase, openSession, registerBackend } from "offline-mailbox";
import { type MapStoreOptions, mapStore } from "offline-mailbox/adapters/map";
import { type SqlitePlace, type SqliteStoreOptions, dataDirectory, databaseFile, deleteSqliteDatabase, sqliteStore } from "offline-mailbox/node";
import { type StoreContractCase, type StoreContractOptions, runStoreContract, storeContract } from "offline-mailbox/testing";

declare function test(name: string, run: () => Promise<void>): void;

export async function stores(): Promise<void> {
  const place: SqlitePlace = { directory: dataDirectory() };
  const file: string = databaseFile("offline-mailbox:ada@example.org", place);
  const session = await openSession({ owner: "ada@example.org", path: new URL(`file://${file}`), durability: "strict" });
  await session.close();
  await openSession({ owner: "ada@example.org", backend: "sqlite", directory: "./mail" });
  await deleteDatabase({ owner: "ada@example.org", directory: "./mail" });
  await deleteDatabase({ owner: "ada@example.org" }, { wasm: "x.wasm" });
  // @ts-expect-error an owner must be named
  await deleteDatabase({ directory: "./mail" });
  // @ts-expect-error a number is no place
  await openSession({ owner: "ada@example.org", path: 7 });

  const options: SqliteStoreOptions = { owner: "ada@example.org", maxBytes: 1e9 };
  const store = await sqliteStore(options);
  store.close();
  registerBackend("small", ({ database }) => sqliteStore({ database, maxBytes: 1e8 }));
  await deleteSqliteDatabase({ database: "d", directory: null });

  const kept = new Map<string, unknown>();
  const hooks: MapStoreOptions = {
    load: () => kept,
    save: (changes) => {
      for (const [name, value] of changes) kept.set(name, value);
    },
  };
  registerBackend("mine", () => mapStore(hooks));

  const contract: StoreContractOptions = { persistent: true, shared: false, remove: (name) => kept.delete(name) };
  const cases: StoreContractCase[] = storeContract(() => mapStore(hooks), contract);
  for (const { name, run } of cases) test(name, run);
  await runStoreContract((): Promise<StoreAdapter> => mapStore(), { test, ...contract });
  // @ts-expect-error a store must be able to commit
  await runStoreContract(() => ({ read: store.read, journal: store.journal }));
}
