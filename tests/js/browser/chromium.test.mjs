// The JavaScript API in Chromium, over IndexedDB on disk: tabs, reloads, workers, loading.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { chromium, serve } from "../support/browser.mjs";

const OPTIONS = { timeout: 240_000 };

test("s135 a reload keeps mail, flags, names, subscriptions and filters; the database can be deleted", OPTIONS, async (t) => {
  const browser = await chromium(t, await serve(t));
  const page = await browser.tab();
  const before = await page.evaluate(async () => {
    const session = await mailbox.openSession({ owner: "ada@example.org", durability: "strict" });
    await session.createMailbox("Archive/2026");
    await session.subscribe("Archive/2026");
    await session.appendMessages("INBOX", [
      { raw: mail("one"), flags: ["\\Seen", "work"], internalDate: new Date(0), zoneMinutes: 90 },
      { raw: mail("two", "x".repeat(3_000_000)) },
    ]);
    const { selected } = await session.selectMailbox("INBOX");
    await session.copyMessages(selected, [1], "Archive/2026");
    await session.filterSet.put("main", "discard;");
    await session.filterSet.setActive("main");
    const { rows } = await session.listMessages(selected);
    return JSON.stringify({ rows, digests: await digests(session, "INBOX"), status: await session.status("Archive/2026") });
  });
  await browser.reload(page);
  const after = await page.evaluate(async () => {
    const session = await mailbox.openSession({ owner: "ada@example.org" });
    const { mailboxes } = await session.listMailboxes({ subscribed: true });
    const { selected } = await session.selectMailbox("INBOX");
    const { rows } = await session.listMessages(selected);
    const report = await session.storage();
    return {
      mail: JSON.stringify({ rows, digests: await digests(session, "INBOX"), status: await session.status("Archive/2026") }),
      subscribed: mailboxes.map((each) => each.name),
      filters: await session.filterSet.getAll(),
      discarded: (await session.deliver(mail("three"))).discarded,
      problems: (await session.verify()).problems,
      usage: report.usage,
    };
  });
  // \Recent was the first view's.
  const kept = JSON.parse(before);
  for (const row of kept.rows) row.flags = row.flags.filter((flag) => flag !== "\\Recent");
  assert.deepEqual(JSON.parse(after.mail), kept);
  assert.ok(after.subscribed.includes("Archive/2026"));
  assert.deepEqual([after.filters, after.discarded], [{ active: "main", names: ["main"] }, true]);
  assert.deepEqual(after.problems, []);
  assert.ok(after.usage > 0);
  const deleted = await page.evaluate(async () => {
    const session = await mailbox.openSession({ owner: "ada@example.org" });
    const refused = await mailbox.deleteDatabase({ owner: "ada@example.org" }).catch((error) => error.code);
    await session.close();
    return refused;
  });
  assert.equal(deleted, "CONFLICT");
  await browser.reload(page);
  const exists = await page.evaluate(async () => {
    await mailbox.deleteDatabase({ owner: "ada@example.org" });
    const session = await mailbox.openSession({ owner: "ada@example.org" });
    return (await session.status("INBOX")).exists;
  });
  assert.equal(exists, 0);
});

test("s136 two tabs and two sessions of one page see each other and never hand out one uid twice", OPTIONS, async (t) => {
  const browser = await chromium(t, await serve(t));
  const [one, two] = [await browser.tab(), await browser.tab()];
  for (const page of [one, two]) {
    await page.evaluate(async () => {
      globalThis.session = await mailbox.openSession({ owner: "ada@example.org" });
      globalThis.second = await mailbox.openSession({ owner: "ada@example.org" });
      globalThis.selected = (await session.selectMailbox("INBOX")).selected;
      globalThis.known = new Set();
      globalThis.counts = 0;
      (async () => {
        for await (const { flags } of session.changes(selected)) for (const uid of flags.uid) known.add(uid);
      })();
      (async () => {
        for await (const { events } of second.changes()) {
          for (const event of events) if (event.name === "INBOX" && event.counts) counts = event.counts.exists;
        }
      })();
    });
  }
  const append = async (label) => {
    const uids = [];
    await Promise.all(
      Array.from({ length: 15 }, async (_, n) => {
        const from = n % 2 ? session : second;
        uids.push((await from.appendMessages("INBOX", [{ raw: mail(`${label} ${n}`) }])).uids[0]);
      }),
    );
    return uids;
  };
  const [a, b] = await Promise.all([one.evaluate(append, "one"), two.evaluate(append, "two")]);
  assert.deepEqual([...a, ...b].sort((x, y) => x - y), Array.from({ length: 30 }, (_, at) => at + 1));
  for (const page of [one, two]) await page.waitForFunction(() => known.size === 30 && counts === 30 && selected.exists === 30);
  // A flag set in one tab is told in the other; a mailbox deleted in one closes the view of the other.
  await one.evaluate(() => session.updateFlags(selected, [7], ["\\Flagged"]));
  await two.waitForFunction(async () => (await session.searchMailbox(selected, { flagged: true })).uids[0] === 7);
  await one.evaluate(async () => {
    await session.createMailbox("Gone");
  });
  await two.evaluate(async () => {
    globalThis.gone = (await session.selectMailbox("Gone")).selected;
    globalThis.ended = false;
    (async () => {
      for await (const { closed } of session.changes(gone)) ended = closed;
    })();
  });
  await one.evaluate(() => session.deleteMailbox("Gone"));
  await two.waitForFunction(() => ended && gone.closed);
});

test("s136 a tab that imports is not starved by another that works, nor that by it", OPTIONS, async (t) => {
  const browser = await chromium(t, await serve(t));
  const [importer, worker] = [await browser.tab(), await browser.tab()];
  await worker.evaluate(async () => {
    globalThis.session = await mailbox.openSession({ owner: "ada@example.org" });
    await session.appendMessages("INBOX", [{ raw: mail("flag me") }]);
    const { selected } = await session.selectMailbox("INBOX");
    globalThis.changes = 0;
    globalThis.stop = false;
    globalThis.done = (async () => {
      while (!stop) {
        await session.updateFlags(selected, [1], ["\\Flagged"], changes % 2 ? "delete" : "add");
        changes += 1;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    })();
  });
  const imported = await importer.evaluate(async () => {
    const session = await mailbox.openSession({ owner: "ada@example.org" });
    function* messages() {
      for (let n = 0; n < 3000; n += 1) yield { raw: mail(`imported ${n}`, `${n} `.repeat(200)) };
    }
    const started = performance.now();
    const { messages: count } = await session.importMessages("INBOX", messages(), { chunkBytes: 65_536 });
    return { count, ms: performance.now() - started, exists: (await session.status("INBOX")).exists };
  });
  const changes = await worker.evaluate(async () => {
    stop = true;
    await done;
    return globalThis.changes;
  });
  t.diagnostic(`3,000 messages in ${Math.round(imported.ms)} ms beside ${changes} flag changes`);
  assert.equal(imported.count, 3000);
  assert.equal(imported.exists, 3001);
  assert.ok(imported.ms < 60_000, `${imported.ms} ms`);
  assert.ok(changes >= 10, `${changes} changes`);
});

test("a database that another tab deletes is lost, not silently begun anew", OPTIONS, async (t) => {
  const browser = await chromium(t, await serve(t));
  const [one, two] = [await browser.tab(), await browser.tab()];
  await one.evaluate(async () => {
    globalThis.session = await mailbox.openSession({ owner: "ada@example.org" });
    await session.appendMessages("INBOX", [{ raw: mail("x") }]);
    const { selected } = await session.selectMailbox("INBOX");
    globalThis.told = [];
    for (const feed of [session.changes(selected), session.changes()]) {
      feed.next().then(({ done }) => told.push(done), ({ code }) => told.push(code));
    }
  });
  await two.evaluate(() => mailbox.deleteDatabase({ owner: "ada@example.org" }));
  const code = await one.evaluate(() => session.status("INBOX").catch((error) => error.code));
  assert.equal(code, "STORAGE_LOST");
  await one.waitForFunction(() => told.length === 2);
  assert.deepEqual(await one.evaluate(() => told), ["STORAGE_LOST", "STORAGE_LOST"]);
  // Another session here would share what is lost.
  const shared = await one.evaluate(() => mailbox.openSession({ owner: "ada@example.org" }).catch((error) => error.code));
  assert.equal(shared, "STORAGE_LOST");
  assert.equal(await one.evaluate(() => session.close().then(() => session.closed)), true);
  const anew = await one.evaluate(async () => {
    const session = await mailbox.openSession({ owner: "ada@example.org" });
    return (await session.status("INBOX")).exists;
  });
  assert.equal(anew, 0);
});

test("in a module worker", OPTIONS, async (t) => {
  const origin = await serve(t, {
    "/worker.mjs": {
      type: "text/javascript",
      body: `import { openSession } from "/pkg/index.js";
        const session = await openSession({ owner: "worker@example.org" });
        await session.appendMessages("INBOX", [{ raw: "Subject: x\\r\\n\\r\\ny" }]);
        const { exists } = await session.status("INBOX");
        await session.close();
        postMessage(exists);`,
    },
  });
  const page = await (await chromium(t, origin)).tab();
  const exists = await page.evaluate(
    () =>
      new Promise((resolve, reject) => {
        const worker = new Worker("/worker.mjs", { type: "module" });
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = ({ message }) => reject(new Error(message));
      }),
  );
  assert.equal(exists, 1);
});

test("in a service worker", OPTIONS, async (t) => {
  const origin = await serve(t, {
    "/service.mjs": {
      type: "text/javascript",
      body: `import { openSession } from "/pkg/index.js";
        addEventListener("message", ({ ports: [port] }) => {
          (async () => {
            const session = await openSession({ owner: "service@example.org" });
            await session.appendMessages("INBOX", [{ raw: "Subject: x\\r\\n\\r\\ny" }]);
            const { exists } = await session.status("INBOX");
            await session.close();
            return exists;
          })().then((exists) => port.postMessage(exists), (error) => port.postMessage(String(error)));
        });`,
    },
  });
  const page = await (await chromium(t, origin)).tab();
  const exists = await page.evaluate(async () => {
    const { installing, waiting, active } = await navigator.serviceWorker.register("/service.mjs", { type: "module" });
    const { port1, port2 } = new MessageChannel();
    const answer = new Promise((resolve) => (port1.onmessage = ({ data }) => resolve(data)));
    (installing ?? waiting ?? active).postMessage(undefined, [port2]);
    return answer;
  });
  assert.equal(exists, 1);
});

test("an engine that cannot be loaded is named and tried anew; other sources of it work", OPTIONS, async (t) => {
  const page = await (await chromium(t, await serve(t))).tab();
  const told = await page.evaluate(async () => {
    const owner = "ada@example.org";
    const failure = async (wasm) => {
      const error = await mailbox.openSession({ owner, wasm }).then(
        () => undefined,
        (thrown) => thrown,
      );
      return `${error?.code}: ${error?.message}`;
    };
    const failures = [
      await failure("/missing.wasm"),
      await failure("http://127.0.0.1:1/x.wasm"),
      await failure(new Uint8Array([0, 97, 115, 109, 9, 9, 9, 9])),
      await failure(new TextEncoder().encode("\n <!doctype html>")),
    ];
    const bytes = await (await fetch("/pkg/wasm/offline_mailbox_bg.wasm")).arrayBuffer();
    const session = await mailbox.openSession({ owner, wasm: bytes });
    return { failures, exists: (await session.status("INBOX")).exists };
  });
  assert.match(told.failures[0], /^UNAVAILABLE: .*HTML.*optimizeDeps/);
  assert.match(told.failures[1], /^UNAVAILABLE: .*could not be fetched/);
  assert.match(told.failures[2], /^UNAVAILABLE: .*is not the engine/);
  assert.match(told.failures[3], /^UNAVAILABLE: .*HTML/);
  assert.equal(told.exists, 0);
});

/** The first example of a README, importing from `entry`. */
export function example(readme, entry) {
  const code = /^```js\n([^]*?)^```/m.exec(readFileSync(new URL(`../../../${readme}`, import.meta.url), "utf8"))?.[1];
  assert.ok(code?.includes("openSession"), `${readme} begins with an example`);
  return code.replace(/from "offline-mailbox(\/mbox)?"/g, (_, mbox) => `from "${entry}/${mbox ? "mbox" : "index"}.js"`);
}

for (const readme of ["README.md", "pkg/README.md"]) {
  test(`the example of ${readme} runs`, OPTIONS, async (t) => {
    const body = `${example(readme, "/pkg")}\nglobalThis.exampleDone = true;`;
    const origin = await serve(t, { "/example.mjs": { type: "text/javascript", body } });
    const page = await (await chromium(t, origin)).tab();
    await page.evaluate(() => import("/example.mjs"));
    assert.equal(await page.evaluate(() => globalThis.exampleDone), true);
  });
}
