// Many tabs and workers on one database, in real browsers: nothing is lost, told twice or told wrongly. The short form of
// tests/soak/tabs.mjs; what is proved is at the head of ../support/tabs_model.mjs.
//
// In WebKitGTK and Firefox, WebDriver runs the tabs of one window: those at the back go on working there, at their timers'
// slower pace. Freezing and the page cache are in tabs_life.test.mjs.

import assert from "node:assert/strict";
import { test } from "node:test";

import { chromium, serve } from "../support/browser.mjs";
import { drive, tabsOf } from "../support/tabs.mjs";
import { judge } from "../support/tabs_model.mjs";

const OPTIONS = { timeout: 240_000 };

for (const [name, ops, seed] of [["chromium", 60, 1], ["chromium-sqlite", 30, 2], ["firefox", 30, 3], ["webkit", 30, 4]]) {
  test(`s136 4 tabs and 2 workers of ${name} do ${ops} operations each, and all agrees with what each was told`, OPTIONS, async (t) => {
    const { problems, figures, evidence } = await drive(await tabsOf(t, await serve(t), name), { ops, seed });
    t.diagnostic(JSON.stringify(figures));
    assert.deepEqual(problems, []);
    assert.ok(figures.commits > ops && figures.conflicts > 0 && figures.told > ops && figures.flags.decided > ops, "it was work");
    if (name === "chromium") falsified(evidence);
  });
}

/** What the judge must not let pass, made of evidence that is in order. */
function falsified(evidence) {
  const forge = (change) => {
    const forged = structuredClone(evidence);
    change(forged, forged.reports.flatMap(({ acks }) => acks), forged.end.find(({ messages }) => messages.length > 1));
    return judge(forged).problems.join("\n");
  };
  assert.equal(forge(() => {}), "");
  assert.match(forge((_, acks) => (acks.find(({ op }) => op === "append").uids[0] += 1)), /was given twice/);
  assert.match(forge((_, __, mailbox) => mailbox.messages.pop()), /is lost/);
  assert.match(forge((_, __, mailbox) => (mailbox.messages[0].token = mailbox.messages[1].token)), /should be/);
  assert.match(forge((_, __, mailbox) => (mailbox.messages[0].whole = false)), /should be/);
  assert.match(forge(({ reports: [{ actor }] }, __, { messages: [{ flags }] }) => (flags.includes(actor) ? flags.splice(flags.indexOf(actor), 1) : flags.push(actor))), /should be (true|false)|for the end/);
  assert.match(forge(({ reports: [report] }) => report.names.pop()), /other events/);
  assert.match(forge(({ reports }) => reports.forEach(({ names }) => names.pop())), /acknowledged|there are|nobody renamed/);
  assert.match(forge((_, __, mailbox) => (mailbox.highestModSeq += 1000)), /mod-sequence .* after/);
  assert.match(
    forge(({ reports: [one, other] }) => {
      const [view] = one.views.filter(({ readonly, recents }) => !readonly && recents.length > 0);
      other.views.push(view);
    }),
    /was \\Recent for/,
  );
  assert.match(forge(({ reports: [{ observed }] }) => (observed.find(([, flags]) => flags === "")[1] = "\\Seen")), /has \(/);
}

test("a tab that gets no hints hears of everything within seconds, and what it does on old caches is done anew, never lost", OPTIONS, async (t) => {
  const browser = await chromium(t, await serve(t));
  const [loud, deaf] = [await browser.tab(), await browser.tab()];
  await deaf.evaluate(async () => {
    globalThis.BroadcastChannel = class extends EventTarget {
      postMessage() {}
      close() {}
    };
    globalThis.session = await mailbox.openSession({ owner: "ada@example.org" });
    await session.appendMessages("INBOX", [1, 2, 3].map((n) => ({ raw: mail(`${n}`) })));
    globalThis.selected = (await session.selectMailbox("INBOX")).selected;
    // Its caches are warm, and nothing tells it that they grow old.
    await session.fetchMessages(selected, "1:*", { envelope: true });
  });
  await loud.evaluate(async () => {
    globalThis.session = await mailbox.openSession({ owner: "ada@example.org" });
    globalThis.selected = (await session.selectMailbox("INBOX")).selected;
    await session.updateFlags(selected, [1], ["loud"]);
    await session.updateFlags(selected, [3], ["\\Deleted"]);
    await session.expungeMailbox(selected);
    await session.appendMessages("INBOX", [{ raw: mail("4") }]);
    await session.createMailbox("Made");
  });
  const done = await deaf.evaluate(async () => {
    const { messages } = await session.updateFlags(selected, [1, 2], ["deaf"]);
    const { uids } = await session.appendMessages("INBOX", [{ raw: mail("5") }]);
    const taken = await session.createMailbox("Made").catch((error) => error.code);
    const moved = await session.moveMessages(selected, [2], "Made");
    const flags = messages.flags.map((each) => each.filter((flag) => flag !== "\\Recent"));
    return { flags, uids: [...uids], taken, moved: [...moved.copied.destination] };
  });
  assert.deepEqual(done, { flags: [["deaf", "loud"], ["deaf"]], uids: [5], taken: "ALREADY_EXISTS", moved: [1] });
  // The loud tab hears nothing of the deaf one either: both look for themselves.
  for (const page of [loud, deaf]) {
    await page.evaluate(async () => {
      await session.checkMailbox(selected);
      globalThis.told = [];
      (async () => {
        for await (const { flags } of session.changes(selected)) told.push([...flags.uid]);
      })();
    });
  }
  const delays = [];
  for (const [from, to] of [[loud, deaf], [deaf, loud]]) {
    await to.evaluate(() => (told.length = 0));
    const [uid] = await from.evaluate(async () => [...(await session.appendMessages("INBOX", [{ raw: mail("late") }])).uids]);
    const began = performance.now();
    await to.waitForFunction((wanted) => told.flat().includes(wanted), uid, { timeout: 15_000 });
    delays.push(performance.now() - began);
  }
  t.diagnostic(`told without a hint after ${delays.map((ms) => ms.toFixed(0)).join(" and ")} ms`);
  // Every five seconds it looks, and a machine may be slow.
  for (const ms of delays) assert.ok(ms < 8_000, `${ms} ms`);
  const [one, other] = await Promise.all([loud, deaf].map((page) => page.evaluate(async () => {
    await session.checkMailbox(selected);
    const { messages } = await session.fetchMessages(selected, "1:*", { envelope: true });
    return messages.map(({ uid, flags, envelope }) => [uid, flags.filter((flag) => flag !== "\\Recent"), envelope.subject]);
  })));
  assert.deepEqual(one, other);
  assert.deepEqual(one.slice(0, 3), [[1, ["deaf", "loud"], "1"], [4, [], "4"], [5, [], "5"]]);
});
