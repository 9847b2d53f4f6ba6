// A client that knows its mailbox only from updates, and calls that are given up: random work by
// several sessions, after which the client's picture must be the mailbox.

import assert from "node:assert/strict";
import { test } from "node:test";

import { openSession } from "../../pkg/index.js";
import { fresh, mail, within } from "./support/mail.mjs";

function random(seed) {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** What a client knows of a mailbox: rows of { uid, flags } in the order of sequence numbers. */
class Mirror {
  rows = [];
  recent = 0;

  apply({ expunged, exists, recent, flags }) {
    for (const [at, seq] of expunged.seq.entries()) {
      const [gone] = this.rows.splice(seq - 1, 1);
      if (gone.uid !== undefined) assert.equal(gone.uid, expunged.uid[at]);
    }
    if (exists !== undefined) {
      assert.ok(exists >= this.rows.length);
      while (this.rows.length < exists) this.rows.push({});
    }
    if (recent !== undefined) this.recent = recent;
    for (const [at, seq] of flags.seq.entries()) {
      const row = this.rows[seq - 1];
      row.uid ??= flags.uid[at];
      assert.equal(row.uid, flags.uid[at]);
      row.flags = flags.flags[at].join(" ");
    }
  }
}

for (let seed = 1; seed <= 12; seed += 1) {
  test(`s83-s89 s181 a client that applies every update has the mailbox, seed ${seed}`, { timeout: 60_000 }, async () => {
    const next = random(seed);
    const options = fresh();
    const sessions = [await openSession(options), await openSession(options)];
    await sessions[0].createMailbox("Other");
    const clients = [];
    for (const session of [...sessions, sessions[0]]) {
      const { selected } = await session.selectMailbox("INBOX");
      const mirror = new Mirror();
      const feed = session.changes(selected);
      const following = (async () => {
        for await (const updates of feed) mirror.apply(updates);
      })();
      clients.push({ session, selected, mirror, feed, following });
    }
    const work = [];
    for (let step = 0; step < 60; step += 1) {
      const { session, selected } = clients[next(clients.length)];
      const from = 1 + next(12);
      const set = next(3) ? `${from}:${from + next(6)}` : { seq: `${from}` };
      const flag = ["\\Seen", "\\Deleted", "work"][next(3)];
      const operation = ["add", "delete", "replace"][next(3)];
      const choices = [
        () => session.appendMessages("INBOX", [{ raw: mail(`${step}`) }, { raw: mail(`${step}b`) }]),
        () => session.appendMessages("INBOX", [{ raw: mail(`${step}`), flags: [flag] }], { selected }),
        () => session.updateFlags(selected, set, [flag], operation),
        () => session.updateFlags(selected, set, [flag], operation),
        () => session.fetchMessages(selected, set, { envelope: true, setSeen: next(2) === 1 }),
        () => session.searchMailbox(selected, { seen: true }),
        () => session.expungeMailbox(selected),
        () => session.moveMessages(selected, set, "Other"),
        () => session.checkMailbox(selected),
        () => session.copyMessages(selected, set, "INBOX"),
        () => session.listMessages(selected, { sort: ["-arrival", "subject"][next(2)] }),
        () => session.sortMailbox(selected, "subject"),
        () => session.threadMailbox(selected, "references"),
      ];
      work.push(choices[next(choices.length)]());
      if (next(3) === 0) await Promise.all(work.splice(0));
    }
    await within(30_000, "the work", Promise.all(work));
    const recents = new Map();
    for (const { session, selected, mirror, feed, following } of clients) {
      await session.checkMailbox(selected);
      // Once more: what others did while the first looked.
      await session.checkMailbox(selected);
      const { messages } = await session.fetchMessages(selected, "1:*");
      const picture = messages.map(({ uid, flags }) => ({ uid, flags: flags.join(" ") }));
      // What was pushed is applied within a turn of the loop.
      await new Promise((resolve) => setImmediate(resolve));
      assert.deepEqual(mirror.rows, picture);
      assert.equal(mirror.recent, selected.recent);
      assert.equal(selected.exists, picture.length);
      for (const { uid, flags } of picture) if (flags.includes("\\Recent")) recents.set(uid, (recents.get(uid) ?? 0) + 1);
      await feed.return();
      await following;
    }
    for (const [uid, views] of recents) assert.equal(views, 1, `uid ${uid} is recent in ${views} views`);
    assert.deepEqual((await sessions[0].verify()).problems, []);
    for (const session of sessions) await session.close();
  });
}

test("a call given up before its turn does nothing; one that has begun to write is finished", async () => {
  const session = await openSession(fresh());
  const { selected } = await session.selectMailbox("INBOX");
  const reason = new Error("enough");
  const aborted = (error) => error === reason;
  const controller = new AbortController();
  const { signal } = controller;
  let release;
  const slow = {
    [Symbol.iterator]: function* () {
      yield { raw: new Blob([mail("slow")]) };
    },
  };
  const first = session.appendMessages("INBOX", slow, { selected });
  const queued = [
    session.appendMessages("INBOX", [{ raw: mail("never") }], { selected, signal }),
    session.updateFlags(selected, "1:*", ["\\Deleted"], "add", { signal }),
    session.expungeMailbox(selected, { signal }),
    session.moveMessages(selected, "1:*", "INBOX", { signal }),
    session.fetchMessages(selected, "1:*", { setSeen: true, signal }),
    session.listMessages(selected, { signal }),
  ];
  controller.abort(reason);
  for (const call of queued) await assert.rejects(within(5000, "an aborted call", call), aborted);
  await first;
  const { messages } = await session.fetchMessages(selected, "1:*");
  assert.deepEqual(messages.map((each) => each.flags), [["\\Recent"]]);
  for (const call of [
    session.appendMessages("INBOX", [{ raw: mail("never") }], { signal }),
    session.importMessages("INBOX", [mail("never")], { signal }),
    session.selectMailbox("INBOX", { signal }),
    session.verify({ signal }),
    session.fetchPages(selected, "1:*", { signal }).next(),
    openSession(fresh({ signal })),
  ]) {
    await assert.rejects(within(5000, "an aborted call", call), aborted);
  }
  // Too late to give up.
  const late = new AbortController();
  const written = session.updateFlags(selected, "1:*", ["\\Flagged"], "add", { signal: late.signal });
  await null;
  await null;
  late.abort(reason);
  await written.catch((error) => assert.equal(error, reason));
  const flagged = (await session.fetchMessages(selected, "1:*")).messages[0].flags.includes("\\Flagged");
  assert.equal(flagged, await written.then(() => true, () => false));
  // A source that never answers.
  const stuck = { [Symbol.asyncIterator]: () => ({ next: () => new Promise((resolve) => (release = resolve)) }) };
  const ending = new AbortController();
  const importing = session.importMessages("INBOX", stuck, { signal: ending.signal });
  setTimeout(() => ending.abort(reason), 10);
  await assert.rejects(within(5000, "a stuck import", importing), aborted);
  release({ done: true });
  assert.equal((await session.status("INBOX")).exists, 1);
  await session.close();
});

test("of two waits on one view one answers with an update, every feed has it, and both end with the view", async () => {
  const options = fresh();
  const [session, other] = [await openSession(options), await openSession(options)];
  const { selected } = await session.selectMailbox("INBOX");
  const feeds = [session.changes(selected), session.changes(selected)];
  const done = new AbortController();
  const waits = [1, 2].map(() => session.checkMailbox(selected, { waitOn: done.signal }));
  await other.appendMessages("INBOX", [{ raw: mail("x") }]);
  for (const feed of feeds) assert.equal((await within(5000, "a feed", feed.next())).value.exists, 1);
  done.abort();
  const told = await within(5000, "the waits", Promise.all(waits));
  assert.deepEqual(told.map(({ exists }) => exists).sort(), [1, undefined]);
  const waiting = [1, 2].map(() => session.checkMailbox(selected, { waitOn: new AbortController().signal }));
  const ended = Promise.allSettled(waiting);
  await session.closeMailbox(selected);
  for (const { reason } of await within(5000, "waits on a closed view", ended)) assert.equal(reason?.code, "CLOSED");
  await Promise.all([session.close(), other.close()]);
});

test("what a wait finds while it is ended is in its answer", async () => {
  const options = fresh();
  const [session, other] = [await openSession(options), await openSession(options)];
  const { selected } = await session.selectMailbox("INBOX");
  const known = new Set();
  for (let round = 0; round < 100; round += 1) {
    const done = new AbortController();
    const how = round % 2 ? { waitOn: done.signal } : { waitOn: new AbortController().signal, signal: done.signal };
    const waiting = session.checkMailbox(selected, how);
    const appending = other.appendMessages("INBOX", [{ raw: mail(`${round}`) }]);
    for (let turn = round % 37; turn > 0; turn -= 1) await null;
    done.abort();
    await appending;
    const updates = await within(5000, "the wait", waiting).catch((error) => assert.equal(error.name, "AbortError"));
    for (const uid of updates?.flags.uid ?? []) known.add(uid);
  }
  for (const uid of (await session.checkMailbox(selected)).flags.uid) known.add(uid);
  assert.equal(known.size, 100);
  await Promise.all([session.close(), other.close()]);
});
