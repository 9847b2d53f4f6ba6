// The 6,046 real messages of the SpamAssassin public corpus, written as one mbox and imported in
// Chromium: every octet is there, before and after a reload.

import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";

import { chromium, folder, serve } from "../support/browser.mjs";
import { index, writeCorpus } from "../support/corpus.mjs";

test("s63 s135 6,046 real messages: every octet after the import, and after a reload", { timeout: 600_000 }, async (t) => {
  assert.equal(index.length, 6046);
  const mbox = path.join(await folder(t), "corpus.mbox");
  await writeCorpus(mbox);
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
