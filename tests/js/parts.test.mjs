// The engine in two parts, in Node: the first shows mailboxes by itself, the rest comes when it is needed or
// when nothing else is going on. Not here: browsers (browser/parts.test.mjs).

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import test from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";

const limits = { timeout: 60_000 };
const PKG = fileURLToPath(new URL("../../pkg", import.meta.url));

/** What a program of its own, which has `openSession`, and says whether the rest was `read`, prints as JSON. */
async function told(program, pkg = PKG) {
  const source = `
    import fs from "node:fs";
    const reads = { atOnce: 0, later: 0 };
    const { readFileSync } = fs;
    const { readFile } = fs.promises;
    const isRest = (file) => String(file).includes("_rest.wasm");
    fs.readFileSync = (file, ...args) => { if (isRest(file)) reads.atOnce += 1; return readFileSync(file, ...args); };
    fs.promises.readFile = (file, ...args) => { if (isRest(file)) reads.later += 1; return readFile(file, ...args); };
    await import("fake-indexeddb/auto");
    const { openSession } = await import(${JSON.stringify(pathToFileURL(path.join(pkg, "index.js")).href)});
    const open = () => openSession({ owner: "parts@example.org", backend: "indexeddb" });
    const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
    const code = (promise) => promise.then(() => "fulfilled", ({ code, message }) => code + ": " + message);
    const print = (value) => console.log(JSON.stringify(value));
    ${program}`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", source], { timeout: 50_000, cwd: path.dirname(PKG) });
  return JSON.parse(stdout);
}

const SHOW = `
  const session = await open();
  await session.listMailboxes({ status: true });
  const { selected, snapshot } = await session.selectMailbox("INBOX");
  const { rows } = await session.listMessages(selected, { limit: 50 });
  await session.checkMailbox(selected);`;

test("opening and showing a mailbox needs the first part alone", limits, async () => {
  const { reads, exists, rows } = await told(`${SHOW} print({ reads, exists: snapshot.exists, rows: rows.length }); process.exit();`);
  assert.deepEqual({ reads, exists, rows }, { reads: { atOnce: 0, later: 0 }, exists: 0, rows: 0 });
});

test("what the first part has not makes the rest come in the middle of the call, once", limits, async () => {
  const { reads, uids, hits } = await told(`${SHOW}
    const { uids } = await session.appendMessages("INBOX", [{ raw: Buffer.from("Subject: parts\\r\\n\\r\\nwords\\r\\n") }]);
    await session.checkMailbox(selected);
    const hits = await Promise.all(["words", "nothing"].map((body) => session.searchMailbox(selected, { body })));
    print({ reads, uids: [...uids], hits: hits.map((hit) => [...hit.uids]) });
    process.exit();`);
  assert.deepEqual(uids, [1]);
  assert.deepEqual(hits, [[1], []]);
  assert.deepEqual(reads, { atOnce: 1, later: 0 });
});

test("where nothing is asked for a while the rest comes by itself, and no process waits for it", limits, async () => {
  const waited = await told(`${SHOW} await sleep(1_000); await session.createMailbox("A"); print(reads); await session.close();`);
  assert.deepEqual(waited, { atOnce: 0, later: 1 });
  const ended = await told(`const session = await open(); const begun = Date.now(); process.on("exit", () => print({ reads, waited: Date.now() - begun }));`);
  assert.equal(ended.reads.later, 0);
});

test("a rest that is not there is UNAVAILABLE to the call that needs it, and to those beside it", limits, async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), "offline-mailbox-parts-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await cp(PKG, folder, { recursive: true, filter: (name) => !name.includes("_rest.wasm") });
  const { shown, failed, beside, after, again } = await told(
    `${SHOW}
    const waiting = code(session.checkMailbox(selected, { wait: true }));
    const failed = await code(session.createMailbox("A"));
    const after = await code(session.listMessages(selected, { limit: 50 }));
    const next = await open();
    const again = (await next.listMailboxes()).mailboxes.length;
    print({ shown: rows.length, failed, beside: await waiting, after, again });
    process.exit();`,
    folder,
  );
  assert.equal(shown, 0);
  for (const each of [failed, after]) assert.match(each, /^UNAVAILABLE: the engine broke and must be opened anew: the rest of the engine could not be loaded/);
  assert.match(beside, /^UNAVAILABLE|^INVALID_ARGUMENT/);
  assert.equal(again, 1);
});
