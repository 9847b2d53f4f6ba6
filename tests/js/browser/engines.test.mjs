// The JavaScript API in Firefox and WebKit, over IndexedDB: a session, a second tab, a reload.

import assert from "node:assert/strict";
import { test } from "node:test";

import { serve, webdriver } from "../support/browser.mjs";

const FILL = `
  const session = (window.session = await mailbox.openSession({ owner: "ada@example.org" }));
  await session.createMailbox("Archive/2026");
  await session.appendMessages("INBOX", [
    { raw: mail("one"), flags: ["\\\\Seen", "work"] },
    { raw: mail("two", "x".repeat(2_000_000)) },
    { raw: mail("three") },
  ]);
  const { selected } = await session.selectMailbox("INBOX");
  window.selected = selected;
  await session.moveMessages(selected, [3], "Archive/2026");
  const calls = Array.from({ length: 100 }, (_, n) =>
    n % 2 ? session.appendMessages("Archive/2026", [{ raw: mail("many " + n) }]) : session.fetchMessages(selected, "1:*", { envelope: true }));
  await Promise.all(calls);
  window.known = [];
  (async () => { for await (const { flags } of session.changes(selected)) known.push(...flags.uid); })();
  const { rows } = await session.listMessages(selected);
  return { subjects: rows.map((row) => row.subject), archived: (await session.status("Archive/2026")).exists };
`;

const CHECK = `
  const session = await mailbox.openSession({ owner: "ada@example.org" });
  const { selected } = await session.selectMailbox("INBOX");
  const { uids } = await session.searchMailbox(selected, { keyword: "work" });
  const { problems } = await session.verify();
  const found = { hits: [...uids], digests: await digests(session, "INBOX"), archived: (await session.status("Archive/2026")).exists, problems };
  await session.close();
  return found;
`;

for (const name of ["firefox", "webkit"]) {
  test(`s135 s136 ${name}: a session with 100 calls at once, a second tab, a reload`, { timeout: 240_000 }, async (t) => {
    const browser = await webdriver(t, await serve(t), name);
    const one = await browser.tab();
    const filled = await browser.run(one, FILL);
    assert.deepEqual(filled, { subjects: ["two", "one"], archived: 51 });
    const before = await browser.run(one, "return digests(window.session, 'INBOX');");
    const two = await browser.tab();
    const found = await browser.run(two, CHECK);
    assert.deepEqual(found, { hits: [1], digests: before, archived: 51, problems: [] });
    await browser.run(
      two,
      `const session = await mailbox.openSession({ owner: "ada@example.org" });
       await session.appendMessages("INBOX", [{ raw: mail("from the second tab") }]);
       await session.close();`,
    );
    const known = await browser.run(
      one,
      "for (let waited = 0; waited < 300 && !known.includes(4); waited += 1) await new Promise((go) => setTimeout(go, 50)); return known;",
    );
    assert.ok(known.includes(4), String(known));
    await browser.reload();
    const kept = await browser.run(one, CHECK);
    assert.deepEqual(kept.digests.slice(0, 2), before);
    assert.equal(kept.digests.length, 3);
    assert.deepEqual(kept.problems, []);
  });
}
