// Four tabs and two workers of a browser on one database; then everything they were told is checked (../js/support/tabs_model.mjs).
//
//   node tests/soak/tabs.mjs [OPS] [SEEDS] [BROWSER]     1000 operations each, seed 1, chromium where absent
//
// SEEDS: `7`, or several as `1,2,3` or `1-3`. BROWSER: chromium, chromium-sqlite (with the other of its two stores), firefox
// or webkit, found as in `make test`.
// Figures are written to target/soak/tabs.json.

import { mkdirSync, writeFileSync } from "node:fs";

import { serve } from "../js/support/browser.mjs";
import { BROWSERS, drive, tabsOf } from "../js/support/tabs.mjs";

const [ops = "1000", seeds = "1", name = "chromium"] = process.argv.slice(2);
const wanted = seeds.split(",").flatMap((part) => {
  const [first, last = first] = part.split("-").map(Number);
  return Array.from({ length: last - first + 1 }, (_, n) => first + n);
});
if (!(Number(ops) >= 1) || wanted.length === 0 || wanted.some((seed) => !Number.isInteger(seed)) || !BROWSERS.includes(name)) {
  console.error("usage: node tests/soak/tabs.mjs [OPS] [SEEDS] [BROWSER]");
  process.exit(2);
}

const rounds = [];
let failed = 0;
for (const seed of wanted) {
  const ends = [];
  const t = { after: (end) => ends.unshift(end) };
  try {
    const browser = await tabsOf(t, await serve(t), name);
    const { problems, figures } = await drive(browser, { ops: Number(ops), seed, minutes: 30, say: (line) => console.log(`seed ${seed}: ${line}`) });
    for (const problem of problems.slice(0, 50)) console.log(`seed ${seed}: WRONG: ${problem}`);
    failed += problems.length;
    console.log(JSON.stringify({ ...figures, problems: problems.length }));
    rounds.push({ ...figures, problems: problems.slice(0, 100) });
  } finally {
    for (const end of ends) await end();
  }
}
const sum = (what) => rounds.reduce((all, round) => all + round[what], 0);
mkdirSync("target/soak", { recursive: true });
writeFileSync("target/soak/tabs.json", `${JSON.stringify({ browser: name, ops: Number(ops), rounds }, undefined, 2)}\n`);
console.log(
  `${name}: ${rounds.length} rounds of 4 tabs and 2 workers, ${sum("ops")} operations, ${sum("commits")} commits, ${sum("conflicts")} conflicts, ${sum("instances")} messages, ${sum("told")} told, ${Math.round(sum("seconds"))} s: ${failed} problems`,
);
process.exitCode = failed ? 1 : 0;
