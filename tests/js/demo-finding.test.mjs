// The demo's list: searching as one types, sorting by columns, conversations.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Demo, LIMIT, mailbox, put, row, subjects, title } from "./support/demo.mjs";

let demo;

before(async () => { demo = await Demo.start(); }, LIMIT);
after(() => demo?.close(), LIMIT);

const mail = (subject, { id, refs = "", from = "a@example.org", day = 1, text = "Text" } = {}) => [
  `From: ${from}`, `Subject: ${subject}`, `Date: Thu, ${String(day).padStart(2, "0")} Jan 2026 10:00:00 +0000`,
  ...(id ? [`Message-ID: <${id}@example.org>`] : []), ...(refs ? [`References: ${refs.split(" ").map((ref) => `<${ref}@example.org>`).join(" ")}`] : []),
  "", text, "",
].join("\r\n");

/** Waits until the list shows these, from the top down. */
async function shows(page, expected) {
  let seen;
  for (let tries = 0; tries < 100; tries += 1) {
    seen = await subjects(page);
    if (JSON.stringify(seen) === JSON.stringify(expected)) return;
    await page.waitForTimeout(100);
  }
  assert.deepEqual(seen, expected);
}

test("typing searches all mail by its text; a hit of another mailbox opens there, Escape clears", LIMIT, async () => {
  const page = await demo.open();
  await page.locator(".toast", { hasText: "sample messages added" }).waitFor({ timeout: 60_000 });
  await page.locator("#list").focus();
  await page.keyboard.press("/");
  // Of the text of two messages, and of no subject.
  await page.keyboard.type("condensation", { delay: 15 });
  await page.locator(".search-said", { hasText: /match/ }).waitFor();
  const hit = row(page, "Sensor readings look odd at night").first();
  await hit.waitFor();
  assert.equal(await hit.locator(".row-label").textContent(), "Projects / Weather station");
  const found = Number(/^\d+/.exec(await page.locator("#mailbox-subtitle").textContent())[0]);
  assert.equal(await page.locator(".row:not([hidden])").count(), found);

  await hit.locator(".row-who").click();
  await title(page).filter({ hasText: "Sensor readings look odd at night" }).waitFor();
  assert.equal(await page.locator('.tree-item[data-name="Projects/Weather station"]').getAttribute("aria-selected"), "true");
  assert.equal(await page.locator(".row:not([hidden])").count(), found, "the hits stay");
  // What is done to a hit is done where it is.
  await hit.locator(".row-star").click();
  await page.locator(".row.starred:not([hidden])", { hasText: "Sensor readings" }).first().waitFor();

  // The scope, a key, a miss, and what is wrong.
  await page.locator("#search").fill("is:starred");
  await page.locator(".row.starred:not([hidden])", { hasText: "Welcome" }).waitFor();
  assert.equal(await page.locator(".row:not([hidden]):not(.waiting):not(.starred)").count(), 0);
  await page.locator(".segment", { hasText: "This mailbox" }).click();
  await page.locator(".search-said", { hasText: "1 match · in Projects / Weather station" }).waitFor();
  await page.locator(".segment", { hasText: "All mail" }).click();
  // Of a mailbox other than that of the message that is open, which then is not open any more: its
  // uid would be another message's.
  assert.equal(await title(page).textContent(), "Sensor readings look odd at night");
  await row(page, "Welcome").locator(".row-star").click();
  await page.locator(".row:not(.starred):not([hidden])", { hasText: "Welcome" }).waitFor();
  await page.locator(".reader-empty").waitFor();
  assert.equal(await page.locator('.tree-item[data-name="INBOX"]').getAttribute("aria-selected"), "true");
  await page.locator("#search").fill("nothing-has-this-word");
  await page.locator("#list-empty", { hasText: "Nothing matches" }).waitFor();
  await page.locator("#search").fill("plan larger:huge");
  await page.locator(".search-fault mark", { hasText: "larger:huge" }).waitFor();
  assert.equal(await page.locator("#search").getAttribute("aria-invalid"), "true");
  assert.equal(await page.locator(".toast-error").count(), 0, "said gently");

  // IMAP's own form, and where it is wrong.
  await page.locator("#search").fill('SUBJECT "sensor readings" NOT FROM robin');
  await page.locator(".search-said", { hasText: /IMAP search · 2 matches/ }).waitFor();
  await page.locator("#search").fill("SUBJECT sensor BEFORE");
  await page.locator(".search-fault code", { hasText: "SUBJECT sensor BEFORE" }).waitFor();

  await page.locator("#search").press("Escape");
  await page.locator("#search-strip").waitFor({ state: "hidden" });
  assert.equal(await page.locator("#search").inputValue(), "");
  await page.locator("#mailbox-title", { hasText: "Inbox" }).waitFor();
  await page.locator("#mailbox-subtitle", { hasText: /^\d+ messages/ }).waitFor();
  await page.close();
});

test("a search can be cancelled, and typing on ends the one before", { timeout: 180_000 }, async () => {
  const page = await demo.empty("slow");
  const COUNT = 4_000;
  await page.evaluate(async (many) => {
    const { openSession } = await import("/pkg/index.js");
    const session = await openSession({ owner: "slow@example.org" });
    const filler = "Words that fill a line of text with more words. ".repeat(60);
    function* mails() {
      for (let n = 1; n <= many; n += 1) yield `From: sender${n}@example.org\r\nSubject: Number ${n}\r\n\r\n${filler} needle${n % 100} \r\n`;
    }
    await session.importMessages("INBOX", mails());
    await session.close();
  }, COUNT);
  await page.locator("#mailbox-subtitle", { hasText: /4.000 messages/ }).waitFor();
  // In the page itself: by the time that a click from outside arrives, a search may be over.
  const whenBusy = (line, then) => page.evaluate(([text, next]) => new Promise((resolve) => {
    const strip = document.querySelector("#search-strip");
    const input = document.querySelector("#search");
    const type = (value) => {
      input.value = value;
      input.dispatchEvent(new Event("input"));
    };
    const watch = new MutationObserver(() => {
      if (strip.getAttribute("aria-busy") !== "true") return;
      watch.disconnect();
      resolve(getComputedStyle(strip.querySelector("progress")).display !== "none");
      if (next === undefined) strip.querySelector(".link-button").click();
      else type(next);
    });
    watch.observe(strip, { attributes: true });
    type(text);
  }), [line, then]);
  assert.equal(await whenBusy("text:haystack"), true, "how far it is is shown");
  await page.locator(".search-said", { hasText: /^Stopped · \d+ matches so far$/ }).waitFor();
  await page.locator("#search-strip progress").waitFor({ state: "hidden" });

  assert.equal(await whenBusy("needle1", "needle17"), true);
  await page.locator(".search-said", { hasText: /^40 matches/ }).waitFor({ timeout: 60_000 });
  await page.locator("#mailbox-subtitle", { hasText: /^40 matches/ }).waitFor();
  await page.close();
});

test("a click on a column sorts, another turns it round, a third brings the order of arrival back", LIMIT, async () => {
  const page = await demo.empty("sorting");
  const filler = "x".repeat(3_000);
  for (const one of [mail("Re: banana", { day: 5, from: "Zoe <z@example.org>" }), mail("Cherry", { day: 1, from: "Max <m@example.org>", text: filler }), mail("apple", { day: 3, from: "Bea <b@example.org>" })]) {
    await put(page, one);
    await row(page, /^.*$/).first().waitFor();
    await row(page, /Subject: (.*)/.exec(one)[1]).waitFor();
  }
  const arrival = ["apple", "Cherry", "Re: banana"];
  await shows(page, arrival);
  const head = (name) => page.getByRole("columnheader", { name });
  const click = (name) => head(name).getByRole("button").click();

  await click("Subject");
  await shows(page, ["apple", "Re: banana", "Cherry"]);
  assert.equal(await head("Subject").getAttribute("aria-sort"), "ascending");
  await click("Subject");
  await shows(page, ["Cherry", "Re: banana", "apple"]);
  assert.equal(await head("Subject").getAttribute("aria-sort"), "descending");
  await click("Subject");
  await shows(page, arrival);
  assert.equal(await head("Subject").getAttribute("aria-sort"), "none");

  await click("Size");
  await shows(page, ["Cherry", "Re: banana", "apple"]);
  assert.match(await page.locator('.row[data-index="0"] .row-date').textContent(), /^3\.\d kB$/);
  await click("Date");
  await shows(page, ["Re: banana", "apple", "Cherry"]);

  // By keys, and with mail that comes and goes: each in its place, and the cursor with its message.
  await head("From").getByRole("button").focus();
  await page.keyboard.press("Enter");
  await shows(page, ["apple", "Cherry", "Re: banana"]);
  await page.locator("#list").focus();
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await put(page, mail("Almond", { day: 9, from: "Abe <abe@example.org>" }), "late.eml");
  await shows(page, ["Almond", "apple", "Cherry", "Re: banana"]);
  await page.locator('.row.cursor:not([hidden])', { hasText: "Cherry" }).waitFor();
  await page.keyboard.press("#");
  await page.locator("dialog button", { hasText: "Delete" }).click();
  await shows(page, ["Almond", "apple", "Re: banana"]);
  await page.close();
});

test("threads: answers stand below what they answer, the thread with the newest message on top", LIMIT, async () => {
  const page = await demo.empty("threads");
  await page.evaluate(async (mails) => {
    const { openSession } = await import("/pkg/index.js");
    const session = await openSession({ owner: "threads@example.org" });
    await session.appendMessages("INBOX", mails.map((raw) => ({ raw })));
    await session.close();
  }, [
    mail("Boat", { id: "b1", day: 1 }), mail("Attic", { id: "a1", day: 2 }), mail("Re: Boat", { id: "b2", refs: "b1", day: 3, from: "bob@example.org" }),
    mail("Alone", { id: "c1", day: 4 }), mail("Re: Boat", { id: "b3", refs: "b1 b2", day: 5, from: "cleo@example.org" }), mail("Re: Lost", { id: "l2", refs: "l1", day: 6 }),
  ]);
  await page.locator("#mailbox-subtitle", { hasText: "6 messages" }).waitFor();
  await page.getByRole("button", { name: "Conversations" }).click();
  await shows(page, ["Re: Lost", "Boat", "Re: Boat", "Re: Boat", "Alone", "Attic"]);
  const depths = await page.locator(".row:not([hidden])").evaluateAll((rows) => rows.sort((a, b) => a.dataset.index - b.dataset.index).map((one) => Number(one.dataset.depth)));
  assert.deepEqual(depths, [0, 0, 1, 2, 0, 0]);
  assert.equal(await row(page, "Boat").filter({ has: page.locator(".row-count") }).locator(".row-count").textContent(), "3");
  const left = (index) => page.locator(`.row[data-index="${index}"] .row-subject`).evaluate((element) => element.getBoundingClientRect().left);
  assert.ok((await left(1)) < (await left(2)) && (await left(2)) < (await left(3)));
  await page.locator("#mailbox-subtitle", { hasText: "4 conversations" }).waitFor();

  // An answer that comes brings its thread to the top; the keys walk through it.
  await put(page, mail("Re: Attic", { id: "a2", refs: "a1", day: 8, from: "dora@example.org" }), "answer.eml");
  await shows(page, ["Attic", "Re: Attic", "Re: Lost", "Boat", "Re: Boat", "Re: Boat", "Alone"]);
  await page.locator("#list").focus();
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await title(page).filter({ hasText: "Re: Attic" }).waitFor();
  await page.keyboard.press("t");
  await shows(page, ["Re: Attic", "Re: Lost", "Re: Boat", "Alone", "Re: Boat", "Attic", "Boat"]);
  await mailbox(page, "INBOX").waitFor();
  await page.close();
});

test("no page complained: no console errors, no policy violations, no request elsewhere", () => {
  assert.deepEqual(demo.complaints, []);
});
