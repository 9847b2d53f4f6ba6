// Drives several tabs and workers of one browser over one database, and has what they saw judged (tabs_model.mjs).

import { chromium, webdriver } from "./browser.mjs";
import { judge } from "./tabs_model.mjs";

/** Who works where: four tabs, of which two have a worker besides, and one neither sends nor gets hints. */
export const CREW = [
  { tab: 0, where: "page" },
  { tab: 1, where: "page" },
  { tab: 2, where: "page", deaf: true },
  { tab: 3, where: "page" },
  { tab: 0, where: "worker" },
  { tab: 1, where: "engine" },
];

/** The browsers to be had: Chromium has two stores below IndexedDB. */
export const BROWSERS = ["chromium", "chromium-sqlite", "firefox", "webkit"];

/** A browser of which `tab()` opens one more and `run(tab, body)` runs the text of an async function's body in it. */
export async function tabsOf(t, origin, name) {
  if (!name.startsWith("chromium")) return webdriver(t, origin, name);
  const browser = await chromium(t, origin, { args: name === "chromium-sqlite" ? ["--enable-features=IdbSqliteBackingStore"] : [] });
  return { ...browser, run: (page, body) => page.evaluate(`(async () => { ${body} })()`) };
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Lets the crew do `ops` operations each, and returns the problems found, figures, and what was judged. `patience`: within how many
 * milliseconds a view that is fed must have heard of everything. `minutes`: how long the work may take in all.
 */
export async function drive(browser, { ops, seed, crew = CREW, patience = 10_000, minutes = 10, say = () => {} }) {
  const owner = `ada-${seed}@example.org`;
  const tabs = [];
  for (let n = 0; n <= Math.max(...crew.map(({ tab }) => tab)) + 1; n += 1) tabs.push(await browser.tab());
  for (const tab of tabs) await browser.run(tab, `await load("/tests/js/browser/crew.mjs");`);
  const witness = tabs.pop();
  const used = tabs.filter((_, at) => crew.some(({ tab }) => tab === at));
  const found = await browser.run(witness, `return crew.begin(${JSON.stringify(owner)});`);
  const begin = { ...found, modSeqs: new Map(found.modSeqs), seen: new Set() };

  for (const [actor, { tab, where, deaf = false }] of crew.entries()) {
    await browser.run(tabs[tab], `await crew.make(${JSON.stringify({ actor, seed, ops, owner })}, "${where}", ${deaf});`);
  }
  const began = performance.now();
  for (const [actor, { tab }] of crew.entries()) await browser.run(tabs[tab], `crew.go(${actor});`);
  const states = async () => {
    const all = [];
    for (const tab of used) all.push(...(await browser.run(tab, "return crew.state();")));
    return all;
  };
  const problems = [];
  for (let told = began; ; ) {
    await pause(500);
    const all = await states();
    const broken = all.find(({ finished }) => typeof finished === "string");
    if (broken) throw new Error(`actor ${broken.number} broke: ${broken.finished}`);
    if (all.every(({ finished }) => finished === true)) break;
    if (performance.now() - told > 10_000) {
      told = performance.now();
      say(`${all.reduce((sum, { progress }) => sum + progress, 0)} of ${ops * crew.length} operations`);
    }
    if (performance.now() - began > minutes * 60_000) throw new Error(`hangs: ${JSON.stringify(all)}`);
  }
  const ms = performance.now() - began;

  const look = async (thorough) => {
    const { problems: unsound, mailboxes } = await browser.run(witness, `return crew.end(${JSON.stringify(owner)}, ${thorough});`);
    for (const problem of unsound) problems.push(`verify: ${problem.mailbox}: ${problem.description}`);
    return mailboxes;
  };
  const each = async (method, ...given) => {
    const answers = [];
    for (const [actor, { tab }] of crew.entries()) {
      answers.push(await browser.run(tabs[tab], `return crew.call(${[actor, method, ...given].map((one) => JSON.stringify(one)).join(", ")});`));
    }
    return answers;
  };
  const plain = (messages) => messages.map(({ uid, flags }) => [uid, flags.filter((flag) => flag !== "\\Recent")]);
  const real = Object.fromEntries((await look(false)).map(({ mailboxId, messages }) => [mailboxId, plain(messages)]));
  await each("settle", real, patience);
  // What a view claimed as \Recent while it was brought up to date may have been shown by another.
  const open = await each("settle", real, patience);
  for (const until = performance.now() + patience; ; await pause(100)) {
    const told = (await states()).map(({ names }) => names);
    if (told.every((count) => count === told[0]) || performance.now() > until) break;
  }
  const end = await look(false);
  const reports = await each("report");
  await each("end");
  const after = await look(true);
  if (JSON.stringify(after) !== JSON.stringify(end)) problems.push("cleaning up changed what can be seen");

  const evidence = { reports, begin, end };
  const { problems: more, figures } = judge(evidence);
  problems.push(...more);
  const commits = await browser.run(witness, `return crew.commits(${JSON.stringify(`offline-mailbox:${owner}`)});`);
  const counted = reports.filter(({ counts }) => counts);
  // Those of one page share its counters.
  const pages = new Map(counted.map(({ counts }, at) => [`${crew[at].where} ${crew[at].tab}`, counts]));
  const total = (what) => [...pages.values()].reduce((sum, counts) => sum + counts[what], 0);
  const sum = (of) => {
    const all = {};
    for (const report of reports) for (const [name, count] of Object.entries(report[of])) all[name] = (all[name] ?? 0) + count;
    return all;
  };
  return {
    problems,
    evidence,
    figures: {
      seed, ops: ops * crew.length, seconds: Math.round(ms / 100) / 10, commits,
      conflicts: total("transactions") - total("commits"), of_transactions: total("transactions"), hints: total("hints"),
      open_views: open.reduce((all, count) => all + count, 0), ...figures, done: sum("done"), failures: sum("failures"),
    },
  };
}
