// What is demanded of our engine, as ratios to a peer in the same run, or in octets. Not here: how a table shows it.

const SQLITE = ["sqlite-sahpool", "sqlite-opfs"];

/** One demand for each of these peers. */
const against = (peers, demand) => [peers].flat().map((peer) => ({ ...demand, peer }));
const each = (names, make) => names.flatMap((name) => make(name));

/**
 * `case` of `n` must take at most `factor` of what `peer` takes for `peerCase` (the same where absent), in `browsers` (all where
 * absent). With `peerN` it is our own time at another size; with `octets` a size that must not be exceeded; with
 * `flat` it must be no more than that other size.
 */
export const BUDGETS = [
  ...against("dexie", { case: "import", n: 10_000, factor: 1 / 3 }),
  ...against("sqlite-sahpool", { case: "import", n: 10_000, factor: 1 / 2 }),
  ...against("dexie", { case: "import", n: 10_000, peerCase: "import-raw", factor: 1.5 }),
  ...against("dexie", { case: "deliver", n: 100_000, peerCase: "deliver-raw", factor: 2 }),
  ...against("dexie", { case: "cold-open", n: 100_000, factor: 1 / 2, browsers: ["chromium"] }),
  ...against("dexie", { case: "cold-open", n: 100_000, factor: 1, browsers: ["chromium-sqlite"] }),
  ...against("dexie", { case: "cold-open", n: 100_000, factor: 1.5, browsers: ["firefox"] }),
  ...against(SQLITE, { case: "cold-open", n: 100_000, factor: 1 / 3 }),
  ...each(["list-first", "list-middle"], (name) => against([...SQLITE, "dexie"], { case: name, n: 100_000, factor: 1 })),
  ...each(["flag-one", "flag-one-strict"], (name) => [
    ...against("dexie", { case: name, n: 100_000, factor: 1 }),
    ...against("naive", { case: name, n: 100_000, factor: 2.5 }),
  ]),
  ...against("dexie", { case: "flag-10000", n: 100_000, factor: 1 / 50 }),
  ...against(SQLITE, { case: "flag-10000", n: 100_000, factor: 1 / 10 }),
  ...against("dexie", { case: "mark-all", n: 100_000, factor: 1 / 100 }),
  ...against(SQLITE, { case: "mark-all", n: 100_000, factor: 1 / 10 }),
  ...against("dexie", { case: "expunge", n: 100_000, factor: 1 / 20 }),
  ...against("naive", { case: "read-one", n: 100_000, factor: 2 }),
  ...against("naive", { case: "read-50-adjacent", n: 100_000, factor: 2 }),
  ...against("naive", { case: "read-50-random", n: 100_000, factor: 4 }),
  ...each(["sort-subject", "sort-from", "thread", "search-subject", "search-from"], (name) =>
    against(SQLITE, { case: name, n: 100_000, factor: 1 }),
  ),
  ...each(["search-rare", "search-common", "search-phrase", "search-none"], (name) => [
    ...against(SQLITE, { case: `${name}-first`, n: 100_000, factor: 2 }),
    ...against(SQLITE, { case: name, n: 100_000, factor: 1 }),
  ]),
  { case: "warm-open", n: 1_000_000, peer: "ours", peerN: 100_000, factor: 2 },
  { case: "memory-open-view", n: 1_000_000, octets: 64 * 1024 * 1024 },
  { case: "wasm-memory-open-view", n: 1_000_000, octets: 64 * 1024 * 1024 },
  { case: "wasm-memory-after-import", n: 100_000, octets: 256 * 1024 * 1024 },
  { case: "wasm-memory-cycle-10", n: 100_000, flat: "wasm-memory-cycle-1" },
  { case: "wasm-gzipped", octets: 200 * 1024 },
  { case: "wasm-first-gzipped", octets: 200 * 1024 },
  { case: "facade-gzipped", octets: 15 * 1024 },
];

/** Each demand that can be looked at with these entries: { text, is, limit, unit, met }. */
export function judge(entries) {
  const find = (name, n, engine, browser) =>
    entries.find((entry) => entry.case === name && entry.n === n && entry.engine === engine && entry.browser === browser);
  const browsers = [...new Set(entries.map(({ browser }) => browser))];
  const verdicts = [];
  for (const demand of BUDGETS) {
    for (const browser of browsers) {
      if (demand.browsers && !demand.browsers.includes(browser)) continue;
      const ours = find(demand.case, demand.n, "ours", browser);
      if (!ours) continue;
      const verdict = { case: demand.case, n: demand.n, browser };
      if (demand.octets !== undefined) {
        verdicts.push({ ...verdict, against: "", is: ours.octets, limit: demand.octets, unit: "octets", met: ours.octets <= demand.octets });
      } else if (demand.flat) {
        const before = find(demand.flat, demand.n, "ours", browser);
        if (before) verdicts.push({ ...verdict, against: demand.flat, is: ours.octets, limit: before.octets, unit: "octets", met: ours.octets <= before.octets });
      } else {
        const name = demand.peerCase ?? demand.case;
        const peer = find(name, demand.peerN ?? demand.n, demand.peer, browser);
        if (!peer) continue;
        const limit = peer.median_ms * demand.factor;
        const words = `${demand.peer}${name === demand.case ? "" : ` ${name}`}${demand.peerN ? ` at ${demand.peerN}` : ""}`;
        verdicts.push({ ...verdict, against: words, factor: demand.factor, is: ours.median_ms, limit, unit: "ms", met: ours.median_ms <= limit });
      }
    }
  }
  return verdicts;
}
