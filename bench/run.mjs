// `make bench`: reads the options, measures in each browser at each size, writes target/bench.json and target/bench.md.
//
//   node bench/run.mjs       (through scripts/bench.sh, which sets up what is needed)
//
// Environment, each a list with commas where that makes sense:
//   N         sizes of mailboxes (10000,100000,1000000)
//   BROWSER   chromium, chromium-sqlite, firefox (all)
//   ENGINE    ours, naive, dexie, pouchdb, sqlite-sahpool, sqlite-opfs (all there are; at 1000000 ours)
//   CASE      names of cases.js, or how names begin: `flag-one` is one case, `flag` all of flags (all)
//   RUNS      how often each case is run by each engine (5)
//   MOST      how often what is fast is run at most (25)
//   LIMIT     seconds after which an engine begins no further run of a case (60)
//   KIND      full, short, rows: the mail (by size)
//   KEEP      1: keeps the imported mailboxes in target/bench-profiles for the next time
//   MERGE     1: adds to what target/bench.json has
//   OUT       where to write (target/bench: .json and .md are added); written anew after each case
//   BENCH_FIELDS  a file in place of fields.js, for the test that runs without the libraries

import { existsSync, writeFileSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import os from "node:os";
import path from "node:path";

import { BROWSERS } from "./browsers.mjs";
import { CASES } from "./cases.js";
import { ENGINES } from "./engines.js";
import { kindOf, measure } from "./measure.mjs";
import { report } from "./report.mjs";
import { ROOT } from "./server.mjs";
import { minifiedSizes } from "../scripts/package.mjs";

const list = (text) => (text ?? "").split(/[\s,]+/).filter(Boolean);
const refuse = (words) => {
  console.error(words);
  process.exit(2);
};
const known = (given, all, what) => {
  for (const one of given) if (!all.includes(one)) refuse(`no ${what} ${one}: there are ${all.join(", ")}`);
  return given.length > 0 ? given : all;
};

const { env } = process;
const sizes = (list(env.N).length > 0 ? list(env.N) : ["10000", "100000", "1000000"]).map(Number);
if (!sizes.every((n) => Number.isInteger(n) && n >= 100)) refuse("N: whole numbers from 100");
const browsers = known(list(env.BROWSER), BROWSERS, "browser");
const there = Object.keys(ENGINES).filter((engine) => existsSync(path.join(ROOT, ENGINES[engine].split("?")[0])));
const engines = known(list(env.ENGINE), there, "engine");
const wanted = list(env.CASE);
const cases = Object.keys(CASES).filter((name) => wanted.length === 0 || wanted.some((words) => (words in CASES ? name === words : name.startsWith(words))));
if (cases.length === 0) refuse(`no case ${wanted}: there are ${Object.keys(CASES).join(", ")}`);
const runs = Number(env.RUNS ?? 5);
const most = Number(env.MOST ?? 25);
const limit = Number(env.LIMIT ?? 60);
const out = path.resolve(ROOT, env.OUT ?? "target/bench");

/** What a mailbox of a million is measured for: the list's rows, and ours alone, unless it is asked otherwise. */
const LARGE = ["import", "cold-open", "warm-open", "list-first", "list-middle", "check", "flag-one", "flag-1000", "flag-10000", "mark-all", "search-subject", "sort-subject", "deliver"];
const isLarge = (n) => n > 200_000;

/** What a browser downloads of the package's JavaScript: minified and gzipped, where there is a bundler to do it. */
async function facade() {
  if (!existsSync(path.join(ROOT, "bench/node_modules/esbuild"))) return undefined;
  return minifiedSizes(await import("esbuild"));
}

const begun = Date.now();
const entries = [];
const about = {
  case: "about",
  date: new Date().toISOString().slice(0, 10),
  machine: `${os.cpus().length} × ${os.cpus()[0]?.model.trim() ?? os.arch()}, ${Math.round(os.totalmem() / 2 ** 30)} GiB, ${os.type()} ${os.release()}, load ${os.loadavg()[0].toFixed(1)} at the start`,
  command: ["make bench", ...["N", "BROWSER", "ENGINE", "CASE", "RUNS", "LIMIT", "KIND"].filter((name) => env[name]).map((name) => `${name}=${env[name]}`)].join(" "),
  browsers: {},
  versions: {},
  octets: {},
  notes: {},
  failed: [],
};
const [first, rest] = await Promise.all(
  ["first", "rest"].map(async (part) => gzipSync(await readFile(path.join(ROOT, `pkg/wasm/offline_mailbox_${part}.wasm`)), { level: 9 }).length),
);
entries.push({ case: "wasm-gzipped", engine: "ours", octets: first + rest });
entries.push({ case: "wasm-first-gzipped", engine: "ours", octets: first });
const javascript = await facade();
if (javascript) {
  entries.push({ case: "facade-gzipped", engine: "ours", octets: javascript.facadeMinified });
  entries.push({ case: "glue-gzipped", engine: "ours", octets: javascript.glueMinified });
}

// The browsers it has started end with it.
const ended = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => ended.abort());
const clock = () => `${String(Math.floor((Date.now() - begun) / 1000)).padStart(5)} s`;
const before = env.MERGE === "1" && existsSync(`${out}.json`) ? JSON.parse(await readFile(`${out}.json`, "utf8")) : [];
const old = before.find((entry) => entry.case === "about");
for (const part of ["browsers", "versions", "octets", "notes"]) about[part] = { ...old?.[part] };
await mkdir(path.dirname(out), { recursive: true });

const key = (entry) => [entry.case, entry.n, entry.engine, entry.browser].join(" ");
const heading = (name, { version, octets, engines: met }, n) => {
  about.browsers[name] = version;
  about.octets[n] = octets ?? about.octets[n];
  for (const { engine, version: of, notes } of met) {
    about.versions[engine] = of;
    if (notes) about.notes[engine] = notes;
  }
};

/** Writes what there is, `more` included, and returns it as text. */
function write(more = [], failed = []) {
  about.seconds = Math.round((Date.now() - begun) / 1000);
  const now = [...entries, ...more];
  const fresh = new Set(now.map(key));
  const all = [...before.filter((entry) => entry.case !== "about" && !fresh.has(key(entry))), ...now];
  const told = { ...about, failed: [...about.failed, ...failed] };
  const text = report(all, told);
  writeFileSync(`${out}.json`, `[\n${[...all, told].map((entry) => JSON.stringify(entry)).join(",\n")}\n]\n`);
  writeFileSync(`${out}.md`, text);
  return text;
}

for (const name of browsers) {
  for (const n of sizes) {
    if (ended.signal.aborted) break;
    const large = isLarge(n);
    let sofar;
    const outcome = await measure({
      name,
      n,
      kind: env.KIND || kindOf(n),
      engines: large && list(env.ENGINE).length === 0 ? ["ours"] : engines,
      cases: large && wanted.length === 0 ? cases.filter((one) => LARGE.includes(one)) : cases,
      runs,
      most,
      limit,
      keep: env.KEEP === "1",
      instead: env.BENCH_FIELDS ? { "/bench/fields.js": env.BENCH_FIELDS } : {},
      log: (words) => console.error(`[bench ${clock()}] ${name} ${n}: ${words}`),
      signal: ended.signal,
      save(now) {
        sofar = now;
        heading(name, now, n);
        write([...now.results, ...now.sizes], now.failures);
      },
    }).catch((error) => {
      // What was measured before it failed, or was ended, is kept.
      if (sofar) entries.push(...sofar.results, ...sofar.sizes);
      about.failed.push({ case: "all", n, engine: "all", browser: name, error: String(error.stack) });
      console.error(error);
    });
    if (!outcome) continue;
    if (outcome.results.length === 0) about.failed.push({ case: "all", n, engine: "all", browser: name, error: "nothing was measured" });
    heading(name, outcome, n);
    entries.push(...outcome.results, ...outcome.sizes);
    about.failed.push(...outcome.failures);
  }
}
process.stdout.write(write());
console.error(`[bench ${clock()}] written: ${path.relative(ROOT, out)}.json, ${path.relative(ROOT, out)}.md`);
process.exitCode = about.failed.length > 0 ? 1 : 0;
