// Mailbox names with every oddity of Unicode: each is kept as it was given, is told from its likenesses,
// and can be used in every call; what cannot be a name is refused, with nothing changed. Checklist 29-33, 50.

import assert from "node:assert/strict";
import { test } from "node:test";

import { fresh, mail } from "./support/mail.mjs";
import { openSession } from "./support/open.mjs";

/** Pairs and groups that look alike, or that careless code takes for one another. */
const NAMES = [
  "é", // one character
  "e\u0301", // two
  "ﬁ",
  "fi",
  "Å",
  "\u212b", // the sign of the unit
  "ß",
  "ẞ",
  "ss",
  "ıNBOX", // without a dot
  "\u0130NBOX", // with one
  "INBO\u2169", // a Roman ten
  "I\u200dNBOX", // a joiner inside
  "\ufeffINBOX", // a byte order mark before
  "İ/i\u0307",
  "\u202egnp.exe\u202c", // turned
  "\u2066a\u2069",
  "שלום/مرحبا",
  "👩‍👩‍👧‍👦",
  "👩🏽‍🚀/🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
  "1️⃣",
  "각",
  "\u1100\u1161\u11a8",
  "Z\u0351\u036b\u0343\u036a\u0302A\u0321\u034aLGO",
  "\u00a0",
  " leading and trailing ",
  ".",
  "..",
  "a/../b",
  "__proto__",
  "constructor",
  "hasOwnProperty/toString",
  "&",
  "&-",
  "&AOk-",
  "+ABC-",
  "\\Noselect",
  '"quoted"',
  "(a b)",
  "{3}",
  "#news",
  "~root",
  "\u{10ffff}",
  "\ufffe",
  "\ue000",
  "𠮷".repeat(250), // 1,000 octets
  Array.from({ length: 100 }, (_, level) => level).join("/"),
];

const REFUSED = [
  "\ud83d", // half of one
  "a\udc00b",
  "a\u0000b",
  "\u0007",
  "a\nb",
  "\u007f",
  "\u2028", // the separators of lines and paragraphs (RFC 5198)
  "a\u2029b",
  "a*b",
  "a%b",
  "/",
  "//",
  "/a",
  "a//b",
  "",
  "𠮷".repeat(251),
  Array.from({ length: 101 }, (_, level) => level).join("/"),
];

const listed = async (session) => (await session.listMailboxes()).mailboxes.map(({ name }) => name);

test("s29 s50 every odd name is a mailbox of its own", async (t) => {
  const session = await openSession(fresh());
  t.after(() => session.close());
  const ids = new Set();
  for (const [at, name] of NAMES.entries()) {
    ids.add((await session.createMailbox(name)).mailboxId);
    await session.appendMessages(name, Array.from({ length: at + 1 }, () => ({ raw: mail(`to ${at}`) })));
  }
  assert.equal(ids.size, NAMES.length);
  const found = await listed(session);
  for (const [at, name] of NAMES.entries()) {
    assert.ok(found.includes(name), JSON.stringify(name));
    const { snapshot, selected } = await session.selectMailbox(name);
    assert.deepEqual([snapshot.name, snapshot.exists], [name, at + 1]);
    await session.closeMailbox(selected);
    const { mailboxes } = await session.listMailboxes({ pattern: name });
    assert.deepEqual(mailboxes.map((row) => row.name), [name]);
    await session.subscribe(name);
  }
  assert.equal((await session.status("INBOX")).exists, 0, "none of them is the INBOX");
  const { mailboxes: subscribed } = await session.listMailboxes({ subscribed: true });
  const chosen = subscribed.filter(({ name, attributes }) => name !== "INBOX" && attributes.includes("\\Subscribed"));
  assert.deepEqual(chosen.map(({ name }) => name).sort(), [...NAMES].sort());
  for (const [at, name] of NAMES.entries()) {
    // The level below a name of the greatest length would be too long.
    const after = `renamed ${at}`;
    await session.renameMailbox(name, after);
    assert.equal((await session.status(after)).exists, at + 1, JSON.stringify(name));
    await assert.rejects(session.status(name), { code: "NOT_FOUND" });
    await session.renameMailbox(after, name);
    await session.deleteMailbox(name);
  }
  assert.deepEqual((await session.verify()).problems, []);
});

test("s33 what is no name is refused everywhere, and nothing changes", async (t) => {
  const session = await openSession(fresh());
  t.after(() => session.close());
  await session.createMailbox("Other");
  const before = await listed(session);
  for (const name of REFUSED) {
    for (const attempt of [
      () => session.createMailbox(name),
      () => session.renameMailbox("Other", name),
      () => session.appendMessages(name, [{ raw: "x" }]),
      () => session.selectMailbox(name),
      () => session.setReadonly(name, true),
      () => session.mailboxSet.addMailbox(name),
    ]) {
      await assert.rejects(attempt, ({ code }) => ["INVALID_ARGUMENT", "LIMIT", "NOT_FOUND", "TRY_CREATE"].includes(code), JSON.stringify(name));
    }
  }
  assert.deepEqual(await listed(session), before);
});

test("s49 patterns of any kind end soon", async (t) => {
  const session = await openSession(fresh());
  t.after(() => session.close());
  const long = "a".repeat(900);
  for (let at = 0; at < 200; at += 1) await session.createMailbox(`${long}${at}`);
  const patterns = ["*a".repeat(1500), "%a".repeat(1500), `${"*a%".repeat(1000)}b`, "*".repeat(4096), `${"%*".repeat(2000)}z`, "a".repeat(4096)];
  const began = performance.now();
  for (const pattern of patterns) await session.listMailboxes({ pattern });
  // Trying all ways would take longer than there is time in the world; following them at once, well under a second.
  assert.ok(performance.now() - began < 60_000);
});
