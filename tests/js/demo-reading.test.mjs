// The demo's reading pane: HTML, pictures, files, the source, and all of it without a network.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";

import { serve } from "../../scripts/serve.mjs";
import { Demo, LIMIT, PICTURES, put, row, title } from "./support/demo.mjs";

const DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const FILE = Buffer.from(Array.from({ length: 70_000 }, (_, at) => (at * 7 + (at >> 8)) & 0xff));
const base64 = (octets) => octets.toString("base64").replace(/.{76}/g, "$&\r\n");
const PARTS = [
  "From: =?utf-8?Q?Ad=C3=A9le?= <adele@example.org>", "To: demo@example.org", "Subject: With pictures", "X-Note: =?utf-8?Q?Stra=C3=9Fe?=",
  "MIME-Version: 1.0", "Content-Type: multipart/mixed; boundary=mix", "",
  "--mix", "Content-Type: multipart/related; boundary=rel", "",
  "--rel", "Content-Type: text/html; charset=utf-8", "",
  "<html><head><style><!-- p.big { font-size: 31px } --></style></head><body onload=\"parent.document.title = 'taken'\">",
  "<p class=big>Look:</p>", "<img class=inside alt=inside src=\"cid:dot@example.org\">",
  `<img class=outside alt=outside src=\"${PICTURES}/a.png\" onerror=\"parent.document.title = 'taken'\">`,
  `<img class=wide srcset=\"${PICTURES}/wide.png 2x\" src=\"//${new URL(PICTURES).host}/b.png\">`,
  `<div style=\"background: url(${PICTURES}/back.png); color: rgb(9, 8, 7)\">styled</div>`,
  "<svg><script>parent.document.title = 'taken'</script></svg><math><mtext><style><img src=x onerror=\"parent.document.title = 'taken'\"></style></mtext></math>",
  "<a class=own href='/js/app.js'>own</a> <a class=other href='https://example.org/x'>other</a>", "</body></html>", "",
  "--rel", "Content-Type: image/png", "Content-ID: <dot@example.org>", "Content-Disposition: inline", "Content-Transfer-Encoding: base64", "", DOT,
  "--rel--", "",
  "--mix", "Content-Type: application/octet-stream", "Content-Disposition: attachment; filename*=utf-8''%C3%A4pfel%2Fbirnen.bin", "Content-Transfer-Encoding: base64", "", base64(FILE),
  "--mix--", "",
].join("\r\n");
const PLAIN = [
  "From: a@example.org", "Subject: Quoting", "Content-Type: text/plain; charset=utf-8", "",
  "Yes.", "", "> one", ">> two", "> one again", "", "See https://example.org/page?x=1.", "-- ", "A.", "",
].join("\r\n");

let demo;

before(async () => { demo = await Demo.start(); }, LIMIT);
after(() => demo?.close(), LIMIT);

test("HTML runs nothing and loads nothing; its own pictures are shown, remote ones when asked for", LIMIT, async () => {
  const page = await demo.empty("reading");
  await put(page, PARTS);
  await row(page, "With pictures").locator(".row-who").click();
  const frame = page.frameLocator(".reader-frame");
  await frame.locator("p.big").waitFor();
  assert.equal(await frame.locator("p.big").evaluate((p) => getComputedStyle(p).fontSize), "31px", "styles in a comment count");
  assert.equal(await frame.locator("div").evaluate((div) => getComputedStyle(div).color), "rgb(9, 8, 7)");
  assert.equal(await frame.locator("script, svg, math, [onerror], [onload], [srcset]").count(), 0);

  const inside = frame.locator("img.inside");
  await inside.and(frame.locator("[src^='blob:']")).waitFor();
  await page.waitForFunction(() => document.querySelector(".reader-frame").contentDocument.querySelector("img.inside").naturalWidth === 1);
  await page.locator(".reader-note", { hasText: "2 remote images were not loaded" }).waitFor();
  assert.equal(await frame.locator("img.outside").getAttribute("src"), null);
  assert.deepEqual(demo.pictures, []);
  assert.equal(await frame.locator("a.own").getAttribute("href"), null, "no link into this page");
  assert.equal(await frame.locator("a.other").getAttribute("target"), "_blank");
  assert.equal(await frame.locator("a.other").getAttribute("rel"), "noopener noreferrer");

  await page.locator(".reader-note button", { hasText: "Show images" }).click();
  await page.waitForFunction(() => document.querySelector(".reader-frame")?.contentDocument?.querySelector("img.outside")?.naturalWidth === 1);
  await page.waitForFunction(() => document.querySelector(".reader-frame")?.contentDocument?.querySelector("img.wide")?.naturalWidth === 1);
  assert.deepEqual(demo.pictures.sort(), [`${PICTURES}/a.png`, `${PICTURES}/b.png`]);
  assert.ok(!(await page.locator(".reader-frame").getAttribute("sandbox")).includes("allow-scripts"));
  assert.doesNotMatch(await page.title(), /taken/);

  await page.locator(".reader-note button", { hasText: "Show plain text" }).click();
  await page.locator(".reader-text", { hasText: "Look:" }).waitFor();
  await page.close();
});

test("a file is downloaded with its octets and a name of one line; header and source are shown", LIMIT, async () => {
  const page = await demo.open("?owner=reading@example.org&empty");
  await row(page, "With pictures").locator(".row-who").click();
  await title(page).filter({ hasText: "With pictures" }).waitFor();
  assert.equal(await page.locator(".attachment").count(), 1, "the picture in the text is not listed");
  const file = page.locator(".attachment", { hasText: "äpfel_birnen.bin" });
  assert.match(await file.textContent(), /70 kB · application\/octet-stream/);
  const [download] = await Promise.all([page.waitForEvent("download"), file.getByRole("button", { name: "Download äpfel_birnen.bin" }).click()]);
  assert.equal(download.suggestedFilename(), "äpfel_birnen.bin");
  assert.ok(FILE.equals(await readFile(await download.path())));

  const [whole] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Download as .eml" }).click()]);
  assert.equal(await readFile(await whole.path(), "latin1"), PARTS);

  await page.locator("summary", { hasText: "All headers" }).click();
  await page.locator(".headers-table dd", { hasText: "Adéle <adele@example.org>" }).waitFor();
  await page.locator(".headers-table dd", { hasText: "Straße" }).waitFor();
  await page.locator(".headers button", { hasText: "Show source" }).click();
  assert.match(await page.locator("pre.source").textContent(), /^From: =\?utf-8\?Q\?Ad=C3=A9le\?=[^]*--mix--\r?\n$/);
  await page.close();
});

test("plain text has its quotes by depth, its links and its signature set off", LIMIT, async () => {
  const page = await demo.open("?owner=reading@example.org&empty");
  await put(page, PLAIN);
  await row(page, "Quoting").locator(".row-who").click();
  await page.locator(".reader-text").waitFor();
  assert.equal((await page.locator(".quote[data-depth='2']").textContent()).trim(), "two");
  assert.match(await page.locator(".quote[data-depth='1']").textContent(), /^one\ntwo\none again\n/);
  const link = page.locator(".reader-text a");
  assert.equal(await link.getAttribute("href"), "https://example.org/page?x=1");
  assert.equal(await link.getAttribute("rel"), "noopener noreferrer");
  assert.match(await page.locator(".signature").textContent(), /^-- \nA\./);
  await page.close();
});

test("without a server the page opens again, and so does a message with HTML", LIMIT, async () => {
  const first = await demo.open("?owner=reading@example.org&empty");
  await first.locator("#app[data-kept=yes]").waitFor();
  const { port } = demo.server;
  await demo.server.close();
  try {
    await first.reload();
    await first.locator("#app[data-state=ready]").waitFor();
    await row(first, "With pictures").locator(".row-who").click();
    await first.frameLocator(".reader-frame").locator("p.big").waitFor();
    await first.locator("#search").fill("look");
    await first.locator(".search-said", { hasText: "1 match" }).waitFor();
  } finally {
    demo.server = await serve({ port });
  }
  await first.close();
  // That nothing was there to answer is not the page's fault.
  demo.complaints = demo.complaints.filter((text) => !/Failed to load resource|ERR_CONNECTION_REFUSED|ERR_INTERNET_DISCONNECTED/.test(text));
});

test("no page complained: no console errors, no policy violations, no request elsewhere", () => {
  assert.deepEqual(demo.complaints, []);
});
