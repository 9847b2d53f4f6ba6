// The runner of the store contract: right stores pass, and each thing done wrong is found by the case about it.

import assert from "node:assert/strict";
import { test } from "node:test";

import { mapStore as exampleStore } from "../../pkg/adapters/map.js";
import { backends, openSession } from "../../pkg/index.js";
import { runStoreContract, storeContract } from "../../pkg/testing.js";
import { fresh, mail } from "./support/mail.mjs";
import { mapStore } from "./support/store.mjs";

/** Stores by name, as `connect` makes them: connections to one database are one object here. */
function shared(make) {
  const known = new Map();
  return {
    factory: (name) => {
      if (!known.has(name)) known.set(name, make());
      return known.get(name);
    },
    remove: (name) => known.delete(name),
  };
}

/** A Map's like that keeps what an example store saves. */
function keeper() {
  const kept = new Map();
  const save = async (changes) => {
    await null;
    for (const [name, value] of changes) {
      if (value === undefined) kept.delete(name);
      else kept.set(name, structuredClone(value));
    }
  };
  return { load: () => kept, save };
}

runStoreContract(() => exampleStore(), { test: (name, run) => test(`the example adapter: ${name}`, run), shared: false });

const kept = shared(keeper);
runStoreContract((name) => exampleStore(kept.factory(name)), {
  test: (name, run) => test(`the example adapter, kept elsewhere: ${name}`, run),
  shared: false,
  persistent: true,
  remove: kept.remove,
});

test("the store of the tests keeps the contract", async () => {
  const { factory, remove } = shared(mapStore);
  await runStoreContract(factory, { remove, persistent: true });
});

const changed = (store, more) => Object.assign(Object.create(store), more(store));

const WRONG = {
  "a new store is empty": (store) => ({ read: async (request) => ({ ...(await store.read(request)), sequence: 1 }) }),
  "what is put is read back": (store) => ({
    read: async (request) => {
      const answer = await store.read(request);
      return { ...answer, values: [...answer.values].sort() };
    },
  }),
  "every commit moves the sequence by one, whatever is in it": (store) => ({
    // What writes nothing it does not count.
    commit: async (batch) => (batch.puts.length > 0 ? store.commit(batch) : { committed: (await store.read({ keys: [], scans: [], guards: [] })).sequence }),
  }),
  "a moved guard is a conflict and changes nothing": (store) => ({ commit: (batch) => store.commit({ ...batch, guards: batch.guards.slice(0, 1) }) }),
  "a batch lands in order and as one": (store) => ({
    commit: async (batch) => {
      const outcome = await store.commit({ ...batch, deletes: [], deleteRanges: [] });
      if (batch.deletes.length > 0) await store.commit({ ...batch, guards: [], puts: [] });
      return outcome;
    },
  }),
  "ranges are half-open and bytewise": (store) => ({
    read: (request) => store.read({ ...request, scans: request.scans.map((scan) => ({ ...scan, to: Uint8Array.of(...scan.to, 0) })) }),
  }),
  "scans reverse and stop at their bounds": (store) => ({
    read: (request) => store.read({ ...request, scans: request.scans.map((scan) => ({ ...scan, maxBytes: 0xffff_ffff })) }),
  }),
  "a read sees one moment": (store) => ({
    read: async (request) => {
      const values = [];
      for (const key of request.keys) {
        values.push((await store.read({ ...request, keys: [key], scans: [] })).values[0]);
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      return { ...(await store.read({ ...request, keys: [] })), values };
    },
  }),
  "concurrent counters lose nothing": (store) => ({ commit: (batch) => store.commit({ ...batch, guards: [] }) }),
  "the journal tells every commit": (store) => ({ journal: (after, max) => store.journal(after + 1, max) }),
  "the journal keeps the newest entries and says when others are gone": (store) => ({
    journal: async (after, max) => {
      const { entries, truncated } = await store.journal(after, max);
      return { entries: entries.filter(({ sequence }) => sequence > 700), truncated };
    },
  }),
  "two connections are one database": () => ({ subscribe: () => () => {} }),
  "values of any size": (store) => ({
    commit: (batch) => store.commit({ ...batch, puts: batch.puts.map(([key, value]) => [key, new Uint8Array(value.buffer)]) }),
  }),
  "many records and the longest keys": (store) => ({
    commit: (batch) => store.commit({ ...batch, puts: batch.puts.map(([key, value]) => [key.subarray(0, 32), value]) }),
  }),
  "what was handed over is not changed, and what was handed out stays": (store) => ({
    commit: async (batch) => {
      const keys = batch.puts.map(([key]) => key);
      const { values } = await store.read({ keys, scans: [], guards: [] });
      // In place, as a store with a buffer of its own may.
      for (const [at, each] of values.entries()) each?.set(batch.puts[at][1].subarray(0, each.length));
      return store.commit(batch);
    },
  }),
  "calls under way disturb nothing": (store) => ({
    commit: async (batch) => {
      if (store.busy) throw new Error("one at a time");
      store.busy = true;
      try {
        return await store.commit(batch);
      } finally {
        store.busy = false;
      }
    },
  }),
};

for (const [name, more] of Object.entries(WRONG)) {
  test(`a store that does it wrong fails: ${name}`, { timeout: 60_000 }, async () => {
    const { factory } = shared(() => changed(mapStore(), more));
    const { run } = storeContract(factory, { persistent: true }).find((each) => each.name === name);
    await assert.rejects(run());
  });
}

test("a store that forgets fails: reopening keeps everything", async () => {
  const { run } = storeContract(() => mapStore(), { persistent: true }).find((each) => each.name.startsWith("reopening"));
  await assert.rejects(run(), /sequence and revision/);
});

test("every case has a store that fails it", () => {
  const names = storeContract(() => mapStore()).map(({ name }) => name);
  assert.deepEqual(names, [...Object.keys(WRONG), "reopening keeps everything"]);
});

test("without a framework all failures come at the end, by name", async () => {
  const closed = [];
  const { factory } = shared(() => changed(mapStore(), (store) => ({ journal: () => ({ entries: [] }), close: () => closed.push(store) })));
  await assert.rejects(runStoreContract(factory), (error) => {
    assert.ok(error instanceof AggregateError);
    assert.match(error.message, /^the store fails \d+ of 17 cases:\n/);
    assert.ok(error.errors.some((each) => each.message.startsWith("the journal tells every commit: ")));
    return true;
  });
  assert.equal(closed.length, 17);
  await assert.rejects(runStoreContract(async () => ({ read() {}, commit() {} })), /no method journal/);
  await assert.rejects(runStoreContract(5), { code: "INVALID_ARGUMENT" });
  await assert.rejects(runStoreContract(mapStore, { tests: 1 }), { code: "INVALID_ARGUMENT" });
});

test("a mailbox on the example adapter is there again, and a failed save changes nothing", async () => {
  const { load, save } = keeper();
  let fails = false;
  const failing = (changes) => (fails ? Promise.reject(Object.assign(new Error("full"), { code: "QUOTA_EXCEEDED" })) : save(changes));
  backends.add("example", () => exampleStore({ load, save: failing }));
  const options = fresh({ backend: "example" });
  const session = await openSession(options);
  await session.appendMessages("INBOX", [{ raw: mail("kept") }]);
  fails = true;
  await assert.rejects(session.appendMessages("INBOX", [{ raw: mail("lost") }]), { code: "QUOTA_EXCEEDED" });
  fails = false;
  await session.appendMessages("INBOX", [{ raw: mail("kept, too") }]);
  await session.close();
  const again = await openSession(options);
  const { selected } = await again.selectMailbox("INBOX");
  const { rows } = await again.listMessages(selected);
  assert.deepEqual(rows.map((row) => row.subject), ["kept, too", "kept"]);
  assert.deepEqual((await again.verify()).problems, []);
  await again.close();
});
