// A database that is gone: said when a session is opened, and to those that are open. Nothing is begun anew
// without being asked for.

import assert from "node:assert/strict";
import { test } from "node:test";

import { chromium, serve, webdriver } from "../support/browser.mjs";

const OPTIONS = { timeout: 240_000 };

/** Runs in pages and, for other browsers, as text. */
const OPENING = `
  const owner = "ada@example.org";
  // One whose worker has ended may block it for a moment.
  const deleted = (name) => new Promise((resolve) => (indexedDB.deleteDatabase(name).onsuccess = resolve));
  const names = async () => (await indexedDB.databases()).filter(({ version }) => version > 0).map(({ name }) => name);
  const lost = (options) => mailbox.openSession({ owner, ...options }).then(() => "opened", (error) => error.code);
  const first = await mailbox.openSession({ owner });
  await first.appendMessages("INBOX", [{ raw: mail("x") }]);
  const { databaseId } = first;
  await first.close();
  const same = [];
  for (const options of [{}, { worker: true }, { expectDatabaseId: databaseId }, { expectDatabaseId: null }]) {
    const session = await mailbox.openSession({ owner, ...options });
    same.push(session.databaseId === databaseId);
    await session.close();
  }
  await deleted("offline-mailbox:" + owner);
  const codes = [await lost(), await lost({ worker: true }), await lost({ expectDatabaseId: databaseId }), await lost()];
  const left = await names();
  const anew = await mailbox.openSession({ owner, expectDatabaseId: null });
  const { exists } = await anew.status("INBOX");
  const differs = anew.databaseId !== databaseId;
  await anew.close();
  const old = await lost({ expectDatabaseId: databaseId });
  const again = await lost();
  // Deleted on purpose, here and in a worker: nothing is missed.
  await (await mailbox.openSession({ owner: "b" })).close();
  await mailbox.deleteDatabase({ owner: "b" });
  const purpose = [await lost({ owner: "b" })];
  return { same, codes, left, exists, differs, old, again, purpose };
`;

function checkOpening(seen) {
  assert.deepEqual(seen, {
    same: [true, true, true, true],
    codes: ["STORAGE_LOST", "STORAGE_LOST", "STORAGE_LOST", "STORAGE_LOST"],
    left: [],
    exists: 0,
    differs: true,
    old: "STORAGE_LOST",
    again: "opened",
    purpose: ["opened"],
  });
}

const inPage = (body) => `(async () => { ${body} })()`;

/** Waits and calls of a session that is open. */
const WAITING = `
  window.session = await mailbox.openSession({ owner: "open@example.org" });
  await session.appendMessages("INBOX", [{ raw: mail("x") }]);
  window.selected = (await session.selectMailbox("INBOX")).selected;
  const end = async (feed) => {
    for await (const told of feed) void told;
  };
  window.told = {};
  const waits = {
    events: end(session.changes()),
    updates: end(session.changes(selected)),
    idle: session.checkMailbox(selected, { waitOn: new AbortController().signal }),
  };
  for (const [name, each] of Object.entries(waits)) each.then(() => (told[name] = "done"), (error) => (told[name] = error.code));
  await new Promise((resolve) => setTimeout(resolve, 300));
`;

const TOLD = `
  for (let waited = 0; waited < 200 && Object.keys(told).length < 3; waited += 1) await new Promise((go) => setTimeout(go, 50));
  const code = (call) => call.then(() => "done", (error) => error.code);
  const calls = [
    await code(session.status("INBOX")),
    await code(session.appendMessages("INBOX", [{ raw: mail("y") }])),
    await code(session.fetchMessages(selected, "1", { source: true })),
    await code(session.close()),
  ];
  const names = (await indexedDB.databases()).filter(({ version }) => version > 0).map(({ name }) => name);
  return { told, calls, left: names.filter((name) => /open@/.test(name)) };
`;

function checkTold(seen) {
  const lost = "STORAGE_LOST";
  assert.deepEqual(seen, { told: { events: lost, updates: lost, idle: lost }, calls: [lost, lost, lost, "done"], left: [] });
}

test("lost while nobody looked, and while it was open, in Chromium", OPTIONS, async (t) => {
  const origin = await serve(t);
  const browser = await chromium(t, origin);
  const page = await browser.tab();
  checkOpening(await page.evaluate(inPage(OPENING)));

  // The person clears the site's data.
  const cdp = await browser.context.newCDPSession(page);
  await page.evaluate(inPage(WAITING));
  await cdp.send("Storage.clearDataForOrigin", { origin, storageTypes: "indexeddb" });
  checkTold(await page.evaluate(inPage(TOLD)));
  await page.evaluate(() => localStorage.clear());

  // Another tab deletes it.
  const other = await browser.tab();
  await page.evaluate(inPage(WAITING));
  await other.evaluate(() => mailbox.deleteDatabase({ owner: "open@example.org" }));
  checkTold(await page.evaluate(inPage(TOLD)));

  // Another tab deletes it and begins anew while this one is put away: what this one knows is not mixed into that.
  await page.evaluate(inPage(WAITING));
  await page.evaluate(() => dispatchEvent(Object.assign(new Event("pagehide"), { persisted: true })));
  await other.evaluate(async () => {
    await mailbox.deleteDatabase({ owner: "open@example.org" });
    globalThis.anew = await mailbox.openSession({ owner: "open@example.org" });
  });
  const told = await page.evaluate(async () => {
    dispatchEvent(new Event("pageshow"));
    return session.appendMessages("INBOX", [{ raw: mail("into the wrong one") }]).catch((error) => error.code);
  });
  assert.equal(told, "STORAGE_LOST");
  assert.deepEqual(await other.evaluate(async () => [(await anew.status("INBOX")).exists, (await anew.verify()).problems]), [0, []]);
});

for (const name of ["firefox", "webkit"]) {
  test(`lost while nobody looked, and while it was open, in ${name}`, OPTIONS, async (t) => {
    const browser = await webdriver(t, await serve(t), name);
    const one = await browser.tab();
    checkOpening(await browser.run(one, OPENING));
    await browser.run(one, WAITING);
    const two = await browser.tab();
    await browser.run(two, `await mailbox.deleteDatabase({ owner: "open@example.org" });`);
    checkTold(await browser.run(one, TOLD));
  });
}
