// Loading the engine, and what callers see when it breaks.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { promisify } from "node:util";

import { Engine, loadedEngine } from "../../pkg/engine.js";
import { openSession } from "../../pkg/index.js";
import { fresh, mail, within } from "./support/mail.mjs";

const run = promisify(execFile);
const index = new URL("../../pkg/index.js", import.meta.url).href;

test("importing has no side effect and needs no global", async () => {
  const script = `
    const idle = process.getActiveResourcesInfo().length;
    const before = Object.getOwnPropertyNames(globalThis).length;
    for (const name of ["fetch", "WebAssembly", "navigator", "indexedDB", "crypto"]) delete globalThis[name];
    const now = Object.getOwnPropertyNames(globalThis).length;
    await import(${JSON.stringify(index)});
    await import(${JSON.stringify(index.replace("index.js", "mbox.js"))});
    if (Object.getOwnPropertyNames(globalThis).length !== now || before < now) throw new Error("globals changed");
    // What the platform needed to read the files is over by then.
    await new Promise((resolve) => setTimeout(resolve, 20));
    console.log("clean", process.getActiveResourcesInfo().length - idle);`;
  const { stdout } = await run(process.execPath, ["--input-type=module", "-e", script], { timeout: 30_000 });
  assert.equal(stdout.trim(), "clean 0");
});

test("a program ends by itself once its sessions are closed, waits included", async () => {
  const script = `
    const { openSession } = await import(${JSON.stringify(index)});
    const session = await openSession({ owner: "a", backend: "memory" });
    const { selected } = await session.selectMailbox("INBOX");
    const feeds = [session.changes(selected).next(), session.changes().next()];
    await new Promise((resolve) => setTimeout(resolve, 50));
    await session.close();
    await Promise.all(feeds);
    globalThis.closed = performance.now();
    process.on("exit", () => console.log(Math.round(performance.now() - closed)));`;
  const { stdout } = await run(process.execPath, ["--input-type=module", "-e", script], { timeout: 30_000 });
  assert.ok(Number(stdout) < 2000, `${stdout.trim()} ms after the close`);
});

test("a broken engine rejects the calls in flight and later ones, and says so once", async () => {
  let panic;
  const engine = new Engine({ onPanic: (listener) => (panic = listener) });
  let told = 0;
  engine.whenBroken(() => (told += 1));
  const stuck = engine.call(() => new Promise(() => {}));
  const fine = engine.call(() => 7);
  assert.equal(await fine, 7);
  panic("index out of bounds");
  panic("and again");
  await assert.rejects(within(1000, "the call in flight", stuck), { code: "INTERNAL", message: /index out of bounds/ });
  await assert.rejects(engine.call(() => 7), { code: "INTERNAL" });
  assert.throws(() => engine.callNow(() => 7), { code: "INTERNAL" });
  engine.whenBroken(() => (told += 1));
  assert.equal(told, 2);
});

test("what the engine rejects with becomes a MailboxError; anything else is INTERNAL", async () => {
  const engine = new Engine({ onPanic: () => {} });
  const rejected = (raw) => engine.call(() => Promise.reject(raw));
  await assert.rejects(rejected({ code: "LIMIT", message: "56 keywords", cause: "x" }), { name: "MailboxError", code: "LIMIT", imapCode: "LIMIT", cause: "x" });
  for (const raw of [new Error("odd"), "text", undefined, null, { code: "OOPS" }]) {
    await assert.rejects(rejected(raw), { name: "MailboxError", code: "INTERNAL" });
  }
});

test("after the engine broke, opening anew starts another instance", async () => {
  const session = await openSession(fresh());
  await session.appendMessages("INBOX", [{ raw: mail("x") }]);
  const broken = await loadedEngine();
  const trap = () => {
    throw new WebAssembly.RuntimeError("unreachable");
  };
  await assert.rejects(broken.call(trap), { code: "INTERNAL" });
  await assert.rejects(session.status("INBOX"), { code: "INTERNAL", message: /opened anew/ });
  const again = await openSession(fresh());
  assert.notEqual(await loadedEngine(), broken);
  assert.equal((await again.status("INBOX")).exists, 0);
  await again.close();
  await assert.rejects(session.close(), { code: "INTERNAL" });
});

/** The first example of a README, importing from `entry`. */
async function example(readme) {
  const code = /^```js\n([^]*?)^```/m.exec(await readFile(new URL(`../../${readme}`, import.meta.url), "utf8"))?.[1];
  assert.ok(code?.includes("openSession"), `${readme} begins with an example`);
  return code.replace(/from "offline-mailbox(\/mbox)?"/g, (_, mbox) => `from ${JSON.stringify(index.replace("index", mbox ? "mbox" : "index"))}`);
}

for (const readme of ["README.md", "pkg/README.md"]) {
  test(`the example of ${readme} runs in Node`, async () => {
    const script = `import { backends } from ${JSON.stringify(index)};\nbackends.setDefault("memory");\n${await example(readme)}\nconsole.log("done");`;
    const { stdout } = await run(process.execPath, ["--input-type=module", "-e", script], { timeout: 60_000 });
    assert.match(stdout, /done\s*$/);
  });
}

test("a promise of the engine that rejects is UNAVAILABLE, and the next call loads", async () => {
  const { loadEngine } = await import("../../pkg/engine.js?promised");
  const cause = new Error("no such asset");
  await assert.rejects(loadEngine(Promise.reject(cause)), (error) => error.code === "UNAVAILABLE" && error.cause === cause);
  assert.equal(typeof (await loadEngine()).call, "function");
});
