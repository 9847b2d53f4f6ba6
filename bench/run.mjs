// `make bench`: reads the options, measures in each browser at each size, writes target/bench.json and target/bench.md.
//
//   node bench/run.mjs       (through scripts/bench.sh, which sets up what is needed)
//
// Environment, each a list with commas where that makes sense:
//   N         sizes of mailboxes (10000,100000,1000000)
//   BROWSER   chromium, chromium-sqlite, firefox (all)
//   ENGINE    ours, naive, dexie, pouchdb, sqlite-sahpool, sqlite-opfs (all there are; at 1000000 ours)
//   CASE      names of cases.js, or how they begin (all)
//   RUNS      how often each case is run by each engine (5)
//   LIMIT     seconds after which an engine begins no further run of a case (30)
//   KIND      full, short, rows: the mail (by size)
//   KEEP      1: keeps the imported mailboxes in target/bench-profiles for the next time
//   MERGE     1: adds to what target/bench.json has
//   OUT       where to write (target/bench: .json and .md are added)

import { existsSync } from "node:fs";
import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import os from "node:os";
import path from "node:path";

import { BROWSERS } from "./browsers.mjs";
import { CASES } from "./cases.js";
import { ENGINES } from "./engines.js";
import { kindOf, measure } from "./measure.mjs";
import { report } from "./report.mjs";
import { ROOT } from "./server.mjs";
import { closure } from "../scripts/package.mjs";

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
const cases = Object.keys(CASES).filter((name) => wanted.length === 0 || wanted.some((begin) => name.startsWith(begin)));
if (cases.length === 0) refuse(`no case ${wanted}: there are ${Object.keys(CASES).join(", ")}`);
const runs = Number(env.RUNS ?? 5);
const limit = Number(env.LIMIT ?? 30);
const out = path.resolve(ROOT, env.OUT ?? "target/bench");

/** What a mailbox of a million is measured for: the list's rows, and ours alone, unless it is asked otherwise. */
const LARGE = ["import", "cold-open", "warm-open", "list-first", "list-middle", "check", "flag-one", "flag-1000", "flag-10000", "mark-all", "search-subject", "sort-subject", "deliver"];
const isLarge = (n) => n > 200_000;

/** The JavaScript of an entry with all that it imports, as it is published: comments included, not minified. */
async function facade(entry) {
  const files = new Map();
  const folder = path.join(ROOT, "pkg");
  for (const name of await readdir(folder, { recursive: true })) {
    if (/\.(js|json)$/.test(name) && !/node_modules|inline/.test(name)) files.set(name, await readFile(path.join(folder, name)));
  }
  return Buffer.concat([...closure(files, entry)].map((name) => files.get(name)));
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
const wasm = await readFile(path.join(ROOT, "pkg/wasm/offline_mailbox_bg.wasm"));
entries.push({ case: "wasm-gzipped", engine: "ours", octets: gzipSync(wasm, { level: 9 }).length });
entries.push({ case: "facade-gzipped", engine: "ours", octets: gzipSync(await facade("index.js"), { level: 9 }).length });

const clock = () => `${String(Math.floor((Date.now() - begun) / 1000)).padStart(5)} s`;
for (const name of browsers) {
  for (const n of sizes) {
    const large = isLarge(n);
    const outcome = await measure({
      name,
      n,
      kind: env.KIND ?? kindOf(n),
      engines: large && list(env.ENGINE).length === 0 ? ["ours"] : engines,
      cases: large && wanted.length === 0 ? cases.filter((one) => LARGE.includes(one)) : cases,
      runs,
      limit,
      keep: env.KEEP === "1",
      log: (words) => console.error(`[bench ${clock()}] ${name} ${n}: ${words}`),
    }).catch((error) => {
      about.failed.push({ case: "all", n, engine: "all", browser: name, error: String(error.stack) });
      console.error(error);
    });
    if (!outcome) continue;
    entries.push(...outcome.results, ...outcome.sizes);
    about.failed.push(...outcome.failures);
    about.browsers[name] = outcome.version;
    about.octets[n] = outcome.octets ?? about.octets[n];
    for (const { engine, version, notes } of outcome.engines) {
      about.versions[engine] = version;
      if (notes) about.notes[engine] = notes;
    }
  }
}
about.seconds = Math.round((Date.now() - begun) / 1000);

let all = entries;
if (env.MERGE === "1" && existsSync(`${out}.json`)) {
  const key = (entry) => [entry.case, entry.n, entry.engine, entry.browser].join(" ");
  const fresh = new Set(entries.map(key));
  const before = JSON.parse(await readFile(`${out}.json`, "utf8"));
  const old = before.find((entry) => entry.case === "about");
  for (const part of ["browsers", "versions", "octets", "notes"]) about[part] = { ...old?.[part], ...about[part] };
  all = [...before.filter((entry) => entry.case !== "about" && !fresh.has(key(entry))), ...entries];
}
await mkdir(path.dirname(out), { recursive: true });
await writeFile(`${out}.json`, `[\n${[...all, about].map((entry) => JSON.stringify(entry)).join(",\n")}\n]\n`);
const text = report(all, about);
await writeFile(`${out}.md`, text);
process.stdout.write(text);
console.error(`[bench ${clock()}] written: ${path.relative(ROOT, out)}.json, ${path.relative(ROOT, out)}.md`);
process.exitCode = about.failed.length > 0 ? 1 : 0;
