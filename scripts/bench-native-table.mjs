// The table that ends `make bench-native`: of each bench that was measured since a moment, the median, how
// much a second, and how the median changed. Not here: measuring (criterion), and what is measured (bench/native).
//
//   node scripts/bench-native-table.mjs FOLDER SINCE   criterion's folder; milliseconds since 1970

import { readFileSync, readdirSync, statSync } from "node:fs";
import path from "node:path";

const [folder, since] = [process.argv[2], Number(process.argv[3])];
const json = (...file) => JSON.parse(readFileSync(path.join(folder, ...file), "utf8"));
const isNew = (...file) => (statSync(path.join(folder, ...file), { throwIfNoEntry: false })?.mtimeMs ?? 0) >= since;
const folders = (...of) =>
  readdirSync(path.join(folder, ...of), { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));

function scaled(number, units, step = 1000) {
  let at = 0;
  while (number >= step && at < units.length - 1) {
    number /= step;
    at += 1;
  }
  return `${number.toPrecision(number >= 1000 ? 4 : 3)} ${units[at]}`;
}

function perSecond(throughput, nanoseconds) {
  if (!throughput) return "";
  const [[unit, amount]] = Object.entries(throughput);
  const rate = (amount / nanoseconds) * 1e9;
  if (unit === "Bytes") return scaled(rate, ["B/s", "KiB/s", "MiB/s", "GiB/s"], 1024);
  return scaled(rate, ["/s", "thousand/s", "million/s", "billion/s"]);
}

const table = [["bench", "median", "throughput", "change"]];
const groups = statSync(folder, { throwIfNoEntry: false }) ? folders() : [];
for (const group of groups) {
  for (const name of folders(group)) {
    if (!isNew(group, name, "new", "estimates.json")) continue;
    const { full_id, throughput } = json(group, name, "new", "benchmark.json");
    const median = json(group, name, "new", "estimates.json").median.point_estimate;
    let change = "";
    if (isNew(group, name, "change", "estimates.json")) {
      const by = json(group, name, "change", "estimates.json").median.point_estimate * 100;
      change = `${by < 0 ? "" : "+"}${by.toFixed(1)} %`;
    }
    table.push([full_id, scaled(median, ["ns", "us", "ms", "s"]), perSecond(throughput, median), change]);
  }
}
if (table.length === 1) {
  console.error("Nothing was measured.");
  process.exit(1);
}
const widths = table[0].map((_, column) => Math.max(...table.map((row) => row[column].length)));
const line = (row) =>
  row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]))).join("  ").trimEnd();
console.log(`\n${table.map(line).join("\n")}`);
