// An engine that breaks, by a panic or without one, in this thread and in a worker: nothing hangs, nothing is
// lost that was acknowledged, and the next session has a new engine.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { Worker } from "node:worker_threads";

import { arm, starve } from "./browser/crash.mjs";
import { openSession, registerBackend } from "../../pkg/index.js";
import { folder } from "./support/browser.mjs";
import { fresh, mail, within } from "./support/mail.mjs";
import { mapStore } from "./support/store.mjs";

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

let stores = 0;
/** A backend whose mail is there still when the engine is not. */
function keptBackend() {
  const store = mapStore();
  const name = `kept-${(stores += 1)}`;
  registerBackend(name, () => store);
  return { store, options: fresh({ backend: name }) };
}

/** Some of everything that a session can be waiting for. */
async function busy(session) {
  await session.appendMessages("INBOX", [{ raw: mail("one") }, { raw: mail("two") }]);
  const { selected } = await session.selectMailbox("INBOX");
  const end = async (feed) => {
    for await (const told of feed) void told;
  };
  const waiting = {
    events: end(session.changes()),
    updates: end(session.changes(selected)),
    idle: session.checkMailbox(selected, { waitOn: new AbortController().signal }),
  };
  for (const each of Object.values(waiting)) each.catch(() => {});
  await pause(20);
  return { selected, waiting };
}

async function allReject(waiting) {
  for (const each of Object.values(waiting)) each.catch(() => {});
  for (const [name, each] of Object.entries(waiting)) {
    await assert.rejects(within(5000, name, each), { name: "MailboxError", code: "INTERNAL", message: /the engine broke and must be opened anew/ }, name);
  }
}

/** What the calls in flight, later ones and another session are told. */
async function checkBroken(session, selected, waiting, open) {
  await allReject(waiting);
  await allReject({ later: session.status("INBOX"), onView: session.listMessages(selected), feed: session.changes().next() });
  await allReject({ end: session.close() });
  const again = await open();
  assert.equal((await again.status("INBOX")).exists, 2);
  assert.deepEqual((await again.verify()).problems, []);
  await again.appendMessages("INBOX", [{ raw: mail("three") }]);
  assert.equal((await again.status("INBOX")).exists, 3);
  await again.close();
}

// Where the engine is when it breaks: within a call, or in a turn of its own later on.
const MOMENTS = {
  "a panic in a later turn": ["panics", "then_", 0, (session) => session.createMailbox("x")],
  "a trap within the call": ["trap", "queueMicrotask", 0, (session) => session.createMailbox("x")],
  "a trap in a later turn": ["trap", "read_", 0, (session) => session.verify()],
  "a trap before a commit": ["trap", "commit_", 0, (session) => session.appendMessages("INBOX", [{ raw: mail("lost") }])],
  "an exception of the platform's": ["throws", "now_", 0, (session) => session.appendMessages("INBOX", [{ raw: mail("lost") }])],
  "no stack left": ["stack", "read_", 0, (session) => session.verify()],
};

for (const [name, [how, at, after, call]] of Object.entries(MOMENTS)) {
  test(`${name}: all calls in flight reject, the next session works`, async () => {
    const { store, options } = keptBackend();
    const session = await openSession(options);
    const { selected, waiting } = await busy(session);
    arm(how, at, after);
    waiting.call = call(session);
    await checkBroken(session, selected, waiting, () => {
      assert.equal(store.closed, true, "the store was let go of");
      return openSession(options);
    });
  });
}

test("no memory left: the same", async (t) => {
  const { options } = keptBackend();
  const session = await openSession(options);
  const { selected, waiting } = await busy(session);
  if (!starve()) return t.skip("the platform gives no memory to use up");
  waiting.call = session.appendMessages("INBOX", [{ raw: mail("large", "x".repeat(200_000_000)) }]);
  await checkBroken(session, selected, waiting, () => openSession(options));
});

test("other sessions of the page fall with it, and open anew on the same new engine", async () => {
  const [one, two] = [keptBackend(), keptBackend()];
  const sessions = [await openSession(one.options), await openSession(two.options)];
  arm("trap", "read_");
  await assert.rejects(within(5000, "the call", sessions[0].verify()), { code: "INTERNAL" });
  await assert.rejects(sessions[1].status("INBOX"), { code: "INTERNAL" });
  const again = await Promise.all([openSession(one.options), openSession(two.options)]);
  for (const session of again) assert.equal((await session.status("INBOX")).exists, 0);
  for (const session of again) await session.close();
});

test("the new engine needs no source: it is started from what was compiled", async (t) => {
  const program = path.join(await folder(t), "program.mjs");
  const here = (name) => JSON.stringify(new URL(name, import.meta.url).href);
  await writeFile(
    program,
    `import { readFile } from "node:fs/promises";
     import { arm } from ${here("./browser/crash.mjs")};
     import { openSession } from ${here("../../pkg/slim.js")};
     const options = { owner: "a", backend: "memory" };
     const first = await openSession({ ...options, wasm: await readFile(new URL(${here("../../pkg/wasm/offline_mailbox_bg.wasm")})) });
     arm("trap", "queueMicrotask");
     const code = await first.verify().catch((error) => error.code);
     const second = await openSession(options);
     console.log(code, (await second.status("INBOX")).exists);
     await second.close();`,
  );
  const { stdout } = await promisify(execFile)(process.execPath, [program], { timeout: 60_000 });
  assert.equal(stdout.trim(), "INTERNAL 0");
});

test("in a worker: the page is told, and the same worker starts another engine", async (t) => {
  const worker = new Worker(new URL("./support/crash_worker.mjs", import.meta.url));
  t.after(() => worker.terminate());
  const options = fresh({ backend: "kept", worker });
  for (const [how, at] of [["trap", "read_"], ["panics", "then_"], ["throws", "queueMicrotask"]]) {
    const session = await openSession(options);
    if ((await session.status("INBOX")).exists > 0) {
      const { selected } = await session.selectMailbox("INBOX");
      await session.updateFlags(selected, "1:*", ["\\Deleted"]);
      await session.expungeMailbox(selected);
    }
    const { selected, waiting } = await busy(session);
    worker.postMessage({ arm: [how, at] });
    await once(worker, "message");
    waiting.call = session.verify();
    await checkBroken(session, selected, waiting, () => openSession(options));
  }
});

test("what still calls into a broken engine hears nothing, and the program ends by itself", async (t) => {
  const program = path.join(await folder(t), "program.mjs");
  const here = (name) => JSON.stringify(new URL(name, import.meta.url).href);
  await writeFile(
    program,
    `import { arm } from ${here("./browser/crash.mjs")};
     import { openSession } from ${here("../../pkg/index.js")};
     const session = await openSession({ owner: "a", backend: "memory" });
     await session.importMessages("INBOX", Array.from({ length: 200 }, (_, n) => ({ raw: "Subject: x\\r\\n\\r\\n" + n })));
     const { selected } = await session.selectMailbox("INBOX");
     const waiting = [session.changes().next(), session.searchMailbox(selected, { body: "z" }), session.verify()];
     arm("trap", "queueMicrotask", 3);
     const codes = new Set((await Promise.allSettled([...waiting, session.verify()])).map(({ reason }) => reason?.code));
     globalThis.broke = performance.now();
     process.on("exit", () => console.log([...codes].join(), performance.now() - broke < 6000));`,
  );
  const { stdout } = await promisify(execFile)(process.execPath, ["--expose-gc", program], { timeout: 60_000 });
  assert.match(stdout.trim(), /INTERNAL.* true$/);
});
