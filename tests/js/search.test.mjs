// SEARCH through the JavaScript API: what is asked in either form, the answers, progress, the end by a signal.

import assert from "node:assert/strict";
import { test } from "node:test";

import { MailboxError, registerBackend } from "../../pkg/index.js";
import { fresh, mail } from "./support/mail.mjs";
import { openSession, testRegistering } from "./support/open.mjs";
import { mapStore } from "./support/store.mjs";

async function open(t, options) {
  const session = await openSession(fresh(options));
  t.after(() => session.close());
  return session;
}

const encode = (text) => new TextEncoder().encode(text);
const base64 = (text) => Buffer.from(text).toString("base64");
const lines = (...all) => all.join("\r\n");

/** One of each kind: plain, encoded words and quoted-printable, base64 HTML, a file, a mail within a mail. */
const MESSAGES = [
  {
    raw: lines(
      "From: Grace Hopper <grace@example.org>", "To: ada@example.org", "Subject: Compilers", "Date: Mon, 5 Jan 2026 23:30:00 -0500",
      "List-Id: <rust.example.org>", "", "The first compiler was A-0.", "",
    ),
    flags: ["\\Seen"],
    internalDate: new Date("2026-01-06T05:00:00Z"),
  },
  {
    raw: lines(
      "From: =?utf-8?q?Zo=C3=AB_M=C3=BCller?= <zoe@example.net>", "To: ada@example.org, bob@example.org", "Cc: carol@example.org",
      "Subject: =?iso-8859-1?Q?Stra=DFe_gesperrt?=", "Date: Tue, 6 Jan 2026 12:00:00 +0000", "MIME-Version: 1.0",
      "Content-Type: text/plain; charset=iso-8859-1", "Content-Transfer-Encoding: quoted-printable", "",
      "Gr=FC=DFe aus der Stra=DFe, velo=", "city.", "",
    ),
    internalDate: new Date("2026-01-06T12:00:00Z"),
  },
  {
    raw: lines(
      "From: shop@example.com", "To: ada@example.org", "Bcc: archive@example.org", "Subject: Rechnung", "Priority: high", "MIME-Version: 1.0",
      "Content-Type: text/html; charset=utf-8", "Content-Transfer-Encoding: base64", "",
      base64("<html><style>p{color:invisible}</style><p>Caf&eacute; <b>gross</b>artig &amp; g\u00fcnstig</p></html>"), "",
    ),
    flags: ["\\Flagged", "work"],
    internalDate: new Date("2026-01-07T12:00:00Z"),
  },
  {
    raw: lines(
      "From: Grace Hopper <grace@example.org>", "To: ada@example.org", "Subject: The report", "Date: not a date", "MIME-Version: 1.0",
      'Content-Type: multipart/mixed; boundary="b"', "", "--b", "Content-Type: text/plain", "", "As attached.", "--b",
      'Content-Type: application/pdf; name="report.pdf"', 'Content-Disposition: attachment; filename="report.pdf"',
      "Content-Transfer-Encoding: base64", "", base64("velocity of the PDF"), "--b--", "",
    ),
    internalDate: new Date("2026-01-08T12:00:00Z"),
  },
  {
    raw: lines(
      "From: bob@example.org", "To: ada@example.org", "Subject: Fwd", "Date: Fri, 9 Jan 2026 12:00:00 +0000", "MIME-Version: 1.0",
      "Content-Type: message/rfc822", "", "From: inner@example.org", "Subject: within", "", "deep inside", "",
    ),
    flags: ["\\Seen", "\\Answered"],
    internalDate: new Date("2026-01-09T12:00:00Z"),
  },
];

async function filled(t, options) {
  const session = await open(t, options);
  await session.appendMessages("INBOX", MESSAGES);
  const { selected } = await session.selectMailbox("INBOX");
  return { session, selected };
}

/** Objects, the same as IMAP's text (undefined where it has no such key), and the hits. */
const SAME = [
  [{}, "ALL", [1, 2, 3, 4, 5]],
  [{ from: "grace" }, "FROM grace", [1, 4]],
  [{ from: "HOPPER <Grace@" }, 'FROM "HOPPER <Grace@"', [1, 4]],
  [{ from: "zoË mÜLLER" }, 'FROM "zoË mÜLLER"', [2]],
  [{ to: "bob@" }, "TO bob@", [2]],
  [{ cc: "carol" }, "CC carol", [2]],
  [{ bcc: "archive" }, "BCC archive", [3]],
  [{ cc: "" }, 'CC ""', [2]],
  [{ subject: "STRASSE" }, "SUBJECT STRASSE", [2]],
  [{ subject: "straße" }, "SUBJECT {7}\r\nstraße", [2]],
  [{ body: "grüsse aus" }, 'BODY "grüsse aus"', [2]],
  [{ body: "velocity" }, "BODY velocity", [2]],
  [{ body: "café grossartig & günstig" }, 'BODY "café grossartig & günstig"', [3]],
  [{ body: "invisible" }, "BODY invisible", []],
  [{ body: "Compilers" }, "BODY Compilers", []],
  [{ text: "compilers" }, "TEXT compilers", [1]],
  [{ text: "priority: HIGH" }, 'TEXT "priority: HIGH"', [3]],
  [{ body: "deep inside" }, 'BODY "deep inside"', [5]],
  [{ body: "within" }, "BODY within", [5]],
  [{ header: { priority: "hi" } }, "HEADER priority hi", [3]],
  [{ header: { "List-Id": true } }, 'HEADER List-Id ""', [1]],
  [{ header: { "List-Id": false, Priority: false } }, 'NOT HEADER List-Id "" NOT HEADER Priority ""', [2, 4, 5]],
  [{ header: { "X-Nope": "" } }, 'HEADER X-Nope ""', []],
  [{ header: {} }, "ALL", [1, 2, 3, 4, 5]],
  [{ sentOn: "2026-01-05" }, "SENTON 5-Jan-2026", [1]],
  [{ sentSince: new Date("2026-01-06T23:59:59Z") }, "SENTSINCE 6-Jan-2026", [2, 5]],
  [{ sentBefore: "2026-01-06" }, "SENTBEFORE 6-Jan-2026", [1]],
  [{ not: { sentSince: "1990-01-01" } }, "NOT SENTSINCE 1-Jan-1990", [3, 4]],
  [{ older: 60 }, "OLDER 60", [1, 2, 3, 4, 5]],
  [{ younger: 60 }, "YOUNGER 60", []],
  [{ hasAttachment: true }, undefined, [4, 5]],
  [{ hasAttachment: false }, undefined, [1, 2, 3]],
  [{ from: "grace", seen: false }, "FROM grace UNSEEN", [4]],
  [{ or: [{ from: "zoe" }, { body: "A-0" }, { flagged: true }] }, "OR FROM zoe OR BODY A-0 FLAGGED", [1, 2, 3]],
  [[{ not: { text: "grace" } }, { since: "2026-01-07" }], "NOT TEXT grace SINCE 7-Jan-2026", [3, 5]],
  [{ keyword: "WORK", larger: 10 }, "(KEYWORD WORK LARGER 10)", [3]],
  [{ uid: "2:4", subject: "r" }, "UID 2:4 SUBJECT r", [2, 3, 4]],
  [{ seq: [1, 5], to: "ada" }, "1,5 TO ada", [1, 5]],
];

test("objects and IMAP's text ask the same", async (t) => {
  const { session, selected } = await filled(t);
  for (const [keys, text, hits] of SAME) {
    const found = await session.searchMailbox(selected, keys);
    assert.deepEqual([...found.uids], hits, JSON.stringify(keys));
    assert.deepEqual([...found.seqs], hits);
    assert.equal(found.count, hits.length);
    assert.equal(found.min, hits[0]);
    assert.equal(found.max, hits.at(-1));
    assert.equal("all" in found, false);
    const everywhere = await session.search(keys, { mailboxes: ["INBOX"] });
    assert.deepEqual([...everywhere.results[0].uids], hits, JSON.stringify(keys));
    if (text === undefined) continue;
    assert.deepEqual([...(await session.searchMailbox(selected, text)).uids], hits, text);
    assert.deepEqual([...(await session.search(encode(text))).results[0].uids], hits, text);
  }
});

test("return and RETURN: what was asked for, and nothing else", async (t) => {
  const { session, selected } = await filled(t);
  const asked = async (keys, options) => {
    const { expungeIssued, updates, ...rest } = await session.searchMailbox(selected, keys, options);
    assert.equal(expungeIssued, false);
    assert.equal(updates.closed, false);
    return rest;
  };
  const grace = { from: "grace" };
  assert.deepEqual(await asked(grace, { return: ["count"] }), { count: 2 });
  assert.deepEqual(await asked(grace, { return: ["min", "max"] }), { min: 1, max: 4 });
  assert.deepEqual(await asked(grace, { return: ["all", "all"] }), { all: "1,4" });
  assert.deepEqual(await asked({ uid: "2:9" }, { return: [] }), { all: "2:5" });
  assert.deepEqual(await asked({ from: "nobody" }, { return: ["min", "max", "all", "count"] }), { count: 0 });
  assert.deepEqual(await asked("RETURN (MIN COUNT) FROM grace"), { min: 1, count: 2 });
  assert.deepEqual(await asked("return () CHARSET utf-8 FROM grace"), { all: "1,4" });
  const { messages } = await session.fetchMessages(selected, "1,5");
  const [low, high] = messages.map((message) => message.modSeq);
  assert.deepEqual(await asked({ modseq: 1 }, { return: ["min"] }), { min: 1, modSeq: low });
  assert.deepEqual(await asked({ modseq: 1 }, { return: ["count"] }), { count: 5, modSeq: high });
  await assert.rejects(asked("RETURN (MIN) ALL", { return: ["max"] }), { code: "INVALID_ARGUMENT" });
  await assert.rejects(session.search("RETURN (MIN) ALL"), { code: "INVALID_ARGUMENT" });
});

test("s148, s152: errors of the text name the place, and an unknown charset is BAD_CHARSET", async (t) => {
  const { session, selected } = await filled(t);
  const wrong = [
    ["FROM", "INVALID_ARGUMENT", /at character 5\b/],
    ["SEEN FORM x", "INVALID_ARGUMENT", /"FORM" at character 6\b/],
    ["SEEN ", "INVALID_ARGUMENT", /at character 6\b/],
    ["SUBJECT ü SINCE 2026-01-01", "INVALID_ARGUMENT", /at character 17\b/],
    ["(SEEN", "INVALID_ARGUMENT", /at character 6\b/],
    ["RETURN (SOME) ALL", "INVALID_ARGUMENT", /at character 9\b/],
    ["SUBJECT {9}\r\nabc", "INVALID_ARGUMENT", /at character 10\b/],
    ["CHARSET x-none SUBJECT a", "BAD_CHARSET", /"x-none" at character 9\b/],
    ["$", "CANNOT", /character 1\b/],
    ["X-GM-RAW has:attachment", "INVALID_ARGUMENT", /"X-GM-RAW" at character 1\b/],
  ];
  for (const [text, code, message] of wrong) {
    for (const call of [session.searchMailbox(selected, text), session.search(text)]) {
      await assert.rejects(call, (error) => error instanceof MailboxError && error.code === code && message.test(error.message) && error.message.includes(`character ${error.column}`), text);
    }
  }
  const latin = (text) => Uint8Array.from(text, (character) => character.charCodeAt(0));
  assert.deepEqual([...(await session.searchMailbox(selected, latin("CHARSET iso-8859-1 SUBJECT Stra\xdfe"))).uids], [2]);
  await assert.rejects(session.searchMailbox(selected, latin("SUBJECT Stra\xdfe")), { code: "BAD_CHARSET" });
  await assert.rejects(session.searchMailbox(selected, { gmraw: "has:attachment" }), { code: "CANNOT" });
  await assert.rejects(session.search([{ or: [{ gmailraw: "x" }] }]), { code: "CANNOT" });
});

test("s150: disabled keys are refused in both forms, at any depth", async (t) => {
  const { session, selected } = await filled(t, { disabledSearchKeys: ["body", "HEADER", "SentSince", "younger", "HASATTACHMENT"] });
  const refused = [
    { body: "x" },
    { not: { or: [{ seen: true }, { header: { a: "b" } }] } },
    { sentSince: "2026-01-01" },
    { younger: 60 },
    { hasAttachment: false },
    "BODY x",
    "NOT (OR SEEN HEADER a b)",
    "SENTSINCE 1-Jan-2026",
    "YOUNGER 60",
  ];
  for (const keys of refused) {
    await assert.rejects(session.searchMailbox(selected, keys), { code: "CANNOT" });
    await assert.rejects(session.search(keys), { code: "CANNOT" });
  }
  assert.equal((await session.search({ text: "velocity", sentBefore: "2027-01-01", older: 60 })).count, 1);
});

test("arguments of the searches", async (t) => {
  const { session, selected } = await filled(t);
  const before = await session.status("INBOX");
  const gone = encode("ALL");
  structuredClone(gone.buffer, { transfer: [gone.buffer] });
  const cyclic = [];
  cyclic.push(cyclic);
  const keys = [
    undefined, null, 7, true, "", "\ud800", "ALL ".repeat(300_000), new Uint8Array(0), gone, new Uint8Array(2 ** 20 + 1), cyclic,
    { from: 7 }, { from: ["x"] }, { subject: "\udc00" }, { body: "x".repeat(4097) }, { text: {} }, { form: "x" },
    { header: "x" }, { header: ["x"] }, { header: { "": "x" } }, { header: { "a b": "x" } }, { header: { "a:": "x" } }, { header: { a: 7 } },
    { younger: 0 }, { younger: -1 }, { older: 1.5 }, { older: "60" }, { younger: 2 ** 53 }, { hasAttachment: "yes" },
    { sentSince: 7 }, { sentOn: "5-Jan-2026" }, { sentBefore: new Date(NaN) },
  ];
  for (const each of keys) {
    await assert.rejects(session.searchMailbox(selected, each), { code: "INVALID_ARGUMENT" });
    await assert.rejects(session.search(each), { code: "INVALID_ARGUMENT" });
  }
  const either = ["x", { signal: 7 }, { onProgress: 7 }, { progress: () => {} }];
  for (const options of [...either, { return: "count" }, { return: ["save"] }, { return: [, "min"] }, { mailboxes: ["INBOX"] }]) {
    await assert.rejects(session.searchMailbox(selected, {}, options), { code: "INVALID_ARGUMENT" });
  }
  for (const options of [...either, { mailboxes: "INBOX" }, { mailboxes: [7] }, { mailboxes: [, "INBOX"] }, { mailboxes: ["a//b"] }, { return: ["count"] }]) {
    await assert.rejects(session.search({}, options), { code: "INVALID_ARGUMENT" });
  }
  await assert.rejects(session.search({}, { mailboxes: ["INBOX", "Nowhere"] }), { code: "NOT_FOUND" });
  const nulls = { from: null, header: { a: null }, younger: undefined };
  assert.equal((await session.searchMailbox(selected, nulls, { return: null, signal: null, onProgress: null })).count, 5);
  assert.equal((await session.search(nulls, { mailboxes: null, signal: null, onProgress: null })).count, 5);
  assert.deepEqual(await session.status("INBOX"), before);
});

test("sorts and threads take IMAP's text too, without RETURN", async (t) => {
  const { session, selected } = await filled(t);
  assert.deepEqual([...(await session.sortMailbox(selected, "-arrival", "FROM grace")).uids], [4, 1]);
  assert.deepEqual([...(await session.sortMailbox(selected, "-arrival", { from: "grace" })).uids], [4, 1]);
  assert.deepEqual([...(await session.threadMailbox(selected, "references", encode("BODY velocity"))).uids], [2]);
  await assert.rejects(session.sortMailbox(selected, "date", "RETURN (MIN) ALL"), { code: "INVALID_ARGUMENT" });
  await assert.rejects(session.threadMailbox(selected, "references", "FORM x"), { code: "INVALID_ARGUMENT", message: /character 1\b/ });
});

test("octets that change after the call do not matter", async (t) => {
  const { session, selected } = await filled(t);
  const text = encode("FROM grace");
  const first = session.searchMailbox(selected, {});
  const searching = session.searchMailbox(selected, text);
  text.fill(0);
  await first;
  assert.deepEqual([...(await searching).uids], [1, 4]);
});

test("many mailboxes, with the hits as they come", async (t) => {
  const session = await open(t);
  await session.createMailbox("Empty");
  await session.createMailbox("Parent/Child");
  await session.appendMessages("INBOX", [{ raw: mail("one", "needle\r\n") }, { raw: mail("two") }]);
  await session.appendMessages("Parent/Child", Array.from({ length: 700 }, (_, at) => ({ raw: mail(`n${at}`, at % 7 === 0 ? "a Needle\r\n" : "hay\r\n") })));
  const told = [];
  const { results, count } = await session.search({ body: "needle" }, { onProgress: (progress) => told.push(progress) });
  assert.deepEqual(results.map((each) => [each.name, each.uids.length]), [["INBOX", 1], ["Empty", 0], ["Parent/Child", 100]]);
  assert.equal(count, 101);
  for (const { name, mailboxId, uidValidity, uids } of results) {
    const { uidValidity: validity, mailboxId: id } = await session.status(name);
    assert.deepEqual([mailboxId, uidValidity], [id, validity]);
    const hits = told.filter(({ mailbox }) => mailbox === name).flatMap((progress) => [...progress.uids]);
    assert.deepEqual(hits.sort((a, b) => a - b), [...uids], name);
  }
  assert.ok(told.filter(({ mailbox }) => mailbox === "Parent/Child").length > 2, "several batches");
  for (const [at, progress] of told.entries()) {
    assert.equal(progress.mailboxes, 3);
    assert.equal(progress.total, 702);
    const before = told[at - 1] ?? { searched: 0, found: 0, mailboxesDone: 0 };
    for (const count of ["searched", "found", "mailboxesDone"]) assert.ok(progress[count] >= before[count], count);
  }
  assert.deepEqual({ ...told.at(-1), uids: undefined }, {
    mailbox: "Parent/Child", uids: undefined, mailboxesDone: 3, mailboxes: 3, searched: 702, total: 702, found: 101,
  });
  const named = await session.search("BODY needle", { mailboxes: ["Parent/Child", "inbox", "INBOX"] });
  assert.deepEqual(named.results.map((each) => each.name), ["Parent/Child", "INBOX"]);
  assert.deepEqual(await session.search({}, { mailboxes: [] }), { results: [], count: 0 });
  // Without a view nobody's \Recent is claimed.
  assert.equal((await session.search({ recent: true })).count, 702);
  assert.equal((await session.selectMailbox("INBOX")).selected.recent, 2);
});

const BIG = 1500;
const filler = "the quick brown fox jumps over the lazy dog, zwölf Boxkämpfer jagen Viktor quer\r\n".repeat(200);
/** A mailbox that takes a while; its octets differ, so that none are shared. */
async function big(t) {
  const session = await open(t);
  const messages = Array.from({ length: BIG }, (_, at) => ({ raw: mail(`n${at}`, `${at}\r\n${filler}`) }));
  await session.importMessages("INBOX", messages);
  return { session, ...(await session.selectMailbox("INBOX")) };
}

test("a search tells how far it is, and ends soon after its signal", async (t) => {
  const { session, selected } = await big(t);
  const told = [];
  const whole = await session.searchMailbox(selected, { body: "99 the QUICK" }, { onProgress: (progress) => told.push(progress) });
  assert.ok(told.length > 4, `${told.length} steps`);
  assert.deepEqual(told.flatMap(({ uids }) => [...uids]).sort((a, b) => a - b), [...whole.uids]);
  assert.equal(whole.uids.length, 15);
  assert.deepEqual(Object.keys(told.at(-1)).sort(), ["found", "searched", "total", "uids"]);
  assert.deepEqual([told.at(-1).searched, told.at(-1).total, told.at(-1).found], [BIG, BIG, 15]);

  // What is new meanwhile is told by the next call, not lost with the search that ended.
  await session.appendMessages("INBOX", [{ raw: mail("late", "late\r\n") }]);

  const waits = [];
  // So many words that there is a turn before all of the mailbox was gone through for them.
  const words = (key) => Array.from({ length: 60 }, (_, at) => `NOT ${key} nowhere${at}`).join(" ");
  const begun = [
    (options) => session.searchMailbox(selected, words("BODY"), options),
    (options) => session.search(words("TEXT"), options),
  ];
  for (const begin of begun) {
    for (const steps of [1, 2, 4]) {
      const controller = new AbortController();
      const reason = new Error("typed on");
      let aborted;
      let calls = 0;
      const onProgress = () => {
        calls += 1;
        assert.equal(aborted, undefined, "told after the end");
        if (calls !== steps) return;
        // In a turn of its own, as keys that are typed come.
        setTimeout(() => {
          aborted = performance.now();
          controller.abort(reason);
        }, 0);
      };
      await assert.rejects(begin({ signal: controller.signal, onProgress }), (error) => error === reason);
      waits.push(performance.now() - aborted);
    }
  }
  t.diagnostic(`ends came after ${waits.map((wait) => wait.toFixed(1)).join(", ")} ms`);
  assert.ok(Math.max(...waits) < 250, `${waits}`);
  const updates = await session.checkMailbox(selected);
  assert.equal(updates.exists, BIG + 1);
  assert.deepEqual([...(await session.searchMailbox(selected, { body: "late" })).uids], [BIG + 1]);
});

test("other work has its turns while bodies are searched", async (t) => {
  const { session, selected } = await big(t);
  const gaps = [];
  let last = performance.now();
  const ticking = setInterval(() => {
    gaps.push(performance.now() - last);
    last = performance.now();
  }, 1);
  const begun = performance.now();
  await session.searchMailbox(selected, { text: "nowhere" });
  const took = performance.now() - begun;
  clearInterval(ticking);
  gaps.push(performance.now() - last);
  const longest = Math.max(...gaps);
  t.diagnostic(`${gaps.length - 1} turns in ${took.toFixed(0)} ms, the longest wait ${longest.toFixed(1)} ms`);
  assert.ok(longest < took * 0.8 || took < 40, `a wait of ${longest} ms in ${took} ms`);
});

test("a signal that is aborted already, and one that waits for its turn", async (t) => {
  const { session, selected } = await filled(t);
  const reason = new Error("no");
  const isReason = (error) => error === reason;
  await assert.rejects(session.searchMailbox(selected, {}, { signal: AbortSignal.abort(reason) }), isReason);
  await assert.rejects(session.search({}, { signal: AbortSignal.abort(reason) }), isReason);
  const controller = new AbortController();
  const first = session.checkMailbox(selected);
  const second = session.searchMailbox(selected, { body: "x" }, { signal: controller.signal });
  controller.abort(reason);
  await assert.rejects(second, isReason);
  await first;
  // Aborted when all is done: nothing happens.
  const late = new AbortController();
  assert.equal((await session.search({}, { signal: late.signal })).count, 5);
  late.abort(reason);
  assert.equal((await session.searchMailbox(selected, {})).count, 5);
});

test("what a progress callback throws is what the search rejects with, and the view goes on", async (t) => {
  const { session, selected } = await filled(t);
  for (const thrown of [new Error("enough"), undefined, "text"]) {
    let calls = 0;
    const onProgress = () => {
      calls += 1;
      throw thrown;
    };
    for (const call of [() => session.searchMailbox(selected, { body: "x" }, { onProgress }), () => session.search({}, { onProgress })]) {
      calls = 0;
      await assert.rejects(call().then(() => assert.fail("it resolved"), (error) => Promise.reject({ error })), ({ error }) => error === thrown);
      assert.equal(calls, 1);
    }
  }
  // One that calls, and one that ends its own search.
  const nested = [];
  await session.searchMailbox(selected, { body: "x" }, { onProgress: () => nested.push(session.search({})) });
  assert.ok(nested.length > 0);
  for (const each of await Promise.all(nested)) assert.equal(each.count, 5);
  const controller = new AbortController();
  await assert.rejects(session.searchMailbox(selected, { text: "x" }, { signal: controller.signal, onProgress: () => controller.abort() }), { name: "AbortError" });
  assert.equal((await session.searchMailbox(selected, {})).count, 5);
});

test("updates come with the answer, expunges stay hidden, and a deleted mailbox is told", async (t) => {
  const { session, selected } = await filled(t);
  const { selected: two } = await session.selectMailbox("INBOX");
  await session.updateFlags(two, [1, 2], ["\\Deleted"]);
  await session.expungeMailbox(two, { uids: [1] });
  await session.appendMessages("INBOX", [{ raw: mail("new", "needle\r\n") }]);
  const found = await session.searchMailbox(selected, "OR DELETED BODY needle");
  // The first is gone and not announced, the new one is announced by this answer.
  assert.deepEqual([[...found.uids], [...found.seqs]], [[2], [2]]);
  assert.equal(found.updates.exists, 6);
  assert.deepEqual([...found.updates.flags.uid], [2, 6]);
  assert.equal(found.updates.expunged.uid.length, 0);
  const again = await session.searchMailbox(selected, "OR SUBJECT Compilers BODY needle");
  assert.deepEqual([[...again.uids], [...again.seqs]], [[1, 6], [1, 6]]);
  assert.equal(again.expungeIssued, true);
  assert.deepEqual([...(await session.checkMailbox(selected)).expunged.uid], [1]);
  await session.createMailbox("Doomed");
  const { selected: doomed } = await session.selectMailbox("Doomed");
  await session.deleteMailbox("Doomed");
  const end = await session.searchMailbox(doomed, {}, { return: ["count"] });
  assert.equal(end.updates.closed, true);
  await assert.rejects(session.searchMailbox(doomed, {}), { code: "CLOSED" });
});

testRegistering("flags, metadata and what lists show are searched without content or text", async () => {
  const CONTENT = 7;
  const TEXT = 8;
  const store = mapStore();
  const read = new Set();
  const counting = {
    ...store,
    close: undefined,
    read: (request) => {
      for (const key of request.keys) read.add(key[0]);
      for (const { from } of request.scans) read.add(from[0]);
      return store.read(request);
    },
  };
  registerBackend("counting", () => counting);
  const about = fresh({ backend: "counting" });
  const first = await openSession(about);
  await first.appendMessages("INBOX", MESSAGES);
  await first.close();
  /** The kinds of records that a search reads where nothing is in memory. */
  const readBy = async (keys) => {
    const session = await openSession(about);
    const { selected } = await session.selectMailbox("INBOX");
    read.clear();
    await session.searchMailbox(selected, keys);
    const kinds = new Set(read);
    await session.close();
    return kinds;
  };
  const cheap = [
    { seen: true, flagged: false, keyword: "work" },
    { since: "2026-01-01", savedSince: "2026-01-01", larger: 1, smaller: 9999, younger: 9 ** 9 },
    { or: [{ emailId: "M00" }, { threadId: "T00" }, { modseq: 1 }] },
    { from: "grace" },
    { to: "ada", subject: "compilers", cc: "x" },
    { or: [{ bcc: "x" }, { sentSince: "2026-01-01" }, { hasAttachment: true }] },
    { header: { From: "grace", "Message-ID": "x" } },
    // Decided before it comes to the text.
    { from: "nobody", body: "x" },
    { seen: true, flagged: true, text: "x" },
  ];
  for (const keys of cheap) {
    const kinds = await readBy(keys);
    assert.ok(!kinds.has(CONTENT) && !kinds.has(TEXT), `${JSON.stringify(keys)} read ${[...kinds]}`);
  }
  const body = await readBy({ body: "velocity" });
  assert.ok(body.has(TEXT) && !body.has(CONTENT), `${[...body]}`);
  const field = await readBy({ header: { Priority: "high" } });
  assert.ok(field.has(CONTENT) && !field.has(TEXT), `${[...field]}`);
});
