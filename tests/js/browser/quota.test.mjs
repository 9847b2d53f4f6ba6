// A full disk, or a full share of it: the call that does not fit is told so and leaves nothing behind, reading
// goes on, and writing does once there is room.

import assert from "node:assert/strict";
import { test } from "node:test";

import { chromium, serve, webdriver } from "../support/browser.mjs";

const OPTIONS = { timeout: 240_000 };

/** Fills INBOX a little: something to be read, copied, flagged and deleted. */
const FILL = `
  window.session = await mailbox.openSession({ owner: "ada@example.org" });
  // Random, so that no store makes it smaller.
  window.large = (subject, octets = 4_000_000) => {
    const bytes = new Uint8Array(octets);
    for (let at = 0; at < octets; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
    for (let at = 0; at < octets; at += 1) bytes[at] = 33 + (bytes[at] % 90);
    return new Blob([mail(subject, ""), bytes]);
  };
  await session.createMailbox("Archive");
  await session.appendMessages("INBOX", [{ raw: mail("one") }, { raw: mail("two") }, { raw: large("three") }]);
  await session.filterSet.put("main", 'require "fileinto"; if header :is "subject" "archive me" { fileinto "Archive"; }');
  await session.filterSet.setActive("main");
  window.selected = (await session.selectMailbox("INBOX")).selected;
`;

/** All that can be seen. */
const PICTURE = `
  window.picture = async (by) => {
    const { mailboxes } = await by.listMailboxes();
    const seen = { names: mailboxes.map(({ name }) => name), filters: await by.filterSet.getAll(), mail: {} };
    for (const name of seen.names) {
      const { exists, uidNext, highestModSeq } = await by.status(name);
      seen.mail[name] = { exists, uidNext, highestModSeq, digests: await digests(by, name) };
    }
    return JSON.stringify(seen);
  };
`;

/** Writes until it does not fit, then tries every kind of write. */
const EXHAUST = `
  const code = (call) => call.then(() => "done", (error) => error.code);
  let written = 0;
  let full;
  // In ever smaller pieces, until next to nothing fits.
  for (const octets of [4_000_000, 400_000, 40_000, 4_000]) {
    full = undefined;
    for (let piece = 0; full === undefined && piece < 60; piece += 1) {
      full = await session.appendMessages("Archive", [{ raw: large("filler", octets) }]).then(() => undefined, (error) => error.code);
      written += 1;
    }
  }
  const before = await picture(session);
  const codes = {
    append: await code(session.appendMessages("INBOX", [{ raw: mail("small") }, { raw: large("large") }])),
    import: await code(session.importMessages("INBOX", [{ raw: large("large") }])),
    deliver: await code(session.deliver(large("archive me"))),
    many: await code(session.appendMessages("INBOX", Array.from({ length: 400 }, (_, n) => ({ raw: large("n" + n, 20_000) })))),
  };
  // Small ones: whether they fit is the platform's to say, but it is all of them or nothing.
  const small = {
    flags: () => session.updateFlags(selected, "1:*", ["\\\\Flagged", "label"]),
    copy: () => session.copyMessages(selected, [1], "Archive"),
    move: () => session.moveMessages(selected, [2], "Archive"),
    create: () => session.createMailbox("Created"),
    script: () => session.filterSet.put("small", "keep;"),
    expunge: async () => {
      await session.updateFlags(selected, [3], ["\\\\Deleted"]);
      await session.expungeMailbox(selected);
    },
  };
  const torn = [];
  for (const [name, work] of Object.entries(small)) {
    const was = await picture(session);
    codes[name] = await code(work());
    if (name !== "flags" && (codes[name] === "done") === ((await picture(session)) === was)) torn.push(name);
  }
  return { full, written, codes, torn, before, after: await picture(session), problems: (await session.verify()).problems };
`;

/** Another tab, or this one after a reload. */
const LOOK = `
  const by = await mailbox.openSession({ owner: "ada@example.org" });
  const seen = await picture(by);
  const { problems } = await by.verify();
  await by.close();
  return { seen, problems };
`;

/** Once there is room again. */
const AFTER = `
  const session = await mailbox.openSession({ owner: "ada@example.org" });
  const { selected } = await session.selectMailbox("Archive");
  const until = performance.now() + PATIENCE;
  let codes;
  do {
    const deleted = await session.updateFlags(selected, "1:*", ["\\\\Deleted"]).then(() => session.expungeMailbox(selected)).then(() => session.cleanup({ thorough: true })).then(() => "done", (error) => error.code);
    const wrote = await session.appendMessages("INBOX", [{ raw: mail("room again") }]).then(() => "done", (error) => error.code);
    codes = [deleted, wrote];
    if (codes.join() !== "done,done") await new Promise((go) => setTimeout(go, 1000));
  } while (codes.join() !== "done,done" && performance.now() < until);
  const { problems } = await session.verify();
  const { usage, quota, persistent } = await session.storage();
  await session.close();
  return { codes, problems, report: [typeof usage, typeof quota, typeof persistent] };
`;

const inPage = (body) => `(async () => { ${body} })()`;

function checkFull({ full, written, codes, torn, before, after, problems }) {
  assert.equal(full, "QUOTA_EXCEEDED", `${written} written`);
  assert.ok(written >= 1);
  for (const name of ["append", "import", "deliver", "many"]) assert.equal(codes[name], "QUOTA_EXCEEDED", name);
  for (const [name, code] of Object.entries(codes)) assert.match(code, /^(QUOTA_EXCEEDED|done)$/, name);
  assert.deepEqual(torn, []);
  if (Object.values(codes).every((code) => code !== "done")) assert.equal(after, before);
  assert.deepEqual(problems, []);
}

for (const [store, args] of [["LevelDB", []], ["SQLite", ["--enable-features=IdbSqliteBackingStore"]]]) {
  test(`a full share of the disk, in Chromium on its ${store}`, OPTIONS, async (t) => {
    const origin = await serve(t);
    const browser = await chromium(t, origin, { args });
    const page = await browser.tab();
    const cdp = await browser.context.newCDPSession(page);
    // Before anything is written: the browser remembers for a while how much room there was.
    await cdp.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 24_000_000 });
    await page.evaluate(inPage(FILL));
    const seen = await page.evaluate(inPage(PICTURE + EXHAUST));
    t.diagnostic(`${seen.written} written, then: ${JSON.stringify(seen.codes)}`);
    checkFull(seen);
    const other = await browser.tab();
    const elsewhere = await other.evaluate(inPage(PICTURE + LOOK));
    await browser.reload(page);
    const reloaded = await page.evaluate(inPage(PICTURE + LOOK));
    for (const each of [elsewhere, reloaded]) assert.deepEqual([each.seen, each.problems], [seen.after, []]);
    await cdp.send("Storage.overrideQuotaForOrigin", { origin });
    const after = await page.evaluate(inPage(AFTER.replace("PATIENCE", "90_000")));
    assert.deepEqual(after, { codes: ["done", "done"], problems: [], report: ["number", "number", "boolean"] });
  });
}

/** What else an origin may keep. */
const OTHER = `
  await new Promise((resolve, reject) => {
    const opening = indexedDB.open("other", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("all");
    opening.onsuccess = () => {
      const transaction = opening.result.transaction("all", "readwrite");
      transaction.objectStore("all").put(Array.from({ length: 50 }, () => crypto.getRandomValues(new Uint8Array(65_536))), 1);
      transaction.oncomplete = resolve;
      transaction.onabort = reject;
      opening.result.close();
    };
  });
`;

test("a full share of the disk, in Firefox", OPTIONS, async (t) => {
  // In KiB, for all origins together.
  const preferences = { "dom.quotaManager.temporaryStorage.fixedLimit": 24_000, "dom.quotaManager.testing": true };
  const browser = await webdriver(t, await serve(t), "firefox", { preferences });
  const one = await browser.tab();
  await browser.run(one, OTHER);
  await browser.run(one, FILL);
  const seen = await browser.run(one, PICTURE + EXHAUST);
  t.diagnostic(`${seen.written} written, then: ${JSON.stringify(seen.codes)}`);
  checkFull(seen);
  const two = await browser.tab();
  const elsewhere = await browser.run(two, PICTURE + LOOK);
  await browser.reload();
  const reloaded = await browser.run(two, PICTURE + LOOK);
  for (const each of [elsewhere, reloaded]) assert.deepEqual([each.seen, each.problems], [seen.after, []]);
  // At its very limit not even a deletion fits, until something else of the origin has gone.
  await browser.run(two, `await new Promise((resolve) => (indexedDB.deleteDatabase("other").onsuccess = resolve));`);
  const after = await browser.run(two, AFTER.replace("PATIENCE", "90_000"));
  assert.deepEqual(after, { codes: ["done", "done"], problems: [], report: ["number", "number", "boolean"] });
});
