// Feeds of updates, and what a view leaves behind: with an engine made up for the test.

import assert from "node:assert/strict";
import { test } from "node:test";

import { registerBackend } from "../../pkg/index.js";
import { Feed } from "../../pkg/changes.js";
import { View } from "../../pkg/selected.js";
import { fresh, mail, within } from "./support/mail.mjs";
import { openSession, testRegistering } from "./support/open.mjs";
import { mapStore } from "./support/store.mjs";

const turn = () => new Promise((resolve) => setImmediate(resolve));

const updates = (change) => ({
  closed: false,
  expunged: { seq: new Uint32Array(0), uid: new Uint32Array(0) },
  exists: undefined,
  recent: undefined,
  flags: { seq: new Uint32Array(0), uid: new Uint32Array(0), modSeq: new Float64Array(0), flags: [] },
  modSeq: 1,
  ...change,
});

const standing = { exists: 0, recent: 0, modSeq: 1, closed: false };

/** A view on an engine whose waits answer one after the other what `answers` gives or throws. */
function viewOn(answers) {
  const left = [];
  const engine = {
    call: async (run) => run(),
    callNow: (run) => run({ WaitEvent: class { set() {} free() {} } }),
    quietly: (run) => run(),
  };
  const handle = {
    waitMailbox: async () => {
      const answer = answers.shift();
      return answer ? answer() : new Promise(() => {});
    },
    closeMailbox: async (id) => left.push(id),
  };
  const session = { closed: false, forget() {} };
  return { view: new View(session, engine, handle, { id: 7, mailboxId: "F1", readonly: false, ...standing }), left };
}

test("a wait that fails takes nothing from who has not read yet", async () => {
  const { view } = viewOn([
    () => ({ updates: updates({ exists: 1 }), view: standing }),
    () => {
      throw new Error("the database cannot be reached");
    },
  ]);
  const feed = view.feed();
  for (let turns = 0; turns < 5; turns += 1) await turn();
  assert.equal((await feed.next()).value.exists, 1);
  await assert.rejects(feed.next(), /cannot be reached/);
  assert.equal((await feed.next()).done, true);
});

test("an aborted feed drops what was not read", async () => {
  const feed = new Feed();
  feed.push(1);
  feed.abort(new Error("enough"));
  await assert.rejects(feed.next(), /enough/);
  assert.equal((await feed.next()).done, true);
});

test("a view whose mailbox is gone is let go of in the engine", async () => {
  const { view, left } = viewOn([() => ({ updates: updates({ closed: true }), view: { ...standing, closed: true } })]);
  const feed = view.feed();
  assert.equal((await within(1000, "the update", feed.next())).value.closed, true);
  assert.equal((await within(1000, "the end", feed.next())).done, true);
  await turn();
  assert.deepEqual(left, [7]);
});

test("mailbox events that nobody reads are summed up instead of piling up", async () => {
  const session = await openSession(fresh());
  const feed = session.changes();
  await turn();
  for (let number = 1; number <= 250; number += 1) {
    await session.appendMessages("INBOX", [{ raw: mail(number) }]);
    await turn();
  }
  let told = 0;
  let exists = 0;
  while (exists < 250) {
    const { value } = await within(2000, "an event", feed.next());
    told += 1;
    exists = value.events.at(-1)?.counts?.exists ?? exists;
  }
  assert.ok(told <= 110, `${told} items`);
  await session.close();
});

testRegistering("a fetch whose octets cannot be read tells its updates with the next call", async () => {
  const CONTENT = 7;
  const store = mapStore();
  const { read } = store;
  let broken = false;
  store.read = (request) => {
    if (broken && request.keys.some((key) => key[0] === CONTENT)) throw Object.assign(new Error("bad sector"), { code: "CORRUPT" });
    return read(request);
  };
  registerBackend("unread", () => store);
  const session = await openSession(fresh({ backend: "unread" }));
  await session.appendMessages("INBOX", [{ raw: mail("one", "y".repeat(100_000)) }]);
  const { selected } = await session.selectMailbox("INBOX");
  await session.appendMessages("INBOX", [{ raw: mail("two") }]);
  broken = true;
  await assert.rejects(session.fetchMessages(selected, [1], { source: true }), { code: "CORRUPT" });
  assert.equal(selected.exists, 1);
  const updates = await session.checkMailbox(selected);
  assert.equal(updates.exists, 2);
  assert.deepEqual([...updates.flags.uid], [2]);
  await session.close();
});
