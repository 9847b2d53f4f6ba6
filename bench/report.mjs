// Tables of what was measured, for the terminal and as Markdown. Not here: measuring, and what is demanded.

import { judge } from "./budgets.js";
import { CASES } from "./cases.js";
import { ENGINES } from "./engines.js";

const count = (n) => n.toLocaleString("en");
const time = (ms) => (ms >= 100 ? count(Math.round(ms)) : ms >= 10 ? ms.toFixed(1) : ms.toFixed(2));
const megabytes = (octets) => (octets < 1024 * 1024 ? `${(octets / 1024).toFixed(1)} KiB` : `${(octets / 1024 / 1024).toFixed(1)} MiB`);
const ratio = (factor) => (factor >= 1 ? `≤ ${factor}×` : `≤ 1/${Number((1 / factor).toPrecision(3))}`);

function* groups(entries) {
  const keys = new Set(entries.filter(({ n }) => n).map(({ browser, n }) => `${browser} ${n}`));
  for (const key of keys) {
    const [browser, n] = key.split(" ");
    yield { browser, n: Number(n), some: entries.filter((entry) => entry.browser === browser && entry.n === Number(n)) };
  }
}

function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const line = (row) => `| ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join(" | ")} |`;
  const rule = `|${widths.map((width, column) => (column === 0 ? "-".repeat(width + 2) : `${"-".repeat(width + 1)}:`)).join("|")}|`;
  return [line(rows[0]), rule, ...rows.slice(1).map(line)].join("\n");
}

function verdictText({ is, limit, unit, met }) {
  const show = unit === "octets" ? megabytes : (value) => `${time(value)} ms`;
  return [show(is), show(limit), met ? "met" : `missed, ${Number((is / limit).toPrecision(3))}× the limit`];
}

/** The whole report, in Markdown that a terminal can show too. `about` heads it. */
export function report(entries, about) {
  const parts = [];
  for (const { browser, n, some } of groups(entries)) {
    const engines = Object.keys(ENGINES).filter((engine) => some.some((entry) => entry.engine === engine));
    const version = about.browsers?.[browser] ?? "";
    parts.push(`### ${browser} ${version}, ${count(n)} messages${about.octets?.[n] ? ` (${megabytes(about.octets[n])})` : ""}`);
    const timed = Object.keys(CASES).filter((name) => some.some((entry) => entry.case === name && entry.median_ms !== undefined));
    const cell = (name, engine) => {
      const entry = some.find((one) => one.case === name && one.engine === engine);
      if (entry?.median_ms !== undefined) return time(entry.median_ms);
      if (entry?.octets !== undefined) return megabytes(entry.octets);
      return about.failed?.some((failure) => failure.case === name && failure.engine === engine && failure.browser === browser && failure.n === n) ? "failed" : "–";
    };
    const rows = [["ms (median)", ...engines, "runs"]];
    for (const name of timed) {
      const runs = some.filter((entry) => entry.case === name).map((entry) => entry.runs);
      const [least, most] = [Math.min(...runs), Math.max(...runs)];
      rows.push([name, ...engines.map((engine) => cell(name, engine)), least === most ? `${least}` : `${least}–${most}`]);
    }
    const sizes = [...new Set(some.filter((entry) => entry.octets !== undefined).map((entry) => entry.case))];
    for (const name of sizes) rows.push([name, ...engines.map((engine) => cell(name, engine)), ""]);
    parts.push(table(rows));
  }
  const verdicts = judge(entries);
  if (verdicts.length > 0) {
    const rows = [["budget", "n", "browser", "against", "factor", "ours", "limit", ""]];
    for (const verdict of verdicts) {
      const { browser = "", n } = verdict;
      rows.push([
        verdict.case,
        n ? count(n) : "",
        browser,
        verdict.against,
        verdict.factor ? ratio(verdict.factor) : "",
        ...verdictText(verdict),
      ]);
    }
    const met = verdicts.filter((verdict) => verdict.met).length;
    parts.push(`### Budgets: ${met} met, ${verdicts.length - met} missed`, table(rows));
  }
  for (const failure of about.failed ?? []) {
    parts.push(`Failed: ${failure.case} of ${failure.engine}, ${failure.browser}, ${count(failure.n)}: ${failure.error.split("\n")[0]}`);
  }
  const versions = Object.entries(about.versions ?? {}).map(([engine, version]) => `${engine} ${version}`).join(", ");
  return [`Measured ${about.date}: ${about.machine}; ${versions}.`, `\`${about.command}\``, ...parts].join("\n\n") + "\n";
}
