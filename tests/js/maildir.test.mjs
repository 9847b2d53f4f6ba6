// Maildir: trees of both kinds read, written, and the round trip with flags, keywords and dates.

import assert from "node:assert/strict";
import { mkdir, readFile, readdir, stat, symlink, utimes, writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

import { openSession } from "../../pkg/index.js";
import { exportMaildir, importMaildir, listMaildir, readMaildir, writeMaildir } from "../../pkg/maildir.js";
import { decodedFolder, encodedFolder, flagsOf, folderName, parseKeywords, uniquePart } from "../../pkg/maildir_names.js";
import { folder } from "./support/browser.mjs";
import { fresh, mail } from "./support/mail.mjs";
import { anyOctets, contents, hex, random } from "./support/octets.mjs";

async function opened(t) {
  const session = await openSession(fresh());
  t.after(() => session.close());
  return session;
}

async function maildir(root, ...levels) {
  const made = path.join(root, ...levels);
  for (const name of ["cur", "new", "tmp"]) await mkdir(path.join(made, name), { recursive: true });
  return made;
}

async function all(directory, options) {
  const messages = [];
  for await (const message of readMaildir(directory, options)) messages.push(message);
  return messages;
}

const subject = ({ raw }) => /Subject: (.*)\r/.exec(new TextDecoder().decode(raw))?.[1];

test("flags, keywords, dates and order of a folder", async (t) => {
  const root = await maildir(await folder(t));
  const put = async (name, what, date) => {
    await writeFile(path.join(root, name), mail(what));
    await utimes(path.join(root, name), date, date);
  };
  await put("cur/1700000003.M1P2.host,S=9:2,FRS", "third", 1_600_000_000);
  await put("cur/1700000001.M1P2.host:2,Sab", "first", 1_600_000_001);
  await put("new/1700000002.M1P2.host", "second", 1_600_000_002);
  await put("cur/1700000004.x;2,DT", "fourth", 1_600_000_003);
  await put("cur/1700000005.x!2,P", "fifth", 1_600_000_004);
  await put("cur/unnumbered", "zeroth", 1_600_000_005);
  await put("tmp/1700000006.x", "unfinished", 1_600_000_006);
  await put("cur/.hidden", "hidden", 1_600_000_006);
  await mkdir(path.join(root, "cur/folder"));
  await writeFile(path.join(root, "dovecot-keywords"), "0 Work\n1 $Junk\nnonsense\n27 Far\n");
  const messages = await all(root);
  assert.deepEqual(messages.map(subject), ["zeroth", "first", "second", "third", "fourth", "fifth"]);
  assert.deepEqual(messages.map(({ flags }) => flags), [
    [],
    ["\\Seen", "Work", "$Junk"],
    [],
    ["\\Flagged", "\\Answered", "\\Seen"],
    ["\\Draft", "\\Deleted"],
    ["$Forwarded"],
  ]);
  assert.equal(messages[1].internalDate.getTime(), 1_600_000_001_000);
  const named = await all(pathToFileURL(root), { date: "name" });
  assert.deepEqual(named.map(({ internalDate }) => internalDate.getTime() / 1000), [1_600_000_005, 1_700_000_001, 1_700_000_002, 1_700_000_003, 1_700_000_004, 1_700_000_005]);
});

test("a message whose flags change while it is read is found under its new name, one that goes is passed over", async (t) => {
  const root = await maildir(await folder(t));
  for (const number of [1, 2, 3]) await writeFile(path.join(root, "new", `170000000${number}.x`), mail(`${number}`));
  const { rename, rm } = await import("node:fs/promises");
  const reader = readMaildir(root);
  assert.equal(subject((await reader.next()).value), "1");
  await rename(path.join(root, "new/1700000002.x"), path.join(root, "cur/1700000002.x:2,S"));
  await rm(path.join(root, "new/1700000003.x"));
  const { value } = await reader.next();
  assert.deepEqual([subject(value), value.flags], ["2", ["\\Seen"]]);
  assert.equal((await reader.next()).done, true);
});

test("trees: Maildir++ and folders within folders; links and circles are left alone", async (t) => {
  const root = await folder(t);
  await maildir(root);
  await maildir(root, ".Sent");
  await maildir(root, ".Archive.2026");
  await maildir(root, ".Entw&APw-rfe");
  await maildir(root, "Plain", "Below");
  await maildir(root, ".R&D");
  await maildir(root, "a*b%\n");
  await maildir(root, "a_b__");
  await maildir(root, ".inbox");
  await mkdir(path.join(root, "empty"));
  await symlink(root, path.join(root, "circle"), "dir");
  const found = await listMaildir(root);
  assert.deepEqual(found.map(({ mailbox }) => mailbox), ["INBOX", "Archive/2026", "Entwürfe", "R&D", "Sent", "INBOX (2)", "Plain/Below", "a_b__", "a_b__ (2)"]);
  assert.equal(found[1].path, path.join(root, ".Archive.2026"));
  const controller = AbortSignal.abort(new Error("no"));
  await assert.rejects(listMaildir(root, { signal: controller }), /no/);
  await assert.rejects(listMaildir(path.join(root, "nowhere")), { code: "NOT_FOUND" });
  await assert.rejects(listMaildir(path.join(root, "empty")), { code: "INVALID_ARGUMENT" });
  await assert.rejects(all(path.join(root, "empty")), { code: "INVALID_ARGUMENT" });
  await assert.rejects(all(path.join(root, "nowhere")), { code: "NOT_FOUND" });
  for (const wrong of [7, "", "a\0b", null]) await assert.rejects(listMaildir(wrong), { code: "INVALID_ARGUMENT" });
});

test("any octets, flags, keywords and dates survive a tree of folders", { timeout: 60_000 }, async (t) => {
  const [before, after] = [await opened(t), await opened(t)];
  const next = random(11);
  const flags = [[], ["\\Seen"], ["\\Answered", "\\Flagged"], ["\\Deleted", "\\Draft", "$Forwarded"], ["Work", "$Junk"], ["\\Seen", "work"]];
  const names = ["INBOX", "Sent", "Archive/2026/März", "a.b", "R&D", "con:1", "..", "q?s", "日本語"];
  for (const name of names) {
    if (name !== "INBOX") await before.createMailbox(name);
    const messages = Array.from({ length: 40 }, (_, at) => ({
      raw: anyOctets(next),
      flags: flags[next(flags.length)],
      // Milliseconds, to which file systems keep dates; each a little later.
      internalDate: new Date(1_700_000_000_000 + at * 700 + next(600)),
    }));
    await before.importMessages(name, messages);
  }
  const root = path.join(await folder(t), "new", "tree");
  const written = await exportMaildir(before, root);
  assert.deepEqual([written.messages, written.missing, written.keywordsDropped], [names.length * 40, 0, 0]);
  assert.deepEqual((await readdir(path.join(root, "tmp"))), []);
  const told = [];
  const imported = await importMaildir(after, root, { onProgress: (each) => told.push(each) });
  assert.equal(imported.messages, names.length * 40);
  assert.equal(told.at(-1).messages, imported.messages);
  assert.deepEqual((await after.listMailboxes()).mailboxes.map(({ name }) => name).sort(), (await before.listMailboxes()).mailboxes.map(({ name }) => name).sort());
  const sorted = (message) => [...message.flags].filter((flag) => flag !== "\\Recent").sort();
  for (const name of names) {
    const [old, fresh] = [await contents(before, name), await contents(after, name)];
    assert.deepEqual(fresh.map(({ source }) => hex(source)), old.map(({ source }) => hex(source)), name);
    assert.deepEqual(fresh.map(sorted), old.map(sorted), name);
    assert.deepEqual(fresh.map(({ internalDate }) => internalDate), old.map(({ internalDate }) => internalDate), name);
  }
  // Again, nothing is new.
  const again = await importMaildir(after, root, { skipDuplicates: true });
  assert.deepEqual([again.messages, again.skipped], [0, names.length * 40]);
  await after.createMailbox("Below");
  const below = await importMaildir(after, root, { mailbox: "Below", importId: "tree" });
  assert.deepEqual(below.mailboxes.slice(0, 2).map(({ mailbox }) => mailbox), ["Below", "Below/.."]);
  assert.equal((await importMaildir(after, root, { mailbox: "Below", importId: "tree" })).resumed, names.length * 40);
});

test("what is written stands beside what was there, whole, with names and modes of its own", async (t) => {
  const session = await opened(t);
  const root = await maildir(await folder(t));
  await writeFile(path.join(root, "dovecot-keywords"), "1 Theirs\n");
  await writeFile(path.join(root, "cur/1.theirs:2,b"), mail("theirs"));
  await session.appendMessages("INBOX", [
    { raw: mail("seen"), flags: ["\\Seen", "Ours", "theirs"], internalDate: new Date(1_700_000_000_123) },
    { raw: mail("new") },
  ]);
  await writeMaildir(session, "INBOX", root, { separator: "!" });
  await writeMaildir(session, "INBOX", root);
  assert.equal(await readFile(path.join(root, "dovecot-keywords"), "utf8"), "0 Ours\n1 Theirs\n");
  const cur = await readdir(path.join(root, "cur"));
  assert.equal(cur.filter((name) => /^1700000000\.M123000P\d+R[0-9a-f]+Q0{7}1\.[\w.\-]+,S=\d+[!:]2,Sab$/.test(name)).length, 2, cur);
  assert.equal((await readdir(path.join(root, "new"))).length, 2);
  const { mtimeMs, mode } = await stat(path.join(root, "cur", cur.find((name) => name.includes("!"))));
  assert.equal(Math.round(mtimeMs), 1_700_000_000_123);
  if (process.platform !== "win32") assert.equal(mode & 0o777, 0o600);
  assert.deepEqual((await all(root)).map(subject).sort(), ["new", "new", "seen", "seen", "theirs"]);
});

test("more than 26 keywords: the others are dropped, and that is told", async (t) => {
  const session = await opened(t);
  const root = await folder(t);
  await session.appendMessages("INBOX", [{ raw: mail("x"), flags: Array.from({ length: 30 }, (_, at) => `k${at}`) }]);
  assert.equal((await writeMaildir(session, "INBOX", root)).keywordsDropped, 4);
  assert.equal((await all(root))[0].flags.length, 26);
});

test("a signal ends reading and writing", async (t) => {
  const session = await opened(t);
  const root = await folder(t);
  await session.importMessages("INBOX", Array.from({ length: 500 }, (_, at) => mail(`${at}`)));
  const controller = new AbortController();
  const reason = new Error("enough");
  const writing = writeMaildir(session, "INBOX", root, { signal: controller.signal, onProgress: () => controller.abort(reason) });
  await assert.rejects(writing, (error) => error === reason);
  const files = await readdir(path.join(root, "new"));
  assert.ok(files.length > 0 && files.length < 500);
  await assert.rejects(all(root, { signal: controller.signal }), (error) => error === reason);
});

test("names: flags, modified UTF-7, and what it leaves alone", () => {
  assert.equal(uniquePart("1.x,S=1:2,FS"), "1.x,S=1");
  assert.equal(uniquePart("1.x:y:1,old"), "1.x:y");
  assert.deepEqual(flagsOf("1.x:2,SSQ", []), ["\\Seen"]);
  assert.deepEqual(parseKeywords("0 a\r\n2 c\n26 z\n"), ["a", , "c"]);
  for (const level of ["a.b", "&", "日本語&x", "😀", "INBOX", "a\\b:c*", ".", "é"]) {
    const encoded = encodedFolder(level);
    assert.match(encoded, /^[^./\\:*?"<>|\u0000-\u001f\u007f-\uffff]+$/);
    assert.equal(decodedFolder(encoded), level);
  }
  for (const plain of ["R&D", "&AOk", "&!-", "&2D0-", "über", "&AA-"]) assert.equal(decodedFolder(plain), plain);
  assert.equal(folderName("INBOX"), "");
  assert.equal(folderName("A/B.C"), ".A.B&AC4-C");
  assert.throws(() => folderName("日".repeat(200)), { code: "LIMIT" });
});
