// Databases of every format in a SQLite file: they open, can be written to, and what a later version wrote is left alone.

import assert from "node:assert/strict";
import fs from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { crc32 } from "node:zlib";

import { openSession } from "../../pkg/index.js";
import { summary, unbase64, unhex } from "./browser/formats.mjs";
import { fixture } from "./support/format.mjs";
import { mail } from "./support/mail.mjs";

const folder = fs.mkdtempSync(path.join(tmpdir(), "offline-mailbox-test-"));
after(() => fs.rmSync(folder, { recursive: true, force: true }));

/** The tables as version 1 of the file has them: a file in the field is like this, whatever the code says. */
const TABLES = `
  CREATE TABLE records (key BLOB NOT NULL PRIMARY KEY, value BLOB NOT NULL) STRICT;
  CREATE TABLE guards (guard INTEGER PRIMARY KEY, revision INTEGER NOT NULL) STRICT;
  CREATE TABLE journal (sequence INTEGER PRIMARY KEY, id BLOB NOT NULL, note BLOB NOT NULL) STRICT;
  PRAGMA application_id = 0x4f4d6278;
  PRAGMA user_version = 1;
`;

function make(name, format) {
  const file = path.join(folder, name);
  const { guards, journal, records } = JSON.parse(fixture(format).database);
  const db = new DatabaseSync(file);
  db.exec(`${TABLES} BEGIN`);
  const put = db.prepare("INSERT INTO records VALUES (?, ?)");
  for (const [space, key, value] of records) put.run(Uint8Array.of(space, ...unhex(key)), unbase64(value));
  const guard = db.prepare("INSERT INTO guards VALUES (?, ?)");
  for (const pair of guards) guard.run(...pair);
  const entry = db.prepare("INSERT INTO journal VALUES (?, ?, ?)");
  for (const [step, id, note] of journal) entry.run(step, unhex(id), unbase64(note));
  db.exec("COMMIT");
  db.close();
  return file;
}

/** Everything in the file, as text. */
function dump(file) {
  const db = new DatabaseSync(file);
  const all = (sql) => db.prepare(sql).all();
  const text = JSON.stringify([
    all("PRAGMA user_version"),
    all("SELECT hex(key), hex(value) FROM records ORDER BY key"),
    all("SELECT * FROM guards ORDER BY guard"),
    all("SELECT sequence, hex(id), hex(note) FROM journal ORDER BY sequence"),
  ]);
  db.close();
  return text;
}

for (const format of [1, 2]) {
  test(`a file of format ${format} opens whole and can be written to`, async () => {
    const file = make(`format-${format}.sqlite`, format);
    const { databaseId: _, ...expected } = JSON.parse(fixture(format).expected);
    const session = await openSession({ owner: "ada@example.org", path: file });
    assert.deepEqual(await summary(session, expected), expected);
    assert.deepEqual((await session.verify()).problems, []);
    await session.appendMessages("INBOX", [{ raw: mail("new") }]);
    await session.cleanup({ thorough: true });
    await session.close();
    const again = await openSession({ owner: "ada@example.org", path: file });
    assert.equal((await again.status("INBOX")).exists, expected.mailboxes[0].exists + 1);
    assert.deepEqual((await again.verify()).problems, []);
    await again.close();
  });
}

test("a file, or a database in it, of a later version is refused and left alone", async () => {
  const spoilt = {
    tables: (db) => db.exec("PRAGMA user_version = 2"),
    format(db) {
      const place = Buffer.from("\0format");
      const { value } = db.prepare("SELECT value FROM records WHERE key = ?").get(place);
      const record = Buffer.from(value);
      record[0] = 9;
      record.writeUInt32LE(crc32(Buffer.concat([place, record.subarray(0, -4)])), record.length - 4);
      db.prepare("UPDATE records SET value = ? WHERE key = ?").run(record, place);
    },
  };
  for (const [what, spoil] of Object.entries(spoilt)) {
    const file = make(`later ${what}.sqlite`, 2);
    const db = new DatabaseSync(file);
    spoil(db);
    db.close();
    const before = dump(file);
    await assert.rejects(openSession({ owner: "ada@example.org", path: file }), { code: "SCHEMA_TOO_NEW" });
    assert.equal(dump(file), before, what);
  }
});

test("a damaged record is named, kept, and keeps nobody from the rest", async () => {
  const file = make("damaged.sqlite", 2);
  const key = Uint8Array.of(5, 0, 0, 0, 1, 0, 0, 0, 0);
  const db = new DatabaseSync(file);
  db.prepare("UPDATE records SET value = ? WHERE key = ?").run(Uint8Array.of(1, 2, 3), key);
  db.close();
  const session = await openSession({ owner: "ada@example.org", path: file });
  const { selected } = await session.selectMailbox("INBOX");
  const { rows, total } = await session.listMessages(selected, { limit: 200 });
  assert.equal(rows.length, total);
  const damaged = rows.filter((row) => row.damaged);
  assert.ok(damaged.length > 40 && damaged.every((row) => row.uid < 165 && row.subject === "" && row.size > 0));
  await session.appendMessages("INBOX", [{ raw: mail("new") }]);
  await session.cleanup({ thorough: true });
  assert.deepEqual((await session.verify()).problems.map(({ mailbox, record }) => [mailbox, record]), [["INBOX", "rows 0000000100000000"]]);
  await session.close();
  const kept = new DatabaseSync(file);
  assert.deepEqual(kept.prepare("SELECT value FROM records WHERE key = ?").get(key).value, Uint8Array.of(1, 2, 3));
  kept.close();
});
