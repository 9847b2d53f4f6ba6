// A page that works on a mailbox that keeps its size, as a busy client does for hours, and what memory that
// takes: of the engine (wasm memory never shrinks) and of JavaScript. Shared by the test and the soak.

import assert from "node:assert/strict";

import { chromium, serve } from "./browser.mjs";

const MESSAGES = 1_500;
const TURN = 60;

/** In the page: opens a session, and gives `turn()`, which does a little of everything, and `wasmOctets()`. */
async function prepare({ messages, turn: size }) {
  const memories = [];
  for (const name of ["instantiate", "instantiateStreaming"]) {
    const own = WebAssembly[name];
    WebAssembly[name] = async (...given) => {
      const made = await own.apply(WebAssembly, given);
      const { exports } = made.instance ?? made;
      if (exports?.memory) memories.push(exports.memory);
      return made;
    };
  }
  const session = await globalThis.mailbox.openSession({ owner: "memory@example.org" });
  let count = 0;
  // Octets that nothing compresses away or holds twice; sizes from a few hundred octets to 200 KB.
  const text = () => {
    count += 1;
    const words = Array.from({ length: 40 + (count % 17) * 60 }, (_, at) => ((count * 2_654_435_761 + at * 40_503) >>> 0).toString(36));
    if (count % 50 === 0) words.push("x".repeat(200_000));
    return globalThis.mail(`number ${count} of ${count % 40}`, `${words.join(" ")} ${count % 7 === 0 ? "schedule" : ""}\r\n`);
  };
  const some = (number) => Array.from({ length: number }, () => ({ raw: text() }));
  await session.importMessages("INBOX", some(messages));
  await session.createMailbox("Archive");
  globalThis.wasmOctets = () => memories.reduce((sum, memory) => sum + memory.buffer.byteLength, 0);
  globalThis.turn = async () => {
    const { selected } = await session.selectMailbox("INBOX");
    await session.appendMessages("INBOX", some(size), { selected });
    await session.searchMailbox(selected, { body: "schedule" });
    await session.searchMailbox(selected, { subject: "number 1" });
    await session.sortMailbox(selected, ["subject", "-date"]);
    await session.threadMailbox(selected, "references");
    const { rows } = await session.listMessages(selected, { offset: count % 1000, limit: 50 });
    const uids = rows.map(({ uid }) => uid);
    await session.fetchMessages(selected, uids, { source: true, text: true, bodyStructure: true });
    await session.updateFlags(selected, uids, [`keyword${count % 5}`], "add");
    await session.copyMessages(selected, uids.slice(0, 5), "Archive");
    await session.updateFlags(selected, { seq: `1:${size}` }, ["\\Deleted"], "add");
    await session.expungeMailbox(selected);
    await session.closeMailbox(selected);
    const archive = (await session.selectMailbox("Archive")).selected;
    await session.updateFlags(archive, "1:*", ["\\Deleted"], "add");
    await session.closeMailbox(archive, { expunge: true });
    await session.cleanup();
    const { exists } = await session.status("INBOX");
    if (exists !== messages) throw new Error(`${exists} messages, not ${messages}`);
  };
  globalThis.problems = async () => (await session.verify()).problems;
}

/**
 * Works until `over(turns, milliseconds)`, in Chromium. `tell` gets a line for each of the `samples`,
 * which are taken after every `every` turns: { turns, wasm, js, disk } in octets.
 */
export async function work(t, { over, every, tell = () => {} }) {
  const origin = await serve(t);
  const { context, tab } = await chromium(t, origin);
  const page = await tab();
  const devtools = await context.newCDPSession(page);
  await devtools.send("Performance.enable");
  await page.evaluate(prepare, { messages: MESSAGES, turn: TURN });
  const samples = [];
  const begun = Date.now();
  for (let turns = 1; !over(turns - 1, Date.now() - begun); turns += 1) {
    await page.evaluate(() => globalThis.turn());
    if (turns % every > 0) continue;
    await devtools.send("HeapProfiler.collectGarbage");
    const { metrics } = await devtools.send("Performance.getMetrics");
    const js = metrics.find(({ name }) => name === "JSHeapUsedSize").value;
    const [wasm, disk] = await page.evaluate(async () => [globalThis.wasmOctets(), (await navigator.storage.estimate()).usage]);
    samples.push({ turns, wasm, js, disk });
    tell(`${turns} turns: wasm ${kib(wasm)}, JavaScript ${kib(js)}, disk ${kib(disk)}`);
  }
  assert.deepEqual(await page.evaluate(() => globalThis.problems()), []);
  return samples;
}

const kib = (octets) => `${Math.round(octets / 1024).toLocaleString("en")} KiB`;

/**
 * What may stay of a message that came and went: its place in the index of threads, by which a late reply
 * finds its conversation. The part of that index that is not sorted in yet is in memory.
 */
const REMEMBERED = 64;

/**
 * That memory is flat: after the first third of the samples neither kind goes on growing, but for what
 * the index of threads remembers of each message. Wasm memory grows by pages of 64 KiB, in steps;
 * JavaScript's is measured after a collection.
 */
export function mustBeFlat(samples) {
  assert.ok(samples.length >= 6, `${samples.length} samples`);
  const third = Math.ceil(samples.length / 3);
  const early = samples.slice(0, third);
  const late = samples.slice(-third);
  const most = (of, member) => Math.max(...of.map((sample) => sample[member]));
  const wasm = [most(early, "wasm"), most(late, "wasm")];
  const js = [most(early, "js"), most(late, "js")];
  const remembered = (late.at(-1).turns - early.at(-1).turns) * TURN * REMEMBERED;
  assert.ok(wasm[1] <= wasm[0] * 1.1 + 256 * 1024 + remembered, `wasm memory grew from ${kib(wasm[0])} to ${kib(wasm[1])}`);
  assert.ok(js[1] <= js[0] * 1.15 + 512 * 1024, `JavaScript's memory grew from ${kib(js[0])} to ${kib(js[1])}`);
  return `wasm memory ${kib(wasm[0])} in the first third and ${kib(wasm[1])} in the last, JavaScript's ${kib(js[0])} and ${kib(js[1])}`;
}
