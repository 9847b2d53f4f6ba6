// The demo webmail: its list and mailboxes, in one tab and in two, and what is put in.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Demo, LIMIT, mailbox, row, title } from "./support/demo.mjs";

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

let demo;

before(async () => { demo = await Demo.start(); }, LIMIT);
after(() => demo?.close(), LIMIT);

test("the first view is not empty, and a message opens and is marked as read", LIMIT, async () => {
  const page = await demo.open();
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
  const first = await demo.open();
  const second = await demo.open();
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

  await demo.browser.close();
  await demo.launch();
  const again = await demo.open();
  await mailbox(again, "Projects/Garden").click();
  // The inbox, which was on screen before, has starred messages too.
  await again.locator("#mailbox-subtitle", { hasText: /^1 message/ }).waitFor();
  await again.locator(".row.starred:not([hidden])").waitFor();
  // The sample is not added a second time.
  assert.equal(await again.locator(".toast", { hasText: "sample" }).count(), 0);
  await again.close();
});

test("an mbox is imported by the file picker, and hostile HTML neither runs nor loads anything", LIMIT, async () => {
  const page = await demo.open("?owner=import@example.org&empty");
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
  const page = await demo.open("?owner=cancel@example.org&empty");
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
  const page = await demo.open("?owner=delete@example.org&empty");
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
  const page = await demo.open("?owner=many@example.org&empty");
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

test("no page complained: no console errors, no policy violations, no request elsewhere", () => {
  assert.deepEqual(demo.complaints, []);
});
