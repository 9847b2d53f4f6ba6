// The store in a SQLite file: the contract, the package's default in Node, several programs, every way to fail.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createHash } from "node:crypto";
import fs from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { MailboxError, backends, deleteDatabase, openSession } from "../../pkg/index.js";
import { dataDirectory, databaseFile, deleteSqliteDatabase, sqliteStore } from "../../pkg/node/index.js";
import { codeOfSqlite, fromNode } from "../../pkg/node/sqlite_codes.js";
import { runStoreContract } from "../../pkg/testing.js";
import { numbered } from "./browser/numbered.mjs";
import { Account, killRounds } from "./support/kill.mjs";
import { mail, within } from "./support/mail.mjs";

const owner = "ada@example.org";
const folder = fs.mkdtempSync(path.join(tmpdir(), "offline-mailbox-test-"));
after(() => fs.rmSync(folder, { recursive: true, force: true }));
// Nothing here may reach the data of who runs this.
process.env.XDG_DATA_HOME = path.join(folder, "data");
process.env.HOME = process.env.USERPROFILE = process.env.LOCALAPPDATA = folder;

let last = 0;
const fresh = () => path.join(folder, `test ${(last += 1)}.sqlite`);
const hashOf = (file) => createHash("sha256").update(fs.readFileSync(file)).digest("hex");
const bytes = (...values) => Uint8Array.from(values);
const batch = (more) => ({
  id: new Uint8Array(16),
  guards: [],
  deleteRanges: [],
  deletes: [],
  puts: [],
  note: bytes(),
  durability: "relaxed",
  ...more,
});
const node = (code, args = [], options = {}) =>
  promisify(execFile)(process.execPath, ["--disable-warning=ExperimentalWarning", ...args, "--input-type=module", "-e", code], {
    timeout: 60_000,
    ...options,
  });
const INDEX = JSON.stringify(new URL("../../pkg/index.js", import.meta.url).href);

runStoreContract((name) => sqliteStore({ database: name, directory: folder }), {
  test: (name, run) => test(`the store contract: ${name}`, run),
  persistent: true,
  remove: (name) => deleteSqliteDatabase({ database: name, directory: folder }),
});

test("the default in Node: a file in the platform's folder, there again when it is opened again", async () => {
  assert.equal(backends.default, "sqlite");
  assert.ok(backends.names.includes("sqlite"));
  const session = await openSession({ owner });
  await session.appendMessages("INBOX", [{ raw: mail("kept") }], { durability: "strict" });
  const file = databaseFile(`offline-mailbox:${owner}`);
  assert.equal(path.dirname(file), dataDirectory());
  assert.ok(file.startsWith(folder) && fs.existsSync(file));
  if (process.platform !== "win32") {
    assert.equal(fs.statSync(file).mode & 0o777, 0o600);
    assert.equal(fs.statSync(path.dirname(file)).mode & 0o777, 0o700);
  }
  const { usage, quota, persistent, backend, database } = await session.storage();
  assert.deepEqual([backend, database, persistent], ["sqlite", `offline-mailbox:${owner}`, true]);
  assert.ok(usage > 4096 && quota > usage);
  assert.equal(await session.requestPersistence(), true);
  await assert.rejects(deleteDatabase({ owner }), { code: "CONFLICT" });
  await session.close();
  assert.deepEqual(fs.readdirSync(path.dirname(file)), [path.basename(file)]);
  const again = await openSession({ owner });
  assert.equal((await again.status("INBOX")).exists, 1);
  await assert.rejects(openSession({ owner: "eve@example.org", path: file }), { code: "INVALID_ARGUMENT", message: /belongs to/ });
  await again.close();
  await deleteDatabase({ owner });
  assert.deepEqual(fs.readdirSync(path.dirname(file)), []);
  await deleteDatabase({ owner });
});

test("every owner has a file of their own, whatever the file system thinks of names", () => {
  const owners = ["ada", "Ada", "a/../b", "CON", ".", "..", "a\0b", "\u00fc", "u\u0308", "😀", "x".repeat(255), `${"x".repeat(254)}y`, " ", "a b", "a:b"];
  const names = owners.map((each) => path.basename(databaseFile(`offline-mailbox:${each}`, { directory: folder })));
  assert.equal(new Set(names.map((name) => name.toLowerCase())).size, owners.length);
  for (const name of names) assert.match(name, /^mail-[a-z0-9@_-]{1,60}-[0-9a-f]{32}\.sqlite$/);
  assert.equal(databaseFile("x", { path: new URL("file:///tmp/a%20b") }), path.resolve("/tmp/a b"));
  assert.equal(databaseFile("x", { path: "relative" }), path.resolve("relative"));
});

test("wrong arguments are refused", async () => {
  const refused = { code: "INVALID_ARGUMENT" };
  await assert.rejects(openSession({ owner, path: fresh(), directory: folder }), refused);
  await assert.rejects(openSession({ owner, path: "" }), refused);
  await assert.rejects(openSession({ owner, path: "a\0b" }), refused);
  await assert.rejects(openSession({ owner, path: 7 }), refused);
  await assert.rejects(openSession({ owner, backend: "memory", directory: folder }), refused);
  await assert.rejects(sqliteStore(), refused);
  await assert.rejects(sqliteStore({ path: fresh(), maxBytes: 0 }), refused);
  await assert.rejects(sqliteStore({ path: fresh(), other: 1 }), refused);
});

test("a Node without node:sqlite says what to do", async () => {
  const code = `
    const { openSession, backends, deleteDatabase } = await import(${INDEX});
    const of = (promise) => promise.then(() => "opened", (error) => [error.name, error.code, error.message]);
    const memory = await openSession({ owner: "x", backend: "memory" });
    console.log(JSON.stringify([backends.default ?? null, await of(openSession({ owner: "x" })),
      await of(openSession({ owner: "x", backend: "sqlite" })), (await memory.storage()).backend, await of(deleteDatabase("x"))]));
    await memory.close();`;
  const { stdout } = await node(code, ["--no-experimental-sqlite"]);
  const [standard, unnamed, named, memory, deleted] = JSON.parse(stdout);
  assert.deepEqual([standard, memory], [null, "memory"]);
  for (const [name, code, message] of [unnamed, named]) {
    assert.deepEqual([name, code], ["MailboxError", "UNAVAILABLE"]);
    assert.match(message, /node:sqlite.*Node 22\.13.*this program \(Node v.*"memory"/);
  }
  assert.equal(deleted[1], "UNAVAILABLE");
});

test("where there is an IndexedDB, that is the default", async () => {
  const { stdout } = await node(`globalThis.indexedDB = {}; const { backends } = await import(${INDEX}); console.log(backends.default)`);
  assert.equal(stdout.trim(), "indexeddb");
});

test("strict commits wait for the disk, relaxed ones do not", async (t) => {
  const modes = [];
  const exec = DatabaseSync.prototype.exec;
  t.mock.method(DatabaseSync.prototype, "exec", function (sql) {
    const mode = /synchronous = (\w+)/.exec(sql)?.[1];
    if (mode) modes.push(mode);
    return exec.call(this, sql);
  });
  const session = await openSession({ owner, path: fresh() });
  t.after(() => session.close());
  modes.length = 0;
  const raw = mail("x");
  await session.appendMessages("INBOX", [{ raw }]);
  await session.appendMessages("INBOX", [{ raw }], { durability: "strict" });
  await session.appendMessages("INBOX", [{ raw }], { durability: "strict" });
  await session.appendMessages("INBOX", [{ raw }]);
  assert.deepEqual(modes, ["FULL", "NORMAL"]);
});

test("SQLite's codes and Node's have their meaning here", () => {
  const expected = {
    QUOTA_EXCEEDED: [13, 4874],
    CORRUPT: [11, 26, 24, 522, 779, 267, 8202, 8458],
    UNAVAILABLE: [5, 261, 517, 773, 6, 262, 3, 4, 7, 8, 264, 9, 10, 266, 778, 1034, 14, 270, 15, 23, 99, 255],
    LIMIT: [18, 22],
    INTERNAL: [1, 2, 12, 17, 19, 1555, 20, 21, 25],
  };
  for (const [code, list] of Object.entries(expected)) {
    for (const errcode of list) {
      assert.equal(codeOfSqlite(errcode), code, String(errcode));
      const error = fromNode(Object.assign(new Error("words"), { code: "ERR_SQLITE_ERROR", errcode }), "file");
      assert.ok(error instanceof MailboxError && error.code === code && /^file: words/.test(error.message));
    }
  }
  const files = { ENOSPC: "QUOTA_EXCEEDED", EDQUOT: "QUOTA_EXCEEDED", EACCES: "UNAVAILABLE", EROFS: "UNAVAILABLE", ENOTDIR: "UNAVAILABLE" };
  for (const [code, ours] of Object.entries(files)) assert.equal(fromNode(Object.assign(new Error(""), { code }), "f").code, ours);
  assert.equal(fromNode(Object.assign(new Error(""), { code: "ERR_OUT_OF_RANGE" }), "f").code, "CORRUPT");
  assert.equal(fromNode(Object.assign(new Error(""), { code: "ERR_INVALID_STATE" }), "f").code, "CLOSED");
  assert.equal(fromNode(new TypeError("oops"), "f").code, "INTERNAL");
  assert.equal(fromNode(undefined, "f").code, "INTERNAL");
});

test("a full store is QUOTA_EXCEEDED, changes nothing, and goes on", async (t) => {
  backends.add("small", ({ database }) => sqliteStore({ path: path.join(folder, `small-${database}`), maxBytes: 400_000 }));
  const session = await openSession({ owner, backend: "small", database: "d" });
  t.after(() => session.close());
  await session.appendMessages("INBOX", [{ raw: mail("first") }]);
  const before = await session.status("INBOX");
  // What cannot be made smaller.
  const body = Buffer.from(crypto.getRandomValues(new Uint8Array(60_000))).toString("base64").repeat(8);
  const full = { code: "QUOTA_EXCEEDED", imapCode: "OVERQUOTA" };
  await assert.rejects(session.appendMessages("INBOX", [{ raw: mail("too much", body) }]), full);
  await assert.rejects(session.appendMessages("INBOX", [{ raw: mail("too much", body) }], { durability: "strict" }), full);
  assert.deepEqual(await session.status("INBOX"), before);
  await session.appendMessages("INBOX", [{ raw: mail("second") }]);
  assert.equal((await session.status("INBOX")).exists, 2);
  assert.deepEqual((await session.verify()).problems, []);
});

test("damaged files, others' files and newer ones are refused and left alone", async () => {
  const refuses = async (file, code, message) => {
    const before = hashOf(file);
    await assert.rejects(openSession({ owner, path: file }), { name: "MailboxError", code, message });
    assert.equal(hashOf(file), before, `${file} was written to`);
  };
  const garbage = fresh();
  fs.writeFileSync(garbage, "From nobody Mon Nov 23 2026\n".repeat(1000));
  await refuses(garbage, "CORRUPT", /not a database/);
  await assert.rejects(deleteDatabase({ owner, path: garbage }), { code: "CORRUPT" });
  assert.ok(fs.existsSync(garbage));

  const others = fresh();
  const other = new DatabaseSync(others);
  other.exec("CREATE TABLE t (a); PRAGMA user_version = 1");
  other.close();
  await refuses(others, "CORRUPT", /not a database of this library/);
  await assert.rejects(deleteDatabase({ owner, path: others }), { code: "CORRUPT" });
  assert.ok(fs.existsSync(others));

  const newer = fresh();
  await (await openSession({ owner, path: newer })).close();
  let raw = new DatabaseSync(newer);
  raw.exec("PRAGMA user_version = 2");
  raw.close();
  await refuses(newer, "SCHEMA_TOO_NEW", /newer version/);

  const lacking = fresh();
  await (await openSession({ owner, path: lacking })).close();
  raw = new DatabaseSync(lacking);
  raw.exec("DROP TABLE journal");
  raw.close();
  await assert.rejects(openSession({ owner, path: lacking }), { code: "CORRUPT" });

  const damaged = fresh();
  const session = await openSession({ owner, path: damaged });
  await session.appendMessages("INBOX", [{ raw: mail("x", "y".repeat(50_000)) }]);
  await session.close();
  const content = fs.readFileSync(damaged);
  content.fill(0x5a, 4096);
  fs.writeFileSync(damaged, content);
  await assert.rejects(openSession({ owner, path: damaged }), { code: "CORRUPT" });
  // One of ours, in its own place, goes even so.
  const place = databaseFile(`offline-mailbox:${owner}`, { directory: folder });
  fs.writeFileSync(place, "garbage ".repeat(100));
  await assert.rejects(openSession({ owner, directory: folder }), { code: "CORRUPT" });
  await deleteDatabase({ owner, directory: folder });
  assert.ok(!fs.existsSync(place));

  await assert.rejects(openSession({ owner, path: path.join(garbage, "below") }), { code: "UNAVAILABLE" });
  await assert.rejects(openSession({ owner, path: folder }), { code: "UNAVAILABLE" });
});

test("a file that is taken away is STORAGE_LOST, and nothing is written into it any more", { skip: process.platform === "win32" }, async (t) => {
  const file = fresh();
  const session = await openSession({ owner, path: file });
  t.after(() => session.close());
  await session.appendMessages("INBOX", [{ raw: mail("x") }]);
  fs.renameSync(file, `${file}.moved`);
  await assert.rejects(session.appendMessages("INBOX", [{ raw: mail("y") }]), { code: "STORAGE_LOST" });
  await assert.rejects(session.status("INBOX"), { code: "STORAGE_LOST" });
  fs.writeFileSync(file, "");
  await assert.rejects(session.appendMessages("INBOX", [{ raw: mail("z") }]), { code: "STORAGE_LOST" });
  assert.equal(fs.statSync(file).size, 0);
});

test("a file that is expected and gone, or another's, is STORAGE_LOST; none is made", async () => {
  const file = fresh();
  const session = await openSession({ owner, path: file });
  const { databaseId } = session;
  await session.close();
  await (await openSession({ owner, path: file, expectDatabaseId: databaseId })).close();
  fs.rmSync(file);
  await assert.rejects(openSession({ owner, path: file, expectDatabaseId: databaseId }), { code: "STORAGE_LOST" });
  assert.ok(!fs.existsSync(file));
  const anew = await openSession({ owner, path: file });
  assert.notEqual(anew.databaseId, databaseId);
  await anew.close();
  const before = hashOf(file);
  await assert.rejects(openSession({ owner, path: file, expectDatabaseId: databaseId }), { code: "STORAGE_LOST" });
  assert.equal(hashOf(file), before);
  await deleteDatabase({ owner, path: file });
});

test("a file that is deleted while it is opened is STORAGE_LOST, too", async (t) => {
  const file = fresh();
  const gone = t.mock.method(fs, "statSync", () => undefined);
  await assert.rejects(sqliteStore({ path: file }), { code: "STORAGE_LOST" });
  gone.mock.restore();
  (await sqliteStore({ path: file })).close();
  await deleteSqliteDatabase({ path: file });
});

test("who finds another writing waits, and the program goes on meanwhile", async (t) => {
  const file = fresh();
  const store = await sqliteStore({ path: file });
  t.after(() => store.close());
  const other = new DatabaseSync(file);
  t.after(() => other.close());
  other.exec("BEGIN IMMEDIATE");
  let done = false;
  const committing = store.commit(batch({ puts: [[bytes(1), bytes(2)]] })).then((outcome) => ((done = true), outcome));
  const { values } = await store.read({ keys: [bytes(1)], scans: [], guards: [] });
  assert.deepEqual([values, done], [[null], false], "readers are not held up");
  let ticks = 0;
  const end = performance.now() + 400;
  while (performance.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    ticks += 1;
  }
  assert.equal(done, false);
  assert.ok(ticks > 4, `timers ran ${ticks} times in 400 ms`);
  other.exec("COMMIT");
  assert.deepEqual(await within(10_000, "the commit", committing), { committed: 1 });
});

test("a database that another program has open is not deleted", async () => {
  const file = fresh();
  await (await openSession({ owner, path: file })).close();
  const child = spawn(
    process.execPath,
    ["--input-type=module", "-e", `const { openSession } = await import(${INDEX});
     await openSession({ owner: ${JSON.stringify(owner)}, path: ${JSON.stringify(file)} }); console.log("open"); setInterval(() => {}, 1000);`],
    { stdio: ["ignore", "pipe", "ignore"] },
  );
  const closed = once(child, "close");
  try {
    await within(30_000, "the other program", once(child.stdout, "data"));
    await assert.rejects(deleteDatabase({ owner, path: file }), { code: "BLOCKED" });
    const session = await openSession({ owner, path: file });
    await session.appendMessages("INBOX", [{ raw: mail("still there") }]);
    await session.close();
  } finally {
    child.kill("SIGKILL");
    await closed;
  }
  await deleteDatabase({ owner, path: file });
  for (const end of ["", "-wal", "-shm", "-journal"]) assert.ok(!fs.existsSync(file + end), end);
});

test("room that became free is given back at the end", async () => {
  const file = fresh();
  const store = await sqliteStore({ path: file });
  const puts = Array.from({ length: 60 }, (_, n) => [bytes(7, n), new Uint8Array(100_000).fill(n)]);
  await store.commit(batch({ puts }));
  store.close();
  const full = fs.statSync(file).size;
  const again = await sqliteStore({ path: file });
  await again.commit(batch({ deleteRanges: [{ from: bytes(7, 2), to: bytes(8) }] }));
  again.close();
  assert.ok(fs.statSync(file).size * 5 < full, `${full} octets became ${fs.statSync(file).size}`);
  const left = await sqliteStore({ path: file });
  assert.deepEqual((await left.read({ keys: [bytes(7, 1), bytes(7, 2)], scans: [], guards: [] })).values.map((each) => each?.length), [100_000, undefined]);
  left.close();
});

test("a closed store says so; closing twice is no error", async () => {
  const store = await sqliteStore({ path: fresh() });
  store.close();
  store.close();
  for (const call of [() => store.read({ keys: [], scans: [], guards: [] }), () => store.commit(batch()), () => store.journal(0, 1)]) {
    await assert.rejects(call(), { code: "CLOSED" });
  }
});

test("two programs change one file at once: every uid once, each sees all of both", { timeout: 180_000 }, async () => {
  const file = fresh();
  const child = fileURLToPath(new URL("./support/shared_child.mjs", import.meta.url));
  const run = (tag) => promisify(execFile)(process.execPath, ["--disable-warning=ExperimentalWarning", child, file, tag, "60"], { timeout: 150_000 });
  const answers = (await Promise.all([run("a"), run("b")])).map(({ stdout }) => JSON.parse(stdout));
  const uids = answers.flatMap((each) => each.uids);
  assert.equal(uids.length, 240);
  assert.equal(new Set(uids).size, 240);
  for (const { saw, flagged } of answers) assert.deepEqual([saw, flagged], [240, 120]);
  assert.ok(answers.some(({ told }) => told > 0), "nobody was told while waiting for the other");
  const session = await openSession({ owner, path: file });
  const { selected } = await session.selectMailbox("INBOX");
  assert.deepEqual((await session.verify()).problems, []);
  assert.equal(selected.exists, 240);
  const { messages } = await session.fetchMessages(selected, "1:*", { envelope: true });
  for (const { uids: own, tag } of answers) {
    const subjects = messages.filter(({ uid }) => own.includes(uid)).map(({ envelope }) => envelope.subject[0]);
    assert.ok(subjects.every((letter) => letter === tag));
  }
  await session.close();
});

test("a change by another program is told within about a second", async (t) => {
  const file = fresh();
  const session = await openSession({ owner, path: file });
  t.after(() => session.close());
  const { selected } = await session.selectMailbox("INBOX");
  const changes = session.changes(selected)[Symbol.asyncIterator]();
  const next = changes.next();
  await node(`const { openSession } = await import(${INDEX});
    const session = await openSession({ owner: ${JSON.stringify(owner)}, path: ${JSON.stringify(file)} });
    await session.appendMessages("INBOX", [{ raw: "Subject: x\\r\\n\\r\\n" }]);
    await session.close();`);
  const start = performance.now();
  const { value } = await within(10_000, "the change", next);
  assert.ok(performance.now() - start < 3000, "the look at the sequence every half second");
  assert.equal(value.exists, 1);
  await changes.return();
});

test("the rounds of kill -9 would find what is lost", async () => {
  const file = fresh();
  const session = await openSession({ owner, path: file });
  const subjects = ["r0a-0-0/1", "r0a-1-0/2", "r0a-1-1/2", "r0b-0-0/2"];
  await session.appendMessages("INBOX", subjects.map((subject) => ({ raw: numbered(subject) })));
  await session.close();
  const check = async (...lines) => {
    const account = new Account();
    account.add(lines);
    return account.check(file, 0);
  };
  const appended = subjects.map((subject, at) => [at + 1, subject]);
  assert.equal(await check({ appended }), 4);
  await assert.rejects(check({ appended: [...appended, [5, "r0a-2-0/1"]] }), /uid 5/);
  await assert.rejects(check({ appended }, { flagged: 2 }), /uid 2 has lost its flag/);
  await assert.rejects(check({ appended }, { expunging: 3 }, { expunged: 3 }), /uid 3 was expunged and is there/);
  await assert.rejects(check({ appended }, { copied: [1, "r0a-0-0/1"] }));
  await assert.rejects(check({ appended: appended.slice(0, 3) }), /r0b-0 is there in part/);
  await assert.rejects(check({ appended: appended.slice(3) }), /more than was under way is there: r0a-0,r0a-1/);
  assert.throws(() => new Account().add([{ appended }, { appended }]), /given twice/);
});

test("kill -9 loses nothing that was acknowledged: a few rounds", { timeout: 400_000 }, async (t) => {
  const total = await killRounds(12, (line) => t.diagnostic(line));
  assert.equal(total.rounds, 12);
  assert.ok(total.acknowledged > 12, `only ${total.acknowledged} changes were acknowledged`);
});
