// SORT, THREAD and sorted lists through the JavaScript API, in Node on the memory backend.

import assert from "node:assert/strict";
import { test } from "node:test";

import { fresh, mail, within } from "./support/mail.mjs";
import { openSession } from "./support/open.mjs";

const list = (array) => [...array];

const MAILS = [
  { from: "Zoe <bob@z>", subject: "Re: zebra", date: "Tue, 1 Feb 1994 10:00:00 +0000", id: "<1@x>", references: "<2@x>" },
  { from: "ALICE <Al@a>", subject: "zebra (fwd)", date: "Tue, 1 Feb 1994 09:00:00 +0000", id: "<2@x>" },
  { from: "al@b", subject: "[list] Fwd: Mango", date: "Tue, 1 Feb 1994 12:00:00 +0200", id: "<3@x>", references: "<0@x>" },
  { from: "zed@a", subject: "apple", date: "Tue, 1 Feb 1994 08:00:00 -0100", id: "<4@x>", references: "<0@x>" },
];

const raw = ({ from, subject, date, id, references }) =>
  `From: ${from}\r\nSubject: ${subject}\r\nDate: ${date}\r\nMessage-ID: ${id}\r\n` +
  `${references ? `References: ${references}\r\n` : ""}\r\nHello.\r\n`;

async function opened(t) {
  const session = await openSession(fresh());
  t.after(() => session.close());
  const internalDate = (at) => new Date(Date.UTC(2026, 0, 9 - at));
  await session.appendMessages("INBOX", MAILS.map((each, at) => ({ raw: raw(each), internalDate: internalDate(at) })));
  const { selected } = await session.selectMailbox("INBOX");
  return { session, selected };
}

test("sortMailbox sorts what a search finds", async (t) => {
  const { session, selected } = await opened(t);
  const sorted = async (...args) => list((await session.sortMailbox(selected, ...args)).uids);
  assert.deepEqual(await sorted("date"), [2, 4, 1, 3]);
  assert.deepEqual(await sorted("-date"), [1, 3, 2, 4]);
  assert.deepEqual(await sorted("arrival"), [4, 3, 2, 1]);
  assert.deepEqual(await sorted("subject"), [4, 3, 1, 2]);
  assert.deepEqual(await sorted(["subject", "date"]), [4, 3, 2, 1]);
  assert.deepEqual(await sorted(["-subject", "-date"]), [1, 2, 3, 4]);
  assert.deepEqual(await sorted("from"), [2, 3, 1, 4]);
  assert.deepEqual(await sorted("displayFrom"), [3, 2, 4, 1]);
  assert.deepEqual(await sorted(["to", "cc", "displayTo", "-arrival"]), [1, 2, 3, 4]);
  assert.deepEqual(await sorted("-size"), [3, 1, 4, 2]);
  assert.deepEqual(await sorted("subject", { uid: "2:3" }), [3, 2]);
  assert.deepEqual(await sorted("subject", { flagged: true }, { signal: null }), []);
  assert.deepEqual(await sorted("subject", null), [4, 3, 1, 2]);
  await session.updateFlags(selected, [2], ["\\Deleted"]);
  await session.expungeMailbox(selected);
  const { uids, seqs, expungeIssued, updates } = await session.sortMailbox(selected, "subject");
  assert.ok(uids instanceof Uint32Array && seqs instanceof Uint32Array);
  assert.deepEqual([list(uids), list(seqs), expungeIssued, updates.closed], [[4, 3, 1], [3, 2, 1], false, false]);
});

test("threadMailbox makes threads of what a search finds", async (t) => {
  const { session, selected } = await opened(t);
  const threads = async (...args) => {
    const { uids, depths } = await session.threadMailbox(selected, ...args);
    assert.ok(uids instanceof Uint32Array && depths instanceof Uint32Array && uids.length === depths.length);
    return list(uids).map((uid, at) => `${" ".repeat(depths[at])}${uid}`);
  };
  assert.deepEqual(await threads("references"), ["2", " 1", "0", " 4", " 3"]);
  assert.deepEqual(await threads("orderedsubject"), ["2", " 1", "4", "3"]);
  assert.deepEqual(await threads("references", { uid: [1, 3] }), ["1", "3"]);
  assert.deepEqual(await threads("references", { seen: true }), []);
  const answer = await session.threadMailbox(selected, "references");
  assert.deepEqual([answer.expungeIssued, answer.updates.closed], [false, false]);
});

test("listMessages in any order, window by window", async (t) => {
  const { session, selected } = await opened(t);
  const uids = async (sort, options) => (await session.listMessages(selected, { sort, ...options })).rows.map((row) => row.uid);
  for (const [sort, wanted] of [
    [undefined, [4, 3, 2, 1]],
    ["arrival", [1, 2, 3, 4]],
    ["-arrival", [4, 3, 2, 1]],
    [["-arrival", "date"], [4, 3, 2, 1]],
    ["subject", [4, 3, 1, 2]],
    [["subject", "-arrival"], [4, 3, 2, 1]],
    [["subject", "arrival", "date"], [4, 3, 1, 2]],
    [["subject", "date"], [4, 3, 2, 1]],
    ["-displayFrom", [1, 4, 2, 3]],
  ]) {
    assert.deepEqual(await uids(sort), wanted, `${sort}`);
    assert.deepEqual(await uids(sort, { offset: 1, limit: 2 }), wanted.slice(1, 3), `${sort}`);
    assert.deepEqual(await uids(sort, { offset: 4 }), [], `${sort}`);
  }
  const { rows, total } = await session.listMessages(selected, { sort: "date", limit: 1 });
  assert.deepEqual([rows[0].subject, rows[0].seq, rows[0].sentDate.getUTCHours(), total], ["zebra (fwd)", 2, 9, 4]);
  // The order follows the view: messages that come and go, and flags, which are nothing to it.
  await session.appendMessages("INBOX", [{ raw: mail("nothing") }]);
  assert.deepEqual(await uids("subject"), [4, 3, 1, 2]);
  await session.checkMailbox(selected);
  assert.deepEqual(await uids("subject"), [4, 3, 5, 1, 2]);
  await session.updateFlags(selected, [1, 3], ["\\Deleted"]);
  await session.expungeMailbox(selected, { uids: [3] });
  assert.deepEqual(await uids("subject"), [4, 5, 1, 2]);
  const again = await session.selectMailbox("INBOX", { readonly: true });
  const other = await session.listMessages(again.selected, { sort: "subject" });
  assert.deepEqual(other.rows.map((row) => row.uid), [4, 5, 1, 2]);
});

test("sorts that are given up reject with the signal's reason and leave the view usable", async (t) => {
  const session = await openSession(fresh());
  t.after(() => session.close());
  const many = Array.from({ length: 6000 }, (_, at) => ({ raw: `Subject: ${(at * 7919) % 6000}\r\n\r\n` }));
  await session.appendMessages("INBOX", many);
  const { selected } = await session.selectMailbox("INBOX");
  const reason = new Error("enough");
  const calls = [
    (signal) => session.sortMailbox(selected, "subject", {}, { signal }),
    (signal) => session.threadMailbox(selected, "references", {}, { signal }),
    (signal) => session.listMessages(selected, { sort: "subject", signal }),
  ];
  for (const call of calls) {
    await assert.rejects(call(AbortSignal.abort(reason)), (error) => error === reason);
    const controller = new AbortController();
    const given = call(controller.signal);
    controller.abort(reason);
    await assert.rejects(within(10_000, "the end", given), (error) => error === reason);
  }
  // One under way: either it was quicker, or it ends for the signal's reason.
  const controller = new AbortController();
  const sorting = session.sortMailbox(selected, ["subject", "from", "date"], {}, { signal: controller.signal });
  setTimeout(() => controller.abort(reason), 1);
  await sorting.catch((error) => assert.equal(error, reason));
  const { uids } = await session.sortMailbox(selected, "subject");
  assert.equal(new Set(uids).size, 6000);
  assert.deepEqual(list(uids.slice(0, 2)).map((uid) => (uid - 1) * 7919 % 6000), [0, 1]);
});
