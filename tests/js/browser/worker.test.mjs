// The engine in workers of real browsers, over IndexedDB: dedicated ones in all, a shared one for two tabs of Chromium.

import assert from "node:assert/strict";
import { test } from "node:test";

import { chromium, serve, webdriver } from "../support/browser.mjs";

const OPTIONS = { timeout: 240_000 };

/** What a page can do with a session in a worker of its own; the text runs in every browser. */
const DEDICATED = `
  const session = await mailbox.openSession({ owner: "ada@example.org", worker: true });
  const file = new File([mail("from a file", "x".repeat(200000))], "one.eml");
  await session.appendMessages("INBOX", [{ raw: file, flags: ["\\\\Seen"] }, { raw: mail("two") }]);
  const { selected } = await session.selectMailbox("INBOX");
  const feed = session.changes(selected);
  const attached = [
    "Subject: three", "Content-Type: multipart/mixed; boundary=b", "", "--b", "Content-Type: application/pdf",
    "Content-Disposition: attachment", "Content-Transfer-Encoding: base64", "", btoa("y".repeat(300000)).replace(/.{76}/g, "$&\\r\\n"), "--b--", "",
  ].join("\\r\\n");
  const progress = [];
  async function* source() {
    yield attached;
    yield { raw: new Blob([mail("four")]), date: new Date(0) };
  }
  const imported = await session.importMessages("INBOX", source(), { onProgress: ({ messages }) => progress.push(messages) });
  const told = (await feed.next()).value;
  await session.checkMailbox(selected);
  const { messages } = await session.fetchMessages(selected, "1:*", { envelope: true, attachments: true });
  const three = messages[2];
  let streamed = 0;
  const reader = three.attachmentStream(0).getReader();
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) streamed += piece.value.length;
  const pages = [];
  for await (const page of session.fetchPages(selected, "1:*", { source: true, pageSize: 3 })) {
    pages.push(page.messages.reduce((sum, message) => sum + message.source.length, 0));
  }
  const controller = new AbortController();
  const waiting = session.checkMailbox(selected, { waitOn: new AbortController().signal, signal: controller.signal });
  setTimeout(() => controller.abort("enough"), 20);
  const reason = await waiting.catch((error) => error);
  const missing = await session.status("Nowhere").catch((error) => error);
  const stored = await session.storage();
  const refused = await mailbox.deleteDatabase({ owner: "ada@example.org" }).catch((error) => error.code);
  const seen = {
    subjects: messages.map((message) => message.envelope.subject ?? ""), imported: [...imported.uids], progress, toldExists: told.exists, exists: selected.exists,
    streamed, part: (await three.attachment(0)).length, pages, sizes: messages.map(({ size }) => size), reason,
    missing: [missing instanceof mailbox.MailboxError, missing.code], backend: stored.backend, refused, problems: (await session.verify()).problems,
  };
  await session.close();
  await mailbox.deleteDatabase({ owner: "ada@example.org" });
  return seen;
`;

function check(seen) {
  assert.deepEqual(seen.subjects, ["from a file", "two", "three", "four"]);
  assert.deepEqual([seen.imported, seen.progress], [[3, 4], [2]]);
  assert.deepEqual([seen.toldExists, seen.exists], [4, 4]);
  assert.deepEqual([seen.streamed, seen.part], [300_000, 300_000]);
  const [one, two, three, four] = seen.sizes;
  assert.deepEqual(seen.pages, [one + two + three, four]);
  assert.equal(seen.reason, "enough");
  assert.deepEqual([seen.missing, seen.backend, seen.refused, seen.problems], [[true, "NOT_FOUND"], "indexeddb", "CONFLICT", []]);
}

const inPage = (body) => `(async () => { ${body} })()`;

test("a worker of the page's own, in Chromium, under a strict policy", OPTIONS, async (t) => {
  const page = await (await chromium(t, await serve(t))).tab();
  assert.equal(page.workers().length, 0);
  check(await page.evaluate(inPage(DEDICATED)));
  for (let waited = 0; waited < 100 && page.workers().length > 0; waited += 1) await page.waitForTimeout(20);
  assert.equal(page.workers().length, 0);
  check(await page.evaluate(inPage(DEDICATED)));
});

for (const name of ["firefox", "webkit"]) {
  test(`a worker of the page's own, in ${name}`, OPTIONS, async (t) => {
    const browser = await webdriver(t, await serve(t), name);
    const tab = await browser.tab();
    const begun = performance.now();
    check(await browser.run(tab, DEDICATED));
    const ending = performance.now();
    // Its end, from outside, is noticed by the lock it held.
    const told = await browser.run(
      tab,
      `const worker = new Worker("/pkg/worker.js", { type: "module" });
       const session = await mailbox.openSession({ owner: "b", worker });
       const waiting = [session.changes().next(), session.checkMailbox((await session.selectMailbox("INBOX")).selected, { waitOn: new AbortController().signal })];
       worker.terminate();
       const codes = [];
       for (const each of waiting) codes.push(await each.catch((error) => error.code));
       codes.push(await session.status("INBOX").catch((error) => error.code));
       await session.close();
       return codes;`,
    );
    t.diagnostic(`${(ending - begun).toFixed(0)} ms for a session's life, ${(performance.now() - ending).toFixed(0)} ms for its worker's end`);
    assert.deepEqual(told, ["CLOSED", "CLOSED", "CLOSED"]);
  });
}

test("workers that end, that do not start, and what cannot cross, in Chromium", OPTIONS, async (t) => {
  const origin = await serve(t, { "/broken.mjs": { type: "text/javascript", body: "throw new Error('broken on purpose');" } });
  const page = await (await chromium(t, origin)).tab();
  const told = await page.evaluate(async () => {
    const code = (promise) => promise.then(() => "resolved", (error) => error.code ?? String(error));
    const started = (address) => mailbox.openSession({ owner: "a", worker: new Worker(address, { type: "module" }) });
    const worker = new Worker("/pkg/worker.js", { type: "module" });
    const session = await mailbox.openSession({ owner: "a", worker });
    const { selected } = await session.selectMailbox("INBOX");
    const waiting = [session.changes(selected).next(), session.checkMailbox(selected, { waitOn: new AbortController().signal })];
    worker.terminate();
    const ended = await Promise.all(waiting.map(code));
    const { createWorker } = await import("/pkg/client.js");
    const shared = createWorker({ shared: true });
    const module = await WebAssembly.compileStreaming(fetch("/pkg/wasm/offline_mailbox_bg.wasm"));
    return {
      ended,
      closed: selected.closed,
      later: await code(session.status("INBOX")),
      close: await code(session.close()),
      again: await code(mailbox.openSession({ owner: "a", worker })),
      missing: await code(started("/nothing-here.mjs")),
      broken: await code(started("/broken.mjs")),
      module: await code(shared.openSession({ owner: "a", wasm: module })),
      moduleElsewhere: await code(mailbox.openSession({ owner: "a", wasm: module, worker: true }).then((opened) => opened.close())),
      address: await code(mailbox.openSession({ owner: "a", wasm: "pkg/wasm/offline_mailbox_bg.wasm", worker: true }).then((opened) => opened.close())),
    };
  });
  assert.deepEqual(told, {
    ended: ["CLOSED", "CLOSED"],
    closed: true,
    later: "CLOSED",
    close: "resolved",
    again: "CLOSED",
    missing: "UNAVAILABLE",
    broken: "UNAVAILABLE",
    module: "INVALID_ARGUMENT",
    moduleElsewhere: "resolved",
    address: "resolved",
  });
});

test("a shared worker: one engine for two tabs, whose sessions end with their tab", OPTIONS, async (t) => {
  const browser = await chromium(t, await serve(t));
  const [one, two] = [await browser.tab(), await browser.tab()];
  for (const page of [one, two]) {
    await page.evaluate(async () => {
      const { createWorker } = await import("/pkg/client.js");
      globalThis.worker = createWorker({ shared: true });
      // A store in memory: only who shares the engine sees it.
      globalThis.session = await worker.openSession({ owner: "ada@example.org", backend: "memory" });
      globalThis.selected = (await session.selectMailbox("INBOX")).selected;
      globalThis.known = [];
      (async () => {
        for await (const { flags } of session.changes(selected)) known.push(...flags.uid);
      })();
    });
  }
  await one.evaluate(() => session.appendMessages("INBOX", [{ raw: mail("from the first") }]));
  await two.waitForFunction(() => known.includes(1));
  await two.evaluate(() => session.appendMessages("INBOX", [{ raw: mail("from the second") }]));
  await one.waitForFunction(() => known.includes(2));
  const views = () => one.evaluate(async () => (await (await session.mailboxSet.getMailbox("INBOX")).selectedSet()).length);
  assert.equal(await views(), 2);
  await two.close();
  for (let waited = 0; waited < 250 && (await views()) > 1; waited += 1) await one.waitForTimeout(20);
  assert.equal(await views(), 1);
  assert.equal(await one.evaluate(async () => (await session.status("INBOX")).exists), 2);
  const after = await one.evaluate(async () => {
    await worker.close();
    const closed = [session.closed, selected.closed, await session.status("INBOX").catch((error) => error.code)];
    // Another connection of this page: the last session of the store in memory took it along.
    const { createWorker } = await import("/pkg/client.js");
    const again = createWorker({ shared: true });
    const anew = await again.openSession({ owner: "ada@example.org", backend: "memory" });
    const { exists } = await anew.status("INBOX");
    await again.close();
    return { closed, exists };
  });
  assert.deepEqual(after, { closed: [true, true, "CLOSED"], exists: 0 });
});

test("a heavy search in a worker leaves the page its turns", OPTIONS, async (t) => {
  const page = await (await chromium(t, await serve(t))).tab();
  const seen = await page.evaluate(async () => {
    const session = await mailbox.openSession({ owner: "ada@example.org", worker: true });
    const filler = "the quick brown fox jumps over the lazy dog, zwölf Boxkämpfer jagen Viktor quer\r\n".repeat(200);
    await session.importMessages("INBOX", Array.from({ length: 1500 }, (_, at) => ({ raw: mail(`n${at}`, `${at}\r\n${filler}`) })));
    const { selected } = await session.selectMailbox("INBOX");
    const turns = [];
    let last = performance.now();
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      turns.push(performance.now() - last);
      last = performance.now();
      port2.postMessage(0);
    };
    port2.postMessage(0);
    const hits = [];
    const begun = performance.now();
    const { count } = await session.searchMailbox(selected, { body: "99 the QUICK" }, { onProgress: ({ uids }) => hits.push(...uids) });
    const took = performance.now() - begun;
    port1.onmessage = null;
    await session.close();
    turns.sort((a, b) => a - b);
    return { count, hits: hits.length, took, turns: turns.length, typical: turns[Math.floor(turns.length * 0.99)], longest: turns.at(-1) };
  });
  t.diagnostic(`a search of ${seen.took.toFixed(0)} ms; ${seen.turns} turns of the page, 99 of 100 within ${seen.typical.toFixed(2)} ms, the longest ${seen.longest.toFixed(0)} ms`);
  assert.deepEqual([seen.count, seen.hits], [15, 15]);
  // In the page itself a search takes turns of some 10 ms.
  assert.ok(seen.turns > seen.took / 4, `${seen.turns} turns in ${seen.took} ms`);
  assert.ok(seen.typical < 8, `${seen.typical} ms`);
});
