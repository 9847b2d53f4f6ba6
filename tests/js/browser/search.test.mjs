// Searching in Chromium, over IndexedDB on disk: a page stays awake, and a search stops while somebody types.

import assert from "node:assert/strict";
import { test } from "node:test";

import { chromium, serve } from "../support/browser.mjs";

test("bodies of a big mailbox: the page has its turns, a signal ends the search soon, and nothing is left behind", { timeout: 240_000 }, async (t) => {
  const browser = await chromium(t, await serve(t));
  const page = await browser.tab();
  await page.evaluate(async () => {
    const session = await mailbox.openSession({ owner: "ada@example.org" });
    const filler = "the quick brown fox jumps over the lazy dog, zwölf Boxkämpfer jagen Viktor quer\r\n".repeat(200);
    await session.importMessages("INBOX", Array.from({ length: 1500 }, (_, at) => ({ raw: mail(`n${at}`, `${at}\r\n${filler}`) })));
    await session.close();
  });
  // Nothing is in memory any more.
  await browser.reload(page);
  const seen = await page.evaluate(async () => {
    const session = await mailbox.openSession({ owner: "ada@example.org" });
    const { selected } = await session.selectMailbox("INBOX");
    const gaps = [];
    let last = performance.now();
    const ticking = setInterval(() => {
      gaps.push(performance.now() - last);
      last = performance.now();
    }, 1);
    const hits = [];
    const begun = performance.now();
    const { uids, count } = await session.searchMailbox(selected, { body: "99 the QUICK" }, { onProgress: (progress) => hits.push(...progress.uids) });
    const took = performance.now() - begun;
    clearInterval(ticking);
    gaps.push(performance.now() - last);
    const waits = [];
    // So many words that there is a turn before all of the mailbox was gone through for them.
    const words = (key) => Array.from({ length: 60 }, (_, at) => `NOT ${key} nowhere${at}`).join(" ");
    for (const keys of [words("BODY"), words("TEXT")]) {
      for (const steps of [1, 3]) {
        const controller = new AbortController();
        let aborted;
        let calls = 0;
        const onProgress = () => {
          calls += 1;
          if (calls !== steps) return;
          setTimeout(() => {
            aborted = performance.now();
            controller.abort("typed on");
          }, 0);
        };
        const reason = await session.searchMailbox(selected, keys, { signal: controller.signal, onProgress }).catch((error) => error);
        waits.push([reason, performance.now() - aborted]);
      }
    }
    const updates = await session.checkMailbox(selected);
    const problems = (await session.verify()).problems;
    await session.close();
    return { hits: hits.sort((a, b) => a - b), uids: [...uids], count, took, gaps, waits, exists: updates.exists, problems };
  });
  t.diagnostic(`a whole search took ${seen.took.toFixed(0)} ms, the longest wait of others ${Math.max(...seen.gaps).toFixed(0)} ms of ${seen.gaps.length}`);
  t.diagnostic(`ends came after ${seen.waits.map(([, wait]) => wait.toFixed(1)).join(", ")} ms`);
  assert.equal(seen.count, 15);
  assert.deepEqual(seen.hits, seen.uids);
  assert.ok(Math.max(...seen.gaps) < seen.took * 0.8 || seen.took < 40, `${seen.gaps} in ${seen.took} ms`);
  for (const [reason, wait] of seen.waits) {
    assert.equal(reason, "typed on");
    assert.ok(wait < 250, `${wait} ms`);
  }
  assert.equal(seen.exists, undefined);
  assert.deepEqual(seen.problems, []);
});
