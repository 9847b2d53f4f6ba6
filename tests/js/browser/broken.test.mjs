// An engine that breaks over IndexedDB, in the page and in a worker: calls reject, nothing is half written, the
// dead engine stands in nobody's way, and the next session works.

import assert from "node:assert/strict";
import { test } from "node:test";

import { chromium, serve, webdriver } from "../support/browser.mjs";

const OPTIONS = { timeout: 240_000 };
const WORKER = `
  import { arm, starve } from "/tests/js/browser/crash.mjs";
  import "/pkg/worker.js";
  addEventListener("message", ({ data }) => {
    if (data.arm) arm(...data.arm);
    if (data.starve) postMessage(starve());
  });`;
const EXTRA = { "/crash_worker.mjs": { type: "text/javascript", body: WORKER } };

/** `worker` says where; each round breaks the engine at another place and looks at what is left. */
const BODY = `
  // By an element: a driver's script may have a WebAssembly of its own.
  const script = Object.assign(document.createElement("script"), { type: "module", src: "/tests/js/browser/crash.mjs" });
  await new Promise((resolve) => {
    script.onload = resolve;
    document.head.append(script);
  });
  const { arm, starve } = window.breaking;
  const owner = "ada@example.org";
  const errors = [];
  const note = ({ error, reason, message }) => errors.push(String(error ?? reason ?? message));
  addEventListener("error", note);
  addEventListener("unhandledrejection", note);
  const open = (options) => mailbox.openSession({ owner, worker, ...options });
  const end = async (feed) => {
    for await (const told of feed) void told;
  };
  const large = (octets) => mail("large", "x".repeat(octets));
  const ROUNDS = [
    ["trap", "transaction", 0],
    ["trap", "put", 0],
    // In the midst of a commit, half of which is queued.
    ["trap", "put", 3],
    ["throws", "put", 5],
    ["stack", "put", 1],
    ["trap", "result", 0],
    ["trap", "set_onsuccess", 1],
    ["trap", "queueMicrotask", 2],
    "memory",
  ];
  const first = await open();
  await first.appendMessages("INBOX", [{ raw: mail("one") }]);
  await first.close();
  let exists = 1;
  const seen = [];
  for (const round of ROUNDS) {
    const session = await open();
    const { selected } = await session.selectMailbox("INBOX");
    const calls = [
      end(session.changes()),
      end(session.changes(selected)),
      session.checkMailbox(selected, { waitOn: new AbortController().signal }),
    ];
    await new Promise((resolve) => setTimeout(resolve, 50));
    if (round === "memory") {
      let starved = worker ? new Promise((resolve) => worker.addEventListener("message", ({ data }) => resolve(data), { once: true })) : starve();
      if (worker) worker.postMessage({ starve: true });
      if (!(await starved)) {
        seen.push([round, "not to be had"]);
        await session.close();
        await Promise.all(calls);
        continue;
      }
      calls.push(session.appendMessages("INBOX", [{ raw: large(150_000_000) }]));
    } else {
      if (worker) worker.postMessage({ arm: round });
      else arm(...round);
      calls.push(session.appendMessages("INBOX", [{ raw: mail("lost") }, { raw: large(300_000) }]));
    }
    const late = new Promise((resolve) => setTimeout(() => resolve("late"), 20_000));
    const codes = [];
    for (const call of calls) call.catch(() => {});
    for (const call of calls) codes.push(await Promise.race([call.then(() => "done", (error) => error.code), late]));
    codes.push(await session.status("INBOX").catch((error) => error.code), await session.close().catch((error) => error.code));
    const again = await open();
    const status = await again.status("INBOX");
    const { problems } = await again.verify();
    await again.appendMessages("INBOX", [{ raw: mail("after") }]);
    await again.close();
    exists += 1;
    seen.push([String(round), [...new Set(codes)].join(), status.exists - (exists - 1), problems.length]);
  }
  // Nobody holds it open any more.
  const gone = await mailbox.deleteDatabase({ owner }).then(() => "deleted", (error) => error.code);
  return { seen, gone, errors };
`;

function check({ seen, gone, errors }) {
  assert.equal(seen.length, 9);
  for (const [round, codes, ...rest] of seen) {
    if (codes === "not to be had") continue;
    assert.deepEqual([round, codes, ...rest], [round, "INTERNAL", 0, 0]);
  }
  assert.equal(gone, "deleted");
  assert.deepEqual(errors, []);
}

const HERE = "const worker = undefined;";
const THERE = 'const worker = new Worker("/crash_worker.mjs", { type: "module" });';

test("in Chromium, in the page and in a worker", OPTIONS, async (t) => {
  const browser = await chromium(t, await serve(t, EXTRA));
  const page = await browser.tab();
  for (const where of [HERE, THERE]) {
    const seen = await page.evaluate(`(async () => { ${where} ${BODY} })()`);
    t.diagnostic(JSON.stringify(seen));
    check(seen);
    await browser.reload(page);
  }
});

for (const name of ["firefox", "webkit"]) {
  test(`in ${name}`, OPTIONS, async (t) => {
    const browser = await webdriver(t, await serve(t, EXTRA), name);
    const seen = await browser.run(await browser.tab(), HERE + BODY);
    t.diagnostic(JSON.stringify(seen));
    check(seen);
  });
}
