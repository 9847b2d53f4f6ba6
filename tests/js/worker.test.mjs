// The engine in a worker: what crosses the port, and how, and what happens when one side is no more.
// worker_channel and worker_thread run the tests of the API itself that way.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Worker } from "node:worker_threads";

import { connect, createWorker } from "../../pkg/client.js";
import { FetchedMessage } from "../../pkg/fetched_message.js";
import * as api from "../../pkg/index.js";
import { LISTS, ITEMS, METHODS, READS, STREAMS, buffersOf, pack, unpack } from "../../pkg/protocol.js";
import { serve } from "../../pkg/worker.js";
import { folder } from "./support/browser.mjs";
import { fresh, mail, within } from "./support/mail.mjs";
import { mapStore } from "./support/store.mjs";

const { MailboxError, openSession, registerBackend } = api;
const index = new URL("../../pkg/index.js", import.meta.url).href;
const wasmFile = new URL("../../pkg/wasm/offline_mailbox_bg.wasm", import.meta.url);
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Both ends of a port in this thread; what crosses towards the engine is seen by `sent`. */
function channel(t, sent = () => {}) {
  const { port1, port2 } = new MessageChannel();
  const host = serve(port1);
  const seen = {
    postMessage(message, transfer) {
      sent(message);
      port2.postMessage(message, transfer);
    },
    on: (type, listener) => port2.on(type, listener),
    close: () => port2.close(),
  };
  t.after(() => port2.close());
  return { host, client: connect(seen), port: port2 };
}

test("every method and iterator of the classes crosses, and nothing else", () => {
  const faces = { ...api, FetchedMessage };
  for (const [face, methods] of Object.entries(METHODS)) {
    const { prototype } = faces[face];
    const real = Object.entries(Object.getOwnPropertyDescriptors(prototype)).filter(([name, { value }]) => value && name !== "constructor");
    const known = [...methods, ...(STREAMS[face] ?? [])];
    assert.deepEqual(known.sort(), real.map(([name]) => name).sort(), face);
    assert.equal(new Set(known).size, known.length);
  }
  const all = Object.values(METHODS).flat();
  for (const name of [...READS, ...Object.keys(ITEMS), ...Object.keys(LISTS)]) assert.ok(all.includes(name), name);
  // The getters: of a session, a view.
  const getters = (of) => Object.entries(Object.getOwnPropertyDescriptors(of)).filter(([, { get }]) => get).map(([name]) => name).sort();
  assert.deepEqual(getters(api.Session.prototype), ["closed", "databaseId", "filterSet", "mailboxSet", "owner"]);
  assert.deepEqual(getters(api.SelectedMailbox.prototype), ["closed", "exists", "mailboxId", "modSeq", "readonly", "recent"]);
});

test("a session there has the members of one that is here", async (t) => {
  const { client } = channel(t);
  const session = await client.openSession(fresh());
  await session.appendMessages("INBOX", [{ raw: mail("one") }]);
  const { selected } = await session.selectMailbox("INBOX");
  const data = await session.mailboxSet.getMailbox("INBOX");
  const { messages: [message] } = await session.fetchMessages(selected, "1");
  const members = (prototype) => Object.getOwnPropertyNames(prototype).sort();
  const pairs = [
    [session, api.Session],
    [session.mailboxSet, api.MailboxSet],
    [session.filterSet, api.FilterSet],
    [data, api.MailboxData],
    [selected, api.SelectedMailbox],
    [message, FetchedMessage],
  ];
  for (const [object, face] of pairs) assert.deepEqual(members(Object.getPrototypeOf(object)), members(face.prototype), face.name);
  assert.equal(session.mailboxSet, session.mailboxSet);
  await session.close();
});

test("one worker for all sessions of the page, ended with the last; the program then ends by itself", async (t) => {
  const script = `
    import { openSession } from ${JSON.stringify(index)};
    const open = (owner) => openSession({ owner, backend: "memory", worker: true });
    const handles = () => process.getActiveResourcesInfo().filter((name) => /worker|port/i.test(name)).length;
    const idle = handles();
    const [one, two] = await Promise.all([open("a"), open("b")]);
    const busy = handles();
    await one.appendMessages("INBOX", ["x"].map((raw) => ({ raw })));
    await one.close();
    await two.appendMessages("INBOX", [{ raw: "y" }]);
    const feed = two.changes().next();
    await two.close();
    if (!(await feed).done) throw new Error("the feed goes on");
    const three = await open("a");
    if ((await three.status("INBOX")).exists !== 0) throw new Error("the first worker lives on");
    await three.close();
    globalThis.closed = performance.now();
    process.on("exit", () => console.log(busy > idle, performance.now() - closed < 2000));`;
  const program = path.join(await folder(t), "program.mjs");
  await writeFile(program, script);
  const { stdout } = await promisify(execFile)(process.execPath, [program], { timeout: 60_000 });
  assert.equal(stdout.trim(), "true true");
});

test("what a worker's end leaves waiting is CLOSED, and close resolves", async () => {
  const thread = new Worker(new URL("../../pkg/worker.js", import.meta.url));
  const session = await openSession(fresh({ worker: thread }));
  await session.appendMessages("INBOX", [{ raw: mail("one") }]);
  const { selected } = await session.selectMailbox("INBOX");
  const { messages: [message] } = await session.fetchMessages(selected, "1");
  let [begun, stopped] = [false, false];
  async function* stuck() {
    begun = true;
    try {
      yield mail("x");
      await new Promise((resolve) => setTimeout(resolve, 100));
      yield mail("y");
    } finally {
      stopped = true;
    }
  }
  const waiting = [
    session.checkMailbox(selected, { waitOn: new AbortController().signal }),
    session.changes().next(),
    session.changes(selected).next(),
    session.importMessages("INBOX", stuck()),
  ];
  const unread = session.fetchPages(selected, "1:*");
  const ended = once(thread, "exit");
  while (!begun) await turn();
  thread.terminate();
  for (const each of waiting) await assert.rejects(within(5000, "the end", each), { name: "MailboxError", code: "CLOSED" });
  await ended;
  await assert.rejects(session.status("INBOX"), { code: "CLOSED" });
  await assert.rejects(unread.next(), { code: "CLOSED" });
  await assert.rejects(session.changes().next(), { code: "CLOSED" });
  await assert.rejects(message.part("1"), { code: "CLOSED" });
  await assert.rejects(new Response(message.partStream("1")).text(), { code: "CLOSED" });
  assert.equal(selected.closed, true);
  assert.equal(await session.close(), undefined);
  for (let waited = 0; !stopped && waited < 50; waited += 1) await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(stopped, true);
  await assert.rejects(openSession(fresh({ worker: thread })), { code: /CLOSED|UNAVAILABLE/ });
});

test("a worker that throws, and one whose script is not there", async () => {
  const own = new Worker(new URL("./support/own_worker.mjs", import.meta.url));
  const session = await openSession(fresh({ worker: own }));
  const feed = session.changes().next();
  own.postMessage("die");
  await assert.rejects(within(5000, "the end", feed), { code: "CLOSED" });
  const nothing = new Worker(new URL("./support/no_such.mjs", import.meta.url));
  await assert.rejects(within(5000, "the failure", openSession(fresh({ worker: nothing }))), (error) => error.code === "UNAVAILABLE" && /no_such/.test(error.cause.message));
  for (const worker of [7, "worker.js", {}, () => {}]) await assert.rejects(openSession(fresh({ worker })), { code: "INVALID_ARGUMENT" });
  for (const worker of [undefined, null, false]) await (await openSession(fresh({ worker }))).close();
});

test("a worker that was left can be connected to again, one that ended cannot", async (t) => {
  const thread = new Worker(new URL("../../pkg/worker.js", import.meta.url));
  t.after(() => thread.terminate());
  const first = connect(thread);
  assert.equal(connect(thread), first);
  assert.equal(connect(first), first);
  const session = await first.openSession(fresh());
  await first.close();
  assert.deepEqual([first.closed, session.closed], [true, true]);
  await assert.rejects(first.openSession(fresh()), { code: "CLOSED" });
  const again = await openSession(fresh({ worker: thread }));
  await again.close();
  await thread.terminate();
  await assert.rejects(within(5000, "the refusal", openSession(fresh({ worker: thread }))), { code: "CLOSED" });
});

test("another version's worker is refused", async (t) => {
  const { port1, port2 } = new MessageChannel();
  t.after(() => port1.close());
  const opening = connect(port2).openSession(fresh());
  port1.postMessage({ type: "ready", version: "0.0.0" });
  await assert.rejects(within(5000, "the refusal", opening), { code: "UNAVAILABLE", message: /0\.0\.0.*reload/ });
});

test("backends of the page, and of a worker of one's own", async (t) => {
  registerBackend("of-the-page", () => mapStore());
  await assert.rejects(openSession(fresh({ backend: "of-the-page", worker: true })), { code: "INVALID_ARGUMENT", message: /of-the-page.*registers/ });
  const own = new Worker(new URL("./support/own_worker.mjs", import.meta.url));
  t.after(() => own.terminate());
  const session = await openSession(fresh({ backend: "maps", worker: own }));
  assert.equal((await session.storage()).backend, "maps");
  await session.close();
  await assert.rejects(openSession(fresh({ backend: "of-the-page", worker: own })), { code: "NOT_FOUND" });
  api.backends.setDefault("memory");
  t.after(() => api.backends.setDefault(null));
  const byDefault = await openSession({ owner: "ada@example.org", worker: own });
  assert.equal((await byDefault.storage()).backend, "memory");
  await byDefault.close();
  // What else the worker does is not disturbed.
  own.postMessage("echo");
  assert.deepEqual(await within(5000, "the echo", once(own, "message")), ["echo"]);
});

test("the engine as bytes, module, address, promise", async () => {
  const bytes = await readFile(wasmFile);
  const sources = [bytes, new Uint8Array(bytes).buffer, new WebAssembly.Module(bytes), wasmFile, wasmFile.href, Promise.resolve(bytes), new Response(bytes)];
  for (const wasm of sources) {
    const session = await openSession(fresh({ worker: true, wasm }));
    assert.equal((await session.status("INBOX")).exists, 0);
    await session.close();
  }
  const cause = new Error("no such asset");
  const refused = openSession(fresh({ worker: true, wasm: Promise.reject(cause) }));
  await assert.rejects(refused, (error) => error.code === "UNAVAILABLE" && error.cause === cause);
  await assert.rejects(openSession(fresh({ worker: true, wasm: new Response("", { status: 404 }) })), { code: "UNAVAILABLE" });
  await assert.rejects(openSession(fresh({ worker: true, wasm: new Uint8Array([0, 97, 115, 109, 9, 9, 9, 9]) })), { code: "UNAVAILABLE" });
});

test("what frameworks make of lists and objects can be given; what cannot be cloned is INVALID_ARGUMENT", async (t) => {
  const { client, host } = channel(t);
  const session = await client.openSession(fresh());
  const reactive = (value) =>
    new Proxy(value, {
      get(target, key, receiver) {
        const member = Reflect.get(target, key, receiver);
        return typeof member === "object" && member !== null && !ArrayBuffer.isView(member) ? reactive(member) : member;
      },
    });
  await session.appendMessages("INBOX", reactive([{ raw: mail("one"), flags: ["work"] }]), reactive({ durability: "strict" }));
  const { selected } = await session.selectMailbox("INBOX");
  assert.equal((await session.searchMailbox(selected, reactive({ or: [{ keyword: "work" }, { not: { seen: true } }] }))).count, 1);
  await session.updateFlags(selected, reactive([1]), reactive(["\\Seen"]));
  const [message] = reactive(await session.fetchMessages(selected, "1", { attachments: true })).messages;
  assert.equal(new TextDecoder().decode(await message.part("1")), "Hello.\r\n");
  await assert.rejects(message.attachment(0), { code: "INVALID_ARGUMENT" });
  for (const raw of [new WeakMap(), Symbol("x"), { raw: Promise.resolve() }]) {
    await assert.rejects(session.appendMessages("INBOX", [{ raw }]), { code: "INVALID_ARGUMENT" });
    await assert.rejects(session.importMessages("INBOX", [raw]), { code: "INVALID_ARGUMENT" });
  }
  await assert.rejects(session.deliver(new Uint8Array(new SharedArrayBuffer(8))), { code: "INVALID_ARGUMENT" });
  await assert.rejects(session.deliver(new SharedArrayBuffer(8)), { code: "INVALID_ARGUMENT" });
  const here = await openSession(fresh());
  const { selected: ofHere } = await here.selectMailbox("INBOX");
  await assert.rejects(session.checkMailbox(ofHere), { code: "INVALID_ARGUMENT" });
  await assert.rejects(here.checkMailbox(selected), { code: "INVALID_ARGUMENT" });
  await here.close();
  await session.close();
  assert.equal(host.size, 0);
});

test("of octets only what is shown crosses; answers' octets are moved", async (t) => {
  const crossed = [];
  const { client } = channel(t, (message) => crossed.push(message));
  const session = await client.openSession(fresh());
  const file = new Uint8Array(1_000_000);
  const raw = file.subarray(0, new TextEncoder().encodeInto(mail("one"), file).written);
  const blob = new Blob([mail("two")]);
  await session.appendMessages("INBOX", [{ raw }, { raw: blob }]);
  await session.importMessages("INBOX", [raw]);
  await session.deliver(raw);
  const find = (value) => {
    if (ArrayBuffer.isView(value)) return [value.buffer.byteLength];
    if (typeof value !== "object" || value === null) return [];
    return Object.values(value).flatMap(find);
  };
  assert.deepEqual(find(crossed), [raw.length, raw.length, raw.length]);
  const [appended] = crossed.filter(({ method }) => method === "appendMessages");
  assert.ok(appended.value[1][1].raw instanceof Blob);
  assert.equal(raw.buffer, file.buffer);

  const shared = new Uint32Array(3);
  const answer = { uids: new Uint32Array(2), updates: { expunged: { uid: shared } }, messages: [{ source: new Uint8Array(5), sections: { 1: new Uint8Array(6) } }], part: new Uint8Array(8).subarray(2) };
  assert.deepEqual([...buffersOf(answer)].map((buffer) => buffer.byteLength), [8, 5, 6]);
  await session.close();
});

test("marks name places of any depth, odd keys too", () => {
  const signal = new AbortController().signal;
  const odd = JSON.parse('{"__proto__": {"x": [0, 1]}}');
  odd.__proto__.x.push(signal);
  const { value, marks } = pack([odd, signal, 7, [, "hole"]], (each) => (each === signal ? "signal" : undefined));
  assert.deepEqual(marks, [[[0, "__proto__", "x", 2], "signal"], [[1], "signal"]]);
  assert.equal(Object.getPrototypeOf(value[0]), Object.prototype);
  const back = unpack(structuredClone({ value, marks }), (mark) => `${mark}!`);
  assert.equal(back[1], "signal!");
  assert.deepEqual(Object.getOwnPropertyDescriptor(back[0], "__proto__").value.x, [0, 1, "signal!"]);
  assert.equal({}.x, undefined);
  const cyclic = {};
  cyclic.not = cyclic;
  assert.equal(typeof pack([cyclic]).value[0].not, "object");
});

test("an import reads no further ahead than it may, and ends its source", async (t) => {
  const store = mapStore();
  const { commit } = store;
  let open;
  const gate = new Promise((resolve) => (open = resolve));
  let held = false;
  store.commit = async (batch) => {
    if (held) await gate;
    return commit.call(store, batch);
  };
  api.backends.add("gated", () => store);
  const { client } = channel(t);
  const session = await client.openSession(fresh({ backend: "gated" }));
  held = true;
  let given = 0;
  let ended = false;
  async function* source() {
    try {
      for (; given < 100; given += 1) yield { raw: mail(given, "x".repeat(100_000)) };
    } finally {
      ended = true;
    }
  }
  const progress = [];
  const importing = session.importMessages("INBOX", source(), { chunkBytes: 300_000, onProgress: (each) => progress.push(each.messages) });
  for (let turns = 0; turns < 200; turns += 1) await turn();
  assert.ok(given >= 3 && given < 35, `${given} given while nothing was committed`);
  assert.deepEqual(progress, []);
  open();
  assert.equal((await importing).messages, 100);
  assert.deepEqual([given, ended, progress.at(-1)], [100, true, 100]);

  // What the source throws, what the callback throws, what a signal says: each is the caller's own.
  const thrown = new Error("the file is gone");
  async function* failing() {
    yield mail("a");
    throw thrown;
  }
  await assert.rejects(session.importMessages("INBOX", failing()), (error) => error === thrown);
  [given, ended] = [0, false];
  const onProgress = () => {
    throw thrown;
  };
  await assert.rejects(session.importMessages("INBOX", source(), { onProgress, chunkBytes: 65_536 }), (error) => error === thrown);
  assert.ok(ended && given < 100);
  [given, ended] = [0, false];
  const controller = new AbortController();
  const stop = () => controller.abort(thrown);
  await assert.rejects(session.importMessages("INBOX", source(), { onProgress: stop, signal: controller.signal, chunkBytes: 65_536 }), (error) => error === thrown);
  assert.ok(ended && given < 100);
  await session.close();
});

test("what is closed or forgotten leaves nothing on the other side", async (t) => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc");
  const { client, host } = channel(t);
  const session = await client.openSession(fresh());
  await session.importMessages("INBOX", [mail("one"), mail("two"), mail("three")]);
  assert.equal(host.size, 1);
  const { selected } = await session.selectMailbox("INBOX");
  for await (const { messages } of session.fetchPages(selected, "1:*", { pageSize: 1 })) if (messages[0].uid === 2) break;
  const feed = session.changes(selected);
  await feed.return();
  const { messages: [message] } = await session.fetchMessages(selected, "1");
  const reader = message.partStream("1").getReader();
  await reader.read();
  await reader.cancel();
  assert.equal(host.size, 2);
  await session.closeMailbox(selected);
  assert.equal(host.size, 1);
  await (async () => {
    for (let n = 0; n < 20; n += 1) await session.mailboxSet.getMailbox("INBOX");
    const { selected: again } = await session.selectMailbox("INBOX");
    await session.fetchPages(again, "1:*", { pageSize: 1 }).next();
    await session.closeMailbox(again);
  })();
  assert.ok(host.size > 1);
  for (let waited = 0; waited < 50 && host.size > 1; waited += 1) {
    collect();
    await turn();
  }
  assert.equal(host.size, 1);
  // Of all that a session leaves open when it is closed nothing stays.
  const { selected: kept } = await session.selectMailbox("INBOX");
  session.changes(kept);
  session.changes();
  await session.fetchPages(kept, "1:*").next();
  const data = await session.mailboxSet.getMailbox("INBOX");
  assert.ok(host.size >= 5);
  await session.close();
  assert.equal(host.size, 0);
  assert.equal(kept.closed, true);
  await assert.rejects(data.snapshot(), { code: "CLOSED" });
});

test("when the page's end of the port goes, its sessions are closed", async (t) => {
  const options = fresh();
  const { client, host, port } = channel(t);
  const session = await client.openSession(options);
  await session.appendMessages("INBOX", [{ raw: mail("one") }]);
  assert.equal(host.size, 1);
  port.close();
  for (let waited = 0; waited < 50 && host.size > 0; waited += 1) await turn();
  assert.equal(host.size, 0);
  // The last session of a database in memory takes it along.
  let exists = 1;
  for (let waited = 0; waited < 50 && exists > 0; waited += 1) {
    const again = await openSession(options);
    ({ exists } = await again.status("INBOX"));
    await again.close();
  }
  assert.equal(exists, 0);
});

test("a heavy search leaves the page's thread free", async (t) => {
  const worker = createWorker();
  t.after(() => worker.close());
  const session = await worker.openSession(fresh());
  const filler = "the quick brown fox jumps over the lazy dog\r\n".repeat(400);
  await session.importMessages("INBOX", Array.from({ length: 1500 }, (_, at) => mail(at, filler)));
  const { selected } = await session.selectMailbox("INBOX");
  const cpu = process.cpuUsage();
  const { eventLoopUtilization } = performance;
  const before = eventLoopUtilization();
  const begun = performance.now();
  assert.equal((await session.searchMailbox(selected, { body: "nowhere" })).count, 0);
  const took = performance.now() - begun;
  const { active, utilization } = eventLoopUtilization(before);
  t.diagnostic(`${took.toFixed(0)} ms of search, ${active.toFixed(1)} ms of this thread, ${(process.cpuUsage(cpu).user / 1000).toFixed(0)} ms of all`);
  assert.ok(took < 40 || utilization < 0.3, `${utilization} of ${took} ms`);
  await session.close();
});

test("errors cross with everything they have", async (t) => {
  const { client } = channel(t);
  const session = await client.openSession(fresh());
  const error = await session.filterSet.put("a", 'require "fileinto";\r\n  fileintoo "x";').catch((thrown) => thrown);
  assert.ok(error instanceof MailboxError && error instanceof Error);
  assert.deepEqual([error.name, error.code, error.imapCode, error.line, error.column], ["MailboxError", "INVALID_ARGUMENT", "CLIENTBUG", 2, 3]);
  await session.close();
  const uncloneable = Object.assign(new Error("disk"), { code: "QUOTA_EXCEEDED", cause: () => {} });
  api.backends.add("odd", () => ({ ...mapStore(), commit: () => Promise.reject(uncloneable) }));
  await assert.rejects(client.openSession(fresh({ backend: "odd" })), (thrown) => thrown.code === "QUOTA_EXCEEDED" && thrown instanceof MailboxError);
  const causeful = new Error("disk", { cause: new TypeError("why") });
  api.backends.add("odd", () => Promise.reject(Object.assign(causeful, { code: "UNAVAILABLE" })));
  await assert.rejects(client.openSession(fresh({ backend: "odd" })), (thrown) => thrown.code === "UNAVAILABLE" && /disk/.test(String(thrown.cause)));
});
