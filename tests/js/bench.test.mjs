// The benchmark itself, in small: every case runs in a real browser, for this package and for a peer; answers are
// checked; the table and the file come out. No figure is looked at.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { judge } from "../../bench/budgets.js";
import { CASES } from "../../bench/cases.js";
import { describe, message, messages } from "../../bench/mail.js";
import { folder } from "./support/browser.mjs";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

async function bench(env) {
  const child = spawn(process.execPath, ["bench/run.mjs"], { cwd: ROOT, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  let [table, words] = ["", ""];
  child.stdout.on("data", (chunk) => (table += chunk));
  child.stderr.on("data", (chunk) => (words += chunk));
  const timer = setTimeout(() => child.kill("SIGTERM"), 240_000);
  const code = await new Promise((resolve) => child.on("close", resolve));
  clearTimeout(timer);
  return { code, table, words };
}

test("every case runs, for this package and for a peer, and the table and the file come out", { timeout: 300_000 }, async (t) => {
  const out = path.join(await folder(t), "bench");
  const { code, table, words } = await bench({
    N: "200",
    KIND: "rows",
    BROWSER: "chromium",
    ENGINE: "ours,naive",
    CASE: "",
    RUNS: "1",
    MOST: "1",
    KEEP: "",
    MERGE: "",
    OUT: out,
    BENCH_FIELDS: path.join(ROOT, "tests/js/support/bench_fields.js"),
  });
  assert.equal(code, 0, words);
  const entries = JSON.parse(await readFile(`${out}.json`, "utf8"));
  // Dexie alone does these.
  const others = ["import-raw", "deliver-raw"];
  for (const engine of ["ours", "naive"]) {
    const done = new Set(entries.filter((entry) => entry.engine === engine && entry.runs >= 1).map((entry) => entry.case));
    for (const name of Object.keys(CASES)) {
      if (others.includes(name)) continue;
      assert.ok(done.has(name), `${name} of ${engine}\n${words}`);
      assert.match(table, new RegExp(`\\| ${name} +\\| +[0-9]`));
    }
  }
  for (const entry of entries.filter((one) => one.runs)) {
    assert.deepEqual(Object.keys(entry), ["case", "n", "engine", "browser", "median_ms", "min_ms", "max_ms", "runs"]);
    assert.ok(entry.min_ms <= entry.median_ms && entry.median_ms <= entry.max_ms);
  }
  assert.ok(entries.some((entry) => entry.case === "wasm-memory-after-import" && entry.octets > 65_536));
  assert.equal(await readFile(`${out}.md`, "utf8"), table);
});

test("the generator makes the same mail each time, and of realistic sizes", () => {
  assert.deepEqual(message(4711, "full"), messages(4711, 4712, "full")[0]);
  assert.notDeepEqual(message(4711, "full").raw, message(4712, "full").raw);
  const sizes = messages(0, 1000, "full").map(({ raw }) => raw.length).sort((a, b) => a - b);
  const mean = sizes.reduce((sum, size) => sum + size) / sizes.length;
  assert.ok(sizes[500] > 4_000 && sizes[500] < 10_000, `median ${sizes[500]}`);
  assert.ok(mean > 20_000 && mean < 45_000, `mean ${mean}`);
  assert.ok(sizes.at(-1) > 1_000_000);
  const replies = Array.from({ length: 1000 }, (_, i) => describe(i)).filter(({ subject }) => subject.startsWith("Re: "));
  assert.ok(replies.length > 400 && replies.length < 700, `${replies.length} replies`);
});

test("a budget is met at its limit and missed beyond it", () => {
  const entry = (engine, median_ms, name = "mark-all") => ({ case: name, n: 100_000, engine, browser: "firefox", median_ms });
  const verdict = (ms) => judge([entry("ours", ms), entry("dexie", 1000)]).map(({ met }) => met);
  assert.deepEqual(verdict(10), [true]);
  assert.deepEqual(verdict(10.1), [false]);
  assert.deepEqual(judge([entry("dexie", 1000)]), []);
});
