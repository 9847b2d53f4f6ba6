// Zip archives: what others unpack is what is in the mailbox.

import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32 as platformCrc32 } from "node:zlib";

import JSZip from "jszip";

import { openSession } from "../../pkg/index.js";
import { crc32, zipMessages, zipped } from "../../pkg/zip.js";
import { fresh, mail } from "./support/mail.mjs";
import { anyOctets, collected, contents, hex, random } from "./support/octets.mjs";

/** Name, octets and date of each file, its checksum looked at. */
async function unpacked(archive) {
  const zip = await JSZip.loadAsync(archive, { checkCRC32: true });
  const files = [];
  for (const file of Object.values(zip.files)) files.push({ name: file.name, raw: await file.async("uint8array"), date: file.date, mode: file.unixPermissions });
  return files;
}

test("a mailbox as an archive: names once and safe, octets, dates", async (t) => {
  const session = await openSession(fresh());
  t.after(() => session.close());
  const internalDate = new Date("2026-03-04T05:06:08Z");
  const next = random(3);
  const raws = [mail("same"), mail("Same", "other"), mail("same", "third"), mail("../up", "x".repeat(100_000)), mail("=?utf-8?q?Z=C3=BCrich?="), anyOctets(next), ""];
  await session.appendMessages("INBOX", raws.map((raw) => ({ raw, internalDate })));
  const stored = await contents(session, "INBOX");
  for (const compress of [true, false]) {
    const archive = await collected(zipMessages(session, "INBOX", { compress }));
    const files = await unpacked(archive);
    assert.deepEqual(files.map(({ name }) => name).slice(0, 5), ["same.eml", "Same (2).eml", "same (3).eml", "_.._up.eml".replace("_..", ""), "Zürich.eml"]);
    assert.equal(new Set(files.map(({ name }) => name.toLowerCase())).size, raws.length);
    assert.deepEqual(files.map(({ raw }) => hex(raw)), stored.map(({ source }) => hex(source)));
    assert.ok(files.every(({ date }) => date.getTime() === internalDate.getTime()));
    assert.ok(compress ? archive.length < 20_000 : archive.length > 100_000);
  }
  const some = await unpacked(await collected(zipMessages(session, "INBOX", { set: [2] })));
  assert.deepEqual(some.map(({ name }) => name), ["Same.eml"]);
  await assert.rejects(collected(zipMessages(session, "nowhere")), { code: "NOT_FOUND" });
  await assert.rejects(collected(zipMessages(session, "INBOX", { signal: AbortSignal.abort(new Error("no")) })), /no/);
  assert.throws(() => zipMessages(session, "INBOX", { level: 9 }), { code: "INVALID_ARGUMENT" });
});

test("an empty archive, and one of more files than zip had room for", { timeout: 120_000 }, async () => {
  assert.deepEqual(await unpacked(await collected(zipped([]))), []);
  const date = new Date("2026-01-02T03:04:06Z");
  const many = Array.from({ length: 65_600 }, (_, at) => ({ name: `${at}`, bytes: new Uint8Array([at & 0xff]), date }));
  const archive = await collected(zipped(many));
  const view = new DataView(archive.buffer, archive.byteOffset);
  // The records of zip64 before the end (APPNOTE sections 4.3.14 to 4.3.16).
  assert.equal(view.getUint32(archive.length - 22, true), 0x0605_4b50);
  assert.equal(view.getUint16(archive.length - 12, true), 0xffff);
  assert.equal(view.getUint32(archive.length - 42, true), 0x0706_4b50);
  const at = Number(view.getBigUint64(archive.length - 34, true));
  assert.equal(view.getUint32(at, true), 0x0606_4b50);
  assert.equal(Number(view.getBigUint64(at + 32, true)), 65_600);
  const zip = await JSZip.loadAsync(archive);
  assert.equal(Object.keys(zip.files).length, 65_600);
  assert.deepEqual([...(await zip.file("65599").async("uint8array"))], [65_599 & 0xff]);
});

test("dates that archives cannot say are the nearest they can", async () => {
  const dates = ["1969-01-01T00:00:00Z", "2200-05-05T00:00:00Z", "1980-01-01T00:00:02Z"].map((date) => new Date(date));
  const files = await unpacked(await collected(zipped(dates.map((date, at) => ({ name: `${at}`, bytes: new Uint8Array(0), date })))));
  assert.deepEqual(files.map(({ date }) => date.toISOString()), ["1980-01-01T00:00:00.000Z", "2107-12-31T00:00:00.000Z", "1980-01-01T00:00:02.000Z"]);
});

test("the checksum is the one of zip", { skip: platformCrc32 === undefined && "this Node has none to compare with" }, () => {
  for (let seed = 0; seed < 50; seed += 1) {
    const octets = anyOctets(random(seed));
    assert.equal(crc32(octets), platformCrc32(octets));
  }
});
