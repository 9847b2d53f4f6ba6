// Tabs that stand still (frozen, in the page cache) and come back, and two versions of the library in two tabs.
//
// Driven: the page cache in Chromium, Firefox and WebKitGTK; freezing in Chromium alone, for no other driver can.

import assert from "node:assert/strict";
import { test } from "node:test";

import { serve, webdriver } from "../support/browser.mjs";
import { tabsOf } from "../support/tabs.mjs";

const OPTIONS = { timeout: 240_000 };
const OWNER = "ada@example.org";
const DATABASE = `offline-mailbox:${OWNER}`;

/** A page that may be kept when one leaves it, and one to go to. */
const page = (body) => ({ type: "text/html", cache: "no-cache", body: `<!doctype html><meta charset="utf-8"><title>test</title>${body}` });
const PAGES = { "/kept": page('<script type="module" src="/tests/js/browser/page.mjs"></script>'), "/away": page("away") };

/** A session with a view that is fed, one that is not, one of a mailbox that will go, and what happens to mailboxes. */
const LIVE = (worker) => `
  window.session = await mailbox.openSession({ owner: "${OWNER}", worker: ${worker} });
  for (const name of ["Going", "Waiting"]) await session.createMailbox(name);
  await session.appendMessages("INBOX", [1, 2, 3].map((n) => ({ raw: mail("before " + n) })));
  await session.appendMessages("Waiting", [{ raw: mail("here") }]);
  window.views = {};
  for (const name of ["INBOX", "Going", "Waiting"]) views[name] = (await session.selectMailbox(name)).selected;
  window.told = { expunged: [], uids: [], flags: {}, going: undefined, names: [], errors: [], life: [] };
  const fail = (error) => told.errors.push(error.code ?? String(error));
  (async () => {
    for await (const { expunged, flags } of session.changes(views.INBOX)) {
      told.expunged.push(...[...expunged.seq].map((seq, at) => [seq, expunged.uid[at]]));
      flags.uid.forEach((uid, at) => { told.uids.push(uid); told.flags[uid] = flags.flags[at].join(" "); });
    }
  })().catch(fail);
  (async () => { for await (const { closed } of session.changes(views.Going)) told.going = closed; })().catch(fail);
  (async () => {
    for await (const { events } of session.changes()) {
      for (const { type, name } of events) if (type !== "changed") told.names.push(type + " " + name);
    }
  })().catch(fail);
  for (const kind of ["pagehide", "pageshow"]) addEventListener(kind, ({ persisted }) => told.life.push(kind + " " + persisted));
  for (const kind of ["freeze", "resume"]) document.addEventListener(kind, () => told.life.push(kind));
  await session.status("INBOX");
`;

/** What another tab does meanwhile. */
const MEANWHILE = `
  const session = await mailbox.openSession({ owner: "${OWNER}" });
  const { selected } = await session.selectMailbox("INBOX");
  const began = performance.now();
  await session.appendMessages("INBOX", [{ raw: mail("meanwhile") }]);
  await session.updateFlags(selected, [1], ["\\\\Flagged"]);
  await session.updateFlags(selected, [2], ["\\\\Deleted"]);
  await session.expungeMailbox(selected);
  await session.deleteMailbox("Going");
  await session.createMailbox("Come");
  const { selected: waiting } = await session.selectMailbox("Waiting");
  await session.moveMessages(waiting, [1], "INBOX");
  const took = performance.now() - began;
  await session.close();
  return took;
`;

/** Waits until the returned tab has heard; then it works on. */
const HEARD = `
  for (let waited = 0; waited < 400 && !(told.uids.includes(5) && told.going && told.names.length >= 2); waited += 1) await new Promise((go) => setTimeout(go, 20));
  const waiting = await session.checkMailbox(views.Waiting);
  const { uids } = await session.appendMessages("INBOX", [{ raw: mail("after") }], { selected: views.INBOX });
  const { messages } = await session.fetchMessages(views.INBOX, "1:*", { envelope: true });
  for (let waited = 0; waited < 100 && !told.uids.includes(6); waited += 1) await new Promise((go) => setTimeout(go, 20));
  return {
    ...told, waiting: [...waiting.expunged.uid], uids: [...uids], heard: told.uids, closed: views.Going.closed,
    mail: messages.map(({ seq, uid, flags, envelope }) => [seq, uid, flags.includes("\\\\Flagged"), envelope.subject]),
    problems: (await session.verify()).problems,
  };
`;

function check(heard) {
  assert.deepEqual(heard.errors, []);
  assert.deepEqual(heard.expunged, [[2, 2]], "once");
  assert.deepEqual([...new Set(heard.heard)].sort(), [1, 4, 5, 6]);
  assert.match(heard.flags[1], /\\Flagged/);
  assert.deepEqual([heard.going, heard.closed, heard.names], [true, true, ["deleted Going", "created Come"]]);
  assert.deepEqual([heard.waiting, heard.uids, heard.problems], [[1], [6], []]);
  assert.deepEqual(heard.mail, [[1, 1, true, "before 1"], [2, 3, false, "before 3"], [3, 4, false, "meanwhile"], [4, 5, false, "here"], [5, 6, false, "after"]]);
}

/** Makes the page the newer version of this library: its database has a higher number, and the same in it. */
const NEWER = `
  const open = IDBFactory.prototype.open;
  IDBFactory.prototype.open = function (name, version) { return open.call(this, name, version === undefined ? undefined : version + 1); };
`;

const within = async (promise, ms, what) => {
  let timer;
  const late = new Promise((_, reject) => (timer = setTimeout(() => reject(new Error(`${what} hangs`)), ms)));
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
};

test("a frozen tab hears of everything when it wakes, and stands in nobody's way meanwhile", OPTIONS, async (t) => {
  // The other driver keeps its pages in the foreground, where none can be frozen.
  const browser = await webdriver(t, await serve(t), "chrome");
  const [sleeper, other] = [await browser.tab(), await browser.tab()];
  const put = async (state) => {
    await browser.driver.switchTo().window(sleeper);
    await browser.driver.sendDevToolsCommand("Page.setWebLifecycleState", { state });
  };
  await browser.run(sleeper, LIVE(false));
  await put("frozen");
  const took = await within(browser.run(other, MEANWHILE), 30_000, "the tab that is awake");
  assert.ok(took < 10_000, `${took} ms`);
  await put("active");
  const heard = await browser.run(sleeper, HEARD);
  assert.deepEqual(heard.life, ["freeze", "resume"]);
  check(heard);

  // Asleep again, it holds nothing open that a newer version would have to wait for; awake, it steps back.
  await put("frozen");
  const opened = await browser.run(other, `${NEWER} const session = await mailbox.openSession({ owner: "${OWNER}" }); return (await session.status("INBOX")).exists;`);
  assert.equal(opened, 5);
  await put("active");
  const codes = await within(
    browser.run(
      sleeper,
      `const codes = [await session.status("INBOX").catch((error) => error.code)];
       for (let waited = 0; waited < 300 && told.errors.length < 2; waited += 1) await new Promise((go) => setTimeout(go, 20));
       return [...codes, ...told.errors];`,
    ),
    20_000,
    "the tab that woke",
  );
  assert.deepEqual(codes, ["VERSION_CHANGED", "VERSION_CHANGED", "VERSION_CHANGED"]);
});

for (const name of ["chrome", "firefox", "webkit"]) {
  test(`a tab in the page cache of ${name} hears of everything when it comes back`, OPTIONS, async (t) => {
    const origin = await serve(t, PAGES);
    const browser = await webdriver(t, origin, name);
    const tab = await browser.tab("/kept");
    await browser.run(tab, LIVE(false));
    await browser.driver.get(`${origin}/away`);
    const other = await browser.tab("/kept");
    await browser.run(other, MEANWHILE);
    await browser.driver.switchTo().window(tab);
    await browser.driver.navigate().back();
    const heard = await browser.run(tab, HEARD);
    assert.deepEqual(heard.life.filter((event) => event.startsWith("page")), ["pagehide true", "pageshow true"], "it was kept");
    check(heard);

    // Away again; a newer version comes meanwhile, and need not wait.
    await browser.driver.get(`${origin}/away`);
    const exists = await browser.run(other, `${NEWER} const session = await mailbox.openSession({ owner: "${OWNER}" }); return (await session.status("INBOX")).exists;`);
    assert.equal(exists, 5);
    await browser.driver.switchTo().window(tab);
    await browser.driver.navigate().back();
    const codes = await browser.run(
      tab,
      `const codes = [await session.status("INBOX").catch((error) => error.code)];
       for (let waited = 0; waited < 300 && told.errors.length < 2; waited += 1) await new Promise((go) => setTimeout(go, 20));
       return [...codes, ...told.errors];`,
    );
    assert.deepEqual(codes, ["VERSION_CHANGED", "VERSION_CHANGED", "VERSION_CHANGED"]);
  });
}

for (const name of ["chromium", "firefox", "webkit"]) {
  // How an engine in a worker says it is the same everywhere.
  for (const worker of name === "chromium" ? [false, true] : [false]) {
    test(`${name}: a newer version in another tab makes the older ${worker ? "in a worker " : ""}step back at once; nothing hangs, nothing is lost`, OPTIONS, async (t) => {
      const browser = await tabsOf(t, await serve(t), name);
      const older = await browser.tab();
      await browser.run(older, LIVE(worker));
      await browser.run(
        older,
        `window.sent = [];
         window.idle = session.checkMailbox(views.Waiting, { waitOn: new AbortController().signal }).then(() => "told", (error) => error.code);
         window.working = (async () => {
           for (let n = 0; n < 10_000; n += 1) {
             const calls = [1, 2, 3].map(() => session.appendMessages("INBOX", [{ raw: mail("sent " + n) }]).then(({ uids }) => sent.push(uids[0])));
             await Promise.all(calls).catch(async (error) => { await Promise.allSettled(calls); throw error; });
           }
         })().then(() => "done", (error) => error.code);
         for (let waited = 0; waited < 300 && sent.length < 6; waited += 1) await new Promise((go) => setTimeout(go, 20));`,
      );
      const newer = await browser.tab();
      const took = await browser.run(
        newer,
        `${NEWER}
         const began = performance.now();
         window.session = await mailbox.openSession({ owner: "${OWNER}" });
         return performance.now() - began;`,
      );
      // The older one's tab was never asked to be closed.
      assert.ok(took < 10_000, `${took} ms`);
      const told = await within(
        browser.run(
          older,
          `const code = (call) => call().then(() => "resolved", (error) => error.code ?? String(error));
           const codes = [await working, await idle];
           for (const call of [
             () => session.status("INBOX"),
             () => session.listMailboxes(),
             () => session.selectMailbox("INBOX"),
             () => session.createMailbox("New"),
             () => session.deleteMailbox("Going"),
             () => session.appendMessages("INBOX", [{ raw: mail("late") }]),
             () => session.checkMailbox(views.INBOX),
             () => session.fetchMessages(views.INBOX, "1:*", { source: true }),
             () => session.updateFlags(views.INBOX, [1], ["\\\\Seen"]),
             () => session.searchMailbox(views.INBOX, { body: "Hello" }),
             () => session.expungeMailbox(views.INBOX),
             () => session.verify(),
             () => session.cleanup({ thorough: true }),
             () => session.filterSet.getAll(),
             () => session.changes(views.Waiting).next(),
             () => session.changes().next(),
           ]) codes.push(await code(call));
           for (let waited = 0; waited < 300 && told.errors.length < 3; waited += 1) await new Promise((go) => setTimeout(go, 20));
           const again = await code(() => mailbox.openSession({ owner: "${OWNER}", worker: ${worker} }));
           await session.close();
           const anew = await code(() => mailbox.openSession({ owner: "${OWNER}", worker: ${worker} }));
           return { codes: [...new Set(codes)], feeds: told.errors, again, anew, sent };`,
        ),
        60_000,
        "the older tab",
      );
      assert.deepEqual(told.codes, ["VERSION_CHANGED"]);
      assert.deepEqual(told.feeds, ["VERSION_CHANGED", "VERSION_CHANGED", "VERSION_CHANGED"]);
      assert.deepEqual([told.again, told.anew], ["VERSION_CHANGED", "SCHEMA_TOO_NEW"]);
      const kept = await browser.run(
        newer,
        `const { selected } = await session.selectMailbox("INBOX", { readonly: true });
         const { uids } = await session.searchMailbox(selected, { subject: "sent" });
         return { uids: [...uids], problems: (await session.verify()).problems };`,
      );
      assert.ok(told.sent.length >= 6);
      // What was acknowledged is there; a call whose answer the change of versions cut off may be.
      for (const uid of told.sent) assert.ok(kept.uids.includes(uid), `${uid} was acknowledged`);
      assert.deepEqual(kept.problems, []);
    });
  }

  test(`${name}: where a tab does not let go, the newer version says BLOCKED within seconds, and opens once it has`, OPTIONS, async (t) => {
    const browser = await tabsOf(t, await serve(t), name);
    const older = await browser.tab();
    await browser.run(
      older,
      `window.session = await mailbox.openSession({ owner: "${OWNER}" });
       await session.appendMessages("INBOX", [{ raw: mail("one") }]);`,
    );
    // Where one tab lets go and another does not, Firefox may not say that it is blocked: an open then fails with
    // UNAVAILABLE after thirty seconds.
    if (name === "firefox") await browser.run(older, "await session.close();");
    const deaf = await browser.tab();
    await browser.run(
      deaf,
      `window.deaf = await new Promise((resolve, reject) => {
         const opening = indexedDB.open("${DATABASE}");
         opening.onsuccess = () => resolve(opening.result);
         opening.onerror = () => reject(opening.error);
       });`,
    );
    const newer = await browser.tab();
    const refused = await within(
      browser.run(
        newer,
        `${NEWER}
         const began = performance.now();
         const code = await mailbox.openSession({ owner: "${OWNER}" }).then(() => "opened", (error) => error.code);
         return { code, ms: performance.now() - began };`,
      ),
      60_000,
      "the newer tab",
    );
    assert.equal(refused.code, "BLOCKED");
    assert.ok(refused.ms >= 2_900 && refused.ms < 15_000, `${refused.ms} ms`);
    const code = await browser.run(older, `return session.status("INBOX").then(() => "resolved", (error) => error.code);`);
    assert.equal(code, name === "firefox" ? "CLOSED" : "VERSION_CHANGED");
    await browser.run(older, `await session.close(); window.queued = mailbox.openSession({ owner: "${OWNER}" }).then(() => "opened", (error) => error.code);`);
    await browser.run(deaf, "deaf.close();");
    const opened = await browser.run(newer, `const session = await mailbox.openSession({ owner: "${OWNER}" }); return (await session.status("INBOX")).exists;`);
    assert.equal(opened, 1);
    // Who opened the old version meanwhile waited behind the newer one, and then learns of it.
    assert.equal(await within(browser.run(older, "return queued;"), 40_000, "an open of the older version"), "SCHEMA_TOO_NEW");
  });
}
