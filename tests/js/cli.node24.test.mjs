// The command line as a program: what it prints, its exit codes, its JSON, signals, and real mail through it.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { mkdir, readFile, readdir, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { Output, column, shown, size } from "../../pkg/cli/output.js";
import { searchText } from "../../pkg/cli/look.js";
import { readMbox } from "../../pkg/mbox.js";
import { version } from "../../pkg/version.js";
import { folder } from "./support/browser.mjs";
import { index, writeCorpus } from "./support/corpus.mjs";
import { mail } from "./support/mail.mjs";

const PROGRAM = fileURLToPath(new URL("../../pkg/cli/main.js", import.meta.url));

/** A place for databases that the test has for itself, and the program run on it. */
async function place(t) {
  const directory = await folder(t);
  const start = (words, more = {}) => {
    const env = { ...process.env, OFFLINE_MAILBOX_OWNER: "ada@example.org", XDG_DATA_HOME: directory, HOME: directory };
    const child = spawn(process.execPath, [PROGRAM, ...words], { env, stdio: ["pipe", "pipe", "pipe"], ...more });
    const timer = setTimeout(() => child.kill("SIGKILL"), 120_000);
    const out = [];
    const err = [];
    child.stdout.on("data", (chunk) => out.push(chunk));
    child.stderr.on("data", (chunk) => err.push(chunk));
    child.stdin.on("error", () => {});
    const ended = once(child, "close").then(([code, signal]) => {
      clearTimeout(timer);
      const octets = Buffer.concat(out);
      return { code: code ?? signal, octets, out: octets.toString(), err: Buffer.concat(err).toString() };
    });
    return { child, ended };
  };
  const run = (...words) => {
    const { child, ended } = start(words);
    child.stdin.end();
    return ended;
  };
  const json = async (...words) => {
    const { code, out, err } = await run(...words, "--json");
    assert.equal(code, 0, err);
    assert.equal(err, "");
    return out.trimEnd().split("\n").filter(Boolean).map((line) => JSON.parse(line));
  };
  return { directory, start, run, json, file: (name) => path.join(directory, name) };
}

const LINE = "From ada@example.org Thu Jan  1 10:20:30 2026";
const MBOX = `${LINE}\nStatus: RO\nX-Status: F\n${mail("Hello there").replaceAll("\r", "")}\n${LINE}\n${mail("Second", "Two\u001b[31m\u0007\n").replaceAll("\r", "")}\n`;

const sha256 = (octets) => createHash("sha256").update(octets).digest("hex");

test("the journey: import, ls, search, show, export, verify, stats", { timeout: 240_000 }, async (t) => {
  const { run, json, file, start } = await place(t);
  const none = await run("ls");
  assert.deepEqual([none.code, none.out], [1, ""]);
  assert.match(none.err, /^offline-mailbox: there is no database .*import makes one\n$/);
  await writeFile(file("a.mbox"), MBOX);
  const imported = await run("import", file("a.mbox"), "-m", "Work");
  assert.deepEqual([imported.code, imported.err], [0, ""]);
  assert.match(imported.out, /^2 messages \(\d+ B\) imported in \d+\.\d s\n$/);
  const [again] = await json("import", file("a.mbox"), "-m", "Work", "--skip-duplicates");
  assert.deepEqual([again.messages, again.skipped], [0, 2]);

  const { child, ended } = start(["import", "-", "--json"]);
  child.stdin.end(mail("From standard input"));
  assert.equal(JSON.parse((await ended).out).messages, 1);
  const both = start(["import", "-", "--skip-duplicates", "--anywhere", "--json"]);
  both.child.stdin.end(MBOX);
  assert.equal(JSON.parse((await both.ended).out).skipped, 2);

  const mailboxes = await json("ls");
  assert.deepEqual(mailboxes.map(({ name, exists, unseen }) => [name, exists, unseen]), [["INBOX", 1, 1], ["Work", 2, 1]]);
  assert.match((await run("ls")).out, /^ +1 +1 new +\d+ B {2}INBOX\n +2 +1 new +\d+ B {2}Work\n$/);
  const rows = await json("ls", "Work");
  assert.deepEqual(rows.map(({ uid, subject, internalDate }) => [uid, subject, internalDate]), [
    [2, "Second", "2026-01-01T10:20:30.000Z"],
    [1, "Hello there", "2026-01-01T10:20:30.000Z"],
  ]);
  assert.ok(rows[1].flags.includes("\\Flagged") && rows[1].flags.includes("\\Seen"));
  assert.equal((await json("ls", "Work", "--limit", "1")).length, 1);

  const found = await json("search", "FROM", "grace", "SUBJECT", "hello there");
  assert.deepEqual(found.map(({ mailbox, uid }) => [mailbox, uid]), [["Work", 1]]);
  assert.equal((await json("search", 'OR SUBJECT second SUBJECT "standard input"')).length, 2);
  assert.equal((await json("search", "ALL", "-m", "Work", "-n", "1"))[0].uid, 2);
  const nothing = await run("search", "SUBJECT", "nowhere");
  assert.deepEqual([nothing.code, nothing.out, nothing.err], [0, "", "0 messages found\n"]);
  const wrong = await run("search", "SUBJECT", "(", "--json");
  assert.deepEqual([wrong.code, wrong.out, JSON.parse(wrong.err).error.code], [1, "", "INVALID_ARGUMENT"]);

  const shown = await run("show", "Work", "2");
  assert.match(shown.out, /^From: +Grace Hopper <grace@example.org>\nTo: +ada@example.org\nSubject: +Second\n/);
  // Nothing of a message commands the terminal.
  assert.match(shown.out, /\n\nTwo\ufffd\[31m\ufffd\n$/);
  const source = await run("show", "Work", "2", "--source");
  assert.equal(source.out, mail("Second", "Two\u001b[31m\u0007\n").replaceAll("\r", ""));
  assert.equal((await run("show", "Work", "2", "--text")).out.slice(0, 3), "Two");
  assert.equal((await run("show", "Work", "2", "--part", "1")).out, "Two\u001b[31m\u0007\n");
  const [whole] = await json("show", "Work", "2");
  assert.deepEqual([whole.subject, whole.text, whole.attachments], ["Second", "Two\u001b[31m\u0007\n", []]);
  assert.equal(Buffer.from((await json("show", "Work", "2", "--source"))[0].base64, "base64").toString(), source.out);
  for (const words of [["show", "Work", "9"], ["show", "Nowhere", "1"], ["show", "Work", "1", "--html"], ["show", "Work", "1", "--part", "7"]]) {
    const { code, err } = await run(...words, "--json");
    assert.deepEqual([code, JSON.parse(err).error.code], [1, "NOT_FOUND"], words.join(" "));
  }

  const exported = await run("export", "Work", "--status");
  assert.equal(exported.code, 0);
  assert.match(exported.err, /^2 messages \(\d+ B\) exported\n$/);
  const read = [];
  for await (const message of readMbox(exported.octets, { stripStatus: true })) read.push(message);
  assert.deepEqual(read.map(({ flags }) => flags), [["\\Flagged", "\\Seen"], []]);
  assert.equal((await run("export", "Work", "-o", file("out.mbox"), "--uids", "2")).code, 0);
  assert.match(await readFile(file("out.mbox"), "utf8"), /^From grace@example.org Thu Jan {2}1 10:20:30 2026\n/);
  assert.match((await run("export", "Work", "-o", file("out.mbox"))).err, /is there already; --force/);
  assert.equal((await run("export", "Work", "-o", file("out.mbox"), "--force", "--quiet")).code, 0);
  const [emls] = await json("export", "Work", "-f", "eml", "-o", file("eml"));
  assert.deepEqual([emls.messages, emls.output], [2, file("eml")]);
  assert.deepEqual((await readdir(file("eml"))).sort(), ["Hello there.eml", "Second.eml"]);
  assert.equal((await stat(file("eml/Second.eml"))).mtime.toISOString(), "2026-01-01T10:20:30.000Z");
  assert.equal((await run("export", "Work", "-f", "eml", "-o", file("eml"))).code, 0);
  assert.equal((await readdir(file("eml"))).length, 4);
  assert.equal((await run("export", "Work", "-f", "zip", "-o", file("a.zip"))).code, 0);
  assert.equal((await readFile(file("a.zip"))).toString("latin1", 0, 4), "PK\u0003\u0004");
  assert.equal((await json("export", "--all", "-f", "maildir", "-o", file("Maildir")))[0].messages, 3);
  assert.equal((await json("import", file("Maildir"), "-m", "Copy"))[0].messages, 3);
  await writeFile(file("eml/more.mbox"), MBOX);
  await writeFile(file("eml/ignored.txt"), "no mail");
  assert.equal((await json("import", file("eml"), "-m", "Emls", "--resume", "folder"))[0].messages, 6);
  const [resumed] = await json("import", file("eml"), "-m", "Emls", "--resume", "folder");
  assert.deepEqual([resumed.messages, resumed.resumed], [0, 6]);
  assert.deepEqual((await json("ls")).map(({ name }) => name), ["INBOX", "Work", "Copy", "Copy/Work", "Emls"]);

  assert.deepEqual(await json("verify"), []);
  assert.match((await run("verify")).err, /^all is well\n$/);
  const [sums] = await json("stats");
  assert.deepEqual([sums.mailboxes, sums.messages, sums.owner, sums.backend], [5, 12, "ada@example.org", "sqlite"]);
  assert.equal((await stat(sums.file)).isFile(), true);
  assert.match((await run("stats")).out, /^12 messages in 5 mailboxes, \d+ unseen\n/);
});

test("databases by file and by folder, and another owner's", { timeout: 60_000 }, async (t) => {
  const { run, json, file } = await place(t);
  await writeFile(file("a.eml"), mail("one"));
  await json("import", file("a.eml"), "--db", file("own.db"));
  assert.equal((await json("stats", "--db", file("own.db")))[0].file, file("own.db"));
  await json("import", file("a.eml"), "--directory", file("folder"), "--owner", "grace@example.org");
  assert.equal((await readdir(file("folder"))).filter((name) => name.endsWith(".sqlite")).length, 1);
  assert.equal((await run("ls", "--db", file("own.db"), "--owner", "grace@example.org")).code, 1);
  assert.equal((await run("ls", "--db", file("none.db"))).code, 1);
  await assert.rejects(stat(file("none.db")));
});

test("command lines that are wrong: exit code 2, one line, and nothing done", { timeout: 240_000 }, async (t) => {
  const { run, directory } = await place(t);
  const wrong = [
    [], ["bogus"], ["ls", "a", "b"], ["ls", "--bogus"], ["ls", "--limit", "x"], ["import"], ["import", "a", "--format", "pst"],
    ["import", "a", "--anywhere"], ["import", "a", "b", "--resume", "x"], ["export"], ["export", "a", "-f", "eml"], ["export", "--all"],
    ["export", "a", "-f", "zip", "--status"], ["search"], ["show", "INBOX"], ["show", "INBOX", "0"], ["show", "INBOX", "x"],
    ["show", "INBOX", "1", "--text", "--html"], ["verify", "x"], ["stats", "x"], ["ls", "--db", "a", "--directory", "b"],
  ];
  for (const words of wrong) {
    const { code, out, err } = await run(...words);
    assert.deepEqual([code, out], [2, ""], words.join(" "));
    assert.match(err, /^offline-mailbox: [^\n]+--help tells more\n$/, words.join(" "));
  }
  const { err } = await run("ls", "--bogus", "--json");
  assert.equal(JSON.parse(err).error.code, "USAGE");
  assert.deepEqual(await readdir(directory), []);
});

test("--help for all and each, --version", { timeout: 60_000 }, async (t) => {
  const { run } = await place(t);
  const general = await run("--help");
  assert.deepEqual([general.code, general.err], [0, ""]);
  assert.equal((await run("--version")).out, `${version}\n`);
  for (const command of ["import", "export", "ls", "search", "show", "verify", "stats"]) {
    assert.match(general.out, new RegExp(`^  ${command} `, "m"));
    const { code, out } = await run(command, "--help");
    assert.equal(code, 0);
    assert.match(out, new RegExp(`^Usage: offline-mailbox ${command} `));
    assert.match(out, /Exit codes: 0 done, 1 failed/);
    for (const line of out.split("\n")) assert.ok(line.length <= 100, line);
  }
});

for (const [how, told] of [["SIGINT", 130], ["SIGTERM", 143], ["SIGKILL", "SIGKILL"]]) {
  test(`an import ended by ${how} keeps what was in, and goes on when it is run again`, { timeout: 240_000 }, (t) => ended(t, how, told));
}

async function ended(t, how, told) {
  const { start, json, run } = await place(t);
  const count = 3000;
  const one = (number) => `${LINE}\n${mail(`number ${number}`, `${"x".repeat(1000)}\r\n`)}\n`;
  const first = start(["import", "-", "--resume", "stdin"]);
  for (let number = 0; number < count / 2; number += 1) first.child.stdin.write(one(number));
  // Half is there and the rest does not come: some of it is committed by now, or soon.
  for (;;) {
    const { code, out } = await run("ls", "--json");
    if (code === 0 && JSON.parse(out.split("\n")[0]).exists > 0) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  first.child.kill(how);
  const stopped = await first.ended;
  assert.equal(stopped.code, told, stopped.err);
  if (how !== "SIGKILL") assert.match(stopped.err, /^offline-mailbox: interrupted; \d+ messages .* had come in and stay\n$/);
  const [{ exists }] = await json("ls");
  assert.ok(exists > 0 && exists < count / 2, `${exists}`);
  const second = start(["import", "-", "--resume", "stdin", "--json"]);
  for (let number = 0; number < count; number += 1) second.child.stdin.write(one(number));
  second.child.stdin.end();
  const { code, out, err } = await second.ended;
  assert.equal(code, 0, err);
  const { messages, resumed } = JSON.parse(out);
  assert.deepEqual([resumed, messages], [exists, count - exists]);
  const rows = await json("ls", "INBOX", "--limit", "5000");
  assert.deepEqual(rows.map(({ subject }) => subject), Array.from({ length: count }, (_, at) => `number ${count - 1 - at}`));
  assert.deepEqual(await json("verify"), []);
}

test("who reads no further ends it, without a word", { timeout: 60_000 }, async (t) => {
  const { start, json, file } = await place(t);
  await writeFile(file("a.mbox"), Array.from({ length: 2000 }, (_, at) => `${LINE}\n${mail(`${at}`, `${"x".repeat(2000)}\n`)}\n`).join(""));
  await json("import", file("a.mbox"));
  const { child, ended } = start(["export", "INBOX"]);
  await once(child.stdout, "data");
  child.stdout.destroy();
  const { code, err } = await ended;
  assert.deepEqual([code, err], [141, ""]);
});

test("6,046 real messages: in by mbox, out by mbox and Maildir, in again", { timeout: 600_000 }, async (t) => {
  const { json, run, file } = await place(t);
  await writeCorpus(file("corpus.mbox"));
  const [imported] = await json("import", file("corpus.mbox"), "--resume", "corpus");
  t.diagnostic(`imported in ${imported.seconds} s`);
  assert.equal(imported.messages, 6046);
  assert.deepEqual(await json("verify"), []);
  assert.equal((await run("export", "INBOX", "-o", file("out.mbox"))).code, 0);
  const digests = [];
  for await (const { raw, date } of readMbox(createReadStream(file("out.mbox")))) {
    digests.push(sha256(raw));
    assert.equal(date.toISOString(), "2002-08-01T12:00:00.000Z");
  }
  assert.deepEqual(digests, index.map((each) => each.sha256));
  assert.equal((await json("export", "INBOX", "-f", "maildir", "-o", file("Maildir")))[0].messages, 6046);
  await mkdir(file("other"));
  const [again] = await json("import", file("Maildir"), "--directory", file("other"));
  assert.equal(again.messages, 6046);
  const [skipped] = await json("import", file("out.mbox"), "--directory", file("other"), "--skip-duplicates");
  assert.deepEqual([skipped.messages, skipped.skipped], [0, 6046]);
  assert.equal((await run("export", "INBOX", "--directory", file("other"), "-o", file("third.mbox"))).code, 0);
  assert.equal(sha256(await readFile(file("third.mbox"))), sha256(await readFile(file("out.mbox"))));
});

test("what is printed: sizes, columns, the words of searches, the bar on terminals alone", () => {
  assert.deepEqual([0, 999, 1000, 12_345, 1_500_000].map(size), ["0 B", "999 B", "1.0 KB", "12 KB", "1.5 MB"]);
  assert.equal(column("日本語", 5), "日本 ");
  assert.equal(column("abc", 2), "ab");
  assert.equal(shown("a\u001b]0;x\u0007\u202eb\tc\n"), "a\ufffd]0;x\ufffd\ufffdb c\ufffd");
  assert.equal(searchText(['SUBJECT "a b"']), 'SUBJECT "a b"');
  assert.equal(searchText(["SUBJECT", 'a "b"', "(OR SEEN NEW)", ""]), 'SUBJECT "a \\"b\\"" (OR SEEN NEW) ""');
  const drawn = (isTTY, options) => {
    const written = [];
    const output = new Output({ stdout: {}, stderr: { isTTY, columns: 40, write: (text) => written.push(text) }, ...options });
    const now = Date.now;
    try {
      const start = now();
      Date.now = () => start + 10_000;
      output.progress(1, 2, "a message\u001b with a long, long, long name");
      output.clear();
    } finally {
      Date.now = now;
    }
    return written.join("");
  };
  assert.match(drawn(true, {}), /^\r\u001b\[K\[#{12}\.{12}\] {2}50 % a mess\r\u001b\[K$/);
  for (const [isTTY, options] of [[false, {}], [true, { json: true }], [true, { quiet: true }]]) assert.equal(drawn(isTTY, options), "");
});
