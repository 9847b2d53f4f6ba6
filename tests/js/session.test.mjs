// The JavaScript API end to end, in Node on the memory backend.

import assert from "node:assert/strict";
import { test } from "node:test";

import { MailboxError, backends, registerBackend } from "../../pkg/index.js";
import { readMbox } from "../../pkg/mbox.js";
import { backend, fresh, mail, within } from "./support/mail.mjs";
import { openSession, testRegistering } from "./support/open.mjs";
import { mapStore } from "./support/store.mjs";

async function open(t, options) {
  const session = await openSession(fresh(options));
  t.after(() => session.close());
  return session;
}

const text = (octets) => new TextDecoder().decode(octets);
const list = (array) => [...array];

test("names: create, list, rename, subscribe, delete", async (t) => {
  const session = await open(t);
  const { mailboxId } = await session.createMailbox("Archive/2026", { specialUse: "\\Archive" });
  assert.match(mailboxId, /^F[0-9a-f]+$/);
  const { mailboxes } = await session.listMailboxes();
  assert.deepEqual(mailboxes.map((each) => each.name), ["INBOX", "Archive", "Archive/2026"]);
  assert.deepEqual(mailboxes[1].attributes, ["\\Noselect", "\\HasChildren"]);
  assert.ok(mailboxes[2].attributes.includes("\\Archive"));
  await session.renameMailbox("Archive", "Old");
  assert.equal((await session.status("Old/2026")).mailboxId, mailboxId);
  await session.subscribe("Old/2026");
  const subscribed = await session.listMailboxes({ subscribed: true, reference: "Old", pattern: "/%" });
  assert.deepEqual(subscribed.mailboxes.map((each) => each.name), ["Old/2026"]);
  await session.unsubscribe("Old/2026");
  await session.appendMessages("Old/2026", [{ raw: mail("counted") }]);
  const told = (await session.listMailboxes({ status: true })).mailboxes;
  assert.deepEqual(told.map(({ name }) => name), ["INBOX", "Old", "Old/2026"]);
  assert.deepEqual(told.map(({ status }) => status), [await session.status("INBOX"), undefined, await session.status("Old/2026")]);
  assert.equal(told[2].status.exists, 1);
  assert.ok(!("status" in mailboxes[2]));
  await session.deleteMailbox("Old/2026");
  await assert.rejects(session.status("Old/2026"), { code: "NOT_FOUND", imapCode: "NONEXISTENT" });
  await assert.rejects(session.createMailbox("inbox"), { code: "ALREADY_EXISTS", name: "MailboxError" });
  await assert.rejects(session.deleteMailbox("INBOX"), { code: "CANNOT" });
  await assert.rejects(session.createMailbox("a//b"), { code: "INVALID_ARGUMENT" });
});

test("a database that is expected is found, or STORAGE_LOST and left alone", async (t) => {
  const options = fresh();
  const first = await openSession(options);
  t.after(() => first.close());
  assert.match(first.databaseId, /^[0-9a-f]{32}$/);
  await first.createMailbox("kept");
  // Shared with the first, and opened anew where the backend keeps it.
  const second = await openSession({ ...options, expectDatabaseId: first.databaseId });
  assert.equal(second.databaseId, first.databaseId);
  await second.close();
  const other = await open(t);
  assert.notEqual(other.databaseId, first.databaseId);
  await assert.rejects(openSession({ ...options, expectDatabaseId: other.databaseId }), { code: "STORAGE_LOST", message: /expectDatabaseId: null/ });
  assert.equal((await first.listMailboxes()).mailboxes.length, 2);
  const gone = fresh({ expectDatabaseId: first.databaseId });
  // One who expects nothing and comes while another is refused gets a database of its own.
  const both = await Promise.allSettled([openSession(gone), openSession({ ...gone, expectDatabaseId: undefined })]);
  assert.equal(both[0].reason?.code, "STORAGE_LOST");
  const begun = both[1].value;
  assert.equal((await begun.status("INBOX")).exists, 0);
  await begun.close();
  const anew = await openSession(fresh({ expectDatabaseId: null }));
  await anew.close();
});

test("append, select, list, fetch", async (t) => {
  const session = await open(t);
  const internalDate = new Date("2026-01-01T12:00:00Z");
  const raws = [mail("one"), new TextEncoder().encode(mail("two")).buffer, new Blob([mail("three")]), mail("vier=?utf-8?q?=C3=A9?=")];
  const { uidValidity, uids } = await session.appendMessages("INBOX", [
    { raw: raws[0], flags: ["\\Seen", "$Junk"], internalDate, zoneMinutes: -90 },
    ...raws.slice(1).map((raw) => ({ raw })),
  ]);
  assert.deepEqual(list(uids), [1, 2, 3, 4]);
  const { selected, snapshot } = await session.selectMailbox("INBOX");
  assert.equal(snapshot.uidValidity, uidValidity);
  assert.equal(snapshot.exists, 4);
  assert.equal(selected.recent, 4);
  const { rows, total } = await session.listMessages(selected, { limit: 3 });
  assert.equal(total, 4);
  assert.deepEqual(rows.map((row) => row.uid), [4, 3, 2]);
  assert.equal(rows[1].subject, "three");
  assert.deepEqual(rows[1].from, [{ name: "Grace Hopper", address: "grace@example.org" }]);
  assert.equal(rows[1].preview, "Hello.");
  const oldest = await session.listMessages(selected, { sort: "arrival", offset: 3, limit: 50 });
  assert.deepEqual(oldest.rows.map((row) => row.uid), [4]);
  const { messages } = await session.fetchMessages(selected, "1,3:*", { envelope: true, source: true, preview: true });
  assert.deepEqual(messages.map((each) => each.uid), [1, 3, 4]);
  assert.equal(text(messages[0].source), raws[0]);
  assert.equal(messages[0].internalDate.getTime(), internalDate.getTime());
  assert.equal(messages[0].zoneMinutes, -90);
  assert.deepEqual(messages[0].flags, ["\\Recent", "\\Seen", "$Junk"]);
  assert.equal(messages[1].envelope.subject, "three");
  assert.equal(messages[1].source.length, messages[1].size);
  assert.equal("source" in (await session.fetchMessages(selected, [1])).messages[0], false);
  const bySeq = await session.fetchMessages(selected, { seq: "2" });
  assert.deepEqual(bySeq.messages.map((each) => each.uid), [2]);
  assert.deepEqual((await session.fetchMessages(selected, [])).messages, []);
  const pages = [];
  for await (const page of session.fetchPages(selected, "1:*", { pageSize: 3 })) pages.push(page.messages.length);
  assert.deepEqual(pages, [3, 1]);
  await session.fetchMessages(selected, [2], { setSeen: true });
  assert.equal((await session.status("INBOX")).unseen, 2);
});

test("flags, search, expunge, copy, move, CONDSTORE", async (t) => {
  const session = await open(t);
  await session.createMailbox("Target");
  await session.appendMessages("INBOX", [1, 2, 3, 4, 5].map((n) => ({ raw: mail(`m${n}`), internalDate: new Date(Date.UTC(2026, 0, n)) })));
  const { selected } = await session.selectMailbox("INBOX");
  const before = selected.modSeq;
  const stored = await session.updateFlags(selected, [2, 4], ["\\Flagged", "work"]);
  assert.deepEqual(list(stored.messages.uid), [2, 4]);
  assert.deepEqual(stored.messages.flags[0], ["\\Flagged", "\\Recent", "work"]);
  const guarded = await session.updateFlags(selected, "1:2", ["\\Seen"], "add", { unchangedSince: before, silent: true });
  assert.deepEqual(list(guarded.modified), [2]);
  assert.equal(guarded.messages.uid.length, 0);

  const search = async (keys) => list((await session.searchMailbox(selected, keys)).uids);
  assert.deepEqual(await search({}), [1, 2, 3, 4, 5]);
  assert.deepEqual(await search({ flagged: true, keyword: "WORK" }), [2, 4]);
  assert.deepEqual(await search({ flagged: false, seen: false }), [3, 5]);
  assert.deepEqual(await search({ unseen: false }), [1]);
  assert.deepEqual(await search({ since: new Date("2026-01-02T23:59:59Z"), before: "2026-01-04" }), [2, 3]);
  assert.deepEqual(await search({ or: [{ uid: 1 }, { uid: "3" }, { seq: [5] }] }), [1, 3, 5]);
  assert.deepEqual(await search({ not: { or: [{ uid: [1, 2] }, { on: "2026-01-05" }] } }), [3, 4]);
  assert.deepEqual(await search([{ larger: 10 }, { smaller: 10 }]), []);
  assert.deepEqual(await search({ uid: [] }), []);
  assert.deepEqual(await search({ unKeyword: "work", recent: true, new: true }), [3, 5]);
  assert.deepEqual(await search({ old: true }), []);
  const changed = await session.searchMailbox(selected, { modseq: before + 1 });
  assert.deepEqual(list(changed.uids), [1, 2, 4]);
  assert.equal(changed.modSeq, selected.modSeq);
  const { messages: [{ emailId, threadId }] } = await session.fetchMessages(selected, [3]);
  assert.deepEqual(await search({ emailId, threadId }), [3]);

  const { copied } = await session.copyMessages(selected, [5, 1, 99], "Target");
  assert.deepEqual([list(copied.source), list(copied.destination)], [[1, 5], [1, 2]]);
  assert.equal((await session.copyMessages(selected, [99], "Target")).copied, undefined);
  await assert.rejects(session.copyMessages(selected, [1], "Nowhere"), { code: "TRY_CREATE" });
  const moved = await session.moveMessages(selected, { seq: "1" }, "Target");
  assert.deepEqual(list(moved.updates.expunged.uid), [1]);
  await session.updateFlags(selected, "1:*", ["\\Deleted"], "replace");
  assert.deepEqual(list((await session.expungeMailbox(selected, { uids: [2, 3] })).expunged.uid), [3, 2]);
  const { vanished } = await session.fetchMessages(selected, "1:*", { changedSince: before });
  assert.deepEqual(list(vanished), [1, 2, 3]);
  await session.closeMailbox(selected, { expunge: true });
  assert.equal(selected.closed, true);
  assert.equal((await session.status("INBOX")).exists, 0);
  await assert.rejects(session.checkMailbox(selected), { code: "CLOSED" });
});

test("read-only views and mailboxes", async (t) => {
  const session = await open(t);
  await session.appendMessages("INBOX", [{ raw: mail("one"), flags: ["\\Deleted"] }]);
  const { selected } = await session.selectMailbox("INBOX", { readonly: true });
  assert.equal(selected.readonly, true);
  await assert.rejects(session.updateFlags(selected, "1:*", ["\\Seen"]), { code: "READ_ONLY" });
  await assert.rejects(session.expungeMailbox(selected), { code: "READ_ONLY" });
  await session.closeMailbox(selected, { expunge: true });
  assert.equal((await session.status("INBOX")).exists, 1);
  await session.setReadonly("INBOX", true);
  await assert.rejects(session.appendMessages("INBOX", [{ raw: mail("two") }]), { code: "READ_ONLY" });
  await session.setReadonly("INBOX", false);
  await session.createMailbox("Sent");
  await session.setSpecialUse("Sent", "\\Sent");
  assert.ok((await session.listMailboxes({ pattern: "Sent" })).mailboxes[0].attributes.includes("\\Sent"));
  await session.setSpecialUse("Sent", null);
  assert.ok(!(await session.listMailboxes({ pattern: "Sent" })).mailboxes[0].attributes.includes("\\Sent"));
});

test("two sessions share a database and see each other; the last close forgets one in memory", async () => {
  const options = fresh();
  const [one, two] = await Promise.all([openSession(options), openSession({ ...options, durability: "strict" })]);
  await assert.rejects(openSession({ ...options, owner: "eve@example.org" }), { code: "INVALID_ARGUMENT" });
  const { selected } = await one.selectMailbox("INBOX");
  const waiting = one.checkMailbox(selected, { waitOn: new AbortController().signal });
  await two.appendMessages("INBOX", [{ raw: mail("hello") }]);
  const updates = await within(5000, "the wait", waiting);
  assert.equal(updates.exists, 1);
  assert.equal(selected.exists, 1);
  await one.close();
  assert.equal((await two.status("INBOX")).exists, 1);
  await two.close();
  const three = await openSession(options);
  assert.equal((await three.status("INBOX")).exists, backend === "memory" ? 0 : 1);
  await three.close();
});

test("a wait ends with waitOn, rejects with signal, and lets other calls pass", async (t) => {
  const session = await open(t);
  const { selected } = await session.selectMailbox("INBOX");
  const done = new AbortController();
  const waiting = session.checkMailbox(selected, { waitOn: done.signal });
  await session.appendMessages("INBOX", [{ raw: mail("x") }], { selected });
  assert.equal((await within(5000, "a fetch beside a wait", session.fetchMessages(selected, "1:*"))).messages.length, 1);
  done.abort();
  const updates = await within(5000, "the wait", waiting);
  assert.equal(updates.exists, undefined);
  const aborted = session.checkMailbox(selected, { waitOn: new AbortController().signal, signal: AbortSignal.timeout(20) });
  await assert.rejects(within(5000, "the abort", aborted), { name: "TimeoutError" });
  // Both fired before: at once.
  assert.equal((await session.checkMailbox(selected, { waitOn: AbortSignal.abort() })).closed, false);
  await assert.rejects(session.checkMailbox(selected, { signal: AbortSignal.abort(new Error("no")) }), /no/);
});

test("changes(selected) yields every update once and in order, own calls' included", async (t) => {
  const options = fresh();
  const session = await open(t, options);
  const other = await open(t, options);
  const { selected } = await session.selectMailbox("INBOX");
  const feed = session.changes(selected);
  const told = [];
  for (let n = 1; n <= 10; n += 1) {
    await other.appendMessages("INBOX", [{ raw: mail(`foreign ${n}`) }]);
    const { updates } = await session.appendMessages("INBOX", [{ raw: mail(`own ${n}`) }], { selected });
    assert.ok(updates);
  }
  while (told.flatMap((updates) => list(updates.flags.uid)).length < 20) {
    told.push((await within(5000, "the next update", feed.next())).value);
  }
  assert.deepEqual(told.flatMap((updates) => list(updates.flags.uid)), Array.from({ length: 20 }, (_, at) => at + 1));
  const next = feed.next();
  await other.updateFlags((await other.selectMailbox("INBOX")).selected, [7], ["\\Flagged"]);
  assert.deepEqual(list((await within(5000, "the flag", next)).value.flags.uid), [7]);
  await other.createMailbox("Kept");
  await session.renameMailbox("INBOX", "Moved");
  await other.deleteMailbox("Moved");
  const ended = await within(5000, "the end", feed.next());
  assert.equal(ended.value.closed, true);
  assert.equal((await feed.next()).done, true);
  assert.equal(selected.closed, true);
});

test("changes end with return, with the view, with the session, and throw when aborted", async () => {
  const session = await openSession(fresh());
  const { selected } = await session.selectMailbox("INBOX");
  await assert.rejects(session.changes(7).next(), { code: "INVALID_ARGUMENT" });
  const returned = session.changes(selected);
  const pending = returned.next();
  await returned.return();
  assert.equal((await pending).done, true);
  const aborted = session.changes(selected, { signal: AbortSignal.timeout(10) });
  await assert.rejects(within(5000, "the abort", aborted.next()), { name: "TimeoutError" });
  assert.equal((await aborted.next()).done, true);
  const closedByView = session.changes(selected).next();
  await session.closeMailbox(selected);
  assert.equal((await within(5000, "the view's end", closedByView)).done, true);
  const { selected: another } = await session.selectMailbox("INBOX");
  const ends = [session.changes(another).next(), session.changes().next()];
  const waiting = session.checkMailbox(another, { waitOn: new AbortController().signal });
  waiting.catch(() => {});
  await within(5000, "close", session.close());
  for (const end of ends) assert.equal((await end).done, true);
  await assert.rejects(waiting, { code: "CLOSED" });
  await assert.rejects(session.changes().next(), { code: "CLOSED" });
});

test("session.changes() tells what happens to mailboxes", async (t) => {
  const options = fresh();
  const session = await open(t, options);
  const other = await open(t, options);
  const feed = session.changes();
  const events = [];
  const until = async (type, name) => {
    while (!events.some((event) => event.type === type && event.name === name)) {
      const { value } = await within(5000, `${type} ${name}`, feed.next());
      assert.ok(value.sequence > 0);
      assert.equal(value.resync, false);
      events.push(...value.events);
    }
  };
  const { mailboxId } = await other.createMailbox("A");
  await until("created", "A");
  await other.appendMessages("A", [{ raw: mail("x") }]);
  await until("changed", "A");
  assert.equal(events.at(-1).counts.exists, 1);
  assert.equal(events.at(-1).mailboxId, mailboxId);
  await other.renameMailbox("A", "B");
  await until("renamed", "B");
  assert.equal(events.at(-1).before, "A");
  await other.subscribe("B");
  await until("attributes", "B");
  await other.deleteMailbox("B");
  await until("deleted", "B");
  await feed.return();
});

test("100 calls at once on one session: none lost, none in another's way", async (t) => {
  const session = await open(t);
  const { selected } = await session.selectMailbox("INBOX");
  const feed = session.changes(selected);
  const calls = Array.from({ length: 100 }, (_, n) => {
    switch (n % 5) {
      case 0:
        return session.appendMessages("INBOX", [{ raw: mail(`a${n}`) }]);
      case 1:
        return session.appendMessages("INBOX", [{ raw: mail(`b${n}`) }], { selected });
      case 2:
        return session.createMailbox(`M${n}`);
      case 3:
        return session.fetchMessages(selected, "1:*", { envelope: true });
      default:
        return session.updateFlags(selected, "1:*", [`k${n % 10}`]);
    }
  });
  await within(30_000, "100 calls", Promise.all(calls));
  const uids = (await Promise.all(calls.filter((_, n) => n % 5 < 2))).flatMap((answer) => list(answer.uids));
  assert.deepEqual(uids.sort((a, b) => a - b), Array.from({ length: 40 }, (_, at) => at + 1));
  await session.checkMailbox(selected);
  assert.equal(selected.exists, 40);
  assert.equal((await session.listMailboxes()).mailboxes.length, 21);
  const known = new Set();
  while (known.size < 40) for (const uid of (await within(5000, "updates", feed.next())).value.flags.uid) known.add(uid);
  assert.deepEqual((await session.verify()).problems, []);
});

test("close waits for calls in flight; later ones are refused", async () => {
  const session = await openSession(fresh());
  const calls = Array.from({ length: 10 }, (_, n) => session.appendMessages("INBOX", [{ raw: mail(`${n}`) }]));
  const closing = session.close();
  assert.equal(session.closed, true);
  assert.equal((await Promise.all(calls)).length, 10);
  await closing;
  await session.close();
  await assert.rejects(session.listMailboxes(), { code: "CLOSED" });
});

test("the layer below: MailboxSet and MailboxData", async (t) => {
  const session = await open(t);
  const set = session.mailboxSet;
  assert.equal(await set.delimiter(), "/");
  const id = await set.addMailbox("A", { specialUse: "\\Junk", firstUid: 101 });
  await set.setSubscribed("A", true);
  assert.deepEqual((await set.listSubscribed()).map((each) => each.name), ["INBOX", "A"]);
  assert.deepEqual((await set.listMailboxes()).map((each) => each.name), ["INBOX", "A"]);
  const [inbox, a] = await Promise.all([set.getMailbox("inbox"), set.getMailbox("A")]);
  assert.equal(await a.mailboxId(), id);
  assert.equal(await a.readonly(), false);
  assert.ok((await a.uidValidity()) > 0);
  assert.ok((await a.permanentFlags()).includes("\\Seen"));
  assert.deepEqual(await a.sessionFlags(), ["\\Recent"]);
  const appended = await a.append({ raw: mail("one"), flags: ["\\Deleted"] });
  assert.equal(appended.uid, 101);
  assert.equal("seq" in appended, false);
  const more = await a.appendMany([{ raw: mail("two") }, { raw: mail("three") }], { recent: false });
  assert.deepEqual(more.map((each) => each.uid), [102, 103]);
  const { selected, snapshot } = await a.select();
  assert.equal(snapshot.recent, 1);
  assert.deepEqual(await a.selectedSet(), { length: 1, anySelected: true });
  assert.deepEqual((await a.find("1:*", selected)).map((each) => each.seq), [1, 2, 3]);
  assert.deepEqual(list(await a.findDeleted("1:*", selected)), [101]);
  assert.equal(await a.copy(102, inbox), 1);
  assert.equal(await a.copy(999, inbox), undefined);
  assert.deepEqual(list((await a.copyMany([103, 102], inbox)).source), [103, 102]);
  assert.equal(await a.move(103, inbox), 4);
  const cached = await a.get(102);
  assert.equal((await a.update(102, cached, ["\\Seen"])).flags.includes("\\Seen"), true);
  const outcome = await a.updateMany([101, 102], ["\\Answered"], "add", { unchangedSince: 0 });
  assert.deepEqual([list(outcome.changed), list(outcome.modified)], [[], [101, 102]]);
  assert.deepEqual(list(await a.expunge([101, 102])), [101]);
  await a.delete([102, 7]);
  const gone = await a.get(102, cached);
  assert.equal(gone.expunged, true);
  assert.deepEqual((await a.update(102, cached, ["\\Flagged"], "replace")).flags, ["\\Flagged"]);
  assert.equal(await a.get(7), undefined);
  assert.equal((await a.snapshot()).exists, 0);
  const updates = await a.updateSelected(selected);
  assert.deepEqual(list(updates.expunged.uid), [103, 102, 101]);
  await a.claimRecent(selected);
  await a.cleanup();
  await assert.rejects(inbox.updateSelected(selected), { code: "INVALID_ARGUMENT" });
  await assert.rejects(a.copy(1, {}), { code: "INVALID_ARGUMENT" });
  const elsewhere = await open(t);
  await assert.rejects(a.copyMany([1], await elsewhere.mailboxSet.getMailbox("INBOX")), { code: "INVALID_ARGUMENT" });
  await set.renameMailbox("A", "B");
  await set.deleteMailbox("B");
  await assert.rejects(a.snapshot(), { code: "CLOSED" });
  await assert.rejects(set.getMailbox("B"), { code: "NOT_FOUND" });
});

test("imports are committed in chunks, tell their progress, and stop when aborted", async (t) => {
  const session = await open(t);
  const progress = [];
  async function* source(count) {
    for (let n = 0; n < count; n += 1) yield { raw: mail(`n${n}`, "x".repeat(9000)), flags: ["\\Seen"], date: new Date(n * 1000) };
  }
  const done = await session.importMessages("INBOX", source(40), { chunkBytes: 65_536, onProgress: (each) => progress.push(each) });
  assert.equal(done.messages, 40);
  assert.deepEqual(list(done.uids), Array.from({ length: 40 }, (_, at) => at + 1));
  assert.ok(progress.length >= 5);
  assert.deepEqual(progress.at(-1), { messages: 40, octets: done.octets, skipped: 0, resumed: 0 });
  const controller = new AbortController();
  const reason = new Error("enough");
  const aborted = session.importMessages("INBOX", source(1000), {
    chunkBytes: 65_536,
    signal: controller.signal,
    onProgress: ({ messages }) => messages >= 20 && controller.abort(reason),
  });
  await assert.rejects(aborted, (error) => error === reason);
  const { exists } = await session.status("INBOX");
  assert.ok(exists >= 60 && exists < 200, `${exists}`);
  const mbox = "From a@b Thu Jan  1 00:00:00 2026\nStatus: R\nA: 1\n\nhello\n";
  await session.createMailbox("Mbox");
  const imported = await session.importMessages("Mbox", readMbox(new TextEncoder().encode(mbox)));
  assert.equal(imported.messages, 1);
  const { selected } = await session.selectMailbox("Mbox");
  const [row] = (await session.listMessages(selected)).rows;
  assert.deepEqual(row.flags, ["\\Recent", "\\Seen"]);
  assert.equal(row.internalDate.toISOString(), "2026-01-01T00:00:00.000Z");
  assert.equal((await session.importMessages("INBOX", [])).messages, 0);
  await assert.rejects(session.importMessages("Nowhere", []), { code: "TRY_CREATE" });
  await assert.rejects(session.importMessages("INBOX", [mail("x"), 7]), { code: "INVALID_ARGUMENT" });
});

testRegistering("a backend of one's own, its failures, and the registry", async (t) => {
  const stores = new Map();
  registerBackend("maps", ({ owner, database }) => {
    assert.equal(owner, "ada@example.org");
    const store = mapStore();
    stores.set(database, store);
    return store;
  });
  assert.ok(backends.names.includes("maps") && backends.names.includes("memory"));
  const hasSqlite = process.getBuiltinModule?.("node:module").isBuiltin("node:sqlite") ?? false;
  assert.equal(backends.default, hasSqlite ? "sqlite" : undefined);
  assert.throws(() => registerBackend("maps", () => {}), { code: "ALREADY_EXISTS" });
  assert.throws(() => registerBackend("", () => {}), { code: "INVALID_ARGUMENT" });
  assert.throws(() => registerBackend("x", {}), { code: "INVALID_ARGUMENT" });
  assert.throws(() => backends.setDefault("y"), { code: "NOT_FOUND" });
  if (!hasSqlite) await assert.rejects(openSession({ owner: "ada@example.org" }), { code: "UNAVAILABLE", message: /Node 22\.13.*"memory"/ });
  await assert.rejects(openSession(fresh({ backend: "nothing" })), { code: "NOT_FOUND" });
  backends.setDefault("maps");
  t.after(() => backends.setDefault(null));
  const session = await openSession({ owner: "ada@example.org", database: "d" });
  const store = stores.get("d");
  const big = mail("big", "y".repeat(100_000));
  await session.appendMessages("INBOX", [{ raw: big }]);
  const { selected } = await session.selectMailbox("INBOX");
  assert.equal(text((await session.fetchMessages(selected, [1], { source: true })).messages[0].source), big);
  store.fail = () => {
    throw Object.assign(new Error("full"), { code: "QUOTA_EXCEEDED" });
  };
  await assert.rejects(session.appendMessages("INBOX", [{ raw: mail("no") }]), { code: "QUOTA_EXCEEDED", imapCode: "OVERQUOTA" });
  store.fail = undefined;
  assert.equal((await session.status("INBOX")).exists, 1);
  assert.ok(store.commits > 0);
  await session.close();
  assert.equal(store.closed, true);
  backends.add("maps", () => {
    throw new Error("no store today");
  });
  await assert.rejects(openSession({ owner: "ada@example.org", database: "e" }), (error) => {
    return error instanceof MailboxError && error.code === "UNAVAILABLE" && /no store today/.test(String(error.cause));
  });
  backends.add("maps", () => ({ read: () => {} }));
  await assert.rejects(openSession({ owner: "ada@example.org", database: "e" }), { code: "INVALID_ARGUMENT" });
});

test("storage and upkeep", async (t) => {
  const session = await open(t);
  const report = await session.storage();
  assert.equal(report.backend, backend);
  assert.equal(await session.requestPersistence(), backend === "sqlite");
  await session.appendMessages("INBOX", [{ raw: mail("x") }]);
  await session.cleanup({ thorough: true });
  await assert.rejects(session.cleanup({ signal: AbortSignal.abort(new Error("no")) }), /no/);
  assert.deepEqual((await session.verify()).problems, []);
});

testRegistering("who opens, delivers and closes leaves no pause for upkeep: closing does it", async () => {
  const store = mapStore();
  registerBackend("briefly", () => store);
  const options = fresh({ backend: "briefly" });
  const packs = async () => {
    const content = { from: Uint8Array.of(7), to: Uint8Array.of(8), reverse: false, keysOnly: true, maxBytes: Infinity, maxRows: Infinity };
    return (await store.read({ keys: [], scans: [content], guards: [] })).scanned[0].length;
  };
  const most = [];
  for (let at = 0; at < 140; at += 1) {
    const session = await openSession(options);
    await session.appendMessages("INBOX", [{ raw: mail(`brief ${at}`) }]);
    await session.close();
    most.push(await packs());
  }
  assert.ok(Math.max(...most) > 60 && Math.max(...most) < 70, `${Math.max(...most)} packs`);
  const session = await openSession(options);
  assert.deepEqual((await session.verify()).problems, []);
  assert.equal((await session.status("INBOX")).exists, 140);
  await session.close();
});

test("disabled search keys", async (t) => {
  const session = await open(t, { disabledSearchKeys: ["keyword"] });
  const { selected } = await session.selectMailbox("INBOX");
  await assert.rejects(session.searchMailbox(selected, { keyword: "x" }), { code: "CANNOT" });
  assert.deepEqual(list((await session.searchMailbox(selected, { seen: true })).uids), []);
});

test("more than a commit takes is refused before it is copied", async (t) => {
  const session = await open(t);
  // Never written to, so that it takes no memory.
  const raw = new Uint8Array(300 * 1024 * 1024);
  await assert.rejects(session.appendMessages("INBOX", [{ raw }, { raw }]), { code: "LIMIT" });
  assert.equal((await session.status("INBOX")).exists, 0);
});

testRegistering("a call's own durability goes with its commit, the session's with all others", async (t) => {
  const asked = [];
  backends.add("durable", () => {
    const store = mapStore();
    const commit = store.commit;
    return Object.assign(store, {
      commit(batch) {
        asked.push(batch.durability);
        return commit.call(store, batch);
      },
    });
  });
  const session = await openSession(fresh({ backend: "durable" }));
  t.after(() => session.close());
  const { selected } = await session.selectMailbox("INBOX");
  const strict = { durability: "strict" };
  const calls = [
    () => session.createMailbox("Work", strict),
    () => session.subscribe("Work", strict),
    () => session.renameMailbox("Work", "Play", strict),
    () => session.appendMessages("INBOX", [{ raw: mail("one") }, { raw: mail("two") }], { ...strict, selected }),
    () => session.importMessages("INBOX", [{ raw: mail("three") }], strict),
    () => session.updateFlags(selected, [1], ["\\Deleted"], "add", strict),
    () => session.copyMessages(selected, [2], "Play", strict),
    () => session.moveMessages(selected, [2], "Play", strict),
    () => session.expungeMailbox(selected, strict),
    () => session.deleteMailbox("Play", strict),
  ];
  for (const [at, call] of calls.entries()) {
    asked.length = 0;
    await call();
    assert.ok(asked.includes("strict"), `call ${at}`);
  }
  asked.length = 0;
  await session.updateFlags(selected, "1:*", ["\\Flagged"]);
  assert.ok(asked.length > 0 && !asked.includes("strict"));
  assert.equal((await session.status("INBOX")).exists, 1);
  await assert.rejects(session.createMailbox("x", { durability: "eventual" }), { code: "INVALID_ARGUMENT" });
});
