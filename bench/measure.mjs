// One browser and one size of mailbox: every case, every engine in turn, all answers checked. Not here: options,
// tables, files of results.

import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { createHash } from "node:crypto";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";

import { browser } from "./browsers.mjs";
import { CASES } from "./cases.js";
import { ENGINES } from "./engines.js";
import { ROOT, startServer } from "./server.mjs";

/** The mail of a mailbox of this size. */
export const kindOf = (n) => (n <= 10_000 ? "full" : n <= 200_000 ? "short" : "rows");

/** A fast case is run more often than asked (`most` times at most), so long as its runs take no longer than this together. */
const FAST_MS = 400;

const median = (times) => {
  const sorted = [...times].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};
const rounded = (ms) => Number(ms.toPrecision(4));

/** What an engine's stored data depend on. */
export async function stampOf(engine) {
  const hash = createHash("sha256");
  const add = async (file) => hash.update(await readFile(path.join(ROOT, file)));
  const own = engine === "ours" ? "pkg/wasm" : "bench/peers";
  const files = engine === "ours" ? ["bench/ours.js"] : ["bench/fields.js", "bench/package-lock.json"];
  for (const name of (await readdir(path.join(ROOT, own))).sort()) {
    if (engine === "ours" || name === "message.js" || name.startsWith(engine.split("-")[0])) await add(path.join(own, name));
  }
  for (const name of [...files, "bench/mail.js"]) await add(name);
  return hash.digest("hex");
}

/** Modules that a kept profile has cached are of the code as it was. */
async function forgetModules(profile) {
  for (const name of await readdir(profile, { recursive: true })) {
    if (/^(Cache|Code Cache|cache2)$/.test(path.basename(name))) await rm(path.join(profile, name), { recursive: true, force: true });
  }
}

async function isFree(port) {
  const probe = createServer();
  return new Promise((resolve) => {
    probe.once("error", () => resolve(false));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
  });
}

/**
 * Measures. `options`: { name (of the browser), n, kind, engines, cases (names), runs, most, limit (seconds for one
 * case of one engine, after which no further run begins), keep (mailboxes are kept for the next time), instead (of the
 * server), save (called with an outcome so far), signal (ends it), log }. Resolves to
 * { results, sizes, failures, engines, version, seconds }.
 */
export async function measure(options) {
  const work = new Measurement(options);
  const ended = new Promise((_, reject) => {
    options.signal?.addEventListener("abort", () => reject(new Error("ended by a signal")), { once: true });
  });
  const measured = work.begin().then(() => work.all());
  measured.catch(() => {});
  try {
    await Promise.race([measured, ended]);
    return work.outcome();
  } finally {
    await work.end();
  }
}

class Measurement {
  results = [];
  sizes = [];
  failures = [];
  /** By engine: what its module says of itself. */
  about = new Map();
  /** Engines whose flags are not as they were imported. */
  #changed = new Set();
  #temporary;
  #begun = performance.now();

  constructor(options) {
    Object.assign(this, options);
    this.wanted = new Set(this.cases);
    for (const name of this.cases) if (CASES[name].needs) this.wanted.add(CASES[name].needs);
  }

  // ---------------------------------------------------------------------------------------------
  // The browser, its profile, its workers

  async begin() {
    this.#temporary = await mkdtemp(path.join(tmpdir(), "offline-mailbox-bench-"));
    let profile = path.join(this.#temporary, "profile");
    let port = 0;
    this.present = {};
    if (this.keep) {
      this.kept = path.join(ROOT, "target", "bench-profiles", `${this.name}-${this.n}-${this.kind}`);
      this.meta = path.join(this.kept, "meta.json");
      if (existsSync(this.meta)) {
        const { port: before, engines } = JSON.parse(await readFile(this.meta, "utf8"));
        if (await isFree(before)) {
          port = before;
          this.present = engines;
        } else {
          await rm(this.kept, { recursive: true });
        }
      } else {
        await rm(this.kept, { recursive: true, force: true });
      }
      profile = path.join(this.kept, "profile");
    }
    await mkdir(profile, { recursive: true });
    await forgetModules(profile);
    this.profile = profile;
    this.server = await startServer({ port, instead: this.instead });
    await this.launch(profile);
    for (const engine of this.engines) await this.meet(engine);
    this.version = this.browser.version;
  }

  async launch(profile) {
    this.browser = browser(this.name, profile, (engine) => this.server.origin(engine));
    await this.browser.open();
  }

  /** What the module says of itself; an engine that cannot do this size is left out. */
  async meet(engine) {
    await this.start(engine, "meet");
    const about = await this.call(engine, "meet", "load", { url: ENGINES[engine] });
    await this.stop(engine, "meet");
    this.about.set(engine, about);
    if (about.maxN !== undefined && this.n > about.maxN) {
      this.log(`${engine} is not run with more than ${about.maxN} messages`);
      this.engines = this.engines.filter((name) => name !== engine);
    }
  }

  async end() {
    await this.browser?.close().catch(() => {});
    await this.server?.stop();
    if (this.#temporary) await rm(this.#temporary, { recursive: true, force: true, maxRetries: 5 });
  }

  start(engine, worker) {
    return this.browser.ask(engine, `bench.start(${JSON.stringify(worker)})`);
  }

  stop(engine, worker) {
    return this.browser.ask(engine, `bench.stop(${JSON.stringify(worker)})`);
  }

  call(engine, worker, op, args = {}) {
    return this.browser.ask(engine, `bench.call(${JSON.stringify(worker)}, ${JSON.stringify(op)}, ${JSON.stringify(args)})`);
  }

  context(engine, run) {
    return { n: this.n, kind: this.kind, run, changed: this.#changed.has(engine) };
  }

  /** A worker with the engine's database open, its list shown. */
  async openWorker(engine, worker, database = "base") {
    await this.start(engine, worker);
    const load = await this.call(engine, worker, "load", { url: ENGINES[engine] });
    const open = await this.call(engine, worker, "open", { database });
    return { load, open };
  }

  async closeWorker(engine, worker) {
    await this.call(engine, worker, "close");
    await this.stop(engine, worker);
  }

  // ---------------------------------------------------------------------------------------------
  // Runs

  skips(engine, name) {
    const { skips = {} } = this.about.get(engine);
    return skips[name] ?? skips[name.replace(/-first$/, "")];
  }

  fail(engine, name, error) {
    const text = String(error?.message ?? error);
    this.failures.push({ case: name, n: this.n, engine, browser: this.name, error: text });
    this.log(`FAILED ${name} of ${engine}: ${text}`);
  }

  /**
   * Runs a case in turn: one run of each engine, then the next of each. `one(engine, run)` resolves to { ms, answer }.
   * Each engine is run as often as asked (fast ones more), fewer times where its time is up.
   */
  async inTurn(name, engines, one, { warmUp = false, most = Math.max(this.most, this.runs), fewest = this.runs, record = true } = {}) {
    const states = engines
      .filter((engine) => {
        const why = this.skips(engine, name);
        if (why) this.log(`${name}: ${engine} is left out: ${why}`);
        return !why;
      })
      .map((engine) => ({ engine, times: [], spent: 0, answers: new Set(), done: false }));
    const wantsMore = ({ times, spent, done }) => {
      if (done) return false;
      if (times.length === 0) return true;
      if (times.length >= most) return false;
      if (spent > this.limit * 1000) return false;
      return times.length < fewest || (times.length < this.most && times.reduce((sum, ms) => sum + ms, 0) < FAST_MS && spent < 4_000);
    };
    for (let run = warmUp ? -1 : 0; states.some(wantsMore); run++) {
      // Another engine begins each time.
      const turn = states.map((_, place) => states[(place + Math.max(0, run)) % states.length]);
      for (const state of turn.filter(wantsMore)) {
        const begun = performance.now();
        try {
          const { ms, answer } = await one(state.engine, run < 0 ? 900 : run);
          if (run >= 0) state.times.push(ms);
          if (answer !== undefined) state.answers.add(answer);
          if (CASES[name].changes) this.#changed.add(state.engine);
        } catch (error) {
          state.done = true;
          this.fail(state.engine, name, error);
        }
        state.spent += performance.now() - begun;
      }
    }
    if (!record) return;
    for (const { engine, times } of states) {
      if (times.length === 0) continue;
      this.results.push({
        case: name,
        n: this.n,
        engine,
        browser: this.name,
        median_ms: rounded(median(times)),
        min_ms: rounded(Math.min(...times)),
        max_ms: rounded(Math.max(...times)),
        runs: times.length,
      });
    }
    const told = states.filter(({ times }) => times.length > 0).map(({ engine, times }) => `${engine} ${rounded(median(times))} (${times.length})`);
    this.log(`${name}: ${told.join(", ")}`);
    this.save?.(this.outcome());
    this.compare(name, states.filter(({ answers }) => answers.size > 0));
  }

  /** All engines must have found the same, each time. */
  compare(name, states) {
    const votes = new Map();
    for (const { answers } of states) for (const answer of answers) votes.set(answer, (votes.get(answer) ?? 0) + 1);
    const [best] = [...votes].sort((a, b) => b[1] - a[1])[0] ?? [];
    for (const { engine, answers } of states) {
      for (const answer of answers) if (answer !== best) this.fail(engine, name, `answers ${answer}, others ${best}`);
    }
  }

  size(name, engine, octets) {
    if (octets === undefined) return;
    this.sizes.push({ case: name, n: this.n, engine, browser: this.name, octets });
    this.log(`${name}: ${engine} ${(octets / 1024 / 1024).toFixed(1)} MiB`);
  }

  selected(...scopes) {
    return Object.keys(CASES).filter((name) => this.wanted.has(name) && scopes.includes(CASES[name].scope));
  }

  async all() {
    await this.imports();
    await this.rawImports();
    await this.workingCopy();
    await this.cold();
    await this.first();
    await this.warm();
  }

  // ---------------------------------------------------------------------------------------------
  // The phases

  /** Base databases; the runs of `import`, each into a database of its own. */
  async imports() {
    const stamps = {};
    for (const engine of this.engines) stamps[engine] = await stampOf(engine);
    const asked = this.wanted.has("import");
    const needed = this.keep || [...this.wanted].some((name) => !["import", "import-raw"].includes(CASES[name].scope));
    const missing = this.engines.filter((engine) => this.present[engine] !== stamps[engine]);
    // What is kept of them is no mailbox until the import is done.
    for (const engine of missing) delete this.present[engine];
    await this.remember();
    // A run into the base database counts, where the engine has none yet.
    const isBase = (engine, run) => needed && run === 0 && missing.includes(engine);
    const one = async (engine, run) => {
      const database = isBase(engine, run) ? "base" : `import-${run}`;
      await this.start(engine, "import");
      await this.call(engine, "import", "load", { url: ENGINES[engine] });
      await this.call(engine, "import", "destroy", { database });
      await this.call(engine, "import", "open", { database });
      const { ms, octets } = await this.call(engine, "import", "import", { context: this.context(engine, run) });
      if (run === 0) {
        this.octets = octets;
        await this.report(engine, "import", "after-import");
      }
      if (database === "base") await this.call(engine, "import", "folders");
      await this.call(engine, "import", "close");
      if (database !== "base") await this.call(engine, "import", "destroy", { database });
      await this.stop(engine, "import");
      return { ms };
    };
    if (asked) await this.inTurn("import", this.engines, one);
    else if (needed && missing.length > 0) await this.inTurn("import", missing, one, { fewest: 1, most: 1, record: false });
    const lost = new Set(this.failures.filter((failure) => failure.case === "import").map(({ engine }) => engine));
    this.engines = this.engines.filter((engine) => !lost.has(engine));
    if (needed) for (const engine of this.engines) this.present[engine] = stamps[engine];
    await this.remember();
  }

  /** Whose mailboxes are kept, and of which state of the code. */
  async remember() {
    if (this.keep) await writeFile(this.meta, JSON.stringify({ port: this.server.port, engines: this.present }));
  }

  async report(engine, worker, when) {
    const { wasm, disk } = await this.call(engine, worker, "memory");
    if (wasm > 0) this.size(`wasm-memory-${when}`, engine, wasm);
    if (when === "after-import") this.size("disk", engine, disk);
    const heap = await this.browser.ask(engine, "bench.heap()").catch(() => undefined);
    this.size(`memory-${when}`, engine, heap?.[worker]);
  }

  /** Octets alone, for the engines that have this. */
  async rawImports() {
    if (!this.wanted.has("import-raw")) return;
    const able = [];
    for (const engine of this.engines) {
      await this.openWorker(engine, "raw", "raw-0");
      if (await this.call(engine, "raw", "has", { method: "importRaw" })) able.push(engine);
      await this.closeWorker(engine, "raw");
    }
    await this.inTurn("import-raw", able, async (engine, run) => {
      const database = `raw-${run}`;
      await this.start(engine, "raw");
      await this.call(engine, "raw", "load", { url: ENGINES[engine] });
      await this.call(engine, "raw", "destroy", { database });
      await this.call(engine, "raw", "open", { database });
      const { ms } = await this.call(engine, "raw", "import", { context: this.context(engine, run), raw: true });
      await this.call(engine, "raw", "close");
      if (run > 0) await this.call(engine, "raw", "destroy", { database });
      await this.stop(engine, "raw");
      return { ms };
    });
    if (this.wanted.has("deliver-raw")) {
      for (const engine of able) await this.openWorker(engine, "raw", "raw-0");
      await this.inTurn("deliver-raw", able, (engine, run) => this.runCase(engine, "raw", "deliver-raw", run), { warmUp: true });
      for (const engine of able) await this.closeWorker(engine, "raw");
    }
    for (const engine of able) {
      await this.start(engine, "raw");
      await this.call(engine, "raw", "load", { url: ENGINES[engine] });
      await this.call(engine, "raw", "destroy", { database: "raw-0" });
      await this.stop(engine, "raw");
    }
  }

  runCase(engine, worker, name, run) {
    return this.call(engine, worker, "run", { name, context: this.context(engine, run) });
  }

  /** Kept mailboxes are not worked on if something is to be changed. The browser begins anew in any case. */
  async workingCopy() {
    const names = this.selected("cold", "first", "warm", "two");
    if (names.length === 0) return;
    await this.browser.close();
    if (this.keep && names.some((name) => CASES[name].changes)) {
      const copy = path.join(this.#temporary, "copy");
      await cp(this.profile, copy, { recursive: true, filter: (file) => !/Singleton|[/\\]lock$|parentlock/.test(file) });
      this.profile = copy;
    }
    await this.launch(this.profile);
  }

  /** The browser is ended and started again before each run of each engine; what the system has cached stays cached. */
  async cold() {
    if (!this.wanted.has("cold-open")) return;
    const parts = new Map(this.engines.map((engine) => [engine, []]));
    await this.inTurn("cold-open", this.engines, async (engine, run) => {
      await this.browser.relaunch();
      await this.start(engine, "cold");
      const args = { url: ENGINES[engine], database: "base", context: this.context(engine, run) };
      const answer = await this.call(engine, "cold", "cold", args);
      if (run >= 0) parts.get(engine).push(answer.loadMs);
      await this.report(engine, "cold", "open-view").catch((error) => this.log(String(error)));
      await this.closeWorker(engine, "cold");
      return answer;
    }, { warmUp: true });
    for (const [engine, times] of parts) {
      if (times.length > 0) this.log(`of which loading the library: ${engine} ${rounded(median(times))}`);
    }
    const seen = new Set();
    // Once per engine is enough of what was reported at each run.
    this.sizes = this.sizes.reverse().filter((entry) => {
      const key = `${entry.case} ${entry.engine}`;
      return !seen.has(key) && seen.add(key);
    }).reverse();
  }

  /** The first time in a new worker: the library loaded, the database open, the list shown. */
  async first() {
    for (const name of this.selected("first")) {
      await this.inTurn(name, this.engines, async (engine, run) => {
        await this.openWorker(engine, "first");
        await this.call(engine, "first", "show");
        try {
          return await this.runCase(engine, "first", name, run);
        } finally {
          await this.closeWorker(engine, "first");
        }
      });
    }
  }

  /** In one worker per engine that stays. */
  async warm() {
    const names = this.selected("warm", "two");
    if (names.length === 0 && !this.wanted.has("cold-open")) return;
    for (const engine of this.engines) {
      await this.openWorker(engine, "main");
      await this.call(engine, "main", "show");
    }
    if (this.wanted.has("search-rare")) {
      for (const engine of this.engines) {
        if (!((await this.call(engine, "main", "memory")).wasm > 0)) continue;
        const cycles = await this.call(engine, "main", "cycles").catch((error) => this.fail(engine, "cycles", error));
        if (!cycles) continue;
        this.log(`wasm memory after each cycle: ${engine} ${cycles.map((octets) => (octets / 2 ** 20).toFixed(1)).join(", ")} MiB`);
        this.size("wasm-memory-cycle-1", engine, cycles[0]);
        this.size("wasm-memory-cycle-10", engine, cycles.at(-1));
      }
    }
    for (const name of names) {
      const kind = CASES[name];
      const options = { warmUp: kind.warmUp ?? !kind.changes, most: kind.maxRuns, fewest: Math.min(this.runs, kind.maxRuns ?? this.runs) };
      if (kind.scope === "two") {
        await this.two(name, options);
      } else {
        await this.inTurn(name, this.engines, (engine, run) => this.runCase(engine, "main", name, run), options);
      }
    }
    for (const engine of this.engines) await this.closeWorker(engine, "main");
  }

  /** Another worker, as it would be of another tab, changes something first. */
  async two(name, options) {
    const able = this.engines.filter((engine) => !this.skips(engine, name));
    for (const engine of able) {
      await this.openWorker(engine, "other");
      await this.call(engine, "other", "show");
    }
    await this.inTurn(name, this.engines, async (engine, run) => {
      const context = this.context(engine, run % 40);
      await this.call(engine, "main", "after", { name, context });
      await this.call(engine, "other", "other", { name, context });
      const answer = await this.call(engine, "main", "run", { name, context });
      await this.call(engine, "other", "otherAfter", { name, context });
      await this.call(engine, "main", "after", { name, context });
      return answer;
    }, { ...options, warmUp: true });
    for (const engine of able) await this.closeWorker(engine, "other");
  }

  outcome() {
    return {
      results: this.results,
      sizes: this.sizes,
      failures: this.failures,
      octets: this.octets,
      engines: [...this.about].map(([engine, { version, notes, skips }]) => ({ engine, version, notes, skips })),
      version: this.version,
      seconds: Math.round((performance.now() - this.#begun) / 1000),
    };
  }
}
