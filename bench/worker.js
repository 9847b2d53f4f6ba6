// The worker in which an engine runs: does what the page asks and times the one call that is the case.
// Every worker has one engine; its address names it. Not here: what the cases are, and how often they run.

import { CASES, FOLDERS, FOLDER_MESSAGES } from "./cases.js";

// What wasm memory there is, whoever made it.
const memories = new Set();
const remember = (instance) => {
  for (const value of Object.values(instance.exports)) if (value instanceof WebAssembly.Memory) memories.add(value);
};
for (const name of ["instantiate", "instantiateStreaming"]) {
  const original = WebAssembly[name];
  WebAssembly[name] = async (source, imports) => {
    for (const module of Object.values(imports ?? {})) {
      for (const value of Object.values(module)) if (value instanceof WebAssembly.Memory) memories.add(value);
    }
    const result = await original.call(WebAssembly, source, imports);
    remember(result.instance ?? result);
    return result;
  };
}

let module;
let engine;
let mail = [];

/** Messages `from` to `to`, made by the server, each on a buffer of its own. */
async function fetchMail(kind, from, to) {
  const list = [];
  const size = 1000;
  for (let at = Math.floor(from / size) * size; at < to; at += size) {
    const octets = await (await fetch(`/mail/${kind}/${at}`)).arrayBuffer();
    const [length] = new Uint32Array(octets, 0, 1);
    const about = JSON.parse(new TextDecoder().decode(new Uint8Array(octets, 4, length)));
    let place = 4 + length;
    about.forEach(([size, internalDate, flags], n) => {
      if (at + n >= from && at + n < to) list.push({ raw: new Uint8Array(octets.slice(place, place + size)), internalDate, flags });
      place += size;
    });
  }
  return list;
}

const ops = {
  /** Loads the engine's library. */
  async load({ url }) {
    const begun = performance.now();
    module = (await import(url)).default;
    const { name, version, skips, maxN, notes, open, destroy } = module;
    if (typeof open !== "function" || typeof destroy !== "function") throw new Error(`${url} is no engine`);
    return { ms: performance.now() - begun, name, version, skips, maxN, notes };
  },

  async open({ database }) {
    const begun = performance.now();
    engine = await module.open({ database });
    return { ms: performance.now() - begun };
  },

  async close() {
    await engine?.close();
    engine = undefined;
  },

  destroy: ({ database }) => module.destroy(database),

  /** All from nothing: library, database, SELECT, first 50 rows. */
  async cold({ url, database, context }) {
    const begun = performance.now();
    module = (await import(url)).default;
    const loaded = performance.now();
    engine = await module.open({ database });
    const opened = performance.now();
    const answer = [await engine.select("INBOX"), await engine.list("INBOX", 0, 50)];
    const ms = performance.now() - begun;
    await CASES["cold-open"].check(answer, context);
    return { ms, loadMs: loaded - begun, openMs: opened - loaded };
  },

  /** Imports into an open, empty database; what is timed is the engine's work alone. */
  async import({ context, raw }) {
    const { n, kind } = context;
    const batch = n > 100_000 ? 20_000 : n;
    let ms = 0;
    let octets = 0;
    for (let from = 0; from < n; from += batch) {
      if (mail.length !== n) mail = await fetchMail(kind, from, Math.min(n, from + batch));
      octets += mail.reduce((sum, message) => sum + message.raw.length, 0);
      const begun = performance.now();
      await (raw ? engine.importRaw("INBOX", mail) : engine.importMessages("INBOX", mail));
      ms += performance.now() - begun;
    }
    if (!raw) await CASES.import.check(undefined, context, undefined, engine);
    return { ms, octets };
  },

  has: ({ method }) => typeof engine[method] === "function",

  /** The 200 mailboxes of `status-200`. */
  async folders() {
    const few = await fetchMail("rows", 0, FOLDERS.length * FOLDER_MESSAGES);
    await engine.createMailboxes(FOLDERS);
    for (const [k, name] of FOLDERS.entries()) {
      await engine.importMessages(name, few.slice(k * FOLDER_MESSAGES, (k + 1) * FOLDER_MESSAGES));
    }
  },

  /** What every fresh worker does before its case: it is ready when it shows the list. */
  async show() {
    await engine.select("INBOX");
    await engine.list("INBOX", 0, 50);
  },

  /** One run of a case. */
  async run({ name, context }) {
    const kind = CASES[name];
    const prepared = await kind.prepare?.(engine, context);
    const begun = performance.now();
    const result = await kind.run(engine, context, prepared);
    const ms = performance.now() - begun;
    await kind.check(result, context, prepared, engine);
    const answer = kind.answer?.(result);
    if (kind.scope !== "two") await kind.after?.(engine, context, prepared);
    return { ms, answer };
  },

  /** What another worker does before and after a run of a case of two. */
  other: ({ name, context }) => CASES[name].other(engine, context),
  otherAfter: ({ name, context }) => CASES[name].otherAfter(engine, context),
  after: ({ name, context }) => CASES[name].after(engine, context),

  /** Ten times what a busy hour does: select, search, list. Wasm memory after the first and the last. */
  async cycles() {
    const after = [];
    for (let turn = 0; turn < 10; turn++) {
      await engine.select("INBOX");
      await engine.searchHeader("INBOX", "subject", "conference");
      await engine.searchBody("INBOX", "zyzzogeton");
      await engine.list("INBOX", turn * 100, 50);
      after.push(wasmOctets());
    }
    return after;
  },

  async memory() {
    const { usage } = (await navigator.storage?.estimate?.()) ?? {};
    return { wasm: wasmOctets(), disk: usage };
  },
};

const wasmOctets = () => [...memories].reduce((sum, memory) => sum + memory.buffer.byteLength, 0);

addEventListener("message", async ({ data: { id, op, args } }) => {
  if (id === undefined) return;
  try {
    postMessage({ id, value: await ops[op](args ?? {}) });
  } catch (error) {
    postMessage({ id, error: `${error?.name}: ${error?.message}${error?.code ? ` (${error.code})` : ""}\n${error?.stack}` });
  }
});
postMessage({ ready: true });
