// Imports that end early and go on: nothing is lost, nothing comes twice. Duplicates are skipped on request.

import assert from "node:assert/strict";
import { test } from "node:test";

import { backends, openSession } from "../../pkg/index.js";
import { readMbox, writeMbox } from "../../pkg/mbox.js";
import { fresh, mail } from "./support/mail.mjs";
import { contents } from "./support/octets.mjs";
import { mapStore } from "./support/store.mjs";

const raws = (from, to) => Array.from({ length: to - from }, (_, at) => mail(`number ${from + at}`, `${"x".repeat(200)}\r\n`));

const subjects = async (session, mailbox = "INBOX") =>
  (await contents(session, mailbox)).map(({ source }) => /number (\d+)/.exec(new TextDecoder().decode(source))[1]).map(Number);

const numbers = (from, to) => Array.from({ length: to - from }, (_, at) => from + at);

/** A database that outlives its sessions, and fails as a crash does: from some commit on, none lands. */
function crashing(t) {
  const store = mapStore();
  const name = `crash-${process.pid}-${Math.random()}`;
  backends.add(name, () => ({ read: store.read, commit: store.commit, journal: store.journal }));
  let left = Infinity;
  store.fail = () => {
    left -= 1;
    if (left < 0) throw Object.assign(new Error("the power is gone"), { code: "UNAVAILABLE" });
  };
  return {
    after: (commits) => {
      left = commits;
    },
    open: () => openSession({ owner: "ada@example.org", backend: name, database: name }),
  };
}

test("a crash at every commit of an import: run again, it goes on where it was", { timeout: 300_000 }, async (t) => {
  // Every fifth message twice: copies that belong there, and are not what resuming skips.
  const all = raws(0, 60).flatMap((raw, at) => (at % 5 === 0 ? [raw, raw] : [raw]));
  const expected = numbers(0, 60).flatMap((number) => (number % 5 === 0 ? [number, number] : [number]));
  const options = { importId: "monday", chunkBytes: 65_536 };
  // Chunks of 1 MiB would take them all at once; the source makes pauses instead.
  const padded = all.map((raw) => `${raw}${"y".repeat(6000)}\r\n`);
  for (let commits = 0; commits <= 9; commits += 1) {
    const database = crashing(t);
    const first = await database.open();
    database.after(commits);
    const told = [];
    await first.importMessages("INBOX", padded, { ...options, onProgress: (each) => told.push(each) }).then(
      () => assert.ok(commits > 5),
      (error) => assert.equal(error.code, "UNAVAILABLE"),
    );
    database.after(Infinity);
    await first.close().catch(() => {});
    const second = await database.open();
    const resumed = await second.importMessages("INBOX", padded, options);
    assert.equal(resumed.resumed, told.at(-1)?.messages ?? 0, `after ${commits}`);
    assert.equal(resumed.messages + resumed.resumed, padded.length);
    assert.equal(resumed.uids.length, resumed.messages);
    assert.deepEqual(await subjects(second), expected, `after ${commits}`);
    assert.deepEqual((await second.verify()).problems, []);
    const third = await second.importMessages("INBOX", padded, options);
    assert.deepEqual([third.messages, third.resumed], [0, padded.length]);
    await second.close();
  }
});

test("an answer that is lost does not make messages come twice", async (t) => {
  const store = mapStore();
  const name = `lost-${process.pid}`;
  let lose = false;
  const commit = async (batch) => {
    const outcome = await store.commit(batch);
    if (lose) throw Object.assign(new Error("no answer"), { code: "UNAVAILABLE", outcomeUnknown: true });
    return outcome;
  };
  backends.add(name, () => ({ read: store.read, commit, journal: store.journal }));
  const session = await openSession({ owner: "ada@example.org", backend: name, database: name });
  t.after(() => session.close());
  lose = true;
  const { messages } = await session.importMessages("INBOX", raws(0, 5), { importId: "x" });
  assert.equal(messages, 5);
  lose = false;
  await session.importMessages("INBOX", raws(0, 7), { importId: "x" });
  assert.deepEqual(await subjects(session), numbers(0, 7));
});

test("an import that was cancelled goes on, from a stream of an mbox too", async (t) => {
  const session = await openSession(fresh());
  t.after(() => session.close());
  await session.createMailbox("From");
  await session.importMessages("From", raws(0, 3000));
  const controller = new AbortController();
  const reason = new Error("enough");
  const begun = session.importMessages("INBOX", readMbox(writeMbox(session, "From")), {
    importId: "file.mbox",
    signal: controller.signal,
    onProgress: ({ messages }) => messages >= 1000 && controller.abort(reason),
  });
  await assert.rejects(begun, (error) => error === reason);
  const { exists } = await session.status("INBOX");
  assert.ok(exists >= 1000 && exists < 3000, `${exists}`);
  const told = [];
  const done = await session.importMessages("INBOX", readMbox(writeMbox(session, "From")), {
    importId: "file.mbox",
    onProgress: (each) => told.push(each),
  });
  assert.equal(done.resumed, exists);
  assert.deepEqual(told[0], { messages: 0, octets: 0, skipped: 0, resumed: exists });
  assert.deepEqual(await subjects(session), numbers(0, 3000));
});

test("another source under the same name is refused, before anything of it is in", async (t) => {
  const session = await openSession(fresh());
  t.after(() => session.close());
  await session.importMessages("INBOX", raws(0, 5), { importId: "a" });
  for (const source of [raws(1, 9), raws(0, 4), []]) {
    await assert.rejects(session.importMessages("INBOX", source, { importId: "a" }), { code: "INVALID_ARGUMENT" });
  }
  await assert.rejects(session.importMessages("INBOX", [], { importId: "" }), { code: "INVALID_ARGUMENT" });
  await assert.rejects(session.importMessages("nowhere", raws(0, 1), { importId: "a" }), { code: "TRY_CREATE" });
  assert.equal((await session.status("INBOX")).exists, 5);
  // Another name, another mailbox: another import.
  await session.importMessages("INBOX", raws(0, 1), { importId: "b" });
  await session.createMailbox("Other");
  assert.equal((await session.importMessages("Other", raws(3, 4), { importId: "a" })).messages, 1);
});

test("two programs at one import: one goes on, the other is told", async (t) => {
  const options = fresh();
  const [one, two] = [await openSession(options), await openSession(options)];
  t.after(() => Promise.all([one.close(), two.close()]));
  const both = await Promise.allSettled([one, two].map((session) => session.importMessages("INBOX", raws(0, 10), { importId: "a" })));
  assert.deepEqual(both.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
  assert.equal(both.find(({ reason }) => reason).reason.code, "CONFLICT");
  assert.deepEqual(await subjects(one), numbers(0, 10));
});

test("duplicates are skipped where asked: within the source, in the mailbox, anywhere", async (t) => {
  const session = await openSession(fresh());
  t.after(() => session.close());
  await session.createMailbox("Other");
  await session.appendMessages("Other", raws(0, 3).map((raw) => ({ raw })));
  const counts = async (mailbox, source, skipDuplicates) => {
    const { messages, skipped, uids } = await session.importMessages(mailbox, source, { skipDuplicates });
    assert.equal(uids.length, messages);
    return [messages, skipped];
  };
  assert.deepEqual(await counts("INBOX", [...raws(0, 4), ...raws(0, 4)], true), [4, 4]);
  assert.deepEqual(await counts("INBOX", raws(2, 6), "mailbox"), [2, 2]);
  assert.deepEqual(await counts("INBOX", raws(0, 1), false), [1, 0]);
  assert.deepEqual(await counts("Other", raws(2, 8), "account"), [2, 4]);
  assert.deepEqual(await subjects(session, "Other"), [0, 1, 2, 6, 7]);
  // What was deleted is not there.
  const { selected } = await session.selectMailbox("INBOX");
  await session.updateFlags(selected, "1:*", ["\\Deleted"]);
  await session.expungeMailbox(selected);
  assert.deepEqual(await counts("INBOX", raws(2, 8), true), [6, 0]);
  await assert.rejects(counts("INBOX", [], "yes"), { code: "INVALID_ARGUMENT" });
  assert.deepEqual((await session.verify()).problems, []);
});

test("20,000 messages again cost no more than once", { timeout: 120_000 }, async (t) => {
  const session = await openSession(fresh());
  t.after(() => session.close());
  const timed = async () => {
    const began = performance.now();
    const { messages, skipped } = await session.importMessages("INBOX", raws(0, 20_000), { skipDuplicates: true });
    return { messages, skipped, ms: performance.now() - began };
  };
  const [first, again] = [await timed(), await timed()];
  t.diagnostic(`${Math.round(first.ms)} ms, again ${Math.round(again.ms)} ms`);
  assert.deepEqual([first.messages, again.messages, again.skipped], [20_000, 0, 20_000]);
  assert.ok(again.ms < 3 * first.ms + 1000);
});
