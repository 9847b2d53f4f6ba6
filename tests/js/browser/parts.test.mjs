// The engine in two parts, in real browsers: a worker shows a mailbox with the first, a window has both from the
// beginning. Not here: Node, and a rest that is not there (../parts.test.mjs).

import assert from "node:assert/strict";
import { test } from "node:test";

import { chromium, serve, webdriver } from "../support/browser.mjs";

const WORKER = `
  import { openSession } from "/pkg/index.js";
  const rests = () => performance.getEntriesByType("resource").filter(({ name }) => name.includes("_rest.wasm")).map(({ initiatorType }) => initiatorType);
  onmessage = async () => {
    const begun = performance.now();
    const session = await openSession({ owner: "parts@example.org" });
    const { selected } = await session.selectMailbox("INBOX");
    const { rows } = await session.listMessages(selected, { limit: 50 });
    const shown = { rests: rests(), milliseconds: performance.now() - begun };
    const raw = new TextEncoder().encode("Subject: parts\\r\\n\\r\\nwords\\r\\n");
    await session.appendMessages("INBOX", [{ raw }], { selected });
    const { uids } = await session.searchMailbox(selected, { body: "words" });
    postMessage({ rows: rows.length, shown, uids: Array.from(uids), rests: rests() });
  };`;

const BODY = `
  const worker = new Worker("/parts_worker.mjs", { type: "module" });
  const told = await new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
    worker.postMessage("begin");
  });
  const session = await mailbox.openSession({ owner: "window@example.org" });
  const rests = performance.getEntriesByType("resource").filter(({ name }) => name.includes("_rest.wasm"));
  await session.createMailbox("A");
  await session.close();
  return { ...told, inWindow: rests.map(({ initiatorType }) => initiatorType) };`;

for (const name of ["chromium", "firefox", "webkit"]) {
  test(`${name}: a worker shows a mailbox with the first part, and has the rest in the call that needs it`, { timeout: 120_000 }, async (t) => {
    const origin = await serve(t, { "/parts_worker.mjs": { type: "text/javascript", body: WORKER } });
    const browser = name === "chromium" ? await chromium(t, origin) : await webdriver(t, origin, name);
    const tab = await browser.tab();
    const told = name === "chromium" ? await tab.evaluate(`(async () => { ${BODY} })()`) : await browser.run(tab, BODY);
    assert.deepEqual([told.rows, told.uids], [0, [1]]);
    // On a slow machine the pause comes before the list: then it came by itself.
    assert.ok(!told.shown.rests.includes("xmlhttprequest"), "showing needed the rest");
    if (told.shown.milliseconds < 100) assert.deepEqual(told.shown.rests, []);
    assert.ok(told.rests.length > 0, "the rest was never fetched");
    assert.deepEqual(told.inWindow, ["fetch"]);
  });
}
