// The demo as a user has it: served under its policy, in a browser with a profile on disk.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";

import { chromium } from "playwright-core";

import { serve } from "../../scripts/serve.mjs";

const LIMIT = { timeout: 90_000 };
const MBOX = [
  "From alice@example.org Thu Jan  1 10:00:00 2026",
  "From: Alice Example <alice@example.org>",
  "To: demo@example.org",
  "Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe_from_the_mbox?=",
  "Date: Thu, 1 Jan 2026 10:00:00 +0000",
  "Content-Type: text/plain; charset=iso-8859-1",
  "Content-Transfer-Encoding: quoted-printable",
  "",
  "Sch=F6ne Gr=FC=DFe",
  ">From here on, quoted.",
  "",
  "From bob@example.org Thu Jan  1 11:00:00 2026",
  "From: bob@example.org",
  "Subject: Hostile",
  "Content-Type: text/html",
  "",
  "<p id=x style='color: rgb(1, 2, 3)'>shown</p>",
  "<script>parent.document.title = 'taken'; document.title = 'taken'</script>",
  "<img src='http://remote.example.org/pixel.gif' onerror=\"parent.document.title = 'taken'\">",
  "<iframe src='http://remote.example.org/'></iframe>",
  "<style>body { background: url(http://remote.example.org/back.png) } @import 'http://remote.example.org/x.css';</style>",
  "<meta http-equiv=refresh content='0; url=http://remote.example.org/'>",
  "<form action='http://remote.example.org/'><input name=a></form>",
  "<a id=bad href='javascript:alert(1)'>bad</a> <a id=good href='https://example.org/'>good</a>",
  "",
  "",
].join("\n");

let server;
let profile;
let browser;
/** What no page may say: errors on the console, violations of the policy, requests elsewhere. */
let complaints;

async function launch() {
  browser = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
    args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
    viewport: { width: 1280, height: 800 },
    locale: "en-US",
  });
  browser.setDefaultTimeout(20_000);
  browser.on("page", watch);
  browser.on("request", (request) => {
    const { origin, protocol } = new URL(request.url());
    if (protocol.startsWith("http") && !server.url.startsWith(origin)) complaints.push(`asked for ${request.url()}`);
  });
  for (const page of browser.pages()) watch(page);
}

function watch(page) {
  page.on("console", (message) => {
    if (message.type() === "error" || /Content Security Policy/i.test(message.text())) complaints.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => complaints.push(`uncaught: ${error.stack}`));
}

/** A tab with the demo; `query` chooses a mail store of its own. */
async function open(query = "") {
  const page = await browser.newPage();
  await page.goto(`${server.url}${query}`);
  await page.locator("#app[data-state=ready]").waitFor();
  return page;
}

const row = (page, subject) => page.locator(".row:not([hidden])", { hasText: subject });
const mailbox = (page, name) => page.locator(`.tree-item[data-name="${name}"] > .tree-row`);
const title = (page) => page.locator(".reader-subject");

before(async () => {
  profile = await mkdtemp(path.join(tmpdir(), "demo-profile-"));
  server = await serve({ port: 0 });
  complaints = [];
  await launch();
}, LIMIT);

after(async () => {
  await browser?.close();
  await server?.close();
  if (profile) await rm(profile, { recursive: true, force: true, maxRetries: 5 });
}, LIMIT);

test("the first view is not empty, and a message opens and is marked as read", LIMIT, async () => {
  const page = await open();
  await page.locator(".toast", { hasText: "sample messages added" }).waitFor({ timeout: 60_000 });
  await row(page, "Welcome to your offline mailbox").first().waitFor();
  assert.ok((await page.locator(".row:not([hidden])").count()) > 5);
  for (const name of ["INBOX", "Drafts", "Sent", "Archive", "Junk", "Trash", "Lists/Stargazers"]) {
    assert.equal(await mailbox(page, name).count(), 1, name);
  }
  const welcome = row(page, "Welcome to your offline mailbox");
  assert.match(await welcome.getAttribute("class"), /unread/);
  await welcome.locator(".row-who").click();
  await title(page).filter({ hasText: "Welcome to your offline mailbox" }).waitFor();
  assert.match(await page.locator(".reader-text").textContent(), /this mailbox lives in your browser/);
  await page.locator(".row:not(.unread)", { hasText: "Welcome to your offline mailbox" }).waitFor();
  await page.close();
});

test("stars, new mailboxes and moves work by keys, show in a second tab at once, and survive a restart", LIMIT, async () => {
  const first = await open();
  const second = await open();
  await row(first, "Welcome to your offline mailbox").first().waitFor();
  await row(second, "Welcome to your offline mailbox").first().waitFor();
  const before = await first.locator('.row[data-index="1"]:not([hidden])').getAttribute("data-uid");

  await first.locator("#list").focus();
  await first.keyboard.press("j");
  await first.keyboard.press("j");
  await first.keyboard.press("s");
  await first.locator(`.row.starred[data-uid="${before}"]`).waitFor();
  await second.locator(`.row.starred[data-uid="${before}"]`).waitFor();

  await first.keyboard.press("n");
  await first.locator("dialog input").fill("Projects/Garden");
  await first.keyboard.press("Enter");
  await mailbox(first, "Projects/Garden").waitFor();
  await mailbox(second, "Projects/Garden").waitFor();
  await first.locator("dialog").waitFor({ state: "detached" });

  // A name that is taken is told in the dialog, which stays open.
  await first.keyboard.press("n");
  await first.locator("dialog input").fill("Projects/Garden");
  await first.keyboard.press("Enter");
  await first.locator(".dialog-error", { hasText: "ALREADY_EXISTS" }).waitFor();
  await first.keyboard.press("Escape");
  await first.locator("dialog").waitFor({ state: "detached" });

  await first.locator("#list").focus();
  await first.keyboard.press("v");
  await first.locator("dialog input").fill("garden");
  await first.keyboard.press("Enter");
  await first.locator(`.row[data-uid="${before}"]`).waitFor({ state: "detached" });
  await second.locator(`.row[data-uid="${before}"]`).waitFor({ state: "detached" });
  await mailbox(second, "Projects/Garden").locator(".tree-count", { hasText: "1" }).waitFor();

  await browser.close();
  await launch();
  const again = await open();
  await mailbox(again, "Projects/Garden").click();
  // The inbox, which was on screen before, has starred messages too.
  await again.locator("#mailbox-subtitle", { hasText: /^1 message/ }).waitFor();
  await again.locator(".row.starred:not([hidden])").waitFor();
  // The sample is not added a second time.
  assert.equal(await again.locator(".toast", { hasText: "sample" }).count(), 0);
  await again.close();
});

test("an mbox is imported by the file picker, and hostile HTML neither runs nor loads anything", LIMIT, async () => {
  const page = await open("?owner=import@example.org&empty");
  await page.locator("#list-empty", { hasText: "Inbox is empty" }).waitFor();
  await page.locator("#import-files").setInputFiles({ name: "small.mbox", mimeType: "application/mbox", buffer: Buffer.from(MBOX) });
  await page.locator(".toast", { hasText: "2 messages" }).waitFor();

  await row(page, "Grüße from the mbox").locator(".row-who").click();
  await title(page).filter({ hasText: "Grüße from the mbox" }).waitFor();
  const text = await page.locator(".reader-text").textContent();
  assert.match(text, /Schöne Grüße\nFrom here on, quoted\./);

  await row(page, "Hostile").locator(".row-who").click();
  const frame = page.frameLocator(".reader-frame");
  await frame.locator("p", { hasText: "shown" }).waitFor();
  const sandbox = await page.locator(".reader-frame").getAttribute("sandbox");
  assert.ok(!sandbox.split(/\s+/).includes("allow-scripts"));
  await page.locator(".reader-note", { hasText: "1 remote image was not loaded" }).waitFor();
  assert.equal(await frame.locator("script, iframe, form, input, meta[http-equiv=refresh], [onerror], img[src]").count(), 0);
  assert.equal(await frame.locator("a", { hasText: "bad" }).getAttribute("href"), null);
  assert.equal(await frame.locator("a", { hasText: "good" }).getAttribute("target"), "_blank");
  assert.doesNotMatch(await page.title(), /taken/);

  // An .eml goes in too, by name of its content rather than of the file.
  await page.locator("#import-files").setInputFiles({ name: "one.eml", mimeType: "message/rfc822", buffer: Buffer.from("Subject: Just one\r\n\r\nText\r\n") });
  await row(page, "Just one").waitFor();
  await page.close();
});

test("an import shows how far it is and can be cancelled; what came in stays", LIMIT, async () => {
  const page = await open("?owner=cancel@example.org&empty");
  await page.locator("#list-empty", { hasText: "Inbox is empty" }).waitFor();
  const COUNT = 12_000;
  const body = `${"Some words to fill a line of mail with.\n".repeat(50)}\n`;
  const file = Array.from({ length: COUNT }, (_, n) => `From a@example.org Thu Jan  1 10:00:00 2026\nSubject: Number ${n}\n\n${body}`).join("");
  await page.locator("#import-files").setInputFiles({ name: "big.mbox", mimeType: "application/mbox", buffer: Buffer.from(file) });
  await page.locator("#import-panel p", { hasText: /[1-9][\d,.]* messages? · / }).waitFor();
  assert.ok((await page.locator("#import-panel progress").evaluate((bar) => bar.value)) > 0);
  await page.locator("#import-panel button", { hasText: "Cancel" }).click();
  const said = await page.locator(".toast", { hasText: "Import cancelled" }).textContent();
  const kept = Number(/([\d,.]+) message/.exec(said)[1].replace(/\D/g, ""));
  assert.ok(kept > 0 && kept < COUNT, said);
  await page.locator("#mailbox-subtitle", { hasText: `${kept.toLocaleString("en-US")} messages` }).waitFor();
  await page.reload();
  await page.locator("#mailbox-subtitle", { hasText: `${kept.toLocaleString("en-US")} messages` }).waitFor();
  await page.close();
});

test("deleting moves to the trash and can be undone; without a trash it is for good", LIMIT, async () => {
  const page = await open("?owner=delete@example.org&empty");
  const put = (name, subject) => page.locator("#import-files").setInputFiles({ name, mimeType: "message/rfc822", buffer: Buffer.from(`Subject: ${subject}\r\n\r\nText\r\n`) });
  await page.locator("#list-empty", { hasText: "Inbox is empty" }).waitFor();
  await put("a.eml", "Going away");
  await row(page, "Going away").waitFor();
  await page.locator("#list").focus();
  await page.keyboard.press("j");
  await page.keyboard.press("#");
  await page.locator("dialog button", { hasText: "Delete" }).click();
  await page.locator("#list-empty", { hasText: "Inbox is empty" }).waitFor();

  await page.evaluate(async () => {
    const { openSession } = await import("/pkg/index.js");
    const session = await openSession({ owner: "delete@example.org" });
    await session.createMailbox("Trash", { specialUse: "\\Trash" });
    await session.close();
  });
  await mailbox(page, "Trash").waitFor();
  await put("b.eml", "Coming back");
  await row(page, "Coming back").waitFor();
  await page.locator("#list").focus();
  await page.keyboard.press("j");
  await page.keyboard.press("#");
  await mailbox(page, "Trash").locator(".tree-count", { hasText: "1" }).waitFor();
  await row(page, "Coming back").waitFor({ state: "detached" });
  await page.locator(".toast-action").last().click();
  await row(page, "Coming back").waitFor();
  await page.close();
});

test("a list of 20,000 messages builds few rows, wherever one scrolls", { timeout: 180_000 }, async () => {
  const page = await open("?owner=many@example.org&empty");
  const COUNT = 20_000;
  await page.evaluate(async (many) => {
    const { openSession } = await import("/pkg/index.js");
    const session = await openSession({ owner: "many@example.org" });
    function* mails() {
      for (let n = 1; n <= many; n += 1) yield `From: sender${n}@example.org\r\nSubject: Number ${n}\r\n\r\nText ${n}\r\n`;
    }
    await session.importMessages("INBOX", mails());
    await session.close();
  }, COUNT);
  await page.locator("#mailbox-subtitle", { hasText: /20.000 messages/ }).waitFor();
  await row(page, `Number ${COUNT}`).first().waitFor();
  const list = page.locator("#list");
  await list.evaluate((element) => { element.scrollTop = element.scrollHeight / 2; });
  await row(page, /Number 10\d\d\d|Number 99\d\d/).first().waitFor();
  assert.ok((await page.locator(".row").count()) < 200);
  assert.equal(await page.locator(".row:not([hidden])").first().getAttribute("aria-setsize"), String(COUNT));

  // To the end and back in steps, as a wheel does; then the oldest is there, and still few rows.
  await list.focus();
  await page.keyboard.press("End");
  await row(page, /Number 1(?!\d)/).first().waitFor();
  assert.ok((await page.locator(".row").count()) < 200);

  // All of them, selected and changed in one go.
  await page.keyboard.press("Control+a");
  await page.locator("#mailbox-subtitle", { hasText: /20.000 of 20.000 selected/ }).waitFor();
  await page.keyboard.press("r");
  await mailbox(page, "INBOX").locator(".tree-count", { hasText: /^20.000$/ }).waitFor({ timeout: 60_000 });
  await page.close();
});

test("the filter line finds by flags and texts, and says what it does not understand", LIMIT, async () => {
  const page = await open();
  await page.locator("#list").focus();
  await page.keyboard.press("/");
  await page.keyboard.type("starred");
  await page.keyboard.press("Enter");
  await page.locator("#mailbox-subtitle", { hasText: "match" }).waitFor();
  await page.locator(".row.starred:not([hidden])").first().waitFor();
  assert.equal(await page.locator(".row:not([hidden]):not(.starred)").count(), 0);
  await page.locator("#search").fill('"MAILBOX lives in your" -from:nobody');
  await page.locator("#mailbox-subtitle", { hasText: /^1 / }).waitFor();
  assert.equal(await page.locator(".row:not([hidden])").count(), 1);
  await page.locator("#search").fill("colour:red");
  await page.keyboard.press("Enter");
  await page.locator(".toast-error", { hasText: "is no filter" }).waitFor();
  await page.locator("#search").fill("");
  await page.locator("#mailbox-subtitle", { hasText: "messages" }).waitFor();
  await page.close();
});

test("no page complained: no console errors, no policy violations, no request elsewhere", () => {
  assert.deepEqual(complaints, []);
});
