// Filters and delivery through the JavaScript API, in Node on the memory backend.

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

async function active(session, script) {
  await session.filterSet.put("main", script);
  await session.filterSet.setActive("main");
}

const places = ({ stored }) => stored.map(({ mailbox, uid }) => `${mailbox} ${uid}`);

test("scripts are put, got, renamed, made active and deleted", async (t) => {
  const session = await open(t);
  const { filterSet } = session;
  assert.equal(session.filterSet, filterSet);
  assert.deepEqual(await filterSet.getAll(), { active: undefined, names: [] });
  assert.equal(await filterSet.getActive(), undefined);
  const script = "# größer\r\nkeep;\r\n";
  assert.equal(await filterSet.put("b", script), undefined);
  await filterSet.put("a", "discard;", { durability: "strict" });
  await filterSet.put("b", `${script}stop;`);
  assert.equal(await filterSet.get("b"), `${script}stop;`);
  assert.equal(await filterSet.setActive("b"), undefined);
  assert.equal(await filterSet.getActive(), `${script}stop;`);
  await filterSet.rename("b", "Größe");
  assert.deepEqual(await filterSet.getAll(), { active: "Größe", names: ["Größe", "a"] });
  await assert.rejects(filterSet.delete("Größe"), { code: "ACTIVE" });
  await assert.rejects(filterSet.rename("a", "Größe"), { code: "ALREADY_EXISTS" });
  await assert.rejects(filterSet.rename("a", "a"), { code: "ALREADY_EXISTS" });
  for (const call of [filterSet.get("b"), filterSet.delete("b"), filterSet.rename("b", "c"), filterSet.setActive("b")]) {
    await assert.rejects(call, { code: "NOT_FOUND", imapCode: "NONEXISTENT" });
  }
  await filterSet.clearActive();
  await filterSet.delete("Größe");
  assert.deepEqual(await filterSet.getAll(), { active: undefined, names: ["a"] });
});

test("what does not compile is refused, with its place", async (t) => {
  const { filterSet } = await open(t);
  const wrong = 'require "fileinto";\r\n  fileintoo "x";\r\n';
  for (const call of [filterSet.put("a", wrong), filterSet.check(wrong), filterSet.test(wrong, mail("x"))]) {
    await assert.rejects(call, (error) => {
      assert.ok(error instanceof MailboxError);
      assert.deepEqual([error.code, error.line, error.column], ["INVALID_ARGUMENT", 2, 3]);
      return true;
    });
  }
  await assert.rejects(filterSet.put("", "keep;"), { code: "INVALID_ARGUMENT", line: undefined, column: undefined });
  await assert.rejects(filterSet.put("x".repeat(256), "keep;"), { code: "LIMIT" });
  const long = `#${"x".repeat(1024 * 1024)}`;
  for (const call of [filterSet.put("a", long), filterSet.check(long), filterSet.check("ü".repeat(600_000)), filterSet.test(long, "x")]) {
    await assert.rejects(call, (error) => ["LIMIT", "INVALID_ARGUMENT"].includes(error.code));
  }
  assert.deepEqual((await filterSet.getAll()).names, []);
  assert.equal(await filterSet.check("keep;"), undefined);
  const extensions = await filterSet.extensions();
  assert.ok(extensions.includes("fileinto") && extensions.includes("vacation"));
  for (const extension of extensions) await filterSet.check(`require "${extension}";`);
});

test("a delivery without a filter, and with one", async (t) => {
  const session = await open(t);
  await session.createMailbox("Work");
  const { selected } = await session.selectMailbox("INBOX");
  const internalDate = new Date("2026-01-01T12:00:00Z");
  const first = await session.deliver(mail("one"), { flags: ["\\Seen"], internalDate, zoneMinutes: 60, selected, durability: "strict" });
  assert.deepEqual(places(first), ["INBOX 1"]);
  assert.equal(first.updates.exists, 1);
  assert.deepEqual([first.actions, first.missing, first.discarded, first.filterError], [[], [], false, undefined]);
  const { messages } = await session.fetchMessages(selected, "1");
  assert.deepEqual([messages[0].flags, messages[0].internalDate, messages[0].zoneMinutes], [["\\Recent", "\\Seen"], internalDate, 60]);
  assert.deepEqual(places(await session.deliver(new Blob([mail("two")]), { mailbox: "Work" })), ["Work 1"]);

  await active(
    session,
    `require ["fileinto", "mailbox", "imap4flags", "envelope", "copy", "vacation", "reject"];
     if header :contains "subject" "spam" { discard; stop; }
     if envelope :is "from" "rude@example.org" { reject "Please\r\nnot."; stop; }
     if envelope :is "to" "team@example.org" { redirect :copy "grace@example.net"; }
     vacation :days 3 :subject "Away" :handle "h" "Back in May.";
     fileinto :create :flags "\\\\Flagged" "Lists/New"; fileinto "Gone"; fileinto "Work";`,
  );
  const raw = mail("hello", "Hello.\r\n", "Message-ID: <m@x>\r\n");
  const result = await session.deliver(raw, { sender: "a@example.org", recipient: "ada@example.org", selected });
  assert.deepEqual(places(result), ["Lists/New 1", "INBOX 2", "Work 2"]);
  assert.equal(result.stored[2].uidValidity, (await session.status("Work")).uidValidity);
  assert.deepEqual(result.missing, [{ mailbox: "Gone", code: "NOT_FOUND" }]);
  assert.equal(result.actions.length, 1);
  const { reason, ...vacation } = result.actions[0];
  assert.match(reason, /^Back in May\./);
  assert.deepEqual(vacation, {
    type: "vacation", to: "a@example.org", from: undefined, subject: "Away", mime: false, addresses: [], seconds: 3 * 86_400, handle: "h",
  });
  const list = await session.selectMailbox("Lists/New");
  const [filed] = (await session.fetchMessages(list.selected, "1", { source: true })).messages;
  assert.deepEqual([filed.flags, new TextDecoder().decode(filed.source)], [["\\Flagged", "\\Recent"], raw]);

  const sent = await session.deliver(raw, { sender: "", recipient: "team@example.org" });
  assert.deepEqual(sent.actions, [{ type: "redirect", address: "grace@example.net" }]);
  const before = await session.status("INBOX");
  const dropped = await session.deliver(mail("spam"));
  assert.deepEqual([dropped.stored, dropped.discarded], [[], true]);
  await assert.rejects(session.deliver(raw, { sender: "rude@example.org" }), { code: "APPEND_FAILURE", message: "Please\r\nnot." });
  await assert.rejects(session.deliver(raw, { mailbox: "No/such" }), { code: "TRY_CREATE" });
  assert.deepEqual(await session.status("INBOX"), before);
  assert.deepEqual((await session.verify()).problems, []);
});

test("a filter that fails keeps the message", async (t) => {
  const session = await open(t);
  await active(session, Array.from({ length: 100 }, (_, n) => `redirect "r${n}@example.org";\r\n`).join(""));
  const { stored, actions, filterError } = await session.deliver("Subject: x\r\n\r\n");
  assert.deepEqual([stored.length, actions], [1, []]);
  assert.ok(filterError.line > 1 && filterError.column === 1 && filterError.message.length > 5);
});

test("a script is tested without storing anything", async (t) => {
  const session = await open(t);
  const { filterSet } = session;
  const before = await session.status("INBOX");
  const script = `require ["fileinto", "imap4flags", "mailbox"];
    if mailboxexists "INBOX" { fileinto :create :flags "$Label" "A"; redirect "b@example.org"; keep; }`;
  assert.deepEqual(await filterSet.test(script, new TextEncoder().encode(mail("x"))), {
    actions: [
      { type: "fileinto", mailbox: "A", flags: ["$Label"], create: true },
      { type: "redirect", address: "b@example.org" },
      { type: "keep", flags: undefined },
    ],
  });
  assert.deepEqual(await filterSet.test("discard;", mail("x")), { actions: [] });
  const rejected = await filterSet.test('require "ereject"; ereject "no";', mail("x"), { sender: "a@b", recipient: "c@d", mailbox: "A" });
  assert.deepEqual(rejected.actions, [{ type: "reject", reason: "no", ereject: true }]);
  assert.deepEqual(await session.status("INBOX"), before);
  assert.deepEqual((await session.listMailboxes()).mailboxes.length, 1);
  assert.deepEqual((await filterSet.getAll()).names, []);
});

test("filters are one person's, shared by sessions, and gone with the session's end", async (t) => {
  const options = fresh();
  const session = await openSession(options);
  const other = await openSession(options);
  t.after(() => other.close());
  await active(session, "discard;");
  assert.equal((await other.deliver("Subject: x\r\n\r\n")).discarded, true);
  const { filterSet } = session;
  await session.close();
  for (const method of ["get", "put", "delete", "rename", "setActive", "clearActive", "getActive", "getAll", "extensions", "check", "test"]) {
    await assert.rejects(filterSet[method]("a", "b"), { code: "CLOSED" }, method);
  }
  await assert.rejects(session.deliver("x"), { code: "CLOSED" });
  assert.deepEqual(await other.filterSet.getAll(), { active: "main", names: ["main"] });
});

test("a delivery that is aborted before it began stores nothing", async (t) => {
  const session = await open(t);
  const reason = new Error("no");
  await assert.rejects(session.deliver("x", { signal: AbortSignal.abort(reason) }), (error) => error === reason);
  assert.equal((await session.status("INBOX")).exists, 0);
});

testRegistering("s135 filters are in the store, each change as durable as it was asked to be", async (t) => {
  const asked = [];
  const store = mapStore();
  const { commit } = store;
  store.commit = (batch) => {
    asked.push(batch.durability);
    return commit.call(store, batch);
  };
  registerBackend("filters", () => store);
  const options = fresh({ backend: "filters" });
  const session = await openSession(options);
  asked.length = 0;
  const strict = { durability: "strict" };
  await session.filterSet.put("a", "keep;");
  await session.filterSet.put("b", 'require ["fileinto", "mailbox"]; fileinto :create "New"; keep;', strict);
  await session.filterSet.setActive("b", strict);
  await session.filterSet.setActive("b", strict);
  await session.filterSet.rename("a", "c");
  await session.filterSet.delete("c", strict);
  assert.deepEqual(asked, ["relaxed", "strict", "strict", "relaxed", "strict"], "what changes nothing is no commit");
  asked.length = 0;
  assert.deepEqual(places(await session.deliver(mail("x"), strict)), ["New 1", "INBOX 1"]);
  assert.equal(asked[0], "strict");
  await session.close();

  const again = await openSession(options);
  t.after(() => again.close());
  assert.deepEqual(await again.filterSet.getAll(), { active: "b", names: ["b"] });
  const commits = store.commits;
  store.fail = () => {
    throw Object.assign(new Error("full"), { code: "QUOTA_EXCEEDED" });
  };
  await assert.rejects(again.deliver(mail("y")), { code: "QUOTA_EXCEEDED" });
  await assert.rejects(again.filterSet.put("d", "keep;"), { code: "QUOTA_EXCEEDED" });
  store.fail = undefined;
  assert.equal(store.commits, commits);
  assert.deepEqual((await again.filterSet.getAll()).names, ["b"]);
  assert.deepEqual(places(await again.deliver(mail("y"))), ["New 2", "INBOX 2"]);
  assert.deepEqual((await again.verify()).problems, []);
});
