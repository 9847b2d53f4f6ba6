// Loading the engine, and what callers see when it breaks.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { Border } from "../../pkg/border.js";
import { Engine } from "../../pkg/engine.js";
import { within } from "./support/mail.mjs";

const run = promisify(execFile);
const index = new URL("../../pkg/index.js", import.meta.url).href;

test("importing has no side effect and needs no global", async () => {
  const script = `
    const idle = process.getActiveResourcesInfo().length;
    const before = Object.getOwnPropertyNames(globalThis).length;
    for (const name of ["fetch", "WebAssembly", "navigator", "indexedDB", "crypto"]) delete globalThis[name];
    const now = Object.getOwnPropertyNames(globalThis).length;
    await import(${JSON.stringify(index)});
    for (const entry of ["mbox", "slim", "inline"]) await import(${JSON.stringify(index)}.replace("index.js", entry + ".js"));
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
  const freed = [];
  const held = new Set([() => freed.push("lock"), { abort: () => freed.push("transaction") }, { close: () => freed.push("connection") }]);
  const border = new Border();
  const engine = new Engine({ onPanic: (listener) => (panic = listener), remains: () => held }, border);
  const { enter } = border.guard({ enter: () => freed.push("entered") });
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
  enter();
  assert.deepEqual(freed, ["lock", "transaction", "connection"]);
});

test("what leaves the engine by an exception has broken it; what is refused at its door has not", () => {
  const border = new Border();
  const seen = [];
  border.onBreak = (error) => seen.push(error.message);
  const words = ["closure invoked recursively or after being dropped", "null pointer passed to rust"];
  const calls = border.guard({
    refused: (at) => {
      throw new Error(words[at]);
    },
    outer: (then) => then(),
    trap: () => {
      throw new WebAssembly.RuntimeError("unreachable");
    },
    memory: 7,
  });
  for (const at of [0, 1]) assert.throws(() => calls.refused(at), { message: words[at] });
  assert.deepEqual([border.closed, calls.memory, calls.outer(() => 3)], [false, 7, 3]);
  // From within: who is further out falls with it, even where the error is caught on the way.
  const swallowed = () => {
    try {
      return calls.trap();
    } catch {
      return calls.outer(() => 5);
    }
  };
  assert.equal(calls.outer(swallowed), 0);
  assert.deepEqual([border.closed, seen], [true, ["unreachable"]]);
  assert.equal(calls.outer(() => 3), 0);
});

test("what the engine rejects with becomes a MailboxError; anything else is INTERNAL", async () => {
  const engine = new Engine({ onPanic: () => {}, remains: () => [] }, new Border());
  const rejected = (raw) => engine.call(() => Promise.reject(raw));
  await assert.rejects(rejected({ code: "LIMIT", message: "56 keywords", cause: "x" }), { name: "MailboxError", code: "LIMIT", imapCode: "LIMIT", cause: "x" });
  for (const raw of [new Error("odd"), "text", undefined, null, { code: "OOPS" }]) {
    await assert.rejects(rejected(raw), { name: "MailboxError", code: "INTERNAL" });
  }
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

const wasmFile = new URL("../../pkg/wasm/offline_mailbox_bg.wasm", import.meta.url);
/** A copy of the loader that has loaded nothing. */
let copies = 0;
const newLoader = () => import(`../../pkg/engine.js?copy=${(copies += 1)}`);

test("a promise of the engine that rejects is UNAVAILABLE, and the next call loads", async () => {
  const { loadEngine } = await newLoader();
  const cause = new Error("no such asset");
  await assert.rejects(loadEngine(Promise.reject(cause)), (error) => error.code === "UNAVAILABLE" && error.cause === cause);
  assert.equal(typeof (await loadEngine(undefined, () => [{ first: wasmFile }])).call, "function");
});

test("the engine is taken as bytes, a view, a module, a response, an address or a path", async () => {
  const bytes = await readFile(wasmFile);
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  const typed = new Response(buffer, { headers: { "content-type": "application/wasm" } });
  const module = await WebAssembly.compile(buffer);
  for (const source of [buffer, bytes, module, typed, new Response(buffer), wasmFile, wasmFile.href, fileURLToPath(wasmFile)]) {
    const { loadEngine } = await newLoader();
    assert.equal(typeof (await loadEngine(source)).call, "function");
  }
  for (const source of [7, {}, true, Symbol("x"), () => {}]) {
    const { loadEngine } = await newLoader();
    await assert.rejects(loadEngine(source), { code: "INVALID_ARGUMENT", message: /bytes, an address/ });
  }
});

test("what is not the engine is UNAVAILABLE, and says what to do", async () => {
  const { loadEngine } = await newLoader();
  const html = new TextEncoder().encode("\n<!doctype html><title>app</title>");
  await assert.rejects(loadEngine(html), { code: "UNAVAILABLE", message: /page of HTML.*optimizeDeps.*inline/ });
  await assert.rejects(loadEngine(new Uint8Array(8)), { code: "UNAVAILABLE", message: /not the engine/ });
  await assert.rejects(loadEngine(new Response("gone", { status: 404 })), { code: "UNAVAILABLE", message: /404.*\{ wasm \}/ });
  await assert.rejects(loadEngine("./nowhere.wasm"), { code: "UNAVAILABLE", message: /nowhere\.wasm could not be read/ });
  const noAddress = () => [{ first: new URL("./x.wasm", undefined) }];
  await assert.rejects(loadEngine(undefined, noAddress), { code: "UNAVAILABLE", message: /own address.*inline/ });
});

test("of several places the first with an engine is taken; with none, the first failure is told", async () => {
  const nowhere = new URL("./nowhere.wasm", import.meta.url);
  const { loadEngine } = await newLoader();
  await assert.rejects(loadEngine(undefined, () => [{ first: nowhere }, { first: new URL("./package.test.mjs", import.meta.url) }]), { message: /nowhere/ });
  assert.equal(typeof (await loadEngine(undefined, () => [{ first: nowhere }, { first: wasmFile }])).call, "function");
});

test("the entries: slim needs an engine until one is loaded, inline has it, and all share it", async () => {
  const script = `
    const load = (entry) => import(${JSON.stringify(index)}.replace("index", entry));
    const [main, slim, inline] = [await load("index"), await load("slim"), await load("inline")];
    const codes = [];
    const options = { owner: "a", backend: "memory" };
    await slim.openSession(options).catch((error) => codes.push(error.code, /wasm/.test(error.message)));
    const first = await inline.openSession(options);
    const sessions = [first, await slim.openSession(options), await main.openSession(options)];
    await first.createMailbox("seen by all");
    for (const session of sessions) codes.push((await session.listMailboxes()).mailboxes.length, session instanceof slim.Session);
    for (const session of sessions) await session.close();
    const different = Object.keys(main).filter((name) => main[name] !== slim[name] || main[name] !== inline[name]);
    console.log(JSON.stringify([codes, different.sort(), Object.keys(slim).length === Object.keys(main).length]));`;
  const { stdout } = await run(process.execPath, ["--input-type=module", "-e", script], { timeout: 30_000 });
  assert.deepEqual(JSON.parse(stdout), [["INVALID_ARGUMENT", true, 2, true, 2, true, 2, true], ["deleteDatabase", "openSession"], true]);
});
